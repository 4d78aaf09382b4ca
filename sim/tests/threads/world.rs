//! The live world: one disk, the processes that share it as threads, and the monitors that watch them.
//!
//! # What it has of profile `local`
//!
//! * A call is one scheduling point and takes effect there in one step; with [`Walk::Split`] it is two, the first of
//!   which walks to the directory that holds the entry (in one go, however deep that is) and the second of which takes
//!   effect there, wherever that directory is by then. A listing then opens its directory first and reads it after.
//! * The contents of a file come a point after its name.
//! * A process can be killed before any of these points. Its client goes on as a new process with a new id, and the
//!   dead one's calls never take effect.
//! * To ask whether somebody lives is a point as well, and is answered as it is: dead is who was killed.
//!
//! It has not: listings that show some and miss others of the entries that come and go meanwhile, and stamps.
//!
//! # What it watches
//!
//! Before each point, and at the end: mutual exclusion, and the evidence on disk of who is in its critical section. At
//! the end, when all are idle: that nothing is on disk if nobody was killed; that each client, alone, can take the lock
//! within [`ALONE`] attempts; and that nothing is on disk when it has given it back (after a kill: can be, within as
//! many). The last two ask more than the checker does, which lets the others help. Attempts are counted, not endless.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lockwright_kernel::{
    fs::{
        Halted,
        call::{Answer, Call, Value},
    },
    id::Id,
    path::Name,
    probe::Liveness,
};
use lockwright_sim::{
    protocol::{Outcome, Phase, Property},
    scenario::Walk,
};

use crate::{
    disk::Disk,
    engine::{Body, Engine, Finding, Setup, Tally},
    memory::{Fingerprint, Memory},
};

/// How many attempts a client has at the end, when all others are idle.
pub(crate) const ALONE: usize = 4;

/// All that the threads share.
pub(crate) struct World<E: Engine> {
    pub(crate) setup: Setup,
    gate: E::Gate,
    state: Mutex<State>,
    memory: Option<Arc<Memory>>,
}

/// A client's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) client: usize,
    pub(crate) incarnation: usize,
}

#[derive(Debug)]
struct State {
    disk: Disk,
    seats: Vec<Seat>,
    kills_left: usize,
    /// How many turns have been taken since all came to their end: one after the other tries once more.
    turns_alone: usize,
    over: Option<Over>,
    /// Who acted, from the start to here.
    path: Fingerprint,
    steps: usize,
    last: Last,
    /// The last step is not remembered yet.
    is_new: bool,
    log: Vec<(Process, Call, Answer)>,
    tally: Tally,
}

/// What is known of a client's present process.
#[derive(Clone, Debug, Hash)]
struct Seat {
    incarnation: usize,
    /// How often it has tried before.
    attempt: usize,
    /// What it has seen since its present attempt began.
    history: Fingerprint,
    inside: bool,
    choices: usize,
    /// Its client's thread has ended.
    done: bool,
}

/// Who acted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Last {
    Start,
    /// A client, and of which client it asked whether that lives.
    Acted(usize, Option<usize>),
    /// A killer; the thread of the client that it killed has not noticed.
    Killed(usize),
}

#[derive(Clone, Debug)]
enum Over {
    Found(Finding),
    /// Another property than the one that is watched does not hold.
    Aside,
    /// Somebody came to this state on another path, and what follows was covered there.
    Seen,
}

impl<E: Engine> World<E> {
    /// Nothing on disk, everybody idle. To be made inside of a model.
    pub(crate) fn new(setup: Setup, memory: Option<Arc<Memory>>) -> Self {
        let seat = Seat { incarnation: 0, attempt: 0, history: start(), inside: false, choices: 0, done: false };
        let state = State {
            disk: Disk::new(setup.clients),
            seats: vec![seat; setup.clients],
            kills_left: setup.crashes,
            turns_alone: 0,
            over: None,
            path: fingerprint(&()),
            steps: 0,
            last: Last::Start,
            is_new: false,
            log: Vec::new(),
            tally: Tally { executions: 1, ..Tally::default() },
        };
        Self { setup, gate: E::gate(), state: Mutex::new(state), memory }
    }

    /// Runs the threads that share this world.
    pub(crate) fn run(&self, threads: Vec<Body>) {
        E::run(&self.gate, threads);
    }

    /// The process that stands for `client` now.
    pub(crate) fn process(&self, client: usize) -> Process {
        Process { client, incarnation: self.state().seats[client].incarnation }
    }

    /// True as long as neither the process was killed nor the execution is over.
    pub(crate) fn lives(&self, me: Process) -> bool {
        let state = self.state();
        state.over.is_none() && state.seats[me.client].incarnation == me.incarnation
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state().over.is_some()
    }

    pub(crate) fn report(&self, finding: Finding) {
        self.state().over.get_or_insert(Over::Found(finding));
    }

    /// A property does not hold. False when that is not what is watched.
    pub(crate) fn broken(&self, property: Property, what: String) -> bool {
        let watched = self.setup.watches(property);
        if watched {
            let mut state = self.state();
            let finding = state.finding(property, what);
            state.over.get_or_insert(Over::Found(finding));
        }
        watched
    }

    /// An attempt came to something that must not be, and says so. Nothing that follows means anything.
    pub(crate) fn fails(&self, property: Property, what: String) {
        if !self.broken(property, what) {
            self.state().over.get_or_insert(Over::Aside);
        }
    }

    /// `me` begins its next attempt. What it saw before is behind it.
    pub(crate) fn begins(&self, me: Process, attempt: usize) {
        let seat = &mut self.state().seats[me.client];
        seat.attempt = attempt;
        seat.history = start();
    }

    /// The thread of `client` ends.
    pub(crate) fn done(&self, client: usize) {
        self.state().seats[client].done = true;
        self.remember();
    }

    /// An attempt of `me` ended so.
    pub(crate) fn ends(&self, me: Process, outcome: Outcome) {
        let mut state = self.state();
        state.seats[me.client].inside = outcome.next == Phase::Holding;
        state.seats[me.client].history = fingerprint(&outcome.next);
        state.tally.said.insert(outcome.said);
    }

    /// Makes a call for `me`.
    pub(crate) fn call(&self, me: Process, call: &Call) -> Answer {
        if matches!(call, Call::Touch(_) | Call::Modified(_)) {
            self.report(Finding::Fault(format!("{call}: this world keeps no stamps")));
            return Err(Halted.into());
        }
        self.state().tally.calls += 1;
        let answer = self.effect(me, call)?;
        let mut state = self.state();
        let answer = match (call, answer) {
            (Call::Any(_), Ok(Value::Names(names))) => Ok(Value::Name(state.pick::<E>(me.client, names))),
            (_, answer) => answer,
        };
        state.log.push((me, call.clone(), answer.clone()));
        answer
    }

    /// The points of a call.
    fn effect(&self, me: Process, call: &Call) -> Result<Answer, Halted> {
        let split = self.setup.walk == Walk::Split;
        if split && let Some(answer) = self.point(me, |state| state.disk.walk(me.client, call))? {
            return Ok(answer);
        }
        let take_effect = if split { Disk::make_held } else { Disk::make_named };
        let made = self.point(me, |state| take_effect(&mut state.disk, me.client, call))?;
        if let Call::CreateFile(_, contents) = call
            && !contents.is_empty()
            && made.is_ok()
        {
            self.point(me, |state| state.disk.write(me.client, contents))?;
        }
        Ok(made)
    }

    /// A scheduling point of `me`, and what it does there.
    fn point<R: Hash>(&self, me: Process, act: impl FnOnce(&mut State) -> R) -> Result<R, Halted> {
        if self.remember() {
            return Err(Halted);
        }
        E::pass(&self.gate, || {
            let mut state = self.state();
            self.look(&mut state);
            self.cut_idle_detours(&mut state, Last::Acted(me.client, None));
            if state.over.is_some() || state.seats[me.client].incarnation != me.incarnation {
                return Err(Halted);
            }
            state.step(Last::Acted(me.client, None));
            if state.kills_left > 0 && E::kills_now() {
                state.kill(me.client);
                return Err(Halted);
            }
            state.seats[me.client].inside = false;
            let seen = act(&mut state);
            let seat = &mut state.seats[me.client];
            seat.history = fingerprint(&(seat.history, &seen));
            Ok(seen)
        })
    }

    /// Kills the process of `client`, whichever that is then; a scheduling point.
    pub(crate) fn kill(&self, client: usize) {
        E::pass(&self.gate, || {
            let mut state = self.state();
            self.look(&mut state);
            self.cut_idle_detours(&mut state, Last::Killed(client));
            if state.over.is_none() && state.kills_left > 0 {
                state.step(Last::Killed(client));
                state.kill(client);
            }
        });
        self.remember();
    }

    /// The monitors.
    fn look(&self, state: &mut State) {
        if state.over.is_none()
            && let Some((property, what)) = state.broken(&self.setup)
        {
            state.over = Some(Over::Found(state.finding(property, what)));
        }
    }

    /// Ends an execution that differs from others only in the order of two things that do not touch each other.
    ///
    /// To be killed touches the calls of the killed one, and questions about it: a kill that comes after something else
    /// is covered as one that came before that. And the thread of a killed process has nothing to do but to notice,
    /// which is covered as happening at once.
    fn cut_idle_detours(&self, state: &mut State, now: Last) {
        let is_detour = match (state.last, now) {
            (Last::Acted(actor, asked), Last::Killed(victim)) => actor != victim && asked != Some(victim),
            (Last::Killed(victim), Last::Acted(actor, _)) => actor != victim && !state.seats[victim].done,
            _ => false,
        };
        let cuts = self.memory.as_ref().is_some_and(|memory| memory.cuts());
        if is_detour && cuts && state.over.is_none() {
            state.over = Some(Over::Seen);
            E::cut();
        } else if let (Last::Killed(victim), Last::Acted(actor, _)) = (state.last, now)
            && actor == victim
        {
            state.last = Last::Start;
        }
    }

    /// Ends the execution where it has come to a state that is known. To be called by who acted last, when all that
    /// follows from that alone is done, and before the engine can let another go on. Says whether the execution is over.
    fn remember(&self) -> bool {
        let mut state = self.state();
        if let Some(memory) = &self.memory
            && std::mem::take(&mut state.is_new)
            && state.over.is_none()
        {
            let here = || fingerprint(&(state.disk.state(), &state.seats, state.kills_left, state.turns_alone));
            if memory.knows(state.steps, state.path, here) {
                state.over = Some(Over::Seen);
                E::cut();
            }
        }
        state.over.is_some()
    }

    /// Answers `me` whether the owner of `id` lives; a scheduling point.
    pub(crate) fn liveness(&self, me: Process, id: &Id) -> Result<Liveness, Halted> {
        let found = self.point(me, |state| {
            let found = state.find(id);
            state.last = Last::Acted(me.client, found.map(|(client, _)| client));
            found
        })?;
        Ok(match found {
            Some((_, true)) => Liveness::Alive,
            Some((_, false)) => Liveness::Dead,
            None => Liveness::Unknown,
        })
    }

    pub(crate) fn choose(&self, me: Process, bound: NonZeroU32) -> u32 {
        self.state().choose::<E>(me.client, bound.get())
    }

    /// All threads have ended, and somebody acts alone. False when the execution is over.
    pub(crate) fn turn_alone(&self) -> bool {
        let mut state = self.state();
        state.kills_left = 0;
        state.turns_alone += 1;
        state.is_new = false; // Nobody else is left to go on, so what follows is told by what was remembered last.
        self.look(&mut state);
        state.over.is_none()
    }

    /// What is on disk, where nothing should be.
    pub(crate) fn left_behind(&self) -> Option<String> {
        Some(self.state().disk.spell()).filter(|left| !left.is_empty())
    }

    pub(crate) fn nobody_was_killed(&self) -> bool {
        self.state().tally.kills == 0
    }

    /// The figures of this execution, and what it found.
    pub(crate) fn close(&self) -> (Tally, Option<Finding>) {
        let mut state = self.state();
        let Tally { calls, .. } = state.tally;
        let points = E::points();
        state.tally.points = points;
        state.tally.cut = usize::from(matches!(state.over, Some(Over::Seen)));
        let finding = match state.over.clone() {
            Some(Over::Found(finding)) => Some(finding),
            _ if points < calls => {
                Some(Finding::Fault(format!("{calls} calls were made, and the engine saw {points} scheduling points")))
            }
            _ => None,
        };
        (state.tally.clone(), finding)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Somebody acts.
    fn step(&mut self, actor: Last) {
        self.path = fingerprint(&(self.path, actor));
        self.steps += 1;
        self.last = actor;
        self.is_new = true;
    }

    fn kill(&mut self, client: usize) {
        self.kills_left -= 1;
        self.tally.kills += 1;
        self.disk.drop_held(client);
        let seat = &mut self.seats[client];
        *seat = Seat { incarnation: seat.incarnation + 1, attempt: 0, history: start(), inside: false, ..*seat };
    }

    /// Whose process has this id, and whether that is its client's present one.
    fn find(&self, id: &Id) -> Option<(usize, bool)> {
        self.seats.iter().enumerate().find_map(|(client, seat)| {
            let mut processes = (0..=seat.incarnation).map(|incarnation| Process { client, incarnation });
            let found = processes.find(|process| process.id() == *id)?;
            Some((client, found.incarnation == seat.incarnation))
        })
    }

    fn pick<E: Engine>(&mut self, client: usize, mut names: Vec<Name>) -> Option<Name> {
        let bound = u32::try_from(names.len()).unwrap_or(u32::MAX);
        if bound == 0 {
            return None;
        }
        let at = self.choose::<E>(client, bound);
        Some(names.swap_remove(at as usize))
    }

    fn choose<E: Engine>(&mut self, client: usize, bound: u32) -> u32 {
        if bound < 2 {
            return 0;
        }
        let seat = &mut self.seats[client];
        let number = E::choose(client, seat.choices, bound);
        seat.choices += 1;
        seat.history = fingerprint(&(seat.history, number));
        number
    }

    /// A property that does not hold now.
    fn broken(&self, setup: &Setup) -> Option<(Property, String)> {
        let inside = || self.seats.iter().enumerate().filter(|(_, seat)| seat.inside);
        let ids = inside().map(|(client, seat)| Process { client, incarnation: seat.incarnation }.id());
        let holders: Vec<Id> = ids.collect();
        let together: Vec<_> = inside().map(|(client, _)| (client, Phase::Holding)).collect();
        if holders.len() > 1 && !setup.protocol.may_hold_together(&together) {
            let ids: Vec<String> = holders.iter().map(ToString::to_string).collect();
            let what = format!("{} hold the lock", ids.join(" and "));
            return Some((Property::MutualExclusion, what)).filter(|(property, _)| setup.watches(*property));
        }
        let holders = holders.iter().filter(|_| setup.watches(Property::NotDispossessed));
        holders.into_iter().find_map(|holder| {
            let evidence = setup.protocol.evidences(holder, Phase::Holding);
            let paths: Vec<String> = evidence.iter().map(|path| format!("\"{path}\"")).collect();
            let gone = format!("{holder} holds the lock, and {} is gone", paths.join(" or "));
            (!evidence.iter().any(|path| self.disk.has(path))).then_some((Property::NotDispossessed, gone))
        })
    }

    fn finding(&self, property: Property, what: String) -> Finding {
        let line = |(process, call, answer): &(Process, Call, Answer)| match answer {
            Ok(value) => format!("{} {call} = {value}", process.id()),
            Err(error) => format!("{} {call} = -1 ({error})", process.id()),
        };
        Finding::Broken { property, what, calls: self.log.iter().map(line).collect() }
    }
}

impl Process {
    /// A letter for the client, a number that each kill raises.
    pub(crate) fn id(self) -> Id {
        let letter = char::from(b'A' + u8::try_from(self.client).expect("few clients"));
        format!("{letter}{}", self.incarnation + 1).parse().expect("a letter and a number make a name")
    }
}

/// The history of who has seen nothing yet.
fn start() -> Fingerprint {
    fingerprint(&Phase::Idle)
}

/// 128 bits, so that two different values with one fingerprint are not to be expected in any run.
fn fingerprint(value: &impl Hash) -> Fingerprint {
    [0_u8, 1].map(|half| {
        let mut hasher = DefaultHasher::new();
        half.hash(&mut hasher);
        value.hash(&mut hasher);
        hasher.finish()
    })
}
