//! What an NFS server does with calls that are sent more than once.
//!
//! * A *replay*: the call is executed, its reply lost, and the client sends it again: it is under way still, and what the
//!   second execution comes to is the answer. Others may act in between.
//! * A *copy* is sent together with a call. The server executes it when it comes to it, and nobody hears of it. One that knows its
//!   replies again does so only if the call itself was never executed: when its caller has died meanwhile, or has given
//!   up and was told so by an error.
//! * A *restart* makes a server forget its replies. Every call that was sent and not answered may have been executed before, in
//!   any order, and is sent again.
//!
//! * A *lie* is an old client's: it takes the refusal to make what is there for the answer to a call that was sent twice.
//!
//! Calls are sent with the handles of their directories, so each execution takes effect in the same ones, wherever they
//! are by then, or finds them gone. An exclusive create that is executed again is told so; its copy makes the file again
//! where that was removed. Contents are written by calls of their own, which do the same when they are executed again.

use super::{
    Step, Successor, World,
    calls::{Came, places},
};
use crate::{
    history::Then,
    miss::Miss,
    names::{DEAD, Names},
    plan::{LookedAt, Op, Plan},
    scenario::Budget,
    state::{Effect, InCall, Late, Place, State},
    tree::{Change, Node},
};

impl World<'_> {
    /// The step in which a client's call is executed and its reply lost.
    pub(super) fn replay(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let budget = if matches!(plan.op, Op::CreateFile(_)) { Budget::Guards } else { Budget::Replays };
        let Some(left) = state.left.spend(budget) else { return Ok(()) };
        let mut next = State { left, ..state.clone() };
        if self.execute_unheard(&mut next, client, plan)? {
            out.push(Successor::quiet(Step::Replay { client }, next));
        }
        Ok(())
    }

    /// The step in which a directory is made that is there, and the client is told that it made it.
    pub(super) fn lie(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Lies) else { return Ok(()) };
        let call = &state.processes[usize::from(client)].call;
        let is_there = || state.tree.look_up(&self.names, places(plan, call)[0].path).is_ok();
        if !matches!(plan.op, Op::CreateDir) || plan.looked_at != LookedAt::All || !is_there() {
            return Ok(());
        }
        let next = State { left, ..state.clone() };
        self.answer_plainly(next, client, plan, Came::default().odd(Budget::Lies), out)
    }

    /// The step in which a client's call is sent, and a copy of it.
    pub(super) fn double(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Duplicates) else { return Ok(()) };
        let is_known = self.scenario.profile.knows_its_replies();
        let may_be_given_up = state.left.crashes > 0 || state.left.errors > 0;
        let call = &state.processes[usize::from(client)].call;
        let Some(effect) = Effect::of(plan.op) else { return Ok(()) };
        if matches!(call, InCall::Writing { .. })
            || is_known && !may_be_given_up
            || !self.is_sent(state, places(plan, call))
        {
            return Ok(());
        }
        let mut next = State { left, ..state.clone() };
        self.send(&mut next, client, plan)?;
        let InCall::Walked(places) = next.processes[usize::from(client)].call else { return Ok(()) };
        let known_of = is_known.then_some(client);
        next.late.push(Late { effect, places, known_of });
        out.push(Successor::quiet(Step::Double { client }, next));
        Ok(())
    }

    /// The steps in which the copy of a call is executed and changes something.
    pub(super) fn late(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        for (at, &late) in state.late.iter().enumerate().filter(|(_, late)| late.known_of.is_none()) {
            let mut next = state.clone();
            next.late.remove(at);
            if let Ok(Some(change)) = self.take_effect(&mut next.tree, late.effect.op(), late.places)? {
                self.notice(&mut next, None, change)?;
                out.push(Successor::quiet(Step::Late(late), next));
            }
        }
        Ok(())
    }

    /// The steps in which the server restarts after it has executed calls that it has not answered.
    pub(super) fn restart(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Restarts) else { return Ok(()) };
        let mut ways = vec![(Vec::new(), State { left, ..state.clone() })];
        let mut at = 0;
        while let Some((executed, state)) = ways.get(at).cloned() {
            for client in (0..self.scenario.clients).filter(|client| !executed.contains(client)) {
                let history = state.processes[usize::from(client)].history;
                if self.rests(&state, client) || !matches!(self.histories.then(history), Then::Asks(_)) {
                    continue;
                }
                let Some(plan) = self.plan(history)? else { continue };
                let (mut executed, mut next) = (executed.clone(), state.clone());
                // What makes a file knows it again, by the verifier that is kept with it.
                if !matches!(plan.op, Op::CreateFile(_)) && self.execute_unheard(&mut next, client, plan)? {
                    executed.push(client);
                    ways.push((executed, next));
                }
            }
            at += 1;
        }
        out.extend(ways.into_iter().skip(1).map(|(executed, next)| Successor::quiet(Step::Restart { executed }, next)));
        Ok(())
    }

    /// Executes the call that a client has sent, which hears nothing of it; says whether that changed something.
    fn execute_unheard(&self, next: &mut State, client: u8, plan: Plan) -> Result<bool, Miss> {
        let call = &next.processes[usize::from(client)].call;
        if Effect::of(plan.op).is_none() || matches!(call, InCall::Writing { .. }) {
            return Ok(false);
        }
        self.send(next, client, plan)?;
        let places = places(plan, &next.processes[usize::from(client)].call);
        let Ok(Some(change)) = self.take_effect(&mut next.tree, plan.op, places)? else { return Ok(false) };
        self.notice(next, None, change)?;
        Ok(true)
    }

    /// True when the directories are there that the call goes to; otherwise its walk ends before.
    fn is_sent(&self, state: &State, places: [Place; 2]) -> bool {
        let mut paths = places.into_iter().map(|place| place.path);
        paths.next().is_some_and(|at| at != DEAD)
            && places
                .into_iter()
                .map(|place| place.path)
                .filter(|path| *path != DEAD)
                .all(|path| state.tree.get(self.names.parent(path)) == Some(Node::Dir))
    }

    /// From now on the call goes to the directories that its walk has found.
    fn send(&self, next: &mut State, client: u8, plan: Plan) -> Result<(), Miss> {
        let process = &mut next.processes[usize::from(client)];
        let begins = process.call == InCall::Before;
        let history = process.history;
        process.call = InCall::Walked(places(plan, &process.call).map(|place| place.walked(&self.names)));
        if begins {
            next.tester = self.departs(next.tester, client, history)?;
        }
        Ok(())
    }
}

impl State {
    /// A call of the client was answered, so that a server that knows its copy again does not execute that, unless the
    /// client was told that the call failed.
    pub(super) fn answered(&mut self, client: u8, gave_up: bool) {
        if gave_up {
            self.gave_up(client);
        } else {
            self.late.retain(|late| late.known_of != Some(client));
        }
    }

    /// The client waits for no answer any more, so that nothing keeps a server from executing the copy.
    pub(super) fn gave_up(&mut self, client: u8) {
        for late in self.late.iter_mut().filter(|late| late.known_of == Some(client)) {
            late.known_of = None;
        }
    }
}

impl Late {
    /// Follows a change of the directories that it was sent to.
    pub(super) fn follow(&mut self, names: &Names, change: Change) -> Result<(), Miss> {
        for place in &mut self.places {
            *place = place.follow(names, change)?;
        }
        Ok(())
    }

    /// True when nothing can come of it any more.
    pub(super) fn is_void(&self) -> bool {
        self.places[0].path == DEAD || self.effect == Effect::Rename && self.places[1].path == DEAD
    }
}
