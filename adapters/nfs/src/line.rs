//! The line to a server: records over TCP, sent again under the same number until an answer comes.
//!
//! [`nfs3_client`] writes a call and reads the reply, and takes what it writes to for a connection. A [`Line`] is more
//! than that. It keeps the call until its reply is there, whole; where the connection breaks, or is silent for too long,
//! it hangs up, connects again and sends **the same record**, number (xid) included, so that a server that remembers its
//! replies can tell a repetition from a new call. A reply to another number is one that comes late, and is dropped.
//!
//! The new connection comes from the port of the old one where the system allows it: servers look for a repetition under
//! the address that it came from.
//!
//! Nothing here is asynchronous: what the traits of the crate call a future is done when it is made.

use std::{
    future::{Future, ready},
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nfs3_client::io::{AsyncRead, AsyncWrite};
use socket2::{Domain, Protocol, Socket, Type};

use crate::record;

/// How long a client waits before it does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A reply that is not there after this time does not come: the client hangs up and sends the call again. Shorter
    /// than a slow server takes, this makes the server do the same work twice.
    pub reply: Duration,
    /// After this time without a reply, counted from the first try, a call fails with
    /// [`FsError::Io`](lockwright_kernel::fs::FsError::Io). It may take effect even later.
    pub whole: Duration,
}

impl Default for Patience {
    /// 20 seconds for a reply, 3 minutes in all.
    fn default() -> Self {
        Self { reply: Duration::from_secs(20), whole: Duration::from_mins(3) }
    }
}

/// The first pause before a server is tried again; each next one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(5);

/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The ports that a system gives to root only: some servers believe no others.
const TRUSTED_PORTS: std::ops::Range<u16> = 665..1024;

/// How many of them are tried before any other port.
const PORT_TRIES: u32 = 8;

/// A connection that mends itself.
#[derive(Debug)]
pub(crate) struct Line {
    server: SocketAddr,
    patience: Patience,
    stream: Option<TcpStream>,
    /// Where the last connection came from.
    port: Option<u16>,
    /// The call that waits for its reply, as it goes over the wire.
    call: Vec<u8>,
    /// Its reply, and how much of it was read.
    reply: Vec<u8>,
    read: usize,
    /// The call is whole, and was answered or given up.
    is_over: bool,
    sendings: Arc<AtomicU32>,
}

impl Line {
    pub(crate) fn new(server: SocketAddr, patience: Patience) -> Self {
        Self {
            server,
            patience,
            stream: None,
            port: None,
            call: Vec::new(),
            reply: Vec::new(),
            read: 0,
            is_over: false,
            sendings: Arc::default(),
        }
    }

    /// How often the last call was sent, or begun to be.
    pub(crate) fn sendings(&self) -> Arc<AtomicU32> {
        self.sendings.clone()
    }

    /// Gets the reply to the call, however many connections that takes.
    fn exchange(&mut self) -> io::Result<()> {
        let end = Instant::now() + self.patience.whole;
        let mut pause = PAUSE_MIN;
        loop {
            let reason = match self.try_exchange(end) {
                Ok(reply) => {
                    self.reply = reply;
                    return Ok(());
                }
                Err(reason) => reason,
            };
            if Instant::now() + pause >= end {
                return Err(reason);
            }
            thread::sleep(pause);
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    fn try_exchange(&mut self, end: Instant) -> io::Result<Vec<u8>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let reply = self.ask(&mut stream, end);
        match reply {
            Ok(_) => self.stream = Some(stream),
            // So that the system forgets the connection, and its port can be used again at once.
            Err(_) => cut(&stream),
        }
        reply
    }

    fn ask(&self, stream: &mut TcpStream, end: Instant) -> io::Result<Vec<u8>> {
        self.sendings.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&self.call)?;
        let until = (Instant::now() + self.patience.reply).min(end);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            let reply = record::read(stream)?;
            if record::xid(&reply) == record::xid(&self.call) {
                return Ok(reply);
            }
        }
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        let stream = match self.port.map(|port| self.connect_from(port)) {
            // While the system still remembers the old connection, the port may not be had.
            Some(Err(error)) if is_of_port(&error) => self.connect_anew()?,
            Some(connected) => connected?,
            None => self.connect_anew()?,
        };
        self.port = stream.local_addr().ok().map(|address| address.port());
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(self.patience.reply))?;
        Ok(stream)
    }

    fn connect_anew(&self) -> io::Result<TcpStream> {
        if rustix::process::geteuid().is_root() {
            for _ in 0..PORT_TRIES {
                match self.connect_from(fastrand::u16(TRUSTED_PORTS)) {
                    Err(error) if is_of_port(&error) => {}
                    connected => return connected,
                }
            }
        }
        self.connect_from(0)
    }

    fn connect_from(&self, port: u16) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.server), Type::STREAM, Some(Protocol::TCP))?;
        if port != 0 {
            let any: SocketAddr = if self.server.is_ipv4() { ([0; 4], port).into() } else { ([0; 16], port).into() };
            socket.set_reuse_address(true)?;
            socket.bind(&any.into())?;
        }
        socket.connect_timeout(&self.server.into(), self.patience.reply)?;
        Ok(socket.into())
    }
}

/// Whether it is the port at this end that stands in the way, and not the server.
fn is_of_port(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable | ErrorKind::PermissionDenied)
}

/// Lets a connection end by a reset, and not in order.
pub(crate) fn cut(stream: &TcpStream) {
    // Where that cannot be set, it ends in order.
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

impl AsyncWrite for Line {
    fn async_write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        if self.is_over {
            self.is_over = false;
            self.call.clear();
            self.reply.clear();
            self.read = 0;
            self.sendings.store(0, Ordering::Relaxed);
        }
        self.call.extend_from_slice(bytes);
        ready(Ok(bytes.len()))
    }
}

impl AsyncRead for Line {
    fn async_read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        if !self.is_over {
            self.is_over = true;
            if let Err(error) = self.exchange() {
                return ready(Err(error));
            }
        }
        let read = (&self.reply[self.read..]).read(buffer);
        if let Ok(count) = read {
            self.read += count;
        }
        ready(match read {
            Ok(0) if !buffer.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            read => read,
        })
    }
}
