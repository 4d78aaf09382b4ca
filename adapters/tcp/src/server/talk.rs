//! What peers say, and what they are answered.

use std::{
    io::{self, Read},
    mem,
    time::Duration,
};

use lockwright_kernel::{clock::Instant, glockd::Output};
use tracing::{debug, error, info};

use super::{
    Server,
    accept::End,
    connection::{Connection, Speech},
    websocket::Over,
};

/// How much of what came is handed to the machine before it is seen how much is to be sent, in bytes.
const PART_BYTES: usize = 4096;

/// How many peers are read and answered before their answers are sent. To read, to answer and to send go through much code each,
/// of the system above all, and a processor is quicker at one of them over and over than at all three in turn.
const ANSWERED_MAX: usize = 16;

/// How much is read, and thrown away, from a peer that was told its end, in bytes. A connection that is closed with anything
/// unread would take back what the peer was told.
const DISCARDED_BYTES_MAX: usize = 1024 * 1024;

impl Server {
    /// Handles what waits of a peer, or else reads from it once. What that comes to is to be [delivered](Self::deliver), where it
    /// is enough at once.
    pub(super) fn serve(&mut self, index: usize, now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        if connection.ends_at.is_some() {
            self.discard(index);
        } else if connection.is_full() {
            return; // It is listed again when it has taken its replies.
        } else if !connection.input.is_empty() {
            let input = mem::take(&mut connection.input);
            self.handle(index, &input, now);
        } else if connection.is_readable {
            let mut scratch = mem::take(&mut self.scratch);
            self.read(index, &mut scratch, now);
            self.scratch = scratch;
        }
        if let Some(connection) = self.connections.get(index)
            && (!connection.input.is_empty() || connection.is_readable)
            && (connection.ends_at.is_some() || !connection.is_full())
        {
            self.enlist(index);
        }
        if self.answered.len() >= ANSWERED_MAX {
            self.deliver(now);
        }
    }

    /// Puts a peer in the list of those that have something to do.
    pub(super) fn enlist(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index)
            && !mem::replace(&mut connection.is_listed, true)
        {
            self.ready.push_back(index);
        }
    }

    /// Hands the machine's replies to their connections, and sends them.
    pub(super) fn deliver(&mut self, now: Duration) {
        loop {
            self.collect(now);
            if self.answered.is_empty() {
                return;
            }
            let mut answered = mem::take(&mut self.answered);
            for index in answered.drain(..) {
                self.send(index, now);
            }
            if self.answered.is_empty() {
                self.answered = answered; // With its room.
            }
        }
    }

    /// Sends what a peer takes now.
    pub(super) fn send(&mut self, index: usize, now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        let was_full = connection.is_full();
        match connection.write(now) {
            Ok(true) => {
                if connection.ends_at.is_some() {
                    connection.socket.end_output();
                } else if mem::replace(&mut connection.is_owed, false)
                    && let Some(client) = connection.client
                {
                    self.machine.handle_drained(client);
                    self.is_behind = true;
                }
            }
            Ok(false) => self.sweep_soon(now),
            Err(error) => {
                debug!(%error, "a peer takes no more");
                return self.close(index, End::Broken);
            }
        }
        if was_full && self.connections.get(index).is_some_and(|connection| !connection.is_full()) {
            self.enlist(index);
        }
    }

    fn read(&mut self, index: usize, scratch: &mut [u8], now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        let came = connection.socket.read(scratch);
        if connection.is_unknown {
            self.identify(index);
        }
        let Some(connection) = self.connections.get_mut(index) else { return };
        let count = match came {
            Ok(0) => return self.hang_up(index, now),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                connection.is_readable = false;
                return;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => {
                debug!(%error, "a peer is gone");
                return self.close(index, End::Broken);
            }
        };
        // Less than there was room for is all that there was, unless the end of it was seen already.
        connection.is_readable = !connection.socket.is_drained(count, scratch.len()) || connection.has_ended;
        let came = &scratch[..count];
        match &mut connection.speech {
            Speech::Metrics => self.scrape(index, came, now),
            Speech::WebSocket(_) => self.read_websocket(index, came, now),
            Speech::Lines => {
                if !mem::replace(&mut connection.has_spoken, true) && is_http(came) {
                    debug!("HTTP on the port for lines");
                    return self.close(index, End::Broken);
                }
                self.handle(index, came, now);
            }
        }
    }

    /// Hands what came to the machine, a part at a time, until the replies are too much. The rest waits.
    fn handle(&mut self, index: usize, came: &[u8], now: Duration) {
        let mut rest = came;
        while !rest.is_empty() {
            let Some(connection) = self.connections.get_mut(index) else { return };
            let Some(client) = connection.client.filter(|_| connection.ends_at.is_none()) else { return };
            if connection.is_full() {
                connection.input = rest.to_vec();
                return;
            }
            let (part, later) = rest.split_at(rest.len().min(PART_BYTES));
            connection.follow_line(part, now);
            let is_partial = connection.partial_since.is_some();
            self.machine.handle_bytes(client, part, Instant::new(now));
            self.collect(now);
            if is_partial {
                self.sweep_soon(now);
            }
            rest = later;
        }
    }

    fn read_websocket(&mut self, index: usize, came: &[u8], now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        let mut commands = Vec::new();
        let done = connection.decode(came, &mut commands);
        // A handshake may take no longer than a line.
        connection.partial_since = if connection.is_shaking() { connection.partial_since.or(Some(now)) } else { None };
        if connection.partial_since.is_some() {
            self.sweep_soon(now);
        }
        self.answered.push(index);
        self.handle(index, &commands, now);
        match done {
            Ok(()) => {}
            Err(Over::Closed) => self.hang_up(index, now),
            Err(over) => {
                debug!(%over, "a WebSocket has ended");
                self.dismiss(index, b"", now);
            }
        }
    }

    /// Puts what the machine says where it waits to be sent.
    fn collect(&mut self, now: Duration) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write { client, bytes, has_more } => {
                    let Some(index) = self.index_of(client) else { continue };
                    let Some(connection) = self.connections.get_mut(index) else { continue };
                    connection.reply(bytes);
                    connection.is_owed |= has_more;
                    if self.answered.last() != Some(&index) {
                        self.answered.push(index);
                    }
                }
                Output::Close { client, why } => {
                    if let Some(index) = self.index_of(client) {
                        info!(client = index, ?why, "dismissed");
                        self.counters.dismissed += 1;
                        self.farewell(index, now);
                    }
                }
                Output::Persist(saved) => {
                    if let Err(error) = self.settings.state.write(saved) {
                        error!(%error, "the state was not saved: after a crash, locks may be granted too early");
                    }
                }
            }
        }
    }

    /// What a peer goes on to say that was told its end.
    fn discard(&mut self, index: usize) {
        let mut scratch = mem::take(&mut self.scratch);
        let Some(connection) = self.connections.get_mut(index) else { return };
        let is_gone = match connection.socket.read(&mut scratch) {
            Ok(count) => {
                connection.discarded += count;
                count == 0 || connection.discarded > DISCARDED_BYTES_MAX
            }
            Err(error) => {
                connection.is_readable = false;
                error.kind() != io::ErrorKind::WouldBlock
            }
        };
        self.scratch = scratch;
        if is_gone {
            self.close(index, End::Broken);
        }
    }
}

impl Connection {
    /// Notes since when there is a line without an end.
    fn follow_line(&mut self, part: &[u8], now: Duration) {
        match part.iter().rposition(|byte| *byte == b'\n') {
            Some(last) if last + 1 == part.len() => self.partial_since = None,
            Some(_) => self.partial_since = Some(now),
            None => self.partial_since = self.partial_since.or(Some(now)),
        }
    }
}

/// Whether that begins a request that a browser sends.
fn is_http(came: &[u8]) -> bool {
    let line = came.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii_end().ends_with(b"HTTP/1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_request_is_told_from_a_command() {
        assert!(is_http(b"POST / HTTP/1.1\r\nHost: localhost\r\n"));
        assert!(!is_http(b"g name of HTTP/1.1 lock\n"));
        assert!(!is_http(b"g lock\nHTTP/1.1\n"));
    }
}
