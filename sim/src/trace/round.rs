//! The loop of a run without an end: who runs there, who is served, and whether it is fair to all.

use super::run::{Run, Taken};
use crate::{protocol::Property, scenario::letter, state::State};

/// What each client does and gets, once round.
#[derive(Debug)]
pub(super) struct Round {
    clients: Vec<Part>,
    takers: Vec<u8>,
}

#[derive(Debug, Default)]
struct Part {
    steps: usize,
    /// Somewhere on the loop it holds the lock.
    holds: bool,
    /// It goes on with an attempt, or stands in one.
    tries: bool,
    /// Somewhere it wants nothing, or has nothing to go on with, so that it is no wrong to give it no step.
    rests: bool,
}

impl Round {
    /// The loop that begins in the state `begin` and takes the steps of `taken`.
    pub(super) fn of(run: &mut Run<'_>, begin: &State, taken: &[Taken]) -> Self {
        let count = run.world.scenario.clients;
        let takes_the_lock = |client: &u8| run.world.protocol.takes_the_lock((*client).into(), count.into());
        let takers = (0..count).filter(takes_the_lock).collect();
        let mut clients: Vec<Part> = (0..count).map(|_| Part::default()).collect();
        for client in taken.iter().filter_map(|taken| taken.event.client) {
            clients[usize::from(client)].steps += 1;
        }
        for state in std::iter::once(begin).chain(taken.iter().map(|taken| &taken.state)) {
            run.state = state.clone();
            let next = run.events();
            for ((client, part), process) in (0..).zip(&mut clients).zip(&state.processes) {
                let holds = run.world.in_critical_section(process);
                let idle = run.world.is_idle(process);
                part.holds |= holds;
                part.tries |= part.steps > 0 || !holds && !idle;
                let goes_on = next.iter().any(|event| event.client == Some(client) && !event.spends());
                part.rests |= idle || !goes_on;
            }
        }
        Self { clients, takers }
    }

    /// True when going round for ever breaks `property`. Of a property that is not about fair runs that is not judged.
    pub(super) fn breaks(&self, property: Property) -> bool {
        let is_fair = self.clients.iter().all(|part| part.steps > 0 || part.rests);
        match property {
            Property::NoLivelock => {
                is_fair && !self.clients.iter().any(|part| part.holds) && self.starved().count() > 0
            }
            Property::NoStarvation => is_fair && self.starved().count() > 0,
            _ => true,
        }
    }

    /// What is wrong with the loop, in words.
    pub(super) fn words(&self, property: Property) -> String {
        let missed = if property == Property::NoLivelock {
            "nobody comes to hold the lock".to_owned()
        } else {
            let starved: Vec<String> = self.starved().map(|client| client.to_string()).collect();
            match starved.len() {
                0 => "everybody comes to hold the lock".into(),
                1 => format!("{} never comes to hold the lock", starved[0]),
                _ => format!("{} never come to hold the lock", starved.join(" and ")),
            }
        };
        let ledger = (0..).zip(&self.clients).map(|(client, part)| match part.steps {
            0 => format!("{} is idle or has nothing to go on with", letter(client)),
            steps => format!("{} takes {steps} steps", letter(client)),
        });
        let ledger: Vec<String> = ledger.collect();
        format!("on the loop {missed}, and it is fair: {}", ledger.join(", "))
    }

    fn starved(&self) -> impl Iterator<Item = char> + '_ {
        let starves = |client: &u8| {
            let part = &self.clients[usize::from(*client)];
            part.tries && !part.holds
        };
        self.takers.iter().copied().filter(starves).map(letter)
    }
}
