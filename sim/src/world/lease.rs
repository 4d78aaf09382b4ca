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
    scenario::{Budget, Faults},
    state::State,
    times::Times,
};

impl World<'_> {
    /// Reads a clock. Where clocks are not counted, none of them ever moves.
    pub(super) fn time(&self, state: &State, client: u8, op: Op, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let time = match (op, &state.times) {
            (Op::WallClock, Some(times)) => Reply::Wall(times.wall(client)),
            (Op::Uptime, Some(times)) => Reply::Time(times.uptime(client)),
            (_, Some(times)) => Reply::Time(times.now()),
            (_, None) => Reply::Time(Instant::new(Duration::ZERO)),
        };
        let reply = self.histories.reply_id(&time)?;
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

/// What the clocks do by themselves, and what is done to them.
pub(super) fn clocks(state: &State, out: &mut Vec<Successor>) {
    let Some(times) = &state.times else { return };
    let mut after = |left: Option<Faults>, step: Step, change: &dyn Fn(&mut Times) -> bool| {
        let Some(left) = left else { return };
        let mut times = times.clone();
        if change(&mut times) {
            out.push(Successor::quiet(step, State { left, times: Some(times), ..state.clone() }));
        }
    };
    let left = state.left;
    let clients = u8::try_from(state.processes.len()).unwrap_or(u8::MAX);
    after(left.spend(Budget::Ticks), Step::Tick, &|times| {
        times.tick();
        true
    });
    for client in 0..clients {
        let asleep = left.spend(Budget::Ticks).and_then(|left| left.spend(Budget::Suspends));
        after(asleep, Step::Suspend { client }, &|times| {
            times.tick_asleep(client);
            true
        });
    }
    for client in (0..clients).map(Some).chain([None]) {
        for forward in [true, false] {
            after(left.spend(Budget::Jumps), Step::Jump { client, forward }, &|times| {
                times.set(client, forward);
                true
            });
        }
    }
    after(left.spend(Budget::Roundings), Step::Round, &Times::round);
}
