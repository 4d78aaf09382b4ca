//! The graph of the steps without crashes, to ask from which states a goal can still be reached.

use super::store::StateId;

/// The successors of each state, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Graph {
    targets: Vec<StateId>,
    /// Where the successors of each state end.
    ends: Vec<usize>,
}

impl Graph {
    /// Notes a step from the state that [`Graph::close`] will end next.
    pub(super) fn push(&mut self, target: StateId) {
        self.targets.push(target);
    }

    /// Ends the successors of one state.
    pub(super) fn close(&mut self) {
        self.ends.push(self.targets.len());
    }

    /// The first state from which no goal can be reached.
    pub(super) fn first_cut_off(&self, goals: impl Iterator<Item = StateId>) -> Option<StateId> {
        let (sources, ends) = self.reversed();
        let mut reaches = vec![false; self.ends.len()];
        let mut stack: Vec<StateId> = goals.collect();
        for &goal in &stack {
            reaches[goal as usize] = true;
        }
        while let Some(state) = stack.pop() {
            let at = state as usize;
            let from = if at == 0 { 0 } else { ends[at - 1] };
            for &source in &sources[from..ends[at]] {
                if !reaches[source as usize] {
                    reaches[source as usize] = true;
                    stack.push(source);
                }
            }
        }
        (0..).zip(&reaches).find(|(_, reached)| !**reached).map(|(state, _)| state)
    }

    /// The predecessors of each state, laid out as the successors are.
    fn reversed(&self) -> (Vec<StateId>, Vec<usize>) {
        let mut ends = vec![0; self.ends.len()];
        for &target in &self.targets {
            ends[target as usize] += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total;
        }
        let mut at = ends.clone();
        let mut sources = vec![0; self.targets.len()];
        let mut from = 0;
        for (source, &end) in (0..).zip(&self.ends) {
            for &target in &self.targets[from..end] {
                at[target as usize] -= 1;
                sources[at[target as usize]] = source;
            }
            from = end;
        }
        (sources, ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(successors: &[&[StateId]]) -> Graph {
        let mut graph = Graph::default();
        for targets in successors {
            targets.iter().for_each(|&target| graph.push(target));
            graph.close();
        }
        graph
    }

    #[test]
    fn a_state_that_leads_nowhere_is_cut_off() {
        let graph = graph(&[&[1, 2], &[0], &[2]]);
        assert_eq!(graph.first_cut_off([1].into_iter()), Some(2));
        assert_eq!(graph.first_cut_off([1, 2].into_iter()), None);
        assert_eq!(graph.first_cut_off([].into_iter()), Some(0));
    }

    #[test]
    fn a_long_way_is_a_way() {
        let graph = graph(&[&[1], &[2], &[3], &[]]);
        assert_eq!(graph.first_cut_off([3].into_iter()), None);
        assert_eq!(graph.first_cut_off([2].into_iter()), Some(3));
    }
}
