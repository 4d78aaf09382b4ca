//! A server on a stage: clients with names, time that is set, and what each client was told.

use std::{collections::BTreeMap, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    glockd::{ClientId, Glockd, Output, Saved, Settings, Wire},
};

/// A server and its clients.
pub(crate) struct Stage {
    pub(crate) glockd: Glockd,
    pub(crate) now: Instant,
    /// What was persisted last.
    pub(crate) saved: Option<Saved>,
    clients: BTreeMap<String, ClientId>,
    /// What is yet to be read by each client; a line `!Why` where it was closed.
    told: BTreeMap<String, String>,
}

impl Stage {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::after(settings, None)
    }

    /// A server that comes after another.
    pub(crate) fn after(settings: Settings, saved: Option<Saved>) -> Self {
        let now = Instant::new(Duration::ZERO);
        let glockd = Glockd::new(settings, saved, now);
        let mut stage = Self { glockd, now, saved, clients: BTreeMap::new(), told: BTreeMap::new() };
        stage.settle();
        stage
    }

    pub(crate) fn connect(&mut self, name: &str, from: &str) -> ClientId {
        let id = self.glockd.connect(from, Wire::Stream, self.now).expect("there is room");
        self.clients.insert(name.into(), id);
        self.told.remove(name);
        id
    }

    pub(crate) fn id(&self, name: &str) -> ClientId {
        *self.clients.get(name).unwrap_or_else(|| panic!("{name} is not connected"))
    }

    /// Sends a line, and gives what the client is told then.
    pub(crate) fn say(&mut self, name: &str, line: &str) -> String {
        self.send(name, format!("{line}\n").as_bytes());
        self.hear(name)
    }

    pub(crate) fn send(&mut self, name: &str, bytes: &[u8]) {
        self.glockd.handle_bytes(self.id(name), bytes, self.now);
        self.settle();
    }

    /// What the client was told since it was asked for last.
    pub(crate) fn hear(&mut self, name: &str) -> String {
        self.told.remove(name).unwrap_or_default()
    }

    /// Everybody who was told something, and what.
    pub(crate) fn hear_all(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.told)
    }

    pub(crate) fn leave(&mut self, name: &str) {
        self.glockd.handle_disconnect(self.id(name));
        self.settle();
    }

    /// Lets time pass until so many seconds since the start, stopping at each deadline on the way.
    pub(crate) fn pass_until(&mut self, seconds: f64) {
        let end = Instant::new(Duration::from_secs_f64(seconds));
        while let Some(at) = self.glockd.next_deadline().filter(|at| *at <= end) {
            assert!(at >= self.now, "no deadline stays in the past");
            self.now = at;
            self.glockd.handle_time(at);
            self.settle();
        }
        self.now = end;
    }

    /// Steps 2 and 3 of the driving loop.
    pub(crate) fn settle(&mut self) {
        loop {
            while let Some(output) = self.glockd.poll_output() {
                self.take(output);
            }
            if !self.glockd.step(self.now) && !self.glockd.has_output() {
                return;
            }
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Persist(saved) => self.saved = Some(saved),
            Output::Write { client, bytes, has_more } => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.told.entry(self.name(client)).or_default().push_str(&text);
                if has_more {
                    self.glockd.handle_drained(client);
                }
            }
            Output::Close { client, why } => {
                self.told.entry(self.name(client)).or_default().extend([format!("!{why:?}\n")]);
            }
        }
    }

    fn name(&self, id: ClientId) -> String {
        let found = self.clients.iter().find(|(_, known)| **known == id);
        found.map_or_else(|| panic!("{id:?} is nobody's"), |(name, _)| name.clone())
    }
}
