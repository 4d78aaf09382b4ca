//! Nothing is left of those who die while they make the first of the numbers.

use lockwright_sim::{
    Limits, Report, Verdict, check,
    protocol::Property,
    scenario::{Faults, Scenario},
    scenarios::{
        Counters,
        token::{SWEPT, Sweep},
    },
};

const CRASH: Faults = Faults { crashes: 1, ..Faults::NONE };

fn explore(protocol: &Counters, faults: Faults) -> Report {
    let scenario = Scenario { faults, ..Scenario::new("token+swept", 2, 0) };
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

#[test]
fn where_numbers_are_swept_nothing_is_left_but_the_last_one() {
    let cases = [(CRASH, [10_894, 28_105, 41]), (Faults { errors: 1, ..CRASH }, [57_591, 170_127, 50])];
    for (faults, size) in cases {
        let report = explore(&SWEPT, faults);
        assert_eq!(report.verdict, Verdict::Verified, "{faults:?}");
        assert_eq!([report.states, report.transitions, report.depth], size, "{faults:?}");
    }
}

const OF_NOBODY: Sweep = |_, _, _| Ok(());

#[test]
fn where_they_are_not_a_beginning_of_the_dead_stays() {
    let unswept = Counters { sweep: Some(OF_NOBODY), ..SWEPT };
    assert_eq!(explore(&unswept, Faults::NONE).verdict, Verdict::Verified);
    let Verdict::Violated(violation) = explore(&unswept, CRASH).verdict else { panic!("it is not caught") };
    assert_eq!(violation.property, Property::NothingLeftBehind);
    let trace = violation.trace.expect("a run shows it");
    assert_eq!(trace.replay(&unswept), Ok(()));
}
