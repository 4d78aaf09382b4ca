//! The simulated directory tree: a plain value that does to itself what one call does, in one step.
//!
//! It is exact where the kernel's `Fs` promises exactness; what may happen between a call's beginning and its effect is
//! the world's business.

use lockwright_kernel::fs::FsError;

use smallvec::SmallVec;

use crate::{
    miss::Miss,
    names::{DEAD, Names, PathId, ROOT},
    state::Listed,
};

/// The number of a file's contents.
pub(crate) type ContentsId = u16;

/// What stands under a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    Dir,
    File(ContentsId),
}

/// What a step did to the tree, for those who are in the middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added(PathId),
    /// With what it was.
    Removed(PathId, Node),
    /// An entry got a new path. `replaced` is the empty directory or the file that stood at `to`.
    Moved {
        from: PathId,
        to: PathId,
        replaced: Option<Node>,
    },
}

/// All entries below the root, in the order of their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    // invariant: sorted by path; the parent of each entry is the root or a directory in here
    entries: Entries,
}

/// So many entries cost no allocation.
pub(crate) type Entries = SmallVec<[(PathId, Node); 16]>;

impl Clone for Tree {
    /// As one block of memory, since a search does little else.
    fn clone(&self) -> Self {
        Self { entries: SmallVec::from_slice(&self.entries) }
    }
}

impl Tree {
    pub(crate) fn entries(&self) -> &[(PathId, Node)] {
        &self.entries
    }

    /// The tree of these entries, in any order.
    pub(crate) fn from_entries(mut entries: Entries) -> Self {
        entries.sort_unstable();
        Self { entries }
    }

    pub(crate) fn get(&self, path: PathId) -> Option<Node> {
        if path == ROOT {
            return Some(Node::Dir);
        }
        self.entries.binary_search_by_key(&path, |entry| entry.0).ok().map(|at| self.entries[at].1)
    }

    /// The entry at `path`, as a call meets it that walks there.
    pub(crate) fn look_up(&self, names: &Names, path: PathId) -> Result<Node, FsError> {
        self.walk(names, path)?;
        self.get(path).ok_or(FsError::NotFound)
    }

    /// The names in `dir`, sorted by number.
    pub(crate) fn names_in(&self, names: &Names, dir: PathId) -> Listed {
        let inside = self.entries.iter().filter(|(path, _)| names.parent(*path) == dir);
        let mut found: Listed = inside.map(|(path, _)| names.name(*path)).collect();
        found.sort_unstable();
        found
    }

    pub(crate) fn create(&mut self, names: &Names, path: PathId, node: Node) -> Result<Change, FsError> {
        self.walk(names, path)?;
        if self.get(path).is_some() {
            return Err(FsError::AlreadyExists);
        }
        self.insert(path, node);
        Ok(Change::Added(path))
    }

    pub(crate) fn remove_file(&mut self, names: &Names, path: PathId) -> Result<Change, FsError> {
        match self.look_up(names, path)? {
            Node::Dir => Err(FsError::IsADirectory),
            node @ Node::File(_) => Ok(self.remove(path, node)),
        }
    }

    pub(crate) fn remove_dir(&mut self, names: &Names, path: PathId) -> Result<Change, FsError> {
        match self.look_up(names, path)? {
            Node::File(_) => Err(FsError::NotADirectory),
            Node::Dir if self.has_entries(names, path) => Err(FsError::NotEmpty),
            Node::Dir => Ok(self.remove(path, Node::Dir)),
        }
    }

    /// Moves an entry, if the paths of all that moves are known; otherwise nothing moved.
    pub(crate) fn rename(
        &mut self,
        names: &Names,
        from: PathId,
        to: PathId,
    ) -> Result<Result<Option<Change>, FsError>, Miss> {
        let replaced = match self.may_rename(names, from, to) {
            Ok(_) if from == to => return Ok(Ok(None)),
            Ok(replaced) => replaced,
            Err(error) => return Ok(Err(error)),
        };
        let mut moved = Entries::new();
        for &(path, node) in self.entries.iter().filter(|(path, _)| *path != to) {
            let path = if names.is_within(path, from) { names.rebase(path, from, to)? } else { path };
            moved.push((path, node));
        }
        *self = Self::from_entries(moved);
        Ok(Ok(Some(Change::Moved { from, to, replaced })))
    }

    /// What would be replaced.
    fn may_rename(&self, names: &Names, from: PathId, to: PathId) -> Result<Option<Node>, FsError> {
        self.walk(names, from)?;
        self.walk(names, to)?;
        let moved = self.get(from).ok_or(FsError::NotFound)?;
        if from != to && names.is_within(to, from) {
            return Err(if moved == Node::Dir { FsError::IntoItself } else { FsError::NotADirectory });
        }
        if from != to && names.is_within(from, to) {
            return Err(FsError::NotEmpty);
        }
        let replaced = self.get(to);
        match (moved, replaced) {
            _ if from == to => Ok(replaced),
            (Node::Dir, Some(Node::File(_))) => Err(FsError::NotADirectory),
            (Node::File(_), Some(Node::Dir)) => Err(FsError::IsADirectory),
            (Node::Dir, Some(Node::Dir)) if self.has_entries(names, to) => Err(FsError::NotEmpty),
            _ => Ok(replaced),
        }
    }

    pub(crate) fn set_contents(&mut self, path: PathId, contents: ContentsId) {
        if let Ok(at) = self.entries.binary_search_by_key(&path, |entry| entry.0) {
            self.entries[at].1 = Node::File(contents);
        }
    }

    /// Walks to the directory that holds `path`.
    fn walk(&self, names: &Names, path: PathId) -> Result<(), FsError> {
        if path == DEAD {
            return Err(FsError::NotFound);
        }
        let parent = names.parent(path);
        match self.get(parent) {
            Some(Node::Dir) => Ok(()),
            Some(Node::File(_)) => Err(FsError::NotADirectory),
            None => self.walk(names, parent).and(Err(FsError::NotFound)),
        }
    }

    fn has_entries(&self, names: &Names, dir: PathId) -> bool {
        self.entries.iter().any(|(path, _)| names.parent(*path) == dir)
    }

    fn insert(&mut self, path: PathId, node: Node) {
        let at = self.entries.partition_point(|entry| entry.0 < path);
        self.entries.insert(at, (path, node));
    }

    fn remove(&mut self, path: PathId, node: Node) -> Change {
        self.entries.retain(|entry| entry.0 != path);
        Change::Removed(path, node)
    }
}

#[cfg(test)]
mod tests {
    use lockwright_kernel::{
        fs::{
            MemFs,
            call::{Answer, Call, Value},
        },
        path::Path,
    };
    use proptest::{prelude::*, sample::select};

    use super::*;

    /// What the tree answers to a call that nobody disturbs.
    fn answer(tree: &mut Tree, names: &mut Names, call: &Call) -> Answer {
        let done = |_| Value::Done;
        let mut id = |path: &Path| names.path_id(path);
        match call.effect() {
            Call::CreateDir(path) => {
                let path = id(&path);
                tree.create(names, path, Node::Dir).map(done)
            }
            Call::CreateFile(path, _) => {
                let path = id(&path);
                tree.create(names, path, Node::File(0)).map(done)
            }
            Call::RemoveFile(path) => {
                let path = id(&path);
                tree.remove_file(names, path).map(done)
            }
            Call::RemoveDir(path) => {
                let path = id(&path);
                tree.remove_dir(names, path).map(done)
            }
            Call::Rename(from, to) => {
                let [from, to] = [id(&from), id(&to)];
                loop {
                    match tree.rename(names, from, to) {
                        Ok(answer) => break answer.map(|_| Value::Done),
                        Err(Miss::Path(dir, name)) => drop(names.make(dir, name)),
                        Err(miss) => panic!("{miss:?} is not about names"),
                    }
                }
            }
            Call::List(path) => {
                let path = id(&path);
                match tree.look_up(names, path)? {
                    Node::File(_) => Err(FsError::NotADirectory),
                    Node::Dir => {
                        let found = tree.names_in(names, path).into_iter();
                        let mut found: Vec<_> = found.map(|name| names.spell_name(name).clone()).collect();
                        found.sort();
                        Ok(Value::Names(found))
                    }
                }
            }
            other => panic!("{other:?} is not made up here"),
        }
    }

    fn path() -> impl Strategy<Value = Path> {
        proptest::collection::vec(select(vec!["a", "b", "c"]), 1..4)
            .prop_map(|names| names.into_iter().map(|name| name.parse().unwrap()).collect())
    }

    fn call() -> impl Strategy<Value = Call> {
        prop_oneof![
            3 => path().prop_map(Call::CreateDir),
            2 => path().prop_map(|path| Call::CreateFile(path, Vec::new())),
            1 => path().prop_map(Call::RemoveFile),
            1 => path().prop_map(Call::RemoveDir),
            3 => (path(), path()).prop_map(|(from, to)| Call::Rename(from, to)),
            2 => path().prop_map(Call::List),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_tree_answers_as_the_exact_file_system_does(calls in proptest::collection::vec(call(), 1..40)) {
            let (mut tree, mut names, exact) = (Tree::default(), Names::new(), MemFs::new());
            for call in calls {
                prop_assert_eq!(answer(&mut tree, &mut names, &call), call.on(&exact), "{}", call);
            }
        }
    }
}
