//! Clients of a wait queue: they join the line, ask for their turn until it has come, and leave, for ever.
//!
//! What a ticket is to its owner goes from one attempt to the next in the number of its phase: the place, and whether the
//! door is passed. Whom it still waits for in the door is forgotten, and looked at anew, which is never fewer.
//! Numbers end soon, so that there is an end to the states; what happens beyond is in the scenario.

use std::{fmt, time::Duration};

use lockwright_kernel::{
    blocking::LineError,
    chance::Chance,
    clock::Instant,
    fs::{Fs, FsError},
    id::Id,
    path::Path,
    probe::Probe,
    wait_queue::{Admission, Door, Place, QueueError, Ticket, Turn, WaitQueue, Want},
};

use super::{fast_lock::lock_path, wait_queue::ticket_dir};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// What a client does with a queue.
pub trait Line {
    /// See [`WaitQueue::join`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn join(&self, me: &Id, want: Want) -> Result<Ticket, QueueError>;
    /// See [`WaitQueue::turn`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn turn(&self, ticket: &mut Ticket) -> Result<Turn, QueueError>;
    /// See [`WaitQueue::leave`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn leave(&self, ticket: &Ticket) -> Result<(), QueueError>;
    /// See [`WaitQueue::cut_in`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn cut_in(&self, ticket: &Ticket) -> Result<(), QueueError>;
    /// See [`WaitQueue::downgrade`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn downgrade(&self, ticket: &mut Ticket) -> Result<(), QueueError>;
    /// See [`WaitQueue::upgrade`]. Where readers can become writers, [`QueueError::Disturbed`] is "not yet".
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn upgrade(&self, ticket: &Ticket) -> Result<(), QueueError>;
    /// See [`WaitQueue::find`].
    ///
    /// # Errors
    ///
    /// [`QueueError`]
    fn find(&self, me: &Id) -> Result<Option<Ticket>, QueueError>;
}

impl<F: Fs, P: Probe, C: Chance> Line for WaitQueue<F, P, C> {
    fn join(&self, me: &Id, want: Want) -> Result<Ticket, QueueError> {
        self.join(me, want)
    }
    fn turn(&self, ticket: &mut Ticket) -> Result<Turn, QueueError> {
        self.turn(ticket)
    }
    fn leave(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.leave(ticket)
    }
    fn cut_in(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.cut_in(ticket)
    }
    fn downgrade(&self, ticket: &mut Ticket) -> Result<(), QueueError> {
        self.downgrade(ticket)
    }
    fn upgrade(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.upgrade(ticket)
    }
    fn find(&self, me: &Id) -> Result<Option<Ticket>, QueueError> {
        self.find(me)
    }
}

/// Makes the queue under check over the simulated world.
pub type MakeLine = for<'a> fn(&'a Replay<'a>) -> Box<dyn Line + 'a>;

/// How a client waits for its turn until it is told of something.
pub type WaitForTurn = fn(&Replay<'_>, &mut Ticket, Option<Instant>) -> Result<(), LineError>;

/// Clients that stand in line.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that clients may do, and they do any of them together"
)]
pub struct QueueClients {
    /// The queue.
    pub make: MakeLine,
    /// Its rule.
    pub rule: Admission,
    /// The numbers that it has.
    pub last: u8,
    /// What each client wants.
    pub wants: fn(usize) -> Want,
    /// Whether the first client cuts in.
    pub cuts: bool,
    /// Whether those who wait have an order to rely on, which those have not who are asked to leave.
    pub in_order: bool,
    /// Whether writers become readers before they leave.
    pub downgrades: bool,
    /// Whether readers ask to become writers before they leave.
    pub upgrades: bool,
    /// How they wait. Without it they ask again and again.
    pub waits: Option<WaitForTurn>,
    /// Whether those who wait look again after a while although they were told of nothing.
    pub polls: bool,
    /// What they are promised of runs that go on for ever.
    pub promises: &'static [Property],
    /// What they are not checked for.
    pub gives_up: &'static [Property],
}

impl fmt::Debug for QueueClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueClients").field("rule", &self.rule).field("last", &self.last).finish_non_exhaustive()
    }
}

const JOINED: &str = "joined the line";
const CUT_IN: &str = "cut in";
const WAITS: &str = "has to wait";
const TOOK: &str = "has its turn";
const SHARES: &str = "shares from now on";
const LEFT: &str = "left";
const REFUSED: &str = "may not become a writer, and left";
const WAS_CUT: &str = "was asked to leave";
const DISTURBED: &str = "was disturbed";
const NO_NUMBER: &str = "found no number";
const FAILED: &str = "could not try";
const FAILED_TO_LEAVE: &str = "could not leave";
const HAD_LEFT: &str = "had left";
const WAITED_IN_VAIN: &str = "waited in vain";

/// What a client remembers of its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    number: u16,
    want: Want,
    door_is_passed: bool,
    /// It was a writer, and shares now.
    was_downgraded: bool,
    /// It is still to cut in, or to become a writer.
    wants_more: bool,
}

impl Kept {
    fn of(ticket: &Ticket) -> Self {
        let number = u16::try_from(ticket.place.number).unwrap_or_else(|_| unreachable!("numbers are few"));
        let door_is_passed = ticket.door == Door::Passed;
        Self { number, want: ticket.place.want, door_is_passed, was_downgraded: false, wants_more: false }
    }

    fn from_number(kept: u16) -> Self {
        let want = if kept & 1 == 0 { Want::Alone } else { Want::Shared };
        let [door_is_passed, was_downgraded, wants_more] = [2, 4, 8].map(|bit| kept & bit != 0);
        Self { number: kept >> 4, want, door_is_passed, was_downgraded, wants_more }
    }

    fn number(self) -> u16 {
        let bits = [self.want == Want::Shared, self.door_is_passed, self.was_downgraded, self.wants_more];
        bits.into_iter().rev().fold(self.number, |number, bit| number << 1 | u16::from(bit))
    }

    fn place(self) -> Place {
        Place { number: self.number.into(), want: self.want }
    }

    fn ticket(self, id: &Id) -> Ticket {
        let door = if self.door_is_passed { Door::Passed } else { Door::NotSeen };
        Ticket { id: id.clone(), place: self.place(), door }
    }

    /// What a client remembers that stands in line; `None` of one that does not.
    fn of_phase(phase: Phase) -> Option<(Self, bool)> {
        match phase {
            Phase::Waiting(kept) => Some((Self::from_number(kept), false)),
            Phase::Serving(kept) => Some((Self::from_number(kept), true)),
            _ => None,
        }
    }
}

impl QueueClients {
    fn join(&self, line: &dyn Line, client: &Client, want: Want) -> Result<Outcome, Stop> {
        let ticket = match line.join(&client.id, want) {
            Ok(ticket) => ticket,
            Err(QueueError::Disturbed) => return Ok(Outcome { next: Phase::Idle, said: DISTURBED }),
            Err(QueueError::NoNumber(_)) => return Ok(Outcome { next: Phase::Idle, said: NO_NUMBER }),
            Err(error) if is_made_up(&error) => return Ok(Outcome { next: Phase::Idle, said: FAILED }),
            Err(error) => return Err(error.into()),
        };
        let wants_more = self.cuts && client.index == 0;
        let kept = Kept { wants_more, ..Kept::of(&ticket) };
        Ok(Outcome { next: Phase::Waiting(kept.number()), said: JOINED })
    }

    fn cut_in(line: &dyn Line, ticket: &Ticket) -> Result<Outcome, Stop> {
        let next = Phase::Waiting(Kept::of(ticket).number());
        match line.cut_in(ticket) {
            Ok(()) => Ok(Outcome { next, said: CUT_IN }),
            Err(error) if is_made_up(&error) => Ok(Outcome { next, said: FAILED }),
            Err(error) => Err(error.into()),
        }
    }

    fn wait(&self, line: &dyn Line, world: &Replay<'_>, mut ticket: Ticket) -> Result<Outcome, Stop> {
        let turn = match self.waits {
            None => line.turn(&mut ticket),
            Some(waits) => match waits(world, &mut ticket, self.polls.then(|| Instant::new(Duration::from_nanos(1)))) {
                Ok(()) => Ok(Turn::Holding),
                Err(LineError::Cut) => Ok(Turn::Cut),
                Err(LineError::TimedOut { .. }) => {
                    let next = Phase::Waiting(Kept::of(&ticket).number());
                    return Ok(Outcome { next, said: WAITED_IN_VAIN });
                }
                // The rounds of this attempt are over.
                Err(LineError::Queue(QueueError::Fs(FsError::Exhausted))) => {
                    let next = Phase::Waiting(Kept::of(&ticket).number());
                    return Ok(Outcome { next, said: WAITS });
                }
                Err(LineError::Queue(error)) => Err(error),
                Err(LineError::Interrupted) => {
                    return Err(Stop::Broken(Property::AnswersAsDocumented, "waiting was interrupted".into()));
                }
            },
        };
        let kept = Kept::of(&ticket).number();
        match turn {
            Ok(Turn::Holding) => Ok(Outcome { next: Phase::Serving(kept), said: TOOK }),
            Ok(Turn::Wait(_)) => Ok(Outcome { next: Phase::Waiting(kept), said: WAITS }),
            Ok(Turn::Cut) => leave(line, &ticket, WAS_CUT),
            Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Waiting(kept), said: FAILED }),
            Err(error) => Err(error.into()),
        }
    }

    /// A reader that asks to become a writer is in no critical section until it is one.
    fn upgrade(line: &dyn Line, client: &Client, kept: Kept) -> Result<Outcome, Stop> {
        let ticket = kept.ticket(&client.id);
        match line.upgrade(&ticket) {
            Err(QueueError::NoUpgrade) => leave(line, &ticket, REFUSED),
            Err(QueueError::Disturbed) => {
                let next = Phase::Waiting(Kept { wants_more: true, ..kept }.number());
                Ok(Outcome { next, said: WAITS })
            }
            Ok(()) => leave(line, &ticket, LEFT),
            Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Releasing, said: FAILED }),
            Err(error) => Err(error.into()),
        }
    }

    fn serve(&self, line: &dyn Line, client: &Client, kept: Kept) -> Result<Outcome, Stop> {
        let mut ticket = kept.ticket(&client.id);
        if self.downgrades && kept.want == Want::Alone && !kept.was_downgraded {
            return match line.downgrade(&mut ticket) {
                Ok(()) => {
                    let kept = Kept { was_downgraded: true, ..Kept::of(&ticket) };
                    Ok(Outcome { next: Phase::Serving(kept.number()), said: SHARES })
                }
                // It may have taken effect.
                Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Releasing, said: FAILED }),
                Err(error) => Err(error.into()),
            };
        }
        if self.upgrades && kept.want == Want::Shared {
            return Self::upgrade(line, client, kept);
        }
        if self.cuts {
            match line.turn(&mut ticket) {
                Ok(Turn::Cut) => return leave(line, &ticket, WAS_CUT),
                Ok(Turn::Holding) => {}
                Ok(Turn::Wait(wait)) => {
                    let what = format!("it holds, and is told to wait for {}", wait.on);
                    return Err(Stop::Broken(Property::AnswersAsDocumented, what));
                }
                Err(error) if is_made_up(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        leave(line, &ticket, LEFT)
    }
}

impl Protocol for QueueClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let line = (self.make)(world);
        match (phase, Kept::of_phase(phase)) {
            (_, Some((kept, true))) => self.serve(&*line, client, kept),
            (_, Some((kept, false))) if kept.wants_more && self.upgrades => Self::upgrade(&*line, client, kept),
            (_, Some((kept, false))) if kept.wants_more => Self::cut_in(&*line, &kept.ticket(&client.id)),
            (_, Some((kept, false))) => self.wait(&*line, world, kept.ticket(&client.id)),
            (Phase::Releasing, _) => match line.find(&client.id) {
                Ok(Some(ticket)) => leave(&*line, &ticket, LEFT),
                Ok(None) => Ok(Outcome { next: Phase::Idle, said: HAD_LEFT }),
                Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Releasing, said: FAILED_TO_LEAVE }),
                Err(error) => Err(error.into()),
            },
            _ => self.join(&*line, client, (self.wants)(client.index)),
        }
    }

    /// A round of waiting takes two turns, each of which reads the whole line.
    fn has_long_histories(&self) -> bool {
        self.waits.is_some()
    }

    /// The line; where in it a client stands it has to [remember](Protocol::evidences).
    fn evidence(&self, _id: &Id) -> Path {
        lock_path()
    }

    fn evidences(&self, id: &Id, phase: Phase) -> Vec<Path> {
        let Some((kept, _)) = Kept::of_phase(phase) else { return vec![lock_path()] };
        vec![ticket_dir(kept.place(), self.last).join(id.name())]
    }

    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        match self.rule {
            Admission::First(count) => holders.len() <= count.get() as usize,
            Admission::ReadWrite => holders.len() <= 1 || holders.iter().all(|holder| shares(holder.1)),
        }
    }

    fn is_in_order(&self, clients: &[(usize, Phase)]) -> bool {
        if !self.in_order {
            return true;
        }
        let line: Vec<(Kept, bool)> = clients.iter().filter_map(|client| Kept::of_phase(client.1)).collect();
        let holders = line.iter().filter(|(_, holds)| *holds);
        let mut before = holders.map(|(holder, _)| {
            let before = line.iter().filter(|(other, _)| other.place() < holder.place());
            (holder, before.collect::<Vec<_>>())
        });
        before.all(|(holder, before)| match self.rule {
            Admission::First(count) => before.len() < count.get() as usize,
            Admission::ReadWrite if holder.want == Want::Shared => {
                before.iter().all(|(other, _)| other.want == Want::Shared || other.was_downgraded)
            }
            Admission::ReadWrite => before.is_empty(),
        })
    }

    fn kind(&self, index: usize, _clients: usize) -> u8 {
        // Which of them is stuck is told by name.
        if self.upgrades {
            return u8::try_from(index).unwrap_or(u8::MAX);
        }
        u8::from((self.wants)(index) == Want::Shared) + 2 * u8::from(self.cuts && index == 0)
    }

    fn promises(&self) -> &[Property] {
        self.promises
    }

    fn gives_up(&self) -> &[Property] {
        self.gives_up
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![JOINED, TOOK, LEFT];
        if clients > 1 && self.polls {
            wanted.push(WAITED_IN_VAIN);
        }
        if self.cuts {
            wanted.push(CUT_IN);
        }
        if clients > 1 && self.waits.is_none() {
            wanted.push(WAITS);
        }
        if clients > 1 && self.cuts {
            wanted.push(WAS_CUT);
        }
        if self.downgrades {
            wanted.push(SHARES);
        }
        if faults.errors > 0 {
            wanted.extend([FAILED, FAILED_TO_LEAVE]);
        }
        wanted
    }
}

fn shares(phase: Phase) -> bool {
    Kept::of_phase(phase).is_some_and(|(kept, _)| kept.want == Want::Shared || kept.was_downgraded)
}

fn leave(line: &dyn Line, ticket: &Ticket, said: &'static str) -> Result<Outcome, Stop> {
    match line.leave(ticket) {
        Ok(()) => Ok(Outcome { next: Phase::Idle, said }),
        Err(QueueError::NotInLine) => {
            Err(Stop::Broken(Property::NotDispossessed, "its ticket is gone, and it did not leave".into()))
        }
        Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Releasing, said: FAILED_TO_LEAVE }),
        Err(error) => Err(error.into()),
    }
}

fn is_made_up(error: &QueueError) -> bool {
    matches!(error, QueueError::Fs(FsError::Io | FsError::NoSpace))
}

impl From<QueueError> for Stop {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Fs(error) => error.into(),
            error => Self::Broken(Property::AnswersAsDocumented, format!("answered: {error}")),
        }
    }
}
