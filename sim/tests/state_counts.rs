//! The size of each search, to the state: a change of an algorithm, of the world or of a reduction shows here.

use lockwright_sim::{
    Limits, Verdict, catalogue, check,
    scenario::{Budget, Faults, Profile, Scenario},
};

/// Protocol, clients, crashes, and then states, transitions and depth.
const PINNED: [(&str, [u8; 2], [usize; 3]); 29] = [
    ("fast_lock", [2, 0], [355, 738, 36]),
    ("fast_lock", [2, 1], [5_498, 12_502, 46]),
    ("fast_lock", [2, 2], [31_051, 80_451, 66]),
    ("fast_lock", [3, 0], [6_968, 23_632, 59]),
    ("fast_lock", [3, 1], [160_112, 585_893, 73]),
    ("fast_lock-dir", [2, 0], [355, 738, 36]),
    ("fast_lock-dir", [2, 1], [5_490, 12_486, 46]),
    ("fast_lock-dir", [2, 2], [31_109, 80_588, 66]),
    ("fast_lock-dir", [3, 0], [6_969, 23_637, 59]),
    ("fast_lock+cleaner", [2, 0], [342, 705, 30]),
    ("fast_lock+cleaner", [2, 1], [4_623, 10_392, 55]),
    ("fast_lock+cleaner", [3, 0], [25_543, 81_502, 67]),
    ("fast_lock+cleaner", [3, 1], [402_708, 1_414_241, 92]),
    ("fast_lock-dir+cleaner", [2, 0], [342, 705, 30]),
    ("fast_lock-dir+cleaner", [2, 1], [4_623, 10_392, 55]),
    ("fast_lock-dir+cleaner", [3, 0], [25_543, 81_502, 67]),
    ("semaphore", [2, 0], [1_926, 4_064, 43]),
    ("semaphore", [2, 1], [61_061, 135_124, 73]),
    ("semaphore", [3, 0], [84_352, 284_293, 83]),
    ("semaphore+passes", [2, 0], [334, 702, 40]),
    ("semaphore+passes", [3, 0], [3_696, 11_603, 48]),
    ("semaphore+passes", [4, 0], [26_542, 111_052, 56]),
    ("check_bid_check", [2, 0], [186, 492, 21]),
    ("check_bid_check", [2, 1], [1_737, 5_680, 27]),
    ("check_bid_check", [2, 2], [8_952, 35_821, 33]),
    ("check_bid_check", [3, 0], [9_709, 62_775, 30]),
    ("check_bid_check", [3, 1], [277_999, 2_011_274, 45]),
    ("check_bid_check+whole", [2, 0], [186, 492, 21]),
    ("check_bid_check+whole", [3, 0], [9_709, 62_775, 30]),
];

/// The same in other worlds: clients, crashes, and of losses or reuses so many.
const ELSEWHERE: [(&str, [u8; 3], [usize; 3]); 8] = [
    ("fast_lock+waiting", [2, 0, 0], [1_058, 2_195, 48]),
    ("fast_lock+waiting", [2, 1, 0], [15_345, 34_873, 63]),
    ("fast_lock+polling", [2, 0, 1], [3_444, 7_906, 69]),
    ("fast_lock+polling", [2, 1, 1], [46_725, 116_104, 84]),
    ("fast_lock+processes", [2, 1, 0], [23_699, 51_812, 68]),
    ("fast_lock+processes", [2, 1, 1], [46_259, 101_272, 68]),
    ("fast_lock+containers", [2, 1, 0], [13_227, 29_992, 52]),
    ("fast_lock+containers", [2, 1, 1], [29_063, 66_092, 66]),
];

#[test]
fn every_row_of_another_world_is_verified_in_a_search_of_the_size_it_had() {
    let elsewhere = |profile| matches!(profile, Profile::Notify | Profile::Identity);
    let rows: Vec<_> = catalogue::rows().into_iter().filter(|(_, row)| elsewhere(row.profile)).collect();
    assert_eq!(rows.len(), ELSEWHERE.len());
    for ((entry, scenario), (name, [clients, crashes, others], size)) in rows.iter().zip(ELSEWHERE) {
        let Faults { losses, reuses, .. } = scenario.faults;
        assert_eq!((entry.name, scenario.clients), (name, clients));
        assert_eq!((scenario.faults.crashes, losses + reuses), (crashes, others));
        let report = check(entry.protocol(), scenario, Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Verified, "{scenario}");
        assert_eq!([report.states, report.transitions, report.depth], size, "{scenario}");
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
