//! A lock that somebody waits for, and one that is held.

use std::{sync::Arc, time::Duration};

use lockwright_kernel::{
    blocking::WaitError,
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    policies::lease::{LENGTH_MAX, LENGTH_MIN, Lease},
    token::{Token, TokenError},
    wait_queue::Ticket,
};

use super::{
    PathLock,
    any::{AnyLock, Place},
    error::{AcquireError, AcquireErrorKind, advice},
    hold::{Hold, Loss, Vigil, interrupt, vigil},
    kind::Kind,
    lease::{OwnLease, RenewError},
    orders::Order,
    worlds::Worlds,
};
use crate::watch::PosixWorld;

/// How many others' leavings one wait takes away: an owner's, and a kind's that died about to hold.
const OTHERS_MAX: u32 = 2;

/// Somebody who wants a lock, and who keeps its place in line, where the kind has one, from one wait to the next.
///
/// When this is dropped, it leaves the line, or gives back the lock.
#[must_use = "the place in line is lost when this is dropped"]
#[derive(Debug)]
pub struct Contender<'lock> {
    lock: &'lock PathLock,
    id: Id,
    ticket: Option<Ticket>,
    lease: Option<OwnLease>,
    pub(super) gives_way: bool,
    holds: bool,
}

impl<'lock> Contender<'lock> {
    pub(super) fn new(lock: &'lock PathLock, id: Id) -> Self {
        Self { lock, id, ticket: None, lease: None, gives_way: false, holds: false }
    }

    /// The same on a lease of that length, which the holder has to [renew](Guard::renew). Whoever finds it over takes the lock,
    /// whatever has become of the holder; see [`lease`](lockwright_kernel::policies::lease) for what that gives up. While
    /// it waits in [`Contender::wait`] it is renewed there.
    ///
    /// The lease is written beside the lock, in a directory with `.lease` after its name, and goes with the hold.
    ///
    /// # Errors
    ///
    /// [`AcquireErrorKind::NoLeases`] where the kind has none; [`AcquireErrorKind::Fs`], and nothing is left on disk.
    pub fn on_lease(mut self, length: Duration) -> Result<Self, AcquireError> {
        let error = |kind| AcquireError::new(self.lock.path(), kind);
        if self.lock.kind() == Kind::Bid {
            return Err(error(AcquireErrorKind::NoLeases(Kind::Bid)));
        }
        let length = length.clamp(LENGTH_MIN, LENGTH_MAX);
        let lease = OwnLease::publish(&self.lock.place, &self.id, length);
        self.lease = Some(lease.map_err(|lease| error(AcquireErrorKind::of_lease(lease)))?);
        Ok(self)
    }

    /// The lease that it holds or waits on.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        self.lease.as_ref().map(OwnLease::now)
    }

    /// The lock that it wants.
    #[must_use]
    pub fn lock(&self) -> &'lock PathLock {
        self.lock
    }

    /// The id, as it stands on disk.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// The number of its place in line, once it has joined one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.ticket.as_ref().map(|ticket| ticket.place.number)
    }

    /// The order that stands for it to leave the line, if one does; see [`PathLock::break_hold`].
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn order(&self) -> Result<Option<Order>, LockError> {
        self.lock.order_to(&self.id)
    }

    /// Waits in `world` until it holds the lock, until `until` at most. A world that was waited in takes a while to drop,
    /// which is best done when the lock is not held.
    ///
    /// # Errors
    ///
    /// [`AcquireError`]. After [`AcquireErrorKind::TimedOut`] and [`AcquireErrorKind::Interrupted`] it can wait again, and
    /// has its place in line still.
    pub fn wait(&mut self, world: &PosixWorld, until: Option<Instant>) -> Result<(), AcquireError> {
        if self.holds {
            return Ok(());
        }
        world.listen_in_line(self.gives_way);
        let answer = self.wait_and_renew(world, until);
        world.listen_in_line(false);
        self.lock.place.forget_lapsed(&*self.lock.lock);
        answer.map_err(|kind| AcquireError::new(self.lock.path(), self.lock.or_dead(kind, self.number())))
    }

    fn wait_and_renew(&mut self, world: &PosixWorld, until: Option<Instant>) -> Result<(), AcquireErrorKind> {
        loop {
            let renew_at = self.lease.as_ref().map(OwnLease::renew_at);
            let end = [until, renew_at].into_iter().flatten().min();
            match self.wait_among_kinds(world, end) {
                Ok(()) => break,
                Err(WaitError::Interrupted) if world.take_news_in_line() => {
                    if let Some(order) = self.order_to_make_way() {
                        return Err(AcquireErrorKind::AskedToMakeWay { order });
                    }
                }
                // Whoever was seen dead has left before it died, or is in nobody's way.
                Err(WaitError::Interrupted) if world.take_death() && !self.lock.is_stopped_by_dead(self.number()) => {}
                Err(WaitError::TimedOut { .. }) if end != until && !world.is_past(until).unwrap_or(true) => {
                    self.renew()?;
                }
                Err(error) => return Err(self.kind_of(error)),
            }
        }
        self.holds = true;
        // What it waited on may be over, or soon be.
        self.renew().inspect_err(|_| {
            self.holds = false;
            // Nobody else is there to hear of a failure.
            let _ = self.lock.lock.release(&self.id, self.ticket.take().as_ref());
        })
    }

    fn renew(&self) -> Result<(), AcquireErrorKind> {
        let Some(lease) = &self.lease else { return Ok(()) };
        lease.renew(&self.id).map(drop).map_err(AcquireErrorKind::of_lease)
    }

    fn wait_among_kinds(&mut self, world: &PosixWorld, until: Option<Instant>) -> Result<(), WaitError> {
        let mut answer = self.wait_once(world, until);
        for _ in 0..OTHERS_MAX {
            // It may be that of the dead alone.
            match &answer {
                Err(WaitError::Lock(LockError::OtherKind(name))) if self.lock.sweep_other(name).is_ok() => {}
                _ => break,
            }
            answer = self.wait_once(world, until);
        }
        answer
    }

    fn kind_of(&self, error: WaitError) -> AcquireErrorKind {
        if let WaitError::Lock(LockError::Fs(FsError::PermissionDenied)) = error
            && let Some(why) = self.lock.place.distrust()
        {
            return AcquireErrorKind::Untrusted(why);
        }
        AcquireErrorKind::of(error, self.lock.kind())
    }

    fn wait_once(&mut self, world: &PosixWorld, until: Option<Instant>) -> Result<(), WaitError> {
        self.lock.check_for_bids()?;
        self.lock.lock.wait(&self.id, self.lock.kind().want(), &mut self.ticket, world, until)
    }

    /// The lock, which it holds; `None`, and it has left the line, where it does not.
    #[must_use]
    pub fn into_guard(mut self) -> Option<Guard> {
        let held = std::mem::take(&mut self.holds);
        held.then(|| Guard {
            lock: Arc::clone(&self.lock.lock),
            place: self.lock.place.clone(),
            id: self.id.clone(),
            ticket: self.ticket.take(),
            lease: self.lease.take(),
            process: std::process::id(),
            held,
            _worlds: self.lock.worlds.clone(),
        })
    }

    /// [`Guard::token`] of a contender that holds.
    ///
    /// # Errors
    ///
    /// Those of [`Guard::token`]; [`FenceError::NotHeld`] where it holds nothing.
    pub fn token(&self) -> Result<Token, FenceError> {
        if !self.holds {
            return Err(FenceError::NotHeld);
        }
        token(&self.lock.place, &*self.lock.lock, &self.id)
    }

    /// Leaves what it has, the lock or its place in line, as it is: until [`PathLock::unlock_as`], or until the owner that
    /// its id speaks of is dead.
    pub fn keep(mut self) {
        self.holds = false;
        self.ticket = None;
        self.lease = None;
    }
}

impl Drop for Contender<'_> {
    fn drop(&mut self) {
        // Nobody is there to hear of a failure. If there was one, what is left goes once this process ends.
        if self.holds {
            let _ = self.lock.lock.release(&self.id, self.ticket.as_ref());
        } else if let Some(ticket) = &self.ticket {
            let _ = self.lock.lock.give_up(ticket);
        }
        if self.lease.is_some() {
            // Whatever stands there: it may have lapsed.
            let _ = self.lock.place.forget_lease(&self.id);
        }
    }
}

/// A lock that is held, and given back when this is dropped.
///
/// A guard that is leaked holds the lock until its process ends. One that a forked child inherits gives nothing back in
/// the child: the lock is the parent's.
#[must_use = "the lock is given back when the guard is dropped"]
#[derive(Debug)]
pub struct Guard {
    lock: Arc<dyn AnyLock>,
    place: Place,
    id: Id,
    ticket: Option<Ticket>,
    lease: Option<OwnLease>,
    process: u32,
    held: bool,
    /// Where it was waited for. They take a while to drop, also where the [`PathLock`] is gone before the guard is, and that is to
    /// come after the release.
    _worlds: Worlds,
}

/// Why there is no fencing token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FenceError {
    /// The lock is not held any more: it was taken away by force. A number may have been used up.
    #[error("the lock is not held any more, so no number was given")]
    NotHeld,
    /// It could not be seen whether the lock is held still.
    #[error("cannot look whether the lock is held: {0}")]
    Lock(LockError),
    /// No number was given.
    #[error("{0}{advice}", advice = advice_on(.0))]
    Token(#[from] TokenError),
}

/// What the user can do about it.
fn advice_on(error: &TokenError) -> String {
    match error {
        TokenError::Fs(error) => format!("; {}", advice(*error)),
        TokenError::Disturbed | TokenError::UsedUp(_) => String::new(),
    }
}

fn token(place: &Place, lock: &dyn AnyLock, id: &Id) -> Result<Token, FenceError> {
    let tokens = place.tokens().map_err(TokenError::Fs)?;
    let token = tokens.next(id)?;
    // What is left of the dead hurts nobody, and whoever comes next finds it.
    let _ = tokens.sweep(Some(id), &place.acting_probe());
    match lock.holds(id) {
        Ok(true) => Ok(token),
        Ok(false) => Err(FenceError::NotHeld),
        Err(error) => Err(FenceError::Lock(error)),
    }
}

impl Guard {
    /// The id that the lock is held under, as it stands on disk.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// A fencing [token](lockwright_kernel::token): a number that is higher than all that were given for this lock before,
    /// for a resource that refuses who comes with a lower one than it has seen. Take it after the lock and before the
    /// work. Each call gives another number. They are kept beside the lock, see [`PathLock::tokens`].
    ///
    /// # Errors
    ///
    /// [`FenceError`]; the lock is held as before. Where no number was given yet, nothing is left beside it, as far as the file
    /// system lets it be removed.
    pub fn token(&self) -> Result<Token, FenceError> {
        token(&self.place, &*self.lock, &self.id)
    }

    /// Renews the lease that it is held on: it counts from before this call.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use lockwright_posix::lock::PathLock;
    /// # let dir = tempfile::tempdir()?;
    /// let lock = PathLock::open(dir.path().join("deploy.lock"))?;
    /// let id = (&lock.this_process().fresh_id()?).into();
    /// let mut contender = lock.contend_as(&id).on_lease(Duration::from_secs(30))?;
    /// contender.wait(&lock.world(), None)?;
    /// let guard = contender.into_guard().expect("it holds");
    /// let lease = guard.renew()?; // At `lease.renew_at()` for instance, and no work is left when it ends.
    /// assert!(lease.ends() > lease.renew_at());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RenewError`]; after [`RenewError::Over`] somebody else may hold the lock.
    pub fn renew(&self) -> Result<Lease, RenewError> {
        let lease = self.lease.as_ref().ok_or(RenewError::NoLease)?;
        Ok(lease.renew(&self.id)?)
    }

    /// The lease that it is held on, as it was last renewed.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        self.lease.as_ref().map(OwnLease::now)
    }

    /// Looks whether the lock is lost, or is to be given back: `None` while neither is so.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`], when that cannot be told.
    pub fn loss(&self) -> Result<Option<Loss>, LockError> {
        self.hold().loss()
    }

    /// Waits in `world` until the lock is lost, or is to be given back, until `until` at most. It sleeps meanwhile, and is
    /// woken by the removal of its entry, or by the order of [`PathLock::break_hold`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// use lockwright_posix::lock::{PathLock, Vigil};
    /// # let dir = tempfile::tempdir()?;
    /// let lock = PathLock::open(dir.path().join("deploy.lock"))?;
    /// let (guard, world) = (lock.lock()?, lock.world());
    /// let a_while = world.after(Duration::from_millis(1));
    /// assert_eq!(guard.wait_for_loss(&world, Some(a_while))?, Vigil::TimedOut);
    /// lock.recover(guard.id())?; // Somebody takes it away.
    /// assert!(matches!(guard.wait_for_loss(&world, None)?, Vigil::Lost(loss) if loss.is_gone));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`], when that cannot be told.
    pub fn wait_for_loss(&self, world: &PosixWorld, until: Option<Instant>) -> Result<Vigil, LockError> {
        Ok(vigil(&[self.hold()], world, until)?.0)
    }

    /// [`Guard::wait_for_loss`] of several locks at once, which may be in different directories: `world` is that of one of
    /// them. Says which of them is lost, if one is.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`], when that cannot be told of one of them.
    pub fn wait_for_any_loss(
        guards: &[Self],
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(Vigil, Option<usize>), LockError> {
        vigil(&guards.iter().map(Self::hold).collect::<Vec<_>>(), world, until)
    }

    /// The first of several that is [lost](Self::loss), if one is. From now on each wait in `world`, for another lock, ends with
    /// [`AcquireErrorKind::Interrupted`] when something changes where one of these is held; then it is for the caller to ask again.
    ///
    /// ```
    /// use lockwright_posix::lock::{AcquireErrorKind, Guard, PathLock};
    /// # let dir = tempfile::tempdir()?;
    /// let [first, second] = ["a", "b"].map(|name| PathLock::open(dir.path().join(name)));
    /// let (first, second) = (first?, second?);
    /// let (held, _others) = ([first.lock()?], second.lock()?);
    /// let world = second.world();
    /// assert!(Guard::loss_while_waiting(&held, &world)?.is_none());
    /// first.recover(held[0].id())?; // Somebody takes it away.
    /// let id = (&second.this_process().fresh_id()?).into();
    /// let error = second.contend_as(&id).wait(&world, None).expect_err("the second is not free");
    /// assert!(matches!(error.kind(), AcquireErrorKind::Interrupted));
    /// assert!(matches!(Guard::loss_while_waiting(&held, &world)?, Some((loss, 0)) if loss.is_gone));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`], when that cannot be told of one of them.
    pub fn loss_while_waiting(guards: &[Self], world: &PosixWorld) -> Result<Option<(Loss, usize)>, LockError> {
        let holds: Vec<_> = guards.iter().map(Self::hold).collect();
        loop {
            let is_watched = interrupt(&holds, world)?;
            for (index, hold) in holds.iter().enumerate() {
                if let Some(loss) = hold.loss()? {
                    return Ok(Some((loss, index)));
                }
            }
            if is_watched {
                return Ok(None);
            }
        }
    }

    fn hold(&self) -> Hold<'_> {
        Hold { lock: &*self.lock, place: &self.place, id: &self.id, ticket: self.ticket.as_ref() }
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
        let released = self.lock.release(&self.id, self.ticket.as_ref());
        // Where it is held still, others are to find its lease over.
        if let Some(lease) = &self.lease
            && !matches!(released, Err(LockError::Fs(_)))
        {
            lease.withdraw(&self.id)?;
            // What is left is left to a later one.
            let _ = self.place.sweep_one_lease(&*self.lock);
        }
        released
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Nobody is there to hear of a failure. If there was one, the lock is free once this process ends.
        let _ = self.release();
    }
}
