//! The exclusive locks that are held: each by one client, which also has a list of its own.
//!
//! invariant: `held[name]` is of the client in `slot`, and that client's `held[at]` is `name`; nothing else is in either.

use alloc::collections::{BTreeMap, btree_map::Entry};

use super::{
    clients::{Clients, Name},
    fences::{Fence, Fences},
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

    /// Gives the lock to the client in `slot`, unless somebody holds it, and says who does now.
    pub(super) fn take(&mut self, clients: &mut Clients, name: &[u8], slot: u32, fences: &mut Fences) -> Hold {
        // One search for both: most of the time the name is needed, since the lock is free.
        match self.held.entry(Name::from(name)) {
            Entry::Occupied(held) => *held.get(),
            Entry::Vacant(free) => {
                let at = add(clients, free.key(), slot);
                *free.insert(Hold { fence: fences.next(), slot, at })
            }
        }
    }

    /// Gives the lock, which nobody holds, to the client in `slot`.
    pub(super) fn grant(&mut self, clients: &mut Clients, name: Name, slot: u32, fence: Fence) {
        let hold = Hold { fence, slot, at: add(clients, &name, slot) };
        self.held.insert(name, hold);
    }

    /// Takes the lock from the client in `slot`, if that holds it.
    pub(super) fn release(&mut self, clients: &mut Clients, name: &[u8], slot: u32) -> Option<Name> {
        // Whoever releases is the holder, but for a mistake, so it is looked for once and not twice.
        let (name, hold) = self.held.remove_entry(name)?;
        if hold.slot != slot {
            self.held.insert(name, hold);
            return None;
        }
        let list = &mut clients.at(slot)?.held;
        list.swap_remove(hold.at as usize);
        if let Some(moved) = list.get(hold.at as usize).and_then(|moved| self.held.get_mut(moved)) {
            moved.at = hold.at;
        }
        Some(name)
    }
}

/// Adds the lock to the list of the client in `slot`, which is there, and says where.
fn add(clients: &mut Clients, name: &Name, slot: u32) -> u32 {
    let Some(client) = clients.at(slot) else { unreachable!("a lock is given to who is there") };
    client.held.push(Name::clone(name));
    u32::try_from(client.held.len() - 1).unwrap_or_else(|_| unreachable!("memory holds fewer locks"))
}
