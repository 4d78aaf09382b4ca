//! What is to be found in each cell of the matrix: the verdict, the size of the search, and the shortest length.

use super::Finding;
use crate::{protocol::Property, scenario::Profile};

/// What is to be found; `None` where nobody has said.
pub(super) fn of(name: &str, profile: Profile) -> Option<Finding> {
    let (_, cells) = ROWS.iter().find(|(row, _)| *row == name)?;
    cells.iter().find(|(column, _)| *column == profile).map(|(_, finding)| *finding)
}

pub(super) fn all() -> impl Iterator<Item = (&'static str, Profile)> {
    ROWS.iter().flat_map(|(name, cells)| cells.iter().map(|(profile, _)| (*name, *profile)))
}

const fn verified(states: usize) -> Finding {
    Finding::Verified { states }
}

const fn violated(property: Property, steps: usize, states: usize) -> Finding {
    Finding::Violated { property, steps, states }
}

const ROWS: &[(&str, &[(Profile, Finding)])] = &[
    (
        "fast_lock",
        &[
            (Profile::Local, verified(1_349_235)),
            (Profile::Power, verified(1_267_024)),
            (Profile::Identity, verified(40_719)),
            (Profile::Lease, verified(32_456)),
            (Profile::Notify, verified(8_134)),
            (Profile::Operator, violated(Property::NotDispossessed, 11, 735)),
            (Profile::Nfs3Drc, verified(16_634)),
            (Profile::Nfs3Nodrc, verified(79_986)),
        ],
    ),
    (
        "fast_lock-dir",
        &[
            (Profile::Local, verified(1_346_386)),
            (Profile::Power, verified(1_268_467)),
            (Profile::Identity, verified(40_719)),
            (Profile::Lease, verified(32_453)),
            (Profile::Notify, verified(8_114)),
            (Profile::Operator, violated(Property::NotDispossessed, 11, 746)),
            (Profile::Nfs3Drc, verified(20_976)),
            (Profile::Nfs3Nodrc, verified(79_986)),
        ],
    ),
    (
        "fast_lock+cleaner",
        &[
            (Profile::Local, verified(336_139)),
            (Profile::Power, verified(133_747)),
            (Profile::Identity, verified(10_075)),
            (Profile::Lease, verified(173_525)),
            (Profile::Notify, verified(28_517)),
            (Profile::Operator, violated(Property::NotDispossessed, 11, 668)),
            (Profile::Nfs3Drc, verified(2_444)),
            (Profile::Nfs3Nodrc, verified(11_459)),
        ],
    ),
    (
        "fast_lock-dir+cleaner",
        &[
            (Profile::Local, verified(335_983)),
            (Profile::Power, verified(133_747)),
            (Profile::Identity, verified(10_075)),
            (Profile::Lease, verified(173_525)),
            (Profile::Notify, verified(28_517)),
            (Profile::Operator, violated(Property::NotDispossessed, 11, 668)),
            (Profile::Nfs3Drc, verified(2_917)),
            (Profile::Nfs3Nodrc, verified(11_459)),
        ],
    ),
    ("fast_lock+waiting", &[(Profile::Notify, violated(Property::NobodyWaitsInVain, 22, 3_169))]),
    ("fast_lock+polling", &[(Profile::Notify, verified(42_600))]),
    ("fast_lock+processes", &[(Profile::Identity, verified(46_259))]),
    ("fast_lock+containers", &[(Profile::Identity, verified(29_063))]),
    (
        "fast_lock+observer",
        &[
            (Profile::Local, verified(864_648)),
            (Profile::Power, verified(21_105)),
            (Profile::Identity, verified(1_895)),
            (Profile::Lease, verified(212_028)),
            (Profile::Notify, verified(34_539)),
            (Profile::Operator, violated(Property::NotDispossessed, 11, 448)),
            (Profile::Nfs3Drc, verified(307)),
            (Profile::Nfs3Nodrc, violated(Property::Linearizable, 20, 572)),
        ],
    ),
    ("fast_lock+hosts", &[(Profile::Identity, verified(29_063))]),
    (
        "fast_lock+kept",
        &[
            (Profile::Local, verified(46_149)),
            (Profile::Power, verified(20_376)),
            (Profile::Identity, verified(31_813)),
            (Profile::Lease, verified(34_832)),
            (Profile::Notify, verified(6_607)),
            (Profile::Operator, violated(Property::NotDispossessed, 10, 397)),
            (Profile::Nfs3Drc, verified(22_952)),
            (Profile::Nfs3Nodrc, verified(107_651)),
        ],
    ),
    (
        "fast_lock+one_keeps",
        &[
            (Profile::Local, verified(262_363)),
            (Profile::Power, verified(71_792)),
            (Profile::Identity, verified(40_476)),
            (Profile::Lease, verified(71_799)),
            (Profile::Notify, verified(15_832)),
            (Profile::Operator, violated(Property::NotDispossessed, 10, 600)),
            (Profile::Nfs3Drc, verified(19_689)),
            (Profile::Nfs3Nodrc, verified(93_466)),
        ],
    ),
    ("fast_lock+kept_polling", &[(Profile::Notify, verified(34_443))]),
    ("fast_lock+lease", &[(Profile::Lease, violated(Property::MutualExclusion, 56, 902_499))]),
    ("fast_lock+fence", &[(Profile::Lease, verified(898_232))]),
    (
        "semaphore",
        &[
            (Profile::Local, verified(954_698)),
            (Profile::Power, verified(1_242_574)),
            (Profile::Identity, verified(477_453)),
            (Profile::Lease, verified(605_845)),
            (Profile::Notify, verified(86_073)),
            (Profile::Operator, violated(Property::NotDispossessed, 13, 3_346)),
            (Profile::Nfs3Drc, verified(102_760)),
            (Profile::Nfs3Nodrc, verified(699_485)),
        ],
    ),
    (
        "semaphore+passes",
        &[
            (Profile::Local, verified(26_542)),
            (Profile::Power, violated(Property::CanBeTaken, 12, 34_732)),
            (Profile::Identity, violated(Property::NothingLeftBehind, 6, 9_645)),
            (Profile::Lease, violated(Property::NothingLeftBehind, 6, 7_570)),
            (Profile::Notify, violated(Property::NothingLeftBehind, 6, 1_651)),
            (Profile::Operator, violated(Property::NotDispossessed, 7, 135)),
            (Profile::Nfs3Drc, violated(Property::NotDispossessed, 16, 2_140)),
            (Profile::Nfs3Nodrc, violated(Property::NotDispossessed, 17, 7_380)),
        ],
    ),
    (
        "check_bid_check",
        &[
            (Profile::Local, verified(148_787)),
            (Profile::Power, violated(Property::CanBeTaken, 7, 63_135)),
            (Profile::Identity, verified(4_068)),
            (Profile::Lease, verified(5_788)),
            (Profile::Notify, verified(2_598)),
            (Profile::Operator, violated(Property::NotDispossessed, 8, 428)),
            (Profile::Nfs3Drc, verified(1_717)),
            (Profile::Nfs3Nodrc, violated(Property::NotDispossessed, 20, 3_685)),
        ],
    ),
    (
        "check_bid_check+whole",
        &[
            (Profile::Local, verified(9_709)),
            (Profile::Power, violated(Property::CanBeTaken, 7, 6_123)),
            (Profile::Identity, verified(267)),
            (Profile::Lease, verified(5_788)),
            (Profile::Notify, verified(2_598)),
            (Profile::Operator, violated(Property::NotDispossessed, 8, 428)),
            (Profile::Nfs3Drc, verified(11_678)),
            (Profile::Nfs3Nodrc, violated(Property::NotDispossessed, 20, 8_475)),
        ],
    ),
    ("fast_lock+grace", &[(Profile::Lease, violated(Property::CanBeTaken, 8, 675_546))]),
    ("fast_lock+grace0", &[(Profile::Lease, verified(954_027))]),
    (
        "fair_lock",
        &[
            (Profile::Local, verified(82_694)),
            (Profile::Power, verified(209_044)),
            (Profile::Identity, verified(99_051)),
            (Profile::Lease, verified(95_576)),
            (Profile::Notify, verified(20_818)),
            (Profile::Operator, violated(Property::NotDispossessed, 12, 795)),
            (Profile::Nfs3Drc, verified(76_858)),
            (Profile::Nfs3Nodrc, verified(1_694_869)),
        ],
    ),
    (
        "fair_lock+tries",
        &[
            (Profile::Local, violated(Property::AnswersAsDocumented, 21, 1_517)),
            (Profile::Power, verified(102_846)),
            (Profile::Identity, verified(4_024)),
            (Profile::Lease, verified(8_070)),
            (Profile::Notify, verified(2_019)),
            (Profile::Operator, violated(Property::NotDispossessed, 18, 3_415)),
            (Profile::Nfs3Drc, verified(2_000_810)),
            (Profile::Nfs3Nodrc, violated(Property::NotDispossessed, 46, 537_436)),
        ],
    ),
    (
        "fair_lock+cutting",
        &[
            (Profile::Local, verified(219_626)),
            (Profile::Power, verified(725_345)),
            (Profile::Identity, verified(146_076)),
            (Profile::Lease, verified(366_617)),
            (Profile::Notify, verified(58_430)),
            (Profile::Operator, violated(Property::NotDispossessed, 19, 6_066)),
            (Profile::Nfs3Drc, verified(172_474)),
            (Profile::Nfs3Nodrc, violated(Property::AnswersAsDocumented, 54, 124_740)),
        ],
    ),
    ("fair_lock+waiting", &[(Profile::Notify, violated(Property::NobodyWaitsInVain, 35, 33_880))]),
    ("fair_lock+polling", &[(Profile::Notify, verified(420_988))]),
    ("fair_lock+lease", &[(Profile::Lease, violated(Property::NotDispossessed, 25, 9_034))]),
    (
        "fair_semaphore",
        &[
            (Profile::Local, verified(258_749)),
            (Profile::Power, verified(676_108)),
            (Profile::Identity, verified(291_406)),
            (Profile::Lease, verified(14_185)),
            (Profile::Notify, verified(55_794)),
            (Profile::Operator, violated(Property::NotDispossessed, 14, 1_353)),
            (Profile::Nfs3Drc, verified(176_635)),
            (Profile::Nfs3Nodrc, verified(3_423_591)),
        ],
    ),
    (
        "rw_lock",
        &[
            (Profile::Local, verified(25_416)),
            (Profile::Power, verified(270_464)),
            (Profile::Identity, verified(86_079)),
            (Profile::Lease, verified(203_322)),
            (Profile::Notify, verified(40_754)),
            (Profile::Operator, violated(Property::NotDispossessed, 12, 1_597)),
            (Profile::Nfs3Drc, verified(93_650)),
            (Profile::Nfs3Nodrc, verified(1_136_679)),
        ],
    ),
    (
        "rw_lock+downgrade",
        &[
            (Profile::Local, verified(26_633)),
            (Profile::Power, verified(294_295)),
            (Profile::Identity, verified(89_607)),
            (Profile::Lease, verified(212_535)),
            (Profile::Notify, verified(42_289)),
            (Profile::Operator, violated(Property::NotDispossessed, 12, 1_597)),
            (Profile::Nfs3Drc, verified(92_193)),
            (Profile::Nfs3Nodrc, violated(Property::AnswersAsDocumented, 45, 79_526)),
        ],
    ),
    (
        "token",
        &[
            (Profile::Local, verified(542_621)),
            (Profile::Power, verified(133_552)),
            (Profile::Identity, verified(25_196)),
            (Profile::Lease, verified(28_297)),
            (Profile::Notify, verified(4_295)),
            (Profile::Operator, violated(Property::AnswersAsDocumented, 21, 7_280)),
            (Profile::Nfs3Drc, verified(20_501)),
            (Profile::Nfs3Nodrc, violated(Property::AnswersAsDocumented, 25, 19_003)),
        ],
    ),
    ("token+lease", &[(Profile::Lease, verified(10_537))]),
    (
        "token+admit",
        &[
            (Profile::Local, verified(182_148)),
            (Profile::Power, verified(28_025)),
            (Profile::Identity, verified(4_314)),
            (Profile::Lease, verified(8_594)),
            (Profile::Notify, verified(1_422)),
            (Profile::Operator, violated(Property::AnswersAsDocumented, 20, 5_655)),
            (Profile::Nfs3Drc, verified(2_675)),
            (Profile::Nfs3Nodrc, verified(9_184)),
        ],
    ),
    (
        "one_kind",
        &[
            (Profile::Local, verified(895_689)),
            (Profile::Power, verified(865_876)),
            (Profile::Identity, verified(24_260)),
            (Profile::Lease, verified(64_257)),
            (Profile::Notify, verified(12_455)),
            (Profile::Operator, violated(Property::NotDispossessed, 8, 647)),
            (Profile::Nfs3Drc, verified(12_386)),
            (Profile::Nfs3Nodrc, violated(Property::AnswersAsDocumented, 26, 20_141)),
        ],
    ),
    (
        "one_kind+alike",
        &[
            (Profile::Local, verified(2_101_826)),
            (Profile::Power, verified(11_409)),
            (Profile::Identity, verified(5_233)),
            (Profile::Lease, verified(4_851)),
            (Profile::Notify, verified(1_150)),
            (Profile::Operator, violated(Property::NotDispossessed, 8, 246)),
            (Profile::Nfs3Drc, verified(12_382)),
            (Profile::Nfs3Nodrc, violated(Property::NotDispossessed, 29, 25_325)),
        ],
    ),
];
