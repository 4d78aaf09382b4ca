//! The crate `fslock`.

use std::path::Path;

use fslock::LockFile;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct Fslock;

impl Peer for Fslock {
    fn name(&self) -> &'static str {
        "fslock"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Freed
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(LockFile::open(path)?))
    }
}

impl Holds for LockFile {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.lock()?;
        held()?;
        Ok(self.unlock()?)
    }
}
