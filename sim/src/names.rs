//! Names and paths as small numbers, so that the search never touches a string.

use lockwright_kernel::path::{Name, Path};
use rustc_hash::FxHashMap;

/// A path's number. [`ROOT`] is the root; the others are given out as paths come up.
pub(crate) type PathId = u16;

/// A name's number.
pub(crate) type NameId = u16;

/// The root directory.
pub(crate) const ROOT: PathId = 0;

/// Where a walk ends that went into a directory which is no more.
pub(crate) const DEAD: PathId = PathId::MAX;

/// The numbers of all names and paths that came up so far.
#[derive(Debug)]
pub(crate) struct Names {
    spelled: Vec<Name>,
    name_ids: FxHashMap<Name, NameId>,
    // invariant: a parent comes before its entries, so its number is smaller
    paths: Vec<Known>,
    path_ids: FxHashMap<(PathId, NameId), PathId>,
    rebased: FxHashMap<[PathId; 3], PathId>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    parent: PathId,
    name: NameId,
    depth: u8,
}

impl Names {
    pub(crate) fn new() -> Self {
        let root = Known { parent: ROOT, name: 0, depth: 0 };
        Self {
            spelled: Vec::new(),
            name_ids: FxHashMap::default(),
            paths: vec![root],
            path_ids: FxHashMap::default(),
            rebased: FxHashMap::default(),
        }
    }

    pub(crate) fn name_id(&mut self, name: &Name) -> NameId {
        if let Some(&id) = self.name_ids.get(name) {
            return id;
        }
        let id = number(self.spelled.len());
        self.spelled.push(name.clone());
        self.name_ids.insert(name.clone(), id);
        id
    }

    pub(crate) fn path_id(&mut self, path: &Path) -> PathId {
        path.names().iter().fold(ROOT, |dir, name| {
            let name = self.name_id(name);
            self.join(dir, name)
        })
    }

    pub(crate) fn join(&mut self, dir: PathId, name: NameId) -> PathId {
        if let Some(&id) = self.path_ids.get(&(dir, name)) {
            return id;
        }
        let id = number(self.paths.len());
        let depth = self.depth(dir) + 1;
        self.paths.push(Known { parent: dir, name, depth });
        self.path_ids.insert((dir, name), id);
        id
    }

    /// `path` with its beginning `from` replaced by `to`. `path` is `from` or lies below it.
    pub(crate) fn rebase(&mut self, path: PathId, from: PathId, to: PathId) -> PathId {
        if path == from {
            return to;
        }
        if let Some(&id) = self.rebased.get(&[path, from, to]) {
            return id;
        }
        let dir = self.rebase(self.parent(path), from, to);
        let id = self.join(dir, self.name(path));
        self.rebased.insert([path, from, to], id);
        id
    }

    pub(crate) fn parent(&self, path: PathId) -> PathId {
        self.paths[usize::from(path)].parent
    }

    pub(crate) fn name(&self, path: PathId) -> NameId {
        self.paths[usize::from(path)].name
    }

    /// How many names lead from the root to `path`.
    pub(crate) fn depth(&self, path: PathId) -> u8 {
        self.paths[usize::from(path)].depth
    }

    /// True when `path` is `dir` or lies below it.
    pub(crate) fn is_within(&self, mut path: PathId, dir: PathId) -> bool {
        while self.depth(path) > self.depth(dir) {
            path = self.parent(path);
        }
        path == dir
    }

    pub(crate) fn spell_name(&self, name: NameId) -> &Name {
        &self.spelled[usize::from(name)]
    }

    pub(crate) fn spell(&self, path: PathId) -> Path {
        if path == ROOT {
            return Path::root();
        }
        self.spell(self.parent(path)).join(self.spell_name(self.name(path)))
    }
}

/// The next number; [`DEAD`] is never given out.
fn number(count: usize) -> u16 {
    assert!(count < usize::from(DEAD), "a scenario has more than {DEAD} names or paths");
    u16::try_from(count).unwrap_or(DEAD)
}
