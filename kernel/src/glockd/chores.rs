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
    /// Release what a client left behind, these claims of it among it.
    Release(ClientId, Vec<Name>),
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
            Some(Chore::Release(id, claims)) => self.release_some(id, claims, now),
            Some(Chore::Catch(id)) => self.catch_up(id, now).then_some(Chore::Catch(id)),
            Some(Chore::Settle) => self.settle(now).then_some(Chore::Settle),
        };
        self.chores.extend(left);
        !self.chores.is_empty()
    }

    fn release_some(&mut self, id: ClientId, mut claims: Vec<Name>, now: Instant) -> Option<Chore> {
        for _ in 0..PIECE {
            let client = self.clients.any(id)?;
            if let Some(name) = client.held.pop() {
                self.exclusive.held.remove(&name);
                self.statistics.orphans += 1;
                self.serve(&name, now);
            } else if let Some(name) = client.shared.pop() {
                self.shared.forget(&name, id.small());
                self.statistics.shared_orphans += 1;
            } else if let Some(name) = claims.pop() {
                if let Some(grace) = &mut self.grace {
                    grace.forget(&name, id);
                }
            } else {
                self.clients.remove(id);
                return None;
            }
        }
        Some(Chore::Release(id, claims))
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
