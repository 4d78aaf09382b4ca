//! What a process's next call does, and all that it may be answered.

use lockwright_kernel::{
    fs::{FsError, call::Value},
    path::Name,
    probe::Liveness,
};

use super::{Step, Successor, World, alone::name_of_somebody};
use crate::{
    history::{NodeId, ReplyId, RequestId, RootId, Then},
    miss::Miss,
    names::{DEAD, NameId, PathId, SOMEBODY},
    plan::{LookedAt, Op, Plan},
    protocol::Phase,
    replay::Reply,
    scenario::{Budget, Walk},
    state::{InCall, Listed, Listing, Place, State},
    tree::{Change, ContentsId, Node, Tree},
    watching::Watching,
};

impl World<'_> {
    /// The steps of a client's next call.
    pub(super) fn calls(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let begun = self.with_term_begun(state, client);
        let state = begun.as_ref().unwrap_or(state);
        let process = &state.processes[usize::from(client)];
        if self.rests(state, client) {
            return Ok(());
        }
        let Some(plan) = self.plan(process.history)? else { return Ok(()) };
        match (&process.call, plan.op) {
            (InCall::Listing(listing), _) if plan.looked_at == LookedAt::OneName => {
                let Listing { stood, fleeting, .. } = &**listing;
                let some = stood.iter().chain(fleeting).map(|&name| {
                    if name == SOMEBODY {
                        return Some(name_of_somebody(state, client));
                    }
                    Some(self.names.spell_name(name).clone())
                });
                let mut any: Vec<Option<Name>> = stood.is_empty().then_some(None).into_iter().chain(some).collect();
                any.sort();
                for name in any {
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Name(name))))?;
                    self.answer(state.clone(), client, reply, Came::default(), out)?;
                }
            }
            (InCall::Listing(listing), _) => {
                let Listing { stood, fleeting, .. } = &**listing;
                let [stood, fleeting] = [stood, fleeting].map(|names| self.spell_all(names));
                for names in listings(&stood, &fleeting) {
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Names(names))))?;
                    self.answer(state.clone(), client, reply, Came::default(), out)?;
                }
            }
            (&InCall::Writing { file }, Op::CreateFile(contents)) => {
                let mut next = state.clone();
                if file != DEAD {
                    write(&mut next, file, contents);
                }
                self.answer_plainly(next, client, plan, Came::default(), out)?;
            }
            (_, Op::Below(bound)) => {
                for number in 0..bound {
                    let reply = self.histories.reply_id(&Reply::Below(number))?;
                    self.answer(state.clone(), client, reply, Came::default(), out)?;
                }
            }
            (_, Op::Liveness(of)) => {
                let liveness = Reply::Liveness(liveness(state, of));
                let reply = self.histories.reply_id(&liveness)?;
                self.answer(state.clone(), client, reply, Came::default(), out)?;
            }
            (_, Op::Watch) => self.watch(state, client, plan, out)?,
            (_, Op::Wait(wait)) => self.wait(state, client, wait, out)?,
            (_, op @ (Op::Now | Op::WallClock | Op::Uptime)) => self.time(state, client, op, out)?,
            (_, op @ (Op::Holds | Op::Write(_))) => self.of_resource(state, client, op, out)?,
            (_, Op::Touch | Op::Modified) => self.stamp(state, client, plan, out)?,
            (_, Op::Sighting(look)) => self.sight(state, client, look, out)?,
            (_, Op::Started(look)) => self.started(state, client, look, out)?,
            (_, Op::Pause) => self.pause(state, client, out)?,
            _ => self.effect(state, client, plan, out)?,
        }
        Ok(())
    }

    /// The steps in which a client's next call fails for no reason in the tree, or is refused for none.
    pub(super) fn failures(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let begun = self.with_term_begun(state, client);
        let state = begun.as_ref().unwrap_or(state);
        let process = &state.processes[usize::from(client)];
        if self.rests(state, client) {
            return Ok(());
        }
        let call = &process.call;
        let Some(plan) = self.plan(process.history)? else { return Ok(()) };
        // A listing that fails at its end is like one that fails at its beginning.
        if matches!(call, InCall::Listing(_)) {
            return Ok(());
        }
        if let Some(left) = state.left.spend(Budget::Errors) {
            self.errors(State { left, ..state.clone() }, client, plan, out)?;
        }
        if let Some(left) = state.left.spend(Budget::Refusals) {
            self.refusals(&State { left, ..state.clone() }, client, plan, out)?;
        }
        self.replay(state, client, plan, out)?;
        self.double(state, client, plan, out)?;
        self.lie(state, client, plan, out)?;
        self.remove_open(state, client, plan, out)?;
        self.busy(state, client, plan, out)?;
        self.recall(state, client, plan, out)
    }

    /// The steps in which `next` follows because a call failed, which may have taken effect.
    fn errors(&self, mut next: State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let errors: &[FsError] = match plan.op {
            op if op.is_question() => return Ok(()),
            Op::CreateDir | Op::CreateFile(_) => &[FsError::Io, FsError::NoSpace],
            _ => &[FsError::Io],
        };
        for &error in errors {
            self.answer_plainly(next.clone(), client, plan, Came::failed(error, false), out)?;
        }
        // Who looks at no answer is none the wiser when the call was made.
        if plan.looked_at == LookedAt::Nothing {
            return Ok(());
        }
        let call = next.processes[usize::from(client)].call.clone();
        let change = match (&call, plan.op) {
            (InCall::Writing { file: DEAD }, _) => return Ok(()),
            (&InCall::Writing { file }, Op::CreateFile(contents)) => {
                write(&mut next, file, contents);
                None
            }
            _ => match self.take_effect(&mut next.tree, plan.op, places(plan, &call))? {
                Ok(Some(change)) => Some(change),
                _ => return Ok(()),
            },
        };
        self.answer_plainly(next, client, plan, Came { change, ..Came::failed(FsError::Io, true) }, out)
    }

    /// The steps in which `next` follows because a call was refused. A file that was opened can be written.
    fn refusals(&self, next: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let writes = matches!(next.processes[usize::from(client)].call, InCall::Writing { .. });
        let refusals: &[FsError] = match plan.op {
            Op::Watch => {
                let reply = self.histories.reply_id(&Reply::Watch(Err(FsError::Exhausted)))?;
                return self.answer(next.clone(), client, reply, Came::failed(FsError::Exhausted, false), out);
            }
            op if op.is_question() || writes => return Ok(()),
            // One error is as good as another to who looks at none.
            _ if plan.looked_at == LookedAt::Nothing => &[FsError::PermissionDenied],
            Op::List | Op::Read | Op::Stat | Op::Modified => {
                &[FsError::PermissionDenied, FsError::Exhausted, FsError::Stale]
            }
            _ => &[FsError::PermissionDenied, FsError::ReadOnly, FsError::Exhausted, FsError::Stale],
        };
        for &error in refusals {
            self.answer_plainly(next.clone(), client, plan, Came::failed(error, false), out)?;
        }
        Ok(())
    }

    /// The step in which a call on the file system takes effect, or begins to.
    fn effect(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let places = places(plan, &state.processes[usize::from(client)].call);
        let at = places[0].path;
        let mut next = state.clone();
        let (names, tree) = (&self.names, &mut next.tree);
        let ahead = self.ahead(state, plan.op, places)?;
        let result = match plan.op {
            Op::List => match tree.look_up(names, at) {
                Ok(Node::Dir) => {
                    let stood = tree.names_in(names, at);
                    let listing = Listing { dir: at, stood, fleeting: Listed::new() };
                    return self.begin(next, client, InCall::Listing(Box::new(listing)), out);
                }
                Ok(Node::File(_)) => Err(FsError::NotADirectory),
                Err(error) => Err(error),
            },
            Op::Read => match tree.look_up(names, at) {
                Ok(Node::File(contents)) => {
                    let contents = self.contents.get(contents).to_vec();
                    let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Contents(contents))))?;
                    return self.answer(next, client, reply, Came::default(), out);
                }
                Ok(Node::Dir) => Err(FsError::IsADirectory),
                Err(error) => Err(error),
            },
            op => self.take_effect(tree, op, places)?,
        };
        if let (Op::CreateFile(1..), Ok(Some(change))) = (plan.op, result) {
            self.notice(&mut next, Some(client), change)?;
            return self.begin(next, client, InCall::Writing { file: at }, out);
        }
        if let (Some((left, durable)), Ok(Some(_))) = (ahead, result) {
            let ahead = State { left, durable: Some(durable), ..next.clone() };
            self.answer_plainly(ahead, client, plan, Came::from(result).odd(Budget::Reorders), out)?;
        }
        self.answer_plainly(next, client, plan, result.into(), out)
    }

    /// Does to a tree what a call does of which no more is told than that it was done.
    pub(super) fn take_effect(
        &self,
        tree: &mut Tree,
        op: Op,
        places: [Place; 2],
    ) -> Result<Result<Option<Change>, FsError>, Miss> {
        let (names, [at, to]) = (&self.names, places.map(|place| place.path));
        Ok(match op {
            Op::CreateDir => tree.create(names, at, Node::Dir).map(Some),
            Op::CreateFile(_) => tree.create(names, at, Node::File(0)).map(Some),
            Op::RemoveFile => tree.remove_file(names, at).map(Some),
            Op::RemoveDir => tree.remove_dir(names, at).map(Some),
            Op::Rename => tree.rename(names, at, to)?,
            Op::Stat => tree.look_up(names, at).map(|_| None),
            _ => Err(FsError::Unsupported),
        })
    }

    /// Answers a call whose value is only that it was done.
    pub(super) fn answer_plainly(
        &self,
        mut next: State,
        client: u8,
        plan: Plan,
        came: Came,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let answer = match (plan.looked_at, came.error) {
            (LookedAt::Presence, None) => Ok(Value::Truth(true)),
            (LookedAt::Presence, Some(FsError::NotFound)) => Ok(Value::Truth(false)),
            (LookedAt::ButTaken, Some(FsError::AlreadyExists)) | (LookedAt::Nothing, _) | (_, None) => Ok(Value::Done),
            (_, Some(error)) => Err(error),
        };
        let reply = self.histories.reply_id(&Reply::Fs(answer))?;
        if let Some(change) = came.change {
            self.notice(&mut next, Some(client), change)?;
        }
        self.answer(next, client, reply, came, out)
    }

    /// Hands `reply` to the client, once for each way in which the walks of the others may stand to `change`.
    pub(super) fn answer(
        &self,
        mut next: State,
        client: u8,
        reply: ReplyId,
        came: Came,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let history = next.processes[usize::from(client)].history;
        self.renew(&mut next, client, self.plan(history)?, &came);
        let Came { change, error, failed, odd } = came;
        let mut node = self.histories.follow(history, reply)?;
        let arrived = node;
        let (mut said, mut rounds) = (None, 0);
        if let Then::Ends(outcome) = *self.histories.then(node) {
            said = Some(outcome.said);
            let before = self.histories.root_of(node);
            let is_round = outcome.next == Phase::Idle && (before.phase.holds() || before.phase == Phase::Releasing);
            rounds = u8::from(is_round);
            node = self.histories.root(RootId { phase: outcome.next, ..before })?;
        }
        next.answered(client, failed == Some(false));
        let process = &mut next.processes[usize::from(client)];
        process.rounds = (process.rounds + rounds).min(self.scenario.rounds);
        let departs = process.call == InCall::Before;
        process.history = node;
        process.call = InCall::Before;
        if said.is_some() {
            process.watching = Watching::default();
        }
        if let (Some(resource), true) = (&mut next.resource, said.is_some()) {
            resource.end(client);
        }
        let step = match (failed, odd) {
            (Some(took_effect), _) => Step::Fail { client, reply, took_effect },
            (None, Some(budget)) => Step::Odd { client, reply, budget },
            (None, None) => Step::Call { client, reply },
        };
        let first = out.len();
        out.push(Successor { step, state: next, walked: Vec::new(), error, said });
        if let (Some(change @ Change::Moved { .. }), Walk::Split) = (change, self.scenario.walk) {
            for other in (0..self.scenario.clients).filter(|&other| other != client) {
                self.take_along(other, change, first, out)?;
            }
        }
        self.tell_tester(client, departs.then_some(history), arrived, &mut out[first..])
    }

    /// Adds the step that begins a call of two.
    fn begin(&self, mut next: State, client: u8, call: InCall, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &mut next.processes[usize::from(client)];
        let was = std::mem::replace(&mut process.call, call);
        if was == InCall::Before {
            next.tester = self.departs(next.tester, client, process.history)?;
        }
        out.push(Successor::quiet(Step::Begin { client }, next));
        Ok(())
    }

    /// Adds, for each successor from `first` on, those in which the next call of `other` had walked into the directory
    /// that moved. (Each call sees the change already if its walk held the directory before; see [`InCall::notice`].)
    fn take_along(&self, other: u8, change: Change, first: usize, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &out[first].state.processes[usize::from(other)];
        let Some(plan) = self.plan(process.history)? else { return Ok(()) };
        let paths = match plan.op {
            Op::CreateDir
            | Op::CreateFile(_)
            | Op::RemoveFile
            | Op::RemoveDir
            | Op::Read
            | Op::Stat
            | Op::Touch
            | Op::Modified
            | Op::Watch => 1,
            Op::Rename => 2,
            _ => return Ok(()),
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

    /// Lets the other processes' calls that are under way follow a change, and all watches.
    pub(super) fn notice(&self, next: &mut State, client: Option<u8>, change: Change) -> Result<(), Miss> {
        let loses = next.left.losses > 0;
        if let Some(times) = &mut next.times {
            times.notice(&self.names, change)?;
        }
        for late in &mut next.late {
            late.follow(&self.names, change)?;
        }
        next.late.retain(|late| !late.is_void());
        for (other, process) in (0..).zip(&mut next.processes) {
            if Some(other) != client {
                process.call.notice(&self.names, change)?;
            }
            process.watching.notice(&self.names, change, loses)?;
        }
        self.remember(next, client, change)
    }

    /// The names as they are spelled, sorted, so that their numbers have no say in the order of successors.
    fn spell_all(&self, names: &[NameId]) -> Vec<Name> {
        let mut spelled: Vec<Name> = names.iter().map(|&name| self.names.spell_name(name).clone()).collect();
        spelled.sort();
        spelled
    }

    /// What follows a history, in numbers.
    pub(super) fn plan(&self, history: NodeId) -> Result<Option<Plan>, Miss> {
        match *self.histories.then(history) {
            Then::Asks(request) => self.plan_of(request).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn plan_of(&self, request: RequestId) -> Result<Plan, Miss> {
        self.plans.get(request as usize).copied().flatten().ok_or(Miss::Plan(request))
    }
}

/// What a call came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    change: Option<Change>,
    error: Option<FsError>,
    /// For a call that failed for no reason in the tree, whether it took effect.
    failed: Option<bool>,
    /// The budget that it spends otherwise.
    odd: Option<Budget>,
}

impl Came {
    /// The same call, which spends a budget.
    pub(super) fn odd(self, budget: Budget) -> Self {
        Self { odd: Some(budget), ..self }
    }

    /// Whether it came from what a host remembers.
    pub(super) fn is_recalled(&self) -> bool {
        self.odd == Some(Budget::Stales)
    }

    /// Whether it changed something.
    pub(super) fn has_changed(&self) -> bool {
        self.change.is_some()
    }

    fn failed(error: FsError, took_effect: bool) -> Self {
        Self { error: Some(error), failed: Some(took_effect), ..Self::default() }
    }
}

impl From<Result<Option<Change>, FsError>> for Came {
    fn from(result: Result<Option<Change>, FsError>) -> Self {
        Self { change: result.ok().flatten(), error: result.err(), ..Self::default() }
    }
}

/// Where the paths of a process's next call lead now.
pub(super) fn places(plan: Plan, call: &InCall) -> [Place; 2] {
    match call {
        InCall::Walked(places) => *places,
        _ => plan.paths.map(Place::ahead),
    }
}

/// Gives a file its contents.
fn write(next: &mut State, file: PathId, contents: ContentsId) {
    next.tree.set_contents(file, contents);
    if let Some(times) = &mut next.times {
        times.touch(file);
    }
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
pub(super) fn liveness(state: &State, of: Option<(u8, u8)>) -> Liveness {
    let Some((client, incarnation)) = of else { return Liveness::Unknown };
    match state.processes.get(usize::from(client)) {
        Some(process) if process.incarnation > incarnation => Liveness::Dead,
        Some(process) if process.incarnation == incarnation => Liveness::Alive,
        Some(_) => Liveness::Unknown,
        None => Liveness::Dead,
    }
}
