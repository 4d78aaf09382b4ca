//! TLS over a socket that does not block.
//!
//! Both a read and a write say [`io::ErrorKind::WouldBlock`] when the socket has to be waited for: for something to read, or,
//! while the stream [has something to send](Stream::wants_write), for room.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, ServerName},
};

/// How much is encrypted ahead of what the socket takes, in bytes.
const AHEAD_BYTES: usize = 16 * 1024;

/// How often the socket is read for one call. A peer that sends much that comes to nothing is not to keep others waiting.
const READS_MAX: usize = 16;

/// One end.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    socket: T,
    session: Connection,
}

impl<T> Stream<T> {
    /// The daemon's end. Nothing is sent yet.
    pub(crate) fn server(socket: T, config: Arc<ServerConfig>) -> io::Result<Self> {
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Self::new(socket, session.into()))
    }

    /// A client's end, of a daemon that is to show a certificate of that name. Nothing is sent yet.
    pub(crate) fn client(socket: T, config: Arc<ClientConfig>, name: &str) -> io::Result<Self> {
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::new(socket, session.into()))
    }

    fn new(socket: T, mut session: Connection) -> Self {
        session.set_buffer_limit(Some(AHEAD_BYTES));
        Self { socket, session }
    }

    pub(crate) fn socket(&self) -> &T {
        &self.socket
    }

    pub(crate) fn socket_mut(&mut self) -> &mut T {
        &mut self.socket
    }

    /// Whether it is not known yet who the other side is.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    pub(crate) fn wants_write(&self) -> bool {
        self.session.wants_write()
    }

    /// The certificate that the other side has shown, and proved to be its own.
    pub(crate) fn peer(&self) -> Option<&CertificateDer<'static>> {
        self.peers()?.first()
    }

    /// That, and those between it and an authority.
    pub(crate) fn peers(&self) -> Option<&[CertificateDer<'static>]> {
        self.session.peer_certificates()
    }
}

impl<T: Read + Write> Stream<T> {
    /// Reads from the socket once, and answers what has to be. How many bytes came; with none the other side sends no more.
    pub(crate) fn take_in(&mut self) -> io::Result<usize> {
        let count = self.session.read_tls(&mut self.socket)?;
        let done = self.session.process_new_packets();
        match (self.flush(), done) {
            // What is wrong with it is on its way to the peer, as far as that can be.
            (_, Err(error)) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            (Err(error), Ok(_)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(count),
        }
    }

    /// Says that nothing more will be sent, as far as that can be said at once.
    pub(crate) fn end(&mut self) {
        self.session.send_close_notify();
        // A peer that is gone need not be told.
        drop(self.flush());
    }
}

impl<T: Read + Write> Read for Stream<T> {
    /// No bytes are an end that the other side has signed; [`io::ErrorKind::UnexpectedEof`] is one that it has not.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..READS_MAX {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            self.take_in()?;
        }
        Err(io::ErrorKind::Interrupted.into())
    }
}

impl<T: Read + Write> Write for Stream<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let count = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            if self.session.write_tls(&mut self.socket)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}
