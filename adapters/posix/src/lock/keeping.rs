//! A lock that is taken again and again.

use std::io;

use lockwright_kernel::id::Id;

use super::{PathLock, any::Place};

impl PathLock {
    /// The same lock, for those who take it again and again: a [`Kind::Fast`](super::Kind::Fast) whose directories stay on
    /// disk while it is free, for as long as this handle or a clone lives. Then a pair removes no directory but the empty one
    /// that it replaces. Others may share the lock in either way. It changes nothing for other kinds, and where the file
    /// system is not [local](crate::fs::PosixFs::is_local).
    ///
    /// What a process leaves that is killed goes by and by: each lock that is given back by somebody who does not keep, and one in
    /// 64 of those who do, looks for what the dead have left.
    ///
    /// The holds of one handle have the same few ids, one for each that it has at once. Whoever takes away a hold by its id
    /// ([`PathLock::break_hold`], [`PathLock::recover`]) and comes late meets the next one of the same handle.
    ///
    /// ```
    /// # use lockwright_posix::lock::PathLock;
    /// # let dir = tempfile::tempdir_in("/dev/shm")?;
    /// # let path = dir.path().join("counter.lock");
    /// let lock = PathLock::open(&path)?.keeping();
    /// for _ in 0..3 {
    ///     lock.lock()?.unlock()?;
    /// }
    /// assert!(path.exists() && PathLock::open(&path)?.standing()?.is_free());
    /// drop(lock);
    /// assert!(!path.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keeping(self) -> Self {
        let place = Place { keeps: self.place.fs.is_local(), ..self.place };
        let lock = place.lock(self.kind.layout(), self.leaf);
        Self { place, lock, ..self }
    }

    /// A fresh id, or one that is kept.
    pub(super) fn next_id(&self) -> io::Result<Id> {
        if !self.place.keeps {
            return Ok(Id::from(&self.me.fresh_id()?));
        }
        let is_mine = self.me.is_this()?;
        if is_mine && let Some(id) = self.lock.lend_id() {
            return Ok(id);
        }
        let id = Id::from(&self.me.fresh_id()?);
        if is_mine {
            self.lock.keep_id(&id);
        }
        Ok(id)
    }
}
