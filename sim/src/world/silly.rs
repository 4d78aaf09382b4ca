//! Files that are removed while somebody on the same host has them open, over a mount of NFS.
//!
//! 1. RENAME: a client removes a file, or moves another over it, and a process of its host has it in use. It gets another name
//!    in its directory, [one that is nobody's](lockwright_kernel::fs::silly), and the client is told that it was removed. That takes
//!    a budget.
//! 2. CLOSE: the entry goes, at any later moment or never: nobody waits for it where it is asked what can still be reached.
//! 3. EBUSY: who is to remove the entry is refused, as long as it stands, or removes it. Which of them
//!    it is depends on whether the file is open on its host.
//!
//! *Who has it open* is left open as well. A call that reads or makes a file has it open while it lasts, one that looks at its
//! status has it in use, and no call of the kernel lasts longer; but what is not a contender may read what it likes for as long
//! as it likes: who asks for the status of the lock, a backup. And a host that goes down leaves the entry for good. So any
//! removal may meet an open file, and the entry may stay; which covers that another contender of the same host was reading.
//! Nor is a reading cut in two: the adaptor that is told `ESTALE` by a file which another host has removed makes the call again
//! (`again` in `lockwright-posix`), and what it is answered then is what it would be answered a moment later.
//!
//! *Source.* [`lockwright_kernel::fs::silly`]. A client of the protocol without a mount opens nothing: its removals are REMOVE
//! (RFC 1813, section 3.3.12), so the profiles `nfs3-drc` and `nfs3-nodrc` have none of this.

use lockwright_kernel::fs::FsError;

use super::{
    Step, Successor, World,
    calls::{Came, places},
};
use crate::{
    miss::Miss,
    names::{NameId, Names, PathId},
    plan::{Op, Plan},
    scenario::Budget,
    state::State,
    tree::{Change, Node},
};

/// The names for so many of them, at most.
pub(super) fn names(names: &mut Names, count: u8) -> Vec<NameId> {
    let name = |number| format!(".nfs{number}").parse().unwrap_or_else(|_| unreachable!("it is a name"));
    (1..=count).map(|number| names.name_id(&name(number))).collect()
}

impl World<'_> {
    /// True when nothing can go wrong any more, and no such entry stands.
    pub(crate) fn is_calm(&self, state: &State) -> bool {
        state.is_calm() && !self.has_silly(state)
    }

    /// True while such an entry stands.
    pub(super) fn has_silly(&self, state: &State) -> bool {
        !self.silly.is_empty() && state.tree.entries().iter().any(|&(path, _)| self.is_silly(path))
    }

    fn is_silly(&self, path: PathId) -> bool {
        self.silly.contains(&self.names.name(path))
    }

    /// The step in which a client removes a file, or moves another over it, that is open on its host.
    pub(super) fn remove_open(
        &self,
        state: &State,
        client: u8,
        plan: Plan,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Opens) else { return Ok(()) };
        let [at, to] = places(plan, &state.processes[usize::from(client)].call).map(|place| place.path);
        let mut next = State { left, ..state.clone() };
        let change = match plan.op {
            Op::RemoveFile => self.keep_open(&mut next, at)?,
            Op::Rename if at != to && matches!(next.tree.look_up(&self.names, at), Ok(Node::File(_))) => {
                let Some(kept) = self.keep_open(&mut next, to)? else { return Ok(()) };
                self.notice(&mut next, Some(client), kept)?;
                next.tree.rename(&self.names, at, to)?.ok().flatten()
            }
            _ => None,
        };
        if change.is_none() {
            return Ok(());
        }
        self.answer_plainly(next, client, plan, Came::from(Ok(change)).odd(Budget::Opens), out)
    }

    /// RENAME, of what is a file.
    fn keep_open(&self, next: &mut State, file: PathId) -> Result<Option<Change>, Miss> {
        let is_file = matches!(next.tree.look_up(&self.names, file), Ok(Node::File(_)));
        if !is_file || self.is_silly(file) {
            return Ok(None);
        }
        let dir = self.names.parent(file);
        for &name in &self.silly {
            let kept = self.names.join(dir, name)?;
            if next.tree.get(kept).is_none() {
                return Ok(next.tree.rename(&self.names, file, kept)?.ok().flatten());
            }
        }
        Ok(None)
    }

    /// EBUSY, to who is to remove such an entry.
    pub(super) fn busy(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let [at, _] = places(plan, &state.processes[usize::from(client)].call).map(|place| place.path);
        let is_there = || state.tree.look_up(&self.names, at).is_ok();
        if self.silly.is_empty() || !matches!(plan.op, Op::RemoveFile) || !is_there() || !self.is_silly(at) {
            return Ok(());
        }
        self.answer_plainly(state.clone(), client, plan, Came::from(Err(FsError::Io)).odd(Budget::Opens), out)
    }

    /// CLOSE, of each such entry.
    pub(super) fn closes(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        if !self.has_silly(state) {
            return Ok(());
        }
        for (path, _) in self.in_order(state.tree.entries()).into_iter().filter(|(path, _)| self.is_silly(*path)) {
            let mut next = state.clone();
            if let Ok(change) = next.tree.remove_file(&self.names, path) {
                self.notice(&mut next, None, change)?;
                out.push(Successor::quiet(Step::Close { path }, next));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lockwright_kernel::fs::silly::is_silly;

    use super::*;

    #[test]
    fn the_names_are_such_as_nobody_takes_for_an_owner() {
        let mut known = Names::new();
        let silly = names(&mut known, 2);
        assert_eq!(silly.len(), 2);
        assert!(silly.iter().all(|name| is_silly(known.spell_name(*name)) && known.id_named(*name).is_none()));
    }
}
