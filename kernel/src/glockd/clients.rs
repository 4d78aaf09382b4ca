//! The clients that are connected, each in a slot that is used again when it is gone.

use alloc::{boxed::Box, collections::VecDeque, sync::Arc, vec::Vec};

use core::mem;

use crate::clock::Instant;

use super::{dump::Dump, rights::Rights};

/// The name of a lock. Who holds it and where it is held share the one copy.
pub(super) type Name = Arc<[u8]>;

/// One connection. No two have the same, also one after the other, until one slot was used 2^32 times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    slot: u32,
    turn: u32,
}

impl ClientId {
    /// A small number that no other client has at the same time.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.slot as usize
    }
}

/// How a client's commands and replies are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wire {
    /// A stream of lines: replies are put together as they come.
    #[default]
    Stream,
    /// A message is a command, and a reply is a message.
    Messages,
}

/// What is known of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) from: Box<str>,
    pub(super) name: Option<Box<[u8]>>,
    pub(super) wire: Wire,
    /// What was heard and not yet done: the beginning of a line, and before that whole lines while a command waits.
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    /// The same for [`Wire::Messages`], one reply after the other.
    pub(super) messages: VecDeque<Vec<u8>>,
    pub(super) busy: Busy,
    /// The exclusive locks it holds.
    pub(super) held: Vec<Name>,
    pub(super) shared: Vec<Name>,
    pub(super) rights: Rights,
    pub(super) life: Life,
    pub(super) heard: Instant,
    /// When it is looked at next.
    pub(super) alarm: Option<Instant>,
    /// It is gone, and its locks are being released.
    pub(super) is_leaving: bool,
    /// It is in the list of those that have something to be written.
    pub(super) is_ready: bool,
}

/// Whether a client is asked for signs of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Life {
    /// It never said `hello`, and would not know the question.
    Unasked,
    /// It was heard of since it was asked, or was not asked yet.
    Shown,
    Asked,
}

/// Whether a client's next command has to wait for the end of an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Busy {
    #[default]
    Free,
    /// Lines that it had sent ahead are being done.
    Catching,
    /// It stands in line.
    Waits { name: Name, until: Instant },
    /// It asks for what it held before the server went down.
    Claims(Vec<Name>),
    /// A long reply is under way.
    Dumps(Dump),
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Clients {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// How many are connected, without those that are leaving.
    pub(super) connected: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    turn: u32,
    client: Option<Box<Client>>,
}

impl Clients {
    pub(super) fn add(&mut self, from: &str, wire: Wire, now: Instant) -> ClientId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { turn: 0, client: None });
            u32::try_from(self.slots.len() - 1).unwrap_or_else(|_| unreachable!("memory holds fewer clients"))
        });
        let entry = &mut self.slots[slot as usize];
        let id = ClientId { slot, turn: entry.turn };
        entry.client = Some(Box::new(Client {
            id,
            from: from.into(),
            name: None,
            wire,
            input: Vec::new(),
            output: Vec::new(),
            messages: VecDeque::new(),
            busy: Busy::Free,
            held: Vec::new(),
            shared: Vec::new(),
            rights: Rights::default(),
            life: Life::Unasked,
            heard: now,
            alarm: None,
            is_leaving: false,
            is_ready: false,
        }));
        self.connected += 1;
        id
    }

    /// The client, unless it is gone or leaving.
    pub(super) fn get(&mut self, id: ClientId) -> Option<&mut Client> {
        self.any(id).filter(|client| !client.is_leaving)
    }

    /// The client, also while it is leaving.
    pub(super) fn any(&mut self, id: ClientId) -> Option<&mut Client> {
        let slot = self.slots.get_mut(id.slot())?;
        if slot.turn == id.turn { slot.client.as_deref_mut() } else { None }
    }

    pub(super) fn see(&self, id: ClientId) -> Option<&Client> {
        let slot = self.slots.get(id.slot())?;
        if slot.turn == id.turn { slot.client.as_deref() } else { None }
    }

    /// The client in `slot`, which holds a lock and so is there.
    pub(super) fn at(&mut self, slot: u32) -> Option<&mut Client> {
        self.slots.get_mut(slot as usize)?.client.as_deref_mut()
    }

    pub(super) fn see_at(&self, slot: u32) -> Option<&Client> {
        self.slots.get(slot as usize)?.client.as_deref()
    }

    /// Those that are connected, in the order of their slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Client> {
        self.slots.iter().filter_map(|slot| slot.client.as_deref()).filter(|client| !client.is_leaving)
    }

    /// The first that is connected, in this slot or a later one.
    pub(super) fn next_from(&self, slot: usize) -> Option<ClientId> {
        let later = self.slots.iter().skip(slot).filter_map(|slot| slot.client.as_deref());
        later.filter(|client| !client.is_leaving).map(|client| client.id).next()
    }

    /// Marks it as leaving. What it had sent ahead is forgotten, and what it was to be told.
    pub(super) fn leave(&mut self, id: ClientId) -> Option<Busy> {
        let client = self.get(id)?;
        client.is_leaving = true;
        (client.input, client.output, client.messages) = (Vec::new(), Vec::new(), VecDeque::new());
        let busy = mem::take(&mut client.busy);
        self.connected -= 1;
        Some(busy)
    }

    /// Frees the slot.
    pub(super) fn remove(&mut self, id: ClientId) {
        if let Some(slot) = self.slots.get_mut(id.slot()).filter(|slot| slot.turn == id.turn) {
            slot.client = None;
            slot.turn = slot.turn.wrapping_add(1);
            self.free.push(id.slot);
        }
    }
}

impl ClientId {
    pub(super) const fn small(self) -> u32 {
        self.slot
    }
}
