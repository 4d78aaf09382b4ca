//! A line behind a path, in the home of its kind: the fair lock, readers and writers, the fair semaphore.

use lockwright_kernel::{
    blocking::{self, DISTURBED_MAX, LineError, WaitError},
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    lock::LockError,
    path::Path,
    probe::{Liveness, Probe},
    wait_queue::{self, Admission, QueueError, Ticket, WaitQueue, Want},
};

use super::{AnyLock, Place};
use crate::{
    chance::ThreadChance,
    fs::PosixFs,
    lock::{
        HomeLine,
        kind::Layout,
        lease::LeaseProbe,
        standing::{Glance, Standing},
    },
    watch::{Mortal, PosixWorld},
};

/// How many of those in line are noticed at once when they die, by who passes nobody.
const MOURNED_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Line {
    place: Place,
    layout: Layout,
    home: HomeLine<PosixFs, NotingProbe, ThreadChance>,
}

impl Line {
    pub(super) fn new(place: &Place, layout: Layout, rule: Admission) -> Self {
        let at = place.one_kind(layout).home();
        let probe = NotingProbe { judge: place.judge(), place: place.clone(), home: at, layout, rule };
        let home = HomeLine::new(place.fs.clone(), place.path(), layout.name(), probe, ThreadChance, rule);
        Self { place: place.clone(), layout, home }
    }

    /// From then on the path is of this kind, until the ticket is gone.
    fn join(&self, me: &Id, want: Want, world: &PosixWorld, until: Option<Instant>) -> Result<Ticket, WaitError> {
        let mut disturbed = 0;
        loop {
            match self.home.try_join(me, want) {
                Err(LockError::Disturbed) if disturbed < DISTURBED_MAX => disturbed += 1,
                Err(LockError::Disturbed) if until.is_none() || until > Some(world.now()?) => {}
                Err(LockError::Disturbed) => {
                    self.home.tidy()?;
                    return Err(WaitError::TimedOut { owner: None });
                }
                Err(error) => {
                    self.home.tidy()?;
                    return Err(WaitError::Lock(error));
                }
                Ok(ticket) => return Ok(ticket),
            }
        }
    }

    /// Those who stand before that place, the first of them. In a wait one of them is waited for, and any of them may be dead.
    fn before(&self, ticket: &Ticket) -> Result<Vec<Mortal>, WaitError> {
        let line = self.home.queue().tickets().map_err(|error| WaitError::Lock(error.into()))?;
        let before = line.into_iter().filter(|other| other.place.number < ticket.place.number);
        Ok(before.take(MOURNED_MAX).map(|other| Mortal::Owner(other.id)).collect())
    }
}

impl AnyLock for Line {
    fn wait(
        &self,
        me: &Id,
        want: Want,
        ticket: &mut Option<Ticket>,
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(), WaitError> {
        let is_at_once = match until {
            Some(until) => until <= world.now()?,
            None => false,
        };
        let ticket = match ticket {
            Some(ticket) => ticket,
            none => none.insert(self.join(me, want, world, until)?),
        };
        if let Some((place, _)) = self.home.queue().path_of(ticket).split_last() {
            world.stand_at(&self.place.fs, &place);
        }
        if world.is_stopped_by_deaths() {
            world.mourn(self.before(ticket)?);
        }
        let mut answer = blocking::in_line(self.home.queue(), ticket, world, until);
        world.mourn(Vec::new());
        if matches!(answer, Err(LineError::TimedOut { .. })) && is_at_once {
            // One look passes one of the dead at most. Who does not wait gets no other.
            self.home.queue().sweep().map_err(|error| WaitError::Lock(error.into()))?;
            answer = blocking::in_line(self.home.queue(), ticket, world, until);
        }
        answer.map_err(|error| match error {
            LineError::TimedOut { behind } => WaitError::TimedOut { owner: behind },
            LineError::Interrupted => WaitError::Interrupted,
            LineError::Cut => WaitError::Lock(LockError::NotOwner),
            LineError::Queue(error) => WaitError::Lock(error.into()),
        })
    }

    fn release(&self, me: &Id, ticket: Option<&Ticket>) -> Result<(), LockError> {
        match ticket {
            Some(ticket) => self.home.leave(ticket),
            None => self.home.leave(&self.home.queue().find(me)?.ok_or(LockError::NotOwner)?),
        }
    }

    fn give_up(&self, ticket: &Ticket) -> Result<(), LockError> {
        match self.home.leave(ticket) {
            Err(LockError::NotOwner) => Ok(self.home.tidy()?),
            other => other,
        }
    }

    fn holds(&self, me: &Id) -> Result<bool, LockError> {
        Ok(self.home.queue().find(me)?.is_some())
    }

    fn home_of(&self, me: &Id, ticket: Option<&Ticket>) -> Result<Option<Path>, LockError> {
        let place = |ticket: &Ticket| self.home.queue().path_of(ticket).split_last().map(|(place, _)| place);
        match ticket {
            Some(ticket) => Ok(place(ticket)),
            None => Ok(self.home.queue().find(me)?.as_ref().and_then(place)),
        }
    }

    /// Each watches the ticket of somebody before it, or the line itself.
    fn wake_line(&self) -> Result<(), LockError> {
        for ticket in self.home.queue().tickets()? {
            // One that is gone wakes those behind it by that.
            let _ = self.place.fs.nudge(&self.home.queue().path_of(&ticket));
        }
        let _ = self.place.fs.nudge(self.home.queue().path());
        Ok(())
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.home.queue().recover(id)?;
        Ok(self.home.tidy()?)
    }

    fn sweep(&self) -> Result<(), LockError> {
        self.home.queue().sweep()?;
        Ok(self.home.tidy()?)
    }

    fn awaited(&self) -> Result<(Vec<Path>, Vec<Mortal>), FsError> {
        let line = match self.home.queue().contenders_in_line(usize::MAX) {
            Err(QueueError::Fs(error)) => return Err(error),
            line => line.unwrap_or_default(),
        };
        Ok((vec![self.home.queue().path().clone()], line.into_iter().map(Mortal::Owner).collect()))
    }

    /// Only those are asked for who are told of.
    fn glance(&self, me: Option<&Id>, number: Option<u64>, most: usize) -> Result<Glance, LockError> {
        let (looker, places) = (self.place.looker(), self.home.queue().places()?);
        let holding = self.layout.holding(&places);
        let (mut glance, mut seen) = (Glance::default(), 0);
        for place in &places[..holding] {
            if glance.holders.len() == most {
                break;
            }
            seen += 1;
            let Some(ticket) = self.home.queue().ticket_at(*place)?.filter(|ticket| Some(&ticket.id) != me) else {
                continue;
            };
            let entry = looker.entry(
                ticket.id.clone(),
                self.layout.kind_of(ticket.place.want),
                &self.home.queue().path_of(&ticket),
            )?;
            glance.holders.push(entry.at_place(place.number));
        }
        glance.more = holding - seen;
        glance.layout = (!places.is_empty()).then_some(self.layout);
        let at = number.and_then(|number| places.iter().position(|place| place.number == number));
        glance.ahead = at.and_then(|at| at.checked_sub(holding));
        Ok(glance)
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let (looker, line) = (self.place.looker(), self.home.queue().tickets()?);
        let holding = self.layout.holding(&places(&line));
        let mut standing = Standing::default();
        for (index, ticket) in line.iter().enumerate() {
            let entry = looker.entry(
                ticket.id.clone(),
                self.layout.kind_of(ticket.place.want),
                &self.home.queue().path_of(ticket),
            )?;
            let of = if index < holding { &mut standing.holders } else { &mut standing.waiters };
            of.push(entry.at_place(ticket.place.number));
        }
        for id in self.home.queue().contenders()? {
            if !line.iter().any(|ticket| ticket.id == id) {
                standing.trying.push(looker.entry(id, self.layout.kind(), self.home.queue().path())?);
            }
        }
        Ok(standing.of(self.layout))
    }
}

fn places(line: &[Ticket]) -> Vec<wait_queue::Place> {
    line.iter().map(|ticket| ticket.place).collect()
}

/// Tells who is dead, and notes those who held: they are about to be removed.
#[derive(Clone, Debug)]
struct NotingProbe {
    judge: LeaseProbe,
    place: Place,
    home: Path,
    layout: Layout,
    rule: Admission,
}

impl Probe for NotingProbe {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let verdict = self.judge.liveness(id)?;
        if verdict == Liveness::Dead {
            // What cannot be seen is not told.
            drop(self.note(id));
        }
        Ok(verdict)
    }
}

impl NotingProbe {
    fn note(&self, id: &Id) -> Result<(), QueueError> {
        let (fs, probe) = (&self.place.fs, &self.place.probe);
        let queue = WaitQueue::new(fs.clone(), probe, ThreadChance, self.home.clone(), self.rule);
        let line = queue.tickets()?;
        if let Some(ticket) = line[..self.layout.holding(&places(&line))].iter().find(|ticket| ticket.id == *id) {
            self.place.note_recovery(id, &queue.path_of(ticket));
        }
        Ok(())
    }
}
