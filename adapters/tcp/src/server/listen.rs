//! Where the daemon can be reached: sockets that it binds, and sockets that it is handed by who starts it.
//!
//! *A unix socket* is for its owner alone (mode 0600). It is bound under a name of its own, made that mode, and only then
//! renamed to its place, so that at no moment anybody else can connect. Where a socket stands in its place already, somebody
//! may listen there: it is replaced only if connecting to it is refused. What is no socket is never replaced.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::{FileTypeExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use mio::{Interest, Registry, Token, event::Source, net};

use super::socket::Socket;
use crate::tls::{ServerSide, Stream};

/// What those speak who come in by a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Lines.
    Lines,
    /// WebSocket: one message is one command, and one reply.
    WebSocket,
    /// Whoever wants to see figures: HTTP.
    Metrics,
}

/// A socket at which connections come in.
#[derive(Debug)]
pub struct Listener {
    socket: Listening,
    speaks: Speaks,
    tls: Option<ServerSide>,
}

#[derive(Debug)]
enum Listening {
    Tcp(net::TcpListener),
    /// The path is removed at the end, where this process has bound it.
    Unix(net::UnixListener, Option<PathBuf>),
}

/// Who has connected.
#[derive(Debug)]
pub(super) enum From {
    Tcp(SocketAddr),
    Unix,
}

impl Listener {
    /// Listens at a TCP address.
    ///
    /// # Errors
    ///
    /// When the address is not to be had.
    pub fn tcp(address: SocketAddr, speaks: Speaks) -> io::Result<Self> {
        Ok(Self { socket: Listening::Tcp(net::TcpListener::bind(address)?), speaks, tls: None })
    }

    /// Listens at a unix socket, for the owner of this process alone.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] when somebody listens there, or something else stands there. Nothing is left behind.
    pub fn unix(path: &Path, speaks: Speaks) -> io::Result<Self> {
        make_room(path)?;
        let mut new = path.as_os_str().to_owned();
        new.push(format!(".{}", std::process::id()));
        let new = PathBuf::from(new);
        let socket = net::UnixListener::bind(&new)?;
        let placed = fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).and_then(|()| fs::rename(&new, path));
        if let Err(error) = placed {
            // The failure is told; that of taking it back adds nothing.
            drop(fs::remove_file(&new));
            return Err(error);
        }
        Ok(Self { socket: Listening::Unix(socket, Some(path.to_owned())), speaks, tls: None })
    }

    /// Listens at a TCP socket that was bound by somebody else.
    ///
    /// # Errors
    ///
    /// When it cannot be asked not to block.
    pub fn from_tcp(socket: std::net::TcpListener, speaks: Speaks) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket: Listening::Tcp(net::TcpListener::from_std(socket)), speaks, tls: None })
    }

    /// Listens at a unix socket that was bound by somebody else, who sees to who can connect.
    ///
    /// # Errors
    ///
    /// When it cannot be asked not to block.
    pub fn from_unix(socket: std::os::unix::net::UnixListener, speaks: Speaks) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket: Listening::Unix(net::UnixListener::from_std(socket), None), speaks, tls: None })
    }

    /// Lets in by TCP only who shows a certificate. A unix socket stays as it is: the system says who comes there.
    #[must_use]
    pub fn secured(mut self, tls: &ServerSide) -> Self {
        if matches!(self.socket, Listening::Tcp(_)) {
            self.tls = Some(tls.clone());
        }
        self
    }

    /// The same from now on with other certificates and authorities, where one has to be shown.
    pub(super) fn secure_anew(&mut self, tls: &ServerSide) {
        if self.is_secured() {
            self.tls = Some(tls.clone());
        }
    }

    /// Whether whoever connects has to show a certificate.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.tls.is_some()
    }

    /// The TCP address that it has, as where the system chose the port.
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Listening::Tcp(tcp) => tcp.local_addr().ok(),
            Listening::Unix(..) => None,
        }
    }

    /// What is spoken there.
    #[must_use]
    pub fn speaks(&self) -> Speaks {
        self.speaks
    }

    /// Whether others than this host's own processes can connect.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.tcp_address().is_some_and(|address| !is_loopback(address.ip()))
    }

    /// The next connection.
    pub(super) fn accept(&self) -> io::Result<(Socket, From)> {
        match &self.socket {
            Listening::Tcp(tcp) => {
                let (socket, from) = tcp.accept()?;
                let socket = match &self.tls {
                    None => Socket::Tcp(socket),
                    Some(tls) => Socket::Tls(Box::new(Stream::server(socket, tls.config())?)),
                };
                Ok((socket, From::Tcp(from)))
            }
            Listening::Unix(unix, _) => unix.accept().map(|(socket, _)| (Socket::Unix(socket), From::Unix)),
        }
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.socket {
            Listening::Tcp(tcp) => tcp.register(registry, token, Interest::READABLE),
            Listening::Unix(unix, _) => unix.register(registry, token, Interest::READABLE),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A socket that stays behind is replaced by the next daemon.
        if let Listening::Unix(_, Some(path)) = &self.socket {
            drop(fs::remove_file(path));
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Listening::Tcp(tcp) => tcp.as_fd(),
            Listening::Unix(unix, _) => unix.as_fd(),
        }
    }
}

/// Whether an address is that of this host alone.
fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_loopback(),
        IpAddr::V6(six) => six.is_loopback() || six.to_ipv4_mapped().is_some_and(|four| four.is_loopback()),
    }
}

fn make_room(path: &Path) -> io::Result<()> {
    let in_use = |what| Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if !found.file_type().is_socket() => in_use("something that is no socket stands there"),
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(_) => in_use("somebody listens there"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_socket_is_its_owners_alone_and_goes_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = Listener::unix(&path, Speaks::Lines).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Listener::unix(&path, Speaks::Lines).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_daemon_left_is_replaced_and_what_is_no_socket_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        drop(Listener::unix(&path, Speaks::Lines).unwrap());
        fs::write(&path, "precious").unwrap();
        assert_eq!(Listener::unix(&path, Speaks::Lines).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn loopback_is_loopback_in_either_family() {
        for (text, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_loopback(text.parse().unwrap()), expected, "{text}");
        }
    }
}
