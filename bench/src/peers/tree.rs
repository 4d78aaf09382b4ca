//! What is on disk in the hand-written model: one bit for each entry that there can be.

/// An id: a client's process. Its number counts the client's crashes too.
pub type Id = u8;

/// Ids are less than this.
pub const IDS_MAX: usize = 10;

/// An entry below `lock` that there is one of for each id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `build/<id>/`
    Proposal,
    /// `build/<id>/owner/`
    ProposedOwner,
    /// `build/<id>/owner/<id>`
    ProposedLeaf,
    /// `build/<id>/gone/`
    Gone,
    /// `build/<id>/gone/<id>`
    GoneLeaf,
    /// `owner/<id>`
    Leaf,
}

impl Entry {
    const ALL: [Self; 6] =
        [Self::Proposal, Self::ProposedOwner, Self::ProposedLeaf, Self::Gone, Self::GoneLeaf, Self::Leaf];
}

/// What came of a rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It was done.
    Done,
    /// There was nothing to rename.
    NotFound,
    /// There was something in the way.
    NotEmpty,
}

/// The tree. An entry is there only while the directory that holds it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree(u64);

const LOCK: u64 = 1;
const BUILD: u64 = 1 << 1;
const OWNER: u64 = 1 << 2;
const FIRST: usize = 3;
const IDS: u64 = (1 << IDS_MAX) - 1;

fn bit(entry: Entry, id: Id) -> u64 {
    1 << (FIRST + entry as usize * IDS_MAX + usize::from(id))
}

impl Tree {
    /// Nothing is on disk.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the entry is there.
    #[must_use]
    pub fn has(self, entry: Entry, id: Id) -> bool {
        self.0 & bit(entry, id) != 0
    }

    /// Whether `build` is there.
    #[must_use]
    pub fn has_build(self) -> bool {
        self.0 & BUILD != 0
    }

    /// Whether `owner` is there.
    #[must_use]
    pub fn has_owner(self) -> bool {
        self.0 & OWNER != 0
    }

    /// The ids that have the entry, one bit each.
    #[must_use]
    pub fn ids(self, entry: Entry) -> u16 {
        u16::try_from(self.0 >> bit(entry, 0).trailing_zeros() & IDS).unwrap_or(u16::MAX)
    }

    /// Makes `lock`.
    pub fn make_lock(&mut self) {
        self.0 |= LOCK;
    }

    /// Makes `build`; false when `lock` is not there.
    pub fn make_build(&mut self) -> bool {
        self.make(LOCK, BUILD)
    }

    /// Makes `build/<id>`; false when `build` is not there.
    pub fn make_proposal(&mut self, id: Id) -> bool {
        self.make(BUILD, bit(Entry::Proposal, id))
    }

    /// Makes `build/<id>/owner`; false when `build/<id>` is not there.
    pub fn make_proposed_owner(&mut self, id: Id) -> bool {
        self.make(bit(Entry::Proposal, id), bit(Entry::ProposedOwner, id))
    }

    /// Makes `build/<id>/owner/<id>`; false when its directory is not there.
    pub fn sign(&mut self, id: Id) -> bool {
        self.make(bit(Entry::ProposedOwner, id), bit(Entry::ProposedLeaf, id))
    }

    /// Renames `build/<id>/owner` to `owner`, which may be there if it is empty.
    pub fn move_in(&mut self, id: Id) -> Moved {
        if !self.has(Entry::ProposedOwner, id) {
            return Moved::NotFound;
        }
        if self.ids(Entry::Leaf) != 0 {
            return Moved::NotEmpty;
        }
        self.0 |= OWNER;
        self.rename(id, [Entry::ProposedLeaf, Entry::Leaf]);
        Moved::Done
    }

    /// Renames `build/<id>/owner` to `build/<id>/gone`, if that is possible.
    pub fn put_aside(&mut self, id: Id) {
        if self.has(Entry::ProposedOwner, id) && !self.has(Entry::GoneLeaf, id) {
            self.0 |= bit(Entry::Gone, id);
            self.rename(id, [Entry::ProposedLeaf, Entry::GoneLeaf]);
        }
    }

    /// Removes `owner/<id>` or `build/<id>/gone/<id>`; false when it is not there.
    pub fn remove_leaf(&mut self, leaf: Entry, id: Id) -> bool {
        let was_there = self.has(leaf, id);
        self.0 &= !bit(leaf, id);
        was_there
    }

    /// Removes `build/<id>/gone` if it is empty.
    pub fn discard_gone(&mut self, id: Id) {
        self.discard(bit(Entry::Gone, id), bit(Entry::GoneLeaf, id));
    }

    /// Removes `build/<id>` if it is empty.
    pub fn discard_proposal(&mut self, id: Id) {
        self.discard(bit(Entry::Proposal, id), bit(Entry::ProposedOwner, id) | bit(Entry::Gone, id));
    }

    /// Removes `build` if it is empty.
    pub fn discard_build(&mut self) {
        self.discard(BUILD, IDS * bit(Entry::Proposal, 0));
    }

    /// Removes `owner` if it is empty.
    pub fn discard_owner(&mut self) {
        self.discard(OWNER, IDS * bit(Entry::Leaf, 0));
    }

    /// Removes `lock` if it is empty.
    pub fn discard_lock(&mut self) {
        self.discard(LOCK, BUILD | OWNER);
    }

    /// The same tree with other ids: those in a set become those in `renamed` of it.
    #[must_use]
    pub fn renamed(self, renamed: impl Fn(u16) -> u16) -> Self {
        let dirs = self.0 & (LOCK | BUILD | OWNER);
        let shifted = |entry| u64::from(renamed(self.ids(entry))) * bit(entry, 0);
        Self(Entry::ALL.into_iter().fold(dirs, |tree, entry| tree | shifted(entry)))
    }

    fn make(&mut self, parent: u64, entry: u64) -> bool {
        let possible = self.0 & parent != 0;
        if possible {
            self.0 |= entry;
        }
        possible
    }

    fn discard(&mut self, dir: u64, contents: u64) {
        if self.0 & contents == 0 {
            self.0 &= !dir;
        }
    }

    /// Takes `build/<id>/owner` away from where it is, and its leaf, if it has one, to where it goes.
    fn rename(&mut self, id: Id, [leaf, to]: [Entry; 2]) {
        if self.remove_leaf(leaf, id) {
            self.0 |= bit(to, id);
        }
        self.0 &= !bit(Entry::ProposedOwner, id);
    }
}
