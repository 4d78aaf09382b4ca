//! The size of each search, to the state: a change of an algorithm, of the world or of a reduction shows here.

use lockwright_sim::{
    Limits, Verdict, catalogue, check,
    scenario::{Budget, Faults, Profile, Scenario},
};

/// Protocol, clients, crashes, and then states, transitions and depth.
const PINNED: [(&str, [u8; 2], [usize; 3]); 16] = [
    ("fast_lock", [2, 0], [575, 1_187, 43]),
    ("fast_lock", [2, 1], [8_116, 18_108, 68]),
    ("fast_lock", [2, 2], [45_618, 114_168, 98]),
    ("fast_lock", [3, 0], [15_092, 50_182, 77]),
    ("fast_lock", [3, 1], [295_357, 1_053_359, 98]),
    ("fast_lock-dir", [2, 0], [575, 1_187, 43]),
    ("fast_lock-dir", [2, 1], [8_119, 18_115, 68]),
    ("fast_lock-dir", [2, 2], [45_634, 114_205, 98]),
    ("fast_lock-dir", [3, 0], [15_093, 50_187, 77]),
    ("fast_lock+cleaner", [2, 0], [358, 739, 30]),
    ("fast_lock+cleaner", [2, 1], [4_926, 11_059, 55]),
    ("fast_lock+cleaner", [3, 0], [28_517, 91_072, 68]),
    ("fast_lock+cleaner", [3, 1], [455_604, 1_594_806, 93]),
    ("fast_lock-dir+cleaner", [2, 0], [358, 739, 30]),
    ("fast_lock-dir+cleaner", [2, 1], [4_926, 11_059, 55]),
    ("fast_lock-dir+cleaner", [3, 0], [28_517, 91_072, 68]),
];

/// The same where notices may be lost: protocol, clients, crashes and losses.
const NOTIFIED: [(&str, [u8; 3], [usize; 3]); 4] = [
    ("fast_lock+waiting", [2, 0, 0], [1_752, 3_607, 62]),
    ("fast_lock+waiting", [2, 1, 0], [23_268, 51_792, 79]),
    ("fast_lock+polling", [2, 0, 1], [4_430, 9_916, 83]),
    ("fast_lock+polling", [2, 1, 1], [57_374, 137_717, 97]),
];

#[test]
fn every_way_to_wait_is_verified_in_a_search_of_the_size_it_had() {
    let rows: Vec<_> = catalogue::rows().into_iter().filter(|(_, row)| row.profile == Profile::Notify).collect();
    assert_eq!(rows.len(), NOTIFIED.len());
    for ((entry, scenario), (name, [clients, crashes, losses], [states, transitions, depth])) in
        rows.iter().zip(NOTIFIED)
    {
        assert_eq!((entry.name, scenario.clients), (name, clients));
        assert_eq!(scenario.faults, Faults { crashes, losses, ..Faults::NONE });
        let report = check(entry.protocol(), scenario, Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Verified, "{scenario}");
        assert_eq!([report.states, report.transitions, report.depth], [states, transitions, depth], "{scenario}");
    }
}

#[test]
fn every_algorithm_is_verified_in_a_search_of_the_size_it_had() {
    for (name, [clients, crashes], [states, transitions, depth]) in PINNED {
        let protocol = catalogue::find(name).unwrap().protocol();
        let scenario = Scenario::new(name, clients, crashes);
        let report = check(protocol, &scenario, Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Verified, "{scenario}");
        assert_eq!([report.states, report.transitions, report.depth], [states, transitions, depth], "{scenario}");
    }
}

#[test]
fn every_row_of_the_main_job_is_pinned_or_its_twin_is() {
    let crashes_only = |scenario: &Scenario| scenario.faults.nonzero().all(|(budget, _)| budget == Budget::Crashes);
    for (entry, scenario) in
        catalogue::rows().into_iter().filter(|(_, row)| row.profile == Profile::Local && crashes_only(row))
    {
        let twin = entry.name.replace("-dir", "");
        let bounds = [scenario.clients, scenario.faults.crashes];
        let pinned = PINNED.iter().any(|(name, at, _)| *at == bounds && (*name == entry.name || *name == twin));
        assert!(pinned, "{scenario}");
    }
}
