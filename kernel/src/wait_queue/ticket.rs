//! What a contender keeps of its place in line, and what it is told.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::Place;
use crate::{
    fs::{FsError, Halted},
    id::Id,
    path::Path,
};

/// A contender's place in line, as it remembers it. The fact is on disk; who forgot it [finds](super::WaitQueue::find) it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Whose it is.
    pub id: Id,
    /// Where it stands.
    pub place: Place,
    /// What it knows of the door.
    pub door: Door,
}

/// What a contender knows of those who stood in the door after it had taken its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// It has not looked yet.
    NotSeen,
    /// These stood there when it looked, and were there still when it last looked.
    WaitsFor(Vec<Id>),
    /// None of them is there any more. Its place is final.
    Passed,
}

/// Whether it is a contender's turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// It is, until the contender leaves.
    Holding,
    /// Not yet.
    Wait(Wait),
    /// The contender was asked to leave, or its ticket was removed. It is to end what it does, if it was its turn, and
    /// then to [leave](super::WaitQueue::leave); until it has left, those behind it wait.
    Cut,
}

/// What to wait for: watch `on`, ask for the turn once more, and if the answer is the same, wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    /// The directory in which something changes.
    pub on: Path,
    /// Whose death ends the wait as well.
    pub death_of: Option<Id>,
    /// There are more whose death should be noticed, so look again after a while even if nothing changes.
    pub looks_again: bool,
}

impl Wait {
    pub(super) fn on(on: Path, death_of: Option<Id>) -> Self {
        Self { on, death_of, looks_again: false }
    }
}

/// Why an operation on a queue did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum QueueError {
    /// Somebody removed a directory under this attempt, or others took all the numbers that it tried. Try again.
    #[error("the attempt was disturbed; try again")]
    Disturbed,
    /// The highest number is taken. Once the line is empty it begins anew.
    #[error("no number is left up to {0}; try again when the line is empty")]
    NoNumber(NonZeroU64),
    /// The ticket does not stand in line.
    #[error("this ticket is not in line")]
    NotInLine,
    /// It is not the ticket's turn.
    #[error("it is not this ticket's turn")]
    NotHolding,
    /// A reader cannot become a writer in place.
    #[error("a reader cannot become a writer: two who try wait for each other for ever; leave, and join as a writer")]
    NoUpgrade,
    /// Nobody can cut in in this queue.
    #[error("nobody can cut in in this queue")]
    NoCutting,
    /// A call on the file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl From<Halted> for QueueError {
    fn from(Halted: Halted) -> Self {
        Self::Fs(FsError::Halted)
    }
}
