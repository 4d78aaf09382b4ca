//! The locks of the Python package `filelock` that are files and not locks of the system.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

/// A file that names its holder.
pub(super) const SOFT: Filelock = Filelock {
    name: "filelock Soft",
    class: "SoftFileLock",
    acquire: "acquire",
    after_death: AfterDeath::Evidence,
    polls: Duration::from_millis(50),
};

/// Claims, of which one wins.
pub(super) const STRICT: Filelock =
    Filelock { name: "filelock Strict", class: "StrictSoftFileLock", after_death: AfterDeath::Stays, ..SOFT };

/// A lock for reading and writing, whose holders renew a lease.
pub(super) const READ_WRITE: Filelock = Filelock {
    name: "filelock SoftReadWrite",
    class: "SoftReadWriteLock",
    acquire: "acquire_write",
    after_death: AfterDeath::Age,
    polls: Duration::from_millis(250),
};

/// One of its classes.
pub(super) struct Filelock {
    name: &'static str,
    class: &'static str,
    /// The method that takes it.
    acquire: &'static str,
    after_death: AfterDeath,
    polls: Duration,
}

impl Peer for Filelock {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after_death(&self) -> AfterDeath {
        self.after_death
    }

    fn polls(&self) -> Duration {
        self.polls
    }

    fn find(&self) -> Result<(), String> {
        python::find("filelock", "filelock")
    }

    fn open(&self, _: &Path) -> Answer<Box<dyn Holds>> {
        Err("this is a lock of Python".into())
    }

    fn program(&self) -> Option<Vec<String>> {
        let Self { class, acquire, .. } = self;
        let setup =
            format!("from filelock import {class}\nlock = {class}(path)\ntake, give = lock.{acquire}, lock.release\n");
        Some(python::program(&setup))
    }
}
