//! Looks, once a second, for peers that are too slow or silent for too long.

use std::time::Duration;

use super::{Server, accept::End, connection::Connection};

const EVERY: Duration = Duration::from_secs(1);

const TOO_SLOW: &[u8] = b"0 Line Too Slow\n";

/// What is to become of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// There is nothing that it could be late with.
    AtRest,
    /// It has time left.
    InTime,
    /// It is told why, and closed.
    Dismiss(&'static [u8]),
    /// It takes nothing, so it cannot be told.
    Close,
}

impl Server {
    /// There is a peer that could be late.
    pub(super) fn sweep_soon(&mut self, now: Duration) {
        self.sweep_at.get_or_insert(now + EVERY);
    }

    /// Ends what is late.
    pub(super) fn sweep(&mut self, now: Duration) {
        self.sweep_at = None;
        // Who could not be let in for want of handles may be now.
        self.accepting = (0..self.listeners.len()).collect();
        let verdicts: Vec<(usize, Verdict)> = (self.connections.iter())
            .map(|(index, connection)| (index, self.verdict(connection, now)))
            .filter(|(_, verdict)| *verdict != Verdict::AtRest)
            .collect();
        if !verdicts.is_empty() {
            self.sweep_soon(now);
        }
        for (index, verdict) in verdicts {
            match verdict {
                Verdict::Dismiss(why) => self.dismiss(index, why, now),
                Verdict::Close => self.close(index, End::Broken),
                Verdict::AtRest | Verdict::InTime => {}
            }
        }
    }

    fn verdict(&self, connection: &Connection, now: Duration) -> Verdict {
        let is_over = |since: Option<Duration>, max| since.map(|since| now.saturating_sub(since) >= max);
        let stalled = is_over(connection.stalled_since, self.settings.stalled_max);
        let partial = is_over(connection.partial_since, self.settings.line_time_max);
        match (connection.ends_at, stalled, partial) {
            (Some(at), ..) if at <= now => Verdict::Close,
            (None, Some(true), _) => Verdict::Close,
            (None, _, Some(true)) => Verdict::Dismiss(TOO_SLOW),
            (None, None, None) => Verdict::AtRest,
            _ => Verdict::InTime,
        }
    }
}
