//! Every model holds, with the states that it is known to have, and every broken twin is caught.

use std::{collections::HashSet, fs};

use lockwright_specs::{
    models::{self, Model},
    modules::Modules,
    tlc::Tlc,
    tool::{Tool, Verdict},
};

#[test]
fn every_model_holds() {
    let Some(tool) = Tool::find_for_test() else { return };
    for model in models::all() {
        let outcome = models::check(&tool, &model).expect("the model checker runs");
        assert_eq!(models::surprise(&model, &outcome), None, "{}", model.module);
    }
}

#[test]
fn every_broken_twin_is_caught() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (model, twin) in models::all().into_iter().flat_map(|model| model.twins.iter().map(move |twin| (model, twin))) {
        let outcome = models::check_twin(&tool, &model, twin).expect("the model checker runs");
        assert_eq!(outcome.verdict, Verdict::Violated(twin.violates.into()), "{}: {}", model.module, twin.what);
    }
}

#[test]
fn every_model_has_a_broken_twin() {
    for model in models::all().into_iter().chain(models::larger()) {
        assert!(!model.twins.is_empty(), "{}", model.module);
    }
}

fn larger(module: &str) -> Model {
    models::larger().into_iter().find(|model| model.module == module).expect("one of the larger models")
}

/// One of them, for there is no time here for all: `cargo specs --larger` checks them.
#[test]
fn a_larger_model_holds_and_its_broken_twins_are_caught() {
    let Some(tlc) = Tlc::find_for_test() else { return };
    let model = larger("MCFastLockCleanedOfTwo");
    let outcome = models::check_by_tlc(&tlc, &model).expect("TLC runs");
    assert_eq!(models::surprise(&model, &outcome), None);
    for twin in model.twins {
        let outcome = models::check_larger_twin(&tlc, &model, twin).expect("TLC runs");
        assert_eq!(outcome.verdict, Verdict::Violated(twin.violates.into()), "{}", twin.what);
    }
}

/// Where a specification changes, the places that the twins of the larger models change have to be there still, also
/// where nobody has TLC.
#[test]
fn the_larger_models_and_their_twins_are_there() {
    for model in models::larger() {
        let modules = Modules::gather().expect("the modules are there");
        for kind in ["tla", "cfg"] {
            let file = modules.folder().join(model.module).with_extension(kind);
            assert!(file.exists(), "{}", file.display());
        }
        for twin in model.twins {
            let modules = Modules::gather().expect("the modules are there");
            modules.alter(twin.file, twin.old, twin.new).unwrap_or_else(|error| panic!("{}: {error}", model.module));
        }
    }
}

/// Whoever adds a module adds it to one of the lists.
#[test]
fn every_module_of_bounds_is_listed() {
    let known: HashSet<&str> = models::all().iter().chain(&models::larger()).map(|model| model.module).collect();
    let modules = Modules::gather().expect("the modules are there");
    for entry in fs::read_dir(modules.folder()).expect("their folder is there") {
        let file = entry.expect("it can be listed").path();
        let name = file.file_stem().expect("it has a name").to_str().expect("it is plain");
        if file.extension().is_some_and(|kind| kind == "cfg") && name.starts_with("MC") {
            assert!(known.contains(name), "{name} is in no list of specs/src/models");
        }
    }
}
