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

const ROWS: &[(&str, &[(Profile, Finding)])] = &[];
