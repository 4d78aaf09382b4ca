//! What is gone for good: entries that nobody who lives ever makes.
//!
//! Those who recover from a dead process go to places that only this process made entries in. Once such a place is
//! empty it stays so, and calls that go there need not be looked at one by one: they find nothing, whenever they come.
//!
//! Who makes what is read off the histories: what a process's attempts create, what they rename, and what of that others
//! carry on to elsewhere.

use rustc_hash::FxHashSet;

use crate::{
    history::askers::Askers,
    names::{DEAD, IdNo, IdSet, PathId, ROOT},
    plan::Op,
    state::State,
    world::World,
};

/// Which processes make an entry, by path: in their attempts it may come to be.
#[derive(Debug, Default)]
pub(super) struct Makers(Vec<IdSet>);

impl World<'_> {
    /// Works out who makes what, once the histories are merged. `moves` are all the renames there are.
    pub(super) fn makers(&mut self, askers: &Askers, moves: &[[PathId; 2]]) -> Makers {
        let made: Vec<_> = IdNo::all().map(|id| (id, self.made_by(id, askers, moves))).collect();
        let mut makers = vec![IdSet::default(); self.names.all_paths().count()];
        for (id, made) in made {
            let everything = made.contains(&ROOT);
            for (path, makers) in self.names.all_paths().zip(&mut makers) {
                if everything || made.contains(&path) {
                    makers.insert(id);
                }
            }
        }
        Makers(makers)
    }

    /// The paths at which there may come to be an entry by an attempt of this process, or the root for all of them.
    fn made_by(&mut self, id: IdNo, askers: &Askers, moves: &[[PathId; 2]]) -> FxHashSet<PathId> {
        let (mut made, mut renames) = (FxHashSet::default(), Vec::new());
        for request in askers.requests_of(id) {
            let plan = self.learning(|world| world.plan_of(request));
            match plan.op {
                Op::CreateDir | Op::CreateFile(_) => {
                    made.insert(plan.paths[0]);
                }
                Op::Rename => {
                    made.insert(plan.paths[1]);
                    renames.push(plan.paths);
                }
                _ => {}
            }
        }
        self.follow_moves(&mut made, moves);
        // What others made goes along with a directory that this process renames.
        for [from, to] in renames {
            let below = self.names.all_paths().filter(|path| *path != to && self.names.is_within(*path, to));
            made.extend(below.filter(|path| self.names.rebase(*path, to, from).is_ok()));
        }
        made
    }
}

impl Makers {
    /// True when nothing stands at `path`, and nothing ever will.
    pub(super) fn are_all_dead(&self, world: &World<'_>, state: &State, mut path: PathId) -> bool {
        // What a process makes whose id has no number is not known.
        if (0..).zip(&state.processes).any(|(client, process)| IdNo::new(client, process.incarnation).is_none()) {
            return false;
        }
        while path != ROOT && path != DEAD && state.tree.get(path).is_none() {
            if self.0.get(usize::from(path)).is_some_and(|makers| !makers.iter().any(|id| state.lives(id))) {
                return true;
            }
            path = world.names.parent(path);
        }
        false
    }
}
