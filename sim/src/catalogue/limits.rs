//! Where the shipped algorithms end: what they do not promise, and what breaks there.

use super::{check_bid_check, grace, leases, wait_queue};
use crate::{
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
};

/// A scenario that goes beyond what a shipped algorithm promises, and what breaks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The algorithm's name.
    pub name: &'static str,
    /// How many clients it takes.
    pub clients: u8,
    /// The world it takes.
    pub profile: Profile,
    /// The faults it takes.
    pub faults: Faults,
    /// The property that breaks.
    pub property: Property,
    /// Why that is no fault of the algorithm.
    pub why: &'static str,
}

impl Limit {
    /// Where it shows.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let Self { name, clients, profile, faults, .. } = *self;
        Scenario { faults, profile, ..Scenario::new(name, clients, 0) }
    }

    /// Whether this is what breaks `property` in `scenario`: the same algorithm in the same world, with no fewer clients and
    /// faults than it takes.
    #[must_use]
    pub fn is_of(&self, scenario: &Scenario, property: Property) -> bool {
        let has_its_faults = self.faults.nonzero().all(|(budget, count)| scenario.faults.of(budget) >= count);
        let has_its_world = scenario.profile == self.profile && scenario.clients >= self.clients && has_its_faults;
        scenario.protocol == self.name && has_its_world && property == self.property
    }
}

/// The limit that breaks `property` in `scenario`, where that is a known one.
#[must_use]
pub fn known(scenario: &Scenario, property: Property) -> Option<Limit> {
    LIMITS.into_iter().find(|limit| limit.is_of(scenario, property))
}

/// What the shipped algorithms do not promise, so that nobody takes it for verified.
pub const LIMITS: [Limit; 71] = [
    Limit {
        name: "fast_lock",
        clients: 2,
        profile: Profile::Operator,
        faults: Profile::Operator.default_faults(),
        property: Property::NotDispossessed,
        why: LEAF,
    },
    Limit {
        name: "fast_lock-dir",
        clients: 2,
        profile: Profile::Operator,
        faults: Profile::Operator.default_faults(),
        property: Property::NotDispossessed,
        why: "the leaf is the lock, and as an empty directory it goes even when only those are tidied up",
    },
    Limit {
        name: "fast_lock",
        clients: 2,
        profile: Profile::Local,
        faults: Faults { errors: 2, ..Faults::NONE },
        property: Property::AnswersAsDocumented,
        why: "a try whose move failed with an effect, and whose leaf could then not be removed, stays the owner: its \
              next try is told so, and an unlock ends that",
    },
    Limit {
        name: "fast_lock+hosts",
        clients: 2,
        profile: Profile::Identity,
        faults: Faults { reboots: 1, ..Faults::NONE },
        property: Property::CanBeTaken,
        why: "on a shared file system nobody can tell whether an owner of another boot is on another host or was on \
              this one, so it is never taken for dead: a person has to",
    },
    check_bid_check::NO_LIVELOCK,
    check_bid_check::POWER_CUT,
    grace::STOPPED_CLOCK,
    check_bid_check::POWER_CUT_WHOLE,
    removal("fast_lock+cleaner", LEAF),
    removal("fast_lock-dir+cleaner", LEAF),
    removal("fast_lock+observer", LEAF),
    removal("fast_lock+kept", LEAF),
    removal("fast_lock+one_keeps", LEAF),
    removal("semaphore", "the leaf is the slot; whoever removes a live owner's leaf gives its slot to the next"),
    removal("semaphore+passes", "the file is the slot; whoever removes a live owner's file gives its slot to the next"),
    removal("check_bid_check", BID),
    removal("check_bid_check+whole", BID),
    removal("fair_lock", TICKET),
    removal("fair_lock+tries", TICKET),
    removal("fair_lock+cutting", TICKET),
    removal("fair_semaphore", TICKET),
    removal("rw_lock", TICKET),
    removal("rw_lock+downgrade", TICKET),
    Limit {
        property: Property::AnswersAsDocumented,
        ..removal("token", "an entry is the highest number; whoever removes it makes numbers begin anew")
    },
    Limit {
        property: Property::AnswersAsDocumented,
        ..removal("token+admit", "an entry is the highest number; whoever removes it lets lower ones in")
    },
    removal("one_kind", NAME),
    removal("one_kind+alike", NAME),
    lost_notice("fast_lock+waiting"),
    lost_notice("fair_lock+waiting"),
    Limit {
        name: "fair_lock+tries",
        clients: 2,
        profile: Profile::Local,
        faults: Faults { errors: 1, ..Faults::NONE },
        property: Property::AnswersAsDocumented,
        why: "a try whose ticket could not be taken back, as that call failed, keeps its place in line: its next try is \
              told so, and an unlock ends that",
    },
    dead_slot(Profile::Local, Property::NothingLeftBehind),
    dead_slot(Profile::Power, Property::CanBeTaken),
    dead_slot(Profile::Identity, Property::NothingLeftBehind),
    dead_slot(Profile::Lease, Property::NothingLeftBehind),
    dead_slot(Profile::Notify, Property::NothingLeftBehind),
    late("fast_lock+observer", Property::Linearizable, SEEN_ONCE_MORE),
    late("semaphore+passes", Property::NotDispossessed, RELEASED_LATE),
    Limit {
        profile: Profile::Nfs3Drc,
        faults: Profile::Nfs3Drc.default_faults(),
        ..late("semaphore+passes", Property::NotDispossessed, RELEASED_LATE)
    },
    Limit {
        profile: Profile::Nfs41,
        faults: Faults { restarts: 1, ..Faults::NONE },
        ..late("semaphore+passes", Property::NotDispossessed, RELEASED_LATE)
    },
    late("check_bid_check", Property::NotDispossessed, RELEASED_LATE),
    late("check_bid_check+whole", Property::NotDispossessed, RELEASED_LATE),
    late(
        "one_kind",
        Property::AnswersAsDocumented,
        "a kind that enters keeps the directory alive in which an owner of \
                                                     another kind has signed, so that a copy of its making finds it",
    ),
    late("one_kind+alike", Property::NotDispossessed, RELEASED_LATE),
    late(
        "token",
        Property::AnswersAsDocumented,
        "a copy of the making of the first number makes that again among later ones",
    ),
    late("fair_lock+tries", Property::NotDispossessed, MOVED_LATE),
    late("fair_lock+cutting", Property::AnswersAsDocumented, MOVED_LATE),
    late("rw_lock+downgrade", Property::AnswersAsDocumented, MOVED_LATE),
    wait_queue::LEASE_IS_OVER,
    wait_queue::CLOCK_SET_FORWARD,
    wait_queue::NO_LIVELOCK,
    leases::LEASE_IS_OUTSLEPT,
    given_up("fast_lock", Property::AnswersAsDocumented),
    given_up("fast_lock-dir", Property::AnswersAsDocumented),
    given_up("fast_lock+cleaner", Property::AnswersAsDocumented),
    given_up("fast_lock-dir+cleaner", Property::AnswersAsDocumented),
    given_up("fast_lock+kept", Property::AnswersAsDocumented),
    given_up("fast_lock+one_keeps", Property::AnswersAsDocumented),
    given_up("fast_lock+observer", Property::Linearizable),
    given_up("semaphore", Property::AnswersAsDocumented),
    given_up("semaphore+passes", Property::AnswersAsDocumented),
    given_up("check_bid_check", Property::NotDispossessed),
    given_up("check_bid_check+whole", Property::AnswersAsDocumented),
    given_up("fair_lock", Property::NotDispossessed),
    given_up("fair_lock+tries", Property::AnswersAsDocumented),
    given_up("fair_lock+cutting", Property::NotDispossessed),
    given_up("fair_semaphore", Property::NotDispossessed),
    given_up("rw_lock", Property::NotDispossessed),
    given_up("rw_lock+downgrade", Property::NotDispossessed),
    given_up("token", Property::AnswersAsDocumented),
    given_up("one_kind", Property::NotDispossessed),
    given_up("one_kind+alike", Property::NotDispossessed),
];

const LEAF: &str = "the leaf is the lock; whoever removes a live owner's leaf gives the lock to the next";
const BID: &str = "the bid is the lock; whoever removes a live owner's bid lets the next one in";
const NAME: &str = "the name in a kind's home is the lock; whoever removes a live owner's name lets another kind in";
const TICKET: &str = "the ticket is the place in line; whoever removes a live client's ticket takes its place, and with it \
                      the lock";

const RELEASED_LATE: &str = "the entry of a hold has the name that the next hold of the same client has, in a directory that \
                             stays, so a copy of the release removes that";
const MOVED_LATE: &str = "a copy of a former move into the line moves the client's next flag to an early place, and until that \
                          is taken back a holder that asks again is told to wait";
const SEEN_ONCE_MORE: &str = "a copy of its making brings the leaf back while its owner gives back, so that who looks may see \
                              the owner go and come once more";

const GIVEN_UP: &str = "a call that was given up is executed later, as by a mount that is soft, when its caller has gone on: it makes or \
                        removes what the next hold or the next try is known by";

/// A call is told to have failed, and executed after that.
const fn given_up(name: &'static str, property: Property) -> Limit {
    let profile = Profile::NfsLegacy;
    Limit { name, clients: 2, profile, faults: profile.default_faults(), property, why: GIVEN_UP }
}

/// A copy of a call is executed late.
const fn late(name: &'static str, property: Property, why: &'static str) -> Limit {
    let profile = Profile::Nfs3Nodrc;
    Limit { name, clients: 2, profile, faults: profile.default_faults(), property, why }
}

/// Somebody who knows nothing of the lock removes an entry of a live client.
const fn removal(name: &'static str, why: &'static str) -> Limit {
    let (profile, faults) = (Profile::Operator, Profile::Operator.default_faults());
    Limit { name, clients: 2, profile, faults, property: Property::NotDispossessed, why }
}

/// Somebody waits who is not told.
const fn lost_notice(name: &'static str) -> Limit {
    Limit {
        name,
        clients: 2,
        profile: Profile::Notify,
        faults: Profile::Notify.default_faults(),
        property: Property::NobodyWaitsInVain,
        why: "where notices get lost, a waiter has to look again after a while, as those of fast_lock+polling do",
    }
}

/// The owner of a slot is killed that is no lock.
const fn dead_slot(profile: Profile, property: Property) -> Limit {
    let faults = match profile {
        Profile::Power => profile.default_faults(),
        _ => Faults { crashes: 1, ..Faults::NONE },
    };
    Limit {
        name: "semaphore+passes",
        clients: 2,
        profile,
        faults,
        property,
        why: "its slots are plain files, which nobody takes from the dead; where owners die a slot has to be a lock, as \
              those of semaphore are",
    }
}
