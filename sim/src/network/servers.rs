//! All servers that a search has come to, by their numbers. Each is there once, and what comes of handing it something is worked out
//! once, in however many states of the world it stands.

use std::rc::Rc;

use lockwright_kernel::glockd::Saved;
use rustc_hash::FxHashMap;

use super::{
    scenario::Scenario,
    server::{Came, Input, Server},
};

/// A server, as a state of the world has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Number(u32);

/// All of them, of one scenario.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) scenario: Scenario,
    all: Vec<Rc<Server>>,
    numbers: FxHashMap<Rc<Server>, Number>,
    /// What was handed to which, and when.
    came: FxHashMap<(Number, u8, Input), (Number, Rc<Came>)>,
}

impl Servers {
    pub(super) fn of(scenario: Scenario) -> Self {
        Self { scenario, all: Vec::new(), numbers: FxHashMap::default(), came: FxHashMap::default() }
    }

    pub(super) fn get(&self, number: Number) -> &Server {
        &self.all[number.0 as usize]
    }

    /// One that is started, and what it wants remembered.
    pub(super) fn start(&mut self, saved: Option<Saved>, now: u8) -> (Number, Option<Saved>) {
        let (server, saved) = Server::start(&self.scenario, saved, now);
        (self.number_of(server), saved)
    }

    /// The server that it is then, and what it says.
    pub(super) fn hand(&mut self, number: Number, input: Input, now: u8) -> (Number, Rc<Came>) {
        let key = (number, now, input);
        if let Some((after, came)) = self.came.get(&key) {
            return (*after, Rc::clone(came));
        }
        let mut server = self.get(number).clone();
        let came = Rc::new(server.take_in(&key.2, &self.scenario, now));
        let after = self.number_of(server);
        self.came.insert(key, (after, Rc::clone(&came)));
        (after, came)
    }

    fn number_of(&mut self, server: Server) -> Number {
        if let Some(known) = self.numbers.get(&server) {
            return *known;
        }
        let number = Number(u32::try_from(self.all.len()).unwrap_or_else(|_| unreachable!("memory holds fewer")));
        let server = Rc::new(server);
        self.all.push(Rc::clone(&server));
        self.numbers.insert(server, number);
        number
    }
}
