//! One connection: a socket, how bytes become commands on it, and what waits on either side.
//!
//! A buffer is there only while something is in it, so that an idle connection costs little.
//!
//! *Back-pressure.* Replies that the peer does not take wait here. Above [`BACKLOG_BYTES`] no further command of that peer is
//! handled and none is read, until it has taken what there is. So what waits is bounded by that and one reply.

use std::{
    io::{self, Write},
    time::Duration,
};

use lockwright_kernel::glockd::ClientId;

use super::{
    socket::Socket,
    websocket::{Over, WebSocket},
};

/// How much may wait to be sent before a peer's commands are left alone, in bytes.
pub const BACKLOG_BYTES: usize = 64 * 1024;

/// A peer.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Connection {
    pub(super) socket: Socket,
    /// What the machine knows it by, unless it only wants to see figures.
    pub(super) client: Option<ClientId>,
    pub(super) speech: Speech,
    /// What came and is not yet handed to the machine.
    pub(super) input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    /// More can be read.
    pub(super) is_readable: bool,
    /// It is in the list of those that have something to do.
    pub(super) is_listed: bool,
    pub(super) has_spoken: bool,
    /// It has still to show who it is.
    pub(super) is_unknown: bool,
    /// The system has said that the peer sends nothing more, or is gone.
    pub(super) has_ended: bool,
    /// The system has said that nothing can be sent either.
    pub(super) has_failed: bool,
    /// The machine has more to say to it once all of this is sent.
    pub(super) is_owed: bool,
    /// The machine knows it no more; what waits is sent, and then it is closed.
    pub(super) ends_at: Option<Duration>,
    /// How much was thrown away since then, in bytes.
    pub(super) discarded: usize,
    /// Since when there is a line, a request or a handshake without its end.
    pub(super) partial_since: Option<Duration>,
    /// Since when the peer has taken nothing of what waits.
    pub(super) stalled_since: Option<Duration>,
}

/// How bytes become commands.
#[derive(Debug)]
pub(super) enum Speech {
    Lines,
    WebSocket(WebSocket),
    Metrics,
}

impl Connection {
    pub(super) fn new(socket: Socket, client: Option<ClientId>, speech: Speech) -> Self {
        Self {
            socket,
            client,
            speech,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            is_readable: true,
            is_listed: false,
            has_spoken: false,
            is_unknown: false,
            has_ended: false,
            has_failed: false,
            is_owed: false,
            ends_at: None,
            discarded: 0,
            partial_since: None,
            stalled_since: None,
        }
    }

    /// How much waits to be sent, in bytes.
    pub(super) fn backlog(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Whether its commands wait until it has taken its replies.
    pub(super) fn is_full(&self) -> bool {
        self.backlog() > BACKLOG_BYTES
    }

    /// One reply, as it stands on a line.
    pub(super) fn reply(&mut self, bytes: Vec<u8>) {
        match &mut self.speech {
            Speech::WebSocket(socket) => socket.send(&bytes, &mut self.output),
            _ if self.output.is_empty() => self.output = bytes,
            Speech::Lines | Speech::Metrics => self.output.extend_from_slice(&bytes),
        }
    }

    /// What came on a WebSocket. Its commands are added to `commands`.
    pub(super) fn decode(&mut self, bytes: &[u8], commands: &mut Vec<u8>) -> Result<(), Over> {
        let Speech::WebSocket(socket) = &mut self.speech else { return Ok(()) };
        socket.receive(bytes, commands, &mut self.output)
    }

    /// Whether a WebSocket has not been agreed on yet.
    pub(super) fn is_shaking(&self) -> bool {
        matches!(&self.speech, Speech::WebSocket(socket) if socket.is_shaking())
    }

    /// Sends what the system takes. `true` when all of it has gone.
    pub(super) fn write(&mut self, now: Duration) -> io::Result<bool> {
        while self.backlog() > 0 {
            match self.socket.write(&self.output[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.sent += count;
                    self.stalled_since = None;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stalled_since.get_or_insert(now);
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        (self.output, self.sent) = (Vec::new(), 0);
        match self.socket.flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.stalled_since.get_or_insert(now);
                return Ok(false);
            }
            other => other?,
        }
        self.stalled_since = None;
        Ok(true)
    }
}
