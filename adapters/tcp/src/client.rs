//! The client: blocking, one connection, and no connection but that one.
//!
//! Locks belong to a connection and end with it. So a connection that is lost is never made again behind the caller's back:
//! every call after that fails with [`ClientError::Lost`], and whoever holds a [`Guard`] learns from it that the lock is lost.
//! To go on means to connect anew, and to take the lock anew.
//!
//! *Who is there?* A daemon that is gone without a word is found by the system's probes within some 15 s, whenever
//! something is waited for. A client that [says hello](Client::hello) also agrees with the daemon on how long either may
//! be silent: the daemon takes a client for gone that is silent for longer, and [`Guard::watch`] asks in good time, and
//! takes the lock for lost once it cannot be sure any more. So whoever says hello has to watch, and nobody else holds the
//! lock while the watch says that it is held, as long as the clocks of both run alike.
//!
//! *Old daemons* know neither `hello` nor waiting. The first stays without an answer, which takes [`HELLO_WAIT`] to find out;
//! then [`Client::lock`] asks for the lock again and again.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use lockwright_tcp::{address::Address, client::Client};
//!
//! let address: Address = "tcp://127.0.0.1:9999/nightly backup".parse()?;
//! let client = Client::connect(&address.daemon, Duration::from_secs(5))?;
//! let guard = client.lock(&address.name, Some(Duration::from_secs(60)))?.map_err(|refusal| refusal.why)?;
//! println!("held under number {:?}", guard.fence());
//! guard.unlock()?; // An error here says that the lock was lost before.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod back;
mod guard;
mod link;
mod shared;

use std::{
    io,
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use thiserror::Error;

use crate::{address::Daemon, tls::ClientSide};
pub use guard::{Guard, Sure, Vigil};
use link::{Heard, Link};

/// How long a daemon has to answer `hello` before it is taken for an old one.
pub const HELLO_WAIT: Duration = Duration::from_secs(2);

/// What is answered to a client that may not.
const NOT_ALLOWED: &str = "0 Not Allowed";

/// How long a daemon has to answer what it can answer at once.
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// An old daemon is asked again after so long at first, and then ever more rarely.
const ASK_FIRST: Duration = Duration::from_millis(10);
/// An old daemon is asked at least so often.
const ASK_LAST: Duration = Duration::from_millis(500);
/// A wait that takes longer is a long one.
const NOTICE: Duration = Duration::from_millis(400);
/// The longest wait that is asked for at once. Longer ones are asked for again.
const WAIT_MAX: Duration = Duration::from_hours(12);

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There was no connection to be had.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The connection is lost, and with it every lock that was held by it.
    #[error("the connection to the daemon is lost, and all that was held by it: {0}")]
    Lost(#[source] io::Error),
    /// The daemon did not answer in time. The connection is of no use any more.
    #[error("the daemon did not answer in time")]
    NoAnswer,
    /// The daemon does not allow that to this client.
    #[error("the daemon does not allow that")]
    NotAllowed,
    /// The daemon answered something else.
    #[error("the daemon answered: {0}")]
    Answer(String),
    /// A name cannot hold a line feed.
    #[error("the name of a lock is one line")]
    Name,
    /// The handle that interrupts a wait can be read.
    #[error("interrupted while waiting")]
    Interrupted,
}

/// Why a wait pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The handle that interrupts it can be read.
    Interrupted,
    /// It goes on for longer than people like to be left in the dark.
    Long,
}

/// Why a lock was not had.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Somebody has it, or had it all the time.
    #[error("busy")]
    Busy,
    /// So many wait already that the daemon takes no more.
    #[error("too many wait already")]
    QueueFull,
    /// Something else, in the daemon's words.
    #[error("{0}")]
    Refused(String),
}

/// A lock that was not had, and the connection for another try.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// Still connected.
    pub client: Client,
}

/// What a daemon says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version of its protocol.
    pub version: String,
    /// How long it lets a client be silent.
    pub silence: Duration,
    /// The number of its run.
    pub epoch: u32,
    /// What it calls this client.
    pub from: String,
}

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    link: Link,
    /// The daemon knows only the old commands, as was found out.
    is_old: bool,
    /// What was agreed on by hello.
    life: Option<Life>,
}

/// Until when it is sure that the daemon has not taken this client for gone.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// How long either may be silent.
    silence: Duration,
    /// When the last line was sent that was answered.
    sure_since: Instant,
    /// When a `ping` was sent that is not answered yet.
    asked: Option<Instant>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// [`ClientError::Connect`].
    pub fn connect(daemon: &Daemon, within: Duration) -> Result<Self, ClientError> {
        let link = Link::connect(daemon, within).map_err(ClientError::Connect)?;
        Ok(Self { link, is_old: false, life: None })
    }

    /// Connects to a daemon at `host`, which is `HOST:PORT`, by TLS and with that certificate. [`connect`](Self::connect) takes the one
    /// that the environment [names](ClientSide::from_env).
    ///
    /// A daemon that does not take the certificate says so when it is asked for something first.
    ///
    /// # Errors
    ///
    /// [`ClientError::Connect`], also when the daemon is not whom it should be.
    pub fn connect_tls(host: &str, side: &ClientSide, within: Duration) -> Result<Self, ClientError> {
        let link = Link::connect_tls(host, within, side).map_err(ClientError::Connect)?;
        Ok(Self { link, is_old: false, life: None })
    }

    /// Lets programs that this process executes from now on have the connection as well. If this process is killed, the
    /// connection, and with it what is held, ends with the last of them and not before; or when the daemon misses a sign of life,
    /// if hello was said. The end of this client, and of a guard made of it, ends the connection for all of them.
    ///
    /// # Errors
    ///
    /// [`ClientError::Lost`] when the system refuses.
    pub fn share_with_children(&self) -> Result<(), ClientError> {
        self.link.share_with_children().map_err(ClientError::Lost)
    }

    /// Says hello: from now on the daemon may ask for signs of life, and is given them whenever something is waited for.
    /// `None` is from an old daemon.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn hello(&mut self) -> Result<Option<Hello>, ClientError> {
        let sure_since = Instant::now();
        self.tell("hello")?;
        let answer = match self.hear(Some(Instant::now() + HELLO_WAIT), None) {
            Err(ClientError::NoAnswer) => {
                self.is_old = true;
                return Ok(None);
            }
            answer => answer?,
        };
        let mut words = answer.splitn(6, ' ');
        let mut next = || words.next();
        let hello = match (next(), next(), next(), next(), next(), next()) {
            (Some("1"), Some("Hello"), Some(version), Some(silence), Some(epoch), Some(from)) => {
                silence.parse().ok().zip(epoch.parse().ok()).map(|(silence, epoch)| Hello {
                    version: version.to_owned(),
                    silence: Duration::from_secs(silence),
                    epoch,
                    from: from.to_owned(),
                })
            }
            _ => None,
        };
        let hello = hello.ok_or(ClientError::Answer(answer))?;
        self.life = Some(Life { silence: hello.silence, sure_since, asked: None });
        Ok(Some(hello))
    }

    /// Gets a lock if it is free: the answer of `g`, which knows no number.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. A lock that was got then is given back with the connection.
    pub fn try_lock(mut self, name: &str) -> Result<Result<Guard, Box<Refusal>>, ClientError> {
        if self.get(name)? {
            return Ok(Ok(Guard { client: self, name: name.to_owned(), fence: None }));
        }
        Ok(Err(Box::new(Refusal { why: Why::Busy, client: self })))
    }

    /// Waits for a lock, in line, for so long or for as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Nothing is held then, and nothing waited for.
    pub fn lock(self, name: &str, wait: Option<Duration>) -> Result<Result<Guard, Box<Refusal>>, ClientError> {
        self.lock_unless(name, wait, None, |_| Ok(()))
    }

    /// As [`lock`](Self::lock). `heed` is called whenever `interrupt` can be read, and once when the wait turns out to be a
    /// long one. An error of its ends the wait.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn lock_unless(
        mut self,
        name: &str,
        wait: Option<Duration>,
        interrupt: Option<BorrowedFd<'_>>,
        mut heed: impl FnMut(Pause) -> Result<(), ClientError>,
    ) -> Result<Result<Guard, Box<Refusal>>, ClientError> {
        let until = wait.map(|wait| Instant::now() + wait);
        let (mut pause, mut notice) = (ASK_FIRST, Some(Instant::now() + NOTICE));
        let why = loop {
            let left = until.map_or(WAIT_MAX, |until| until.saturating_duration_since(Instant::now()));
            let is_last = until.is_some() && left <= WAIT_MAX;
            if self.is_old {
                if self.get(name)? {
                    return Ok(Ok(Guard { client: self, name: name.to_owned(), fence: None }));
                }
                if left.is_zero() {
                    break Why::Busy;
                }
                if notice.take_if(|notice| *notice <= Instant::now()).is_some() {
                    heed(Pause::Long)?;
                }
                self.rest(left.min(pause), interrupt, &mut heed)?;
                pause = ASK_LAST.min(pause * 2);
                continue;
            }
            let left = left.min(WAIT_MAX);
            self.tell(&format!("lg {} {}.{:09}", checked(name)?, left.as_secs(), left.subsec_nanos()))?;
            let answer = loop {
                match self.hear_unless(notice, interrupt, &mut heed) {
                    Err(ClientError::NoAnswer) if notice.take().is_some() => heed(Pause::Long)?,
                    answer => break answer?,
                }
            };
            match answer.as_str() {
                NOT_ALLOWED => return Err(ClientError::NotAllowed),
                "0 Timed Out" if is_last => break Why::Busy,
                "0 Timed Out" => {}
                "0 Queue Full" => break Why::QueueFull,
                _ => match answer.split_once(' ') {
                    Some(("1", rest)) => {
                        let fence = rest.rsplit(' ').next().and_then(|word| word.parse().ok());
                        self.make_sure()?;
                        return Ok(Ok(Guard { client: self, name: name.to_owned(), fence }));
                    }
                    Some(("0", why)) => break Why::Refused(why.to_owned()),
                    _ => return Err(ClientError::Answer(answer)),
                },
            }
        };
        Ok(Err(Box::new(Refusal { why, client: self })))
    }

    /// `g`: gets a lock if it is free, or is this client's already.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn get(&mut self, name: &str) -> Result<bool, ClientError> {
        Ok(self.number("g", name)? > 0)
    }

    /// `r`: gives a lock back. `false` when it was not this client's.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn release(&mut self, name: &str) -> Result<bool, ClientError> {
        Ok(self.number("r", name)? > 0)
    }

    /// `i`: whether anybody has the lock.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn inspect(&mut self, name: &str) -> Result<bool, ClientError> {
        Ok(self.number("i", name)? > 0)
    }

    /// Who has a lock, as the daemon calls them; `None` when nobody has, or the daemon does not tell.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn holder(&mut self, name: &str) -> Result<Option<String>, ClientError> {
        // The list has no end of its own; the answer to a second question is one.
        self.tell(&format!("d {}", checked(name)?))?;
        if !self.is_old {
            self.tell(&format!("i {name}"))?;
        }
        let answer = self.hear(Some(Instant::now() + ANSWER_WAIT), None)?;
        let prefix = format!("{}: ", name.split_whitespace().collect::<Vec<_>>().join(" "));
        if let Some(holder) = answer.strip_prefix(&prefix) {
            if !self.is_old {
                self.hear(Some(Instant::now() + ANSWER_WAIT), None)?;
            }
            return Ok(Some(holder.to_owned()));
        }
        if !self.is_old && (answer == "0 disabled" || answer == NOT_ALLOWED) {
            self.hear(Some(Instant::now() + ANSWER_WAIT), None)?;
        }
        Ok(None)
    }

    fn number(&mut self, verb: &str, name: &str) -> Result<u64, ClientError> {
        self.tell(&format!("{verb} {}", checked(name)?))?;
        let answer = self.hear(Some(Instant::now() + ANSWER_WAIT), None)?;
        if answer == NOT_ALLOWED {
            return Err(ClientError::NotAllowed);
        }
        let number = answer.split(' ').next().and_then(|number| number.parse().ok());
        number.ok_or(ClientError::Answer(answer))
    }

    fn tell(&mut self, line: &str) -> Result<(), ClientError> {
        self.link.send(line).map_err(ClientError::Lost)
    }

    /// Asks the daemon for a sign of life when it is time. When to look again, where that was agreed on.
    fn show_life(&mut self) -> Result<Option<Instant>, ClientError> {
        let Some(life) = &mut self.life else { return Ok(None) };
        let now = Instant::now();
        let (ask_at, end) = (life.sure_since + life.silence / 3, life.sure_since + life.silence);
        if end <= now {
            return Err(ClientError::NoAnswer);
        }
        if life.asked.is_some() {
            return Ok(Some(end));
        }
        if now < ask_at {
            return Ok(Some(ask_at));
        }
        life.asked = Some(now);
        self.tell("ping")?;
        Ok(Some(end))
    }

    /// A wait may have been long, and only what was answered counts.
    fn make_sure(&mut self) -> Result<(), ClientError> {
        if let Some(life) = &mut self.life {
            let now = Instant::now();
            life.asked = Some(now);
            let until = now + life.silence;
            self.tell("ping")?;
            while self.life.is_some_and(|life| life.asked.is_some()) {
                self.hear_sign(Some(until), None)?;
            }
        }
        Ok(())
    }

    /// The next answer, or `None` for a sign of life. One that is asked for is given.
    fn hear_sign(
        &mut self,
        until: Option<Instant>,
        interrupt: Option<BorrowedFd<'_>>,
    ) -> Result<Option<String>, ClientError> {
        match self.link.hear(until, interrupt).map_err(ClientError::Lost)? {
            Heard::Line(line) if line == "ping" => {
                self.tell("pong")?;
                Ok(None)
            }
            Heard::Line(line) => match &mut self.life {
                Some(Life { sure_since, asked, .. }) if asked.is_some() && line == "1 Pong" => {
                    *sure_since = asked.take().unwrap_or(*sure_since);
                    Ok(None)
                }
                _ => Ok(Some(line)),
            },
            Heard::TimedOut => Err(ClientError::NoAnswer),
            Heard::Interrupted => Err(ClientError::Interrupted),
        }
    }

    /// The next answer.
    fn hear(&mut self, until: Option<Instant>, interrupt: Option<BorrowedFd<'_>>) -> Result<String, ClientError> {
        loop {
            if let Some(line) = self.hear_sign(until, interrupt)? {
                return Ok(line);
            }
        }
    }

    fn hear_unless(
        &mut self,
        until: Option<Instant>,
        interrupt: Option<BorrowedFd<'_>>,
        heed: &mut impl FnMut(Pause) -> Result<(), ClientError>,
    ) -> Result<String, ClientError> {
        loop {
            match self.hear(until, interrupt) {
                Err(ClientError::Interrupted) => heed(Pause::Interrupted)?,
                answer => return answer,
            }
        }
    }

    /// Waits for so long, during which nothing should be answered.
    fn rest(
        &mut self,
        pause: Duration,
        interrupt: Option<BorrowedFd<'_>>,
        heed: &mut impl FnMut(Pause) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        match self.hear_unless(Some(Instant::now() + pause), interrupt, heed) {
            Err(ClientError::NoAnswer) => Ok(()),
            Err(error) => Err(error),
            Ok(line) => Err(ClientError::Answer(line)),
        }
    }
}

fn checked(name: &str) -> Result<&str, ClientError> {
    if name.contains('\n') { Err(ClientError::Name) } else { Ok(name) }
}
