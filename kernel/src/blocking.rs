//! The one place where attempts become waiting.
//!
//! 1. TRY. A free lock costs nothing more.
//! 2. WATCH the directory in which a release removes something.
//! 3. TRY again: a release before the watch is seen here, one after it will wake the wait.
//! 4. WAIT for a change, for the owner's death, or for the deadline; then from 2.
//!
//! An attempt that was disturbed is repeated at once the first times, since the lock may be free, and after a random
//! pause once it happened [`DISTURBED_MAX`] times in a row, so that two contenders do not disturb each other for ever.
//!
//! So it is for a [`Lock`]. Who waits in a [`WaitQueue`](crate::wait_queue::WaitQueue) keeps its place there from one look
//! to the next: [`in_line`].

use core::{num::NonZeroU32, time::Duration};

use crate::{
    chance::Chance,
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    watch::{Wake, Watch, WatchId},
};

mod line;

pub use line::{LOOK_AGAIN_MS, LineError, in_line, join_and_wait};

/// How many disturbed attempts follow each other without a pause.
pub const DISTURBED_MAX: u32 = 8;

/// The longest pause after a disturbed attempt, in milliseconds.
pub const PAUSE_MS_MAX: u32 = 16;

/// What waiting needs from the world.
pub trait World: Watch + Clock + Chance {
    /// Sleeps until `until`, or until the caller is asked to stop waiting, which alone is [`Wake::Interrupted`].
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn pause(&self, until: Instant) -> Result<Wake, Halted>;
}

impl<W: World + ?Sized> World for &W {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        (**self).pause(until)
    }
}

/// Why a blocking call gave up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WaitError {
    /// The deadline came first.
    #[error("timed out; the lock is held{}", .owner.as_ref().map(|id| alloc::format!(" by {id}")).unwrap_or_default())]
    TimedOut {
        /// Who held the lock at the last look, if it could be told.
        owner: Option<Id>,
    },
    /// The caller was asked to stop waiting.
    #[error("interrupted while waiting for the lock")]
    Interrupted,
    /// The lock answered something that waiting does not mend.
    #[error(transparent)]
    Lock(LockError),
}

impl From<Halted> for WaitError {
    fn from(halted: Halted) -> Self {
        Self::Lock(halted.into())
    }
}

/// Takes `lock` for `me`, waiting until `until`, or for as long as it takes.
///
/// Progress: whoever waits gets an attempt after each release. There is no order among waiters.
///
/// # Errors
///
/// [`WaitError`]. In each case `me` does not hold the lock and nothing of it is left on disk, save for
/// [`LockError::AlreadyOwner`] and where [`LockError::Fs`] says otherwise.
pub fn lock(lock: &impl Lock, me: &Id, world: &impl World, until: Option<Instant>) -> Result<(), WaitError> {
    let mut watch = None;
    let mut disturbed = 0;
    loop {
        match lock.try_lock(me) {
            Ok(()) => return Ok(()), // 1 TRY, 3 TRY
            Err(LockError::Held { owner }) => {
                disturbed = 0;
                if let Some(watch) = watch {
                    wait(lock, world, watch, owner, until)?; // 4 WAIT
                } else {
                    past(world, until, owner)?;
                }
                watch = match world.watch(&lock.waits_on()) {
                    Ok(watch) => Some(watch),       // 2 WATCH
                    Err(FsError::NotFound) => None, // It went away after the look, so the lock came free.
                    Err(error) => return Err(WaitError::Lock(error.into())),
                };
            }
            Err(LockError::Disturbed) => {
                disturbed += 1;
                if disturbed > DISTURBED_MAX {
                    past(world, until, None)?;
                    if come_apart(world, until)? == Wake::Interrupted {
                        return Err(WaitError::Interrupted);
                    }
                }
            }
            Err(error) => return Err(WaitError::Lock(error)),
        }
    }
}

/// A pause of random length.
fn come_apart(world: &impl World, until: Option<Instant>) -> Result<Wake, Halted> {
    let pause = world.below(NonZeroU32::MIN.saturating_add(PAUSE_MS_MAX))?;
    let end = world.now()?.saturating_add(Duration::from_millis(pause.into()));
    world.pause(until.map_or(end, |until| until.min(end)))
}

fn wait(
    lock: &impl Lock,
    world: &impl World,
    watch: WatchId,
    owner: Option<Id>,
    until: Option<Instant>,
) -> Result<(), WaitError> {
    // Who lost the race for the lock has not seen the name of the winner.
    let owner = match owner {
        None => lock.owner().map_err(WaitError::Lock)?,
        seen => seen,
    };
    if owner.is_none() {
        return past(world, until, None);
    }
    goes_on(world.wait(watch, owner.as_ref(), until)?, owner)
}

fn goes_on(wake: Wake, owner: Option<Id>) -> Result<(), WaitError> {
    match wake {
        Wake::Changed => Ok(()),
        Wake::TimedOut => Err(WaitError::TimedOut { owner }),
        Wake::Interrupted => Err(WaitError::Interrupted),
    }
}

fn past(world: &impl World, until: Option<Instant>, owner: Option<Id>) -> Result<(), WaitError> {
    match until {
        Some(until) if world.now()? >= until => Err(WaitError::TimedOut { owner }),
        _ => Ok(()),
    }
}
