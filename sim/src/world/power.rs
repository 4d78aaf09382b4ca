//! What a power cut leaves.
//!
//! A *commit*, which may come at any time, makes the tree durable as it stands. A cut goes back to the last commit, or
//! to the empty disk of the beginning. Since earlier commits make no difference, there is one a cut. So names become
//! durable in the order in which they came and went, as in a journal of metadata that is written in order (ext4, XFS).
//! Contents need not be: any of the files may turn out to be empty that had contents when they were committed.
//!
//! Where there is a budget for it, a call *overtakes*: the name that it makes, removes or moves is durable at once, ahead
//! of what came before it in other directories and is not durable yet. In one directory names keep their order: a call
//! can overtake only where the directories whose entries it changes are durable as they stand. A move is durable in both
//! its directories or in neither. POSIX promises nothing here, and whoever needs an order calls `fsync`, which the
//! kernel's `Fs` does not know; so this is a world in which **no promise of `Fs` is broken**, and a lock that comes
//! through it needs no `fsync`. Directories are told by their paths: one that was removed and made anew is the same.
//!
//! Not modelled are moves that are durable by half, a name that is durable although it was made for a file with contents
//! and overtakes, contents of which a part is durable or that turn out to be something else, and `fsync` itself.

use super::{Step, Successor, World};
use crate::{
    linear::Heard,
    miss::Miss,
    names::{DEAD, NameId, PathId},
    plan::Op,
    scenario::{Budget, Faults},
    state::{Durable, Place, Processes, State},
    tree::{Node, Tree},
};

impl World<'_> {
    /// The power is cut: one step for each set of files that lose their contents.
    pub(super) fn cut(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Cuts) else { return Ok(()) };
        // What cannot come any more is forgotten.
        let left = if left.cuts > 0 { left } else { Faults { reorders: 0, ..left } };
        let durable = state.durable.as_ref().map_or_else(Tree::default, |durable| durable.tree.clone());
        let mut processes = Processes::new();
        for (client, process) in (0..).zip(&state.processes) {
            processes.push(self.next_process(client, process, process.incarnation + 1)?);
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
            let mut next = State { left, tree, durable, tester, processes: processes.clone(), ..state.clone() };
            if let Some(resource) = &mut next.resource {
                resource.end_all();
            }
            out.push(Successor::quiet(Step::Cut { emptied }, next));
        }
        Ok(())
    }

    /// What is durable when a call overtakes, and the budgets that are left then; `None` where it cannot.
    pub(super) fn ahead(
        &self,
        state: &State,
        op: Op,
        places: [Place; 2],
    ) -> Result<Option<(Faults, Box<Durable>)>, Miss> {
        let Some(left) = state.left.spend(Budget::Reorders).filter(|left| left.cuts > 0) else { return Ok(None) };
        let is_change = matches!(op, Op::CreateDir | Op::CreateFile(0) | Op::RemoveFile | Op::RemoveDir | Op::Rename);
        let mut tree = state.durable.as_ref().map_or_else(Tree::default, |durable| durable.tree.clone());
        if !is_change || tree == state.tree {
            return Ok(None);
        }
        let changed = places.map(|place| place.path).into_iter().filter(|path| *path != DEAD);
        let mut dirs = changed.map(|path| self.names.parent(path));
        if !dirs
            .all(|dir| tree.get(dir) == Some(Node::Dir) && self.kinds_in(&tree, dir) == self.kinds_in(&state.tree, dir))
        {
            return Ok(None);
        }
        let taken = self.take_effect(&mut tree, op, places)?;
        Ok(matches!(taken, Ok(Some(_))).then(|| (left, Box::new(Durable { tree, is_new: true }))))
    }

    /// The names in a directory, each with whether it is a directory's.
    fn kinds_in(&self, tree: &Tree, dir: PathId) -> Vec<(NameId, bool)> {
        let inside = tree.entries().iter().filter(|(path, _)| self.names.parent(*path) == dir);
        inside.map(|&(path, node)| (self.names.name(path), node == Node::Dir)).collect()
    }
}

/// What is on disk becomes durable.
pub(super) fn commit(state: &State, out: &mut Vec<Successor>) {
    let is_news = match &state.durable {
        None => !state.tree.entries().is_empty(),
        Some(durable) => !durable.is_new && durable.tree != state.tree,
    };
    if state.left.cuts > 0 && is_news {
        let durable = Some(Box::new(Durable { tree: state.tree.clone(), is_new: true }));
        out.push(Successor::quiet(Step::Commit, State { durable, ..state.clone() }));
    }
}
