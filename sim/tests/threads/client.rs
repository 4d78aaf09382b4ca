//! What the threads do: each client makes its attempts, a killed one goes on as another, and in the end each tries
//! alone.

use std::{
    cell::Cell,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lockwright_kernel::{
    chance::Chance,
    clock::{Clock, Instant},
    fs::{Halted, Through, call::Call},
    id::Id,
    probe::{Liveness, Probe},
};
use lockwright_sim::{
    Live, Replay,
    protocol::{Client, Outcome, Phase, Property, Stop},
};

use crate::{
    engine::{Body, Engine, Finding, Setup, Tally},
    memory::Memory,
    world::{ALONE, Process, World},
};

/// One execution of `setup`, inside of a model. Stops the engine when there is a [`Finding`].
pub(crate) fn execute<E: Engine>(setup: Setup, victim: usize, memory: Option<Arc<Memory>>, tally: &Arc<Mutex<Tally>>) {
    let world = Arc::new(World::<E>::new(setup, memory));
    let killers = if E::KILLS_BY_THREAD { setup.crashes } else { 0 };
    let running = Arc::new(AtomicUsize::new(setup.clients + killers));
    let thread = |act: fn(&World<E>, usize), client| {
        let (world, running, tally) = (Arc::clone(&world), Arc::clone(&running), Arc::clone(tally));
        Box::new(move || {
            act(&world, client);
            if running.fetch_sub(1, Ordering::SeqCst) == 1 {
                finish(&world, &tally);
            }
        }) as Body
    };
    let clients = (0..setup.clients).map(|client| thread(keep_trying, client));
    world.run(clients.chain((0..killers).map(|_| thread(World::kill, victim))).collect());
}

/// What the thread does that ends last.
fn finish<E: Engine>(world: &World<E>, tally: &Mutex<Tally>) {
    settle(world);
    let (figures, finding) = world.close();
    tally.lock().unwrap_or_else(PoisonError::into_inner).add(&figures);
    if let Some(finding) = finding {
        E::stop(finding);
    }
}

/// A client's thread: its processes, one after the other.
fn keep_trying<E: Engine>(world: &World<E>, client: usize) {
    while !world.is_over() {
        let me = world.process(client);
        let mut attempts = 0..world.setup.attempts;
        if attempts.all(|attempt| take(world, me, attempt).is_some()) {
            return world.done(client);
        }
    }
}

/// One attempt to take the lock, and to give it back if it was taken. Says whether it was; `None` when the process
/// ended before.
fn take<E: Engine>(world: &World<E>, me: Process, attempt: usize) -> Option<bool> {
    world.begins(me, attempt);
    let taken = try_once(world, me, Phase::Idle)?.next == Phase::Holding;
    if taken && try_once(world, me, Phase::Holding)?.next == Phase::Holding {
        // One that takes more than an attempt to leave would be met by a bound on attempts here.
        world.report(Finding::Fault(format!("{} does not give the lock back at once", me.id())));
        return None;
    }
    Some(taken)
}

/// Makes one attempt. `None` when the process ended in it.
fn try_once<E: Engine>(world: &World<E>, me: Process, phase: Phase) -> Option<Outcome> {
    let view = View { world, me, calls: Cell::new(0), halted: Cell::new(false) };
    let fs = Through(|call: &Call| view.unless_halted(|| world.call(me, call)));
    let live = Live { fs: &fs, probe: &view, chance: &view, clock: &view };
    let client = Client { index: me.client, id: me.id() };
    let answer = world.setup.protocol.attempt(&client, phase, &Replay::live(live));
    if !world.lives(me) {
        return None;
    }
    match answer {
        Ok(_) | Err(Stop::Halted) if view.calls.get() == 0 => {
            world.fails(Property::Replayable, format!("{} made an attempt without a call", me.id()));
        }
        Ok(outcome) => {
            world.ends(me, outcome);
            return Some(outcome);
        }
        Err(Stop::Halted) => {
            world.fails(Property::Replayable, format!("{} says it was halted and was not", me.id()));
        }
        Err(Stop::Broken(property, what)) => world.fails(property, format!("{}: {what}", me.id())),
    }
    None
}

/// What is checked when all threads have ended; see [`world`](crate::world).
fn settle<E: Engine>(world: &World<E>) {
    if !world.turn_alone() {
        return;
    }
    if let Some(left) = world.left_behind().filter(|_| world.nobody_was_killed()) {
        let what = format!("all are idle, nobody was killed, and there is {left}");
        if world.broken(Property::NothingLeftBehind, what) {
            return;
        }
    }
    for client in world.setup.takers() {
        let me = world.process(client);
        let takes = |attempt| world.turn_alone() && take(world, me, attempt) == Some(true);
        // Where none succeeds because the execution is over, it is over for the reason that came first.
        if !(0..ALONE).any(takes)
            && world.broken(Property::CanBeTaken, format!("{} cannot take the lock, alone", me.id()))
        {
            return;
        }
    }
    clean_up(world);
}

/// In the end, and if it takes some more rounds, nothing is on disk.
fn clean_up<E: Engine>(world: &World<E>) {
    for attempt in 0..ALONE {
        for client in 0..world.setup.clients {
            if world.left_behind().is_none() || !world.turn_alone() {
                return;
            }
            take(world, world.process(client), attempt);
        }
    }
    if let Some(left) = world.left_behind() {
        world.broken(Property::NothingLeftBehind, format!("however often the lock is taken, there is {left}"));
    }
}

/// The world, as one attempt of one process sees it.
struct View<'a, E: Engine> {
    world: &'a World<E>,
    me: Process,
    calls: Cell<usize>,
    halted: Cell<bool>,
}

impl<E: Engine> View<'_, E> {
    fn unless_halted<R, H: From<Halted> + PartialEq>(&self, ask: impl FnOnce() -> Result<R, H>) -> Result<R, H> {
        self.calls.set(self.calls.get() + 1);
        if self.halted.get() {
            self.world.fails(Property::Replayable, "it went on calling after it was halted".into());
            return Err(Halted.into());
        }
        let answer = ask();
        let is_halt = |error: &H| *error == H::from(Halted);
        self.halted.set(answer.as_ref().err().is_some_and(is_halt));
        answer
    }
}

impl<E: Engine> Probe for View<'_, E> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        self.unless_halted(|| self.world.liveness(self.me, id))
    }
}

impl<E: Engine> Chance for View<'_, E> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.unless_halted(|| Ok(self.world.choose(self.me, bound)))
    }
}

impl<E: Engine> Clock for View<'_, E> {
    fn now(&self) -> Result<Instant, Halted> {
        self.world.report(Finding::Fault("this world keeps no time".into()));
        Ok(Instant::new(Duration::ZERO))
    }
}
