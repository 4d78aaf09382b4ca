//! The world: which steps can follow a state, and what each of them does. Profile `local`, without errors.
//!
//! One step is one process's next call, with these exceptions: a listing that finds its directory begins and ends in
//! two steps, and so does the making of a file with contents, name first. Between two steps a process may crash. Its
//! client goes on as a new process with a new id.
//!
//! A walk to a directory ([`Walk::Split`]) could be a step of its own before each call. Since it changes nothing, it
//! matters only when a directory on its way is moved or replaced; so it is that step which decides, for each call that
//! others are about to make through the directory, whether its walk had come there already.

use lockwright_kernel::{
    fs::{FsError, call::Value},
    path::Name,
    probe::Liveness,
};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    history::{Histories, NodeId, ReplyId, RequestId, RootId, Then},
    miss::Miss,
    names::{DEAD, NameId, Names, PathId},
    plan::{Contents, LookedAt, Op, Plan},
    protocol::{Phase, Property, Protocol},
    replay::Reply,
    scenario::{self, Budget, Scenario, Walk},
    state::{InCall, Listing, Place, Process, State},
    symmetry::{PermId, Symmetry, Tables},
    tree::{Change, Node, Tree},
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
}

impl Step {
    /// True for a step that spends a budget. Such steps are left out where it is asked what can still be reached.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self, Self::Crash { .. })
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
    /// With this step a client came to hold the lock.
    pub(crate) serves: bool,
}

impl Successor {
    /// The client that takes the step.
    pub(crate) fn actor(&self) -> u8 {
        match self.step {
            Step::Call { client, .. } | Step::Begin { client } | Step::Crash { client } => client,
        }
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
    plans: Vec<Option<Plan>>,
    contents: Contents,
    evidence: FxHashMap<RootId, PathId>,
    /// A request that came up and that this world cannot answer.
    pub(crate) unanswerable: Option<String>,
}

impl<'a> World<'a> {
    pub(crate) fn new(protocol: &'a dyn Protocol, scenario: &'a Scenario) -> Self {
        Self {
            protocol,
            scenario,
            names: Names::new(),
            histories: Histories::default(),
            symmetry: None,
            plans: Vec::new(),
            contents: Contents::new(),
            evidence: FxHashMap::default(),
            unanswerable: None,
        }
    }

    /// Nothing on disk, everybody idle.
    pub(crate) fn initial(&mut self) -> State {
        let clients = 0..self.scenario.clients;
        let processes = clients.map(|client| self.learning(|world| world.process(client, 0))).collect();
        State { left: self.scenario.faults, tree: Tree::default(), processes }
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
        let waiting = self.waits_in_vain(state, &successors)?;
        let id = scenario::id(waiting, state.processes[usize::from(waiting)].incarnation);
        Some((Property::NobodyWaitsInVain, format!("{id} waits, and nobody has anything left to do")))
    }

    /// A client that waits in `state` although nobody has anything left to do: those who are idle need not begin
    /// anything.
    pub(crate) fn waits_in_vain(&self, state: &State, successors: &[Successor]) -> Option<u8> {
        let goes_on = |client: u8| successors.iter().any(|next| !next.step.is_fault() && next.actor() == client);
        let mut busy = (0..).zip(&state.processes).filter(|(_, process)| !self.is_idle(process));
        let first = busy.next().map(|(client, _)| client).filter(|client| !goes_on(*client))?;
        (!busy.any(|(client, _)| goes_on(client))).then_some(first)
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
        match miss {
            Miss::Path(dir, name) => drop(self.names.make(dir, name)),
            Miss::Reply(reply) => drop(self.histories.make_reply(&reply)),
            Miss::Root(root) => self.histories.make_root(self.protocol, root),
            Miss::Next(node, reply) => drop(self.histories.make_next(self.protocol, node, reply)),
            Miss::Plan(request) => self.make_plan(request),
            Miss::Evidence(holder) => {
                let id = scenario::id(holder.client, holder.incarnation);
                let path = self.names.path_id(&self.protocol.evidence(&id));
                self.evidence.insert(holder, path);
            }
            Miss::Relabelling(_) | Miss::PathImage(..) | Miss::NodeImage(..) => self.learn_renamed(miss),
        }
    }

    fn learn_renamed(&mut self, miss: Miss) {
        let Some(symmetry) = &mut self.symmetry else { return };
        match miss {
            Miss::Relabelling(relabelling) => symmetry.learn_relabelling(relabelling),
            Miss::PathImage(by, path) => symmetry.learn_path(by, path, &mut self.names),
            Miss::NodeImage(by, node) => {
                let relabelling = symmetry.relabelling(by).clone();
                let image = self.histories.image(self.protocol, node, &relabelling, symmetry.pool());
                symmetry.learn_node(by, node, image);
            }
            _ => {}
        }
    }

    fn make_plan(&mut self, request: RequestId) {
        let at = request as usize;
        if self.plans.len() <= at {
            self.plans.resize(at + 1, None);
        }
        let plan = Plan::of(self.histories.request(request), &mut self.names, &mut self.contents);
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
        if state.left.crashes > 0 {
            for client in 0..self.scenario.clients {
                self.crash(state, client, out)?;
            }
        }
        Ok(())
    }

    /// True from the return of a successful attempt to take the lock until the first call of the next attempt.
    pub(crate) fn in_critical_section(&self, process: &Process) -> bool {
        process.call == InCall::Before
            && self.histories.is_root(process.history)
            && self.histories.root_of(process.history).phase == Phase::Holding
    }

    pub(crate) fn is_idle(&self, process: &Process) -> bool {
        process.call == InCall::Before
            && self.histories.is_root(process.history)
            && self.histories.root_of(process.history).phase == Phase::Idle
    }

    /// A property that `state` breaks by itself, and how.
    pub(crate) fn judge(&self, state: &State) -> Result<Option<(Property, String)>, Miss> {
        let mut holders: SmallVec<[RootId; 4]> = SmallVec::new();
        for (client, process) in (0..).zip(&state.processes) {
            let id = || scenario::id(client, process.incarnation);
            match self.histories.then(process.history) {
                Then::Asks(_) => {}
                Then::Breaks(property, what) => return Ok(Some((*property, format!("{}: {what}", id())))),
                Then::Ends(_) => {
                    return Ok(Some((Property::Replayable, format!("{} made an attempt without a call", id()))));
                }
            }
            if self.in_critical_section(process) {
                holders.push(RootId { client, incarnation: process.incarnation, phase: Phase::Holding });
            }
        }
        if let [first, second, ..] = holders[..] {
            let [first, second] = [first, second].map(|holder| scenario::id(holder.client, holder.incarnation));
            return Ok(Some((Property::MutualExclusion, format!("{first} and {second} hold the lock"))));
        }
        for holder in holders {
            let evidence = *self.evidence.get(&holder).ok_or(Miss::Evidence(holder))?;
            if state.tree.get(evidence).is_none() {
                let id = scenario::id(holder.client, holder.incarnation);
                let what = format!("{id} holds the lock, and \"{}\" is gone", self.names.spell(evidence));
                return Ok(Some((Property::NotDispossessed, what)));
            }
        }
        let all_idle = state.processes.iter().all(|process| self.is_idle(process));
        if all_idle && state.left == self.scenario.faults && !state.tree.entries().is_empty() {
            let left: Vec<String> = self.spell_tree(state);
            let what = format!("all are idle, nothing went wrong, and there is {}", left.join(", "));
            return Ok(Some((Property::NothingLeftBehind, what)));
        }
        Ok(None)
    }

    /// The paths of all entries, sorted, a directory's with a `/` at the end.
    pub(crate) fn spell_tree(&self, state: &State) -> Vec<String> {
        let spell = |&(path, node): &(PathId, Node)| match node {
            Node::Dir => format!("{}/", self.names.spell(path)),
            Node::File(contents) => {
                let contents = self.contents.get(contents);
                let body =
                    if contents.is_empty() { String::new() } else { format!(" = \"{}\"", contents.escape_ascii()) };
                format!("{}{body}", self.names.spell(path))
            }
        };
        let mut entries: Vec<String> = state.tree.entries().iter().map(spell).collect();
        entries.sort();
        entries
    }

    fn process(&self, client: u8, incarnation: u8) -> Result<Process, Miss> {
        let history = self.histories.root(RootId { client, incarnation, phase: Phase::Idle })?;
        Ok(Process { incarnation, history, call: InCall::Before })
    }

    /// A process that has begun nothing has nothing to lose: its crash would only change its id.
    fn crash(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &state.processes[usize::from(client)];
        if self.is_idle(process) || matches!(self.histories.then(process.history), Then::Breaks(..)) {
            return Ok(());
        }
        let Some(left) = state.left.spend(Budget::Crashes) else { return Ok(()) };
        let mut next = State { left, ..state.clone() };
        next.processes[usize::from(client)] = self.process(client, process.incarnation + 1)?;
        out.push(Successor {
            step: Step::Crash { client },
            state: next,
            walked: Vec::new(),
            error: None,
            said: None,
            serves: false,
        });
        Ok(())
    }

    /// The steps of a client's next call.
    fn calls(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &state.processes[usize::from(client)];
        let Some(plan) = self.plan(process.history)? else { return Ok(()) };
        match (&process.call, plan.op) {
            (InCall::Listing(listing), _) if plan.looked_at == LookedAt::OneName => {
                let Listing { stood, fleeting, .. } = &**listing;
                let some = stood.iter().chain(fleeting).map(|name| Some(self.names.spell_name(*name).clone()));
                let mut any: Vec<Option<Name>> = stood.is_empty().then_some(None).into_iter().chain(some).collect();
                any.sort();
                for name in any {
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Name(name))))?;
                    self.answer(state.clone(), client, reply, Ok(None), out)?;
                }
            }
            (InCall::Listing(listing), _) => {
                let Listing { stood, fleeting, .. } = &**listing;
                let [stood, fleeting] = [stood, fleeting].map(|names| self.spell_all(names));
                for names in listings(&stood, &fleeting) {
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Names(names))))?;
                    self.answer(state.clone(), client, reply, Ok(None), out)?;
                }
            }
            (&InCall::Writing { file }, Op::CreateFile(contents)) => {
                let mut next = state.clone();
                if file != DEAD {
                    next.tree.set_contents(file, contents);
                }
                self.answer_plainly(next, client, plan, Ok(None), out)?;
            }
            (_, Op::Below(bound)) => {
                for number in 0..bound {
                    let reply = self.histories.reply_id(&Reply::Below(number))?;
                    self.answer(state.clone(), client, reply, Ok(None), out)?;
                }
            }
            (_, Op::Liveness(of)) => {
                let liveness = Reply::Liveness(liveness(state, of));
                let reply = self.histories.reply_id(&liveness)?;
                self.answer(state.clone(), client, reply, Ok(None), out)?;
            }
            _ => self.effect(state, client, plan, out)?,
        }
        Ok(())
    }

    /// The step in which a call on the file system takes effect, or begins to.
    fn effect(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let places = places(plan, &state.processes[usize::from(client)].call);
        let [at, to] = places.map(|place| place.path);
        let mut next = state.clone();
        let (names, tree) = (&self.names, &mut next.tree);
        let result = match plan.op {
            Op::CreateDir => tree.create(names, at, Node::Dir).map(Some),
            Op::CreateFile(_) => tree.create(names, at, Node::File(0)).map(Some),
            Op::RemoveFile => tree.remove_file(names, at).map(Some),
            Op::RemoveDir => tree.remove_dir(names, at).map(Some),
            Op::Rename => tree.rename(names, at, to)?,
            Op::Stat => tree.look_up(names, at).map(|_| None),
            Op::List => match tree.look_up(names, at) {
                Ok(Node::Dir) => {
                    let stood = tree.names_in(names, at);
                    let listing = Listing { dir: at, stood, fleeting: Vec::new() };
                    begin(next, client, InCall::Listing(Box::new(listing)), out);
                    return Ok(());
                }
                Ok(Node::File(_)) => Err(FsError::NotADirectory),
                Err(error) => Err(error),
            },
            Op::Read => match tree.look_up(names, at) {
                Ok(Node::File(contents)) => {
                    let contents = self.contents.get(contents).to_vec();
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Contents(contents))))?;
                    return self.answer(next, client, reply, Ok(None), out);
                }
                Ok(Node::Dir) => Err(FsError::IsADirectory),
                Err(error) => Err(error),
            },
            Op::Liveness(_) | Op::Below(_) | Op::Unknown => Err(FsError::Unsupported),
        };
        if let (Op::CreateFile(1..), Ok(Some(change))) = (plan.op, result) {
            self.notice(&mut next, client, change)?;
            begin(next, client, InCall::Writing { file: at }, out);
            return Ok(());
        }
        self.answer_plainly(next, client, plan, result, out)
    }

    /// Answers a call whose value is only that it was done.
    fn answer_plainly(
        &self,
        mut next: State,
        client: u8,
        plan: Plan,
        result: Result<Option<Change>, FsError>,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let answer = match (plan.looked_at, result) {
            (LookedAt::Presence, Ok(_)) => Ok(Value::Truth(true)),
            (LookedAt::Presence, Err(FsError::NotFound)) => Ok(Value::Truth(false)),
            (LookedAt::ButTaken, Err(FsError::AlreadyExists)) | (LookedAt::Nothing, _) | (_, Ok(_)) => Ok(Value::Done),
            (_, Err(error)) => Err(error),
        };
        let reply = self.histories.reply_id(&Reply::Fs(answer))?;
        if let Ok(Some(change)) = result {
            self.notice(&mut next, client, change)?;
        }
        self.answer(next, client, reply, result, out)
    }

    /// Hands `reply` to the client, once for each way in which the walks of the others may stand to `change`.
    fn answer(
        &self,
        mut next: State,
        client: u8,
        reply: ReplyId,
        result: Result<Option<Change>, FsError>,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let (change, error) = (result.ok().flatten(), result.err());
        let history = next.processes[usize::from(client)].history;
        let mut node = self.histories.follow(history, reply)?;
        let (mut said, mut serves) = (None, false);
        if let Then::Ends(outcome) = *self.histories.then(node) {
            said = Some(outcome.said);
            let before = self.histories.root_of(node).phase;
            serves = outcome.next == Phase::Holding && before != Phase::Holding;
            let root = RootId { phase: outcome.next, ..self.histories.root_of(node) };
            node = self.histories.root(root)?;
        }
        let process = &mut next.processes[usize::from(client)];
        process.history = node;
        process.call = InCall::Before;
        let step = Step::Call { client, reply };
        let first = out.len();
        out.push(Successor { step, state: next, walked: Vec::new(), error, said, serves });
        if let (Some(change @ Change::Moved { .. }), Walk::Split) = (change, self.scenario.walk) {
            for other in (0..self.scenario.clients).filter(|&other| other != client) {
                self.take_along(other, change, first, out)?;
            }
        }
        Ok(())
    }

    /// Adds, for each successor from `first` on, those in which the next call of `other` had walked into the directory
    /// that moved. (Each call sees the change already if its walk held the directory before; see [`InCall::notice`].)
    fn take_along(&self, other: u8, change: Change, first: usize, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &out[first].state.processes[usize::from(other)];
        let Some(plan) = self.plan(process.history)? else { return Ok(()) };
        let paths = match plan.op {
            Op::CreateDir | Op::CreateFile(_) | Op::RemoveFile | Op::RemoveDir | Op::Read | Op::Stat => 1,
            Op::Rename => 2,
            Op::List | Op::Liveness(_) | Op::Below(_) | Op::Unknown => return Ok(()),
        };
        if !matches!(process.call, InCall::Before | InCall::Walked(_)) {
            return Ok(());
        }
        let places = places(plan, &process.call);
        let mut ways = vec![places];
        for index in 0..paths {
            let Some(moved) = places[index].taken_along(&self.names, change)? else { continue };
            for way in 0..ways.len() {
                let mut with = ways[way];
                with[index] = moved;
                ways.push(with);
            }
        }
        let last = out.len();
        for places in ways.into_iter().skip(1) {
            for at in first..last {
                let mut successor = out[at].clone();
                successor.state.processes[usize::from(other)].call = InCall::Walked(places);
                successor.walked.push(other);
                out.push(successor);
            }
        }
        Ok(())
    }

    /// Lets the other processes' calls that are under way follow a change.
    fn notice(&self, next: &mut State, client: u8, change: Change) -> Result<(), Miss> {
        for (other, process) in (0..).zip(&mut next.processes) {
            if other != client {
                process.call.notice(&self.names, change)?;
            }
        }
        Ok(())
    }

    /// The names as they are spelled, sorted, so that their numbers have no say in the order of successors.
    fn spell_all(&self, names: &[NameId]) -> Vec<Name> {
        let mut spelled: Vec<Name> = names.iter().map(|&name| self.names.spell_name(name).clone()).collect();
        spelled.sort();
        spelled
    }

    fn plan(&self, history: NodeId) -> Result<Option<Plan>, Miss> {
        let Then::Asks(request) = *self.histories.then(history) else { return Ok(None) };
        match self.plans.get(request as usize) {
            Some(Some(plan)) => Ok(Some(*plan)),
            _ => Err(Miss::Plan(request)),
        }
    }
}

/// Where the paths of a process's next call lead now.
fn places(plan: Plan, call: &InCall) -> [Place; 2] {
    match call {
        InCall::Walked(places) => *places,
        _ => plan.paths.map(Place::ahead),
    }
}

fn begin(mut next: State, client: u8, call: InCall, out: &mut Vec<Successor>) {
    next.processes[usize::from(client)].call = call;
    out.push(Successor {
        step: Step::Begin { client },
        state: next,
        walked: Vec::new(),
        error: None,
        said: None,
        serves: false,
    });
}

/// Every listing that the promise of `Fs::list` allows: what stood all the time, and any of what came or went.
fn listings(stood: &[Name], fleeting: &[Name]) -> Vec<Vec<Name>> {
    let mut all = vec![stood.to_vec()];
    for name in fleeting {
        for at in 0..all.len() {
            let mut with = all[at].clone();
            with.push(name.clone());
            with.sort();
            all.push(with);
        }
    }
    all
}

/// In a canonical state the dead have the numbers after those of the clients.
fn liveness(state: &State, of: Option<(u8, u8)>) -> Liveness {
    let Some((client, incarnation)) = of else { return Liveness::Unknown };
    match state.processes.get(usize::from(client)) {
        Some(process) if process.incarnation > incarnation => Liveness::Dead,
        Some(process) if process.incarnation == incarnation => Liveness::Alive,
        Some(_) => Liveness::Unknown,
        None => Liveness::Dead,
    }
}
