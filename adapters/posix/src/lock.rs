//! A lock at a path: what a program needs, in one place.
//!
//! What stands on disk, by [`Kind`]:
//!
//! ```text
//! <lock>/owner/<id>                 fast: held by <id>
//! <lock>/owner/queue/<number>/<id>  queue: the line, whose first holds; `door`, for those about to join
//! <lock>/owner/rw/...               readers and writers, in the same way
//! <lock>/owner/fair-sem=3/...       a fair semaphore of 3, in the same way
//! <lock>/owner/sem=3/<slot>/...     a semaphore of 3: each slot is a fast lock
//! <lock>/<id>.json                  bid: held by <id>, while there is `<lock>/owner/bid` as well
//! ```
//!
//! Of two contenders that ask for different kinds at one path, also for semaphores of different sizes, at most one is ever
//! let in, and the other is told so: [`one_kind`](lockwright_kernel::one_kind) says how. Not told are programs
//! that know nothing of this: the lockers' shell scripts, to whom the lock is held by somebody called `queue`, and the
//! Python package `lockfolder`, whose bids are refused where they stand when a lock is opened or taken by any other kind
//! than `fast`, and which itself does not look at what else stands there.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    blocking::WaitError, clock, fast_lock::Leaf, fs::FsError, id::Id, lock::LockError, path::Name, token::Tokens,
};

use crate::{
    fs::{FileSystem, PosixFs, SharedWith},
    probe::ProcProbe,
    process::ThisProcess,
    watch::PosixWorld,
};

mod among;
mod any;
mod breaking;
mod cutting;
mod error;
mod guard;
mod hold;
mod home;
mod keeping;
mod kind;
mod lease;
mod orders;
mod recovered;
mod room;
mod sparing;
mod standing;
mod worlds;

pub use among::AmongKinds;
use any::{AnyLock, Place};
pub use breaking::{BreakError, Broken, Way};
pub use cutting::Promoted;
pub use error::{AcquireError, AcquireErrorKind, OpenError, OpenErrorKind, advice};
pub use guard::{Contender, FenceError, Guard};
pub use hold::{Loss, Vigil};
pub use home::HomeLine;
pub use kind::{Kind, KindParseError, Layout};
pub use lease::RenewError;
pub(crate) use lease::Seen;
pub use orders::{ORDERS_MAX, Order, TEXT_BYTES_MAX};
pub use recovered::Recovered;
use recovered::Recoveries;
use sparing::Recovery;
pub use standing::{Entry, Glance, Standing};
use worlds::Worlds;

/// A lock at a path, among processes and threads; exclusive, unless it was opened as another [`Kind`].
///
/// The path names what everybody agrees on; while the lock is held or fought for, a directory stands there. Each call that
/// takes the lock is a contender of its own, so two threads exclude each other, and a thread that takes the lock twice
/// waits for itself.
///
/// When an owner dies, also by `SIGKILL`, whoever waits next takes over at once. An owner that cannot be seen from here
/// (another host, another pid namespace) is never taken for dead.
///
/// ```
/// use lockwright_posix::lock::{Kind, PathLock};
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("deploy.lock");
/// let lock = PathLock::open(&path)?;
/// let guard = lock.lock()?; // Waits as long as it takes.
/// assert!(lock.try_lock().is_err()); // Here somebody else would be refused.
/// guard.unlock()?; // Or drop it, and miss the error.
///
/// let reader = PathLock::open_kind(&path, Kind::Read)?;
/// let writer = PathLock::open_kind(&path, Kind::Write)?;
/// let two = [reader.lock()?, reader.lock()?];
/// assert!(writer.try_lock().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PathLock {
    path: PathBuf,
    kind: Kind,
    leaf: Leaf,
    place: Place,
    me: ThisProcess,
    lock: Arc<dyn AnyLock>,
    worlds: Worlds,
    /// Bids stood there when it was opened.
    has_bids: bool,
}

impl PathLock {
    /// The exclusive lock at `path`, of [`Kind::Fast`], whose parent directory exists. Writes nothing.
    ///
    /// The parent is opened here and now: if it is moved later, the lock goes with it.
    ///
    /// # Errors
    ///
    /// [`OpenError`], when there can be no lock at that path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_kind(path, Kind::Fast)
    }

    /// The lock of that kind at `path`. All who share it say the same kind; who says another one is
    /// [refused](AcquireErrorKind::OtherKind) when it wants the lock, for as long as somebody has it or waits for it.
    ///
    /// # Errors
    ///
    /// Those of [`PathLock::open`].
    pub fn open_kind(path: impl AsRef<Path>, kind: Kind) -> Result<Self, OpenError> {
        Self::open_shared(path, kind, SharedWith::Nobody)
    }

    /// The same, shared with others: see [`SharedWith`] for whom they are, and [`SharedWith::widen_umask`] for what it takes.
    ///
    /// # Errors
    ///
    /// Those of [`PathLock::open`]. A directory that lets others than these take the lock away is refused:
    /// [`OpenErrorKind::UntrustedParent`], [`OpenErrorKind::Untrusted`].
    pub fn open_shared(path: impl AsRef<Path>, kind: Kind, with: SharedWith) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::try_open(path, kind, Some(with)).map_err(|kind| OpenError::new(path, kind))
    }

    /// The same, whosever it is, for those who only look at a lock, or take it away from somebody: nothing is asked of its
    /// directories. Who takes it for itself had better ask.
    ///
    /// # Errors
    ///
    /// Those of [`PathLock::open`] that are not about trust.
    pub fn open_unguarded(path: impl AsRef<Path>, kind: Kind) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::try_open(path, kind, None).map_err(|kind| OpenError::new(path, kind))
    }

    fn try_open(path: &Path, kind: Kind, with: Option<SharedWith>) -> Result<Self, OpenErrorKind> {
        let name = error::checked_name(path)?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let fs = match with {
            Some(with) => PosixFs::open_guarded(parent, with)
                .map_err(OpenErrorKind::of_parent)?
                .map_err(OpenErrorKind::UntrustedParent)?,
            None => PosixFs::open(parent).map_err(OpenErrorKind::of_parent)?,
        };
        let stands = error::check_place(&fs, &name)?;
        let me = ThisProcess::new().map_err(OpenErrorKind::Identity)?;
        let probe = ProcProbe::of_boot(&fs, me.boot());
        let place = Place {
            fs,
            name,
            probe,
            recoveries: Recoveries::default(),
            seen: Seen::default(),
            recovery: Recovery::Lapsed,
            tidies_late: false,
            keeps: false,
        };
        let lock = place.lock(kind.layout(), Leaf::File);
        // What cannot be listed is told by who wants the lock.
        let has_bids = stands && place.has_bids().unwrap_or_default();
        Ok(Self { path: path.to_owned(), kind, leaf: Leaf::File, place, me, lock, worlds: Worlds::default(), has_bids })
    }

    /// The same lock, with leaves of the given kind where it is a fast lock. All who share a lock must agree on it;
    /// [`Leaf::File`] is what [`PathLock::open`] takes.
    #[must_use]
    pub fn with_leaf(self, leaf: Leaf) -> Self {
        let lock = self.place.lock(self.kind.layout(), leaf);
        Self { leaf, lock, ..self }
    }

    /// The same lock, which is taken over from nobody whose lease is over: only from those who are dead by evidence.
    #[must_use]
    pub fn by_evidence_alone(self) -> Self {
        self.with_recovery(Recovery::Dead)
    }

    /// The same lock, whose taker is told that it holds before the directories of its try are removed: that is done at the next call
    /// on the lock or its file system, or by [`PathLock::tidy_up`]. For one caller that has better things to do first. Kinds other
    /// than [`Kind::Fast`] leave nothing for later.
    ///
    /// ```
    /// # use lockwright_posix::lock::PathLock;
    /// # let dir = tempfile::tempdir()?;
    /// let lock = PathLock::open(dir.path().join("job.lock"))?.tidying_late();
    /// let guard = lock.lock()?;
    /// let mut job = std::process::Command::new("true").spawn()?; // It need not wait for that.
    /// lock.tidy_up();
    /// job.wait()?;
    /// guard.unlock()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tidying_late(self) -> Self {
        let place = Place { tidies_late: true, ..self.place };
        let lock = place.lock(self.kind.layout(), Leaf::File);
        Self { place, lock, ..self }
    }

    /// Removes what a lock that is [tidied late](PathLock::tidying_late) has left for later.
    pub fn tidy_up(&self) {
        self.place.fs.catch_up();
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last name of the path.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.place.name
    }

    /// The kind as it was given.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
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

    /// Somebody who wants the lock, under an id of its own choice that nobody else has, for callers who want to do other
    /// things between two waits, or who take the lock for somebody else. A [`Kind::Bid`] takes ids of processes only.
    pub fn contend_as(&self, id: &Id) -> Contender<'_> {
        Contender::new(self, id.clone())
    }

    /// Takes the lock for `id`, waiting in `world` until `until`. The lock stays taken until [`PathLock::unlock_as`], or
    /// until the owner that `id` speaks of is dead. An id that has it already is told so by kinds without a line only; in
    /// a line it would wait for itself.
    ///
    /// # Errors
    ///
    /// [`AcquireError`].
    pub fn lock_as(&self, id: &Id, world: &PosixWorld, until: Option<clock::Instant>) -> Result<(), AcquireError> {
        let mut contender = self.contend_as(id);
        contender.wait(world, until)?;
        contender.keep();
        Ok(())
    }

    /// Gives back a lock that was taken for `id`, or its place in line.
    ///
    /// # Errors
    ///
    /// [`LockError::NotOwner`] when `id` has neither, [`LockError::Fs`] when that failed and `id` may hold it still.
    pub fn unlock_as(&self, id: &Id) -> Result<(), LockError> {
        let released = self.lock.release(id, None);
        if !matches!(released, Err(LockError::Fs(_))) {
            self.place.forget_lease(id)?;
        }
        released
    }

    /// Who the lock is recorded for, whether it still runs or not; see [`PathLock::probe`]. Of several, one of them.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn owner(&self) -> Result<Option<Id>, LockError> {
        let holders = self.lock.standing()?.holders;
        Ok(holders.into_iter().next().map(|holder| holder.id))
    }

    /// Who has the lock that stands there, and who waits for it, of whatever kind it is.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn standing(&self) -> Result<Standing, LockError> {
        let tenants = self.place.tenants()?;
        // Beside the owner of a fast lock nobody holds, but somebody may have died about to.
        let fast = tenants.iter().any(|name| Layout::named(name).is_none()).then_some(Layout::Fast);
        let others = tenants.iter().filter_map(Layout::named);
        for layout in fast.into_iter().chain(others).chain([Layout::Fast, Layout::Bid]) {
            let standing = self.place.lock(layout, Leaf::File).standing()?;
            if standing.layout.is_some() {
                return Ok(standing);
            }
        }
        Ok(Standing::default())
    }

    /// The order that stands for `id` to give the lock back, if one does.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn order_to(&self, id: &Id) -> Result<Option<Order>, LockError> {
        hold::Hold { lock: &*self.lock, place: &self.place, id, ticket: None }.order()
    }

    /// At most `most` of those who have the lock of this kind, other than `me`, and how many wait before `me`, whose place in
    /// line is `number`: for those who are told again and again while they wait, and many of whom wait. A lock of another
    /// kind that stands there is told of as well.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn glance(&self, me: Option<&Id>, number: Option<u64>, most: usize) -> Result<Glance, LockError> {
        let glance = self.lock.glance(me, number, most)?;
        if glance.layout.is_some() {
            return Ok(glance);
        }
        Ok(Glance::of(self.standing()?, me, most))
    }

    /// Removes everything of `id`: its hold on the lock, its place in line, its tries. The caller knows that `id` is dead,
    /// or means to take the lock away from it; nobody else loses anything.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`] when its hold could not be removed.
    pub fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.lock.recover(id)?;
        Ok(self.place.forget_lease(id)?)
    }

    /// Removes what the dead have left, all of it, also of other kinds, and beside the lock.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`]; a later sweep finds what is left.
    pub fn sweep(&self) -> Result<(), LockError> {
        for name in self.place.tenants()? {
            self.sweep_other(&name)?;
        }
        self.lock.sweep()?;
        self.place.sweep_leases(&*self.lock)?;
        Ok(self.place.sweep_tokens()?)
    }

    /// What was taken from the dead by this lock and its clones since this was asked last, the first few: for people. Those
    /// who held a [`Kind::Bid`] are not among them.
    #[must_use]
    pub fn recovered(&self) -> Vec<Recovered> {
        self.place.recoveries.take()
    }

    /// The fencing tokens of this lock. They are kept in a directory beside it, whose name has `.token` after that of the
    /// lock, and which stands for good once the first was given: who removes it while a resource remembers its numbers
    /// begins again at 1.
    ///
    /// # Errors
    ///
    /// [`FsError::NameTooLong`].
    pub fn tokens(&self) -> Result<Tokens<PosixFs>, FsError> {
        self.place.tokens()
    }

    /// Tells the dead owners of this lock from the rest.
    #[must_use]
    pub fn probe(&self) -> &ProcProbe {
        &self.place.probe
    }

    /// The calling process, and fresh ids for it.
    #[must_use]
    pub fn this_process(&self) -> &ThisProcess {
        &self.me
    }

    /// The file system that the lock is on, from its parent directory down.
    #[must_use]
    pub fn fs(&self) -> &PosixFs {
        &self.place.fs
    }

    /// What file system that is. The algorithms were checked for [some](crate::fs::Ground::Local); on others a lock works as
    /// well as it can, and it is for the caller to refuse. `lockwright run` does, unless it is told not to.
    ///
    /// # Errors
    ///
    /// Those of `fstatfs`.
    pub fn file_system(&self) -> io::Result<FileSystem> {
        self.place.fs.file_system()
    }

    /// A new world for one caller to wait in.
    #[must_use]
    pub fn world(&self) -> PosixWorld {
        let world = PosixWorld::with_probe(&self.place.fs, self.place.probe.clone()).seeing(self.place.seen.clone());
        if self.place.recovery == Recovery::Never { world.stopped_by_deaths() } else { world }
    }

    fn guard(&self, until: impl FnOnce(&PosixWorld) -> Option<clock::Instant>) -> Result<Guard, AcquireError> {
        let identity = |error| AcquireError::new(&self.path, AcquireErrorKind::Identity(error));
        let id = self.next_id().map_err(identity)?;
        let mut contender = self.contend_as(&id);
        let waited = self.worlds.with(|| self.world(), |world| contender.wait(world, until(world)));
        waited.inspect_err(|_| self.lock.give_back_id(&id))?;
        Ok(contender.into_guard().unwrap_or_else(|| unreachable!("it has waited until it held")))
    }

    /// Refuses a folder in which there are bids, to those who do not come to bid. A fast lock looks when it is opened, and
    /// again only if it saw some, for it is to be fast; the others look each time.
    fn check_for_bids(&self) -> Result<(), WaitError> {
        let looks = self.has_bids || self.kind != Kind::Fast;
        if self.kind == Kind::Bid || !looks || !self.place.has_bids().map_err(LockError::Fs).map_err(WaitError::Lock)? {
            return Ok(());
        }
        Err(WaitError::Lock(LockError::OtherKind(Layout::Bid.name())))
    }

    /// Removes what the dead have left of another kind, or of a fast lock, by the name that was found.
    fn sweep_other(&self, name: &Name) -> Result<(), LockError> {
        let layout = Layout::named(name).unwrap_or(Layout::Fast);
        self.place.lock(layout, Leaf::File).sweep()
    }
}
