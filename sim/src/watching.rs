//! Watches: what a process has asked to be told of, and what has come of it.
//!
//! A watch holds its directory, wherever that is moved. It notices what the promise of the kernel's `Watch` names and no
//! more: an entry of the directory is removed or renamed, or the directory itself is removed, renamed or replaced. What
//! comes into the directory is none of these, and neither is a move further up the path. A process is told of its own
//! changes too.

use smallvec::SmallVec;

use crate::{
    miss::Miss,
    names::{DEAD, Names, PathId},
    state::{Naming, follow_open},
    tree::Change,
};

/// The watches that one attempt has taken, in the order in which it took them. They are forgotten when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watching(Option<Box<SmallVec<[Watched; 2]>>>);

/// A watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The directory, or [`DEAD`] when that is gone.
    pub(crate) dir: PathId,
    pub(crate) is: Is,
}

/// What has come of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// Nothing changed yet.
    Quiet,
    /// Something changed; a wait comes back.
    Fired,
    /// It was waited for, and is used up.
    Spent,
}

impl Watching {
    /// Takes a watch of `dir`, and says which number it has.
    pub(crate) fn take(&mut self, dir: PathId) -> u64 {
        let taken = self.0.get_or_insert_default();
        taken.push(Watched { dir, is: Is::Quiet });
        taken.len() as u64 - 1
    }

    pub(crate) fn has_fired(&self, number: u64) -> bool {
        usize::try_from(number).ok().and_then(|at| self.all().get(at)).is_some_and(|watched| watched.is == Is::Fired)
    }

    /// The watch was waited for.
    pub(crate) fn spend(&mut self, number: u64) {
        let watched = usize::try_from(number).ok().and_then(|at| self.all_mut().get_mut(at));
        if let Some(watched) = watched {
            *watched = Watched { dir: DEAD, is: Is::Spent };
        }
    }

    /// What a change does to each watch. One that has fired keeps to its directory only where it matters, for `loses`.
    pub(crate) fn notice(&mut self, names: &Names, change: Change, loses: bool) -> Result<(), Miss> {
        for watched in self.all_mut() {
            if watched.is == Is::Quiet && watched.notices(names, change) {
                watched.is = Is::Fired;
            }
            watched.dir = follow_open(names, watched.dir, change)?;
            if watched.is == Is::Fired && !loses {
                watched.dir = DEAD;
            }
        }
        Ok(())
    }

    /// Forgets what has fired, as an overflown queue does; false when there was nothing.
    pub(crate) fn lose(&mut self) -> bool {
        let mut lost = false;
        for watched in self.all_mut().iter_mut().filter(|watched| watched.is == Is::Fired) {
            watched.is = Is::Quiet;
            lost = true;
        }
        lost
    }

    /// Forgets where watches are that have fired: nothing can be lost any more.
    pub(crate) fn settle(&mut self) {
        for watched in self.all_mut().iter_mut().filter(|watched| watched.is == Is::Fired) {
            watched.dir = DEAD;
        }
    }

    /// The directories that are watched.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = PathId> {
        self.all().iter().map(|watched| watched.dir).filter(|dir| *dir != DEAD)
    }

    fn all(&self) -> &[Watched] {
        self.0.as_deref().map_or(&[], |taken| taken)
    }

    fn all_mut(&mut self) -> &mut [Watched] {
        self.0.as_deref_mut().map_or(&mut [], |taken| taken)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Writes these watches down as numbers.
    pub(crate) fn encode(&self, naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
        for Watched { dir, is } in self.all() {
            out.push(match is {
                Is::Quiet => 1,
                Is::Fired => 2,
                Is::Spent => 3,
            });
            out.push(naming.path(*dir)?);
        }
        out.push(0);
        Ok(())
    }

    /// Reads back what [`Watching::encode`] wrote.
    pub(crate) fn decode(mut next: impl FnMut() -> u16) -> Self {
        let mut watching = Self::default();
        loop {
            let is = match next() {
                0 => return watching,
                1 => Is::Quiet,
                2 => Is::Fired,
                _ => Is::Spent,
            };
            watching.0.get_or_insert_default().push(Watched { dir: next(), is });
        }
    }
}

impl Watched {
    fn notices(self, names: &Names, change: Change) -> bool {
        let is_of_dir = |path: PathId| path == self.dir || names.parent(path) == self.dir;
        self.dir != DEAD
            && match change {
                Change::Added(_) => false,
                Change::Removed(path, _) => is_of_dir(path),
                Change::Moved { from, to, replaced } => is_of_dir(from) || replaced.is_some() && to == self.dir,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Node;

    /// As an overflown queue does, which is one for all the watches of a process.
    #[test]
    fn one_loss_drops_all_that_a_process_was_to_be_told_of_and_keeps_the_watches() {
        let mut names = Names::new();
        let [a, b] = ["a", "b"].map(|dir| names.path_id(&dir.parse().unwrap()));
        let [x, y] = ["a/x", "b/y"].map(|entry| names.path_id(&entry.parse().unwrap()));
        let mut watching = Watching::default();
        let watches = [a, b].map(|dir| watching.take(dir));
        for _ in 0..2 {
            for entry in [x, y] {
                watching.notice(&names, Change::Removed(entry, Node::Dir), true).unwrap();
            }
            assert_eq!(watches.map(|watch| watching.has_fired(watch)), [true; 2]);
            assert!(watching.lose());
            assert_eq!(watches.map(|watch| watching.has_fired(watch)), [false; 2]);
        }
        assert!(!watching.lose());
    }
}
