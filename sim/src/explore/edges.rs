//! The steps between states, packed: a few bytes each, since most lead to a state that was found not long ago.

use super::visited::StateId;
use crate::symmetry::PermId;

/// A step from a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) target: StateId,
    /// Whether it is the crash of a process, or another thing that only goes wrong so many times.
    pub(super) is_fault: bool,
    /// How the processes were renamed on the way, where names do not matter.
    pub(super) renamed: Option<PermId>,
    /// The client that takes it, or [`NOBODY`]; told only by [`Edges::telling_actors`].
    pub(super) actor: u8,
    /// Whether with it a client comes to hold the lock; told only by [`Edges::telling_actors`].
    pub(super) serves: bool,
}

/// The actor of a step that no client takes.
pub(super) const NOBODY: u8 = 31;

/// So many states' steps stand together.
const BLOCK: usize = 1024;

/// The steps from each state, in the order of the states.
#[derive(Debug, Default)]
pub(super) struct Edges {
    blocks: Vec<Box<[u8]>>,
    last: Vec<u8>,
    /// The steps of the state that [`Edges::close`] will end next.
    open: Vec<Edge>,
    states: usize,
    bytes: usize,
    tells_actors: bool,
}

impl Edges {
    /// Keeps of each step who takes it.
    pub(super) fn telling_actors() -> Self {
        Self { tells_actors: true, ..Self::default() }
    }

    pub(super) fn push(&mut self, edge: Edge) {
        self.open.push(edge);
    }

    /// Ends the steps of one state.
    pub(super) fn close(&mut self) {
        let from = self.states as u64;
        write(&mut self.last, self.open.len() as u64);
        for edge in self.open.drain(..) {
            let target = u64::from(edge.target);
            let (back, distance) = if target >= from { (0, target - from) } else { (1, from - target) };
            let flags = u64::from(edge.is_fault) << 1 | u64::from(edge.renamed.is_some());
            let mut word = distance << 3 | back << 2 | flags;
            if self.tells_actors {
                word = word << 6 | u64::from(edge.serves) << 5 | u64::from(edge.actor & NOBODY);
            }
            write(&mut self.last, word);
            if let Some(renamed) = edge.renamed {
                write(&mut self.last, renamed.into());
            }
        }
        self.states += 1;
        if self.states.is_multiple_of(BLOCK) {
            let block = std::mem::take(&mut self.last).into_boxed_slice();
            self.bytes += block.len();
            self.blocks.push(block);
        }
    }

    /// The number of states whose steps are here.
    pub(super) fn states(&self) -> usize {
        self.states
    }

    /// How much memory this takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.last.capacity() + self.blocks.capacity() * size_of::<Box<[u8]>>()
    }

    /// How many blocks of states there are.
    pub(super) fn blocks(&self) -> usize {
        self.states.div_ceil(BLOCK)
    }

    /// The block that a state is in.
    pub(super) fn block_of(state: StateId) -> usize {
        state as usize / BLOCK
    }

    /// Reads the steps of one block's states, in order: the first state, and for each of the states its steps.
    pub(super) fn read(&self, block: usize, out: &mut Vec<Vec<Edge>>) -> StateId {
        let mut input = self.blocks.get(block).map_or(&self.last[..], |block| block);
        let first = block * BLOCK;
        let count = (self.states - first).min(BLOCK);
        out.truncate(count);
        out.resize(count, Vec::new());
        for (from, steps) in (first as u64..).zip(out) {
            steps.clear();
            for _ in 0..read(&mut input) {
                let mut word = read(&mut input);
                let (mut actor, mut serves) = (NOBODY, false);
                if self.tells_actors {
                    let [low, ..] = word.to_le_bytes();
                    (actor, serves) = (low & NOBODY, low & 1 << 5 != 0);
                    word >>= 6;
                }
                let distance = word >> 3;
                let target = if word & 4 == 0 { from + distance } else { from - distance };
                let renamed = (word & 1 != 0).then(|| PermId::try_from(read(&mut input)).unwrap_or_default());
                let target = StateId::try_from(target).unwrap_or_else(|_| unreachable!("it was written from one"));
                steps.push(Edge { target, is_fault: word & 2 != 0, renamed, actor, serves });
            }
        }
        StateId::try_from(first).unwrap_or_else(|_| unreachable!("a state's number"))
    }
}

/// Seven bits a byte, the lowest first.
fn write(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 127);
            return;
        }
        out.push(low | 128);
    }
}

fn read(input: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let Some((&byte, rest)) = input.split_first() else { break };
        *input = rest;
        number |= u64::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edge() -> impl Strategy<Value = Edge> {
        (any::<StateId>(), any::<bool>(), proptest::option::of(any::<PermId>()), 0..=NOBODY, any::<bool>())
            .prop_map(|(target, is_fault, renamed, actor, serves)| Edge { target, is_fault, renamed, actor, serves })
    }

    proptest! {
        #[test]
        fn steps_are_read_as_they_were_written(
            states in proptest::collection::vec(proptest::collection::vec(edge(), 0..4), 1..3000),
        ) {
            let mut edges = Edges::telling_actors();
            for steps in &states {
                for step in steps {
                    edges.push(*step);
                }
                edges.close();
            }
            let (mut seen, mut out) = (Vec::new(), Vec::new());
            for block in 0..edges.blocks() {
                prop_assert_eq!(edges.read(block, &mut out) as usize, seen.len());
                seen.extend(out.iter().cloned());
            }
            prop_assert_eq!(seen, states);
        }
    }
}
