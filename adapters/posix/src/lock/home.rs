//! A line in the home of its kind.

use lockwright_kernel::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::LockError,
    one_kind::OneKind,
    path::{Name, Path},
    probe::Probe,
    wait_queue::{Admission, QueueError, Ticket, WaitQueue, Want},
};

/// A line whose home is among those of other [kinds](lockwright_kernel::one_kind): whoever joins it enters and verifies.
///
/// ```
/// use lockwright_kernel::{chance::Chance, fs::{Fs, Halted, MemFs}, id::Id, lock::LockError};
/// use lockwright_kernel::{probe::{Liveness, Probe}, wait_queue::{Admission, Want}};
/// use lockwright_posix::{chance::ThreadChance, lock::HomeLine};
///
/// #[derive(Debug)]
/// struct NobodyDies;
///
/// impl Probe for NobodyDies {
///     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
///         Ok(Liveness::Alive)
///     }
/// }
///
/// let (fs, lock, me) = (MemFs::new(), "a.lock".parse()?, "ann".parse()?);
/// let line = HomeLine::new(&fs, lock, "queue".parse()?, NobodyDies, ThreadChance, Admission::ONE);
/// let ticket = line.try_join(&me, Want::Alone)?;
/// assert!(fs.exists(&"a.lock/owner/queue".parse()?)?);
/// line.leave(&ticket)?;
/// assert_eq!(fs.to_string(), "");
///
/// fs.create_dir(&"a.lock".parse()?)?;
/// fs.create_dir(&"a.lock/owner".parse()?)?;
/// fs.create_dir(&"a.lock/owner/bob".parse()?)?;
/// assert_eq!(line.try_join(&me, Want::Alone), Err(LockError::OtherKind("bob".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HomeLine<F, P, C> {
    fs: F,
    lock: Path,
    kind: OneKind<F>,
    queue: WaitQueue<F, P, C>,
}

impl<F: Fs + Clone, P: Probe, C: Chance> HomeLine<F, P, C> {
    /// The line of the kind of that name at `lock`. Nothing is made there yet.
    #[must_use]
    pub fn new(fs: F, lock: Path, kind: Name, probe: P, chance: C, rule: Admission) -> Self {
        let kind = OneKind::new(fs.clone(), lock.clone(), kind);
        let queue = WaitQueue::new(fs.clone(), probe, chance, kind.home(), rule);
        Self { fs, lock, kind, queue }
    }

    /// The line by itself, for those who stand in it.
    pub fn queue(&self) -> &WaitQueue<F, P, C> {
        &self.queue
    }

    /// Joins. From then on the path is of this kind, until the ticket is gone.
    ///
    /// # Errors
    ///
    /// [`LockError::OtherKind`] where another kind is there, [`LockError::Disturbed`] where the home went away meanwhile, and
    /// those of joining. No ticket stands then, unless its removal failed; directories may, until [`HomeLine::tidy`].
    pub fn try_join(&self, me: &Id, want: Want) -> Result<Ticket, LockError> {
        self.kind.enter()?;
        let ticket = match self.queue.join(me, want) {
            // The directory around it went away after it was entered.
            Err(QueueError::Fs(FsError::NotFound)) => return Err(LockError::Disturbed),
            other => other?,
        };
        match self.kind.verify() {
            Ok(()) => Ok(ticket),
            Err(error) => {
                self.leave(&ticket)?;
                Err(error)
            }
        }
    }

    /// Leaves the line, and tidies.
    ///
    /// # Errors
    ///
    /// Those of leaving; the ticket may stand then.
    pub fn leave(&self, ticket: &Ticket) -> Result<(), LockError> {
        self.queue.leave(ticket)?;
        Ok(self.tidy()?)
    }

    /// Removes the home and the lock's directory where they are empty.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    pub fn tidy(&self) -> Result<(), Halted> {
        self.kind.tidy()?;
        self.fs.discard_dir(&self.lock)
    }
}
