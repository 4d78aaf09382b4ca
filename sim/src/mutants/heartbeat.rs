//! A lease on one lock file, whose holder says that it lives by making the file anew: also when it is another's by then.
//!
//! 1. TAKE: make the file with one's id, exclusively.
//! 2. OUTLAST: where it is taken, wait by one's own clock, from a look on. If it says the same after, remove it, and try
//!    again another time. Two who outlast it together are not in the scenario, for there are two clients.
//! 3. BEAT: move a file of one's own over it.
//! 4. CHECK that nobody took it before one's lease was over.
//! 5. GIVE BACK: remove the file if it is one's own.

use std::{fmt, time::Duration};

use lockwright_kernel::{
    clock::Clock,
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};

use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
    scenarios::fast_lock::lock_path,
};

/// The one there is.
pub const RESURRECTS: Resurrecting = Resurrecting;

/// Clients that take the lock, beat and give it back, all in one attempt.
#[derive(Clone, Copy)]
pub struct Resurrecting;

const LEASE: Duration = Duration::from_secs(1);
const HELD: &str = "had it";
const LOST: &str = "found it lost";
const FOUND_HELD: &str = "found it held";
const BROKE: &str = "found it old, and removed it";

impl fmt::Debug for Resurrecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resurrecting")
    }
}

impl Protocol for Resurrecting {
    fn attempt(&self, client: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: hold(world, &client.id)? })
    }

    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::CanBeTaken, Property::NothingLeftBehind]
    }

    fn sometimes(&self, _clients: usize, _faults: Faults) -> Vec<&'static str> {
        vec![HELD]
    }
}

fn hold(world: &Replay<'_>, me: &Id) -> Result<&'static str, Stop> {
    let began = world.now()?;
    match world.create_file(&lock_path(), written(me)) {
        Ok(()) => {}                                          // 1 TAKE
        Err(FsError::AlreadyExists) => return outlast(world), // 2 OUTLAST
        Err(error) => return Err(error.into()),
    }
    let own = Path::from(me.name().clone());
    world.create_file(&own, written(me))?;
    world.rename(&own, &lock_path())?; // 3 BEAT
    if owner(world)?.as_deref() == Some(written(me)) {
        world.discard_file(&lock_path())?; // 5 GIVE BACK
        return Ok(HELD);
    }
    if world.now()?.saturating_since(began) < LEASE {
        let what = "another took the lock before its lease was over".into();
        return Err(Stop::Broken(Property::NotDispossessed, what)); // 4 CHECK
    }
    Ok(LOST)
}

fn outlast(world: &Replay<'_>) -> Result<&'static str, Stop> {
    let (before, seen) = (owner(world)?, world.now()?);
    if before.is_none() || world.now()?.saturating_since(seen) < LEASE || owner(world)? != before {
        return Ok(FOUND_HELD);
    }
    world.discard_file(&lock_path())?;
    Ok(BROKE)
}

fn owner(world: &Replay<'_>) -> Result<Option<Vec<u8>>, FsError> {
    match world.read(&lock_path()) {
        Ok(contents) => Ok(Some(contents)),
        Err(FsError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn written(me: &Id) -> &[u8] {
    me.name().as_str().as_bytes()
}
