//! Lets peers in, up to the limit, and out again.

use std::{
    io::{self, Write},
    time::Duration,
};

use lockwright_kernel::{
    clock::Instant,
    glockd::{ClientId, Wire},
};
use mio::{Interest, Token};
use rustix::net::sockopt;
use tracing::{debug, warn};

use super::{
    LISTENERS, Server,
    connection::{Connection, Speech},
    listen::{From, Speaks},
    rules::Identity,
    socket::Socket,
    websocket::WebSocket,
};

/// How many are let in at a time, before others have their turn.
const ACCEPTED_MAX: usize = 64;

/// How many may look at figures, beside the clients.
const METRICS_MAX: usize = 16;

/// How a connection comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer has said that it sends nothing more, so it knows.
    Orderly,
    /// It may not know.
    Broken,
}

impl Server {
    /// Lets in who waits at the listeners.
    pub(super) fn accept_all(&mut self, now: Duration) {
        let mut accepting = std::mem::take(&mut self.accepting);
        accepting.retain(|listener| self.accept(*listener, now));
        self.accepting = accepting;
    }

    /// Whether more may be waiting at that listener.
    fn accept(&mut self, listener: usize, now: Duration) -> bool {
        for _ in 0..ACCEPTED_MAX {
            let Some(from) = self.listeners.get(listener) else { return false };
            let speaks = from.speaks();
            match from.accept() {
                Ok((socket, from)) => {
                    if let Err(error) = self.let_in(socket, &from, speaks, now) {
                        debug!(%error, "a peer was gone before it was let in");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // The peer has given up, or there are no handles left, which another's end mends.
                Err(error) => {
                    warn!(%error, "nobody can be let in now");
                    self.sweep_soon(now);
                    return error.kind() == io::ErrorKind::ConnectionAborted;
                }
            }
        }
        true
    }

    fn let_in(&mut self, mut socket: Socket, from: &From, speaks: Speaks, now: Duration) -> io::Result<()> {
        socket.prepare()?;
        self.accepted += 1;
        let name = match from {
            From::Tcp(address) => address.to_string(),
            From::Unix => format!("unix:{}", self.accepted),
        };
        let (speech, wire) = match speaks {
            Speaks::Lines => (Speech::Lines, Some(Wire::Stream)),
            Speaks::WebSocket => {
                let socket = WebSocket::new(self.settings.machine.line, &self.origins);
                (Speech::WebSocket(socket), Some(Wire::Messages))
            }
            Speaks::Metrics => (Speech::Metrics, None),
        };
        let client = match wire.map(|wire| self.machine.connect(&name, wire, Instant::new(now))) {
            None if self.connections.len() >= self.settings.machine.connections + METRICS_MAX => return Ok(()),
            Some(Err(refusal)) => {
                self.refuse(socket, &refusal.reply());
                return Ok(());
            }
            Some(Ok(client)) => Some(client),
            None => None,
        };
        let index = self.connections.vacant_key();
        let token = Token(LISTENERS + self.listeners.len() + index);
        if let Err(error) = self.poll.registry().register(&mut socket, token, Interest::READABLE | Interest::WRITABLE) {
            if let Some(client) = client {
                self.machine.handle_disconnect(client);
            }
            return Err(error);
        }
        if let Socket::Unix(unix) = &socket {
            let who = sockopt::socket_peercred(unix).ok();
            let (uid, pid) = (who.map(|who| who.uid.as_raw()), who.map(|who| who.pid.as_raw_nonzero()));
            debug!(client = index, from = name, ?uid, ?pid, "connected");
        } else {
            debug!(client = index, from = name, "connected");
        }
        self.connections.insert(Connection::new(socket, client, speech));
        if let Some(client) = client {
            if self.by_slot.len() <= client.slot() {
                self.by_slot.resize(client.slot() + 1, usize::MAX);
            }
            self.by_slot[client.slot()] = index;
        }
        if let Some(connection) = self.connections.get_mut(index).filter(|_| client.is_some()) {
            connection.is_unknown = true;
            self.identify(index);
        }
        if let Some(connection) = self.connections.get_mut(index).filter(|connection| connection.is_unknown) {
            // It may take no longer than a line.
            connection.partial_since = Some(now);
            self.sweep_soon(now);
        }
        self.enlist(index);
        Ok(())
    }

    /// Asks who the peer is, and has the machine allow it what the rules say, before any command of it is handled.
    pub(super) fn identify(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        let (Some(client), Some(identity)) = (connection.client, connection.socket.identity()) else { return };
        connection.is_unknown = false;
        connection.partial_since = None;
        if let Identity::Certificate { dns, uri } = &identity {
            debug!(client = index, ?dns, ?uri, "certificate");
        }
        if let Some(rules) = &self.settings.rules {
            self.machine.allow_only(client, rules.rights(&identity));
        }
    }

    /// One too many. It fits in what an empty socket takes; what it says is not waited for. By TLS it would have to be waited
    /// for, so there it is told nothing.
    fn refuse(&mut self, mut socket: Socket, line: &[u8]) {
        self.counters.refused += 1;
        drop(socket.write(line));
        socket.end_output();
    }

    /// The connection of a client, if it is still there.
    pub(super) fn index_of(&self, client: ClientId) -> Option<usize> {
        let index = *self.by_slot.get(client.slot())?;
        (self.connections.get(index)?.client == Some(client)).then_some(index)
    }

    /// Ends a connection.
    pub(super) fn close(&mut self, index: usize, end: End) {
        let Some(mut connection) = self.connections.try_remove(index) else { return };
        drop(self.poll.registry().deregister(&mut connection.socket));
        if connection.ends_at.is_none() {
            // Nothing stands between the two ends of a unix socket.
            let end = if matches!(connection.socket, Socket::Unix(_)) { End::Orderly } else { end };
            self.forget(connection.client, end);
        }
        debug!(client = index, "gone");
    }

    /// The peer sends nothing more, so its locks are given up. What it was answered it may still take.
    pub(super) fn hang_up(&mut self, index: usize, now: Duration) {
        let Some(connection) = self.connections.get(index) else { return };
        if connection.backlog() == 0 || connection.has_failed {
            return self.close(index, End::Orderly);
        }
        let client = connection.client;
        self.forget(client, End::Orderly);
        self.farewell(index, now);
    }

    /// Says a last word if there is one, and closes when the peer has heard it, or soon.
    pub(super) fn dismiss(&mut self, index: usize, why: &[u8], now: Duration) {
        let Some(connection) = self.connections.get_mut(index).filter(|found| found.ends_at.is_none()) else { return };
        debug!(client = index, why = %String::from_utf8_lossy(why).trim_end(), "dismissed");
        if !why.is_empty() {
            connection.reply(why.to_vec());
        }
        let client = connection.client;
        self.counters.dismissed += 1;
        self.forget(client, End::Broken);
        self.farewell(index, now);
    }

    /// Closes when the peer has taken what waits for it, or soon. The machine knows it no more.
    pub(super) fn farewell(&mut self, index: usize, now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        connection.input = Vec::new();
        connection.partial_since = None;
        connection.ends_at = Some(now + super::ENDING);
        self.sweep_soon(now);
        self.answered.push(index);
    }

    fn forget(&mut self, client: Option<ClientId>, end: End) {
        if let Some(client) = client {
            match end {
                End::Orderly => self.machine.handle_disconnect(client),
                End::Broken => self.machine.handle_loss(client),
            }
            self.is_behind = true;
        }
    }
}
