//! `lockfile` of procmail: a process to take the lock, and `rm -f` to give it back.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::{
    Answer,
    compare::installed::{is_installed, succeed},
};

pub(super) struct Lockfile;

impl Peer for Lockfile {
    fn name(&self) -> &'static str {
        "procmail's lockfile"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Stays
    }

    /// The least that it can be told.
    fn polls(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn find(&self) -> Result<(), String> {
        is_installed("lockfile", "apt-get install procmail")
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(At(path.into())))
    }
}

struct At(PathBuf);

impl Holds for At {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        succeed("lockfile", &["-1", "-r", "-1"], &self.0)?;
        held()?;
        succeed("rm", &["-f"], &self.0)
    }
}
