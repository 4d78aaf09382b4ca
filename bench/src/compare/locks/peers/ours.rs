//! Ours, by kind.

use std::path::Path;

use lockwright_kernel::fast_lock::Leaf;
use lockwright_posix::lock::PathLock;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct Ours {
    name: &'static str,
    kind: &'static str,
    leaf: Leaf,
    keeps: bool,
}

const fn kind(name: &'static str, kind: &'static str) -> Ours {
    Ours { name, kind, leaf: Leaf::File, keeps: false }
}

pub(super) const FAST: Ours = kind("ours, fast", "fast");
pub(super) const FAST_DIR: Ours = Ours { leaf: Leaf::Dir, ..kind("ours, fast, of directories", "fast") };
pub(super) const FAST_KEPT: Ours = Ours { keeps: true, ..kind("ours, fast, kept", "fast") };
pub(super) const BID: Ours = kind("ours, bid", "bid");
pub(super) const QUEUE: Ours = kind("ours, queue", "queue");
pub(super) const READ: Ours = kind("ours, rw-read", "rw-read");
pub(super) const WRITE: Ours = kind("ours, rw-write", "rw-write");
pub(super) const SEMAPHORE: Ours = kind("ours, sem=1", "sem=1");
pub(super) const FAIR_SEMAPHORE: Ours = kind("ours, fair-sem=1", "fair-sem=1");

impl Peer for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Evidence
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        let lock = PathLock::open_kind(path, self.kind.parse()?)?.with_leaf(self.leaf);
        Ok(Box::new(if self.keeps { lock.keeping() } else { lock }))
    }
}

impl Holds for PathLock {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        let guard = self.lock()?;
        held()?;
        Ok(guard.unlock()?)
    }
}
