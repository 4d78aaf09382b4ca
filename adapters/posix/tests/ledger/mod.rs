//! The ledger of a storm: fixed records in a file, each of which says how long the ledger was before.

use std::{fs, path::Path};

/// Bytes of a record: child, round and place in the ledger, 4 bytes each, and 4 to make it a divisor of a page.
pub(crate) const RECORD: usize = 16;

/// One round, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) child: u32,
    pub(crate) round: u32,
    pub(crate) place: u32,
}

impl Record {
    pub(crate) fn to_bytes(self) -> [u8; RECORD] {
        let words = [self.child, self.round, self.place, u32::MAX].map(u32::to_le_bytes);
        words.concat().try_into().expect("four words")
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[4 * at..4 * at + 4].try_into().expect("a word"));
        assert_eq!(word(3), u32::MAX, "a record was torn");
        Self { child: word(0), round: word(1), place: word(2) }
    }
}

pub(crate) fn ledger(dir: &Path) -> Vec<Record> {
    let bytes = fs::read(dir.join("ledger")).expect("the ledger is there");
    assert_eq!(bytes.len() % RECORD, 0, "a record was torn");
    bytes.chunks(RECORD).map(Record::from_bytes).collect()
}
