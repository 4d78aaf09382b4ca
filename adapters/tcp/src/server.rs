//! The daemon: one thread that waits for sockets and hands what comes to the machine in the kernel.
//!
//! 1. WAIT until a socket is ready, or until the time comes at which the machine has something to do.
//! 2. ACCEPT those who connect, up to the limit; one above it is told so.
//! 3. READ from a peer once, and handle the commands in what came, in order. Whatever the machine replies, to that peer or
//!    to others, is sent after some peers more: one write for all replies to one read.
//! 4. GO ON with peers that had more, a bounded part of each in turn, so that none keeps the others waiting; and with the
//!    machine's own work that it left for later.
//! 5. SWEEP, once a second while there is reason to: peers that are too slow, or silent for too long.
//!
//! | a peer that | comes to |
//! |---|---|
//! | is one too many | `0 Too Many Connections`, and is closed |
//! | sends a line above the limit | `0 Line Too Long`, and is closed |
//! | begins a line and does not end it in time | `0 Line Too Slow`, and is closed |
//! | does not take its replies | its commands wait; after a while it is closed |
//! | is silent after `hello` | is asked by `ping`, and told `0 Too Long Silent` if it says nothing |
//! | asks for what it [may not](Rules) | `0 Not Allowed` |
//! | is let in no more by [new rules or certificates](Renewed) | `0 Not Allowed`, and is closed |
//! | shows no certificate where one is asked for | is closed |
//! | speaks HTTP to the port for lines | is closed: a browser can be made to send commands in a request's body |
//!
//! Whoever closes its connection loses its locks at that moment. One whose connection breaks, or is closed here, loses them
//! when it has to know: at once, or, if it said `hello`, after the silence that was agreed on.

mod accept;
mod beat;
mod connection;
mod listen;
mod metrics;
mod pidfile;
mod reload;
mod rules;
mod socket;
mod state;
mod sweep;
mod talk;
mod websocket;

use std::{
    collections::VecDeque,
    io,
    os::fd::{AsRawFd, BorrowedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    clock,
    glockd::{self, Glockd, Saved},
};
use mio::{Events, Interest, Poll, Token, event::Event, unix::SourceFd};
use slab::Slab;

use beat::Beat;
pub use connection::BACKLOG_BYTES;
use connection::Connection;
pub use listen::{Listener, Speaks};
use metrics::Counters;
pub use pidfile::Pidfile;
use reload::Reload;
pub use reload::Renewed;
pub use rules::{Rules, RulesError};
pub use state::State;

/// How much is read from a peer at a time, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// How many events are taken in at a time.
const EVENTS_MAX: usize = 256;
/// How long a connection that was told its end may take to hear it.
const ENDING: Duration = Duration::from_secs(2);

/// The tokens of the two handles; those of listeners follow, and those of connections after them.
const STOP: Token = Token(0);
const RELOAD: Token = Token(1);
const LISTENERS: usize = 2;

/// What a daemon allows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the machine allows: reply style, locks a client, waiters, and so on.
    pub machine: glockd::Settings,
    /// How long the rest of a line may take once it has begun.
    pub line_time_max: Duration,
    /// How long a peer may take nothing of its replies.
    pub stalled_max: Duration,
    /// The pages that may connect by WebSocket, as a browser's `Origin` has them. Programs that name none may always.
    pub origins: Vec<String>,
    /// Who may do what; without any, whoever can connect may all.
    pub rules: Option<Rules>,
    /// Where it is kept what the next run has to know.
    pub state: State,
}

/// A daemon.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    origins: Arc<[String]>,
    machine: Glockd,
    poll: Poll,
    listeners: Vec<Listener>,
    connections: Slab<Connection>,
    /// Where in `connections` each client is, by its slot.
    by_slot: Vec<usize>,
    /// How many were let in since the start.
    accepted: u64,
    counters: Counters,
    /// Listeners at which more may be waiting.
    accepting: Vec<usize>,
    /// Connections that can be read, or have commands that wait, in turn.
    ready: VecDeque<usize>,
    /// Connections that have replies to send.
    answered: Vec<usize>,
    scratch: Box<[u8]>,
    begun: Instant,
    /// When to look for those that are too slow, if there is reason to.
    sweep_at: Option<Duration>,
    beat: Option<Beat>,
    reload: Option<Reload>,
    /// The machine has work left, or may have.
    is_behind: bool,
}

impl Server {
    /// A daemon that listens there, and does nothing yet. `saved` is what its last run has left, see [`State::read`].
    ///
    /// # Errors
    ///
    /// When the system has no more handles, or the state cannot be written.
    pub fn new(settings: Settings, saved: Option<Saved>, mut listeners: Vec<Listener>) -> io::Result<Self> {
        let poll = Poll::new()?;
        for (number, listener) in listeners.iter_mut().enumerate() {
            listener.register(poll.registry(), Token(LISTENERS + number))?;
        }
        let mut machine = Glockd::new(settings.machine.clone(), saved, clock::Instant::new(Duration::ZERO));
        while let Some(output) = machine.poll_output() {
            // Whoever is granted anything is to find it remembered.
            if let glockd::Output::Persist(saved) = output {
                settings.state.write(saved)?;
            }
        }
        let accepting = (0..listeners.len()).collect();
        Ok(Self {
            origins: settings.origins.clone().into(),
            machine,
            settings,
            poll,
            listeners,
            connections: Slab::new(),
            by_slot: Vec::new(),
            accepted: 0,
            counters: Counters::default(),
            accepting,
            ready: VecDeque::new(),
            answered: Vec::new(),
            scratch: vec![0; READ_BYTES].into(),
            begun: Instant::now(),
            sweep_at: None,
            beat: None,
            reload: None,
            is_behind: false,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Serves until `stop` can be read, of which nothing is read. Then all connections are closed, and all locks are gone.
    ///
    /// # Errors
    ///
    /// When the system cannot tell what is ready. What a single peer does is no reason.
    pub fn run(&mut self, stop: BorrowedFd<'_>) -> io::Result<()> {
        self.poll.registry().register(&mut SourceFd(&stop.as_raw_fd()), STOP, Interest::READABLE)?;
        self.await_reload()?;
        let mut events = Events::with_capacity(EVENTS_MAX);
        loop {
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?, // 1 WAIT
            }
            let now = self.begun.elapsed();
            for event in &events {
                if event.token() == STOP {
                    self.end(now);
                    return Ok(());
                }
                if event.token() == RELOAD {
                    self.renew(now);
                    continue;
                }
                self.take_in(event, now);
            }
            self.turn(now);
        }
    }

    fn take_in(&mut self, event: &Event, now: Duration) {
        let number = event.token().0 - LISTENERS;
        let Some(index) = number.checked_sub(self.listeners.len()) else {
            if !self.accepting.contains(&number) {
                self.accepting.push(number);
            }
            return;
        };
        let Some(connection) = self.connections.get_mut(index) else { return };
        if event.is_writable() && (connection.backlog() > 0 || connection.socket.wants_write()) {
            self.send(index, now);
        }
        let Some(connection) = self.connections.get_mut(index) else { return };
        if event.is_read_closed() || event.is_error() {
            connection.has_ended = true;
            connection.has_failed |= event.is_error();
        }
        if event.is_readable() || connection.has_ended {
            connection.is_readable = true;
            self.serve(index, now); // 3 READ
        }
    }

    /// What is to be done beside what the sockets have brought.
    fn turn(&mut self, now: Duration) {
        self.deliver(now);
        self.accept_all(now); // 2 ACCEPT
        for _ in 0..self.ready.len() {
            let Some(index) = self.ready.pop_front() else { break }; // 4 GO ON
            if let Some(connection) = self.connections.get_mut(index) {
                connection.is_listed = false;
                self.serve(index, now);
            }
        }
        self.machine.handle_time(clock::Instant::new(now));
        self.is_behind = self.machine.step(clock::Instant::new(now));
        self.deliver(now);
        self.beat(now);
        if self.sweep_at.is_some_and(|at| at <= now) {
            self.sweep(now); // 5 SWEEP
        }
    }

    /// How long there is nothing to do but to wait.
    fn patience(&self) -> Option<Duration> {
        if self.is_behind || !self.ready.is_empty() || !self.accepting.is_empty() {
            return Some(Duration::ZERO);
        }
        let machine = self.machine.next_deadline().map(clock::Instant::since_start);
        let beat = self.beat.as_ref().map(|beat| beat.at);
        let at = [machine, self.sweep_at, beat].into_iter().flatten().min()?;
        Some(at.saturating_sub(self.begun.elapsed()))
    }

    /// Closes all that is open. Nobody holds anything any more.
    fn end(&mut self, now: Duration) {
        self.machine.shut_down();
        self.deliver(now);
        self.listeners.clear();
        self.connections.clear();
    }
}
