//! Mutants: locks that are known to be broken, each with the scenario that shows it.
//!
//! The checker earns its trust by catching them all, each for its own reason and by a trace of its own length.

pub mod dotlock;
pub mod fast_lock;

use crate::{protocol::Property, scenario::Walk};

/// What is known of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How many clients it takes.
    pub clients: u8,
    /// How many crashes it takes.
    pub crashes: u8,
    /// The walk it takes.
    pub walk: Walk,
    /// The property that it breaks.
    pub property: Property,
}
