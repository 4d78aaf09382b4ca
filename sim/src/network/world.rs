//! The world: a server, its clients, the connections between them, and what can happen next.

pub mod unfold;

use std::{
    cmp::Reverse,
    hash::{Hash, Hasher},
};

use lockwright_kernel::glockd::{ClientId, Output, Saved};
use smallvec::{SmallVec, smallvec};

use super::{
    peer::{Ask, Each, Peer},
    scenario::{Kind, Property, Scenario},
    server::{Input, Server},
    servers::{Number, Servers},
};

/// What is on the way.
pub(super) type Bytes = SmallVec<[u8; 24]>;

/// A state of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    now: u8,
    server: Number,
    saved: Option<Saved>,
    peers: SmallVec<[Peer; 3]>,
    connections: SmallVec<[Connection; 3]>,
    /// For each name, who waits for it, in the order in which the server read it.
    lines: Each<SmallVec<[ClientId; 3]>>,
    /// Whose connection broke, and when it has lost all it held at the latest.
    lost: SmallVec<[(ClientId, u8); 1]>,
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
    up: Bytes,
    /// On the way to the client.
    down: Bytes,
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
    pub(super) fn new(servers: &mut Servers) -> Self {
        let (server, saved) = servers.start(None, 0);
        let scenario = &servers.scenario;
        Self {
            now: 0,
            server,
            saved,
            peers: smallvec![Peer::new(scenario); scenario.clients.into()],
            connections: SmallVec::new(),
            lines: smallvec![SmallVec::new(); scenario.names.len()],
            lost: SmallVec::new(),
            quits_left: scenario.quits,
            breaks_left: scenario.breaks,
            cuts_left: scenario.cuts,
            ends_left: scenario.ends,
            ticks_left: scenario.ticks,
        }
    }

    /// What can happen next.
    pub(super) fn events(&self, servers: &Servers) -> Vec<Event> {
        let (mut events, scenario) = (Vec::new(), &servers.scenario);
        for (number, peer) in self.peers.iter().enumerate() {
            let may_connect = !peer.is_online && peer.connects_left > 0;
            events.extend(may_connect.then_some(Event::Connect(number)));
            events.extend(peer.asks(scenario, self.now).into_iter().map(|ask| Event::Say(number, ask)));
            events.extend((peer.is_online && self.quits_left > 0).then_some(Event::Quit(number)));
        }
        for (place, connection) in self.connections.iter().enumerate() {
            self.events_of(place, connection, scenario, &mut events);
        }
        events.extend(servers.get(self.server).glockd.has_work().then_some(Event::Work));
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
    pub(super) fn after(&self, event: Event, servers: &mut Servers) -> Result<Self, Broken> {
        let mut world = self.clone();
        world.meet(event, servers)?;
        world.settle(servers)?;
        Ok(world)
    }

    /// What happens at once.
    fn meet(&mut self, event: Event, servers: &mut Servers) -> Result<(), Broken> {
        match event {
            Event::Connect(peer) => self.connect(peer, servers),
            Event::Say(peer, ask) => self.say(peer, ask, &servers.scenario),
            Event::Quit(peer) => self.quit(peer),
            Event::Break(place) => {
                self.breaks_left -= 1;
                let connection = &mut self.connections[place];
                connection.is_broken = true;
                (connection.up, connection.down) = (Bytes::new(), Bytes::new());
            }
            Event::Read(place, bytes) => self.read(place, bytes, servers)?,
            Event::Hear(place) => self.hear(place, &servers.scenario)?,
            Event::ServerNotices(place) => self.server_notices(place, servers)?,
            Event::ClientNotices(place) => {
                self.connections[place].client_is_there = false;
                let peer = self.connections[place].peer;
                self.peers[peer].loses();
            }
            Event::Work => self.hand(Input::Work, servers)?,
            Event::Restart => self.restart(servers),
            Event::Tick => self.tick(servers)?,
        }
        Ok(())
    }

    /// What follows from it, and whether that may be.
    fn settle(&mut self, servers: &Servers) -> Result<(), Broken> {
        self.connections.retain(|connection| connection.is_there());
        let server = servers.get(self.server);
        self.note_waiting(server, &servers.scenario);
        self.judge(server, &servers.scenario)
    }

    /// What it is, with its clients in an order that depends on nothing but what they are.
    pub(super) fn hash_in_order(&self, hasher: &mut impl Hasher) {
        let Self { now, server, saved, peers, connections, lines, lost, .. } = self;
        let Self { quits_left, breaks_left, cuts_left, ends_left, ticks_left, .. } = self;
        let mut open: SmallVec<[&Connection; 8]> = connections.iter().collect();
        open.sort_by_key(|connection| (Reverse(connection.server_is_there), connection.id));
        let open = &open;
        let places = |peer: usize| (0..open.len()).filter(move |place| open[*place].peer == peer);
        let mut order: SmallVec<[usize; 4]> = (0..peers.len()).collect();
        order.sort_by(|a, b| places(*a).cmp(places(*b)).then_with(|| peers[*a].cmp(&peers[*b])));
        (now, server, saved, lines, lost).hash(hasher);
        (quits_left, breaks_left, cuts_left, ends_left, ticks_left).hash(hasher);
        order.iter().for_each(|peer| peers[*peer].hash(hasher));
        for Connection { peer, id, up, down, is_broken, client_is_there, server_is_there } in open {
            let peer = order.iter().position(|other| other == peer);
            (peer, id, up, down, is_broken, client_is_there, server_is_there).hash(hasher);
        }
    }

    fn connect(&mut self, number: usize, servers: &mut Servers) {
        let (server, came) = servers.hand(self.server, Input::Connect, self.now);
        self.server = server;
        self.peers[number].connects(self.now);
        self.connections.extend(came.id.map(|id| Connection {
            peer: number,
            id,
            up: Bytes::new(),
            down: Bytes::new(),
            is_broken: false,
            client_is_there: true,
            server_is_there: true,
        }));
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

    fn read(&mut self, place: usize, bytes: usize, servers: &mut Servers) -> Result<(), Broken> {
        let connection = &mut self.connections[place];
        self.cuts_left -= u8::from(bytes < connection.up.len());
        let (id, bytes) = (connection.id, connection.up.drain(..bytes).collect());
        self.hand(Input::Read(id, bytes), servers)
    }

    /// Who waits since the last event stands at the end of the line.
    fn note_waiting(&mut self, server: &Server, scenario: &Scenario) {
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
        let line: Bytes = connection.down.drain(..end).collect();
        let peer = connection.peer;
        if *line == *PING {
            self.send(peer, b"pong\n");
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        self.peers[peer].hears(line.trim_end(), scenario, self.now)
    }

    fn server_notices(&mut self, place: usize, servers: &mut Servers) -> Result<(), Broken> {
        let connection = &mut self.connections[place];
        connection.server_is_there = false;
        let (id, is_broken) = (connection.id, connection.is_broken);
        self.forget_waiting(id);
        if is_broken {
            self.lost.push((id, self.now + Scenario::SILENCE));
        }
        self.hand(if is_broken { Input::Lose(id) } else { Input::Disconnect(id) }, servers)
    }

    /// The server dies, and is started again.
    fn restart(&mut self, servers: &mut Servers) {
        self.ends_left -= 1;
        self.lines.iter_mut().for_each(SmallVec::clear);
        self.lost.clear();
        for connection in &mut self.connections {
            connection.server_is_there = false;
            connection.up.clear();
        }
        let (server, saved) = servers.start(self.saved, self.now);
        (self.server, self.saved) = (server, saved.or(self.saved));
    }

    fn tick(&mut self, servers: &mut Servers) -> Result<(), Broken> {
        self.ticks_left -= 1;
        self.now += 1;
        let now = self.now;
        self.lost.retain(|(_, until)| now < *until);
        self.hand(Input::Pass, servers)
    }

    /// Hands something to the server, and does what it says then.
    fn hand(&mut self, input: Input, servers: &mut Servers) -> Result<(), Broken> {
        let (server, came) = servers.hand(self.server, input, self.now);
        self.server = server;
        came.outputs.iter().try_for_each(|output| self.take(output, servers))
    }

    fn take(&mut self, output: &Output, servers: &mut Servers) -> Result<(), Broken> {
        match output {
            Output::Persist(saved) => self.saved = Some(*saved),
            Output::Close { client, .. } => {
                self.forget_waiting(*client);
                if let Some(connection) = self.connection(*client) {
                    connection.server_is_there = false;
                    connection.up.clear();
                }
            }
            Output::Write { client, bytes, .. } => {
                self.check_turn(*client, bytes, &servers.scenario)?;
                let open = self.connection(*client);
                let Some(open) = open.filter(|open| !open.is_broken && open.client_is_there) else { return Ok(()) };
                if *bytes == PING && !servers.scenario.signs_take_time {
                    return self.hand(Input::Sign(*client), servers);
                }
                open.down.extend_from_slice(bytes);
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

    fn judge(&self, server: &Server, scenario: &Scenario) -> Result<(), Broken> {
        for (number, name) in scenario.names.iter().enumerate() {
            let peers = self.peers.iter().enumerate();
            let sure: SmallVec<[_; 4]> = peers.filter(|(_, peer)| peer.believes(number, scenario, self.now)).collect();
            if let [(first, _), (second, _), ..] = sure[..] {
                let what = format!("{} and {} both hold `{name}`", name_of(first), name_of(second));
                return Err((Property::MutualExclusion, what));
            }
        }
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
            let unanswered = self.peers[connection.peer].unanswered.first();
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
        let (ask, sent) = *self.peers[connection.peer].unanswered.first()?;
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
