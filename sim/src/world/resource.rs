//! The resource that a lock protects: when a client's hold begins and ends, and what becomes of its writes.

use super::{Successor, World};
use crate::{
    miss::Miss,
    plan::Op,
    replay::Reply,
    resource::Wrote,
    state::{InCall, State},
};

impl World<'_> {
    /// `state` with a client's term begun, where its next call is the first of an attempt and there is a resource.
    pub(super) fn with_term_begun(&self, state: &State, client: u8) -> Option<State> {
        let process = &state.processes[usize::from(client)];
        let is_first = process.call == InCall::Before && self.histories.is_root(process.history);
        let mut begun = state.resource.as_ref().filter(|_| is_first).map(|_| state.clone())?;
        if let Some(resource) = &mut begun.resource {
            resource.begin(client);
        }
        Some(begun)
    }

    /// A client says that it holds the lock, or writes.
    pub(super) fn of_resource(&self, state: &State, client: u8, op: Op, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let mut next = state.clone();
        let wrote = match (&mut next.resource, op) {
            (Some(resource), Op::Write(token)) => resource.write(client, token),
            (Some(resource), _) => {
                resource.take(client);
                Wrote::Taken
            }
            (None, _) => Wrote::Taken,
        };
        let reply = self.histories.reply_id(&Reply::Wrote(wrote))?;
        self.answer(next, client, reply, Ok(None).into(), out)
    }
}
