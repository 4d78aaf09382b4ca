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

use crate::{
    history::{Histories, NodeId, ReplyId, RootId, Then},
    names::{DEAD, NameId, Names, PathId},
    plan::{Contents, LookedAt, Op, Plan},
    protocol::{Phase, Property, Protocol},
    replay::Reply,
    scenario::{self, Scenario, Walk},
    state::{InCall, Place, Process, State},
    tree::{Change, Node},
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

/// Everything about a scenario that is not part of a state.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) protocol: &'a dyn Protocol,
    pub(crate) scenario: &'a Scenario,
    pub(crate) names: Names,
    pub(crate) histories: Histories,
    plans: Vec<Option<Plan>>,
    contents: Contents,
    evidence: FxHashMap<(u8, u8), PathId>,
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
            plans: Vec::new(),
            contents: Contents::new(),
            evidence: FxHashMap::default(),
            unanswerable: None,
        }
    }

    /// Nothing on disk, everybody idle.
    pub(crate) fn initial(&mut self) -> State {
        let processes = (0..self.scenario.clients).map(|client| self.process(client, 0)).collect();
        State { crashes_left: self.scenario.crashes, tree: crate::tree::Tree::default(), processes }
    }

    /// Everything that can follow `state`, always in the same order.
    pub(crate) fn successors(&mut self, state: &State, out: &mut Vec<Successor>) {
        out.clear();
        for client in 0..self.scenario.clients {
            self.calls(state, client, out);
        }
        if state.crashes_left > 0 {
            for client in 0..self.scenario.clients {
                self.crash(state, client, out);
            }
        }
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
    pub(crate) fn broken(&mut self, state: &State) -> Option<(Property, String)> {
        let mut holders = Vec::new();
        for (client, process) in (0..).zip(&state.processes) {
            let id = || scenario::id(client, process.incarnation);
            match self.histories.then(process.history) {
                Then::Asks(_) => {}
                Then::Breaks(property, what) => return Some((*property, format!("{}: {what}", id()))),
                Then::Ends(_) => {
                    return Some((Property::Replayable, format!("{} made an attempt without a call", id())));
                }
            }
            if self.in_critical_section(process) {
                holders.push((client, process.incarnation));
            }
        }
        if let [first, second, ..] = holders[..] {
            let [first, second] = [first, second].map(|(client, process)| scenario::id(client, process));
            return Some((Property::MutualExclusion, format!("{first} and {second} hold the lock")));
        }
        for holder in holders {
            let evidence = self.evidence_of(holder);
            if state.tree.get(evidence).is_none() {
                let id = scenario::id(holder.0, holder.1);
                let what = format!("{id} holds the lock, and \"{}\" is gone", self.names.spell(evidence));
                return Some((Property::NotDispossessed, what));
            }
        }
        let all_idle = state.processes.iter().all(|process| self.is_idle(process));
        if all_idle && state.crashes_left == self.scenario.crashes && !state.tree.entries().is_empty() {
            let left: Vec<String> = self.spell_tree(state);
            let what = format!("all are idle, nobody crashed, and there is {}", left.join(", "));
            return Some((Property::NothingLeftBehind, what));
        }
        None
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

    fn evidence_of(&mut self, holder: (u8, u8)) -> PathId {
        let (protocol, names) = (self.protocol, &mut self.names);
        *self
            .evidence
            .entry(holder)
            .or_insert_with(|| names.path_id(&protocol.evidence(&scenario::id(holder.0, holder.1))))
    }

    fn process(&mut self, client: u8, incarnation: u8) -> Process {
        let root = RootId { client, incarnation, phase: Phase::Idle };
        let history = self.histories.root(self.protocol, root);
        Process { incarnation, history, call: InCall::Before }
    }

    /// A process that has begun nothing has nothing to lose: its crash would only change its id.
    fn crash(&mut self, state: &State, client: u8, out: &mut Vec<Successor>) {
        let process = &state.processes[usize::from(client)];
        if self.is_idle(process) || matches!(self.histories.then(process.history), Then::Breaks(..)) {
            return;
        }
        let mut next = state.clone();
        next.crashes_left -= 1;
        next.processes[usize::from(client)] = self.process(client, process.incarnation + 1);
        out.push(Successor { step: Step::Crash { client }, state: next, walked: Vec::new(), error: None, said: None });
    }

    /// The steps of a client's next call.
    fn calls(&mut self, state: &State, client: u8, out: &mut Vec<Successor>) {
        let process = &state.processes[usize::from(client)];
        let Some(plan) = self.plan(process.history) else { return };
        match (&process.call, plan.op) {
            (InCall::Listing { stood, fleeting, .. }, _) if plan.looked_at == LookedAt::OneName => {
                let none = stood.is_empty().then_some(None);
                for name in none.into_iter().chain(stood.iter().chain(fleeting).copied().map(Some)) {
                    let name = name.map(|name| self.names.spell_name(name).clone());
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Name(name))));
                    self.answer(state.clone(), client, reply, Ok(None), out);
                }
            }
            (InCall::Listing { stood, fleeting, .. }, _) => {
                for names in listings(stood, fleeting) {
                    let reply = self.names_reply(&names);
                    self.answer(state.clone(), client, reply, Ok(None), out);
                }
            }
            (&InCall::Writing { file }, Op::CreateFile(contents)) => {
                let mut next = state.clone();
                if file != DEAD {
                    next.tree.set_contents(file, contents);
                }
                self.answer_plainly(next, client, plan, Ok(None), out);
            }
            (_, Op::Below(bound)) => {
                for number in 0..bound {
                    let reply = self.histories.reply_id(&Reply::Below(number));
                    self.answer(state.clone(), client, reply, Ok(None), out);
                }
            }
            (_, Op::Liveness(of)) => {
                let liveness = Reply::Liveness(liveness(state, of));
                let reply = self.histories.reply_id(&liveness);
                self.answer(state.clone(), client, reply, Ok(None), out);
            }
            _ => self.effect(state, client, plan, out),
        }
    }

    /// The step in which a call on the file system takes effect, or begins to.
    fn effect(&mut self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) {
        let places = places(plan, &state.processes[usize::from(client)].call);
        let [at, to] = places.map(|place| place.path);
        let mut next = state.clone();
        let (names, tree) = (&mut self.names, &mut next.tree);
        let result = match plan.op {
            Op::CreateDir => tree.create(names, at, Node::Dir).map(Some),
            Op::CreateFile(_) => tree.create(names, at, Node::File(0)).map(Some),
            Op::RemoveFile => tree.remove_file(names, at).map(Some),
            Op::RemoveDir => tree.remove_dir(names, at).map(Some),
            Op::Rename => tree.rename(names, at, to),
            Op::Stat => tree.look_up(names, at).map(|_| None),
            Op::List => match tree.look_up(names, at) {
                Ok(Node::Dir) => {
                    let stood = tree.names_in(names, at);
                    let call = InCall::Listing { dir: at, stood, fleeting: Vec::new() };
                    return begin(next, client, call, out);
                }
                Ok(Node::File(_)) => Err(FsError::NotADirectory),
                Err(error) => Err(error),
            },
            Op::Read => match tree.look_up(names, at) {
                Ok(Node::File(contents)) => {
                    let contents = self.contents.get(contents).to_vec();
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Contents(contents))));
                    return self.answer(next, client, reply, Ok(None), out);
                }
                Ok(Node::Dir) => Err(FsError::IsADirectory),
                Err(error) => Err(error),
            },
            Op::Liveness(_) | Op::Below(_) | Op::Unknown => Err(FsError::Unsupported),
        };
        if let (Op::CreateFile(1..), Ok(Some(change))) = (plan.op, result) {
            self.notice(&mut next, client, change);
            return begin(next, client, InCall::Writing { file: at }, out);
        }
        self.answer_plainly(next, client, plan, result, out);
    }

    /// Answers a call whose value is only that it was done.
    fn answer_plainly(
        &mut self,
        mut next: State,
        client: u8,
        plan: Plan,
        result: Result<Option<Change>, FsError>,
        out: &mut Vec<Successor>,
    ) {
        let answer = match (plan.looked_at, result) {
            (LookedAt::Presence, Ok(_)) => Ok(Value::Truth(true)),
            (LookedAt::Presence, Err(FsError::NotFound)) => Ok(Value::Truth(false)),
            (LookedAt::ButTaken, Err(FsError::AlreadyExists)) | (LookedAt::Nothing, _) | (_, Ok(_)) => Ok(Value::Done),
            (_, Err(error)) => Err(error),
        };
        let reply = self.histories.reply_id(&Reply::Fs(answer));
        if let Ok(Some(change)) = result {
            self.notice(&mut next, client, change);
        }
        self.answer(next, client, reply, result, out);
    }

    /// Hands `reply` to the client, once for each way in which the walks of the others may stand to `change`.
    fn answer(
        &mut self,
        mut next: State,
        client: u8,
        reply: ReplyId,
        result: Result<Option<Change>, FsError>,
        out: &mut Vec<Successor>,
    ) {
        let (change, error) = (result.ok().flatten(), result.err());
        let history = next.processes[usize::from(client)].history;
        let mut node = self.histories.follow(self.protocol, history, reply);
        let mut said = None;
        if let Then::Ends(outcome) = *self.histories.then(node) {
            said = Some(outcome.said);
            let root = RootId { phase: outcome.next, ..self.histories.root_of(node) };
            node = self.histories.root(self.protocol, root);
        }
        let process = &mut next.processes[usize::from(client)];
        process.history = node;
        process.call = InCall::Before;
        let step = Step::Call { client, reply };
        let first = out.len();
        out.push(Successor { step, state: next, walked: Vec::new(), error, said });
        if let (Some(change @ Change::Moved { .. }), Walk::Split) = (change, self.scenario.walk) {
            for other in (0..self.scenario.clients).filter(|&other| other != client) {
                self.take_along(other, change, first, out);
            }
        }
    }

    /// Adds, for each successor from `first` on, those in which the next call of `other` had walked into the directory
    /// that moved. (Each call sees the change already if its walk held the directory before; see [`InCall::notice`].)
    fn take_along(&mut self, other: u8, change: Change, first: usize, out: &mut Vec<Successor>) {
        let process = &out[first].state.processes[usize::from(other)];
        let Some(plan) = self.plan(process.history) else { return };
        let paths = match plan.op {
            Op::CreateDir | Op::CreateFile(_) | Op::RemoveFile | Op::RemoveDir | Op::Read | Op::Stat => 1,
            Op::Rename => 2,
            Op::List | Op::Liveness(_) | Op::Below(_) | Op::Unknown => return,
        };
        if !matches!(process.call, InCall::Before | InCall::Walked(_)) {
            return;
        }
        let places = places(plan, &process.call);
        let mut ways = vec![places];
        for index in 0..paths {
            let Some(moved) = places[index].taken_along(&mut self.names, change) else { continue };
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
    }

    /// Lets the other processes' calls that are under way follow a change.
    fn notice(&mut self, next: &mut State, client: u8, change: Change) {
        for (other, process) in (0..).zip(&mut next.processes) {
            if other != client {
                process.call.notice(&mut self.names, change);
            }
        }
    }

    fn names_reply(&mut self, names: &[NameId]) -> ReplyId {
        let mut spelled: Vec<Name> = names.iter().map(|&name| self.names.spell_name(name).clone()).collect();
        spelled.sort();
        self.histories.reply_id(&Reply::Fs(Ok(Value::Names(spelled))))
    }

    fn plan(&mut self, history: NodeId) -> Option<Plan> {
        let at = history as usize;
        if self.plans.len() <= at {
            self.plans.resize(at + 1, None);
        }
        if self.plans[at].is_none() {
            let Then::Asks(request) = *self.histories.then(history) else { return None };
            let request = self.histories.request(request);
            let plan = Plan::of(request, &mut self.names, &mut self.contents);
            if matches!(plan.op, Op::Unknown) {
                self.unanswerable.get_or_insert_with(|| format!("{request:?}"));
            }
            self.plans[at] = Some(plan);
        }
        self.plans[at]
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
    out.push(Successor { step: Step::Begin { client }, state: next, walked: Vec::new(), error: None, said: None });
}

/// Every listing that the promise of `Fs::list` allows: what stood all the time, and any of what came or went.
fn listings(stood: &[NameId], fleeting: &[NameId]) -> Vec<Vec<NameId>> {
    let mut all = vec![stood.to_vec()];
    for &name in fleeting {
        for at in 0..all.len() {
            let mut with = all[at].clone();
            with.push(name);
            all.push(with);
        }
    }
    all
}

fn liveness(state: &State, of: Option<(u8, u8)>) -> Liveness {
    let Some((client, incarnation)) = of else { return Liveness::Unknown };
    match state.processes.get(usize::from(client)) {
        Some(process) if process.incarnation > incarnation => Liveness::Dead,
        Some(process) if process.incarnation == incarnation => Liveness::Alive,
        _ => Liveness::Unknown,
    }
}
