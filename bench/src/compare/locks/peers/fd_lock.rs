//! The crate `fd-lock`.

use std::{fs::File, path::Path};

use fd_lock::RwLock;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct FdLock;

impl Peer for FdLock {
    fn name(&self) -> &'static str {
        "fd-lock"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Freed
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(RwLock::new(File::create(path)?)))
    }
}

impl Holds for RwLock<File> {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        let _guard = self.write()?;
        held()
    }
}
