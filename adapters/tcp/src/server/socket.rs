//! One connected socket, be it TCP, TLS over TCP or unix, and what is asked of the system for it.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
};

use mio::{
    Interest, Registry, Token,
    event::Source,
    net::{TcpStream, UnixStream},
};
use rustix::net::sockopt;

use super::rules::Identity;
use crate::{
    half_open,
    tls::{ServerSide, Stream},
};

/// A connected socket that does not block.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    /// Large, and most connections are of the other kinds.
    Tls(Box<Stream<TcpStream>>),
    Unix(UnixStream),
}

impl Socket {
    /// Sends each reply at once, and finds out by itself when the peer is gone.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let tcp = match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(tls) => tls.socket(),
            Self::Unix(_) => return Ok(()),
        };
        tcp.set_nodelay(true)?;
        half_open::probe(tcp)
    }

    /// Who the peer is; `None` as long as it has still to show that.
    pub(super) fn identity(&self) -> Option<Identity> {
        match self {
            Self::Tcp(_) => Some(Identity::Tcp),
            Self::Tls(tls) if tls.is_handshaking() => None,
            Self::Tls(tls) => tls.peer().map(Identity::of),
            Self::Unix(unix) => Some(Identity::Unix(sockopt::socket_peercred(unix).ok().map(|who| who.uid.as_raw()))),
        }
    }

    /// Whether the peer would be let in by these authorities. One that has no certificate to show is no matter of theirs.
    pub(super) fn is_vouched_for(&self, by: &ServerSide) -> bool {
        match self {
            Self::Tls(tls) => tls.peers().is_some_and(|chain| by.vouches_for(chain)),
            Self::Tcp(_) | Self::Unix(_) => true,
        }
    }

    /// Whether something of its own making is to be sent.
    pub(super) fn wants_write(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.wants_write())
    }

    /// Whether there is nothing left to read after a read of so many bytes, with room for so many.
    pub(super) fn is_drained(&self, count: usize, room: usize) -> bool {
        // What is left of a record is the stream's, and the system does not speak of it.
        count < room && !matches!(self, Self::Tls(_))
    }

    /// Says that nothing more will be sent.
    pub(super) fn end_output(&mut self) {
        // A peer that is gone need not be told.
        let _ = match self {
            Self::Tcp(tcp) => tcp.shutdown(Shutdown::Write),
            Self::Tls(tls) => {
                tls.end();
                tls.socket().shutdown(Shutdown::Write)
            }
            Self::Unix(unix) => unix.shutdown(Shutdown::Write),
        };
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(tls) => tls.socket_mut(),
            Self::Unix(unix) => unix,
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
            Self::Unix(unix) => unix.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            Self::Unix(unix) => unix.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tls(tls) => tls.flush(),
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
        }
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source().deregister(registry)
    }
}
