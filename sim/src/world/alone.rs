//! Partial order: a call that nobody can disturb need not be looked at alone.
//!
//! Calls on different entries commute, so of two clients that each work in a corner of their own only one order has to
//! be looked at. A client is *alone* in a directory when no call that any other may make, now or later, goes there,
//! unless it has found the client dead, which it is not. What others may call is read off their histories
//! ([`Histories::merge`] has run them all); a path's *footprint* is the entry, and its directory's subtree.
//!
//! Such a call, while its client is in the middle of an attempt, is taken in one *leap* with those that follow it, up to
//! the first that somebody can disturb or that ends the attempt. In between only the client's crash is looked at.
//!
//! Why that is enough (Lipton's reduction). The call has the same answer and the same effect now and later, and whatever
//! the others do is the same before it and after it. So in any run it can be moved back to just before its client's
//! next step, over all that the others do meanwhile; if that step is a crash, over those who saw the client alive
//! before it. (A call that leaves nothing, or where no crash can come any more, is taken at once instead: it can be moved
//! forward as well, and then there are fewer states.) What comes of it is a run of leaps that comes to the same states, but for those between. And these differ
//! from one before the leap in a corner that no property looks at: the client is neither idle nor in its critical
//! section, and the evidence of others is theirs.
//!
//! What is lost is the length: a shortest counterexample is found by searching again.
//!
//! The same goes, once nothing can go wrong any more, for a call that finds [nothing for good](absent), and for whom a
//! listing [has seen meanwhile](somebody).
//!
//! [`Histories::merge`]: crate::history::Histories::merge

mod absent;
mod somebody;

use absent::Makers;
use rustc_hash::FxHashSet;
pub(super) use somebody::name_of_somebody;

use super::{Successor, World};
use crate::{
    history::{Then, askers::Askers},
    miss::Miss,
    names::{DEAD, IdNo, PathId, ROOT},
    plan::{Op, Plan},
    protocol::Phase,
    scenario::{self, Faults},
    state::{InCall, State},
    tree::Node,
};

/// Steps that may follow a state, each after some calls of its client that nobody can disturb.
#[derive(Debug, Default)]
pub(crate) struct Leaps {
    /// The last steps.
    pub(crate) last: Vec<Successor>,
    /// How many calls come before each of them.
    alone: Vec<u8>,
}

/// Which client is alone where.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    /// By id and path: whether the process of that id is alone there.
    places: Vec<Vec<bool>>,
    makers: Makers,
}

/// Nothing lies as deep as this.
const DEPTH_MAX: u8 = 32;

/// Where the others of a client may come to.
struct Others {
    paths: FxHashSet<PathId>,
    /// What they may move elsewhere.
    moved: FxHashSet<PathId>,
}

impl World<'_> {
    /// Works out who is alone where, once the histories are merged.
    pub(crate) fn learn_who_is_alone(&mut self) {
        let mut places = vec![Vec::new(); IdNo::COUNT];
        let moves = self.moves();
        let askers = self.histories.askers();
        for id in IdNo::all().filter(|id| id.client() < self.scenario.clients) {
            let others = self.others(id, &askers, &moves);
            places[id.at()] = self.names.all_paths().map(|path| self.is_alone(&others, path)).collect();
        }
        let makers = self.makers(&askers, &moves);
        self.alone = Some(Alone { places, makers });
    }

    /// What anybody may move, and where to.
    fn moves(&mut self) -> Vec<[PathId; 2]> {
        let mut moves = Vec::new();
        for request in self.histories.requests() {
            let plan = self.learning(|world| world.plan_of(request));
            if matches!(plan.op, Op::Rename) {
                moves.push(plan.paths);
            }
        }
        moves
    }

    fn others(&mut self, id: IdNo, askers: &Askers, moves: &[[PathId; 2]]) -> Others {
        let mut others = Others { paths: FxHashSet::default(), moved: FxHashSet::default() };
        for request in askers.requests_while_alive(id) {
            let plan = self.learning(|world| world.plan_of(request));
            if matches!(plan.op, Op::Rename) {
                others.moved.insert(plan.paths[0]);
            }
            others.paths.extend(plan.paths.into_iter().filter(|path| *path != DEAD));
        }
        for client in (0..self.scenario.clients).filter(|client| *client != id.client()) {
            for evidence in self.protocol.evidences(&scenario::id(client, 0), Phase::Holding) {
                others.paths.insert(self.names.path_id(&evidence));
            }
        }
        self.follow_moves(&mut others.paths, moves);
        others
    }

    /// What is called below a directory that may move is called where it may move to as well.
    fn follow_moves(&mut self, paths: &mut FxHashSet<PathId>, moves: &[[PathId; 2]]) {
        let mut waiting: Vec<PathId> = paths.iter().copied().collect();
        while let Some(path) = waiting.pop() {
            for &[from, to] in moves {
                if path != from && self.names.is_within(path, from) && self.names.depth(path) < DEPTH_MAX {
                    let image = self.learning(|world| world.names.rebase(path, from, to));
                    if paths.insert(image) {
                        waiting.push(image);
                    }
                }
            }
        }
        // A directory that may move into itself, by way of others, has no end of places.
        if paths.iter().any(|path| self.names.depth(*path) >= DEPTH_MAX) {
            paths.insert(ROOT);
        }
    }

    fn is_alone(&self, others: &Others, path: PathId) -> bool {
        path != ROOT
            && !others.paths.contains(&ROOT)
            && !others.paths.iter().any(|other| self.names.is_within(*other, path))
            && !others.moved.iter().any(|moved| self.names.is_within(path, *moved))
    }

    /// Everything that can follow `state`, where the calls of a client that nobody can disturb are taken together with
    /// the next one that somebody can.
    pub(crate) fn leap_ahead(&self, state: &State, out: &mut Leaps) -> Result<(), Miss> {
        out.last.clear();
        out.alone.clear();
        for client in 0..self.scenario.clients {
            self.leaps(state, client, out)?;
        }
        self.faults(state, &mut out.last)?;
        out.alone.resize(out.last.len(), 0);
        Ok(())
    }

    fn leaps(&self, state: &State, client: u8, out: &mut Leaps) -> Result<(), Miss> {
        let mut alone = 0;
        let mut between: Option<State> = None;
        loop {
            let here = between.as_ref().unwrap_or(state);
            let first = out.last.len();
            self.calls(here, client, &mut out.last)?;
            let goes_on = match &out.last[first..] {
                [next] => self.is_alone_now(here, client)? && self.is_in_an_attempt(next, client),
                _ => false,
            };
            if !goes_on {
                out.alone.resize(out.last.len(), alone);
                return Ok(());
            }
            let Some(Successor { state: after, .. }) = out.last.pop() else { return Ok(()) };
            alone += 1;
            self.crash(&after, client, &mut out.last)?;
            out.alone.resize(out.last.len(), alone);
            between = Some(after);
        }
    }

    /// Takes all the calls that need not wait, and forgets what makes no difference: of the calls that nobody can disturb
    /// the ones that a crash before them and a crash after them leave alike. Tells each of them.
    pub(crate) fn settle(&self, state: &mut State, tell: &mut dyn FnMut(&Successor)) -> Result<(), Miss> {
        if self.alone.is_none() {
            return Ok(());
        }
        let mut next = Vec::new();
        while let Some(client) = self.need_not_wait(state)? {
            next.clear();
            self.calls(state, client, &mut next)?;
            let Some(step) = next.pop().filter(|_| next.is_empty()) else { break };
            tell(&step);
            *state = step.state;
        }
        self.forget_who_came_and_went(state)
    }

    /// `state` written down as [`World::encode`] does, once it is [settled](World::settle).
    pub(crate) fn encode_settled(&self, state: &State, out: &mut Vec<u16>) -> Result<(), Miss> {
        let mut state = state.clone();
        self.settle(&mut state, &mut |_| {})?;
        self.encode(&state, out).map(|_| ())
    }

    fn need_not_wait(&self, state: &State) -> Result<Option<u8>, Miss> {
        for client in 0..self.scenario.clients {
            let Some(plan) = self.plan_in_an_attempt(state, client)? else { continue };
            let leaves_nothing = matches!(plan.op, Op::Liveness(_));
            if (leaves_nothing || self.is_calm(state)) && self.is_undisturbed(state, client, plan) {
                return Ok(Some(client));
            }
        }
        Ok(None)
    }

    /// The steps that the leap of this place is made of, and those after it that need not wait.
    pub(crate) fn steps_of(&self, state: &State, leaps: &Leaps, at: usize) -> Result<Vec<Successor>, Miss> {
        let (mut steps, mut next): (Vec<Successor>, _) = (Vec::new(), Vec::new());
        let last = &leaps.last[at];
        if let Some(client) = last.step.client() {
            for _ in 0..leaps.alone[at] {
                next.clear();
                self.calls(steps.last().map_or(state, |step| &step.state), client, &mut next)?;
                steps.extend(next.pop());
            }
        }
        steps.push(last.clone());
        self.settle(&mut last.state.clone(), &mut |step| steps.push(step.clone()))?;
        Ok(steps)
    }

    fn is_in_an_attempt(&self, next: &Successor, client: u8) -> bool {
        let history = next.state.processes[usize::from(client)].history;
        !self.histories.is_root(history) && matches!(self.histories.then(history), Then::Asks(_))
    }

    /// True when nobody can disturb the client's next call, and it disturbs nobody.
    fn is_alone_now(&self, state: &State, client: u8) -> Result<bool, Miss> {
        let plan = self.plan_in_an_attempt(state, client)?;
        Ok(plan.is_some_and(|plan| self.is_undisturbed(state, client, plan)))
    }

    /// The client's next call, where it is one that may be taken alone: not the first of an attempt, not begun, and nothing
    /// but crashes can come.
    fn plan_in_an_attempt(&self, state: &State, client: u8) -> Result<Option<Plan>, Miss> {
        let process = &state.processes[usize::from(client)];
        if self.alone.is_none() || process.call != InCall::Before || self.histories.is_root(process.history) {
            return Ok(None);
        }
        let only_crashes =
            Faults { crashes: 0, ..state.left }.is_none() && state.late.is_empty() && !self.has_silly(state);
        if only_crashes { self.plan(process.history) } else { Ok(None) }
    }

    /// True when nobody can disturb this call of the client, and it disturbs nobody.
    fn is_undisturbed(&self, state: &State, client: u8, plan: Plan) -> bool {
        let Some(alone) = &self.alone else { return false };
        match plan.op {
            Op::Liveness(of) => is_certain(state, of),
            _ => self.finds_nothing_for_good(alone, state, plan) || self.is_in_its_corner(alone, state, client, plan),
        }
    }

    fn finds_nothing_for_good(&self, alone: &Alone, state: &State, plan: Plan) -> bool {
        let takes_away_or_looks = matches!(plan.op, Op::RemoveFile | Op::RemoveDir | Op::Rename | Op::Stat | Op::Read);
        self.is_calm(state) && takes_away_or_looks && alone.makers.are_all_dead(self, state, plan.paths[0])
    }

    /// True when it goes where nobody else comes.
    fn is_in_its_corner(&self, alone: &Alone, state: &State, client: u8, plan: Plan) -> bool {
        let Some(id) = IdNo::new(client, state.processes[usize::from(client)].incarnation) else { return false };
        let is_alone = |path: PathId| alone.places[id.at()].get(usize::from(path)).copied().unwrap_or(false);
        let paths = match plan.op {
            Op::CreateDir | Op::CreateFile(0) | Op::RemoveFile | Op::RemoveDir | Op::Stat | Op::Read => 1,
            Op::Rename => 2,
            _ => return false,
        };
        plan.paths[..paths].iter().all(|&path| {
            let dir = self.deepest_dir(state, self.names.parent(path));
            let here = dir.is_some_and(is_alone);
            // What is there and nobody else's stays, whoever comes to its directory.
            let stays = matches!(plan.op, Op::Stat) && is_alone(path) && state.tree.get(path).is_some();
            here || stays
        })
    }

    /// The first directory on the way up from `path` that is there.
    fn deepest_dir(&self, state: &State, mut path: PathId) -> Option<PathId> {
        while path != ROOT {
            match state.tree.get(path) {
                Some(Node::Dir) => return Some(path),
                Some(Node::File(_)) => return None,
                None => path = self.names.parent(path),
            }
        }
        None
    }
}

/// True when it cannot change any more whether a process is alive.
fn is_certain(state: &State, of: Option<(u8, u8)>) -> bool {
    let Some((client, incarnation)) = of else { return true };
    let lives = state.processes.get(usize::from(client)).is_some_and(|process| process.incarnation == incarnation);
    !lives || state.left.is_none()
}
