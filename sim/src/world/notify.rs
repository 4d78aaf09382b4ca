//! Notification: watches are taken, waited for, and may be lost.
//!
//! A process that waits has no step until its watch has fired or the owner it waits for is dead; then it has one, and
//! is told that something changed. A wait with a deadline may end at any moment by its being over: clocks are not
//! compared here. A loss is a step of its own: what a process has not been told of is dropped, and its watch goes on.

use lockwright_kernel::{
    fs::FsError,
    probe::Liveness,
    watch::{Wake, WatchId},
};

use super::{
    Step, Successor, World,
    calls::{Came, liveness, places},
};
use crate::{miss::Miss, plan::Plan, replay::Reply, scenario::Budget, state::State, tree::Node};

/// What a process waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) watch: WatchId,
    /// Whose death ends it, where that can be told.
    pub(crate) owner: Option<(u8, u8)>,
    /// Whether there is a deadline.
    pub(crate) is_timed: bool,
}

impl World<'_> {
    pub(super) fn watch(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let mut next = state.clone();
        let process = &mut next.processes[usize::from(client)];
        let [at, _] = places(plan, &process.call).map(|place| place.path);
        let answer = match state.tree.look_up(&self.names, at) {
            Ok(Node::Dir) => Ok(WatchId(process.watching.take(at))),
            Ok(Node::File(_)) => Err(FsError::NotADirectory),
            Err(error) => Err(error),
        };
        let reply = self.histories.reply_id(&Reply::Watch(answer))?;
        self.answer(next, client, reply, answer.map(|_| None).into(), out)
    }

    pub(super) fn wait(&self, state: &State, client: u8, wait: Wait, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let mut ends = Vec::new();
        if has_ended(state, client, wait) {
            ends.push(Wake::Changed);
        }
        if wait.is_timed {
            ends.push(Wake::TimedOut);
        }
        for wake in ends {
            let mut next = state.clone();
            next.processes[usize::from(client)].watching.spend(wait.watch.0);
            let reply = self.histories.reply_id(&Reply::Woke(wake))?;
            self.answer(next, client, reply, Came::default(), out)?;
        }
        Ok(())
    }

    /// A pause is over at any moment.
    pub(super) fn pause(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let reply = self.histories.reply_id(&Reply::Woke(Wake::TimedOut))?;
        self.answer(state.clone(), client, reply, Came::default(), out)
    }
}

/// What a process has not been told of yet is dropped.
pub(super) fn lose(state: &State, client: u8, out: &mut Vec<Successor>) {
    let Some(left) = state.left.spend(Budget::Losses) else { return };
    let mut next = State { left, ..state.clone() };
    if !next.processes[usize::from(client)].watching.lose() {
        return;
    }
    if left.losses == 0 {
        for process in &mut next.processes {
            process.watching.settle();
        }
    }
    out.push(Successor::quiet(Step::Lose { client }, next));
}

fn has_ended(state: &State, client: u8, wait: Wait) -> bool {
    state.processes[usize::from(client)].watching.has_fired(wait.watch.0)
        || wait.owner.is_some_and(|owner| liveness(state, Some(owner)) == Liveness::Dead)
}
