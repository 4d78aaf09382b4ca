//! A fast lock beside which the dead have left their tries.
//!
//! Each release looks at one of them, which chance picks, and removes it. So each pair begins with one more again, as if
//! somebody had just died.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Fs,
    id::Id,
    ids::process::ProcessId,
    lock::Lock,
    path::Name,
};
use lockwright_posix::{lock::PathLock, process::ThisProcess};

use crate::{Answer, place::Place};

pub(super) struct Leavings {
    lock: PathLock,
    process: ThisProcess,
    size: u64,
    next: u64,
}

impl Leavings {
    pub(super) fn new(place: &Place, size: u64) -> Answer<Self> {
        let lock = PathLock::open(place.dir().join(format!("stale-{size}")))?;
        let mut leavings = Self { lock, process: ThisProcess::new()?, size, next: 1 };
        for _ in 0..size {
            leavings.die()?;
        }
        Ok(leavings)
    }

    /// Somebody dies that had signed, and not moved yet. Its number is that of this process, which has another start.
    fn die(&mut self) -> Answer {
        let mine = self.process.fresh_id()?;
        let dead = Id::from(&ProcessId { start: mine.start.wrapping_sub(self.next), ..mine });
        self.next += 1;
        let lock: Name = self.lock.name().clone();
        let words = ["build", dead.name().as_str(), "owner", dead.name().as_str()];
        let fs = self.lock.fs();
        let mut path = lockwright_kernel::path::Path::from(lock);
        fs.ensure_dir(&path)?;
        for word in &words[..3] {
            path = path.join(&word.parse()?);
            fs.ensure_dir(&path)?;
        }
        Ok(fs.create_file(&path.join(dead.name()), b"")?)
    }

    pub(super) fn pair(&mut self) -> Answer {
        self.lock.lock()?.unlock()?;
        let left = FastLock::new(self.lock.fs(), self.lock.name().clone().into(), Leaf::File).proposals()?.len();
        for _ in left as u64..self.size {
            self.die()?;
        }
        Ok(())
    }
}
