//! Fair cycles: runs that go on for ever, and on which something never happens.
//!
//! A run is *fair* here when no client is left standing for ever: a client that has begun something and could go on, all
//! the time from some moment on, does. (Weak fairness. A client that is idle owes nothing, and one that waits for
//! something that does not come cannot go on.) Faults come to an end, so there are none on a cycle.
//!
//! Where the graph of the other steps has a strongly connected part in which each client has a step, or a state in
//! which it is idle or cannot go on, a run can go round in it for ever and be fair: a tour through all of these. Where
//! no part is like that, every fair run leaves it in the end. So it is enough to look at the parts (Tarjan).

use std::ops::ControlFlow;

use super::{
    edges::{Edge, Edges},
    visited::StateId,
};
use crate::history::closing::GoOn;

/// Clients as bits.
pub(super) type Clients = u16;

/// The steps that a run may take for ever.
struct Graph {
    targets: Vec<StateId>,
    actors: Vec<u8>,
    /// Where the steps of each state end.
    ends: Vec<usize>,
    /// The clients that have to go on in each state: they have begun something and have a step, or are the one that tries.
    obliged: Vec<Clients>,
}

/// A fair cycle, as near to the beginning as there is one, on which `tries` does not stay idle and which takes only
/// steps that `may` be taken: the states on it, the last one the first again. `idle` says for each state who is
/// between two attempts.
pub(super) fn cycle(
    edges: &Edges,
    clients: u8,
    idle: &[Clients],
    tries: u8,
    may: impl Fn(&Edge) -> bool,
    go_on: GoOn<'_>,
) -> ControlFlow<String, Option<Vec<StateId>>> {
    let graph = Graph::new(edges, idle, tries, may, go_on)?;
    let all = (1 << clients) - 1;
    let mut nearest: Option<Vec<StateId>> = None;
    for part in graph.parts(go_on)? {
        go_on()?;
        if nearest.as_ref().is_none_or(|nearest| part < *nearest) && graph.is_fair(&part, all) {
            nearest = Some(part);
        }
    }
    ControlFlow::Continue(nearest.map(|part| graph.tour(&part, all)))
}

/// Whoever watches is asked after so many blocks of states,
const BLOCKS_UNSEEN: usize = 64;

/// or so many steps between states.
const STEPS_UNSEEN: usize = 1 << 18;

impl Graph {
    fn new(
        edges: &Edges,
        idle: &[Clients],
        tries: u8,
        may: impl Fn(&Edge) -> bool,
        go_on: GoOn<'_>,
    ) -> ControlFlow<String, Self> {
        let mut graph = Self { targets: Vec::new(), actors: Vec::new(), ends: Vec::new(), obliged: Vec::new() };
        let mut states = Vec::new();
        for block in 0..edges.blocks() {
            if block.is_multiple_of(BLOCKS_UNSEEN) {
                go_on()?;
            }
            edges.read(block, &mut states);
            for steps in &states {
                let mut can_go_on = 0;
                for step in steps.iter().filter(|step| !step.is_fault) {
                    can_go_on |= bit(step.actor);
                    if may(step) {
                        graph.targets.push(step.target);
                        graph.actors.push(step.actor);
                    }
                }
                // Who tries is not to stay idle: neither because it begins nothing, nor because it has had its rounds.
                let idle = idle[graph.ends.len()];
                graph.obliged.push(can_go_on & !idle | idle & bit(tries));
                graph.ends.push(graph.targets.len());
            }
        }
        ControlFlow::Continue(graph)
    }

    fn steps(&self, state: StateId) -> impl Iterator<Item = (StateId, u8)> {
        let at = state as usize;
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        let steps = from..self.ends[at];
        steps.map(|step| (self.targets[step], self.actors[step]))
    }

    /// The strongly connected parts that have a step within, each sorted.
    fn parts(&self, go_on: GoOn<'_>) -> ControlFlow<String, Vec<Vec<StateId>>> {
        Tarjan::new(self).run(go_on)
    }

    fn is_fair(&self, part: &[StateId], all: Clients) -> bool {
        let mut excused = 0;
        for &state in part {
            excused |= all & !self.obliged[state as usize];
            let within = self.steps(state).filter(|(target, _)| part.binary_search(target).is_ok());
            excused |= within.fold(0, |actors, (_, actor)| actors | bit(actor));
        }
        excused & all == all
    }

    /// A way round through a fair part, on which each client steps or is excused.
    fn tour(&self, part: &[StateId], all: Clients) -> Vec<StateId> {
        let mut way = vec![part[0]];
        let mut excused = all & !self.obliged[part[0] as usize];
        while excused & all != all {
            let onward = self.shortest(part, way[way.len() - 1], |state, actors| {
                (actors | all & !self.obliged[state as usize]) & !excused != 0
            });
            for (state, actor) in onward {
                excused |= bit(actor) | all & !self.obliged[state as usize];
                way.push(state);
            }
        }
        if way.len() > 1 && way[way.len() - 1] == part[0] {
            return way;
        }
        let back = self.shortest(part, way[way.len() - 1], |state, _| state == part[0]);
        way.extend(back.into_iter().map(|(state, _)| state));
        way
    }

    /// The shortest way of at least one step, within `part`, whose last step is one that is wanted: by the state that
    /// it leads to and the client that takes it.
    fn shortest(
        &self,
        part: &[StateId],
        from: StateId,
        wanted: impl Fn(StateId, Clients) -> bool,
    ) -> Vec<(StateId, u8)> {
        let place = |state: StateId| part.binary_search(&state).ok();
        let mut came: Vec<Option<(StateId, u8)>> = vec![None; part.len()];
        let mut waiting = std::collections::VecDeque::from([from]);
        while let Some(state) = waiting.pop_front() {
            for (target, actor) in self.steps(state) {
                let Some(at) = place(target) else { continue };
                if wanted(target, bit(actor)) {
                    let mut way = vec![(target, actor)];
                    let mut at = state;
                    while at != from {
                        let Some((before, actor)) = place(at).and_then(|at| came[at]) else { break };
                        way.push((at, actor));
                        at = before;
                    }
                    way.reverse();
                    return way;
                }
                if came[at].is_none() && target != from {
                    came[at] = Some((state, actor));
                    waiting.push_back(target);
                }
            }
        }
        unreachable!("a strongly connected part leads everywhere within")
    }
}

/// The steps of nobody in particular are no client's.
fn bit(actor: u8) -> Clients {
    if u32::from(actor) < Clients::BITS { 1 << actor } else { 0 }
}

/// Tarjan's algorithm, without recursion.
struct Tarjan<'a> {
    graph: &'a Graph,
    /// When each state was come to, from 1.
    order: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<StateId>,
    /// The states under way, each with the next of its steps.
    way: Vec<(StateId, usize)>,
    count: u32,
    parts: Vec<Vec<StateId>>,
}

impl<'a> Tarjan<'a> {
    fn new(graph: &'a Graph) -> Self {
        let states = graph.ends.len();
        Self {
            graph,
            order: vec![0; states],
            low: vec![0; states],
            on_stack: vec![false; states],
            stack: Vec::new(),
            way: Vec::new(),
            count: 0,
            parts: Vec::new(),
        }
    }

    fn run(mut self, go_on: GoOn<'_>) -> ControlFlow<String, Vec<Vec<StateId>>> {
        let mut steps = 0_usize;
        for state in (0..).take(self.order.len()) {
            if self.order[state as usize] == 0 {
                self.enter(state);
                while let Some((state, step)) = self.way.pop() {
                    self.take_step(state, step);
                    steps += 1;
                    if steps.is_multiple_of(STEPS_UNSEEN) {
                        go_on()?;
                    }
                }
            }
        }
        ControlFlow::Continue(self.parts)
    }

    fn enter(&mut self, state: StateId) {
        self.count += 1;
        let at = state as usize;
        (self.order[at], self.low[at], self.on_stack[at]) = (self.count, self.count, true);
        self.stack.push(state);
        self.way.push((state, 0));
    }

    fn take_step(&mut self, state: StateId, step: usize) {
        let at = state as usize;
        if let Some((target, _)) = self.graph.steps(state).nth(step) {
            self.way.push((state, step + 1));
            let to = target as usize;
            if self.order[to] == 0 {
                self.enter(target);
            } else if self.on_stack[to] {
                self.low[at] = self.low[at].min(self.order[to]);
            }
            return;
        }
        if let Some(&(before, _)) = self.way.last() {
            self.low[before as usize] = self.low[before as usize].min(self.low[at]);
        }
        if self.low[at] == self.order[at] {
            self.take_part(state);
        }
    }

    fn take_part(&mut self, first: StateId) {
        let from = self.stack.iter().rposition(|state| *state == first).unwrap_or_default();
        let mut part = self.stack.split_off(from);
        for state in &part {
            self.on_stack[*state as usize] = false;
        }
        part.sort_unstable();
        let goes_round = part.len() > 1 || self.graph.steps(first).any(|(target, _)| target == first);
        if goes_round {
            self.parts.push(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each state's steps: where to, and by which client.
    fn edges(states: &[&[(StateId, u8)]]) -> Edges {
        let mut edges = Edges::telling_actors();
        for steps in states {
            for &(target, actor) in *steps {
                edges.push(Edge { target, is_fault: false, renamed: None, actor, serves: false });
            }
            edges.close();
        }
        edges
    }

    fn cycle(
        edges: &Edges,
        clients: u8,
        idle: &[Clients],
        tries: u8,
        may: impl Fn(&Edge) -> bool,
    ) -> Option<Vec<StateId>> {
        let found = super::cycle(edges, clients, idle, tries, may, &mut || ControlFlow::Continue(()));
        found.continue_value().unwrap()
    }

    fn busy(states: &[&[(StateId, u8)]]) -> Option<Vec<StateId>> {
        cycle(&edges(states), 2, &vec![0; states.len()], 0, |_| true)
    }

    #[test]
    fn a_cycle_of_one_client_is_unfair_to_another_that_could_go_on() {
        assert_eq!(busy(&[&[(1, 0), (2, 1)], &[(0, 0), (2, 1)], &[]]), None);
    }

    #[test]
    fn a_cycle_of_one_client_is_fair_to_another_that_cannot_go_on_somewhere_on_it() {
        assert_eq!(busy(&[&[(1, 0), (2, 1)], &[(0, 0)], &[]]), Some(vec![0, 1, 0]));
    }

    #[test]
    fn a_cycle_of_one_client_is_fair_to_another_that_is_idle() {
        let edges = edges(&[&[(1, 0), (2, 1)], &[(0, 0), (2, 1)], &[]]);
        assert_eq!(cycle(&edges, 2, &[0b10, 0, 0], 0, |_| true), Some(vec![0, 1, 0]));
        assert_eq!(cycle(&edges, 2, &[0b10, 0, 0], 1, |_| true), None, "unless it is the one that tries");
    }

    #[test]
    fn a_tour_takes_everybody_along() {
        let away = (4, 1);
        let states: [&[(StateId, u8)]; 5] =
            [&[(1, 0), away], &[(2, 0), (3, 1)], &[(0, 0), away], &[(2, 0), (2, 1)], &[]];
        let way = busy(&states).unwrap();
        assert_eq!((way[0], way[way.len() - 1]), (0, 0));
        let steps =
            way.windows(2).map(|pair| states[pair[0] as usize].iter().find(|step| step.0 == pair[1]).unwrap().1);
        assert_eq!(steps.fold(0, |actors, actor| actors | bit(actor)), 0b11);
    }

    #[test]
    fn steps_that_may_not_be_taken_make_no_cycle() {
        let edges = edges(&[&[(1, 0)], &[(0, 1)]]);
        assert_eq!(cycle(&edges, 2, &[0, 0], 0, |step| step.target != 0), None);
        assert_eq!(cycle(&edges, 2, &[0, 0], 0, |_| true), Some(vec![0, 1, 0]));
    }

    #[test]
    fn a_state_that_leads_to_itself_is_a_cycle() {
        assert_eq!(busy(&[&[(1, 0)], &[(1, 0), (1, 1)]]), Some(vec![1, 1, 1]));
    }
}
