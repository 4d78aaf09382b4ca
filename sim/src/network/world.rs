//! The world: a server, its clients, the connections between them, and what can happen next.

pub mod unfold;

use std::{cmp::Reverse, rc::Rc};

use lockwright_kernel::glockd::{ClientId, Output, Saved};

use super::{
    peer::{Ask, Peer},
    scenario::{Kind, Property, Scenario},
    server::{self, Server},
};

/// A state of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    now: u8,
    server: Option<Rc<Server>>,
    saved: Option<Saved>,
    peers: Vec<Peer>,
    connections: Vec<Connection>,
    /// For each name, who waits for it, in the order in which the server read it.
    lines: Vec<Vec<ClientId>>,
    /// Whose connection broke, and when it has lost all it held at the latest.
    lost: Vec<(ClientId, u8)>,
    quits_left: u8,
    breaks_left: u8,
    cuts_left: u8,
    ends_left: u8,
    ticks_left: u8,
}

/// A connection, from either side's being there to neither's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Connection {
    peer: usize,
    id: ClientId,
    /// On the way to the server.
    up: Vec<u8>,
    /// On the way to the client.
    down: Vec<u8>,
    /// Nothing goes through any more, and neither side need ever notice.
    is_broken: bool,
    client_is_there: bool,
    server_is_there: bool,
}

impl Connection {
    /// Either side has it still.
    fn is_there(&self) -> bool {
        self.client_is_there || self.server_is_there
    }
}

/// What can happen. Connections go by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Connect(usize),
    Say(usize, Ask),
    Quit(usize),
    Break(usize),
    /// The server reads so many bytes.
    Read(usize, usize),
    /// The client reads a line.
    Hear(usize),
    ServerNotices(usize),
    ClientNotices(usize),
    /// The server does a piece of the work that is left.
    Work,
    Restart,
    Tick,
}

/// What must not be.
pub(super) type Broken = (Property, String);

impl World {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mut world = Self {
            now: 0,
            server: None,
            saved: None,
            peers: vec![Peer::new(scenario); scenario.clients.into()],
            connections: Vec::new(),
            lines: vec![Vec::new(); scenario.names.len()],
            lost: Vec::new(),
            quits_left: scenario.quits,
            breaks_left: scenario.breaks,
            cuts_left: scenario.cuts,
            ends_left: scenario.ends,
            ticks_left: scenario.ticks,
        };
        world.start(scenario);
        world
    }

    /// What can happen next.
    pub(super) fn events(&self, scenario: &Scenario) -> Vec<Event> {
        let mut events = Vec::new();
        for (number, peer) in self.peers.iter().enumerate() {
            let may_connect = !peer.is_online && peer.connects_left > 0 && self.server.is_some();
            events.extend(may_connect.then_some(Event::Connect(number)));
            events.extend(peer.asks(scenario, self.now).into_iter().map(|ask| Event::Say(number, ask)));
            events.extend((peer.is_online && self.quits_left > 0).then_some(Event::Quit(number)));
        }
        for (place, connection) in self.connections.iter().enumerate() {
            self.events_of(place, connection, scenario, &mut events);
        }
        let has_work = self.server.as_ref().is_some_and(|server| server.glockd.has_work());
        events.extend(has_work.then_some(Event::Work));
        events.extend((self.ends_left > 0).then_some(Event::Restart));
        events.extend((self.ticks_left > 0).then_some(Event::Tick));
        events
    }

    fn events_of(&self, place: usize, connection: &Connection, scenario: &Scenario, events: &mut Vec<Event>) {
        let Connection { up, down, is_broken, client_is_there, server_is_there, .. } = connection;
        if !is_broken && *server_is_there && !up.is_empty() {
            events.push(Event::Read(place, up.len()));
            let cuts = (1..up.len()).filter(|_| self.cuts_left > 0);
            events.extend(cuts.map(|bytes| Event::Read(place, bytes)));
        }
        if !is_broken && *client_is_there && !down.is_empty() {
            events.push(Event::Hear(place));
        }
        let can_break = self.breaks_left > 0 && !is_broken && *client_is_there && *server_is_there;
        events.extend(can_break.then_some(Event::Break(place)));
        // Without signs of life the server's notice is no sooner than the client's, or nothing could be promised.
        let breaks_first = *is_broken && (scenario.says_hello || !client_is_there);
        let server_can_tell = (!client_is_there && up.is_empty()) || breaks_first;
        events.extend((*server_is_there && server_can_tell).then_some(Event::ServerNotices(place)));
        let client_can_tell = *is_broken || (!server_is_there && down.is_empty());
        events.extend((*client_is_there && client_can_tell).then_some(Event::ClientNotices(place)));
    }

    /// What comes of `event`.
    ///
    /// # Errors
    ///
    /// What must not be.
    pub(super) fn after(&self, event: Event, scenario: &Scenario) -> Result<Self, Broken> {
        let mut world = self.clone();
        world.meet(event, scenario)?;
        world.settle(scenario)?;
        Ok(world)
    }

    /// What happens at once.
    fn meet(&mut self, event: Event, scenario: &Scenario) -> Result<(), Broken> {
        match event {
            Event::Connect(peer) => self.connect(peer, scenario),
            Event::Say(peer, ask) => self.say(peer, ask, scenario),
            Event::Quit(peer) => self.quit(peer),
            Event::Break(place) => {
                self.breaks_left -= 1;
                let connection = &mut self.connections[place];
                connection.is_broken = true;
                (connection.up, connection.down) = (Vec::new(), Vec::new());
            }
            Event::Read(place, bytes) => self.read(place, bytes, scenario)?,
            Event::Hear(place) => self.hear(place, scenario)?,
            Event::ServerNotices(place) => self.server_notices(place, scenario)?,
            Event::ClientNotices(place) => {
                self.connections[place].client_is_there = false;
                let peer = self.connections[place].peer;
                self.peers[peer].loses();
            }
            Event::Work => {
                let now = self.now;
                self.with_server(scenario, |server| server.work(now))?;
            }
            Event::Restart => {
                self.die();
                self.start(scenario);
            }
            Event::Tick => self.tick(scenario)?,
        }
        Ok(())
    }

    /// What follows from it, and whether that may be.
    fn settle(&mut self, scenario: &Scenario) -> Result<(), Broken> {
        self.connections.retain(Connection::is_there);
        self.note_waiting(scenario);
        self.judge(scenario)
    }

    /// The same with its clients in an order that depends on nothing but what they are.
    pub(super) fn in_order(&self) -> Self {
        let mut world = self.clone();
        world.connections.sort_by_key(|connection| (Reverse(connection.server_is_there), connection.id));
        let mut order: Vec<usize> = (0..world.peers.len()).collect();
        let places = |peer: usize| {
            world.connections.iter().enumerate().filter(move |(_, open)| open.peer == peer).map(|(place, _)| place)
        };
        order.sort_by(|a, b| places(*a).cmp(places(*b)).then_with(|| self.peers[*a].cmp(&self.peers[*b])));
        for connection in &mut world.connections {
            connection.peer = order.iter().position(|peer| *peer == connection.peer).unwrap_or_default();
        }
        world.peers = order.iter().map(|peer| self.peers[*peer].clone()).collect();
        world
    }

    fn connect(&mut self, number: usize, scenario: &Scenario) {
        let Some(server) = self.server.as_mut().map(Rc::make_mut) else { return };
        let id = server.connect(self.now);
        self.peers[number].connects(self.now);
        if scenario.says_hello {
            server.glockd.handle_line(id, b"hello", server::at(self.now));
            server.glockd.poll_output();
        }
        self.connections.push(Connection {
            peer: number,
            id,
            up: Vec::new(),
            down: Vec::new(),
            is_broken: false,
            client_is_there: true,
            server_is_there: true,
        });
    }

    fn say(&mut self, peer: usize, ask: Ask, scenario: &Scenario) {
        self.peers[peer].sends(ask, self.now);
        self.send(peer, ask.line(scenario).as_bytes());
    }

    /// What is sent where nothing goes through is lost.
    fn send(&mut self, peer: usize, bytes: &[u8]) {
        let open = self.connections.iter_mut().find(|connection| connection.peer == peer && connection.client_is_there);
        if let Some(connection) = open.filter(|connection| !connection.is_broken && connection.server_is_there) {
            connection.up.extend_from_slice(bytes);
        }
    }

    fn quit(&mut self, peer: usize) {
        self.quits_left -= 1;
        self.peers[peer].goes();
        for connection in self.connections.iter_mut().filter(|connection| connection.peer == peer) {
            connection.client_is_there = false;
            connection.down.clear();
        }
    }

    fn read(&mut self, place: usize, bytes: usize, scenario: &Scenario) -> Result<(), Broken> {
        let connection = &mut self.connections[place];
        self.cuts_left -= u8::from(bytes < connection.up.len());
        let (id, now) = (connection.id, self.now);
        let bytes: Vec<u8> = connection.up.drain(..bytes).collect();
        let mut more = Vec::new();
        self.with_server(scenario, |server| more = server.read(id, &bytes, now))?;
        for output in more {
            self.take(output, scenario)?;
        }
        Ok(())
    }

    /// Who waits since the last event stands at the end of the line.
    fn note_waiting(&mut self, scenario: &Scenario) {
        let Some(server) = &self.server else { return };
        for id in self.connections.iter().filter(|open| open.server_is_there).map(|open| open.id) {
            let Some(name) = server.glockd.waits_for(id) else { continue };
            let lines = scenario.names.iter().zip(&mut self.lines).find(|(known, _)| known.as_bytes() == name);
            if let Some((_, line)) = lines.filter(|(_, line)| !line.contains(&id)) {
                line.push(id);
            }
        }
    }

    fn hear(&mut self, place: usize, scenario: &Scenario) -> Result<(), Broken> {
        let connection = &mut self.connections[place];
        let end = connection.down.iter().position(|byte| *byte == b'\n').map_or(connection.down.len(), |end| end + 1);
        let line: Vec<u8> = connection.down.drain(..end).collect();
        let peer = connection.peer;
        if line == PING {
            self.send(peer, b"pong\n");
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        self.peers[peer].hears(line.trim_end(), scenario, self.now)
    }

    fn server_notices(&mut self, place: usize, scenario: &Scenario) -> Result<(), Broken> {
        let connection = &mut self.connections[place];
        connection.server_is_there = false;
        let (id, now, is_broken) = (connection.id, self.now, connection.is_broken);
        self.forget_waiting(id);
        if is_broken {
            self.lost.push((id, now + Scenario::SILENCE));
            return self.with_server(scenario, |server| server.lose(id));
        }
        self.with_server(scenario, |server| server.disconnect(id, scenario.names, now))
    }

    fn die(&mut self) {
        self.ends_left -= 1;
        self.lines.iter_mut().for_each(Vec::clear);
        self.lost.clear();
        for connection in &mut self.connections {
            connection.server_is_there = false;
            connection.up.clear();
        }
    }

    fn start(&mut self, scenario: &Scenario) {
        let mut server = Server::start(scenario, self.saved, self.now);
        while let Some(output) = server.glockd.poll_output() {
            if let Output::Persist(saved) = output {
                self.saved = Some(saved);
            }
        }
        self.server = Some(Rc::new(server));
    }

    fn tick(&mut self, scenario: &Scenario) -> Result<(), Broken> {
        self.ticks_left -= 1;
        self.now += 1;
        let now = self.now;
        self.lost.retain(|(_, until)| now < *until);
        self.with_server(scenario, |server| server.pass(now))
    }

    /// Hands something to the server, and does what it says then.
    fn with_server(&mut self, scenario: &Scenario, hand: impl FnOnce(&mut Server)) -> Result<(), Broken> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let running = Rc::make_mut(&mut server);
        hand(running);
        let outputs: Vec<_> = std::iter::from_fn(|| running.glockd.poll_output()).collect();
        self.server = Some(server);
        outputs.into_iter().try_for_each(|output| self.take(output, scenario))
    }

    fn take(&mut self, output: Output, scenario: &Scenario) -> Result<(), Broken> {
        match output {
            Output::Persist(saved) => self.saved = Some(saved),
            Output::Close { client, .. } => {
                self.forget_waiting(client);
                if let Some(connection) = self.connection(client) {
                    connection.server_is_there = false;
                    connection.up.clear();
                }
            }
            Output::Write { client, bytes, .. } => {
                self.check_turn(client, &bytes, scenario)?;
                let open = self.connection(client);
                let Some(open) = open.filter(|open| !open.is_broken && open.client_is_there) else { return Ok(()) };
                if bytes != PING || scenario.signs_take_time {
                    open.down.extend_from_slice(&bytes);
                } else if let Some(server) = &mut self.server {
                    Rc::make_mut(server).glockd.handle_line(client, b"pong", server::at(self.now));
                }
            }
        }
        Ok(())
    }

    fn connection(&mut self, id: ClientId) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.id == id && connection.server_is_there)
    }

    fn forget_waiting(&mut self, id: ClientId) {
        for line in &mut self.lines {
            line.retain(|waiter| *waiter != id);
        }
    }

    /// Who is granted what it waited for was the first in line.
    fn check_turn(&mut self, id: ClientId, told: &[u8], scenario: &Scenario) -> Result<(), Broken> {
        if told == PING {
            return Ok(());
        }
        let overtaken = self.lines.iter().position(|line| line.iter().skip(1).any(|waiter| *waiter == id));
        self.forget_waiting(id);
        match overtaken.filter(|_| told.starts_with(b"1 Got Lock ")) {
            Some(name) => {
                Err((Property::InOrder, format!("`{}` went to who did not come first", scenario.names[name])))
            }
            None => Ok(()),
        }
    }

    fn judge(&self, scenario: &Scenario) -> Result<(), Broken> {
        for (number, name) in scenario.names.iter().enumerate() {
            let peers = self.peers.iter().enumerate();
            let sure: Vec<_> = peers.filter(|(_, peer)| peer.believes(number, scenario, self.now)).collect();
            if let [(first, _), (second, _), ..] = sure[..] {
                let what = format!("{} and {} both hold `{name}`", name_of(first), name_of(second));
                return Err((Property::MutualExclusion, what));
            }
        }
        let Some(server) = &self.server else { return Ok(()) };
        self.judge_counts(server)?;
        if server.glockd.has_work() {
            return Ok(());
        }
        self.judge_holders(server, scenario)?;
        self.judge_answers(server)
    }

    fn judge_counts(&self, server: &Server) -> Result<(), Broken> {
        let there = self.connections.iter().filter(|connection| connection.server_is_there).count();
        let counted = server.connections();
        if there != counted {
            return Err((Property::Counts, format!("{counted} connections are counted, and there are {there}")));
        }
        Ok(())
    }

    fn judge_holders(&self, server: &Server, scenario: &Scenario) -> Result<(), Broken> {
        let is_there = |id: ClientId| {
            let may_not_know = scenario.says_hello && self.lost.iter().any(|(lost, _)| *lost == id);
            may_not_know || self.connections.iter().any(|open| open.id == id && open.server_is_there)
        };
        let mut locks = 0;
        for name in scenario.names {
            let holder = server.glockd.holder(name.as_bytes());
            locks += usize::from(holder.is_some());
            if holder.is_some_and(|id| !is_there(id)) {
                return Err((Property::NoOrphan, format!("who holds `{name}` is gone")));
            }
            if server.glockd.shared_holders(name.as_bytes()).any(|id| !is_there(id)) {
                return Err((Property::Counts, format!("a holder of the shared `{name}` is counted that is gone")));
            }
        }
        let counted = server.glockd.gauges().locks;
        if counted != locks {
            return Err((Property::Counts, format!("{counted} locks are counted, and {locks} are held")));
        }
        Ok(())
    }

    /// When nothing is on the way any more, each command was answered or waits.
    fn judge_answers(&self, server: &Server) -> Result<(), Broken> {
        for connection in &self.connections {
            let Connection { up, down, is_broken, client_is_there, server_is_there, .. } = connection;
            let is_quiet = up.is_empty() && down.is_empty() && !is_broken && *client_is_there && *server_is_there;
            let unanswered = self.peers[connection.peer].unanswered.front();
            if let Some((ask, _)) = unanswered.filter(|_| is_quiet && !server.glockd.is_busy(connection.id)) {
                let who = name_of(connection.peer);
                return Err((Property::Answered, format!("{who} has no answer to {ask:?}")));
            }
        }
        Ok(())
    }

    /// What happens, in words.
    pub(super) fn tell(&self, event: Event, scenario: &Scenario) -> String {
        let who = |place: usize| name_of(self.connections[place].peer);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', "\\n");
        match event {
            Event::Connect(peer) => format!("{} connects", name_of(peer)),
            Event::Say(peer, ask) => format!("{} sends `{}`", name_of(peer), ask.line(scenario).trim_end()),
            Event::Quit(peer) => format!("{} goes away", name_of(peer)),
            Event::Break(place) => format!("the connection of {} breaks", who(place)),
            Event::Read(place, bytes) => {
                format!("the server reads `{}` of {}", shown(&self.connections[place].up[..bytes]), who(place))
            }
            Event::Hear(place) => {
                let down = String::from_utf8_lossy(&self.connections[place].down).into_owned();
                format!("{} is told `{}`", who(place), down.lines().next().unwrap_or_default())
            }
            Event::ServerNotices(place) => format!("the server notices that {} is gone", who(place)),
            Event::ClientNotices(place) => format!("{} notices that its connection is lost", who(place)),
            Event::Work => "the server does a piece of its work".into(),
            Event::Restart => "the server dies, and is started again".into(),
            Event::Tick => format!("it is {}", self.now + 1),
        }
    }

    /// What was come to that a scenario is there for, in a word each.
    pub(super) fn seen(&self, event: Event, scenario: &Scenario) -> Option<&'static str> {
        let Event::Hear(place) = event else { return None };
        let connection = self.connections.get(place)?;
        let line = connection.down.split(|byte| *byte == b'\n').next()?;
        let (ask, sent) = *self.peers[connection.peer].unanswered.front()?;
        let is_yes = !line.starts_with(b"0");
        let waited = self.now > sent;
        match ask {
            _ if *line == PING[..4] => Some("asked for a sign of life"),
            Ask::Get(_) => Some(if is_yes { "got" } else { "did not get" }),
            Ask::Lock(_) if is_yes => Some(if waited { "granted later" } else { "granted" }),
            Ask::Lock(_) => Some("timed out"),
            Ask::Join(_) => Some("joined"),
            Ask::Back(..) => Some(if is_yes { "got back" } else { "not got back" }),
            _ if scenario.asks.contains(&Kind::Ping) && ask == Ask::Ping => Some("confirmed"),
            _ => None,
        }
    }
}

/// How a client is asked for a sign of life.
const PING: &[u8] = b"ping\n";

fn name_of(peer: usize) -> &'static str {
    ["A", "B", "C", "D"].get(peer).copied().unwrap_or("E")
}
