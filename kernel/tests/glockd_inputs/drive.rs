//! One input, any bytes, as what happens to a server: clients come, send, take their replies or do not, go, and the server
//! ends and begins again. Whatever the bytes are: no panic, no work without an end, no deadline that stays, nothing
//! beyond the limits, and nothing left when all have gone.

use std::{collections::BTreeSet, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    glockd::{ClientId, Glockd, May, Names, Output, Right, Rights, Saved, Settings, Wire},
};

const CLIENTS: usize = 4;

/// More steps than any input can need.
const STEPS_MAX: usize = 100_000;

/// Plays an input.
///
/// # Panics
///
/// When something is wrong with the server.
pub(crate) fn drive(input: &[u8]) {
    let mut play = Play::new();
    let mut rest = input.iter().copied();
    while let Some(byte) = rest.next() {
        play.act(byte, &mut rest);
        // With the highest bit the next thing happens before the server has come to rest.
        if byte < 0x80 {
            play.settle();
        } else {
            play.poll();
        }
        play.check();
    }
    play.end();
}

struct Play {
    glockd: Glockd,
    settings: Settings,
    now: Instant,
    saved: Option<Saved>,
    clients: [Option<ClientId>; CLIENTS],
    /// Who is told more once it has taken what it was told.
    owed: BTreeSet<ClientId>,
    /// How many connected since the server began.
    came: usize,
}

impl Play {
    fn new() -> Self {
        let settings = Settings {
            connections: CLIENTS - 1,
            locks_each: 5,
            waiters: 2,
            line: 64,
            ahead: 128,
            idle: Some(Duration::from_secs(30)),
            ..Settings::default()
        };
        let now = Instant::new(Duration::ZERO);
        let glockd = Glockd::new(settings.clone(), None, now);
        let mut play =
            Self { glockd, settings, now, saved: None, clients: [None; CLIENTS], owed: BTreeSet::new(), came: 0 };
        play.settle();
        play
    }

    fn act(&mut self, byte: u8, rest: &mut impl Iterator<Item = u8>) {
        let who = usize::from(byte >> 4) % CLIENTS;
        match byte & 0x0f {
            0..=8 => {
                let length = rest.next().unwrap_or(0);
                let bytes: Vec<u8> = rest.take(length.into()).collect();
                self.send(who, &bytes);
            }
            9 => self.clients[who].take().into_iter().for_each(|id| self.glockd.handle_disconnect(id)),
            10 => self.clients[who].take().into_iter().for_each(|id| self.glockd.handle_loss(id)),
            11 => self.drain(),
            12 | 13 => self.pass(Duration::from_millis(250) * rest.next().unwrap_or(1).into()),
            14 => self.begin_again(),
            _ => {
                self.glockd.shut_down();
                self.poll();
                self.begin_again();
            }
        }
    }

    /// One client comes by messages; and one may not do all.
    fn send(&mut self, who: usize, bytes: &[u8]) {
        let wire = if who == 3 { Wire::Messages } else { Wire::Stream };
        if self.clients[who].is_none() {
            let Ok(id) = self.glockd.connect("10.0.0.1:1", wire, self.now) else { return };
            if who == 2 {
                let right = |may, names: &[u8]| Right { may, names: Names::parse(names) };
                self.glockd.allow_only(id, Rights::only([right(May::Hold, b"a*"), right(May::Look, b"*")]));
            }
            self.clients[who] = Some(id);
            self.came += 1;
        }
        let Some(id) = self.clients[who] else { return };
        match wire {
            Wire::Stream => self.glockd.handle_bytes(id, bytes, self.now),
            Wire::Messages => self.glockd.handle_line(id, bytes, self.now),
        }
    }

    fn begin_again(&mut self) {
        self.now = Instant::new(Duration::ZERO);
        self.glockd = Glockd::new(self.settings.clone(), self.saved, self.now);
        (self.clients, self.owed, self.came) = ([None; CLIENTS], BTreeSet::new(), 0);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
        self.glockd.handle_time(self.now);
        assert!(self.glockd.next_deadline().is_none_or(|at| at > self.now), "a deadline stays");
    }

    fn poll(&mut self) {
        while let Some(output) = self.glockd.poll_output() {
            match output {
                Output::Persist(saved) => {
                    assert!(self.saved.is_none_or(|before| before.epoch <= saved.epoch), "an epoch comes again");
                    self.saved = Some(saved);
                }
                Output::Write { client, has_more, .. } => {
                    if has_more {
                        self.owed.insert(client);
                    }
                }
                Output::Close { client, .. } => {
                    for slot in self.clients.iter_mut().filter(|slot| **slot == Some(client)) {
                        *slot = None;
                    }
                }
            }
        }
    }

    fn drain(&mut self) {
        for client in std::mem::take(&mut self.owed) {
            self.glockd.handle_drained(client);
        }
    }

    fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            self.poll();
            if !self.glockd.step(self.now) && !self.glockd.has_output() {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn check(&self) {
        let gauges = self.glockd.gauges();
        assert!(gauges.connections <= self.settings.connections && gauges.waiters <= self.settings.waiters);
        assert!(gauges.locks + gauges.shared_locks <= self.came * self.settings.locks_each);
    }

    /// All go, and nothing is left.
    fn end(&mut self) {
        for who in 0..CLIENTS {
            self.clients[who].take().into_iter().for_each(|id| self.glockd.handle_disconnect(id));
        }
        self.pass(self.settings.silence + self.settings.grace);
        self.settle();
        let gauges = self.glockd.gauges();
        let left = (gauges.connections, gauges.locks, gauges.shared_locks, gauges.waiters, gauges.is_in_grace);
        assert_eq!(left, (0, 0, 0, 0, false), "something is left");
        assert!(!self.glockd.has_work() && self.glockd.next_deadline().is_none(), "something is to be done");
    }
}
