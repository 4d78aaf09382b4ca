//! Clocks and stamps, where they are counted: what a client reads of them, and how time goes on.

use std::time::Duration;

use lockwright_kernel::{
    clock::Instant,
    fs::{FsError, call::Value},
};

use super::{Step, Successor, World, calls::places};
use crate::{
    miss::Miss,
    plan::{Op, Plan},
    replay::Reply,
    scenario::Budget,
    state::State,
};

impl World<'_> {
    /// Where clocks are not counted, none of them ever moves.
    pub(super) fn time(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let now = state.times.as_ref().map_or(Instant::new(Duration::ZERO), |times| times.now());
        let reply = self.histories.reply_id(&Reply::Time(now))?;
        self.answer(state.clone(), client, reply, Ok(None).into(), out)
    }

    /// Touches an entry, or says when it last was.
    pub(super) fn stamp(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let mut next = state.clone();
        let [at, _] = places(plan, &state.processes[usize::from(client)].call).map(|place| place.path);
        let found = state.tree.look_up(&self.names, at);
        let answer = match (found, &mut next.times) {
            (Err(error), _) => Err(error),
            (Ok(_), None) => Err(FsError::Unsupported),
            (Ok(_), Some(times)) if matches!(plan.op, Op::Touch) => {
                times.touch(at);
                Ok(Value::Done)
            }
            (Ok(_), Some(times)) => Ok(Value::Stamp(times.stamp(at))),
        };
        let came = answer.as_ref().map(|_| None).map_err(|error| *error);
        let reply = self.histories.reply_id(&Reply::Fs(answer))?;
        self.answer(next, client, reply, came.into(), out)
    }
}

/// A second goes by.
pub(super) fn tick(state: &State, out: &mut Vec<Successor>) {
    let Some(left) = state.left.spend(Budget::Ticks) else { return };
    let mut next = State { left, ..state.clone() };
    if let Some(times) = &mut next.times {
        times.tick();
        out.push(Successor::quiet(Step::Tick, next));
    }
}
