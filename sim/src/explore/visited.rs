//! The states met so far, as fingerprints of 128 bits.
//!
//! Two states with one fingerprint would be taken for one. For a search of n states the odds of that are below
//! n² / 2^129; [`collision_odds`] says it in a number.

use std::hash::Hasher;

use hashbrown::HashTable;
use siphasher::sip128::{Hasher128, SipHasher13};

/// A state's number, in the order of discovery; breadth first, that is the order of depth.
pub(super) type StateId = u32;

/// What is kept of a state.
pub(super) type Fingerprint = u128;

/// The fingerprint of a state that was written down as numbers.
pub(super) fn fingerprint(state: &[u16]) -> Fingerprint {
    let mut hasher = SipHasher13::new();
    for chunk in state.chunks(4) {
        let word = chunk.iter().fold(0, |word, &number| word << 16 | u64::from(number));
        hasher.write_u64(word);
    }
    hasher.write_usize(state.len());
    hasher.finish128().as_u128()
}

/// An upper bound of the odds that any two of so many states have one fingerprint.
pub(super) fn collision_odds(states: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "odds are told in one digit")]
    let states = states as f64;
    states * states / 2_f64.powi(129)
}

/// Each table grows on its own, so that the memory needed at once for growing is small.
const TABLES: usize = 1 << u8::BITS;

/// Fingerprints stand in blocks of this many, which never move.
const BLOCK: usize = 1 << 15;

#[derive(Debug)]
pub(super) struct Visited {
    fingerprints: Vec<Vec<Fingerprint>>,
    tables: Vec<HashTable<StateId>>,
    count: usize,
}

impl Visited {
    pub(super) fn new() -> Self {
        Self { fingerprints: Vec::new(), tables: (0..TABLES).map(|_| HashTable::new()).collect(), count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn fingerprint(&self, state: StateId) -> Fingerprint {
        at(&self.fingerprints, state)
    }

    pub(super) fn find(&self, fingerprint: Fingerprint) -> Option<StateId> {
        let (table, hash) = place(fingerprint);
        self.tables[table].find(hash, |&id| at(&self.fingerprints, id) == fingerprint).copied()
    }

    /// The number of a state, and whether it is new.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint) -> (StateId, bool) {
        // `entry` would tell both, but it makes room before it looks: how large the tables are would depend on how often
        // what is known is put in again, and that on the threads.
        if let Some(known) = self.find(fingerprint) {
            return (known, false);
        }
        let id = StateId::try_from(self.count).unwrap_or_else(|_| panic!("more than {} states", StateId::MAX));
        let (fingerprints, (table, hash)) = (&self.fingerprints, place(fingerprint));
        self.tables[table].insert_unique(hash, id, |&id| place(at(fingerprints, id)).1);
        self.count += 1;
        match self.fingerprints.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(fingerprint),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(fingerprint);
                self.fingerprints.push(block);
            }
        }
        (id, true)
    }

    /// How much memory this takes.
    pub(super) fn bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(HashTable::allocation_size).sum();
        tables + self.fingerprints.len() * BLOCK * size_of::<Fingerprint>()
    }
}

fn at(fingerprints: &[Vec<Fingerprint>], state: StateId) -> Fingerprint {
    fingerprints[state as usize / BLOCK][state as usize % BLOCK]
}

/// In which table a fingerprint is, and its hash there.
fn place(fingerprint: Fingerprint) -> (usize, u64) {
    let [table, _, _, _, _, _, _, _, hash @ ..] = fingerprint.to_le_bytes();
    (table.into(), u64::from_le_bytes(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_new_once() {
        let mut visited = Visited::new();
        let states: Vec<Fingerprint> =
            (0..300_u16).flat_map(|one| (0..300).map(move |other| fingerprint(&[7, one, other]))).collect();
        for (number, state) in (0..).zip(&states) {
            assert_eq!(visited.insert(*state), (number, true));
        }
        for (number, state) in (0..).zip(&states) {
            assert_eq!(visited.insert(*state), (number, false));
            assert_eq!(visited.find(*state), Some(number));
            assert_eq!(visited.fingerprint(number), *state);
        }
        assert_eq!(visited.len(), states.len());
    }

    #[test]
    fn where_a_number_stands_is_part_of_the_fingerprint() {
        let states: [&[u16]; 6] = [&[], &[0], &[0, 0], &[0, 0, 0, 0], &[1, 0], &[0, 1]];
        for (at, one) in states.iter().enumerate() {
            for other in &states[at + 1..] {
                assert_ne!(fingerprint(one), fingerprint(other), "{one:?} {other:?}");
            }
        }
    }
}
