//! One client on a lease beside one who is not: what holds while nobody outsleeps it, and what does not when somebody does. Where all
//! are on leases, and where a resource is told numbers, is in the catalogue.

use lockwright_sim::{
    Limits, Verdict, Violation, check,
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
