//! The contenders for a lock: a file for each sort, behind one small trait.

use std::{path::Path, time::Duration};

use super::super::worker::Holds;
use crate::Answer;

mod by_making;
mod dotlockfile;
mod fd_lock;
mod filelock;
mod flock;
mod floor;
mod flufl;
mod fs4;
mod fslock;
mod lockfolder;
mod ofd;
mod ours;
mod procmail;
mod python;

/// What becomes of a lock whose holder was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDeath {
    /// It is no lock.
    Nothing,
    /// The operating system gives it back.
    Freed,
    /// The next one takes it over, on evidence that the holder is dead.
    Evidence,
    /// The next one takes it over when it is old enough, or has not been renewed for long enough.
    Age,
    /// It stays until a person removes it.
    Stays,
}

impl AfterDeath {
    /// In a few words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Nothing => "no lock",
            Self::Freed => "a dead holder's is freed by the system",
            Self::Evidence => "a dead holder's is taken over on evidence",
            Self::Age => "a dead holder's is taken over by age",
            Self::Stays => "a dead holder's stays",
        }
    }
}

/// A way to lock a path.
pub trait Peer: Sync {
    /// What it is called, also on the command line of the process that is to be it.
    fn name(&self) -> &'static str;

    /// What becomes of a dead holder's lock.
    fn after_death(&self) -> AfterDeath;

    /// How long its waiters sleep between two looks; none where they are woken.
    fn polls(&self) -> Duration {
        Duration::ZERO
    }

    /// Where it is not installed, how to get it.
    ///
    /// # Errors
    ///
    /// That.
    fn find(&self) -> Result<(), String> {
        Ok(())
    }

    /// The lock at this path, whose directory exists, in this process.
    ///
    /// # Errors
    ///
    /// Those of opening it; that this cannot be had in this process.
    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>>;

    /// The words of a program that is a [party](super::super::worker) itself, when the path of the lock is added.
    fn program(&self) -> Option<Vec<String>> {
        None
    }

    /// False where it is made of one call after the other and cannot be held.
    fn is_lock(&self) -> bool {
        self.after_death() != AfterDeath::Nothing
    }
}

/// All of them, ours first.
pub const ALL: &[&dyn Peer] = &[
    &ours::FAST,
    &ours::FAST_DIR,
    &ours::FAST_KEPT,
    &ours::BID,
    &ours::QUEUE,
    &ours::READ,
    &ours::WRITE,
    &ours::SEMAPHORE,
    &ours::FAIR_SEMAPHORE,
    &floor::SAME,
    &floor::SAME_DIR,
    &floor::SAME_KEPT,
    &floor::SAME_BID,
    &floor::SAME_QUEUE,
    &floor::SAME_READ,
    &floor::SAME_WRITE,
    &floor::SAME_SEMAPHORE,
    &floor::SAME_FAIR_SEMAPHORE,
    &floor::FILE,
    &floor::DIR,
    &floor::KEPT,
    &floor::BID,
    &floor::QUEUE,
    &floor::READ,
    &floor::WRITE,
    &floor::SEMAPHORE,
    &floor::FAIR_SEMAPHORE,
    &flock::Flock { reopens: false },
    &flock::Flock { reopens: true },
    &ofd::Ofd,
    &by_making::CREATE,
    &by_making::WATCHED,
    &by_making::MKDIR,
    &by_making::LINK,
    &fs4::Fs4,
    &fd_lock::FdLock,
    &fslock::Fslock,
    &filelock::SOFT,
    &filelock::STRICT,
    &filelock::READ_WRITE,
    &lockfolder::LockFolder,
    &flufl::Flufl,
    &dotlockfile::Dotlockfile,
    &procmail::Lockfile,
];

/// The one of that name.
///
/// # Errors
///
/// When there is none.
pub fn named(name: &str) -> Answer<&'static dyn Peer> {
    let peer = ALL.iter().copied().find(|peer| peer.name() == name);
    peer.ok_or_else(|| format!("there is no peer {name:?}").into())
}

/// How long those sleep here who would wait for a file to go, and have nothing of their own for that.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
