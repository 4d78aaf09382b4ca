//! A file system in memory, which answers what a well-behaved POSIX file system answers to one caller at a time.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{cell::RefCell, fmt, time::Duration};

use super::{Fs, FsError};
use crate::{
    clock::Timestamp,
    path::{Name, Path},
};

/// An exact file system in memory, for tests, for examples and as the measure of other file systems.
///
/// Each call is one step, so of the two phases that [`Fs`] allows it knows only one. It never runs out of room and
/// keeps no rights, hence the errors it answers are [`FsError::NotFound`], [`FsError::AlreadyExists`], [`FsError::NotEmpty`],
/// [`FsError::NotADirectory`], [`FsError::IsADirectory`] and [`FsError::IntoItself`]. Where several would be true, it
/// answers the one that Linux answers:
///
/// * what is wrong on the way to an entry, before what is wrong with the entry; in a rename, both ways before both
///   entries, and the source before the target;
/// * a rename onto itself is `Ok` and changes nothing, whatever stands there;
/// * a rename to one of its own ancestors is [`FsError::NotEmpty`], for a file as for a directory;
/// * a file over a directory is [`FsError::IsADirectory`], full or empty.
///
/// **The root** is there from the start, is a directory and stays: to make it is [`FsError::AlreadyExists`], to rename
/// it [`FsError::IntoItself`] (everything lies below it), to remove it [`FsError::NotEmpty`] and, when it is empty,
/// [`FsError::PermissionDenied`]. Systems differ in these answers, so nothing should lean on them.
///
/// **Stamps** come from a clock that starts at 1970 and moves by [`MemFs::STEP`] with each change, so two changes never
/// have equal stamps. A call that changes nothing takes no time.
///
/// `Display` writes the whole tree, which is what a test wants to look at: one entry a line, sorted, a directory with
/// `/` at its end, a file with its contents if it has some.
///
/// ```
/// use lockwright_kernel::fs::{Fs, FsError, MemFs};
///
/// let fs = MemFs::new();
/// fs.create_dir(&"locks".parse()?)?;
/// fs.create_file(&"locks/a".parse()?, b"")?;
/// fs.create_file(&"locks/b".parse()?, b"42\n")?;
/// assert_eq!(fs.remove_dir(&"locks".parse()?), Err(FsError::NotEmpty));
/// assert_eq!(fs.to_string(), "locks/\nlocks/a\nlocks/b \"42\\n\"\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemFs {
    tree: RefCell<Tree>,
}

/// What an entry of a [`MemFs`] is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// A directory; its entries stand for themselves.
    Dir,
    /// A file and its contents.
    File(Vec<u8>),
}

impl MemFs {
    /// How far the file system's clock moves with each change.
    pub const STEP: Duration = Duration::from_secs(1);

    /// An empty one: a root without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything there is but the root, sorted by path: a directory comes before what it holds.
    #[must_use]
    pub fn entries(&self) -> Vec<(Path, Entry)> {
        let mut found = Vec::new();
        self.tree.borrow().root.gather(&Path::root(), &mut found);
        found
    }
}

impl Fs for MemFs {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.tree.borrow_mut().create(path, Kind::Dir(BTreeMap::new()))
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        self.tree.borrow_mut().create(path, Kind::File(contents.into()))
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        let mut tree = self.tree.borrow_mut();
        match tree.node(path)?.kind {
            Kind::Dir(_) => Err(FsError::IsADirectory),
            Kind::File(_) => tree.remove(path),
        }
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        let mut tree = self.tree.borrow_mut();
        if !tree.node(path)?.names()?.is_empty() {
            return Err(FsError::NotEmpty);
        }
        tree.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.tree.borrow_mut().rename(from, to)
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        let tree = self.tree.borrow();
        Ok(tree.node(dir)?.names()?.keys().cloned().collect())
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        match &self.tree.borrow().node(file)?.kind {
            Kind::Dir(_) => Err(FsError::IsADirectory),
            Kind::File(contents) => Ok(contents.clone()),
        }
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        let mut tree = self.tree.borrow_mut();
        tree.node(path)?;
        let now = tree.step();
        tree.node_mut(path)?.changed = now;
        Ok(())
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        let changed = self.tree.borrow().node(path)?.changed;
        Ok(Timestamp::new(changed))
    }
}

/// The tree, as [`MemFs`] writes it.
impl fmt::Debug for MemFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}

impl fmt::Display for MemFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, entry) in self.entries() {
            match entry {
                Entry::Dir => writeln!(f, "{path}/")?,
                Entry::File(contents) if contents.is_empty() => writeln!(f, "{path}")?,
                Entry::File(contents) => writeln!(f, "{path} \"{}\"", contents.escape_ascii())?,
            }
        }
        Ok(())
    }
}

/// All entries, and the time of the last change.
#[derive(Clone, Default)]
struct Tree {
    root: Node,
    now: Duration,
}

/// One entry, with everything below it.
#[derive(Clone)]
struct Node {
    kind: Kind,
    changed: Duration,
}

#[derive(Clone)]
enum Kind {
    Dir(BTreeMap<Name, Node>),
    File(Vec<u8>),
}

impl Tree {
    fn node(&self, path: &Path) -> Result<&Node, FsError> {
        path.names().iter().try_fold(&self.root, |node, name| node.names()?.get(name).ok_or(FsError::NotFound))
    }

    fn node_mut(&mut self, path: &Path) -> Result<&mut Node, FsError> {
        path.names()
            .iter()
            .try_fold(&mut self.root, |node, name| node.names_mut()?.get_mut(name).ok_or(FsError::NotFound))
    }

    fn create(&mut self, path: &Path, kind: Kind) -> Result<(), FsError> {
        let (dir, name) = path.split_last().ok_or(FsError::AlreadyExists)?;
        if self.node(&dir)?.names()?.contains_key(name) {
            return Err(FsError::AlreadyExists);
        }
        let changed = self.step();
        self.put(&dir, name, Node { kind, changed })
    }

    fn remove(&mut self, path: &Path) -> Result<(), FsError> {
        let (dir, name) = path.split_last().ok_or(FsError::PermissionDenied)?;
        self.step();
        self.take(&dir, name).map(|_| ())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<(), FsError> {
        let (from_dir, from_name) = from.split_last().ok_or(FsError::IntoItself)?;
        let source = self.node(&from_dir)?.names()?.get(from_name);
        // Onto the root: an ancestor of whatever is moved.
        let (to_dir, to_name) = to.split_last().ok_or(source.map_or(FsError::NotFound, |_| FsError::NotEmpty))?;
        let target = self.node(&to_dir)?.names()?.get(to_name);
        let source = source.ok_or(FsError::NotFound)?;
        if from == to {
            return Ok(());
        }
        if to_dir.starts_with(from) {
            return Err(FsError::IntoItself);
        }
        if from_dir.starts_with(to) {
            return Err(FsError::NotEmpty);
        }
        if let Some(target) = target {
            source.may_replace(target)?;
        }
        self.step();
        let moved = self.take(&from_dir, from_name)?;
        self.put(&to_dir, to_name, moved)
    }

    /// The time of a change that happens now.
    fn step(&mut self) -> Duration {
        self.now = self.now.saturating_add(MemFs::STEP);
        self.now
    }

    fn put(&mut self, dir: &Path, name: &Name, node: Node) -> Result<(), FsError> {
        let now = self.now;
        let dir = self.node_mut(dir)?;
        dir.names_mut()?.insert(name.clone(), node);
        dir.changed = now;
        Ok(())
    }

    fn take(&mut self, dir: &Path, name: &Name) -> Result<Node, FsError> {
        let now = self.now;
        let dir = self.node_mut(dir)?;
        let node = dir.names_mut()?.remove(name).ok_or(FsError::NotFound)?;
        dir.changed = now;
        Ok(node)
    }
}

impl Default for Node {
    fn default() -> Self {
        Self { kind: Kind::Dir(BTreeMap::new()), changed: Duration::ZERO }
    }
}

impl Node {
    fn names(&self) -> Result<&BTreeMap<Name, Node>, FsError> {
        match &self.kind {
            Kind::Dir(names) => Ok(names),
            Kind::File(_) => Err(FsError::NotADirectory),
        }
    }

    fn names_mut(&mut self) -> Result<&mut BTreeMap<Name, Node>, FsError> {
        match &mut self.kind {
            Kind::Dir(names) => Ok(names),
            Kind::File(_) => Err(FsError::NotADirectory),
        }
    }

    /// What a rename asks before this entry takes the place of `target`.
    fn may_replace(&self, target: &Self) -> Result<(), FsError> {
        match (&self.kind, &target.kind) {
            (Kind::File(_), Kind::Dir(_)) => Err(FsError::IsADirectory),
            (Kind::Dir(_), Kind::File(_)) => Err(FsError::NotADirectory),
            (Kind::Dir(_), Kind::Dir(names)) if !names.is_empty() => Err(FsError::NotEmpty),
            _ => Ok(()),
        }
    }

    fn gather(&self, path: &Path, found: &mut Vec<(Path, Entry)>) {
        let Kind::Dir(names) = &self.kind else {
            return;
        };
        for (name, node) in names {
            let path = path.join(name);
            let entry = match &node.kind {
                Kind::Dir(_) => Entry::Dir,
                Kind::File(contents) => Entry::File(contents.clone()),
            };
            found.push((path.clone(), entry));
            node.gather(&path, found);
        }
    }
}
