//! Process numbers that mean somebody else: used again after a crash, and the same in two pid namespaces.

use lockwright_sim::{
    Limits, Report, Verdict, check,
    mutants::processes as broken,
    protocol::{Property, Protocol},
    scenario::{Faults, Profile, Scenario},
    scenarios::{
        ProcessClients,
        processes::{ONE_NAMESPACE, TWO_NAMESPACES},
    },
};

fn explore(protocol: &dyn Protocol, crashes: u8, reuses: u8) -> Report {
    let faults = Faults { crashes, reuses, ..Faults::NONE };
    let scenario = Scenario { profile: Profile::Identity, faults, ..Scenario::new("it", 2, 0) };
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

fn broken(clients: ProcessClients, crashes: u8, reuses: u8) -> Option<Property> {
    match explore(&clients, crashes, reuses).verdict {
        Verdict::Verified => None,
        Verdict::Violated(violation) => Some(violation.property),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_kernels_own_verdict_holds_although_numbers_are_used_again() {
    for (crashes, reuses) in [(0, 0), (1, 0), (1, 1)] {
        assert_eq!(broken(ONE_NAMESPACE, crashes, reuses), None);
        assert_eq!(broken(TWO_NAMESPACES, crashes, reuses), None);
    }
}

#[test]
fn a_number_alone_is_enough_until_it_is_used_again() {
    assert_eq!(broken(broken::PID_ALONE, 1, 0), None);
    assert_eq!(broken(broken::PID_ALONE, 1, 1), Some(Property::CanBeTaken));
}

#[test]
fn ones_own_number_means_somebody_else_in_another_namespace() {
    let alone = ProcessClients { namespaces: ONE_NAMESPACE.namespaces, ..broken::MY_PID_IS_STALE };
    assert_eq!(broken(alone, 1, 1), None);
    assert_eq!(broken(broken::MY_PID_IS_STALE, 0, 0), Some(Property::NotDispossessed));
}

#[test]
fn who_cannot_be_seen_is_not_therefore_dead() {
    let alone = ProcessClients { namespaces: ONE_NAMESPACE.namespaces, ..broken::FOREIGN_IS_STALE };
    assert_eq!(broken(alone, 1, 1), None);
    assert_eq!(broken(broken::FOREIGN_IS_STALE, 0, 0), Some(Property::NotDispossessed));
}

#[test]
fn names_that_say_who_somebody_is_are_not_exchanged_and_that_is_told() {
    let report = explore(&ONE_NAMESPACE, 1, 1);
    assert!(!report.coverage.symmetric && report.coverage.symmetry_refused.is_some(), "{report:?}");
}
