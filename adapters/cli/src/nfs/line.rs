//! A line on a server: the fair lock, readers and writers, the fair semaphore.
//!
//! A call that failed leaves a contender where it stands: a look that failed is made again, for a place in line is not given
//! up for that, and a leave is repeated by who leaves. After a join that failed nothing of it is left that could be removed.

use std::{fmt, num::NonZeroU32, time::Duration};

use lockwright_kernel::{
    blocking::{self, LineError, PAUSE_MS_MAX, WaitError, World},
    chance::Chance,
    clock::{Clock, Instant},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::LockError,
    path::Path,
    wait_queue::{Admission, Ticket, Want},
    watch::Wake,
};
use lockwright_posix::{
    chance::ThreadChance,
    lock::{HomeLine, Layout, Standing},
    probe::ProcProbe,
};

use super::{NfsLock, NfsWorld, Place, of_layout};

/// How many looks may fail one after the other before the wait ends. Each has taken as long as a call to the server may.
const FAILURES_MAX: u32 = 8;

#[derive(Debug)]
pub(super) struct Line<F> {
    place: Place<F>,
    layout: Layout,
    want: Want,
    home: HomeLine<F, ProcProbe, ThreadChance>,
    /// Where it stands, once it has joined.
    ticket: Option<Ticket>,
}

impl<F: Fs + Clone> Line<F> {
    pub(super) fn new(place: &Place<F>, layout: Layout, rule: Admission, want: Want) -> Self {
        let (fs, lock, probe) = (place.fs.clone(), place.lock.clone(), place.probe.clone());
        let home = HomeLine::new(fs, lock, layout.name(), probe, ThreadChance, rule);
        Self { place: place.clone(), layout, want, home, ticket: None }
    }

    /// From then on the path is of this kind, until the ticket is gone.
    fn join(&self, me: &Id, world: &NfsWorld, until: Option<Instant>) -> Result<Ticket, WaitError> {
        loop {
            let reason = match self.home.try_join(me, self.want) {
                Ok(ticket) => return Ok(ticket),
                Err(LockError::Disturbed) if !world.is_past(until) => match come_apart(world)? {
                    Wake::Interrupted => WaitError::Interrupted,
                    _ => continue,
                },
                Err(LockError::Disturbed) => WaitError::TimedOut { owner: None },
                Err(error) => WaitError::Lock(error),
            };
            self.home.tidy()?;
            return Err(reason);
        }
    }

    fn in_line(&self, ticket: &mut Ticket, world: &NfsWorld, until: Option<Instant>) -> Result<(), LineError> {
        let (mut failures, mut waits) = (0, world.waits());
        loop {
            let answer = blocking::in_line(self.home.queue(), ticket, world, until);
            if answer != Err(LineError::Queue(FsError::Io.into())) || world.is_past(until) {
                return answer;
            }
            // Before a wait it was told something.
            failures = if world.waits() == waits { failures + 1 } else { 1 };
            waits = world.waits();
            if failures > FAILURES_MAX {
                return answer;
            }
            if world.pause(world.next_look(until)?)? == Wake::Interrupted {
                return Err(LineError::Interrupted);
            }
        }
    }
}

impl<F: Fs + Clone + fmt::Debug> NfsLock for Line<F> {
    fn wait(&mut self, me: &Id, world: &NfsWorld, until: Option<Instant>) -> Result<(), WaitError> {
        let is_at_once = world.is_past(until);
        let mut ticket = match self.ticket.take() {
            Some(ticket) => ticket,
            None => self.join(me, world, until)?,
        };
        let mut answer = self.in_line(&mut ticket, world, until);
        if matches!(answer, Err(LineError::TimedOut { .. })) && is_at_once {
            // One look passes one of the dead at most. Who does not wait gets no other.
            answer = match self.home.queue().sweep() {
                Ok(()) => self.in_line(&mut ticket, world, until),
                Err(error) => Err(error.into()),
            };
        }
        self.ticket = Some(ticket);
        answer.map_err(|error| match error {
            LineError::TimedOut { behind } => WaitError::TimedOut { owner: behind },
            LineError::Interrupted => WaitError::Interrupted,
            LineError::Cut => WaitError::Lock(LockError::NotOwner),
            LineError::Queue(error) => WaitError::Lock(error.into()),
        })
    }

    fn stands(&self) -> bool {
        self.ticket.is_some()
    }

    fn release(&mut self, me: &Id) -> Result<(), LockError> {
        let released = match &self.ticket {
            Some(ticket) => self.home.leave(ticket),
            // A join that failed may have left something.
            None => self.home.queue().recover(me).map_err(LockError::from).and(Err(LockError::NotOwner)),
        };
        if matches!(released, Ok(()) | Err(LockError::NotOwner)) {
            self.ticket = None;
            self.home.tidy()?;
        }
        released
    }

    fn evidence(&self, _: &Id) -> Path {
        self.ticket
            .as_ref()
            .map_or_else(|| self.home.queue().path().clone(), |ticket| self.home.queue().path_of(ticket))
    }

    fn sweep(&self) -> Result<(), LockError> {
        self.home.queue().sweep()?;
        Ok(self.home.tidy()?)
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let line = self.home.queue().tickets()?;
        let places: Vec<_> = line.iter().map(|ticket| ticket.place).collect();
        let holding = self.layout.holding(&places);
        let mut standing = Standing::default();
        for (index, ticket) in line.iter().enumerate() {
            let at = self.home.queue().path_of(ticket);
            let mut entry = self.place.entry(ticket.id.clone(), self.layout.kind_of(ticket.place.want), &at)?;
            entry.number = ticket.place.number.try_into().ok();
            let of = if index < holding { &mut standing.holders } else { &mut standing.waiters };
            of.push(entry);
        }
        for id in self.home.queue().contenders()? {
            if line.iter().all(|ticket| ticket.id != id) {
                standing.trying.push(self.place.entry(id, self.layout.kind(), self.home.queue().path())?);
            }
        }
        Ok(of_layout(standing, self.layout))
    }
}

/// A pause of random length, so that two who disturb each other do not do it for ever.
fn come_apart(world: &NfsWorld) -> Result<Wake, Halted> {
    let pause = world.below(NonZeroU32::MIN.saturating_add(PAUSE_MS_MAX))?;
    world.pause(world.now()?.saturating_add(Duration::from_millis(pause.into())))
}
