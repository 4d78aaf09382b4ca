//! Time, as far as it is counted: clocks that tick a few times, and the stamps that one of them left on entries.

use std::time::Duration;

use lockwright_kernel::clock::{Instant, Timestamp};
use smallvec::SmallVec;

use crate::{
    miss::Miss,
    names::{Names, PathId, ROOT},
    state::Naming,
    tree::Change,
};

/// The clocks, and when each entry was last written or touched or, a directory, had entries come or go.
///
/// A tick is a second, and many steps may fit between two. All clocks tick together, but for those of a host that sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    now: u8,
    /// By how much the wall clock of the file system is ahead of time.
    server: u8,
    /// Whether stamps are rounded down to even seconds.
    is_coarse: bool,
    /// Those of each client.
    clocks: SmallVec<[Clocks; 6]>,
    // invariant: sorted by path; the root has none
    stamps: Vec<(PathId, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clocks {
    /// By how much the wall clock is ahead of time.
    wall: u8,
    /// How many ticks the host slept through.
    slept: u8,
}

impl Times {
    /// So many clients, whose wall clocks may be set back so many times: from so many seconds on they start.
    pub(crate) fn new(clients: u8, jumps: u8) -> Self {
        let clocks = SmallVec::from_elem(Clocks { wall: jumps, slept: 0 }, clients.into());
        Self { now: 0, server: jumps, is_coarse: false, clocks, stamps: Vec::new() }
    }

    pub(crate) fn tick(&mut self) {
        self.now += 1;
    }

    /// A tick that a client's host sleeps through.
    pub(crate) fn tick_asleep(&mut self, client: u8) {
        self.now += 1;
        self.clocks[usize::from(client)].slept += 1;
    }

    /// Sets the wall clock of a client, or else of the file system, forward or back.
    pub(crate) fn set(&mut self, client: Option<u8>, forward: bool) {
        let wall = match client {
            Some(client) => &mut self.clocks[usize::from(client)].wall,
            None => &mut self.server,
        };
        *wall = if forward { *wall + 1 } else { wall.saturating_sub(1) };
    }

    /// From now on stamps are rounded; false when there are stamps already, or are rounded.
    pub(crate) fn round(&mut self) -> bool {
        let may = !self.is_coarse && self.stamps.is_empty();
        self.is_coarse |= may;
        may
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::new(seconds(self.now))
    }

    /// Time as far as a client's host was awake.
    pub(crate) fn uptime(&self, client: u8) -> Instant {
        Instant::new(seconds(self.now - self.clocks[usize::from(client)].slept))
    }

    pub(crate) fn wall(&self, client: u8) -> Timestamp {
        Timestamp::new(seconds(self.now + self.clocks[usize::from(client)].wall))
    }

    /// The stamp of an entry that stands there.
    pub(crate) fn stamp(&self, path: PathId) -> Timestamp {
        let at = self.stamps.binary_search_by_key(&path, |stamp| stamp.0);
        Timestamp::new(seconds(at.map_or(0, |at| self.stamps[at].1)))
    }

    pub(crate) fn touch(&mut self, path: PathId) {
        let now = self.now + self.server;
        let now = if self.is_coarse { now - now % 2 } else { now };
        match self.stamps.binary_search_by_key(&path, |stamp| stamp.0) {
            _ if path == ROOT => {}
            Ok(at) => self.stamps[at].1 = now,
            Err(at) => self.stamps.insert(at, (path, now)),
        }
    }

    /// Lets the stamps follow a change. A stamp goes with its entry where that is moved.
    pub(crate) fn notice(&mut self, names: &Names, change: Change) -> Result<(), Miss> {
        match change {
            Change::Added(path) => {
                self.touch(path);
                self.touch(names.parent(path));
            }
            Change::Removed(path, _) => {
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
        out.push(u16::from_le_bytes([self.now, self.server]));
        let clients = u8::try_from(self.clocks.len()).unwrap_or_else(|_| unreachable!("so many have no names"));
        out.push(u16::from_le_bytes([self.is_coarse.into(), clients]));
        for place in 0..self.clocks.len() {
            let Clocks { wall, slept } = self.clocks[naming.client_at(place)];
            out.push(u16::from_le_bytes([wall, slept]));
        }
        out.push(u16::try_from(stamps.len()).unwrap_or_else(|_| unreachable!("paths are u16")));
        out.extend(stamps.iter().flat_map(|&(path, at)| [path, at.into()]));
        Ok(())
    }

    /// Reads back what [`Times::encode`] wrote.
    pub(crate) fn decode(mut next: impl FnMut() -> u16) -> Self {
        let byte = |number: u16| u8::try_from(number).unwrap_or_else(|_| unreachable!("it was written from a byte"));
        let [now, server] = next().to_le_bytes();
        let [is_coarse, clients] = next().to_le_bytes();
        let clocks = (0..clients).map(|_| next().to_le_bytes()).map(|[wall, slept]| Clocks { wall, slept }).collect();
        let count = next();
        let stamps = (0..count).map(|_| (next(), next())).map(|(path, at)| (path, byte(at))).collect();
        Self { now, server, is_coarse: is_coarse > 0, clocks, stamps }
    }
}

fn seconds(count: u8) -> Duration {
    Duration::from_secs(count.into())
}
