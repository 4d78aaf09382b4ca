//! Long replies: lists of all that is held, and of all that have a name, in pieces of bounded length.
//!
//! A list is in the order of the names. What was held all the time while it was given is in it, what was not at any
//! time is not.

use alloc::{boxed::Box, vec::Vec};

use core::ops::Bound;

use super::{
    Glockd,
    clients::{Busy, Client, ClientId, Name},
};

/// Where a long reply has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dump {
    /// A line for each exclusive lock after this one.
    List(Option<Name>),
    SharedList(Option<Name>),
    /// All in one line.
    Map(Option<Name>),
    SharedMap(Option<Name>),
    /// A line for each client with a name, after this one.
    Who(Option<(Box<str>, u32)>),
}

/// So many entries make a piece.
const PIECE: usize = 256;

impl Glockd {
    /// Begins a long reply to `id`.
    pub(super) fn begin_dump(&mut self, id: ClientId, dump: Dump) {
        if let Some(client) = self.clients.get(id) {
            client.busy = Busy::Dumps(dump);
            self.go_on_dumping(id);
        }
    }

    /// Gives the next piece, if a long reply is under way.
    pub(super) fn go_on_dumping(&mut self, id: ClientId) {
        let Some(Busy::Dumps(dump)) = self.clients.get(id).map(|client| client.busy.clone()) else { return };
        let mut piece = Vec::new();
        let rest = match dump {
            Dump::List(after) => self.list(after, &mut piece).map(|last| Dump::List(Some(last))),
            Dump::SharedList(after) => self.shared_list(after, &mut piece).map(|last| Dump::SharedList(Some(last))),
            Dump::Map(after) => self.map(after, &mut piece).map(|last| Dump::Map(Some(last))),
            Dump::SharedMap(after) => self.shared_map(after, &mut piece).map(|last| Dump::SharedMap(Some(last))),
            Dump::Who(after) => self.who(after, &mut piece).map(|last| Dump::Who(Some(last))),
        };
        self.emit(id, |out| out.extend_from_slice(&piece));
        match (rest, self.clients.get(id)) {
            (Some(rest), Some(client)) => client.busy = Busy::Dumps(rest),
            _ => self.is_free_again(id),
        }
    }

    /// The answer to `d NAME`.
    pub(super) fn list_one(&self, name: &[u8], out: &mut Vec<u8>) {
        if let Some(hold) = self.exclusive.hold(name) {
            entry(out, name, self.clients.see_at(hold.slot).map_or(b"", known_as));
        }
    }

    /// The answer to `sd NAME`.
    pub(super) fn shared_list_one(&self, name: &[u8], out: &mut Vec<u8>) {
        let holders = self.shared.held.get(name);
        for client in holders.iter().flat_map(|holders| &holders.slots).filter_map(|slot| self.clients.see_at(*slot)) {
            entry(out, name, known_as(client));
        }
    }

    fn list(&self, after: Option<Name>, out: &mut Vec<u8>) -> Option<Name> {
        let mut held = self.exclusive.held.range((bound(after), Bound::Unbounded));
        let mut last = None;
        for (name, hold) in held.by_ref().take(PIECE) {
            entry(out, name, self.clients.see_at(hold.slot).map_or(b"", known_as));
            last = Some(Name::clone(name));
        }
        held.next().and(last)
    }

    fn shared_list(&self, after: Option<Name>, out: &mut Vec<u8>) -> Option<Name> {
        let mut held = self.shared.held.range((bound(after), Bound::Unbounded));
        let mut last = None;
        for (name, _) in held.by_ref().take(PIECE) {
            self.shared_list_one(name, out);
            last = Some(Name::clone(name));
        }
        held.next().and(last)
    }

    fn map(&self, after: Option<Name>, out: &mut Vec<u8>) -> Option<Name> {
        let mut separator: &[u8] = if after.is_none() { b"map[" } else { b" " };
        let mut held = self.exclusive.held.range((bound(after), Bound::Unbounded));
        let mut last = None;
        for (name, hold) in held.by_ref().take(PIECE) {
            let from = self.clients.see_at(hold.slot).map_or("", |client| &*client.from);
            out.extend([separator, name, b":", from.as_bytes()].concat());
            (separator, last) = (b" ", Some(Name::clone(name)));
        }
        ended(held.next().and(last), separator, out)
    }

    fn shared_map(&self, after: Option<Name>, out: &mut Vec<u8>) -> Option<Name> {
        let mut separator: &[u8] = if after.is_none() { b"map[" } else { b" " };
        let mut held = self.shared.held.range((bound(after), Bound::Unbounded));
        let mut last = None;
        for (name, holders) in held.by_ref().take(PIECE) {
            out.extend([separator, name, b":["].concat());
            let holders = holders.slots.iter().filter_map(|slot| self.clients.see_at(*slot));
            let holders: Vec<_> = holders.map(|client| client.from.as_bytes()).collect();
            out.extend(holders.join(&b' '));
            out.push(b']');
            (separator, last) = (b" ", Some(Name::clone(name)));
        }
        ended(held.next().and(last), separator, out)
    }

    fn who(&self, after: Option<(Box<str>, u32)>, out: &mut Vec<u8>) -> Option<(Box<str>, u32)> {
        let mut named = self.registry.range((bound(after), Bound::Unbounded));
        let mut last = None;
        for place in named.by_ref().take(PIECE) {
            entry(out, place.0.as_bytes(), self.clients.see_at(place.1).map_or(b"", known_as));
            last = Some(place.clone());
        }
        named.next().and(last)
    }

    /// The answer to `who NAME`.
    pub(super) fn who_is(&self, name: &[u8], out: &mut Vec<u8>) {
        for (from, slot) in &self.registry {
            if self.clients.see_at(*slot).is_some_and(|client| known_as(client) == name) {
                entry(out, from.as_bytes(), name);
            }
        }
    }
}

/// Closes the bracket where nothing is left, which is never opened where there was nothing to begin with.
fn ended(rest: Option<Name>, separator: &[u8], out: &mut Vec<u8>) -> Option<Name> {
    if rest.is_none() {
        out.extend_from_slice(if separator == b"map[" { b"map[]\n" } else { b"]\n" });
    }
    rest
}

fn bound<T>(after: Option<T>) -> Bound<T> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

fn entry(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    for part in [key, b": ", value, b"\n"] {
        out.extend_from_slice(part);
    }
}

/// The name that it gave itself, or where it comes from.
pub(super) fn known_as(client: &Client) -> &[u8] {
    client.name.as_deref().unwrap_or(client.from.as_bytes())
}
