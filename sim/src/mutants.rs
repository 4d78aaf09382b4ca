//! Mutants: locks that are known to be broken, each with the scenario that shows it.
//!
//! The checker earns its trust by catching them all, each for its own reason and by a trace of its own length.

mod bare;
pub mod breaks;
pub mod check_bid_check;
pub mod dotlock;
pub mod fast_lock;
pub mod grace;
pub mod heartbeat;
pub mod kept;
pub mod lease;
pub mod leased;
pub mod mkdir_lock;
pub mod observed;
pub mod one_kind;
pub mod power;
pub mod processes;
pub mod remembered;
pub mod semaphore;
pub mod silly;
pub mod token;
pub mod wait_queue;
pub mod waiting;

use crate::{
    protocol::Property,
    scenario::{Faults, Profile, Walk},
};

/// What is known of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How many clients it takes.
    pub clients: u8,
    /// The world it takes.
    pub profile: Profile,
    /// The faults it takes.
    pub faults: Faults,
    /// The walk it takes.
    pub walk: Walk,
    /// The property that it breaks.
    pub property: Property,
}
