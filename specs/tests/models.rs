//! Every model holds, with the states that it is known to have, and every broken twin is caught.

use lockwright_specs::{
    models,
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
    for model in models::all() {
        assert!(!model.twins.is_empty(), "{}", model.module);
    }
}
