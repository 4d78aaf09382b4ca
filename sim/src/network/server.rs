//! The server under check: the one that ships, or the same with something wrong about how it is driven.

use std::time::Duration;

use lockwright_kernel::{
    clock::Instant,
    glockd::{ClientId, Glockd, Output, Saved, Settings, Wire},
};

use super::{
    scenario::{Flaw, Scenario},
    world::Bytes,
};

/// What is handed to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Input {
    /// Somebody connects.
    Connect,
    /// These bytes come.
    Read(ClientId, Bytes),
    /// A sign of life.
    Sign(ClientId),
    /// A client is known to be gone.
    Disconnect(ClientId),
    /// A connection is known to be lost.
    Lose(ClientId),
    /// It is later.
    Pass,
    /// It does a piece of what is left.
    Work,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub(super) struct Came {
    /// Who has connected.
    pub(super) id: Option<ClientId>,
    pub(super) outputs: Vec<Output>,
}

/// A server that runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) glockd: Glockd,
    flaw: Option<Flaw>,
    /// Clients that are connected as far as the machine knows, and are not.
    ghosts: usize,
}

impl Server {
    /// A new one, and what is to be remembered of it.
    pub(super) fn start(scenario: &Scenario, saved: Option<Saved>, now: u8) -> (Self, Option<Saved>) {
        let ticks = |count: u8| Duration::from_secs(count.into());
        let flaw = scenario.flaw;
        let settings = Settings {
            ping: ticks(Scenario::PING),
            silence: ticks(if flaw == Some(Flaw::DropsTooSoon) { 1 } else { Scenario::SILENCE }),
            grace: ticks(if flaw == Some(Flaw::ShortGrace) { 1 } else { Scenario::GRACE }),
            ..Settings::default()
        };
        let saved = match flaw {
            Some(Flaw::ForgetfulRestart) => None,
            Some(Flaw::NoGrace) => saved.map(|saved| Saved { is_clean: true, ..saved }),
            _ => saved,
        };
        let mut glockd = Glockd::new(settings, saved, at(now));
        let mut remembered = None;
        while let Some(output) = glockd.poll_output() {
            if let Output::Persist(saved) = output {
                remembered = Some(saved);
            }
        }
        (Self { glockd, flaw, ghosts: 0 }, remembered)
    }

    /// Takes that in, and says what it comes to.
    pub(super) fn take_in(&mut self, input: &Input, scenario: &Scenario, now: u8) -> Came {
        let (mut id, mut more) = (None, Vec::new());
        match input {
            Input::Connect => {
                id = Some(self.connect(now));
                if let Some(id) = id.filter(|_| scenario.says_hello) {
                    self.glockd.handle_line(id, b"hello", at(now));
                    self.glockd.poll_output();
                }
            }
            Input::Read(id, bytes) => more = self.read(*id, bytes, now),
            Input::Sign(id) => self.glockd.handle_line(*id, b"pong", at(now)),
            Input::Disconnect(id) => self.disconnect(*id, scenario.names, now),
            Input::Lose(id) => self.lose(*id),
            Input::Pass => self.glockd.handle_time(at(now)),
            Input::Work => {
                self.glockd.step(at(now));
            }
        }
        let polled = std::iter::from_fn(|| self.glockd.poll_output());
        Came { id, outputs: polled.chain(more).collect() }
    }

    /// All clients come from one place, so that which is which makes no difference to a state.
    fn connect(&mut self, now: u8) -> ClientId {
        self.glockd.connect("there", Wire::Stream, at(now)).unwrap_or_else(|full| unreachable!("{full}"))
    }

    pub(super) fn connections(&self) -> usize {
        self.glockd.gauges().connections - self.ghosts
    }

    /// What comes of reading these bytes, in addition to what is polled.
    fn read(&mut self, id: ClientId, bytes: &[u8], now: u8) -> Vec<Output> {
        let mut bytes = bytes.to_vec();
        match self.flaw {
            Some(Flaw::DropsSecondCommand) => {
                let first = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
                bytes.truncate(first);
            }
            Some(Flaw::TakesCutLine) if !bytes.ends_with(b"\n") => bytes.push(b'\n'),
            Some(Flaw::ReleasesForAnybody) => {
                let name = bytes.strip_prefix(b"r ").and_then(|name| name.strip_suffix(b"\n"));
                if let Some(owner) = name.and_then(|name| self.glockd.holder(name)).filter(|owner| *owner != id) {
                    let outputs = self.release_for(owner, id, &bytes, now);
                    if !outputs.is_empty() {
                        return outputs;
                    }
                }
            }
            _ => {}
        }
        self.glockd.handle_bytes(id, &bytes, at(now));
        Vec::new()
    }

    /// Its owner releases it, and somebody else is told so.
    fn release_for(&mut self, owner: ClientId, id: ClientId, line: &[u8], now: u8) -> Vec<Output> {
        self.glockd.handle_line(owner, line, at(now));
        let mut outputs: Vec<_> = std::iter::from_fn(|| self.glockd.poll_output()).collect();
        for output in &mut outputs {
            if let Output::Write { client, .. } = output {
                *client = if *client == owner { id } else { *client };
            }
        }
        outputs
    }

    fn disconnect(&mut self, id: ClientId, names: &[&str], now: u8) {
        if self.flaw == Some(Flaw::ServesTheGone) && self.glockd.is_busy(id) {
            self.ghosts += 1;
            return;
        }
        if self.flaw == Some(Flaw::KeepsCount) {
            let holds = |name: &&&str| self.glockd.shared_holders(name.as_bytes()).any(|holder| holder == id);
            let held: Vec<_> = names.iter().filter(holds).collect();
            for name in held {
                let ghost = self.connect(now);
                self.glockd.handle_line(ghost, format!("sg {name}").as_bytes(), at(now));
                self.ghosts += 1;
            }
        }
        self.glockd.handle_disconnect(id);
    }

    fn lose(&mut self, id: ClientId) {
        if self.flaw == Some(Flaw::TakesLossForEnd) {
            self.glockd.handle_disconnect(id);
        } else {
            self.glockd.handle_loss(id);
        }
    }
}

fn at(now: u8) -> Instant {
    Instant::new(Duration::from_secs(now.into()))
}
