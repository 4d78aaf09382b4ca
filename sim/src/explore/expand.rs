//! Expanding states: their successors, fingerprinted, some states by one thread and some by another.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustc_hash::FxHashSet;

use super::{
    edges::NOBODY,
    fair::Clients,
    goals::{self, Reached},
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
    /// With room for so many steps and numbers.
    fn with_room((found, numbers): (usize, usize)) -> Self {
        Self {
            outcomes: Vec::with_capacity(PIECE),
            found: Vec::with_capacity(found),
            numbers: Vec::with_capacity(numbers),
            said: FxHashSet::default(),
        }
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

/// So many states are one piece of work.
const PIECE: usize = 128;

/// What came of expanding some states that follow one another in a layer.
#[derive(Debug, Default)]
pub(super) struct Block {
    // invariant: all but the last are about PIECE states
    pieces: Vec<Expanded>,
}

impl Block {
    /// How many states it is about.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.outcomes.len()).sum()
    }

    /// Where the expansion of one of these states is.
    pub(super) fn state(&self, at: usize) -> (&Expanded, usize) {
        (&self.pieces[at / PIECE], at % PIECE)
    }

    /// Looks up which of the states that were found are known.
    pub(super) fn look_up(&mut self, visited: &Visited, threads: usize) {
        let share = self.pieces.len().div_ceil(threads).max(1);
        let mut shares = self.pieces.chunks_mut(share);
        let own = shares.next().unwrap_or_default();
        let look_up = |share: &mut [Expanded]| {
            for piece in share {
                piece.look_up(visited);
            }
        };
        thread::scope(|scope| {
            for share in shares {
                scope.spawn(move || look_up(share));
            }
            look_up(own);
        });
    }
}

/// Expands the states `from..to` of a layer, on so many threads; this one does something else first. Nothing is looked up
/// yet. The outcome is the same for any number of threads.
pub(super) fn expand_all<T>(
    world: &World<'_>,
    layer: &Frontier,
    (from, to): (usize, usize),
    threads: usize,
    first: impl FnOnce() -> T,
) -> (Block, T) {
    let count = (to - from).div_ceil(PIECE);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let work = || {
        let mut expander = Expander::default();
        // Neighbours are much alike.
        let mut room = (0, 0);
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= count {
                return;
            }
            let first = from + piece * PIECE;
            let mut found = Expanded::with_room(room);
            for at in first..(first + PIECE).min(to) {
                expander.expand(world, layer.get(at), &mut found);
            }
            room = (found.found.len(), found.numbers.len());
            done.lock().unwrap_or_else(PoisonError::into_inner).push((piece, found));
        }
    };
    let first = thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            scope.spawn(work);
        }
        let first = first();
        work();
        first
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(piece, _)| *piece);
    (Block { pieces: done.into_iter().map(|(_, expanded)| expanded).collect() }, first)
}

/// How many states are one piece of work.
pub(super) const fn piece() -> usize {
    PIECE
}
