//! Expanding states: their successors, fingerprinted, some states by one thread and some by another.

use std::{
    ops::ControlFlow,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use rustc_hash::FxHashSet;

use super::{
    edges::NOBODY,
    fair::Clients,
    goals::{self, Reached},
    graph::Graph,
    shared::Shared,
    visited::{Fingerprint, StateId, Visited, fingerprint},
};
use crate::{
    miss::Miss,
    state::State,
    symmetry::PermId,
    world::{Leaps, Successor, World},
};

/// The states of one layer, written down one after the other.
#[derive(Debug, Default)]
pub(super) struct Frontier {
    numbers: Vec<u16>,
    ends: Vec<usize>,
}

impl Frontier {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, state: &[u16]) {
        self.numbers.extend_from_slice(state);
        self.ends.push(self.numbers.len());
    }

    pub(super) fn get(&self, at: usize) -> &[u16] {
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.numbers[from..self.ends[at]]
    }

    /// How much memory this takes.
    pub(super) fn bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<u16>() + self.ends.capacity() * size_of::<usize>()
    }
}

/// A step that an expansion found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) fingerprint: Fingerprint,
    /// The state it leads to, if that was known before.
    pub(super) known: Option<StateId>,
    pub(super) is_fault: bool,
    pub(super) renamed: Option<PermId>,
    pub(super) actor: u8,
    pub(super) serves: bool,
    /// Where the state ends among [`Expanded::numbers`]; a state that was known is not written there.
    end: usize,
}

/// How the expansion of one state went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// Something that nobody has worked out yet; expand it again.
    pub(super) missed: bool,
    /// The state breaks a property by itself.
    pub(super) broken: bool,
    pub(super) goals: Reached,
    pub(super) idle: Clients,
    /// Where its steps end among [`Expanded::found`].
    end: usize,
}

/// What came of expanding some states.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    outcomes: Vec<Outcome>,
    found: Vec<Found>,
    numbers: Vec<u16>,
    pub(super) said: FxHashSet<&'static str>,
}

impl Expanded {
    /// Makes room for what comes of other states.
    fn clear(&mut self) {
        self.outcomes.clear();
        self.found.clear();
        self.numbers.clear();
        self.said.clear();
    }

    /// Looks up which of the states that were found are known, and forgets how those are written. All at once, for each look
    /// waits for memory, and so they wait together.
    fn look_up(&mut self, visited: &Visited) {
        for found in &mut self.found {
            found.known = visited.find(found.fingerprint);
        }
        let (mut from, mut kept) = (0, 0);
        for found in &mut self.found {
            let end = found.end;
            if found.known.is_none() {
                self.numbers.copy_within(from..end, kept);
                kept += end - from;
            }
            (from, found.end) = (end, kept);
        }
        self.numbers.truncate(kept);
    }

    /// How many states it is about.
    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) fn outcome(&self, at: usize) -> Outcome {
        self.outcomes[at]
    }

    pub(super) fn found(&self, at: usize) -> impl Iterator<Item = (&Found, &[u16])> {
        let from = if at == 0 { 0 } else { self.outcomes[at - 1].end };
        (from..self.outcomes[at].end).map(|at| {
            let from = if at == 0 { 0 } else { self.found[at - 1].end };
            (&self.found[at], &self.numbers[from..self.found[at].end])
        })
    }
}

/// What one thread needs over and over.
#[derive(Debug, Default)]
pub(super) struct Expander {
    leaps: Leaps,
    numbers: Vec<u16>,
}

impl Expander {
    /// Expands a state.
    pub(super) fn expand_one(&mut self, world: &World<'_>, visited: &Visited, state: &[u16]) -> Expanded {
        let mut expanded = Expanded::default();
        self.expand(world, state, &mut expanded);
        expanded.look_up(visited);
        expanded
    }

    /// Expands states, into `out`, and lets the world go in between where it is wanted.
    fn expand_all<'s>(&mut self, world: &Shared<'_, '_>, states: impl Iterator<Item = &'s [u16]>, out: &mut Expanded) {
        let mut looked_at = world.read();
        for state in states {
            if world.is_wanted() {
                drop(looked_at);
                looked_at = world.read();
            }
            self.expand(&looked_at, state, out);
        }
    }

    /// Expands one more state, into `out`, where nothing is looked up yet.
    fn expand(&mut self, world: &World<'_>, state: &[u16], out: &mut Expanded) {
        let (found, numbers) = (out.found.len(), out.numbers.len());
        let mut outcome = Outcome::default();
        if self.try_expand(world, &State::decode(state), &mut outcome, out).is_err() {
            out.found.truncate(found);
            out.numbers.truncate(numbers);
            outcome = Outcome { missed: true, ..Outcome::default() };
        }
        out.outcomes.push(Outcome { end: out.found.len(), ..outcome });
    }

    fn try_expand(
        &mut self,
        world: &World<'_>,
        state: &State,
        outcome: &mut Outcome,
        out: &mut Expanded,
    ) -> Result<(), Miss> {
        if world.judge(state)?.is_some() {
            outcome.broken = true;
            return Ok(());
        }
        outcome.goals = goals::of_state(world, state);
        let idle = (0..).zip(&state.processes).filter(|(_, process)| world.is_idle(process));
        outcome.idle = idle.fold(0, |idle, (client, _)| idle | 1 << client);
        world.leap_ahead(state, &mut self.leaps)?;
        if world.waits_in_vain(state, self.leaps.last.iter().map(|next| &next.step)).is_some() {
            outcome.broken = true;
            return Ok(());
        }
        for Successor { step, said, state: next, .. } in &mut self.leaps.last {
            let (is_fault, actor) = (step.is_fault(), step.client().unwrap_or(NOBODY));
            let serves = state.processes.get(usize::from(actor)).is_some_and(|process| {
                let after = &next.processes[usize::from(actor)];
                !world.in_critical_section(process) && world.in_critical_section(after)
            });
            out.said.extend(*said);
            world.settle(next, &mut |step| out.said.extend(step.said))?;
            let renamed = world.encode(next, &mut self.numbers)?;
            let fingerprint = fingerprint(&self.numbers);
            out.numbers.extend_from_slice(&self.numbers);
            let end = out.numbers.len();
            out.found.push(Found { fingerprint, known: None, is_fault, renamed, actor, serves, end });
        }
        Ok(())
    }
}

/// So many states are one piece of work: few enough that a thread which waits for one does not wait long, and so many that
/// handing it over costs little beside.
const PIECE: usize = 64;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Expands the states `from..to` of a layer, piece by piece, on so many threads, and hands each piece to `take` in the
/// order of the states: what came of expanding them, and the place of the first. It ends early with what `take` breaks with.
///
/// This thread takes whatever can be taken, and expands a piece itself when the next one is not there yet. So nobody
/// waits but at the end, and `take` sees the same for any number of threads, but for this: what `take` teaches the world is known
/// to some of the pieces that come later and not to others, which may have [missed](Outcome::missed) it.
pub(super) fn in_order<T>(
    (world, graph): (&Shared<'_, '_>, &RwLock<&mut Graph>),
    layer: &Frontier,
    (from, to): (usize, usize),
    threads: usize,
    mut take: impl FnMut(&Expanded, usize) -> ControlFlow<T>,
) -> Option<T> {
    let count = (to - from).div_ceil(PIECE);
    let first = |piece: usize| from + piece * PIECE;
    let next = AtomicUsize::new(0);
    let claim = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|piece| *piece < count);
    // What one thread has filled another empties, and memory is dear that one allocates and another frees.
    let emptied = Mutex::new(Vec::new());
    let expand = |piece: usize, expander: &mut Expander| {
        let mut expanded: Expanded = lock(&emptied).pop().unwrap_or_default();
        let end = (first(piece) + PIECE).min(to);
        expander.expand_all(world, (first(piece)..end).map(|at| layer.get(at)), &mut expanded);
        // Who takes in is not waited for; it can look up by itself.
        if let Ok(graph) = graph.try_read() {
            expanded.look_up(&graph.visited);
        }
        expanded
    };
    let (done, from_others) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            let done = done.clone();
            scope.spawn(move || {
                let mut expander = Expander::default();
                while let Some(piece) = claim() {
                    if done.send((piece, expand(piece, &mut expander))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut expander = Expander::default();
        let mut waiting: Vec<Option<Expanded>> = Vec::new();
        waiting.resize_with(count, || None);
        for piece in 0..count {
            let mut found = loop {
                for (at, found) in from_others.try_iter() {
                    waiting[at] = Some(found);
                }
                if let Some(found) = waiting[piece].take() {
                    break found;
                }
                let (at, found) = match claim() {
                    Some(at) => (at, expand(at, &mut expander)),
                    // It ends when another thread has panicked, as this one will then.
                    None => from_others.recv().ok()?,
                };
                waiting[at] = Some(found);
            };
            if let ControlFlow::Break(end) = take(&found, first(piece)) {
                next.fetch_max(count, Ordering::Relaxed);
                return Some(end);
            }
            found.clear();
            lock(&emptied).push(found);
        }
        None
    })
}
