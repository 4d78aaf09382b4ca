//! The shared locks that are held, each by so many clients, and their limits where they have one.

use alloc::{collections::BTreeMap, vec::Vec};

use super::clients::{Clients, Name};

/// The holders of one lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Holders {
    /// Their slots, in the order in which they came.
    pub(super) slots: Vec<u32>,
    /// So many there may be. It stands as long as the lock is held.
    pub(super) limit: Option<u32>,
}

/// All of them, in the order of their names. None is without a holder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shared {
    pub(super) held: BTreeMap<Name, Holders>,
}

/// What came of asking for a shared lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// It is one of so many holders.
    Of(usize),
    /// There are as many as there may be.
    Full,
    /// The lock is held under another limit.
    OtherLimit(u32),
}

impl Shared {
    pub(super) fn count(&self, name: &[u8]) -> usize {
        self.held.get(name).map_or(0, |holders| holders.slots.len())
    }

    pub(super) fn has(&self, name: &[u8], slot: u32) -> bool {
        self.held.get(name).is_some_and(|holders| holders.slots.contains(&slot))
    }

    /// Makes the client in `slot` a holder, unless it is one.
    pub(super) fn join(&mut self, clients: &mut Clients, name: &[u8], slot: u32, limit: Option<u32>) -> Joined {
        let Some((name, holders)) = self.held.get_key_value(name) else {
            let name = Name::from(name);
            if let Some(client) = clients.at(slot) {
                client.shared.push(Name::clone(&name));
                self.held.insert(name, Holders { slots: [slot].into(), limit });
            }
            return Joined::Of(1);
        };
        match (holders.limit, limit) {
            (Some(stands), Some(asked)) if stands != asked => return Joined::OtherLimit(stands),
            _ => {}
        }
        let count = holders.slots.len();
        if holders.slots.contains(&slot) {
            return Joined::Of(count);
        }
        let limit = holders.limit.or(limit);
        if limit.is_some_and(|limit| count >= limit as usize) {
            return Joined::Full;
        }
        let name = Name::clone(name);
        if let Some(holders) = self.held.get_mut(&name) {
            holders.slots.push(slot);
            holders.limit = limit;
        }
        if let Some(client) = clients.at(slot) {
            client.shared.push(name);
        }
        Joined::Of(count + 1)
    }

    /// Makes the client in `slot` a holder no more; false where it was none.
    pub(super) fn release(&mut self, clients: &mut Clients, name: &[u8], slot: u32) -> bool {
        let was_one = self.forget(name, slot);
        if let Some(client) = clients.at(slot).filter(|_| was_one) {
            client.shared.retain(|held| **held != *name);
        }
        was_one
    }

    /// The same where the client's own list is seen to by the caller.
    pub(super) fn forget(&mut self, name: &[u8], slot: u32) -> bool {
        let Some(holders) = self.held.get_mut(name) else { return false };
        let Some(at) = holders.slots.iter().position(|holder| *holder == slot) else { return false };
        holders.slots.remove(at);
        if holders.slots.is_empty() {
            self.held.remove(name);
        }
        true
    }
}
