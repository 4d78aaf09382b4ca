//! Wait queue: contenders stand in line, each watches the one before it, and who comes late overtakes nobody.
//!
//! ```text
//! <queue>/door/<id>/<id>/<mark>    <id> is about to take a number
//! <queue>/<number>/<id>/<mark>     the ticket of <id>; `<number>-shared` where it wants to share
//! ```
//!
//! All of these are directories. Numbers have leading zeros, so that `ls` shows the line. A mark stands from the
//! beginning and is taken away once, which wakes those who watch the ticket:
//!
//! ```text
//! stay     in a queue in which others may cut in: nobody has asked <id> to leave
//! alone    in a queue for readers and writers: <id> shares with nobody yet
//! waits    in a queue that admits several: <id> has not noticed yet that its turn has come
//! ```
//!
//! Join:
//!
//! 1. ENTER: make my directories in `door`.
//! 2. LOOK: the highest number in line, and one more is mine. An empty line begins at 1.
//! 3. TICKET: rename `door/<id>` to `<number>`: out of the door and into the line in one step. Where that number was
//!    taken meanwhile, the next one, [`TRIES_MAX`] times in all.
//! 4. WITHDRAW: after a failed step, remove all that is mine.
//!
//! Turn, again and again until it is mine:
//!
//! 1. STAY: my ticket's mark `stay` is there, in a queue that has it; otherwise I have been asked to leave.
//! 2. DOOR: wait for those who stood in the door when I first looked, after my TICKET. They may still take a number
//!    before mine. Who enters later sees my ticket and takes a number after it.
//! 3. LINE: list the line. If the [`Admission`] rule has room for me behind those before me, it is my turn. If my
//!    ticket is not in it, somebody has removed it.
//! 4. MEET the one before me, as the rule says which: an empty ticket is removed, and so is one whose owner is dead.
//! 5. WAIT for that one; see [`Wait`].
//!
//! Leave:
//!
//! 1. UNMARK: remove the marks of my ticket.
//! 2. REMOVE `<number>/<id>`, and I am out of the line; then `<number>`.
//! 3. SWEEP, where several may hold at once: MEET one in line, whichever chance picks. Who need not wait passes nobody,
//!    so a dead one there might stay.
//! 4. TIDY: remove `door` and `<queue>` if they are empty.
//!
//! Cut in, for those who may not wait: of everybody before me, the nearest first, take the mark `stay`. Nobody loses its
//! place by that. Each one learns of it at its next turn, and the nearest first means that each one's neighbour is
//! asked after it, so a waiter is woken when it has been asked. Then I wait as before: for each of them to leave of its
//! own accord, or to die. Who stood in the door meanwhile may come to stand before me unasked, so it is well to cut in once
//! more past my DOOR (`specs/wait_queue/WaitQueueCut.tla`).
//!
//! *Why nobody overtakes.* This is Lamport's doorway. A rename onto a directory that holds an entry fails
//! ([`Fs::rename`]), so no two stand at one place. Take me, past my DOOR step, and anybody else, Z. If Z's ENTER came after
//! my TICKET, then my ticket stood through all of Z's LOOK, which [`Fs::list`] therefore showed, and Z's number is
//! higher. If it came before, Z stood in the door when I looked there, and I saw it; or it had left, and then its
//! ticket, if it has one, was up before my LINE and is seen there for as long as it stands. So once my DOOR step is
//! over, nobody comes to stand before me any more, and what the rule sees before me only becomes less.
//! (`specs/wait_queue` says the same in TLA+, call by call, and is held against this code; for the rules *first* and *read
//! and write* `Inv` in `specs/wait_queue/WaitQueue.tla` is this argument as an inductive invariant.)
//!
//! *Why nothing that stands is renamed.* A listing under way may miss both the old and the new name of an entry that
//! is moved from one to the other. Then two would get one place in the order. So who changes from writer to reader, and
//! who is asked to leave, keeps its ticket's name and loses a mark.
//!
//! *Why the removals hit no other.* Everything that is removed by anybody else than its owner is named by that owner's id,
//! which nobody else has, or is an empty directory, which is nobody's ticket. A removal that comes late, also one that
//! walked to a directory before it was moved ([`fs`](crate::fs), "two phases"), finds that id's or nothing.
//!
//! *When a call fails.* WITHDRAW removes my directories under either name, for it is not known whether TICKET took
//! effect. A leave is repeated until it is told `Ok` or [`QueueError::NotInLine`].
//!
//! *Where calls are executed late* ([`Fs::may_repeat`]) a mark, a leaf or a flag may come again after it was removed, as long
//! as its directory stands, and a copy of an old TICKET may move the flag of a new ENTER to the old place. So LEAVE looks
//! whether its leaf came again, WITHDRAW looks for the flag in line, and a flag without a leaf does not stand in the door: the leaf is
//! made before LOOK, so the argument above holds of leaves. A flag that was moved by a copy stands at a place before a
//! holder's until it is taken back, and who asks for its turn meanwhile, as holders do who can be cut, is told to wait.
//!
//! *With a lease* ([`WaitQueue::with_lease`]) a ticket that was not touched for that long is removed like that of the
//! dead, which helps where nobody can tell who is dead. The price is the promise itself: a holder that pauses for
//! longer, or whose touches fail, is overtaken while it holds, and learns of it at its next turn and not before; who
//! pauses in line or in the door loses its place. Leases are counted by the file system's clock, and end sooner where that
//! is set forward. Who finds no number left compares with its own flag in the door, so the dead do not keep the numbers.
//! Use a lease where the protected resource checks by itself who comes, by number, or where two holders are only a waste.
//!
//! *What it leaves to the caller.* Waiting: [`blocking::in_line`](crate::blocking::in_line). An id stands in line once;
//! who holds and joins again waits for itself. Who joins and leaves again and again without waiting may be met in the door
//! each time, and costs the one behind it a wait each time. Once in line everybody comes to hold, if all go on and leave
//! again. Before, [`QueueError::Disturbed`] may come for ever: two may each remove the directory that the other has just
//! made. Pauses of random length keep them apart, as [`join_and_wait`](crate::blocking::join_and_wait) makes.
//!
//! *Source.* Coordinator, whose file names hold the time and a random number: the time is read before the file appears,
//! so that a slow contender comes to stand before the holder. The doorway mends that. Its other flaws (a watch that
//! comes too late, a waiter whose own file is gone, a cut that stops half way, a dead contender that blocks the line)
//! have a step each.
//!
//! ```
//! use lockwright_kernel::wait_queue::{Admission, Turn, Want, WaitQueue};
//! use lockwright_kernel::{chance::Chance, fs::{Halted, MemFs}, id::Id, probe::{Liveness, Probe}};
//! use std::num::NonZeroU32;
//!
//! struct Everybody;
//! impl Probe for Everybody {
//!     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
//!         Ok(Liveness::Alive)
//!     }
//! }
//!
//! struct First; // A real one is in the adapters.
//! impl Chance for First {
//!     fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
//!         Ok(0)
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let queue = WaitQueue::new(&fs, Everybody, First, "deploy.queue".parse()?, Admission::ONE);
//! let mut ann = queue.join(&"ann".parse()?, Want::Alone)?;
//! let mut bob = queue.join(&"bob".parse()?, Want::Alone)?;
//! assert!(matches!(queue.turn(&mut bob)?, Turn::Wait(wait) if wait.death_of == Some("ann".parse()?)));
//! assert_eq!(queue.turn(&mut ann)?, Turn::Holding);
//! queue.leave(&ann)?;
//! assert_eq!(queue.turn(&mut bob)?, Turn::Holding);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::{num::NonZeroU64, time::Duration};

use crate::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    path::Path,
    probe::{Liveness, Probe},
};

mod admission;
mod late;
mod on_disk;
mod place;
mod ticket;

pub use admission::Admission;
use on_disk::or_default;
pub use place::{Place, Want};
pub use ticket::{Door, QueueError, Ticket, Turn, Wait};

/// How many numbers one join tries, when others are as quick.
pub const TRIES_MAX: u64 = 64;

/// A view of the queue at a path.
#[derive(Clone, Debug)]
pub struct WaitQueue<F, P, C> {
    fs: F,
    probe: P,
    chance: C,
    path: Path,
    rule: Admission,
    last: NonZeroU64,
    may_be_cut: bool,
    lease: Option<Duration>,
}

impl<F: Fs, P: Probe, C: Chance> WaitQueue<F, P, C> {
    /// The queue at `path`, whose parent directory exists. Touches nothing. `probe` says who is dead, and `chance` after
    /// whom of several in the door to ask first.
    ///
    /// All contenders of a queue have the same rule, and the same answers to the other questions asked here.
    pub fn new(fs: F, probe: P, chance: C, path: Path, rule: Admission) -> Self {
        Self { fs, probe, chance, path, rule, last: NonZeroU64::MAX, may_be_cut: false, lease: None }
    }

    /// The same queue, in which contenders may [cut in](WaitQueue::cut_in). Each ticket has one directory more.
    #[must_use]
    pub fn with_cutting(self) -> Self {
        Self { may_be_cut: true, ..self }
    }

    /// The same queue, with no number higher than `last`. Beyond that nobody can join until the line was empty once.
    #[must_use]
    pub fn with_last_number(self, last: NonZeroU64) -> Self {
        Self { last, ..self }
    }

    /// The same queue, in which a contender that was not heard of for `lease` is taken for dead. **It may be alive, and
    /// hold**: see the module's words on leases. Each turn counts as a sign of life; holders call
    /// [`WaitQueue::turn`] now and then, much more often than `lease`.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Takes a place at the end of the line for `me`, who has none in it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Disturbed`], [`QueueError::NoNumber`]; [`QueueError::Fs`] is a call that failed. Each leaves nothing
    /// of `me` on disk, as far as the file system let it be removed.
    pub fn join(&self, me: &Id, want: Want) -> Result<Ticket, QueueError> {
        let flag = self.flag(me);
        if let Err(reason) = self.enter(me, want) {
            return Err(self.withdraw(me, &[flag], reason)?); // 4 WITHDRAW
        }
        let first = match self.line() {
            Ok(line) => line.last().map_or(1, |last| last.number.saturating_add(1)), // 2 LOOK
            Err(reason) => return Err(self.withdraw(me, &[flag], reason.into())?),
        };
        let last = self.last.get().min(first.saturating_add(TRIES_MAX - 1));
        for number in first..=last {
            let place = Place { number, want };
            match self.fs.rename(&flag, &self.dir(place)) {
                Ok(()) => return Ok(Ticket { id: me.clone(), place, door: Door::NotSeen }), // 3 TICKET
                Err(FsError::NotEmpty) => {}
                Err(error) => return Err(self.withdraw(me, &[flag, self.dir(place)], disturbed(error))?),
            }
        }
        let reason = if last == self.last.get() { self.out_of_numbers(me)? } else { QueueError::Disturbed };
        Err(self.withdraw(me, &[flag], reason)?)
    }

    /// Looks once whether it is the turn of `ticket`, and if not, what to wait for.
    ///
    /// Who is told [`Turn::Holding`] is told so again each time until it leaves, or until it is told [`Turn::Cut`].
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`]; the ticket stands as it stood.
    pub fn turn(&self, ticket: &mut Ticket) -> Result<Turn, QueueError> {
        if !self.stays(ticket)? {
            return Ok(Turn::Cut); // 1 STAY
        }
        if let Some(wait) = self.door(ticket)? {
            return Ok(Turn::Wait(wait)); // 2 DOOR
        }
        self.look(ticket) // 3 LINE, 4 MEET, 5 WAIT
    }

    /// Gives the place back, whether its turn has come or not; also the answer to [`Turn::Cut`].
    ///
    /// # Errors
    ///
    /// [`QueueError::NotInLine`] when the ticket is not there; nothing was changed. [`QueueError::Fs`] when it could not
    /// be removed; it may stand still. Leave again until the answer is `Ok` or `NotInLine`.
    pub fn leave(&self, ticket: &Ticket) -> Result<(), QueueError> {
        let dir = self.dir(ticket.place);
        self.unmark(ticket)?; // 1 UNMARK
        match self.remove_unmarked(ticket) {
            Ok(()) => {} // 2 REMOVE
            Err(FsError::NotFound) => return Err(QueueError::NotInLine),
            Err(error) => return Err(error.into()),
        }
        self.fs.discard_dir(&dir)?;
        self.stay_out(ticket)?;
        if self.rule != Admission::ONE {
            match self.sweep_one() {
                Err(halted) if halted == Halted.into() => return Err(halted), // 3 SWEEP
                _ => {}
            }
        }
        Ok(self.tidy()?) // 4 TIDY
    }

    /// Asks everybody before `ticket` to leave. Afterwards [`WaitQueue::turn`] says whom to wait for.
    ///
    /// It makes two calls for each of them. Where it stops half way, those nearest have been asked and the others not;
    /// it can be repeated. Once [`Ticket::door`] is [`Door::Passed`], a repetition reaches those who came from the door.
    ///
    /// # Errors
    ///
    /// [`QueueError::NoCutting`] in a queue that was not made [for it](WaitQueue::with_cutting), and [`QueueError::Fs`].
    pub fn cut_in(&self, ticket: &Ticket) -> Result<(), QueueError> {
        if !self.may_be_cut {
            return Err(QueueError::NoCutting);
        }
        let line = self.line()?;
        for place in line.iter().rev().filter(|place| **place < ticket.place) {
            if let Some(id) = or_default(self.fs.any(&self.dir(*place)))?.map(Id::from) {
                self.fs.discard_dir(&self.leaf(*place, &id).word("stay"))?;
            }
        }
        Ok(())
    }

    /// Lets readers in beside a writer whose turn it is, and who only reads from now on. It keeps its place until it
    /// leaves, so no other writer comes in between.
    ///
    /// # Errors
    ///
    /// [`QueueError::NotHolding`] when it is not its turn, [`QueueError::NotInLine`] when it shares already or is
    /// gone, [`QueueError::Fs`].
    pub fn downgrade(&self, ticket: &mut Ticket) -> Result<(), QueueError> {
        if self.turn(ticket)? != Turn::Holding {
            return Err(QueueError::NotHolding);
        }
        match self.fs.remove_dir(&self.leaf(ticket.place, &ticket.id).word("alone")) {
            Err(FsError::NotFound) => Err(QueueError::NotInLine),
            other => Ok(other?),
        }
    }

    /// What a reader asks for that wants to write: refused, unless the ticket is alone already. Two readers that became
    /// writers in place would wait for each other for ever.
    ///
    /// # Errors
    ///
    /// [`QueueError::NoUpgrade`] for who shares; [`QueueError::Fs`].
    pub fn upgrade(&self, ticket: &Ticket) -> Result<(), QueueError> {
        if self.fs.exists(&self.leaf(ticket.place, &ticket.id).word("alone"))? {
            return Ok(());
        }
        Err(QueueError::NoUpgrade)
    }

    /// Who is the first in line, if anybody. An empty ticket and that of a dead contender are removed.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn first(&self) -> Result<Option<Ticket>, QueueError> {
        let Some(place) = self.line()?.first().copied() else { return Ok(None) };
        let id = self.meet(place, None)?;
        Ok(id.map(|id| Ticket { id, place, door: Door::NotSeen }))
    }

    /// The directory of the queue, in which something is removed whenever somebody leaves the line.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ticket of `me`, for those who did not keep it. It asks at each place until it finds it, so a holder's is
    /// found at once.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn find(&self, me: &Id) -> Result<Option<Ticket>, QueueError> {
        for place in self.line()? {
            if self.fs.exists(&self.leaf(place, me))? {
                return Ok(Some(Ticket { id: me.clone(), place, door: Door::NotSeen }));
            }
        }
        Ok(None)
    }

    /// The tickets in line, in order. An empty one is left out.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn tickets(&self) -> Result<Vec<Ticket>, QueueError> {
        let mut tickets = Vec::new();
        for place in self.line()? {
            tickets.extend(self.ticket_at(place)?);
        }
        Ok(tickets)
    }

    /// Where a ticket stands.
    #[must_use]
    pub fn path_of(&self, ticket: &Ticket) -> Path {
        self.leaf(ticket.place, &ticket.id)
    }

    /// Who stands in line, in order, and then who stands in the door. An empty ticket is left out.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn contenders(&self) -> Result<Vec<Id>, QueueError> {
        let mut ids = self.contenders_in_line(usize::MAX)?;
        ids.extend(self.in_door()?);
        Ok(ids)
    }

    /// Who stands at the first `places` of the line, in order. An empty ticket is left out.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn contenders_in_line(&self, places: usize) -> Result<Vec<Id>, QueueError> {
        let mut ids = Vec::new();
        for place in self.line()?.into_iter().take(places) {
            ids.extend(or_default(self.fs.any(&self.dir(place)))?.map(Id::from));
        }
        Ok(ids)
    }

    /// Removes everything of everybody who is dead, as many as there are: for those who come to tidy up.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`]; a later sweep finds what is left.
    pub fn sweep(&self) -> Result<(), QueueError> {
        for place in self.line()? {
            self.meet(place, None)?;
        }
        for id in self.in_door()? {
            if self.probe.liveness(&id)? == Liveness::Dead {
                self.remove(&self.flag(&id), &id)?;
            }
        }
        Ok(self.tidy()?)
    }

    /// Removes everything of `id`, of whom the caller knows that it is [`Dead`](Liveness::Dead).
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`]. What could not be removed stays; repeat it.
    pub fn recover(&self, id: &Id) -> Result<(), QueueError> {
        self.remove(&self.flag(id), id)?;
        if let Some(ticket) = self.find(id)? {
            self.remove(&self.dir(ticket.place), id)?;
        }
        Ok(self.tidy()?)
    }

    fn enter(&self, me: &Id, want: Want) -> Result<(), QueueError> {
        self.fs.ensure_dir(&self.path)?; // 1 ENTER
        let flag = self.flag(me);
        let leaf = flag.join(me.name());
        for dir in [&self.path.word("door"), &flag, &leaf] {
            self.fs.ensure_dir(dir).map_err(disturbed)?;
        }
        for mark in self.marks(want) {
            self.fs.ensure_dir(&leaf.word(mark)).map_err(disturbed)?;
        }
        Ok(())
    }

    /// Whatever failed: afterwards nothing of `me` is left in `dirs`.
    fn withdraw(&self, me: &Id, dirs: &[Path], reason: QueueError) -> Result<QueueError, Halted> {
        if reason == Halted.into() {
            return Err(Halted);
        }
        for dir in dirs {
            self.remove(dir, me)?;
        }
        self.take_back_moved(me)?;
        self.tidy()?;
        Ok(reason)
    }

    /// The line has to become empty, for which somebody has to pass the dead.
    fn out_of_numbers(&self, me: &Id) -> Result<QueueError, QueueError> {
        if let Some(first) = self.line()?.first() {
            self.meet(*first, Some(&self.flag(me).join(me.name())))?;
        }
        Ok(QueueError::NoNumber(self.last))
    }

    /// Where tickets go against their owners' will, it is asked for by name; elsewhere the line shows it.
    fn stays(&self, ticket: &Ticket) -> Result<bool, FsError> {
        let leaf = self.leaf(ticket.place, &ticket.id);
        if self.lease.is_some() {
            match self.fs.touch(&leaf) {
                Ok(()) => {}
                Err(FsError::NotFound) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        if self.may_be_cut { self.fs.exists(&leaf.word("stay")) } else { Ok(true) }
    }

    fn door(&self, ticket: &mut Ticket) -> Result<Option<Wait>, QueueError> {
        if ticket.door == Door::Passed {
            return Ok(None);
        }
        let mut waited_for = self.in_door()?;
        if let Door::WaitsFor(ids) = &ticket.door {
            waited_for.retain(|id| ids.contains(id));
        }
        waited_for.retain(|id| *id != ticket.id);
        self.retain_those_who_stand(&mut waited_for)?;
        if waited_for.is_empty() {
            ticket.door = Door::Passed;
            return Ok(None);
        }
        let mut wait = Wait::on(self.path.word("door"), None);
        let asked = match &waited_for[..] {
            [only] => Some(only.clone()),
            _ => or_default(self.fs.sample(&wait.on, &self.chance))?.map(Id::from),
        };
        if let Some(id) = asked.filter(|id| waited_for.contains(id)) {
            wait = Wait::on(self.flag(&id), Some(id.clone()));
            if self.is_gone(&id, &wait.on, Some(&self.path_of(ticket)))? {
                self.remove(&wait.on, &id)?;
                waited_for.retain(|other| *other != id);
            }
        }
        ticket.door = if waited_for.is_empty() { Door::Passed } else { Door::WaitsFor(waited_for) };
        Ok(Some(wait))
    }
}

/// A directory of mine that is not there any more was taken away by somebody.
fn disturbed(error: FsError) -> QueueError {
    match error {
        FsError::NotFound => QueueError::Disturbed,
        error => error.into(),
    }
}
