//! The steps that spend a budget, and those that prepare for one.
//!
//! * A *crash* kills a process between two steps. Its client goes on as a new process with a new id.
//! * An *error* is answered to any call on the file system: `EIO`, and `ENOSPC` where something is to be made. An `EIO`
//!   says nothing: there is a step in which the call took effect and one in which it did not. A file whose contents were
//!   to be written stays empty or has them; other beginnings of the contents are not tried.
//! * A *refusal* is an error that says that nothing happened: `EACCES`, `EMFILE`, `EROFS` where something is to be
//!   changed, `ESTALE`. A watch may be refused too, since there are so many to a user. A file that is open can be written.
//! * A *replay*, a *copy* that is executed late, a *restart* of the server and a *lie* are those of NFS; see
//!   [`nfs`](super::nfs).
//! * A *close* ends what is kept of a file that was removed while it was open; see [`silly`](super::silly).
//! * A *recall* takes a name for what a host remembers of it; see [`memory`](super::memory).
//! * A *removal* takes away one entry anywhere, a file or an empty directory, by the hand of somebody who knows nothing
//!   of the protocol.
//! * A *power cut* kills all processes at once and takes the disk back to what was durable; see [`power`](super::power).
//! * *Clocks* tick, are set, and stand still while a host sleeps; see [`lease`](super::lease).
//! * A *restart* of a host kills all processes on it; see [`identity`](super::identity). What was on disk is there: a
//!   host that goes down in good order has written it, and a server has it.
//! * A *loss* is a notice that does not come; see [`notify`](super::notify).

use super::{Step, Successor, World, lease::clocks, notify::lose, power::commit};
use crate::{history::Then, linear::Heard, miss::Miss, names::PathId, scenario::Budget, state::State, tree::Node};

impl World<'_> {
    /// Adds everything that can go wrong in `state`.
    pub(super) fn faults(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        // Many states are such, and it takes long to ask for each fault.
        if state.is_calm() && self.silly.is_empty() {
            return Ok(());
        }
        for client in 0..self.scenario.clients {
            self.crash(state, client, out)?;
            lose(state, client, out);
        }
        for client in 0..self.scenario.clients {
            self.failures(state, client, out)?;
        }
        self.removals(state, out)?;
        commit(state, out);
        clocks(state, out);
        self.late(state, out)?;
        self.closes(state, out)?;
        self.restart(state, out)?;
        self.reboots(state, out)?;
        self.cut(state, out)
    }

    /// A process that has begun nothing has nothing to lose: its crash would only change its id.
    pub(super) fn crash(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Crashes) else { return Ok(()) };
        let process = &state.processes[usize::from(client)];
        if self.is_idle(process) || matches!(self.histories.then(process.history), Then::Breaks(..)) {
            return Ok(());
        }
        for (incarnation, left) in self.incarnations_after(state, client, left) {
            let mut next = State { left, ..state.clone() };
            next.processes[usize::from(client)] = self.next_process(client, process, incarnation)?;
            next.gave_up(client);
            self.outlive(&mut next, client);
            next.tester = self.hear(next.tester, Heard::Crash(client))?;
            if let Some(resource) = &mut next.resource {
                resource.end(client);
            }
            out.push(Successor::quiet(Step::Crash { client }, next));
        }
        Ok(())
    }

    fn removals(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Removals) else { return Ok(()) };
        for (path, node) in self.in_order(state.tree.entries()) {
            let mut next = State { left, ..state.clone() };
            let removed = match node {
                Node::Dir => next.tree.remove_dir(&self.names, path),
                Node::File(_) => next.tree.remove_file(&self.names, path),
            };
            if let Ok(change) = removed {
                self.notice(&mut next, None, change)?;
                next.tester = self.hear(next.tester, Heard::Removal)?;
                out.push(Successor::quiet(Step::Remove { path }, next));
            }
        }
        Ok(())
    }

    /// Entries in the order of their spelling, so that the numbers of paths have no say in the order of successors.
    pub(super) fn in_order(&self, entries: &[(PathId, Node)]) -> Vec<(PathId, Node)> {
        let mut entries = entries.to_vec();
        entries.sort_by_cached_key(|&(path, _)| self.names.spell(path));
        entries
    }
}
