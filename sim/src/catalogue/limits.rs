//! Where the shipped algorithms end: what they do not promise, and what breaks there.

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
}

/// What the shipped algorithms do not promise, so that nobody takes it for verified.
pub const LIMITS: [Limit; 3] = [
    Limit {
        name: "fast_lock",
        clients: 2,
        profile: Profile::Operator,
        faults: Profile::Operator.default_faults(),
        property: Property::NotDispossessed,
        why: "the leaf is the lock; whoever removes a live owner's leaf gives the lock to the next",
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
];
