//! The size of each search, to the state: a change of an algorithm, of the world or of a reduction shows here.

use lockwright_sim::{
    Limits, Verdict,
    catalogue::{self, Entry, REFERENCES},
    check,
    scenario::{Budget, Faults, Profile, Scenario},
};

/// Protocol, clients, crashes, and then states, transitions and depth.
const PINNED: [(&str, [u8; 2], [usize; 3]); 67] = [
    ("fast_lock", [2, 0], [339, 690, 36]),
    ("fast_lock", [2, 1], [4_285, 9_935, 45]),
    ("fast_lock", [2, 2], [24_413, 66_400, 66]),
    ("fast_lock", [3, 0], [5_234, 16_110, 59]),
    ("fast_lock", [3, 1], [94_980, 340_277, 66]),
    ("fast_lock-dir", [2, 0], [339, 690, 36]),
    ("fast_lock-dir", [2, 1], [4_277, 9_919, 45]),
    ("fast_lock-dir", [2, 2], [24_506, 66_582, 66]),
    ("fast_lock-dir", [3, 0], [5_234, 16_110, 59]),
    ("fast_lock+cleaner", [2, 0], [342, 705, 30]),
    ("fast_lock+cleaner", [2, 1], [4_120, 9_359, 55]),
    ("fast_lock+cleaner", [3, 0], [24_767, 78_294, 67]),
    ("fast_lock+cleaner", [3, 1], [336_139, 1_193_467, 92]),
    ("fast_lock-dir+cleaner", [2, 0], [342, 705, 30]),
    ("fast_lock-dir+cleaner", [2, 1], [4_120, 9_359, 55]),
    ("fast_lock-dir+cleaner", [3, 0], [24_767, 78_294, 67]),
    ("fast_lock+observer", [3, 0], [34_539, 117_893, 98]),
    ("fast_lock+observer", [3, 1], [864_648, 3_105_629, 120]),
    ("fast_lock+kept", [2, 0], [157, 372, 23]),
    ("fast_lock+kept", [2, 1], [2_964, 7_735, 40]),
    ("fast_lock+kept", [3, 0], [1_293, 4_751, 32]),
    ("fast_lock+one_keeps", [2, 0], [426, 936, 28]),
    ("fast_lock+one_keeps", [2, 1], [7_144, 17_589, 48]),
    ("fast_lock+one_keeps", [3, 0], [12_007, 38_733, 60]),
    ("semaphore", [2, 0], [1_860, 3_864, 43]),
    ("semaphore", [2, 1], [46_970, 105_245, 72]),
    ("semaphore", [3, 0], [67_295, 210_018, 83]),
    ("semaphore+passes", [2, 0], [334, 702, 40]),
    ("semaphore+passes", [3, 0], [3_696, 11_603, 48]),
    ("semaphore+passes", [4, 0], [26_542, 111_052, 56]),
    ("check_bid_check", [2, 0], [186, 492, 21]),
    ("check_bid_check", [2, 1], [1_302, 4_808, 26]),
    ("check_bid_check", [2, 2], [5_796, 29_467, 29]),
    ("check_bid_check", [3, 0], [9_709, 62_775, 30]),
    ("check_bid_check", [3, 1], [148_787, 1_338_582, 39]),
    ("check_bid_check+whole", [2, 0], [186, 492, 21]),
    ("check_bid_check+whole", [3, 0], [9_709, 62_775, 30]),
    ("fair_lock", [2, 0], [1_829, 4_812, 83]),
    ("fair_lock", [2, 1], [14_394, 43_029, 94]),
    ("fair_lock", [3, 0], [93_840, 428_444, 129]),
    ("fair_lock+tries", [2, 0], [1_644, 3_905, 61]),
    ("fair_lock+cutting", [2, 0], [4_459, 10_609, 87]),
    ("fair_lock+cutting", [2, 1], [36_896, 101_294, 103]),
    ("fair_lock+standing", [2, 0], [2_538, 5_878, 73]),
    ("fair_lock+standing", [2, 1], [32_590, 81_794, 90]),
    ("fair_semaphore", [2, 0], [2_181, 6_106, 97]),
    ("fair_semaphore", [3, 0], [299_401, 1_599_534, 174]),
    ("rw_lock", [2, 0], [2_703, 6_635, 63]),
    ("rw_lock", [2, 1], [25_416, 70_597, 79]),
    ("rw_lock+downgrade", [2, 0], [2_967, 7_264, 65]),
    ("token", [2, 0], [824, 2_271, 36]),
    ("token", [2, 1], [3_980, 12_760, 38]),
    ("token", [3, 0], [18_805, 89_402, 44]),
    ("token+admit", [2, 0], [307, 686, 20]),
    ("token+admit", [2, 1], [1_242, 3_353, 23]),
    ("token+admit", [3, 0], [8_355, 32_545, 28]),
    ("file_lock+breaker", [2, 0], [6, 12, 4]),
    ("file_lock+breaker", [2, 1], [53, 118, 15]),
    ("file_lock+breaker", [2, 2], [153, 394, 22]),
    ("file_lock+breaker", [3, 1], [136, 464, 17]),
    ("one_kind", [2, 0], [713, 1_470, 37]),
    ("one_kind", [2, 1], [8_189, 18_980, 53]),
    ("one_kind", [2, 2], [44_584, 116_118, 71]),
    ("one_kind", [3, 0], [74_714, 248_259, 59]),
    ("one_kind+alike", [2, 1], [1_016, 2_743, 39]),
    ("one_kind+alike", [3, 0], [17_833, 59_088, 58]),
    ("one_kind+alike", [3, 1], [237_004, 878_218, 83]),
];

/// The same in other worlds: clients, crashes, and of ticks, losses or reuses so many.
const ELSEWHERE: [(&str, [u8; 3], [usize; 3]); 27] = [
    ("fast_lock+grace", [2, 0, 1], [17_808, 39_716, 115]),
    ("fast_lock+grace", [2, 0, 2], [72_190, 166_407, 126]),
    ("fast_lock+grace0", [2, 0, 1], [25_941, 58_022, 125]),
    ("fast_lock+grace0", [2, 1, 0], [94_484, 208_354, 140]),
    ("fast_lock+waiting", [2, 0, 0], [1_032, 2_117, 48]),
    ("fast_lock+waiting", [2, 1, 0], [12_220, 28_389, 60]),
    ("fast_lock+polling", [2, 0, 1], [3_409, 7_801, 69]),
    ("fast_lock+polling", [2, 1, 1], [42_600, 107_522, 80]),
    ("fast_lock+kept_polling", [2, 1, 1], [34_443, 96_780, 66]),
    ("fast_lock+processes", [2, 1, 0], [23_699, 51_812, 68]),
    ("fast_lock+processes", [2, 1, 1], [46_259, 101_272, 68]),
    ("fast_lock+containers", [2, 1, 0], [13_227, 29_992, 52]),
    ("fast_lock+containers", [2, 1, 1], [29_063, 66_092, 66]),
    ("fast_lock+hosts", [2, 1, 0], [13_227, 29_992, 52]),
    ("fast_lock+hosts", [2, 1, 1], [29_063, 66_092, 66]),
    ("fair_lock+waiting", [2, 0, 0], [42_135, 101_222, 107]),
    ("fair_lock+waiting", [2, 1, 0], [689_679, 1_703_362, 129]),
    ("fair_lock+polling", [2, 0, 1], [35_604, 86_848, 101]),
    ("fair_lock+polling", [2, 1, 1], [510_708, 1_281_334, 117]),
    ("fair_lock+lease", [2, 1, 0], [47_469, 120_826, 99]),
    ("fair_lock+lease", [2, 0, 1], [12_927, 31_997, 84]),
    ("fair_lock+lease", [2, 1, 1], [438_201, 1_136_239, 103]),
    ("token+lease", [2, 0, 2], [25_963, 66_860, 45]),
    ("fast_lock+lease", [2, 0, 0], [29_653, 64_818, 110]),
    ("fast_lock+lease", [2, 0, 1], [294_367, 658_837, 113]),
    ("fast_lock+fence", [2, 1, 0], [156_126, 344_895, 85]),
    ("fast_lock+fence", [2, 0, 2], [898_232, 1_984_153, 71]),
];

#[test]
fn every_row_of_another_world_is_verified_in_a_search_of_the_size_it_had() {
    let known = [Budget::Crashes, Budget::Ticks, Budget::Losses, Budget::Reuses];
    let elsewhere = |entry: &Entry, row: &Scenario| {
        let world = matches!(row.profile, Profile::Lease | Profile::Notify | Profile::Identity);
        world
            && !REFERENCES.iter().any(|other| other.name == entry.name)
            && row.faults.nonzero().all(|(budget, _)| known.contains(&budget))
    };
    let rows: Vec<_> = catalogue::rows().into_iter().filter(|(entry, row)| elsewhere(entry, row)).collect();
    assert_eq!(rows.len(), ELSEWHERE.len());
    for ((entry, scenario), (name, [clients, crashes, others], size)) in rows.iter().zip(ELSEWHERE) {
        let Faults { ticks, losses, reuses, .. } = scenario.faults;
        assert_eq!((entry.name, scenario.clients), (name, clients));
        assert_eq!((scenario.faults.crashes, ticks + losses + reuses), (crashes, others));
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
