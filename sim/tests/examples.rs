//! The examples say what the crate's front page says of them.

use lockwright_sim::{
    Limits, Trace, Verdict, check,
    protocol::{Property, Protocol},
    scenario::{Scenario, Walk},
};

#[path = "../examples/mkdir_lock.rs"]
mod mkdir_lock;
#[path = "../examples/mkdir_lock_repaired.rs"]
mod mkdir_lock_repaired;

/// The counterexample that the front page shows. `cargo run -p lockwright-sim --example mkdir_lock` prints it.
const SHOWN: &str = include_str!("../examples/mkdir_lock.trace");

fn verdict(protocol: &dyn Protocol, [clients, crashes]: [u8; 2], walk: Walk) -> Verdict {
    let scenario = Scenario { walk, ..Scenario::new("mkdir_lock", clients, crashes) };
    check(protocol, &scenario, Limits::default(), &mut |_| {}).verdict
}

fn counterexample(bounds: [u8; 2], walk: Walk) -> Trace {
    match verdict(&mkdir_lock::MkdirLock, bounds, walk) {
        Verdict::Violated(violation) => violation.trace.expect("these properties have a run that breaks them"),
        other => panic!("{bounds:?}: {other:?}"),
    }
}

#[test]
fn the_examples_run() {
    mkdir_lock::main();
    mkdir_lock_repaired::main();
}

#[test]
fn the_broken_lock_is_caught_for_each_of_its_faults_in_the_fewest_steps() {
    for walk in [Walk::Split, Walk::Atomic] {
        for (bounds, property, steps) in [([1, 1], Property::CanBeTaken, 2), ([2, 1], Property::NotDispossessed, 16)] {
            let trace = counterexample(bounds, walk);
            assert_eq!((trace.property, trace.steps.len()), (property, steps), "{bounds:?}");
        }
        assert_eq!(verdict(&mkdir_lock::MkdirLock, [2, 0], walk), Verdict::Verified);
    }
}

#[test]
fn the_counterexample_is_the_one_that_the_front_page_shows() {
    let trace = counterexample([2, 1], Walk::Split);
    let kept = Trace { code: None, ..trace.clone() };
    assert_eq!(kept.to_string(), SHOWN, "if it is as good, write it to sim/examples/mkdir_lock.trace");
    assert_eq!(trace.replay(&mkdir_lock::MkdirLock), Ok(()));
}

#[test]
fn the_repaired_lock_is_verified() {
    for walk in [Walk::Split, Walk::Atomic] {
        for bounds in [[2, 0], [2, 1], [2, 2], [3, 0]] {
            assert_eq!(verdict(&mkdir_lock_repaired::MkdirLock, bounds, walk), Verdict::Verified, "{bounds:?}");
        }
    }
}

#[test]
fn the_repaired_lock_does_not_go_the_way_of_the_broken_one() {
    assert!(counterexample([2, 1], Walk::Split).replay(&mkdir_lock_repaired::MkdirLock).is_err());
}

#[test]
fn each_example_fits_on_a_page() {
    for text in [include_str!("../examples/mkdir_lock.rs"), include_str!("../examples/mkdir_lock_repaired.rs")] {
        assert!(text.lines().count() <= 60, "{text}");
    }
}
