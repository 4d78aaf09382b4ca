//! Two kinds at one path, each with all that it does in its real home: a fast lock, and a fair lock's line.
//!
//! The scenario `one_kind` has many kinds and simple homes; here a home is as busy as it is on a disk, and the kinds come
//! and go as `run --kind` lets them. By an NFS server that executes calls twice and late it is a home as over `nfs://`, in a
//! directory that comes and goes, where the catalogue's lines stand in one that stays.

use std::num::NonZeroU64;

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError},
    id::Id,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::Path,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
    wait_queue::{Admission, Door, Place, QueueError, Ticket, Turn, WaitQueue, Want},
};
use lockwright_sim::{
    Limits, Replay, Report, Verdict, check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Profile, Scenario},
};

type World<'a> = &'a Replay<'a>;

/// The first client takes a fast lock, and the others stand in line.
#[derive(Debug)]
struct Homes {
    /// Whether the first client stands in line as well.
    all_in_line: bool,
    /// Whether those in line look once more who is at the path, after they have their ticket.
    verifies: bool,
}

const TOOK: &str = "took the fast lock";
const GAVE_BACK: &str = "gave it back";
const TOOK_BACK: &str = "took back what a copy had made";
const HELD: &str = "found it held";
const FOUND_LINE: &str = "found a line";
const SWEPT: &str = "swept it";
const FOUND_FAST: &str = "found a fast lock";
const JOINED: &str = "joined the line";
const HAS_ITS_TURN: &str = "has its turn";
const WAITS: &str = "has to wait";
const LEFT: &str = "left";
const DISTURBED: &str = "was disturbed";
const NO_NUMBER: &str = "found no number";

fn at(text: &str) -> Path {
    text.parse().expect("a path")
}

fn fast(world: World<'_>) -> impl Lock + use<'_> {
    CheckLock::new(FastLock::new(world, at("lock"), Leaf::File), world, world)
}

fn kind(world: World<'_>) -> OneKind<World<'_>> {
    OneKind::new(world, at("lock"), "queue".parse().expect("a name"))
}

fn queue(world: World<'_>) -> WaitQueue<World<'_>, World<'_>, World<'_>> {
    let last = NonZeroU64::MIN.saturating_add(1);
    WaitQueue::new(world, world, world, kind(world).home(), Admission::ONE).with_last_number(last)
}

fn tidy(world: World<'_>) -> Result<(), Stop> {
    kind(world).tidy()?;
    Ok(world.discard_dir(&at("lock"))?)
}

/// What is kept of a ticket from one attempt to the next.
fn kept(ticket: &Ticket) -> u16 {
    u16::try_from(ticket.place.number).expect("numbers are few") << 1 | u16::from(ticket.door == Door::Passed)
}

fn ticket(me: &Id, kept: u16) -> Ticket {
    let place = Place { number: (kept >> 1).into(), want: Want::Alone };
    Ticket { id: me.clone(), place, door: if kept & 1 == 1 { Door::Passed } else { Door::NotSeen } }
}

fn outcome(next: Phase, said: &'static str) -> Outcome {
    Outcome { next, said }
}

fn stop(error: QueueError) -> Stop {
    LockError::from(error).into()
}

impl Homes {
    fn take_fast(world: World<'_>, me: &Id) -> Result<Outcome, Stop> {
        match fast(world).try_lock(me) {
            Ok(()) => Ok(outcome(Phase::Holding, TOOK)),
            Err(LockError::Held { owner: Some(owner) }) if owner.name().as_str() != "queue" => {
                Ok(outcome(Phase::Idle, HELD))
            }
            Err(LockError::Held { owner: Some(_) }) => Ok(outcome(Phase::Waiting(0), FOUND_LINE)),
            Err(LockError::Held { owner: None }) => Ok(outcome(Phase::Idle, HELD)),
            Err(LockError::Disturbed) => Ok(outcome(Phase::Trying, DISTURBED)),
            // As `run` does it.
            Err(LockError::AlreadyOwner) => match fast(world).unlock(me) {
                Ok(()) | Err(LockError::NotOwner) => Ok(outcome(Phase::Idle, TOOK_BACK)),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// What the dead have left of a line that was found.
    fn sweep(world: World<'_>) -> Result<Outcome, Stop> {
        queue(world).sweep().map_err(stop)?;
        tidy(world)?;
        Ok(outcome(Phase::Idle, SWEPT))
    }

    fn join(&self, world: World<'_>, me: &Id) -> Result<Outcome, Stop> {
        match self.try_join(world, me) {
            Ok(ticket) => Ok(outcome(Phase::Waiting(kept(&ticket)), JOINED)),
            Err(Cut::Lock(LockError::OtherKind(name))) => {
                let owner = Id::from(name);
                tidy(world)?;
                if world.liveness(&owner)? == Liveness::Dead {
                    fast(world).recover(&owner)?;
                }
                Ok(outcome(Phase::Idle, FOUND_FAST))
            }
            Err(Cut::NoNumber) => {
                tidy(world)?;
                Ok(outcome(Phase::Idle, NO_NUMBER))
            }
            Err(Cut::Lock(LockError::Disturbed)) => {
                tidy(world)?;
                Ok(outcome(Phase::Trying, DISTURBED))
            }
            Err(Cut::Lock(error)) => Err(error.into()),
        }
    }

    fn try_join(&self, world: World<'_>, me: &Id) -> Result<Ticket, Cut> {
        kind(world).enter()?;
        let ticket = match queue(world).join(me, Want::Alone) {
            Err(QueueError::NoNumber(_)) => return Err(Cut::NoNumber),
            Err(QueueError::Fs(FsError::NotFound)) => return Err(LockError::Disturbed.into()),
            other => other.map_err(LockError::from)?,
        };
        if self.verifies
            && let Err(error) = kind(world).verify()
        {
            if error != LockError::Fs(FsError::Halted) {
                queue(world).leave(&ticket).map_err(LockError::from)?;
            }
            return Err(error.into());
        }
        Ok(ticket)
    }

    fn wait(world: World<'_>, mut ticket: Ticket) -> Result<Outcome, Stop> {
        match queue(world).turn(&mut ticket).map_err(stop)? {
            Turn::Holding => Ok(outcome(Phase::Serving(kept(&ticket)), HAS_ITS_TURN)),
            Turn::Wait(_) => Ok(outcome(Phase::Waiting(kept(&ticket)), WAITS)),
            Turn::Cut => Err(Stop::Broken(Property::NotDispossessed, "its ticket is gone".into())),
        }
    }

    fn leave(world: World<'_>, ticket: &Ticket) -> Result<Outcome, Stop> {
        queue(world).leave(ticket).map_err(stop)?;
        tidy(world)?;
        Ok(outcome(Phase::Idle, LEFT))
    }
}

enum Cut {
    Lock(LockError),
    NoNumber,
}

impl From<LockError> for Cut {
    fn from(error: LockError) -> Self {
        Self::Lock(error)
    }
}

impl Protocol for Homes {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let me = &client.id;
        match (client.index + usize::from(self.all_in_line), phase) {
            (0, Phase::Holding) => {
                fast(world).unlock(me)?;
                Ok(outcome(Phase::Idle, GAVE_BACK))
            }
            (0, Phase::Waiting(_)) => Self::sweep(world),
            (0, _) => Self::take_fast(world, me),
            (_, Phase::Waiting(kept)) => Self::wait(world, ticket(me, kept)),
            (_, Phase::Serving(kept)) => Self::leave(world, &ticket(me, kept)),
            _ => self.join(world, me),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        at("lock/owner").join(id.name())
    }

    fn evidences(&self, id: &Id, phase: Phase) -> Vec<Path> {
        match phase {
            Phase::Serving(kept) => vec![at(&format!("lock/owner/queue/{}/{id}", kept >> 1))],
            _ => vec![self.evidence(id)],
        }
    }

    fn kind(&self, index: usize, _: usize) -> u8 {
        u8::from(index > 0 || self.all_in_line)
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![JOINED, HAS_ITS_TURN, LEFT, DISTURBED];
        if clients > 2 || self.all_in_line {
            wanted.push(WAITS);
        }
        if !self.all_in_line {
            wanted.extend([TOOK, GAVE_BACK, FOUND_LINE, SWEPT, FOUND_FAST]);
            wanted.extend((faults.duplicates > 0).then_some(TOOK_BACK));
        }
        wanted
    }
}

const BOTH: Homes = Homes { all_in_line: false, verifies: true };

fn explore(protocol: &Homes, profile: Profile, faults: Faults) -> Report {
    let scenario = Scenario { faults, profile, ..Scenario::new("homes", 2, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

fn is_verified(protocol: &Homes, profile: Profile, faults: Faults, size: [usize; 3]) {
    let report = explore(protocol, profile, faults);
    assert_eq!(report.verdict, Verdict::Verified, "{faults:?}");
    assert_eq!([report.states, report.transitions, report.depth], size, "{faults:?}");
}

#[test]
fn a_fast_lock_and_a_line_are_never_held_together_and_leave_nothing_also_when_one_dies() {
    for (crashes, size) in [(0, [1_928, 4_241, 70]), (1, [26_320, 63_566, 87])] {
        is_verified(&BOTH, Profile::Local, Faults { crashes, ..Faults::NONE }, size);
    }
}

const COPY: Faults = Faults { duplicates: 1, ..Faults::NONE };

/// A copy may bring the name of the fast lock's last owner back, see `one_kind` in this world; it is taken back, and meanwhile
/// keeps the others out.
#[test]
fn a_fast_lock_and_a_line_are_never_held_together_where_a_call_is_executed_late() {
    is_verified(&BOTH, Profile::Nfs3Nodrc, COPY, [642_885, 1_420_691, 143]);
}

#[test]
fn a_line_in_its_home_is_as_good_as_one_in_a_directory_that_stays_where_a_call_is_executed_late() {
    is_verified(&Homes { all_in_line: true, ..BOTH }, Profile::Nfs3Nodrc, COPY, [3_760_722, 8_293_655, 214]);
}

#[test]
fn who_is_in_line_and_does_not_look_again_holds_beside_a_fast_lock() {
    let careless = Homes { verifies: false, ..BOTH };
    for (profile, faults, steps) in [(Profile::Local, Faults::NONE, 24), (Profile::Nfs3Nodrc, COPY, 28)] {
        let Verdict::Violated(violation) = explore(&careless, profile, faults).verdict else {
            panic!("it is not caught")
        };
        assert_eq!(
            (violation.property, violation.trace.expect("a run shows it").steps.len()),
            (Property::MutualExclusion, steps)
        );
    }
}
