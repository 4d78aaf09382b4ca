//! `dotlockfile` of liblockfile: a process to take the lock, and another to give it back. With `-p` it names its holder.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::{
    Answer,
    compare::installed::{is_installed, succeed},
};

pub(super) struct Dotlockfile;

impl Peer for Dotlockfile {
    fn name(&self) -> &'static str {
        "dotlockfile"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Evidence
    }

    /// The least that it can be told.
    fn polls(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn find(&self) -> Result<(), String> {
        is_installed("dotlockfile", "apt-get install liblockfile-bin")
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(At(path.into())))
    }
}

struct At(PathBuf);

impl Holds for At {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        succeed("dotlockfile", &["-l", "-p", "-r", "-1", "-i", "1"], &self.0)?;
        held()?;
        succeed("dotlockfile", &["-u"], &self.0)
    }
}
