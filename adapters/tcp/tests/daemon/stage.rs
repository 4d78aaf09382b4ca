//! A daemon in a thread of its own, and a peer that says what it is told to.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    path::PathBuf,
    thread::{self, JoinHandle},
    time::Duration,
};

use lockwright_kernel::glockd;
use lockwright_tcp::server::{Listener, Server, Settings, Speaks, State};
use tempfile::TempDir;

/// Longer than anything takes that is to happen. Waited out only where a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a test's daemon allows, unless it says otherwise.
pub(crate) fn settings() -> Settings {
    Settings {
        machine: glockd::Settings::default(),
        line_time_max: PATIENCE,
        stalled_max: PATIENCE,
        origins: Vec::new(),
        state: State::default(),
    }
}

/// A daemon that runs until it is dropped.
pub(crate) struct Daemon {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<io::Result<()>>>,
    pub(crate) lines: SocketAddr,
    pub(crate) websocket: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) unix: PathBuf,
    _dir: TempDir,
}

impl Daemon {
    pub(crate) fn start(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let unix = dir.path().join("socket");
        let tcp = |speaks| Listener::tcp("127.0.0.1:0".parse().unwrap(), speaks).unwrap();
        let listeners = vec![
            tcp(Speaks::Lines),
            tcp(Speaks::WebSocket),
            tcp(Speaks::Metrics),
            Listener::unix(&unix, Speaks::Lines).unwrap(),
        ];
        let [lines, websocket, metrics] = [0, 1, 2].map(|place: usize| listeners[place].tcp_address().unwrap());
        let saved = settings.state.read().unwrap();
        let mut server = Server::new(settings, saved, listeners).unwrap();
        let (stop, stopped) = UnixStream::pair().unwrap();
        let thread = thread::spawn(move || server.run(stopped.as_fd()));
        Self { stop: Some(stop), thread: Some(thread), lines, websocket, metrics, unix, _dir: dir }
    }

    pub(crate) fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.lines).unwrap())
    }

    /// A number of Prometheus' figures.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let mut asked = TcpStream::connect(self.metrics).unwrap();
        asked.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut text = String::new();
        asked.read_to_string(&mut text).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.unwrap().unwrap().unwrap();
        }
    }
}

/// Somebody who is connected.
pub(crate) struct Peer<S: Read>(pub(crate) BufReader<S>);

impl Peer<TcpStream> {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        tcp.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(tcp))
    }

    pub(crate) fn from(&self) -> String {
        self.0.get_ref().local_addr().unwrap().to_string()
    }
}

impl<S: Read> Peer<S>
where
    for<'a> &'a S: Write,
{
    pub(crate) fn send(&self, line: &str) {
        self.0.get_ref().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line, without its end; `None` when the connection is closed.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = match self.0.read_line(&mut line) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            other => other.unwrap(),
        };
        (count > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.hear().unwrap()
    }
}
