//! Leases gone wrong: whoever finds the lock file old takes the lock, whatever has become of its owner; and then there
//! are the clocks.

use core::num::NonZeroU32;
use std::time::Duration;

use lockwright_kernel::{
    chance::Chance,
    clock::Instant,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use crate::{
    replay::Replay,
    scenarios::{
        Leases, LockClients,
        fast_lock::{lock_path, word},
        leases::{FENCED, FENCED_FOR_LONGER, GivesBack, Renews, Token, outlast_renewals, path_of},
    },
};

/// A holder that pauses for longer than its lease is not asked. No look at the clock before it goes on mends that: the
/// pause may come after the look.
pub const UNFENCED: LockClients = LockClients { make: unfenced, evidence, cleaner: None };

/// Writes bear no token, and the resource takes them all: a holder that comes back from a pause writes over its successor.
pub const NO_TOKEN: Leases = Leases { token: Token::Absent, ..FENCED };

/// A token that is drawn tells holders apart and says nothing of who is newer.
pub const RANDOM_TOKEN: Leases = Leases { token: Token::Before(drawn), ..FENCED };

/// The time at which the file system says that the lock was taken; where it counts in steps, two holders may have one.
pub const STAMP_TOKEN: Leases = Leases { token: Token::After(stamp), seconds: 1, ..FENCED };

/// The time at which the holder's wall clock says that it took the lock. It goes back when the clock is set.
pub const WALL_CLOCK_TOKEN: Leases = Leases { token: Token::Before(wall_clock), seconds: 1, ..FENCED };

/// A lock file is as old as a file is younger that is made to compare the two. Stamps that are rounded say more than
/// there is, by one step less a tick.
pub const STAMPS_TO_THE_SECOND: Leases = Leases { is_over: older_than_a_new_file, ..FENCED };

/// The same with a step of two seconds allowed for: no stamps are as coarse as to make that wrong. (The file system's
/// clock must not be set, though.)
pub const STAMPS_WITH_A_MARGIN: Leases = Leases { margin: 1, ..STAMPS_TO_THE_SECOND };

/// A lock file is as old as the reader's wall clock is ahead of its stamp, which are two clocks.
pub const STAMP_AGAINST_WALL_CLOCK: Leases = Leases { is_over: older_by_the_wall_clock, ..FENCED };

/// A holder goes by a clock that stands still while its host sleeps, and believes in its lease when that is over.
pub const SLEEPING_CLOCK: Leases = Leases { measure: uptime, ..FENCED };

/// A holder that renews its lease, and others who see it by the stamp. What is renewed within the step in which stamps
/// are rounded does not show.
pub const RENEWED_BY_STAMP: Leases = Leases { is_over: outlast_renewals, renews: Renews::Once, ..FENCED };

/// The same with a margin that makes up for it.
pub const RENEWED_WITH_A_MARGIN: Leases = Leases { margin: 1, ..RENEWED_BY_STAMP };

/// A holder that renews a lease which is over: others may have found so already, and be about to take it.
pub const RENEWED_LATE: Leases = Leases { renews: Renews::Late, ..RENEWED_BY_STAMP };

/// A holder that does not look whether its lease could be renewed, and goes by it.
pub const RENEWED_UNHEARD: Leases = Leases { renews: Renews::Unheard, ..RENEWED_BY_STAMP };

/// A holder that does not look whether its renewals could be begun, and goes by them.
pub const HEARTBEAT_NOT_STARTED: Leases = Leases { renews: Renews::IfBegun, ..RENEWED_BY_STAMP };

/// A holder counts its lease from when it was told that it has it. It had it before, and others count from then.
pub const COUNTED_FROM_THE_GRANT: Leases = Leases { from_the_grant: true, ..FENCED };

/// Whoever comes too late gives back what its successor has.
pub const GIVES_BACK_BY_PATH: Leases = Leases { gives_back: GivesBack::Newest, ..FENCED_FOR_LONGER };

/// The same, after a look at whose it is: the pause comes after the look.
pub const LOOKS_AND_GIVES_BACK: Leases = Leases { gives_back: GivesBack::NewestOnceOwn, ..FENCED_FOR_LONGER };

/// Whose file is as old as this has no lock any more. The promise is no better with more; the pauses are longer then.
const LEASE: Duration = Duration::from_secs(1);

/// Nobody promises that the lock file stays.
fn evidence(_id: &Id) -> Path {
    Path::root()
}

fn unfenced<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Lease(world))
}

/// 1. MAKE the file, exclusively.
/// 2. STAMP a file of one's own, to learn the file system's time.
/// 3. COMPARE the stamps.
/// 4. MOVE a file that is too old aside, and try again another time.
struct Lease<'a>(&'a Replay<'a>);

impl Lease<'_> {
    fn is_over(&self, me: &Id) -> Result<bool, FsError> {
        let own = Path::from(me.name().clone());
        self.0.create_file(&own, b"")?; // 2 STAMP
        let now = self.0.modified(&own)?;
        let over = match self.0.modified(&lock_path()) {
            Ok(made) => now.since_epoch().saturating_sub(made.since_epoch()) >= LEASE, // 3 COMPARE
            Err(FsError::NotFound) => false,
            Err(error) => return Err(error),
        };
        self.0.discard_file(&own)?;
        Ok(over)
    }
}

impl Lock for Lease<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.0.create_file(&lock_path(), b"") {
            Err(FsError::AlreadyExists) => {} // 1 MAKE
            other => return Ok(other?),
        }
        if !self.is_over(me)? {
            return Err(LockError::Held { owner: None });
        }
        let aside = Path::from(word("old")).join(me.name());
        self.0.ensure_dir(&word("old").into())?;
        self.0.put_aside(&lock_path(), &aside)?; // 4 MOVE
        self.0.discard_file(&aside)?;
        self.0.discard_dir(&word("old").into())?;
        Err(LockError::Disturbed)
    }

    /// Who comes too late has nothing to give back.
    fn unlock(&self, _me: &Id) -> Result<(), LockError> {
        Ok(self.0.discard_file(&lock_path())?)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        Ok(None)
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(Vec::new())
    }

    fn clean(&self, _id: &Id) -> Result<(), Halted> {
        Ok(())
    }

    fn recover(&self, _id: &Id) -> Result<(), LockError> {
        Ok(())
    }

    fn waits_on(&self) -> Path {
        Path::root()
    }
}

fn drawn(world: &Replay<'_>) -> Result<u16, FsError> {
    Ok(u16::try_from(world.below(NonZeroU32::MIN.saturating_add(1))?).unwrap_or_default())
}

fn stamp(world: &Replay<'_>, _: &Id, mine: u16) -> Result<Option<u16>, FsError> {
    Ok(u16::try_from(world.modified(&path_of(mine))?.since_epoch().as_secs()).ok())
}

fn wall_clock(world: &Replay<'_>) -> Result<u16, FsError> {
    Ok(u16::try_from(world.wall_clock()?.since_epoch().as_secs()).unwrap_or_default())
}

fn older_than_a_new_file(world: &Replay<'_>, me: &Id, at: &Path, lease: Duration) -> Result<bool, FsError> {
    let own = Path::from(me.name().clone());
    world.create_file(&own, b"")?;
    let now = world.modified(&own)?;
    world.discard_file(&own)?;
    let made = world.modified(at)?;
    Ok(now.since_epoch().saturating_sub(made.since_epoch()) >= lease)
}

fn older_by_the_wall_clock(world: &Replay<'_>, _: &Id, at: &Path, lease: Duration) -> Result<bool, FsError> {
    let made = world.modified(at)?;
    Ok(world.wall_clock()?.since_epoch().saturating_sub(made.since_epoch()) >= lease)
}

fn uptime(world: &Replay<'_>) -> Result<Instant, Halted> {
    world.uptime()
}
