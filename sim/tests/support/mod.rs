//! Searches with fewer and fewer reductions.

use lockwright_sim::{Limits, Strategy};

/// All reductions.
pub(crate) const REDUCED: Limits = Limits {
    states_max: 10_000_000,
    bytes_max: usize::MAX,
    depth_max: usize::MAX,
    strategy: Strategy::Bfs,
    threads: 1,
    merge: true,
    symmetry: true,
    partial_order: true,
};

/// Without symmetry.
pub(crate) const ORDERED: Limits = Limits { symmetry: false, ..REDUCED };
