//! Work that may take long, done in pieces so that nobody else has to wait for all of it.

use alloc::vec::Vec;

use crate::clock::Instant;

use super::{
    Glockd,
    clients::{Busy, ClientId, Name},
};

/// So many locks, or lines, make a piece.
pub(super) const PIECE: usize = 256;

/// What is yet to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Chore {
    /// Release what a client left behind.
    Release(ClientId),
    /// Forget what it claimed.
    Forget(ClientId, Vec<Name>),
    /// Do what a client had sent ahead.
    Catch(ClientId),
    /// End the time of grace.
    Settle,
}

impl Glockd {
    /// Does one piece of the work that is left; true when more is left. A piece takes well under a millisecond.
    pub fn step(&mut self, now: Instant) -> bool {
        let left = match self.chores.pop_front() {
            None => None,
            Some(Chore::Release(id)) => self.release_some(id, now).then_some(Chore::Release(id)),
            Some(Chore::Forget(id, claims)) => self.forget_some(id, claims),
            Some(Chore::Catch(id)) => self.catch_up(id, now).then_some(Chore::Catch(id)),
            Some(Chore::Settle) => self.settle(now).then_some(Chore::Settle),
        };
        self.chores.extend(left);
        !self.chores.is_empty()
    }

    /// Whether [`Glockd::step`] has something to do.
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.chores.is_empty()
    }

    fn release_some(&mut self, id: ClientId, now: Instant) -> bool {
        for _ in 0..PIECE {
            let Some(client) = self.clients.any(id) else { return false };
            if let Some(name) = client.held.pop() {
                self.exclusive.held.remove(&name);
                self.statistics.orphans += 1;
                self.serve(&name, now);
            } else if let Some(name) = client.shared.pop() {
                self.shared.forget(&name, id.small());
                self.statistics.shared_orphans += 1;
            } else {
                self.clients.remove(id);
                return false;
            }
        }
        true
    }

    fn forget_some(&mut self, id: ClientId, mut claims: Vec<Name>) -> Option<Chore> {
        let grace = self.grace.as_mut()?;
        for name in claims.drain(claims.len().saturating_sub(PIECE)..) {
            grace.forget(&name, id);
        }
        (!claims.is_empty()).then_some(Chore::Forget(id, claims))
    }

    /// Goes on with what a client had sent ahead; true when it is not done.
    fn catch_up(&mut self, id: ClientId, now: Instant) -> bool {
        let Some(client) = self.clients.get(id).filter(|client| client.busy == Busy::Catching) else { return false };
        client.busy = Busy::Free;
        self.go_on(id, PIECE, now);
        let Some(client) = self.clients.get(id) else { return false };
        let is_behind = client.busy == Busy::Free && client.input.contains(&b'\n');
        if is_behind {
            client.busy = Busy::Catching;
        }
        is_behind
    }

    /// The end of what kept a client from its next command.
    pub(super) fn is_free_again(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get(id) {
            client.busy = if client.input.is_empty() { Busy::Free } else { Busy::Catching };
            if client.busy == Busy::Catching {
                self.chores.push_back(Chore::Catch(id));
            }
        }
    }
}
