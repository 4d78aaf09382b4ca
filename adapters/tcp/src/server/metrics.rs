//! Figures for Prometheus, over HTTP: whoever asks is answered, whatever the path, and closed.

use std::{fmt::Write as _, time::Duration};

use lockwright_kernel::glockd::VERBS;

use super::{Server, accept::End};

/// How long a request may be, in bytes.
const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// What the daemon counts beside what its machine counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    /// How many were one too many.
    pub(super) refused: u64,
    /// How many were closed for breaking a rule or being late.
    pub(super) dismissed: u64,
}

impl Server {
    /// Takes in a part of a request, and answers when it is whole.
    pub(super) fn scrape(&mut self, index: usize, came: &[u8], now: Duration) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        connection.input.extend_from_slice(came);
        let is_whole = connection.input.windows(4).any(|end| end == b"\r\n\r\n");
        if connection.input.len() > REQUEST_BYTES_MAX {
            return self.close(index, End::Broken);
        }
        if !is_whole {
            connection.partial_since.get_or_insert(now);
            return self.sweep_soon(now);
        }
        let body = self.figures();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
        let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.dismiss(index, text.as_bytes(), now);
    }

    fn figures(&self) -> String {
        let (now, counted) = (self.machine.gauges(), self.machine.statistics());
        let mut text = String::new();
        let mut figure = |name: &str, kind: &str, about: &str, value: u64| {
            // Nothing can go wrong with a string.
            let _ = write!(text, "# HELP glockd_{name} {about}\n# TYPE glockd_{name} {kind}\nglockd_{name} {value}\n");
        };
        let mut gauge = |name, about, value: usize| figure(name, "gauge", about, value as u64);
        gauge("connections", "Clients that are connected.", now.connections);
        gauge("locks", "Exclusive locks that are held.", now.locks);
        gauge("shared_locks", "Names of shared locks that are held.", now.shared_locks);
        gauge("waiters", "Clients that wait in line.", now.waiters);
        gauge("epoch", "The number of this run.", now.epoch as usize);
        gauge("in_grace", "1 while nobody is granted anything but what was theirs.", usize::from(now.is_in_grace));
        let mut total = |name, about, value| figure(name, "counter", about, value);
        total("connections_accepted_total", "Connections that were let in.", self.accepted);
        total("connections_refused_total", "Connections above the limit.", self.counters.refused);
        total("connections_dismissed_total", "Connections that were closed by the daemon.", self.counters.dismissed);
        total("refused_total", "What was refused since a limit was reached.", counted.refused);
        total("forbidden_total", "What was refused since the client may not.", counted.forbidden);
        total("silent_total", "Clients that gave no sign of life.", counted.silent);
        total("orphans_total", "Exclusive locks released since their holder was gone.", counted.orphans);
        total("shared_orphans_total", "Shared locks released since their holder was gone.", counted.shared_orphans);
        total("waits_granted_total", "Waits that ended with the lock.", counted.waits_granted);
        total("waits_timed_out_total", "Waits that ended without.", counted.waits_timed_out);
        text.push_str("# HELP glockd_commands_total Commands, by their verb.\n# TYPE glockd_commands_total counter\n");
        for (verb, count) in VERBS.iter().zip(counted.commands) {
            let _ = writeln!(text, "glockd_commands_total{{verb=\"{verb}\"}} {count}");
        }
        text
    }
}
