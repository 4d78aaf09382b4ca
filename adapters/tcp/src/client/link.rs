//! A connection of lines: written at once, read with a deadline, and interrupted by a handle.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, FdFlags, fcntl_setfd},
};

use crate::{
    address::Daemon,
    half_open,
    tls::{ClientSide, Stream},
};

/// Above this, what comes without a line feed is no reply, in bytes.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What waiting for a line came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its end.
    Line(String),
    /// There was none in time.
    TimedOut,
    /// The other handle can be read.
    Interrupted,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    socket: Socket,
    /// What came and is no whole line yet, or was not asked for.
    input: Vec<u8>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Tls(Box<Stream<TcpStream>>),
    Unix(UnixStream),
}

impl Link {
    /// Connects, within that time for each address that the host has.
    pub(super) fn connect(daemon: &Daemon, within: Duration) -> io::Result<Self> {
        let socket = match daemon {
            Daemon::Tcp(host) => Socket::Tcp(connect_tcp(host, within)?),
            Daemon::Tls(host) => return Self::connect_tls(host, within, &ClientSide::from_env()?),
            Daemon::Unix(path) => Socket::Unix(UnixStream::connect(path)?),
        };
        match &socket {
            Socket::Tcp(tcp) => tcp.set_nonblocking(true)?,
            Socket::Tls(_) => {}
            Socket::Unix(unix) => unix.set_nonblocking(true)?,
        }
        Ok(Self { socket, input: Vec::new() })
    }

    /// Connects, and has the daemon show its certificate, either within that time.
    pub(super) fn connect_tls(host: &str, within: Duration, side: &ClientSide) -> io::Result<Self> {
        let tcp = connect_tcp(host, within)?;
        tcp.set_nonblocking(true)?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let mut tls = Stream::client(tcp, Arc::clone(&side.0), name)?;
        let until = Instant::now() + within;
        tls.flush()?;
        while tls.is_handshaking() {
            match tls.take_in() {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if tls.is_handshaking() {
                let room = if tls.wants_write() { PollFlags::OUT } else { PollFlags::empty() };
                wait(&mut [PollFd::new(tls.socket(), PollFlags::IN | room)], Some(left))?;
            }
        }
        Ok(Self { socket: Socket::Tls(Box::new(tls)), input: Vec::new() })
    }

    /// Lets programs that this process executes have the connection as well, so that it ends with the last of them. The end of
    /// this value ends it for all.
    pub(super) fn share_with_children(&self) -> io::Result<()> {
        Ok(fcntl_setfd(&self.socket, FdFlags::empty())?)
    }

    /// Sends one line.
    pub(super) fn send(&mut self, line: &str) -> io::Result<()> {
        let mut bytes = [line.as_bytes(), b"\n"].concat();
        loop {
            let written = match &mut self.socket {
                Socket::Tls(tls) if bytes.is_empty() => tls.flush().map(|()| 0),
                Socket::Tls(tls) => tls.write(&bytes),
                Socket::Tcp(tcp) => tcp.write(&bytes),
                Socket::Unix(unix) => unix.write(&bytes),
            };
            match written {
                Ok(_) if bytes.is_empty() => return Ok(()),
                Ok(count) => drop(bytes.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // A daemon that does not take a line within the time of a probe is gone, as the system will say.
                    wait(&mut [PollFd::new(&self.socket, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next line, until `until` at most.
    ///
    /// [`io::ErrorKind::UnexpectedEof`] says that the connection is closed.
    pub(super) fn hear(&mut self, until: Option<Instant>, interrupt: Option<BorrowedFd<'_>>) -> io::Result<Heard> {
        loop {
            if let Some(length) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=length).collect();
                return Ok(Heard::Line(String::from_utf8_lossy(line.trim_ascii_end()).into_owned()));
            }
            if self.read()? {
                continue;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(Heard::TimedOut);
            }
            let mut handles = vec![PollFd::new(&self.socket, PollFlags::IN)];
            handles.extend(interrupt.as_ref().map(|handle| PollFd::new(handle, PollFlags::IN)));
            wait(&mut handles, left)?;
            if handles.get(1).is_some_and(|handle| !handle.revents().is_empty()) {
                return Ok(Heard::Interrupted);
            }
        }
    }

    /// Reads what there is: `false` when there is nothing now.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            let count = match &mut self.socket {
                Socket::Tcp(tcp) => tcp.read(&mut buffer),
                Socket::Tls(tls) => tls.read(&mut buffer),
                Socket::Unix(unix) => unix.read(&mut buffer),
            };
            match count {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.input.extend_from_slice(&buffer[..count]);
                    if self.input.len() > LINE_BYTES_MAX && !self.input.contains(&b'\n') {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end"));
                    }
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A connection that is lost need not be ended.
        let _ = match &mut self.socket {
            Socket::Tcp(tcp) => tcp.shutdown(Shutdown::Both),
            Socket::Tls(tls) => {
                tls.end();
                tls.socket().shutdown(Shutdown::Both)
            }
            Socket::Unix(unix) => unix.shutdown(Shutdown::Both),
        };
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(tcp) => tcp.as_fd(),
            Self::Tls(tls) => tls.socket().as_fd(),
            Self::Unix(unix) => unix.as_fd(),
        }
    }
}

fn connect_tcp(host: &str, within: Duration) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, within) {
            Ok(tcp) => {
                tcp.set_nodelay(true)?;
                half_open::probe(&tcp)?;
                return Ok(tcp);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn wait(handles: &mut [PollFd<'_>], left: Option<Duration>) -> io::Result<()> {
    let left = left.map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    match poll(handles, left.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
