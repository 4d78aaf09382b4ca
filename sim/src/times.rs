//! Time, as far as it is counted: one clock, which ticks a few times, and the stamps that it left on entries.

use std::time::Duration;

use lockwright_kernel::clock::{Instant, Timestamp};

use crate::{
    miss::Miss,
    names::{Names, PathId, ROOT},
    state::Naming,
    tree::Change,
};

/// The clock, and when each entry was last written or touched or, a directory, had entries come or go.
///
/// The file system and all clients go by this clock. A tick is a second, and many steps may fit between two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    now: u8,
    // invariant: sorted by path; the root has none
    stamps: Vec<(PathId, u8)>,
}

impl Times {
    pub(crate) fn tick(&mut self) {
        self.now += 1;
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::new(Duration::from_secs(self.now.into()))
    }

    /// The stamp of an entry that stands there.
    pub(crate) fn stamp(&self, path: PathId) -> Timestamp {
        let at = self.stamps.binary_search_by_key(&path, |stamp| stamp.0);
        Timestamp::new(Duration::from_secs(at.map_or(0, |at| self.stamps[at].1.into())))
    }

    pub(crate) fn touch(&mut self, path: PathId) {
        match self.stamps.binary_search_by_key(&path, |stamp| stamp.0) {
            _ if path == ROOT => {}
            Ok(at) => self.stamps[at].1 = self.now,
            Err(at) => self.stamps.insert(at, (path, self.now)),
        }
    }

    /// Lets the stamps follow a change. A stamp goes with its entry where that is moved.
    pub(crate) fn notice(&mut self, names: &Names, change: Change) -> Result<(), Miss> {
        match change {
            Change::Added(path) => {
                self.touch(path);
                self.touch(names.parent(path));
            }
            Change::Removed(path) => {
                self.stamps.retain(|stamp| stamp.0 != path);
                self.touch(names.parent(path));
            }
            Change::Moved { from, to, .. } => {
                self.stamps.retain(|stamp| stamp.0 != to);
                for stamp in self.stamps.iter_mut().filter(|stamp| names.is_within(stamp.0, from)) {
                    stamp.0 = names.rebase(stamp.0, from, to)?;
                }
                self.stamps.sort_unstable();
                self.touch(names.parent(from));
                self.touch(names.parent(to));
            }
        }
        Ok(())
    }

    pub(crate) fn encode(&self, naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
        let mut stamps = self.stamps.clone();
        for stamp in &mut stamps {
            stamp.0 = naming.path(stamp.0)?;
        }
        stamps.sort_unstable();
        out.push(self.now.into());
        out.push(u16::try_from(stamps.len()).unwrap_or_else(|_| unreachable!("paths are u16")));
        out.extend(stamps.iter().flat_map(|&(path, at)| [path, at.into()]));
        Ok(())
    }

    /// Reads back what [`Times::encode`] wrote.
    pub(crate) fn decode(mut next: impl FnMut() -> u16) -> Self {
        let byte = |number: u16| u8::try_from(number).unwrap_or_else(|_| unreachable!("it was written from a byte"));
        let now = byte(next());
        let count = next();
        let stamps = (0..count).map(|_| (next(), next())).map(|(path, at)| (path, byte(at))).collect();
        Self { now, stamps }
    }
}
