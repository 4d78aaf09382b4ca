//! The cells of the matrix that have not the clients and faults of their column, each with the reason.

use crate::scenario::{Faults, Profile};

/// In place of the clients and faults of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    names: &'static [&'static str],
    profile: Profile,
    pub(super) clients: u8,
    pub(super) faults: Faults,
    pub(super) why: &'static str,
}

pub(super) fn of(name: &str, profile: Profile) -> Option<&'static Other> {
    OTHERS.iter().find(|other| other.profile == profile && other.names.contains(&name))
}

pub(super) fn all() -> impl Iterator<Item = (&'static str, Profile)> {
    OTHERS.iter().flat_map(|other| other.names.iter().map(|name| (*name, other.profile)))
}

const LONG: &str = "more takes minutes";
const ONE_DOES_NOT_LOCK: &str = "one of the clients takes no lock";
const NO_DEAD: &str = "its slots are plain files, which nobody takes from the dead: it is here for the two passes";

const NO_FILES: &str = "nothing that it removes is a file";
const NOTHING_KEPT: &str =
    "over NFS it keeps nothing and is the lock of the first row, with which open files are checked";

/// No file is open that is removed.
const SHUT: Faults = Faults { restarts: 1, stales: 1, ..Faults::NONE };
const CRASH: Faults = Faults { crashes: 1, ..Faults::NONE };

const OTHERS: &[Other] = &[
    Other::new(
        &[
            "fast_lock+cleaner",
            "fast_lock-dir+cleaner",
            "fast_lock+observer",
            "fast_lock+kept",
            "fast_lock+one_keeps",
            "check_bid_check",
        ],
        Profile::Local,
        (3, CRASH),
        LONG,
    ),
    Other::new(
        &["semaphore", "fair_lock", "fair_lock+cutting", "fair_semaphore"],
        Profile::Local,
        (2, Faults { errors: 1, ..CRASH }),
        LONG,
    ),
    Other::new(&["rw_lock", "rw_lock+downgrade"], Profile::Local, (2, CRASH), LONG),
    Other::new(&["one_kind"], Profile::Local, (3, CRASH), LONG),
    Other::new(&["check_bid_check+whole"], Profile::Local, (3, Faults::NONE), LONG),
    Other::new(&["fair_lock+tries"], Profile::Local, (2, Faults { errors: 1, ..Faults::NONE }), LONG),
    Other::new(&["semaphore+passes"], Profile::Local, (4, Faults::NONE), NO_DEAD),
    Other::new(TWO_LOCKERS, Profile::Lease, (3, Profile::Lease.default_faults()), ONE_DOES_NOT_LOCK),
    Other::new(TWO_LOCKERS, Profile::Notify, (3, Profile::Notify.default_faults()), ONE_DOES_NOT_LOCK),
    Other::new(IN_LINE, Profile::Power, (2, Profile::Power.default_faults()), LONG),
    Other::new(
        &["semaphore", "check_bid_check+whole", "fast_lock+kept", "fast_lock+one_keeps"],
        Profile::Power,
        (2, Profile::Power.default_faults()),
        LONG,
    ),
    Other::new(
        &["check_bid_check+whole", "fair_lock+tries"],
        Profile::Identity,
        (2, Faults { reuses: 1, ..Faults::NONE }),
        LONG,
    ),
    Other::new(&["fair_lock+tries", "fair_semaphore"], Profile::Lease, (2, Profile::Lease.default_faults()), LONG),
    Other::new(
        &["fast_lock+lease", "fast_lock+fence", "fair_lock+lease"],
        Profile::Lease,
        (2, Faults { ticks: 2, ..Faults::NONE }),
        PAUSE,
    ),
    Other::new(&["fair_lock+tries"], Profile::Notify, (2, Profile::Notify.default_faults()), LONG),
    Other::new(
        &["fair_lock+tries", "fair_lock+cutting", "rw_lock+downgrade"],
        Profile::Nfs41,
        (2, Faults { stales: 1, ..Faults::NONE }),
        LONG,
    ),
    Other::new(
        &[
            "fast_lock-dir",
            "fast_lock-dir+cleaner",
            "fair_lock",
            "fair_semaphore",
            "rw_lock",
            "token",
            "token+admit",
            "one_kind+alike",
        ],
        Profile::Nfs41,
        (2, SHUT),
        NO_FILES,
    ),
    Other::new(&["fast_lock+kept", "fast_lock+one_keeps"], Profile::Nfs41, (2, SHUT), NOTHING_KEPT),
    Other::new(&["semaphore", "semaphore+passes"], Profile::Nfs41, (2, SHUT), LONG),
];

const PAUSE: &str = "a lease is over after two ticks, and a pause for as long is what it is about";

const TWO_LOCKERS: &[&str] = &["fast_lock+cleaner", "fast_lock-dir+cleaner", "fast_lock+observer"];

const IN_LINE: &[&str] =
    &["fair_lock", "fair_lock+tries", "fair_lock+cutting", "fair_semaphore", "rw_lock", "rw_lock+downgrade"];

impl Other {
    const fn new(
        names: &'static [&'static str],
        profile: Profile,
        (clients, faults): (u8, Faults),
        why: &'static str,
    ) -> Self {
        Self { names, profile, clients, faults, why }
    }
}
