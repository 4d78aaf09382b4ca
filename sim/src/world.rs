//! The world: which steps can follow a state.
//!
//! One step is one process's next call, with these exceptions: a listing that finds its directory begins and ends in
//! two steps, and so does the making of a file with contents, name first. Between two steps anything may go wrong that
//! there is a budget for; see [`faults`].
//!
//! A walk to a directory ([`Walk::Split`](crate::scenario::Walk)) could be a step of its own before each call. Since it
//! changes nothing, it matters only when a directory on its way is moved or replaced; so it is that step which decides,
//! for each call that others are about to make through the directory, whether its walk had come there already.

mod alone;
mod calls;
mod faults;
mod identity;
mod judge;
mod lease;
mod linear;
mod memory;
mod nfs;
pub(crate) mod notify;
mod power;
mod resource;
mod silly;

pub(crate) use alone::{Alone, Leaps};
use lockwright_kernel::fs::FsError;
use rustc_hash::FxHashMap;

use crate::{
    history::{Histories, ReplyId, RequestId, RootId},
    linear::{Testers, UNTESTED},
    miss::Miss,
    names::{NameId, Names, PathId},
    plan::{Contents, Op, Plan},
    protocol::{Phase, Property, Protocol},
    resource::Resource,
    scenario::{self, Budget, Profile, Scenario},
    state::{Copies, InCall, Late, Memory, Process, State},
    symmetry::{PermId, Symmetry, Tables},
    times::Times,
    tree::Tree,
    watching::Watching,
};

/// What one step was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The client's call took effect and was answered.
    Call { client: u8, reply: ReplyId },
    /// A call of two steps has begun.
    Begin { client: u8 },
    /// The client's process was killed.
    Crash { client: u8 },
    /// The client's call was answered an error that has no cause in the tree. It may have taken effect all the same.
    Fail { client: u8, reply: ReplyId, took_effect: bool },
    /// Somebody who takes no part in the protocol removed an entry.
    Remove { path: PathId },
    /// What is on disk has become durable.
    Commit,
    /// The power was cut. These files have lost their contents.
    Cut { emptied: Vec<PathId> },
    /// What the client's process has not been told of yet, it will not be told.
    Lose { client: u8 },
    /// A second went by.
    Tick,
    /// A second went by that the client's host slept through.
    Suspend { client: u8 },
    /// A client's wall clock was set, or else that of the file system.
    Jump { client: Option<u8>, forward: bool },
    /// The file system turned out to round stamps down.
    Round,
    /// A host was restarted; these clients' processes were on it, a bit each.
    Reboot { host: u8, clients: u32 },
    /// The client's call was answered, and something about it spends a budget.
    Odd { client: u8, reply: ReplyId, budget: Budget },
    /// The client's call was executed, its reply lost, and it is sent again.
    Replay { client: u8 },
    /// The client's call is sent, and a copy of it.
    Double { client: u8 },
    /// The client's next call goes by what its host remembers of a name.
    Recall { client: u8 },
    /// The copy of a call was executed.
    Late(Late),
    /// An entry went that stood for a file which was removed while it was open.
    Close { path: PathId },
    /// The server was restarted, and had executed the calls of these clients, in this order.
    Restart { executed: Vec<u8> },
}

impl Step {
    /// True for a step that spends a budget. Such steps are left out where it is asked what can still be reached.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Call { .. } | Self::Begin { .. } | Self::Commit => false,
            Self::Crash { .. }
            | Self::Fail { .. }
            | Self::Remove { .. }
            | Self::Cut { .. }
            | Self::Lose { .. }
            | Self::Tick
            | Self::Suspend { .. }
            | Self::Jump { .. }
            | Self::Round
            | Self::Reboot { .. }
            | Self::Odd { .. }
            | Self::Replay { .. }
            | Self::Double { .. }
            | Self::Recall { .. }
            | Self::Late(_)
            | Self::Close { .. }
            | Self::Restart { .. } => true,
        }
    }

    /// Whose step it is; none for what befalls all of them.
    pub(crate) fn client(&self) -> Option<u8> {
        match *self {
            Self::Call { client, .. }
            | Self::Begin { client }
            | Self::Crash { client }
            | Self::Fail { client, .. }
            | Self::Lose { client }
            | Self::Suspend { client }
            | Self::Odd { client, .. }
            | Self::Replay { client }
            | Self::Double { client }
            | Self::Recall { client } => Some(client),
            Self::Jump { client, .. } => client,
            Self::Remove { .. }
            | Self::Commit
            | Self::Cut { .. }
            | Self::Tick
            | Self::Round
            | Self::Reboot { .. }
            | Self::Late(_)
            | Self::Close { .. }
            | Self::Restart { .. } => None,
        }
    }

    /// What the client was answered.
    pub(crate) fn reply(&self) -> Option<ReplyId> {
        match *self {
            Self::Call { reply, .. } | Self::Fail { reply, .. } | Self::Odd { reply, .. } => Some(reply),
            _ => None,
        }
    }

    /// The entries that it befell.
    pub(crate) fn paths(&self) -> &[PathId] {
        match self {
            Self::Remove { path } | Self::Close { path } => std::slice::from_ref(path),
            Self::Cut { emptied } => emptied,
            _ => &[],
        }
    }

    /// The clients whose processes were killed, out of so many.
    pub(crate) fn killed(&self, clients: u8) -> impl Iterator<Item = u8> + use<> {
        let killed = match *self {
            Self::Crash { client } => 1 << client,
            Self::Cut { .. } => u32::MAX,
            Self::Reboot { clients, .. } => clients,
            _ => 0,
        };
        (0..clients).filter(move |client| killed & 1 << client != 0)
    }
}

/// A state that can follow, and the step that leads there.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    pub(crate) step: Step,
    pub(crate) state: State,
    /// Which other clients' calls had walked into the directory that this step moved.
    pub(crate) walked: Vec<u8>,
    /// What the call really came to, when that is an error; the client may not have looked.
    pub(crate) error: Option<FsError>,
    /// What an attempt said that ended with this step.
    pub(crate) said: Option<&'static str>,
}

impl Successor {
    /// A step that no client asked for.
    fn quiet(step: Step, state: State) -> Self {
        Self { step, state, walked: Vec::new(), error: None, said: None }
    }
}

/// Everything about a scenario that is not part of a state.
///
/// Reading it takes no more than a shared reference; what it lacks is a [`Miss`], which [`World::learn`] makes up for.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) protocol: &'a dyn Protocol,
    pub(crate) scenario: &'a Scenario,
    pub(crate) names: Names,
    pub(crate) histories: Histories,
    /// How processes may be renamed, in a search that takes states for equal that differ in names only.
    pub(crate) symmetry: Option<Symmetry>,
    /// Which client may go first, in a search that leaves out orders which come to the same.
    pub(crate) alone: Option<Alone>,
    /// What is known of the order of operations, where that is tested.
    testers: Testers,
    plans: Vec<Option<Plan>>,
    contents: Contents,
    /// The names that files get which are removed while they are open.
    silly: Vec<NameId>,
    /// One of these stands while that process holds the lock.
    evidence: FxHashMap<RootId, Vec<PathId>>,
    /// How many times something was worked out that was missed.
    pub(crate) learned: u64,
    /// A request that came up and that this world cannot answer.
    pub(crate) unanswerable: Option<String>,
}

impl<'a> World<'a> {
    pub(crate) fn new(protocol: &'a dyn Protocol, scenario: &'a Scenario) -> Self {
        let mut names = Names::new();
        Self {
            protocol,
            scenario,
            silly: silly::names(&mut names, scenario.faults.opens),
            names,
            histories: Histories::settled(scenario.profile.is_nfs() && !protocol.believes_refusals()),
            symmetry: None,
            alone: None,
            testers: Testers::default(),
            plans: Vec::new(),
            contents: Contents::new(),
            evidence: FxHashMap::default(),
            learned: 0,
            unanswerable: None,
        }
    }

    /// Nothing on disk, everybody idle.
    pub(crate) fn initial(&mut self) -> State {
        let clients = 0..self.scenario.clients;
        let processes = clients.map(|client| self.learning(|world| world.process(client, 0))).collect();
        let Scenario { clients, profile, faults, .. } = *self.scenario;
        let times = profile.has_stamps().then(|| Box::new(Times::new(clients, faults.jumps)));
        let is_tested = self.protocol.is_linearizable();
        let tester = if is_tested { self.testers.first(clients) } else { UNTESTED };
        let resource = self.protocol.has_resource().then(|| Box::new(Resource::new(clients)));
        let (tree, late, memory) = (Tree::default(), Copies::new(), Memory::new());
        State { left: faults, tree, durable: None, times, tester, resource, late, memory, processes }
    }

    /// Everything that can follow `state`, always in the same order.
    pub(crate) fn successors(&mut self, state: &State, out: &mut Vec<Successor>) {
        self.learning(|world| world.look_ahead(state, out));
    }

    /// A property that `state` breaks by itself, and how.
    pub(crate) fn broken(&mut self, state: &State) -> Option<(Property, String)> {
        if let Some(broken) = self.learning(|world| world.judge(state)) {
            return Some(broken);
        }
        let mut successors = Vec::new();
        self.successors(state, &mut successors);
        let waiting = self.waits_in_vain(state, successors.iter().map(|next| &next.step))?;
        let id = scenario::id(waiting, state.processes[usize::from(waiting)].incarnation);
        Some((Property::NobodyWaitsInVain, format!("{id} waits, and nobody has anything left to do")))
    }

    /// Asks until nothing is missed any more.
    pub(crate) fn learning<T>(&mut self, mut ask: impl FnMut(&Self) -> Result<T, Miss>) -> T {
        loop {
            match ask(self) {
                Ok(answer) => return answer,
                Err(miss) => self.learn(miss),
            }
        }
    }

    /// Works out what was missed.
    pub(crate) fn learn(&mut self, miss: Miss) {
        self.learned += 1;
        match miss {
            Miss::Path(dir, name) => drop(self.names.make(dir, name)),
            Miss::Reply(reply) => drop(self.histories.make_reply(&reply)),
            Miss::Root(root) => self.histories.make_root(self.protocol, root),
            Miss::Next(node, reply) => drop(self.histories.make_next(self.protocol, node, reply)),
            Miss::Plan(request) => self.make_plan(request),
            Miss::Evidence(holder) => {
                let id = scenario::id(holder.client, holder.incarnation);
                let evidences = self.protocol.evidences(&id, holder.phase);
                let paths = evidences.iter().map(|path| self.names.path_id(path)).collect();
                self.evidence.insert(holder, paths);
            }
            Miss::Heard(tester, heard) => self.learn_heard(tester, heard),
            Miss::Relabelling(relabelling) => {
                if let Some(symmetry) = &mut self.symmetry {
                    symmetry.learn(relabelling);
                }
            }
        }
        self.make_room_for_images();
    }

    /// Every path and every history that was compared has room for what it is under other ids.
    pub(crate) fn make_room_for_images(&mut self) {
        if let Some(symmetry) = &mut self.symmetry {
            symmetry.make_room(self.names.all_paths().count(), self.histories.compared());
        }
    }

    fn make_plan(&mut self, request: RequestId) {
        let at = request as usize;
        if self.plans.len() <= at {
            self.plans.resize(at + 1, None);
        }
        let mut plan = Plan::of(self.histories.request(request), &mut self.names, &mut self.contents);
        let profile = self.scenario.profile;
        if matches!(plan.op, Op::Now | Op::Pause) && !profile.has_time()
            || matches!(plan.op, Op::Touch | Op::Modified | Op::WallClock | Op::Uptime) && !profile.has_stamps()
            || matches!(plan.op, Op::Sighting(_) | Op::Started(_)) && profile != Profile::Identity
            || matches!(plan.op, Op::Holds | Op::Write(_)) && !self.protocol.has_resource()
        {
            plan.op = Op::Unknown;
        }
        if matches!(plan.op, Op::Unknown) {
            self.unanswerable.get_or_insert_with(|| format!("{:?}", self.histories.request(request)));
        }
        self.plans[at] = Some(plan);
    }

    /// Writes `state` down with its processes renamed, so that states which differ in names only become one; says how
    /// they were renamed, if they were.
    pub(crate) fn encode(&self, state: &State, out: &mut Vec<u16>) -> Result<Option<PermId>, Miss> {
        if let Some(symmetry) = &self.symmetry {
            let tables = Tables { names: &self.names, histories: &self.histories };
            if let Some(by) = symmetry.encode(tables, state, out)? {
                return Ok(Some(by));
            }
        }
        state.encode(out);
        Ok(None)
    }

    /// Everything that can follow `state`, always in the same order.
    pub(crate) fn look_ahead(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        out.clear();
        for client in 0..self.scenario.clients {
            self.calls(state, client, out)?;
        }
        self.faults(state, out)
    }

    fn process(&self, client: u8, incarnation: u8) -> Result<Process, Miss> {
        let history = self.histories.root(RootId { client, incarnation, phase: Phase::Idle })?;
        Ok(Process { incarnation, rounds: 0, history, call: InCall::Before, watching: Watching::default() })
    }

    /// The process that a client goes on with after `killed`.
    fn next_process(&self, client: u8, killed: &Process, incarnation: u8) -> Result<Process, Miss> {
        Ok(Process { rounds: killed.rounds, ..self.process(client, incarnation)? })
    }
}
