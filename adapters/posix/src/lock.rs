//! A lock at a path: what a program needs, in one place.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    blocking, clock,
    fast_lock::{FastLock, Leaf},
    id::Id,
    lock::{Lock, LockError},
    path::Name,
    policies::check::CheckLock,
};

use crate::{chance::ThreadChance, fs::PosixFs, probe::ProcProbe, process::ThisProcess, watch::PosixWorld};

mod error;
mod worlds;

pub use error::{AcquireError, AcquireErrorKind, OpenError, OpenErrorKind};
use worlds::Worlds;

/// The lock of the kernel that a [`PathLock`] is: a fast lock that recovers from dead owners.
pub type RecoveringLock = CheckLock<FastLock<PosixFs>, ProcProbe, ThreadChance>;

/// An exclusive lock at a path, among processes and threads.
///
/// The path names what everybody agrees on; while the lock is held or fought for, a directory stands there, see
/// [`fast_lock`](lockwright_kernel::fast_lock). Each call that takes the lock is a contender of its own, so two threads
/// exclude each other, and a thread that takes the lock twice waits for itself.
///
/// When an owner dies, also by `SIGKILL`, whoever waits next takes over at once. An owner that cannot be seen from here
/// (another host, another pid namespace) is never taken for dead.
///
/// ```
/// use lockwright_posix::lock::PathLock;
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("deploy.lock");
/// let lock = PathLock::open(&path)?;
/// let guard = lock.lock()?; // Waits as long as it takes.
/// assert!(lock.try_lock().is_err()); // Here somebody else would be refused.
/// guard.unlock()?; // Or drop it, and miss the error.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PathLock {
    path: PathBuf,
    name: Name,
    fs: PosixFs,
    probe: ProcProbe,
    me: ThisProcess,
    lock: Arc<RecoveringLock>,
    worlds: Worlds,
}

impl PathLock {
    /// The lock at `path`, whose parent directory exists. Writes nothing.
    ///
    /// The parent is opened here and now: if it is moved later, the lock goes with it.
    ///
    /// # Errors
    ///
    /// [`OpenError`], when there can be no lock at that path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::open_kind(path).map_err(|kind| OpenError::new(path, kind))
    }

    fn open_kind(path: &Path) -> Result<Self, OpenErrorKind> {
        let name = error::checked_name(path)?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let fs = PosixFs::open(parent).map_err(OpenErrorKind::of_parent)?;
        error::check_place(&fs, &name)?;
        let me = ThisProcess::new().map_err(OpenErrorKind::Identity)?;
        let probe = ProcProbe::new(&fs);
        let lock = Arc::new(recovering(&fs, &name, Leaf::File));
        Ok(Self { path: path.to_owned(), name, fs, probe, me, lock, worlds: Worlds::default() })
    }

    /// The same lock, with leaves of the given kind. All who share a lock must agree on it; [`Leaf::File`] is what
    /// [`PathLock::open`] takes.
    #[must_use]
    pub fn with_leaf(self, leaf: Leaf) -> Self {
        let lock = Arc::new(recovering(&self.fs, &self.name, leaf));
        Self { lock, ..self }
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock, waiting as long as it takes.
    ///
    /// # Errors
    ///
    /// [`AcquireError`], never [`AcquireErrorKind::Held`] or [`AcquireErrorKind::TimedOut`].
    pub fn lock(&self) -> Result<Guard, AcquireError> {
        self.guard(|_| None)
    }

    /// Takes the lock if it is free, or its owner dead.
    ///
    /// # Errors
    ///
    /// [`AcquireErrorKind::Held`] when it is not free.
    pub fn try_lock(&self) -> Result<Guard, AcquireError> {
        let at_once = clock::Instant::new(Duration::ZERO);
        self.guard(|_| Some(at_once)).map_err(AcquireError::without_waiting)
    }

    /// Takes the lock, waiting for `wait` at most. Time goes on while the machine sleeps.
    ///
    /// # Errors
    ///
    /// [`AcquireErrorKind::TimedOut`] when it did not come free in that time.
    pub fn lock_for(&self, wait: Duration) -> Result<Guard, AcquireError> {
        self.guard(|world| Some(world.after(wait)))
    }

    /// Takes the lock, waiting until `until` at most.
    ///
    /// # Errors
    ///
    /// [`AcquireErrorKind::TimedOut`] when it did not come free until then.
    pub fn lock_until(&self, until: Instant) -> Result<Guard, AcquireError> {
        self.lock_for(until.saturating_duration_since(Instant::now()))
    }

    /// Takes the lock for `id`, waiting in `world` until `until`. A world that was waited in takes a while to drop, which
    /// is best done when the lock is not held. The lock stays taken until [`PathLock::unlock_as`], or
    /// until the owner that `id` speaks of is dead.
    ///
    /// # Errors
    ///
    /// [`AcquireError`].
    pub fn lock_as(
        &self,
        id: &Id,
        world: &impl blocking::World,
        until: Option<clock::Instant>,
    ) -> Result<(), AcquireError> {
        blocking::lock(&*self.lock, id, world, until).map_err(|error| AcquireError::new(&self.path, error.into()))
    }

    /// Gives back a lock that was taken for `id`.
    ///
    /// # Errors
    ///
    /// [`LockError::NotOwner`] when `id` does not hold it, [`LockError::Fs`] when that failed and `id` may hold it still.
    pub fn unlock_as(&self, id: &Id) -> Result<(), LockError> {
        self.lock.unlock(id)
    }

    /// Who the lock is recorded for, whether it still runs or not; see [`PathLock::probe`].
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn owner(&self) -> Result<Option<Id>, LockError> {
        self.lock.owner()
    }

    /// The lock as the kernel has it, for what goes beyond taking and giving back: proposals, cleaning, recovery.
    #[must_use]
    pub fn as_lock(&self) -> &RecoveringLock {
        &self.lock
    }

    /// Tells the dead owners of this lock from the rest.
    #[must_use]
    pub fn probe(&self) -> &ProcProbe {
        &self.probe
    }

    /// The calling process, and fresh ids for it.
    #[must_use]
    pub fn this_process(&self) -> &ThisProcess {
        &self.me
    }

    /// The file system that the lock is on, from its parent directory down.
    #[must_use]
    pub fn fs(&self) -> &PosixFs {
        &self.fs
    }

    /// A new world for one caller to wait in.
    #[must_use]
    pub fn world(&self) -> PosixWorld {
        PosixWorld::with_probe(&self.fs, self.probe)
    }

    fn guard(&self, until: impl FnOnce(&PosixWorld) -> Option<clock::Instant>) -> Result<Guard, AcquireError> {
        let identity = |error| AcquireError::new(&self.path, AcquireErrorKind::Identity(error));
        let id = Id::from(&self.me.fresh_id().map_err(identity)?);
        self.worlds.with(|| self.world(), |world| self.lock_as(&id, world, until(world)))?;
        let (lock, process) = (Arc::clone(&self.lock), std::process::id());
        Ok(Guard { lock, id, process, held: true })
    }
}

fn recovering(fs: &PosixFs, name: &Name, leaf: Leaf) -> RecoveringLock {
    let lock = FastLock::new(fs.clone(), name.clone().into(), leaf);
    CheckLock::new(lock, ProcProbe::new(fs), ThreadChance)
}

/// A lock that is held, and given back when this is dropped.
///
/// A guard that is leaked holds the lock until its process ends. One that a forked child inherits gives nothing back in
/// the child: the lock is the parent's.
#[must_use = "the lock is given back when the guard is dropped"]
#[derive(Debug)]
pub struct Guard {
    lock: Arc<RecoveringLock>,
    id: Id,
    process: u32,
    held: bool,
}

impl Guard {
    /// The id that the lock is held under, as it stands on disk.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Gives the lock back, and says whether that worked.
    ///
    /// # Errors
    ///
    /// [`LockError::NotOwner`] when the lock was taken away by force, or belongs to the process that this one was forked
    /// from; [`LockError::Fs`] when giving it back failed: then it stays held until this process ends.
    pub fn unlock(mut self) -> Result<(), LockError> {
        self.release()
    }

    fn release(&mut self) -> Result<(), LockError> {
        if !std::mem::take(&mut self.held) {
            return Ok(());
        }
        if self.process != std::process::id() {
            return Err(LockError::NotOwner);
        }
        self.lock.unlock(&self.id)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Nobody is there to hear of a failure. If there was one, the lock is free once this process ends.
        let _ = self.release();
    }
}
