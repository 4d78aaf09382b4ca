//! `flock(2)`, on a file that stays open, or is opened and closed each time.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct Flock {
    pub(super) reopens: bool,
}

impl Peer for Flock {
    fn name(&self) -> &'static str {
        if self.reopens { "open+flock(2)+close" } else { "flock(2)" }
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Freed
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(if self.reopens { Box::new(Reopened(path.into())) } else { Box::new(Opened(File::create(path)?)) })
    }
}

/// The standard library locks by `flock(2)` on Linux.
struct Opened(File);

struct Reopened(PathBuf);

impl Holds for Opened {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.0.lock()?;
        held()?;
        Ok(self.0.unlock()?)
    }
}

impl Holds for Reopened {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        Opened(File::options().write(true).create(true).truncate(false).open(&self.0)?).hold(held)
    }
}
