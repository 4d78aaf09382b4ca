//! The steps that spend a budget, and those that prepare for one.
//!
//! * A *crash* kills a process between two steps. Its client goes on as a new process with a new id.
//! * An *error* is answered to any call on the file system: `EIO`, and `ENOSPC` where something is to be made. An `EIO`
//!   says nothing: there is a step in which the call took effect and one in which it did not. A file whose contents were
//!   to be written stays empty or has them; other beginnings of the contents are not tried.
//! * A *removal* takes away one entry anywhere, a file or an empty directory, by the hand of somebody who knows nothing
//!   of the protocol.
//! * A *power cut* kills all processes at once and takes the disk back to what was durable.
//!
//! # What is durable
//!
//! A *commit*, which may come at any time, makes the tree durable as it stands. A cut goes back to the last commit, or
//! to the empty disk of the beginning. Since earlier commits make no difference, there is one a cut. So names become
//! durable in the order in which they came and went, as in a journal of metadata that is written in order (ext4, XFS).
//! Contents need not be: any of the files may turn out to be empty that had contents when they were committed.
//!
//! Not modelled are file systems that make names durable out of order, directory by directory or entry by entry (ext2,
//! and what `fsync` of a single file brings forward on btrfs and F2FS); contents of which a part is durable or that turn
//! out to be something else; and `fsync` itself, which the kernel's `Fs` does not know.

use super::{Step, Successor, World, lease::tick, notify::lose};
use crate::{
    history::Then,
    linear::Heard,
    miss::Miss,
    names::PathId,
    scenario::Budget,
    state::{Durable, Processes, State},
    tree::{Node, Tree},
};

impl World<'_> {
    /// Adds everything that can go wrong in `state`.
    pub(super) fn faults(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        for client in 0..self.scenario.clients {
            self.crash(state, client, out)?;
            lose(state, client, out);
        }
        for client in 0..self.scenario.clients {
            self.failures(state, client, out)?;
        }
        self.removals(state, out)?;
        commit(state, out);
        tick(state, out);
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
            next.processes[usize::from(client)] = self.process(client, incarnation)?;
            next.tester = self.hear(next.tester, Heard::Crash(client))?;
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

    fn cut(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Cuts) else { return Ok(()) };
        let durable = state.durable.as_ref().map_or_else(Tree::default, |durable| durable.tree.clone());
        let mut processes = Processes::new();
        for (client, process) in (0..).zip(&state.processes) {
            processes.push(self.process(client, process.incarnation + 1)?);
        }
        let deaths = state.processes.iter().map(|process| process.incarnation).max().unwrap_or_default();
        let tester = self.hear(state.tester, Heard::Cut(deaths))?;
        let mut ways = vec![(Vec::new(), durable)];
        for (path, node) in self.in_order(ways[0].1.entries()) {
            if matches!(node, Node::File(1..)) {
                for way in 0..ways.len() {
                    let (mut emptied, mut tree) = ways[way].clone();
                    emptied.push(path);
                    tree.set_contents(path, 0);
                    ways.push((emptied, tree));
                }
            }
        }
        for (emptied, tree) in ways {
            let durable = (left.cuts > 0).then(|| Box::new(Durable { tree: tree.clone(), is_new: false }));
            let (times, processes) = (state.times.clone(), processes.clone());
            let next = State { left, tree, durable, times, tester, processes };
            out.push(Successor::quiet(Step::Cut { emptied }, next));
        }
        Ok(())
    }

    /// Entries in the order of their spelling, so that the numbers of paths have no say in the order of successors.
    fn in_order(&self, entries: &[(PathId, Node)]) -> Vec<(PathId, Node)> {
        let mut entries = entries.to_vec();
        entries.sort_by_cached_key(|&(path, _)| self.names.spell(path));
        entries
    }
}

fn commit(state: &State, out: &mut Vec<Successor>) {
    let is_news = match &state.durable {
        None => !state.tree.entries().is_empty(),
        Some(durable) => !durable.is_new && durable.tree != state.tree,
    };
    if state.left.cuts > 0 && is_news {
        let durable = Some(Box::new(Durable { tree: state.tree.clone(), is_new: true }));
        out.push(Successor::quiet(Step::Commit, State { durable, ..state.clone() }));
    }
}
