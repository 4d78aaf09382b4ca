//! Names and paths as small numbers, so that the search never touches a string.

use lockwright_kernel::path::{Name, Path};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{miss::Miss, scenario};

/// A path's number. [`ROOT`] is the root; the others are given out as paths come up.
pub(crate) type PathId = u16;

/// A name's number.
pub(crate) type NameId = u16;

/// The root directory.
pub(crate) const ROOT: PathId = 0;

/// Where a walk ends that went into a directory which is no more.
pub(crate) const DEAD: PathId = PathId::MAX;

/// What stands for the name of one who lives, where it makes no difference who. No entry is named so.
pub(crate) const SOMEBODY: NameId = 0;

/// The number of a process id; there are [`IdNo::COUNT`] of those that a search may give other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdNo(pub(crate) u8);

impl IdNo {
    pub(crate) const CLIENTS: usize = 8;
    const INCARNATIONS: usize = 8;
    pub(crate) const COUNT: usize = Self::CLIENTS * Self::INCARNATIONS;

    /// The number of a client's process. Later clients and processes have none.
    pub(crate) fn new(client: u8, incarnation: u8) -> Option<Self> {
        let [client, incarnation] = [client, incarnation].map(usize::from);
        let has_one = client < Self::CLIENTS && incarnation < Self::INCARNATIONS;
        has_one.then(|| Self::of(client * Self::INCARNATIONS + incarnation))
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self::of)
    }

    pub(crate) fn client(self) -> u8 {
        self.0 / 8
    }

    pub(crate) fn incarnation(self) -> u8 {
        self.0 % 8
    }

    pub(crate) fn at(self) -> usize {
        usize::from(self.0)
    }

    fn of(at: usize) -> Self {
        Self(u8::try_from(at).unwrap_or_else(|_| unreachable!("there are {} ids", Self::COUNT)))
    }
}

/// A set of ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct IdSet(pub(crate) u64);

impl IdSet {
    pub(crate) fn insert(&mut self, id: IdNo) {
        self.0 |= 1 << id.0;
    }

    pub(crate) fn contains(self, id: IdNo) -> bool {
        self.0 & 1 << id.0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, id: IdNo) -> Self {
        Self(self.0 & !(1 << id.0))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = IdNo> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let id = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(IdNo::of(id))
        })
    }
}

impl FromIterator<IdNo> for IdSet {
    fn from_iter<I: IntoIterator<Item = IdNo>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

/// The numbers of all names and paths that came up so far.
#[derive(Debug)]
pub(crate) struct Names {
    spelled: Vec<(Name, Option<IdNo>)>,
    name_ids: FxHashMap<Name, NameId>,
    // invariant: a parent comes before its entries, so its number is smaller
    paths: Vec<Known>,
    path_ids: FxHashMap<(PathId, NameId), PathId>,
}

#[derive(Clone, Debug)]
struct Known {
    parent: PathId,
    name: NameId,
    depth: u8,
    /// The ids that are names on the way.
    ids: IdSet,
    /// For each of these ids, where it stands among which other names: the same for paths that differ in ids only.
    marks: SmallVec<[(IdNo, u64); 2]>,
}

impl Names {
    pub(crate) fn new() -> Self {
        let root = Known { parent: ROOT, name: 0, depth: 0, ids: IdSet::default(), marks: SmallVec::new() };
        let somebody = "somebody".parse().unwrap_or_else(|_| unreachable!("it is a name"));
        Self {
            spelled: vec![(somebody, None)],
            name_ids: FxHashMap::default(),
            paths: vec![root],
            path_ids: FxHashMap::default(),
        }
    }

    pub(crate) fn name_id(&mut self, name: &Name) -> NameId {
        if let Some(&id) = self.name_ids.get(name) {
            return id;
        }
        let id = number(self.spelled.len());
        let process = scenario::parse_id(&name.clone().into());
        let process = process.and_then(|(client, incarnation)| IdNo::new(client, incarnation));
        self.spelled.push((name.clone(), process));
        self.name_ids.insert(name.clone(), id);
        id
    }

    pub(crate) fn path_id(&mut self, path: &Path) -> PathId {
        path.names().iter().fold(ROOT, |dir, name| {
            let name = self.name_id(name);
            self.make(dir, name)
        })
    }

    /// Gives the entry `name` of `dir` a number.
    pub(crate) fn make(&mut self, dir: PathId, name: NameId) -> PathId {
        if let Some(&id) = self.path_ids.get(&(dir, name)) {
            return id;
        }
        let id = number(self.paths.len());
        let Known { depth, mut ids, .. } = self.paths[usize::from(dir)];
        if let Some(process) = self.id_named(name) {
            ids.insert(process);
        }
        let marks = self.marks(dir, name, ids);
        self.paths.push(Known { parent: dir, name, depth: depth + 1, ids, marks });
        self.path_ids.insert((dir, name), id);
        id
    }

    fn marks(&self, dir: PathId, name: NameId, ids: IdSet) -> SmallVec<[(IdNo, u64); 2]> {
        let (mut way, mut at) = (vec![name], dir);
        while at != ROOT {
            way.push(self.name(at));
            at = self.parent(at);
        }
        let mark = |own: IdNo| {
            way.iter().fold(1, |mark, name| match self.id_named(*name) {
                Some(id) => mix(mark, u64::MAX - u64::from(id == own)),
                None => mix(mark, u64::from(*name)),
            })
        };
        ids.iter().map(|id| (id, mark(id))).collect()
    }

    /// For each id on the way to `path`, where it stands among which other names: the same for paths that differ in ids
    /// only.
    pub(crate) fn marks_on(&self, path: PathId) -> &[(IdNo, u64)] {
        &self.paths[usize::from(path)].marks
    }

    /// A number for `path` that says nothing of its ids.
    pub(crate) fn shape(&self, path: PathId) -> u64 {
        if path == ROOT {
            return 1;
        }
        let name = self.name(path);
        mix(self.shape(self.parent(path)), self.id_named(name).map_or(u64::from(name), |_| u64::MAX))
    }

    pub(crate) fn join(&self, dir: PathId, name: NameId) -> Result<PathId, Miss> {
        self.path_ids.get(&(dir, name)).copied().ok_or(Miss::Path(dir, name))
    }

    /// `path` with its beginning `from` replaced by `to`. `path` is `from` or lies below it.
    pub(crate) fn rebase(&self, path: PathId, from: PathId, to: PathId) -> Result<PathId, Miss> {
        if path == from {
            return Ok(to);
        }
        self.join(self.rebase(self.parent(path), from, to)?, self.name(path))
    }

    /// All paths, in the order of their numbers.
    pub(crate) fn all_paths(&self) -> impl Iterator<Item = PathId> {
        (0..DEAD).take(self.paths.len())
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

    /// The ids that are names on the way to `path`.
    pub(crate) fn ids_in(&self, path: PathId) -> IdSet {
        self.paths[usize::from(path)].ids
    }

    /// The id that `name` is.
    pub(crate) fn id_named(&self, name: NameId) -> Option<IdNo> {
        self.spelled[usize::from(name)].1
    }

    /// True when `path` is `dir` or lies below it.
    pub(crate) fn is_within(&self, mut path: PathId, dir: PathId) -> bool {
        while self.depth(path) > self.depth(dir) {
            path = self.parent(path);
        }
        path == dir
    }

    pub(crate) fn spell_name(&self, name: NameId) -> &Name {
        &self.spelled[usize::from(name)].0
    }

    pub(crate) fn spell(&self, path: PathId) -> Path {
        if path == ROOT {
            return Path::root();
        }
        self.spell(self.parent(path)).join(self.spell_name(self.name(path)))
    }
}

/// A number made of two, which says little about either.
pub(crate) fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one ^ 0x9e37_79b9_7f4a_7c15) * u128::from(other ^ 0xd1b5_4a32_d192_ed03);
    let [low @ .., _, _, _, _, _, _, _, _] = product.to_le_bytes();
    let [_, _, _, _, _, _, _, _, high @ ..] = product.to_le_bytes();
    u64::from_le_bytes(low) ^ u64::from_le_bytes(high)
}

/// The next number; [`DEAD`] is never given out.
fn number(count: usize) -> u16 {
    assert!(count < usize::from(DEAD), "a scenario has more than {DEAD} names or paths");
    u16::try_from(count).unwrap_or(DEAD)
}
