//! From bytes to lines: input may be cut anywhere, and what has no end yet is no line.

use alloc::vec::Vec;

use core::mem;

use crate::clock::Instant;

use super::{
    Glockd,
    clients::{Busy, ClientId},
    output::Why,
    reply::Reply,
};

/// What a client sends to show that it is there, and is not answered.
const SIGN: &[u8] = b"pong\n";

impl Glockd {
    /// Takes what was read from `client`, however it is cut, and does what the whole lines in it say. The rest is kept
    /// for the next time, and forgotten when the client is gone.
    pub fn handle_bytes(&mut self, client: ClientId, bytes: &[u8], now: Instant) {
        let Some(known) = self.hear(client, now) else { return };
        if known.busy != Busy::Free && bytes == SIGN && known.input.last().is_none_or(|last| *last == b'\n') {
            return; // However long a client waits, its signs of life do not pile up.
        }
        if known.input.is_empty() {
            let used = self.run(client, bytes, usize::MAX, now);
            if let Some(known) = self.clients.get(client) {
                known.input.extend_from_slice(bytes.get(used..).unwrap_or_default());
            }
        } else {
            known.input.extend_from_slice(bytes);
            self.go_on(client, usize::MAX, now);
        }
        self.limit_input(client);
    }

    /// Takes one command, as a message brings it: a line without its end, or with it. An end of a line within it is white
    /// space.
    pub fn handle_line(&mut self, client: ClientId, line: &[u8], now: Instant) {
        let line: Vec<_> = line.trim_ascii().iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
        let Some(known) = self.hear(client, now) else { return };
        if known.busy != Busy::Free && Some(&line[..]) == SIGN.strip_suffix(b"\n") {
            return;
        }
        let is_first = known.input.is_empty();
        if is_first && self.may_run(client, &line) {
            return self.run_one(client, &line, now);
        }
        let Some(known) = self.clients.get(client) else { return };
        known.input.extend(line.into_iter().chain([b'\n']));
        self.limit_input(client);
    }

    /// Goes on with what was kept, up to `most` lines of it.
    pub(super) fn go_on(&mut self, id: ClientId, most: usize, now: Instant) {
        let Some(client) = self.clients.get(id) else { return };
        let mut input = mem::take(&mut client.input);
        let used = self.run(id, &input, most, now);
        input.drain(..used);
        if let Some(client) = self.clients.get(id).filter(|_| !input.is_empty()) {
            client.input = input;
        }
    }

    /// Does the whole lines at the start of `bytes`, as far as they need not wait, and says how long these are.
    fn run(&mut self, id: ClientId, bytes: &[u8], most: usize, now: Instant) -> usize {
        let mut rest = bytes;
        for _ in 0..most {
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
            let (line, later) = (&rest[..end], &rest[end + 1..]);
            if !self.may_run(id, line) {
                break;
            }
            rest = later;
            self.run_one(id, line, now);
        }
        bytes.len() - rest.len()
    }

    /// Claims may follow each other, up to their limit; whatever else comes after a command that waits has to wait as well.
    fn may_run(&self, id: ClientId, line: &[u8]) -> bool {
        self.clients.see(id).filter(|client| !client.is_leaving).is_some_and(|client| match &client.busy {
            Busy::Free => true,
            Busy::Claims(_) => line.starts_with(b"back ") && !self.has_too_many(id),
            _ => false,
        })
    }

    fn run_one(&mut self, id: ClientId, line: &[u8], now: Instant) {
        if line.len() > self.settings.line {
            return self.turn_away(id, Reply::LineTooLong, Why::LineTooLong);
        }
        self.answer(id, line, now);
    }

    fn limit_input(&mut self, id: ClientId) {
        let Some(client) = self.clients.get(id) else { return };
        let (kept, is_free) = (client.input.len(), client.busy == Busy::Free);
        if is_free && kept > self.settings.line {
            self.turn_away(id, Reply::LineTooLong, Why::LineTooLong);
        } else if kept > self.settings.ahead.max(self.settings.line) {
            self.turn_away(id, Reply::TooMuchAhead, Why::TooMuchAhead);
        }
    }

    fn turn_away(&mut self, id: ClientId, reply: Reply<'_>, why: Why) {
        self.refuse(id, reply);
        self.close(id, why);
    }
}
