//! Long replies: lists of all that is held, and of all that have a name, in pieces of bounded length.
//!
//! A list is in the order of the names. What was held all the time while it was given is in it, what was not at any
//! time is not.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use core::ops::Bound;

use super::{
    Glockd,
    clients::{Busy, Client, ClientId, Name},
};

/// A long reply, and the last entry that was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dump {
    Held(Form, Option<Name>),
    /// A line for each client with a name.
    Who(Option<(Box<str>, u32)>),
}

/// How what is held is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// A line for each.
    List,
    SharedList,
    /// All in one line.
    Map,
    SharedMap,
}

/// So many entries make a piece.
const PIECE: usize = 256;

/// How a map begins.
const OPEN: &[u8] = b"map[";

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
            Dump::Held(form, after) => self.held(form, after, &mut piece).map(|last| Dump::Held(form, Some(last))),
            Dump::Who(after) => self.who(after, &mut piece).map(|last| Dump::Who(Some(last))),
        };
        self.emit(id, |out| out.extend_from_slice(&piece));
        match (rest, self.clients.get(id)) {
            (Some(rest), Some(client)) => client.busy = Busy::Dumps(rest),
            _ => self.is_free_again(id),
        }
    }

    fn held(&self, form: Form, after: Option<Name>, out: &mut Vec<u8>) -> Option<Name> {
        let is_map = matches!(form, Form::Map | Form::SharedMap);
        if is_map && after.is_none() {
            out.extend_from_slice(OPEN);
        }
        let last = match form {
            Form::List => piece(&self.exclusive.held, after, |name, hold| line(out, name, self.called(hold.slot))),
            Form::SharedList => piece(&self.shared.held, after, |name, _| self.shared_list_one(name, out)),
            Form::Map => piece(&self.exclusive.held, after, |name, hold| {
                let from = self.clients.see_at(hold.slot).map_or("", |client| &*client.from);
                out.extend([gap(out), name, b":", from.as_bytes()].concat());
            }),
            Form::SharedMap => piece(&self.shared.held, after, |name, holders| {
                let clients = holders.slots.iter().filter_map(|slot| self.clients.see_at(*slot));
                let from: Vec<_> = clients.map(|client| client.from.as_bytes()).collect();
                out.extend([gap(out), name, b":[", &from.join(&b' '), b"]"].concat());
            }),
        };
        if is_map && last.is_none() {
            out.extend_from_slice(b"]\n");
        }
        last
    }

    fn who(&self, after: Option<(Box<str>, u32)>, out: &mut Vec<u8>) -> Option<(Box<str>, u32)> {
        let mut named = self.registry.range((beyond(after), Bound::Unbounded));
        let mut last = None;
        for place in named.by_ref().take(PIECE) {
            line(out, place.0.as_bytes(), self.called(place.1));
            last = Some(place.clone());
        }
        named.next().and(last)
    }

    /// The answer to `d NAME`.
    pub(super) fn list_one(&self, name: &[u8], out: &mut Vec<u8>) {
        if let Some(hold) = self.exclusive.hold(name) {
            line(out, name, self.called(hold.slot));
        }
    }

    /// The answer to `sd NAME`.
    pub(super) fn shared_list_one(&self, name: &[u8], out: &mut Vec<u8>) {
        let holders = self.shared.held.get(name);
        for slot in holders.iter().flat_map(|holders| &holders.slots) {
            line(out, name, self.called(*slot));
        }
    }

    /// The answer to `who NAME`.
    pub(super) fn who_is(&self, name: &[u8], out: &mut Vec<u8>) {
        for (from, _) in self.registry.iter().filter(|(_, slot)| self.called(*slot) == name) {
            line(out, from.as_bytes(), name);
        }
    }

    /// What the client in `slot` is called.
    fn called(&self, slot: u32) -> &[u8] {
        self.clients.see_at(slot).map_or(b"", known_as)
    }
}

/// Shows the entries that come next; the last of them, where more are left.
fn piece<V>(held: &BTreeMap<Name, V>, after: Option<Name>, mut show: impl FnMut(&Name, &V)) -> Option<Name> {
    let mut held = held.range((beyond(after), Bound::Unbounded));
    let mut last = None;
    for (name, value) in held.by_ref().take(PIECE) {
        show(name, value);
        last = Some(name);
    }
    held.next().and(last).map(Name::clone)
}

fn beyond<T>(after: Option<T>) -> Bound<T> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

/// What comes before the next entry of a map.
fn gap(out: &[u8]) -> &'static [u8] {
    if out == OPEN { b"" } else { b" " }
}

fn line(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    for part in [key, b": ", value, b"\n"] {
        out.extend_from_slice(part);
    }
}

/// The name that it gave itself, or where it comes from.
pub(super) fn known_as(client: &Client) -> &[u8] {
    client.name.as_deref().unwrap_or(client.from.as_bytes())
}
