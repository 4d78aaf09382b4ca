//! The exclusive locks that are held: each by one client, which also has a list of its own.
//!
//! invariant: `held[name]` is of the client in `slot`, and that client's `held[at]` is `name`; nothing else is in either.

use alloc::collections::BTreeMap;

use super::{
    clients::{Clients, Name},
    fences::Fence,
};

/// The hold of one lock, kept small: there may be a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hold {
    pub(super) fence: Fence,
    pub(super) slot: u32,
    at: u32,
}

/// All of them, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Exclusive {
    pub(super) held: BTreeMap<Name, Hold>,
}

impl Exclusive {
    pub(super) fn hold(&self, name: &[u8]) -> Option<Hold> {
        self.held.get(name).copied()
    }

    /// Gives the lock, which nobody holds, to the client in `slot`.
    pub(super) fn grant(&mut self, clients: &mut Clients, name: Name, slot: u32, fence: Fence) {
        if let Some(client) = clients.at(slot) {
            let at = u32::try_from(client.held.len()).unwrap_or_else(|_| unreachable!("memory holds fewer locks"));
            client.held.push(Name::clone(&name));
            self.held.insert(name, Hold { fence, slot, at });
        }
    }

    /// Takes the lock from the client in `slot`, if that holds it.
    pub(super) fn release(&mut self, clients: &mut Clients, name: &[u8], slot: u32) -> Option<Name> {
        let hold = self.hold(name).filter(|hold| hold.slot == slot)?;
        self.held.remove(name);
        let list = &mut clients.at(slot)?.held;
        let name = list.swap_remove(hold.at as usize);
        if let Some(moved) = list.get(hold.at as usize).and_then(|moved| self.held.get_mut(moved)) {
            moved.at = hold.at;
        }
        Some(name)
    }
}
