//! What is kept of a search, in this order: whether its pass is over, what it learned, what it counted, its states, its
//! steps, its frontier.
//!
//! Of the tables behind a state's numbers nothing is kept but the [lessons](super::super::lessons) that fill them again.
//! The states are their fingerprints, 16 bytes each in the order of their numbers; a step is a few bytes, since most lead
//! to a state of about the same number; and only those states are written in full that are yet to be expanded. Each of
//! these has to have the fingerprint that stands at its number.

use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
};

use super::{
    super::{
        Resumed,
        bfs::Search,
        edges::{Edge, NOBODY},
        expand::Frontier,
        graph::Graph,
        passes::Passes,
        visited::{StateId, fingerprint},
    },
    ResumeError,
    frames::{Sealer, Unsealer},
};
use crate::{history::Then, symmetry::PermId};

/// A state in full has fewer numbers than this.
const NUMBERS_MAX: usize = 1 << 20;

pub(super) fn write<W: Write>(passes: &mut Passes<'_>, to: &mut Sealer<W>) -> io::Result<()> {
    write_lessons(passes, to)?;
    let search = &mut passes.search;
    write_counts(search, to)?;
    for state in 0..search.graph.visited.len() {
        to.bytes(&search.graph.visited.fingerprint(id(state)).to_le_bytes())?;
    }
    write_edges(search, to)?;
    write_frontier(&search.layer, search.at, to)?;
    write_frontier(&search.graph.next, 0, to)
}

pub(super) fn read<R: Read>(passes: &mut Passes<'_>, from: &mut Unsealer<R>) -> Result<Resumed, ResumeError> {
    relearn(passes, from)?;
    let search = &mut passes.search;
    let states = read_counts(search, from)?;
    let mut bytes = [0; 16];
    for _ in 0..states {
        from.bytes(&mut bytes)?;
        let (_, is_new) = search.graph.visited.insert(u128::from_le_bytes(bytes));
        sound(is_new)?;
    }
    read_edges(search, from)?;
    search.layer = read_frontier(search, search.graph.edges.states(), from)?;
    search.graph.next = read_frontier(search, search.graph.edges.states() + search.layer.len(), from)?;
    sound(search.graph.edges.states() + search.layer.len() + search.graph.next.len() == states)?;
    Ok(Resumed { states, transitions: search.graph.transitions })
}

/// Each pass has its lessons; of the last, then, how far the next one was begun that is to follow.
fn write_lessons<W: Write>(passes: &mut Passes<'_>, to: &mut Sealer<W>) -> io::Result<()> {
    let begun = if passes.is_over { 1 + passes.search.world.histories.asked().unwrap_or_default() } else { 0 };
    let search = &mut passes.search;
    let known = search.lessons.digest(&search.world);
    let passes = search.lessons.passes();
    to.number(passes.len())?;
    for lessons in passes {
        to.number(lessons.len())?;
        for (state, before) in lessons {
            to.number(before)?;
            write_state(state, to)?;
        }
    }
    to.number(begun)?;
    to.number(known)
}

/// Goes through the same lessons.
fn relearn<R: Read>(passes: &mut Passes<'_>, from: &mut Unsealer<R>) -> Result<(), ResumeError> {
    let mut state = Vec::new();
    for pass in 0..from.number::<u64>()? {
        if pass > 0 {
            let begun = passes.begin_anew(&mut || ControlFlow::Continue(()));
            same(begun.is_continue())?;
        }
        let search = &mut passes.search;
        search.learn_the_first();
        for _ in 0..from.number::<u64>()? {
            let before: u64 = from.number()?;
            read_state(&mut state, from)?;
            // Its numbers mean something only where what was known is the same.
            same(search.lessons.digest(&search.world) == before)?;
            same(search.lessons.take(&mut search.world, &state))?;
        }
    }
    begin_anew_so_far(passes, from.number()?)?;
    let search = &mut passes.search;
    same(search.lessons.digest(&search.world) == from.number::<u64>()?)
}

/// Goes as far in beginning another pass as `begun` says.
fn begin_anew_so_far(passes: &mut Passes<'_>, begun: usize) -> Result<(), ResumeError> {
    passes.is_over = begun > 0;
    if begun < 2 {
        return Ok(());
    }
    let mut left = begun - 1;
    let broken_off = passes.begin_anew(&mut || {
        left -= 1;
        if left == 0 { ControlFlow::Break(String::new()) } else { ControlFlow::Continue(()) }
    });
    same(broken_off.is_break())
}

fn write_counts<W: Write>(search: &Search<'_>, to: &mut Sealer<W>) -> io::Result<()> {
    to.number(search.graph.transitions)?;
    to.number(search.learned_at.map_or(0, |at| at + 1))?;
    to.number(search.graph.said.len())?;
    // In an order of their own, so that the same search is the same file.
    let mut said: Vec<&str> = search.graph.said.iter().copied().collect();
    said.sort_unstable();
    for word in said {
        to.text(word)?;
    }
    to.number(search.layers.len())?;
    for first in &search.layers {
        to.number(*first)?;
    }
    to.number(search.graph.goals.len())?;
    for (state, reached) in &search.graph.goals {
        to.number(*state)?;
        to.number(*reached)?;
    }
    to.number(search.graph.idle.len())?;
    for clients in &search.graph.idle {
        to.number(*clients)?;
    }
    to.number(search.graph.visited.len())
}

/// Says how many states there are.
fn read_counts<R: Read>(search: &mut Search<'_>, from: &mut Unsealer<R>) -> Result<usize, ResumeError> {
    search.graph.transitions = from.number()?;
    search.learned_at = from.number::<usize>()?.checked_sub(1);
    for _ in 0..from.number::<u64>()? {
        let word = from.text()?;
        let histories = &search.world.histories;
        let known = histories.nodes_from(0).find_map(|node| match histories.then(node) {
            Then::Ends(outcome) if outcome.said == word => Some(outcome.said),
            _ => None,
        });
        search.graph.said.insert(known.ok_or(ResumeError::Differs)?);
    }
    search.layers.clear();
    for _ in 0..from.number::<u64>()? {
        search.layers.push(from.number()?);
    }
    sound(search.layers.first() == Some(&0) && search.layers.is_sorted_by(|one, next| one < next))?;
    for _ in 0..from.number::<u64>()? {
        search.graph.goals.push((from.number()?, from.number()?));
    }
    for _ in 0..from.number::<u64>()? {
        search.graph.idle.push(from.number()?);
    }
    Ok(from.number()?)
}

fn write_edges<W: Write>(search: &Search<'_>, to: &mut Sealer<W>) -> io::Result<()> {
    let Search { graph: Graph { edges, .. }, world, .. } = search;
    let tells_actors = !world.protocol.promises().is_empty();
    to.number(edges.states())?;
    let mut states = Vec::new();
    for block in 0..edges.blocks() {
        let first = edges.read(block, &mut states);
        for (state, steps) in (first..).zip(&states) {
            to.number(steps.len())?;
            for step in steps {
                write_edge(state, *step, tells_actors, to)?;
            }
        }
    }
    Ok(())
}

fn write_edge<W: Write>(state: StateId, step: Edge, tells_actors: bool, to: &mut Sealer<W>) -> io::Result<()> {
    let Edge { target, is_fault, renamed, actor, serves } = step;
    let distance = u64::from(target.abs_diff(state));
    let flags = u64::from(target < state) << 2 | u64::from(is_fault) << 1 | u64::from(renamed.is_some());
    to.number(distance << 3 | flags)?;
    if let Some(renamed) = renamed {
        to.number(renamed)?;
    }
    if tells_actors {
        to.bytes(&[actor << 1 | u8::from(serves)])?;
    }
    Ok(())
}

fn read_edges<R: Read>(search: &mut Search<'_>, from: &mut Unsealer<R>) -> Result<(), ResumeError> {
    let tells_actors = !search.world.protocol.promises().is_empty();
    let relabellings = search.world.symmetry.as_ref().map_or(0, |symmetry| symmetry.relabellings().count());
    let (states, expanded) = (search.graph.visited.len(), from.number::<usize>()?);
    sound(expanded <= states && search.graph.goals.iter().all(|(state, _)| (*state as usize) < expanded))?;
    sound(search.layers.iter().all(|first| (*first as usize) <= states))?;
    sound(search.graph.idle.len() == if tells_actors { expanded } else { 0 })?;
    for state in 0..expanded {
        for _ in 0..from.number::<u64>()? {
            let step = read_edge(id(state), tells_actors, from)?;
            sound((step.target as usize) < states && step.renamed.is_none_or(|by| usize::from(by) < relabellings))?;
            search.graph.edges.push(step);
        }
        search.graph.edges.close();
    }
    Ok(())
}

fn read_edge<R: Read>(state: StateId, tells_actors: bool, from: &mut Unsealer<R>) -> Result<Edge, ResumeError> {
    let word: u64 = from.number()?;
    let distance = StateId::try_from(word >> 3).map_err(|_| ResumeError::Damaged)?;
    let target = if word & 4 == 0 { state.checked_add(distance) } else { state.checked_sub(distance) };
    let target = target.ok_or(ResumeError::Damaged)?;
    let renamed: Option<PermId> = if word & 1 == 0 { None } else { Some(from.number()?) };
    let (mut actor, mut serves) = (NOBODY, false);
    if tells_actors {
        let mut byte = [0];
        from.bytes(&mut byte)?;
        (actor, serves) = (byte[0] >> 1, byte[0] & 1 != 0);
        sound(actor <= NOBODY)?;
    }
    Ok(Edge { target, is_fault: word & 2 != 0, renamed, actor, serves })
}

fn write_frontier<W: Write>(states: &Frontier, at: usize, to: &mut Sealer<W>) -> io::Result<()> {
    to.number(states.len() - at)?;
    (at..states.len()).try_for_each(|at| write_state(states.get(at), to))
}

/// The states from the number `first` on.
fn read_frontier<R: Read>(search: &Search<'_>, first: usize, from: &mut Unsealer<R>) -> Result<Frontier, ResumeError> {
    let (mut frontier, mut state) = (Frontier::default(), Vec::new());
    let count: usize = from.number()?;
    let end = first.checked_add(count).ok_or(ResumeError::Damaged)?;
    sound(end <= search.graph.visited.len())?;
    for number in first..end {
        read_state(&mut state, from)?;
        sound(search.graph.visited.fingerprint(id(number)) == fingerprint(&state))?;
        frontier.push(&state);
    }
    Ok(frontier)
}

fn write_state<W: Write>(state: &[u16], to: &mut Sealer<W>) -> io::Result<()> {
    to.number(state.len())?;
    state.iter().try_for_each(|number| to.number(*number))
}

fn read_state<R: Read>(state: &mut Vec<u16>, from: &mut Unsealer<R>) -> Result<(), ResumeError> {
    state.clear();
    let length: usize = from.number()?;
    sound(length < NUMBERS_MAX)?;
    for _ in 0..length {
        state.push(from.number()?);
    }
    Ok(())
}

fn id(state: usize) -> StateId {
    StateId::try_from(state).unwrap_or_else(|_| unreachable!("the table of states counts in this type"))
}

fn sound(is_sound: bool) -> Result<(), ResumeError> {
    if is_sound { Ok(()) } else { Err(ResumeError::Damaged) }
}

fn same(is_same: bool) -> Result<(), ResumeError> {
    if is_same { Ok(()) } else { Err(ResumeError::Differs) }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{
        catalogue,
        explore::{Limits, saved::Saved},
        protocol::Protocol,
        scenario::Scenario,
    };

    fn steps(search: &Search<'_>) -> Vec<Vec<Edge>> {
        let (mut all, mut states) = (Vec::new(), Vec::new());
        for block in 0..search.graph.edges.blocks() {
            search.graph.edges.read(block, &mut states);
            all.extend(states.iter().cloned());
        }
        all
    }

    fn waiting(search: &Search<'_>) -> [Vec<Vec<u16>>; 2] {
        [(&search.layer, search.at), (&search.graph.next, 0)]
            .map(|(states, at)| (at..states.len()).map(|at| states.get(at).to_vec()).collect())
    }

    fn broken_off<'a>(protocol: &'a dyn Protocol, scenario: &'a Scenario, limits: Limits) -> Passes<'a> {
        let mut passes = Passes::new(protocol, scenario, limits);
        passes.run(&mut |_| ControlFlow::Continue(()));
        passes
    }

    #[test]
    fn a_search_is_read_as_it_was_written() {
        let scenarios = [("fast_lock", 3, 1), ("fast_lock+cleaner", 3, 1), ("fast_lock-dir", 2, 2)];
        for (name, clients, crashes) in scenarios {
            for states_max in [2_000, 30_000] {
                let protocol = catalogue::find(name).unwrap().protocol();
                let scenario = Scenario::new(name, clients, crashes);
                let mut wrote = broken_off(protocol, &scenario, Limits { states_max, ..Limits::default() });
                let mut file = Vec::new();
                super::super::write(&mut wrote, &mut file).unwrap();
                let mut read = Passes::new(protocol, &scenario, Limits::default());
                super::super::read(&mut read, Saved::open(&file[..]).unwrap()).unwrap();

                let (wrote, read) = (wrote.search, read.search);
                let states = 0..wrote.graph.visited.len();
                let fingerprints = |search: &Search<'_>| -> Vec<_> {
                    states.clone().map(|state| search.graph.visited.fingerprint(id(state))).collect()
                };
                assert!(fingerprints(&wrote) == fingerprints(&read), "{scenario}");
                assert_eq!(wrote.graph.visited.len(), read.graph.visited.len());
                let steps = [&wrote, &read].map(steps);
                assert!(steps[0] == steps[1], "{scenario}");
                assert!(steps[0].iter().flatten().any(|step| step.is_fault && step.renamed.is_some()));
                assert!(waiting(&wrote) == waiting(&read), "{scenario}");
                assert!(
                    wrote.graph.goals == read.graph.goals
                        && wrote.layers == read.layers
                        && wrote.graph.said == read.graph.said
                );
                assert_eq!((wrote.graph.transitions, wrote.learned_at), (read.graph.transitions, read.learned_at));
            }
        }
    }
}
