//! Half-open connections: how each side finds out that the other is gone without a word, as when its host lost power, or
//! its cable.
//!
//! The system's own probes do it: the first after [`PROBE_AFTER`] of silence, then one each [`PROBE_EVERY`], and after
//! [`PROBES_MAX`] without an answer the connection ends; data that nobody takes ends it after [`UNANSWERED_MAX`]. That needs
//! nothing of the peer's program, so it holds for programs that know only the old commands. It does not find one that
//! hangs.

use std::{io, os::fd::AsFd, time::Duration};

use rustix::net::sockopt;

/// The silence after which a TCP peer is asked whether it is there.
pub const PROBE_AFTER: Duration = Duration::from_secs(5);
/// How long between two such questions.
pub const PROBE_EVERY: Duration = Duration::from_secs(3);
/// How many of them stay without an answer before the peer is taken for gone.
pub const PROBES_MAX: u32 = 3;
/// How long data stays without an acknowledgement before the peer is taken for gone.
pub const UNANSWERED_MAX: Duration = Duration::from_secs(14);

/// Has the system probe the peer of this TCP connection.
pub(crate) fn probe(tcp: impl AsFd) -> io::Result<()> {
    let tcp = tcp.as_fd();
    sockopt::set_socket_keepalive(tcp, true)?;
    sockopt::set_tcp_keepidle(tcp, PROBE_AFTER)?;
    sockopt::set_tcp_keepintvl(tcp, PROBE_EVERY)?;
    sockopt::set_tcp_keepcnt(tcp, PROBES_MAX)?;
    let unanswered_ms = u32::try_from(UNANSWERED_MAX.as_millis()).unwrap_or(u32::MAX);
    Ok(sockopt::set_tcp_user_timeout(tcp, unanswered_ms)?)
}
