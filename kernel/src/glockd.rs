//! glockd: a lock server as a state machine, without sockets, clocks or threads.
//!
//! A client connects, sends lines, and holds what it got for as long as it is connected. Who drives the machine owns the
//! sockets: it hands in what was read, when somebody is gone, and what time it is, and does what it is told.
//!
//! # The driving loop
//!
//! 1. Something happens: [`connect`](Glockd::connect), [`handle_bytes`](Glockd::handle_bytes) (or
//!    [`handle_line`](Glockd::handle_line)), [`handle_disconnect`](Glockd::handle_disconnect),
//!    [`handle_loss`](Glockd::handle_loss), [`handle_drained`](Glockd::handle_drained), [`handle_time`](Glockd::handle_time).
//! 2. [`poll_output`](Glockd::poll_output) until there is none, and do what it says, in this order.
//! 3. [`step`](Glockd::step), and if that says that more is left, look for what has happened without waiting, and go on with 1.
//!    Also after the last step there is output: 2.
//! 4. Wait for something to happen, until [`next_deadline`](Glockd::next_deadline) at most.
//!
//! ```
//! use core::time::Duration;
//! use lockwright_kernel::{
//!     clock::Instant,
//!     glockd::{Glockd, Output, Settings, Wire},
//! };
//!
//! /// Steps 2 and 3, with a list for each client's socket.
//! fn drive(glockd: &mut Glockd, now: Instant, sockets: &mut [String; 2]) {
//!     loop {
//!         while let Some(output) = glockd.poll_output() {
//!             match output {
//!                 Output::Write { client, bytes, has_more } => {
//!                     sockets[client.slot()].push_str(str::from_utf8(&bytes).expect("names were text"));
//!                     if has_more {
//!                         glockd.handle_drained(client); // All of it is written.
//!                     }
//!                 }
//!                 Output::Close { client, why } => sockets[client.slot()].push_str(&format!("<{why:?}>")),
//!                 Output::Persist(saved) => assert!(saved.epoch > 0), // Put it on a disk.
//!             }
//!         }
//!         if !glockd.step(now) && !glockd.has_output() {
//!             return;
//!         }
//!     }
//! }
//!
//! let at = |seconds| Instant::new(Duration::from_secs(seconds));
//! let mut sockets = [String::new(), String::new()];
//! let mut glockd = Glockd::new(Settings::default(), None, at(0));
//! let ann = glockd.connect("10.0.0.1:4711", Wire::Stream, at(0))?;
//! let bob = glockd.connect("10.0.0.2:4712", Wire::Stream, at(0))?;
//!
//! glockd.handle_bytes(ann, b"g deploy\ni dep", at(1)); // One line, and the beginning of another.
//! glockd.handle_bytes(bob, b"g deploy\nlg deploy 60\n", at(2));
//! drive(&mut glockd, at(2), &mut sockets);
//! assert_eq!(sockets, ["1 Got Lock\n", "0 Cannot Get Lock\n"]);
//! assert_eq!(glockd.next_deadline(), Some(at(62)));
//!
//! glockd.handle_disconnect(ann);
//! drive(&mut glockd, at(3), &mut sockets);
//! assert_eq!(sockets[1], "0 Cannot Get Lock\n1 Got Lock 4294967298\n");
//! # Ok::<(), lockwright_kernel::glockd::TooManyConnections>(())
//! ```
//!
//! # What it promises
//!
//! * A lock is held by one client at most, and by nobody who is known to be gone. Whoever is taken for gone loses all it
//!   holds.
//! * Replies come in the order of the commands, one for each but `pong` and what is no command.
//! * Who waits for a lock is served in the order of coming, and is not there any more once it is gone.
//! * No call takes longer for what others hold. What may take long is done by [`step`](Glockd::step), in pieces.
//! * What a client can make it keep is limited; see [`Settings`]. What is written and not read is for the caller to limit.
//!
//! # Commands beyond the original
//!
//! They are answered alike in both styles. What lacks something is answered `0 Usage: ` and its form; what the client
//! [may not](Rights), `0 Not Allowed`, be it a command of the original or not.
//!
//! ```text
//! hello                 1 Hello VERSION SILENCE EPOCH FROM    silence in seconds; from now on it is asked for signs of life
//! ping                  1 Pong
//! pong                  (no answer)                           a sign of life, as is anything else that is sent
//! lg NAME SECONDS       1 Got Lock FENCE                      0 Timed Out, 0 Queue Full, 0 Too Many Locks
//! lsg NAME MAX          N Got Lock FENCE                      0 Limit Reached, 0 Limit Is MAX, 0 Too Many Locks
//! back NAME FENCE       1 Got Lock FENCE                      0 Cannot Get Lock, 0 No Grace
//! ```
//!
//! The server asks for a sign of life with a line `ping`, which is no answer to anything. A fence is larger than all that
//! were given before it, also by earlier runs of the server. The limit of a shared lock is the one of its first holder, as
//! long as it has one; `sg` heeds it as well. With `back` a client asks for what it held when the server went down; see
//! [`Settings::grace`]. `r` and `sr` release what was got with these as any other lock.
//!
//! # When a holder may be sure
//!
//! A server that hears nothing of a client cannot tell a broken network from a broken client. It takes a client that
//! said `hello` for gone after [`Settings::silence`], counted from when the last line *came in*. So a client that had an
//! answer may be sure of what it holds for that long, counted on its own clock from when it *sent* the line that was
//! answered, less what its clock may be slow. From then on it has to take its locks for lost. It does well to send a
//! `ping` in good time, and when it was granted what it had waited for, since the line that was answered then is an old one. Of a client that never said `hello` nothing of this is promised: it holds until its connection is
//! known to be closed on the side of the server, and where it has not noticed, another holds beside it.
//!
//! For the same reason a broken connection is no proof that the client is gone: something on the way may have cut it, on one
//! side first. Whoever said `hello` keeps what it held until its time is over, so that nobody comes in beside it. An orderly
//! end of what it sends is taken for proof. Where a proxy may say that in its place, the driver does well to take all ends
//! for [losses](Glockd::handle_loss).
//!
//! The same goes for the server's end: within [`Settings::grace`], which is longer, each client notices.
//!
//! *Argument.* Who takes a lock for its own holds it for as long as the server knows it; the server hears of it no sooner
//! than it sends, and so forgets it no sooner than it gives up; after the server's end nothing is granted until all have
//! given up. `Inv` in `specs/glockd/GlockD.tla`, which has the server, its clients and the network between them, says so
//! as an inductive invariant; the checker goes through this server's own states in `sim/src/network`.
//!
//! *Source.* The commands and replies are those of glockd, by apokalyptik; `hello`, `ping`, `pong`, `lg`, `lsg` and `back`
//! are our own.

mod alarms;
mod answer;
mod chores;
mod clients;
mod command;
mod dump;
mod exclusive;
mod fences;
mod grace;
mod lines;
mod output;
mod queue;
mod reply;
mod rights;
mod settings;
mod shared;
mod statistics;

pub use clients::{ClientId, Wire};
pub use command::{Command, NoCommand};
pub use fences::Fence;
pub use output::{Output, Why};
pub use reply::Reply;
pub use rights::{May, Names, Right, Rights};
pub use settings::{Replies, Saved, Settings};
pub use statistics::{Gauges, Statistics, VERBS};

use alloc::{
    boxed::Box,
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use core::mem;

use crate::clock::Instant;

use chores::Chore;
use clients::{Busy, Client, Clients, Life};
use exclusive::Exclusive;
use fences::Fences;
use grace::Grace;
use queue::Queue;
use shared::Shared;

/// The version of the protocol that `hello` tells.
pub const VERSION: u32 = 1;

/// How much room a buffer for replies has at first, in bytes: that for some commands that come together.
const OUTPUT_BYTES: usize = 256;

/// The state of a lock server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glockd {
    settings: Settings,
    clients: Clients,
    exclusive: Exclusive,
    shared: Shared,
    queue: Queue,
    /// Who has a name: by where they come from, and their slot.
    registry: BTreeSet<(Box<str>, u32)>,
    /// When which client is looked at next.
    alarms: BTreeSet<(Instant, u32)>,
    fences: Fences,
    grace: Option<Grace>,
    /// The epoch in which this run began.
    first: u32,
    /// The first epoch whose grants may have holders.
    since: u32,
    statistics: Statistics,
    chores: VecDeque<Chore>,
    to_persist: Option<Saved>,
    last_words: VecDeque<Output>,
    /// Who has output.
    ready: VecDeque<ClientId>,
}

/// As many are connected as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many connections")]
pub struct TooManyConnections;

impl TooManyConnections {
    /// What to write before the connection is closed.
    #[must_use]
    pub fn reply(self) -> Vec<u8> {
        let mut line = Vec::new();
        Reply::TooManyConnections.write(Replies::Words, &mut line);
        line
    }
}

impl Glockd {
    /// A server that begins `now`, and what its last run left to be [remembered](Output::Persist): nothing, where it is the
    /// first one.
    #[must_use]
    pub fn new(settings: Settings, saved: Option<Saved>, now: Instant) -> Self {
        let first = saved.map_or(0, |saved| saved.epoch).saturating_add(1);
        let grace = Grace::after(saved, now.saturating_add(settings.grace));
        let since = saved.filter(|_| grace.is_some()).map_or(first, |saved| saved.since);
        let mut glockd = Self {
            settings,
            clients: Clients::default(),
            exclusive: Exclusive::default(),
            shared: Shared::default(),
            queue: Queue::default(),
            registry: BTreeSet::new(),
            alarms: BTreeSet::new(),
            fences: Fences::new(first),
            grace,
            first,
            since,
            statistics: Statistics::default(),
            chores: VecDeque::new(),
            to_persist: None,
            last_words: VecDeque::new(),
            ready: VecDeque::new(),
        };
        glockd.persist(false);
        glockd
    }

    /// A new client, which comes from where `from` says: that is what `me` and `dump` show.
    ///
    /// # Errors
    ///
    /// [`TooManyConnections`]: write [what it says](TooManyConnections::reply), and close the connection.
    pub fn connect(&mut self, from: &str, wire: Wire, now: Instant) -> Result<ClientId, TooManyConnections> {
        if self.clients.connected >= self.settings.connections {
            self.statistics.refused += 1;
            return Err(TooManyConnections);
        }
        let id = self.clients.add(from, wire, now);
        self.set_alarm(id, now);
        Ok(id)
    }

    /// The client has closed the connection: it is gone. All that it held is released, in [steps](Self::step). Somebody who
    /// is gone already may go again.
    pub fn handle_disconnect(&mut self, client: ClientId) {
        if self.part(client).is_some() {
            self.chores.push_back(Chore::Release(client));
        }
    }

    /// The connection is broken, or was given up on this side: the client may be there, and not know. It is served no more,
    /// and what it held is released when it has to know, if it said `hello`; at once, if it did not.
    pub fn handle_loss(&mut self, client: ClientId) {
        let Some(known) = self.clients.get(client) else { return };
        let holds = !known.held.is_empty() || !known.shared.is_empty();
        let until = known.heard.saturating_add(self.settings.silence);
        if known.life == Life::Unasked || !holds {
            return self.handle_disconnect(client);
        }
        if let Some(known) = self.part(client) {
            known.alarm = Some(until);
            self.alarms.insert((until, client.small()));
        }
    }

    /// Serves it no more. What it holds is left.
    fn part(&mut self, client: ClientId) -> Option<&mut Client> {
        let known = self.clients.get(client)?;
        let (alarm, place) = (known.alarm.take(), (known.from.clone(), client.small()));
        self.registry.remove(&place);
        if let Some(at) = alarm {
            self.alarms.remove(&(at, client.small()));
        }
        match self.clients.leave(client) {
            Some(Busy::Waits { name, .. }) => self.queue.leave(&name, client.small()),
            Some(Busy::Claims(claims)) => self.chores.push_back(Chore::Forget(client, claims)),
            _ => {}
        }
        self.clients.any(client)
    }

    /// All that the client was written is on its way, after an output that has [more](Output::Write).
    pub fn handle_drained(&mut self, client: ClientId) {
        self.go_on_dumping(client);
    }

    /// Closes all connections, and takes no note of anything any more. Where nothing was held, that is persisted, so that
    /// the next run has no time of grace.
    pub fn shut_down(&mut self) {
        let is_clean = self.exclusive.held.is_empty() && self.shared.held.is_empty() && self.grace.is_none();
        let ids: Vec<_> = self.clients.iter().map(|client| client.id).collect();
        for id in ids {
            self.close(id, Why::Stopping);
        }
        if is_clean {
            self.persist(true);
        }
    }

    /// What is to be done next, if anything.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(saved) = self.to_persist.take() {
            return Some(Output::Persist(saved));
        }
        if let Some(output) = self.last_words.pop_front() {
            return Some(output);
        }
        while let Some(id) = self.ready.front().copied() {
            let Some(client) = self.clients.get(id) else {
                self.ready.pop_front();
                continue;
            };
            let bytes = next_output(client);
            let has_more = matches!(client.busy, Busy::Dumps(_)) && client.messages.is_empty();
            if client.messages.is_empty() {
                client.is_ready = false;
                self.ready.pop_front();
            }
            return Some(Output::Write { client: id, bytes, has_more });
        }
        None
    }

    /// Whether [`Glockd::poll_output`] has something to say. It may turn out to be nothing where somebody is gone.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.to_persist.is_some() || !self.last_words.is_empty() || !self.ready.is_empty()
    }

    /// What is heard of a client is a sign of life.
    fn hear(&mut self, id: ClientId, now: Instant) -> Option<&mut Client> {
        let client = self.clients.get(id)?;
        client.heard = now;
        if client.life == Life::Asked {
            client.life = Life::Shown;
            self.set_alarm(id, now);
        }
        self.clients.get(id)
    }

    fn reply(&mut self, id: ClientId, reply: Reply<'_>) {
        let replies = self.settings.replies;
        self.emit(id, |out| reply.write(replies, out));
    }

    /// A reply that is made from what is known of the client itself.
    fn tell(&mut self, id: ClientId, reply: impl FnOnce(&Client) -> Reply<'_>) {
        let mut line = Vec::new();
        if let Some(client) = self.clients.see(id) {
            reply(client).write(self.settings.replies, &mut line);
        }
        self.emit(id, |out| out.extend_from_slice(&line));
    }

    fn emit(&mut self, id: ClientId, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(client) = self.clients.get(id) else { return };
        match client.wire {
            Wire::Stream => {
                if client.output.capacity() == 0 {
                    client.output.reserve(OUTPUT_BYTES);
                }
                write(&mut client.output);
            }
            Wire::Messages => {
                let mut message = Vec::new();
                write(&mut message);
                client.messages.extend(Some(message).filter(|message| !message.is_empty()));
            }
        }
        let has_output = !client.output.is_empty() || !client.messages.is_empty();
        if has_output && !mem::replace(&mut client.is_ready, true) {
            self.ready.push_back(id);
        } else if !has_output {
            client.is_ready = false;
        }
    }

    fn close(&mut self, id: ClientId, why: Why) {
        let Some(client) = self.clients.get(id) else { return };
        let mut last_words = mem::take(&mut client.messages);
        last_words.extend(Some(mem::take(&mut client.output)).filter(|output| !output.is_empty()));
        let write = |bytes| Output::Write { client: id, bytes, has_more: false };
        self.last_words.extend(last_words.into_iter().map(write));
        self.last_words.push_back(Output::Close { client: id, why });
        self.handle_loss(id);
    }

    fn persist(&mut self, is_clean: bool) {
        self.to_persist = Some(Saved { epoch: self.fences.epoch(), since: self.since, is_clean });
    }
}

fn next_output(client: &mut Client) -> Vec<u8> {
    match client.wire {
        Wire::Stream => mem::take(&mut client.output),
        Wire::Messages => client.messages.pop_front().unwrap_or_default(),
    }
}
