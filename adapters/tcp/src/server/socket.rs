//! One connected socket, be it TCP or unix, and what is asked of the system for it.
//!
//! *Half-open peers.* A peer that is gone without a word (its host lost power, its cable) is found by the system's own
//! probes: the first after [`PROBE_AFTER`] of silence, then one each [`PROBE_EVERY`], and after [`PROBES_MAX`] without an
//! answer the connection ends; data that nobody takes ends it after [`UNANSWERED_MAX`]. That needs nothing of the peer's
//! program, so it holds for clients that know only the old commands. It does not find a program that hangs.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    time::Duration,
};

use mio::{
    Interest, Registry, Token,
    event::Source,
    net::{TcpStream, UnixStream},
};
use rustix::net::sockopt;

/// The silence after which a TCP peer is asked whether it is there.
pub const PROBE_AFTER: Duration = Duration::from_secs(5);
/// How long between two such questions.
pub const PROBE_EVERY: Duration = Duration::from_secs(3);
/// How many of them stay without an answer before the peer is taken for gone.
pub const PROBES_MAX: u32 = 3;
/// How long data stays without an acknowledgement before the peer is taken for gone.
pub const UNANSWERED_MAX: Duration = Duration::from_secs(14);

/// A connected socket that does not block.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Sends each reply at once, and finds out by itself when the peer is gone.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let Self::Tcp(tcp) = self else { return Ok(()) };
        tcp.set_nodelay(true)?;
        sockopt::set_socket_keepalive(tcp, true)?;
        sockopt::set_tcp_keepidle(tcp, PROBE_AFTER)?;
        sockopt::set_tcp_keepintvl(tcp, PROBE_EVERY)?;
        sockopt::set_tcp_keepcnt(tcp, PROBES_MAX)?;
        let unanswered_ms = u32::try_from(UNANSWERED_MAX.as_millis()).unwrap_or(u32::MAX);
        Ok(sockopt::set_tcp_user_timeout(tcp, unanswered_ms)?)
    }

    /// Says that nothing more will be sent.
    pub(super) fn end_output(&self) {
        // A peer that is gone need not be told.
        let _ = match self {
            Self::Tcp(tcp) => tcp.shutdown(Shutdown::Write),
            Self::Unix(unix) => unix.shutdown(Shutdown::Write),
        };
    }
}

impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(tcp) => (&*tcp).read(buffer),
            Socket::Unix(unix) => (&*unix).read(buffer),
        }
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(tcp) => (&*tcp).write(bytes),
            Socket::Unix(unix) => (&*unix).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.register(registry, token, interests),
            Self::Unix(unix) => unix.register(registry, token, interests),
        }
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.reregister(registry, token, interests),
            Self::Unix(unix) => unix.reregister(registry, token, interests),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.deregister(registry),
            Self::Unix(unix) => unix.deregister(registry),
        }
    }
}
