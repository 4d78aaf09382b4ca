//! A scenario of the network unfolded: the states it comes to, and each step between them in plain words.
//!
//! For those who compare the server with something that is no code, such as a specification. Nothing is merged or renamed
//! on the way, so clients are told apart; and so are the connections of one client, by a number: `A1`, `A2`.
//!
//! ```
//! use lockwright_sim::network::{find, unfold::Unfolding};
//!
//! let queue = find("queue").expect("it is one of the rows").scenario;
//! let run = Unfolding::of_run(&queue, 3, |events| events.iter().position(|event| *event == "connect").unwrap_or_default());
//! let ids: Vec<_> = run.steps.iter().filter_map(|step| step.who.as_deref()).collect();
//! assert_eq!(ids, ["A1", "B1", "C1"]);
//! assert_eq!(run.states[3].connected, 3);
//! ```

use std::collections::{BTreeMap, hash_map::Entry};

use lockwright_kernel::glockd::{ClientId, Glockd};
use rustc_hash::FxHashMap;

use super::{Connection, Event, World, name_of};
use crate::network::{
    peer::{Ask, Peer},
    scenario::Scenario,
    servers::Servers,
};

/// States, and the steps between them.
#[derive(Clone, Debug, Default)]
pub struct Unfolding {
    /// The states; the first is the one at the beginning.
    pub states: Vec<UnfoldedState>,
    /// The steps, those of the first state first.
    pub steps: Vec<UnfoldedStep>,
}

/// One state, as far as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedState {
    /// What time it is, in ticks.
    pub now: u8,
    /// The number of the server's run.
    pub epoch: u32,
    /// Nobody is granted anything but what was theirs.
    pub is_in_grace: bool,
    /// The server has work left.
    pub has_work: bool,
    /// How many connections the server counts.
    pub connected: usize,
    /// The locks, in the order of the scenario.
    pub locks: Vec<UnfoldedLock>,
    /// The connections that clients have.
    pub sessions: Vec<UnfoldedSession>,
    /// The connections on which something is on the way to the server.
    pub sent: Vec<String>,
}

/// What the server knows of a lock. A client that it knows and nobody else is called `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedLock {
    /// Its name.
    pub name: &'static str,
    /// Who holds it.
    pub holder: Option<String>,
    /// Who holds the shared lock of that name.
    pub sharers: Vec<String>,
    /// Who stands in line for it, in no order.
    pub waiting: Vec<String>,
}

/// What a client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedSession {
    /// Its connection.
    pub id: String,
    /// When the last line was sent that was answered.
    pub confirmed: u8,
    /// For each name the fence of what it takes for its own, 0 where none was told.
    pub holds: Vec<Option<u64>>,
    /// For each name whether it takes the shared lock for its own.
    pub joined: Vec<bool>,
    /// Something is on the way to it.
    pub is_told: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedStep {
    /// The index of the state before.
    pub from: usize,
    /// The index of the state after.
    pub to: usize,
    /// What happens: `connect`, `say`, `quit`, `break`, `read`, `cut` where less is read than has come, `hear`,
    /// `server notices`, `client notices`, `work`, `restart` or `tick`.
    pub event: &'static str,
    /// The connection it happens to, if it is one.
    pub who: Option<String>,
    /// The command that is sent: its kind, the name, and the fence that it shows.
    pub ask: Option<(&'static str, &'static str, u64)>,
    /// The answer that is heard: whether it is a yes, and the fence that it tells.
    pub answer: Option<(bool, u64)>,
}

/// A world in which each connection has a name.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Named {
    world: World,
    /// Of each connection.
    ids: Vec<String>,
    /// Of those that the server knows.
    known: BTreeMap<ClientId, String>,
}

impl Unfolding {
    /// All states of a scenario and all steps between them; none where there are more than `states_max`.
    #[must_use]
    pub fn of(scenario: &Scenario, states_max: usize) -> Option<Self> {
        let mut servers = Servers::of(*scenario);
        let first = Named::new(&mut servers);
        let (mut unfolding, mut known) = (Self::begun(&first, &servers), FxHashMap::from_iter([(first.clone(), 0)]));
        let mut all = vec![first];
        let mut from = 0;
        while let Some(before) = all.get(from).cloned() {
            for event in before.world.events(&servers) {
                let step = before.describe(event, scenario);
                let to = match known.entry(before.after(event, &mut servers)) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        unfolding.states.push(new.key().show(&servers));
                        all.push(new.key().clone());
                        *new.insert(all.len() - 1)
                    }
                };
                unfolding.steps.push(UnfoldedStep { from, to, ..step });
            }
            if all.len() > states_max {
                return None;
            }
            from += 1;
        }
        Some(unfolding)
    }

    /// One run of a scenario: the step after each state is the one that `choose` picks by its index, being told what
    /// happens in each. It ends after `steps_max`, or where there is no further step.
    pub fn of_run(scenario: &Scenario, steps_max: usize, mut choose: impl FnMut(&[&'static str]) -> usize) -> Self {
        Self::run(scenario, steps_max, |world, events| {
            let names: Vec<&'static str> = events.iter().map(|event| event_of(*event, world)).collect();
            choose(&names)
        })
    }

    /// The run that takes these steps, in the words in which a [violation](crate::network::Violation) tells them; it ends
    /// where none of what can happen reads so.
    #[must_use]
    pub fn of_steps(scenario: &Scenario, steps: &[String]) -> Self {
        let mut told = steps.iter();
        Self::run(scenario, steps.len(), |world, events| {
            let step = told.next();
            events.iter().position(|event| Some(&world.tell(*event, scenario)) == step).unwrap_or(usize::MAX)
        })
    }

    fn run(scenario: &Scenario, steps_max: usize, mut choose: impl FnMut(&World, &[Event]) -> usize) -> Self {
        let mut servers = Servers::of(*scenario);
        let mut before = Named::new(&mut servers);
        let mut unfolding = Self::begun(&before, &servers);
        for from in 0..steps_max {
            let events = before.world.events(&servers);
            let choice = choose(&before.world, &events);
            let Some(event) = events.get(choice) else { break };
            let step = before.describe(*event, scenario);
            before = before.after(*event, &mut servers);
            unfolding.steps.push(UnfoldedStep { from, to: from + 1, ..step });
            unfolding.states.push(before.show(&servers));
        }
        unfolding
    }

    fn begun(first: &Named, servers: &Servers) -> Self {
        Self { states: vec![first.show(servers)], steps: Vec::new() }
    }
}

impl Named {
    fn new(servers: &mut Servers) -> Self {
        Self { world: World::new(servers), ids: Vec::new(), known: BTreeMap::new() }
    }

    /// What comes of it, be it what must not be: that is for whoever compares to see.
    fn after(&self, event: Event, servers: &mut Servers) -> Self {
        let mut after = self.clone();
        let _broken = after.world.meet(event, servers);
        if let Event::Connect(peer) = event {
            after.ids.push(format!(
                "{}{}",
                name_of(peer),
                servers.scenario.connects - after.world.peers[peer].connects_left
            ));
        }
        if event == Event::Restart {
            after.known.clear();
        }
        let mut there = after.world.connections.iter().map(Connection::is_there);
        after.ids.retain(|_| there.next().unwrap_or_default());
        let _broken = after.world.settle(servers);
        let served = after.world.connections.iter().zip(&after.ids).filter(|(open, _)| open.server_is_there);
        after.known.extend(served.map(|(open, id)| (open.id, id.clone())));
        let still: Vec<ClientId> = after.clients_of_locks(servers).chain(after.served()).collect();
        after.known.retain(|id, _| still.contains(id));
        after
    }

    fn glockd<'a>(&self, servers: &'a Servers) -> &'a Glockd {
        &servers.get(self.world.server).glockd
    }

    fn served(&self) -> impl Iterator<Item = ClientId> {
        self.world.connections.iter().filter(|open| open.server_is_there).map(|open| open.id)
    }

    fn clients_of_locks(&self, servers: &Servers) -> impl Iterator<Item = ClientId> {
        let names = servers.scenario.names.iter().map(|name| name.as_bytes());
        let glockd = self.glockd(servers);
        names.flat_map(move |name| glockd.holder(name).into_iter().chain(glockd.shared_holders(name)))
    }

    fn id_of(&self, peer: usize) -> Option<String> {
        let mut open = self.world.connections.iter().zip(&self.ids);
        open.find(|(open, _)| open.peer == peer && open.client_is_there).map(|(_, id)| id.clone())
    }

    fn show(&self, servers: &Servers) -> UnfoldedState {
        let (world, glockd) = (&self.world, self.glockd(servers));
        let gauges = glockd.gauges();
        let open = world.connections.iter().zip(&self.ids);
        let sessions = open.clone().filter(|(open, _)| open.client_is_there).map(|(open, id)| {
            let Peer { confirmed, holds, joined, .. } = world.peers[open.peer].clone();
            UnfoldedSession {
                id: id.clone(),
                confirmed,
                holds: holds.to_vec(),
                joined: joined.to_vec(),
                is_told: !open.down.is_empty(),
            }
        });
        UnfoldedState {
            now: world.now,
            epoch: gauges.epoch,
            is_in_grace: gauges.is_in_grace,
            has_work: glockd.has_work(),
            connected: gauges.connections,
            locks: servers.scenario.names.iter().map(|name| self.show_lock(name, glockd)).collect(),
            sessions: sessions.collect(),
            sent: open.filter(|(open, _)| !open.up.is_empty()).map(|(_, id)| id.clone()).collect(),
        }
    }

    fn show_lock(&self, name: &'static str, glockd: &Glockd) -> UnfoldedLock {
        let told = |id: ClientId| self.known.get(&id).cloned().unwrap_or_else(|| "?".into());
        let is_in_line = |id: &ClientId| glockd.waits_for(*id) == Some(name.as_bytes());
        UnfoldedLock {
            name,
            holder: glockd.holder(name.as_bytes()).map(told),
            sharers: glockd.shared_holders(name.as_bytes()).map(told).collect(),
            waiting: self.known.keys().copied().filter(is_in_line).map(told).collect(),
        }
    }

    /// The step, without where it begins and ends.
    fn describe(&self, event: Event, scenario: &Scenario) -> UnfoldedStep {
        let world = &self.world;
        let who = match event {
            Event::Connect(peer) => {
                Some(format!("{}{}", name_of(peer), scenario.connects - world.peers[peer].connects_left + 1))
            }
            Event::Say(peer, _) | Event::Quit(peer) => self.id_of(peer),
            Event::Break(place)
            | Event::Read(place, _)
            | Event::Hear(place)
            | Event::ServerNotices(place)
            | Event::ClientNotices(place) => self.ids.get(place).cloned(),
            Event::Work | Event::Restart | Event::Tick => None,
        };
        let ask = if let Event::Say(_, ask) = event { Some(ask_of(ask, scenario)) } else { None };
        let answer = match event {
            Event::Hear(place) => answer_of(&world.connections[place], &world.peers),
            _ => None,
        };
        UnfoldedStep { from: 0, to: 0, event: event_of(event, world), who, ask, answer }
    }
}

fn event_of(event: Event, world: &World) -> &'static str {
    match event {
        Event::Connect(_) => "connect",
        Event::Say(..) => "say",
        Event::Quit(_) => "quit",
        Event::Break(_) => "break",
        Event::Read(place, bytes) if bytes < world.connections[place].up.len() => "cut",
        Event::Read(..) => "read",
        Event::Hear(_) => "hear",
        Event::ServerNotices(_) => "server notices",
        Event::ClientNotices(_) => "client notices",
        Event::Work => "work",
        Event::Restart => "restart",
        Event::Tick => "tick",
    }
}

fn ask_of(ask: Ask, scenario: &Scenario) -> (&'static str, &'static str, u64) {
    let name = |number: u8| scenario.names[usize::from(number)];
    match ask {
        Ask::Ping => ("ping", "", 0),
        Ask::Get(number) => ("get", name(number), 0),
        Ask::Lock(number) => ("lock", name(number), 0),
        Ask::Release(number) => ("release", name(number), 0),
        Ask::Stray(number) => ("stray", name(number), 0),
        Ask::Join(number) => ("join", name(number), 0),
        Ask::Part(number) => ("part", name(number), 0),
        Ask::Back(number, fence) => ("back", name(number), fence),
    }
}

/// What the next line says to what was asked first.
fn answer_of(open: &Connection, peers: &[Peer]) -> Option<(bool, u64)> {
    let line = open.down.split(|byte| *byte == b'\n').next()?;
    let (is_yes, (ask, _)) = (!line.starts_with(b"0"), peers[open.peer].unanswered.first()?);
    let tells_fence = is_yes && matches!(ask, Ask::Lock(_) | Ask::Back(..));
    let last = str::from_utf8(line).ok().filter(|_| tells_fence).and_then(|line| line.rsplit(' ').next());
    Some((is_yes, last.and_then(|word| word.parse().ok()).unwrap_or(0)))
}
