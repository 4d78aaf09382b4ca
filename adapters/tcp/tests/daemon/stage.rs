//! A daemon in a thread of its own, and a peer that says what it is told to.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use lockwright_kernel::glockd;
use lockwright_tcp::{
    server::{Listener, Renewed, Server, Settings, Speaks, State},
    tls::ServerSide,
};
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
        rules: None,
        state: State::default(),
    }
}

/// A daemon that runs until it is dropped.
pub(crate) struct Daemon {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<io::Result<()>>>,
    reload: UnixStream,
    renewed: Sender<Option<Renewed>>,
    pub(crate) lines: SocketAddr,
    pub(crate) websocket: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) unix: PathBuf,
    _dir: TempDir,
}

impl Daemon {
    pub(crate) fn start(settings: Settings) -> Self {
        Self::secured(settings, None)
    }

    /// One whose ports, but for that of figures, are for those who show a certificate.
    pub(crate) fn secured(settings: Settings, tls: Option<&ServerSide>) -> Self {
        let dir = tempfile::tempdir().expect("it goes well");
        let unix = dir.path().join("socket");
        let tcp = |speaks| Listener::tcp("127.0.0.1:0".parse().expect("it goes well"), speaks).expect("it goes well");
        let secured = |speaks| match tls {
            Some(tls) => tcp(speaks).secured(tls),
            None => tcp(speaks),
        };
        let listeners = vec![
            secured(Speaks::Lines),
            secured(Speaks::WebSocket),
            tcp(Speaks::Metrics),
            Listener::unix(&unix, Speaks::Lines).expect("it goes well"),
        ];
        let [lines, websocket, metrics] =
            [0, 1, 2].map(|place: usize| listeners[place].tcp_address().expect("it goes well"));
        let saved = settings.state.read().expect("it goes well");
        let mut server = Server::new(settings, saved, listeners).expect("it goes well");
        let (stop, stopped) = UnixStream::pair().expect("it goes well");
        let (reload, when) = UnixStream::pair().expect("it goes well");
        let (renewed, new) = channel();
        when.set_nonblocking(true).expect("it goes well");
        let asks = when.try_clone().expect("it goes well");
        server.set_reload(when.into(), move || {
            // Those that came together are one.
            while matches!((&asks).read(&mut [0; 16]), Ok(1..)) {}
            new.try_iter().last().flatten()
        });
        let thread = thread::spawn(move || server.run(stopped.as_fd()));
        Self { stop: Some(stop), thread: Some(thread), reload, renewed, lines, websocket, metrics, unix, _dir: dir }
    }

    /// Has it ask for what is new, and gives it that.
    pub(crate) fn reload(&self, renewed: Option<Renewed>) {
        self.renewed.send(renewed).expect("it runs");
        (&self.reload).write_all(b"x").expect("it runs");
    }

    pub(crate) fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.lines).expect("it goes well"))
    }

    /// A number of Prometheus' figures.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let mut asked = TcpStream::connect(self.metrics).expect("it goes well");
        asked.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it goes well");
        let mut text = String::new();
        asked.read_to_string(&mut text).expect("it goes well");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("it goes well")
    }

    /// Waits until that figure is such a one.
    pub(crate) fn until(&self, name: &str, is_so: impl Fn(u64) -> bool) {
        let begun = Instant::now();
        while !is_so(self.figure(name)) {
            assert!(begun.elapsed() < PATIENCE, "{name} is {} still", self.figure(name));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("it goes well").expect("it goes well").expect("it goes well");
        }
    }
}

/// Somebody who is connected.
pub(crate) struct Peer<S: Read>(pub(crate) BufReader<S>);

impl Peer<TcpStream> {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        tcp.set_nodelay(true).expect("it goes well");
        tcp.set_read_timeout(Some(PATIENCE)).expect("it goes well");
        tcp.set_write_timeout(Some(PATIENCE)).expect("it goes well");
        Self(BufReader::new(tcp))
    }

    pub(crate) fn from(&self) -> String {
        self.0.get_ref().local_addr().expect("it goes well").to_string()
    }
}

impl<S: Read> Peer<S>
where
    for<'a> &'a S: Write,
{
    pub(crate) fn send(&self, line: &str) {
        self.0.get_ref().write_all(format!("{line}\n").as_bytes()).expect("it goes well");
    }

    /// The next line, without its end; `None` when the connection is closed.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = match self.0.read_line(&mut line) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            other => other.expect("it goes well"),
        };
        (count > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.hear().expect("it goes well")
    }
}
