//! Locks that go wrong where NFS keeps what was removed while somebody had it open.

use super::Entry;
use crate::{
    mutants::silly,
    protocol::Property,
    scenario::{Faults, Profile},
};

const OPEN: Faults = Faults { opens: 1, ..Faults::NONE };

pub(super) const MUTANTS: [Entry; 2] = [
    Entry::mutant(
        "fast_lock.kept_leaf_is_owner",
        "what a mount of NFS keeps of a leaf that was open is taken for an owner",
        &silly::KEPT_LEAF_IS_OWNER,
        [1, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Nfs41, OPEN)
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.record_inside",
        "a directory is removed after the file in it, which a mount of NFS keeps where it is open",
        &silly::RECORD_INSIDE,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Nfs41, OPEN)
    .even_if_atomic(),
];
