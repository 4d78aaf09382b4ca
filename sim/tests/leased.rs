//! The lock that is held on a lease: what holds while nobody outsleeps it, what does not when somebody does, and what a resource that
//! is told numbers makes of that; and the ways to get it wrong.

use lockwright_sim::{
    Limits, Verdict, Violation, check,
    mutants::leased,
    protocol::Property,
    scenario::{Faults, Profile, Scenario, Walk},
    scenarios::{LeaseClients, lease_clients},
};

/// As long as a lease and its margin.
const PAUSE: Faults = Faults { ticks: 2, ..Faults::NONE };

fn verdict(protocol: &LeaseClients, clients: u8, faults: Faults) -> Verdict {
    let scenario = Scenario { profile: Profile::Lease, walk: Walk::Atomic, faults, ..Scenario::new("it", clients, 0) };
    check(protocol, &scenario, Limits::default(), &mut |_| {}).verdict
}

fn violation(name: &str, protocol: &LeaseClients, clients: u8, faults: Faults) -> Violation {
    match verdict(protocol, clients, faults) {
        Verdict::Violated(violation) => violation,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn holders_on_leases_exclude_each_other_as_long_as_nobody_outsleeps_one() {
    assert_eq!(verdict(&lease_clients::LEASED, 2, Faults::NONE), Verdict::Verified);
    assert_eq!(verdict(&lease_clients::ONE_LEASE, 2, Faults { ticks: 1, ..Faults::NONE }), Verdict::Verified);
}

#[test]
fn a_holder_that_dies_leaves_nothing_that_is_not_swept() {
    assert_eq!(verdict(&lease_clients::ONE_LEASE, 2, Faults { crashes: 1, ..Faults::NONE }), Verdict::Verified);
}

#[test]
fn by_nature_who_pauses_for_longer_than_its_lease_holds_beside_the_next() {
    let violation = violation("one lease", &lease_clients::ONE_LEASE, 2, PAUSE);
    assert_eq!(violation.property, Property::MutualExclusion);
    let trace = violation.trace.expect("a run shows it").to_string();
    assert_eq!(trace.matches("a second goes by").count(), 2, "{trace}");
    assert!(trace.contains("lapsed.0"), "{trace}");
}

#[test]
fn no_write_with_a_number_is_late_and_no_lease_is_cut_short() {
    assert_eq!(verdict(&lease_clients::FENCED, 2, PAUSE), Verdict::Verified);
}

#[test]
fn what_is_wrong_is_caught() {
    for (name, mutant, clients, faults, property) in [
        ("nonce ignored", leased::NONCE_IGNORED, 2, PAUSE, Property::NotDispossessed),
        ("not claimed", leased::NOT_CLAIMED, 2, PAUSE, Property::NotDispossessed),
        ("not rechecked", leased::NOT_RECHECKED, 2, PAUSE, Property::NotDispossessed),
        ("outlives release", leased::OUTLIVES_RELEASE, 1, Faults::NONE, Property::NothingLeftBehind),
    ] {
        assert_eq!(violation(name, &mutant, clients, faults).property, property, "{name}");
    }
}
