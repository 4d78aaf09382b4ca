//! Who waits for which lock: a line for each name, served from its front.

use alloc::collections::{BTreeMap, VecDeque};

use super::clients::Name;

/// The lines. None is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    pub(super) lines: BTreeMap<Name, VecDeque<u32>>,
    /// How many wait, over all.
    pub(super) waiting: usize,
}

impl Queue {
    /// Puts the client in `slot` at the end of the line.
    pub(super) fn join(&mut self, name: Name, slot: u32) {
        self.lines.entry(name).or_default().push_back(slot);
        self.waiting += 1;
    }

    /// Takes the client in `slot` out, wherever in the line it stands.
    pub(super) fn leave(&mut self, name: &[u8], slot: u32) {
        let Some(line) = self.lines.get_mut(name) else { return };
        let before = line.len();
        line.retain(|waiter| *waiter != slot);
        self.waiting -= before - line.len();
        if line.is_empty() {
            self.lines.remove(name);
        }
    }

    /// Takes out who is first.
    pub(super) fn next(&mut self, name: &[u8]) -> Option<u32> {
        let slot = *self.lines.get(name)?.front()?;
        self.leave(name, slot);
        Some(slot)
    }
}
