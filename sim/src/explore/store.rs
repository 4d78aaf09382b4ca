//! The states met so far, each kept once, as numbers in one long array. Exact: states are compared, not their hashes.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A state's number, in the order of discovery; breadth first, that is the order of depth.
pub(super) type StateId = u32;

#[derive(Debug)]
pub(super) struct Store {
    numbers: Vec<u16>,
    /// Where each state begins, and the end of the last.
    begins: Vec<usize>,
    by_hash: HashTable<StateId>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { numbers: Vec::new(), begins: vec![0], by_hash: HashTable::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.begins.len() - 1
    }

    pub(super) fn get(&self, state: StateId) -> &[u16] {
        slice(&self.numbers, &self.begins, state)
    }

    /// The number of a state, and whether it is new.
    pub(super) fn insert(&mut self, state: &[u16]) -> (StateId, bool) {
        let (numbers, begins) = (&self.numbers, &self.begins);
        let hash = hash(state);
        let known = self.by_hash.find(hash, |&id| slice(numbers, begins, id) == state);
        if let Some(&id) = known {
            return (id, false);
        }
        let id = StateId::try_from(self.len()).unwrap_or_else(|_| panic!("more than {} states", StateId::MAX));
        self.numbers.extend_from_slice(state);
        self.begins.push(self.numbers.len());
        let (numbers, begins) = (&self.numbers, &self.begins);
        self.by_hash.insert_unique(hash, id, |&id| self::hash(slice(numbers, begins, id)));
        (id, true)
    }
}

fn slice<'a>(numbers: &'a [u16], begins: &[usize], state: StateId) -> &'a [u16] {
    let at = state as usize;
    &numbers[begins[at]..begins[at + 1]]
}

fn hash(state: &[u16]) -> u64 {
    let mut hasher = FxHasher::default();
    for chunk in state.chunks(4) {
        let word = chunk.iter().fold(0, |word, &number| word << 16 | u64::from(number));
        hasher.write_u64(word);
    }
    hasher.write_usize(state.len());
    hasher.finish()
}
