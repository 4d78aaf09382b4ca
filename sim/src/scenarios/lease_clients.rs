//! Clients of a fast lock that is held on a lease, by the kernel's own code.
//!
//! Who wants the lock publishes its lease, tries, and where the lock is held tries once more, after any time. It renews its lease
//! once it has the lock. Then there are two kinds: those that hold the lock until their next attempt, and those that go on at once, write
//! to the resource with a number, and give the lock back. Numbers are directories here, for those of the kernel are checked
//! by themselves, and would be most of the search.
//!
//! The latter have a lock once, by a mark on disk, for an id is never used twice; and they cannot see whether others live. Of them
//! the first alone has a lease, and does not wait; the others wait, and have none. So the search stays small, and those who
//! wait do the same whether they have one or not.

use std::{cell::RefCell, fmt, time::Duration};

use lockwright_kernel::{
    clock::Clock,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::{
        check::CheckLock,
        lease::{Judge, Lease, LeaseError, Leases, Sightings},
    },
    probe::{Liveness, Probe},
};

use super::{
    cut::Cut,
    fast_lock::{evidence, lock_path, word},
    lock_clients::{give_back_by, is_made_up, take_by},
};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// Makes the probe by which owners are judged, over what was seen before.
pub type MakeJudge = for<'a> fn(&'a Replay<'a>, &'a RefCell<Sightings>, &'a dyn Probe) -> Box<dyn Probe + 'a>;

/// How a lease begins, once the lock is had that was waited for.
pub type Begin = fn(&Replay<'_>, &Id, &Lease) -> Result<Lease, LeaseError>;

/// What is done of a lease by those that hold the lock for long, when they have given it back.
pub type End = fn(&Replay<'_>, &Id) -> Result<(), FsError>;

/// Clients on leases.
#[derive(Clone, Copy)]
pub struct LeaseClients {
    /// By whom owners are judged.
    pub judge: MakeJudge,
    /// How their leases begin.
    pub begin: Begin,
    /// And how they end.
    pub end: End,
    /// Whether they write to the resource, with numbers.
    pub writes: bool,
    /// Whether all have leases, and all wait.
    pub alike: bool,
}

/// The kernel's way, of those that hold the lock from one attempt to the next.
pub const LEASED: LeaseClients =
    LeaseClients { judge: of_the_kernel, begin: renewed, end: withdrawn, writes: false, alike: true };

/// The same with a resource that is told numbers.
pub const FENCED: LeaseClients = LeaseClients { writes: true, alike: false, ..LEASED };

/// The first ones where only the first has a lease.
pub const ONE_LEASE: LeaseClients = LeaseClients { alike: false, ..LEASED };

/// How long their leases are. Time goes by in seconds.
pub const LENGTH: Duration = Duration::from_secs(1);

const TOOK: &str = "took the lock";
const FOUND_HELD: &str = "found it held";
const DISTURBED: &str = "was disturbed";
const OVER: &str = "was too late when it had the lock";
const WROTE: &str = "wrote";
const REFUSED: &str = "came too late to write";
const LOST: &str = "had lost the lock when it had its number";
const HAD_IT: &str = "had its turn";
const FAILED: &str = "could not go on";
const RELEASED: &str = "gave it back";
const GONE: &str = "had lost the lock";

impl fmt::Debug for LeaseClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseClients").field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl Protocol for LeaseClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let (me, idle) = (&client.id, |said| Outcome { next: Phase::Idle, said });
        let done = match phase {
            _ if self.writes => self.have_a_turn(me, self.role(client.index), world).map(idle),
            Phase::Idle | Phase::Trying => self.take(me, self.role(client.index), world),
            phase => self.give_back(me, phase, world),
        };
        Cut::settle(done, idle(FAILED))
    }

    fn evidence(&self, id: &Id) -> Path {
        evidence(id)
    }

    fn kind(&self, index: usize, _: usize) -> u8 {
        u8::from(!self.alike && index > 0)
    }

    fn gives_up(&self) -> &[Property] {
        // Who is overtaken loses the lock as well.
        let unfenced = &[Property::NotDispossessed][..];
        if self.writes { &[Property::CanBeTaken, Property::NothingLeftBehind] } else { unfenced }
    }

    fn has_long_histories(&self) -> bool {
        true
    }

    fn has_resource(&self) -> bool {
        self.writes
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = if self.writes { vec![WROTE, HAD_IT] } else { vec![TOOK, RELEASED] };
        if clients > 1 {
            wanted.push(FOUND_HELD);
        }
        if clients > 1 && self.writes && faults.ticks > 1 {
            wanted.extend([REFUSED, LOST]);
        }
        if faults.errors + faults.refusals > 0 {
            wanted.push(FAILED);
        }
        wanted
    }
}

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Role {
    has_lease: bool,
    waits: bool,
}

/// The lease, for those who have one, where the lock is held; or why it is not held, and then nothing is left.
type Acquired = Result<Option<Lease>, LockError>;

impl LeaseClients {
    fn role(&self, index: usize) -> Role {
        Role { has_lease: self.alike || index == 0, waits: self.alike || index > 0 }
    }

    fn acquire(&self, me: &Id, role: Role, world: &Replay<'_>, probe: &dyn Probe) -> Result<Acquired, Cut> {
        if !role.has_lease {
            return Ok(self.try_lock(me, role, world, probe)?.map(|()| None));
        }
        let lease = match leases(world).try_publish(me, LENGTH, world) {
            Ok(lease) => lease, // 1 PUBLISH
            Err(LeaseError::Fs(error)) => return Err(error.into()),
            Err(_) => return Ok(Err(LockError::Disturbed)),
        };
        if let Err(error) = self.try_lock(me, role, world, probe)? {
            leases(world).withdraw(me, &lease)?;
            return Ok(Err(error));
        }
        match (self.begin)(world, me, &lease) {
            Ok(lease) => Ok(Ok(Some(lease))), // 2 RENEW
            Err(halted) if halted == Halted.into() => Err(Halted.into()),
            Err(_) => {
                let seen = RefCell::default();
                or_halted(self.lock(world, &seen, probe).unlock(me))?;
                leases(world).withdraw(me, &lease)?;
                Ok(Err(LockError::NotOwner))
            }
        }
    }

    /// Who waits comes again, after any time.
    fn try_lock(
        &self,
        me: &Id,
        role: Role,
        world: &Replay<'_>,
        probe: &dyn Probe,
    ) -> Result<Result<(), LockError>, Halted> {
        let seen = RefCell::default();
        let judge = (self.judge)(world, &seen, probe);
        let lock = CheckLock::new(FastLock::new(world, lock_path(), Leaf::File), &judge, world);
        let answer = match lock.try_lock(me) {
            Err(LockError::Held { owner: Some(owner) }) if role.waits => match judge.liveness(&owner)? {
                Liveness::Dead => lock.recover(&owner).and_then(|()| lock.try_lock_unasked(me)),
                _ => Err(LockError::Held { owner: Some(owner) }),
            },
            answer => answer,
        };
        if answer == Err(Halted.into()) { Err(Halted) } else { Ok(answer) }
    }

    fn take(&self, me: &Id, role: Role, world: &Replay<'_>) -> Result<Outcome, Cut> {
        Ok(match self.acquire(me, role, world, world)? {
            Err(LockError::NotOwner) => Outcome { next: Phase::Idle, said: OVER },
            answer => take_by(answer.map(drop))?,
        })
    }

    fn give_back(&self, me: &Id, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Cut> {
        let seen = RefCell::default();
        let lock = self.lock(world, &seen, world);
        let outcome = match lock.unlock(me) {
            Err(LockError::NotOwner) if phase == Phase::Holding => Outcome { next: Phase::Idle, said: GONE },
            answer => give_back_by(answer, phase)?,
        };
        if outcome.next == Phase::Idle {
            (self.end)(world, me)?; // 3 WITHDRAW
            or_halted(leases(world).sweep(world, world, |id| Ok(lock.owner()?.as_ref() == Some(id))))?; // 4 SWEEP
        }
        Ok(outcome)
    }

    fn have_a_turn(&self, me: &Id, role: Role, world: &Replay<'_>) -> Result<&'static str, Cut> {
        match world.create_dir(&me.name().clone().into()) {
            Err(FsError::AlreadyExists) => return Ok(HAD_IT),
            other => other?,
        }
        let lease = match self.acquire(me, role, world, &Blind)? {
            Ok(lease) => lease,
            Err(LockError::Held { .. }) => return Ok(FOUND_HELD),
            Err(LockError::Disturbed) => return Ok(DISTURBED),
            Err(LockError::NotOwner) => return Ok(OVER),
            Err(error) if is_made_up(&error) => return Ok(FAILED),
            Err(error) => return Err(Stop::from(error).into()),
        };
        world.holds()?;
        let seen = RefCell::default();
        let lock = self.lock(world, &seen, &Blind);
        let said = write(me, lease.as_ref(), &*lock, world)?;
        or_halted(lock.unlock(me))?;
        if let Some(lease) = lease {
            leases(world).withdraw(me, &lease)?; // 3 WITHDRAW
        }
        Ok(said)
    }

    fn lock<'a>(
        &self,
        world: &'a Replay<'a>,
        seen: &'a RefCell<Sightings>,
        probe: &'a dyn Probe,
    ) -> Box<dyn Lock + 'a> {
        let lock = FastLock::new(world, lock_path(), Leaf::File);
        Box::new(CheckLock::new(lock, (self.judge)(world, seen, probe), world))
    }
}

fn write(me: &Id, lease: Option<&Lease>, lock: &dyn Lock, world: &Replay<'_>) -> Result<&'static str, Cut> {
    let number = number(world)?;
    if !owns(me, lease, lock, world)? {
        return Ok(LOST);
    }
    Ok(if world.write(Some(number))? { WROTE } else { REFUSED })
}

/// Who does not own the lock any more had a lease, and had it to its end.
fn owns(me: &Id, lease: Option<&Lease>, lock: &dyn Lock, world: &Replay<'_>) -> Result<bool, Cut> {
    match lock.owner() {
        Ok(owner) if owner.as_ref() == Some(me) => Ok(true),
        Ok(_) if lease.map_or(Ok(true), |lease| world.now().map(|now| now < lease.ends()))? => {
            let what = "another took the lock before its lease was over".into();
            Err(Stop::Broken(Property::NotDispossessed, what).into())
        }
        Ok(_) => Ok(false),
        Err(LockError::Fs(error)) => Err(error.into()),
        Err(error) => Err(Stop::from(error).into()),
    }
}

/// What could not be done is left to others.
fn or_halted(answer: Result<(), LockError>) -> Result<(), Halted> {
    match answer {
        Err(halted) if halted == Halted.into() => Err(Halted),
        _ => Ok(()),
    }
}

/// Sees nobody.
#[derive(Debug)]
pub struct Blind;

impl Probe for Blind {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(Liveness::Unknown)
    }
}

/// The shipped judge.
pub fn of_the_kernel<'a>(
    world: &'a Replay<'a>,
    seen: &'a RefCell<Sightings>,
    probe: &'a dyn Probe,
) -> Box<dyn Probe + 'a> {
    Box::new(Judge::new(leases(world), None, probe, world, seen))
}

/// The leases in the simulated world.
#[must_use]
pub fn leases<'a>(world: &'a Replay<'a>) -> Leases<&'a Replay<'a>> {
    Leases::new(world, word("lease").into())
}

/// A number that is higher than all before: each is the name of a directory that one client could make, and that stays.
fn number(world: &Replay<'_>) -> Result<u16, FsError> {
    for number in 1..=NUMBERS {
        match world.create_dir(&word(&number.to_string()).into()) {
            Err(FsError::AlreadyExists) => {}
            other => return other.map(|()| number),
        }
    }
    Err(FsError::Exhausted)
}

/// More than there are holders.
const NUMBERS: u16 = 4;

fn renewed(world: &Replay<'_>, me: &Id, lease: &Lease) -> Result<Lease, LeaseError> {
    leases(world).renew(me, lease, world)
}

/// As the kernel has it.
///
/// # Errors
///
/// [`FsError::Halted`].
pub fn withdrawn(world: &Replay<'_>, me: &Id) -> Result<(), FsError> {
    Ok(leases(world).forget(me)?)
}
