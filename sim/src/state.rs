//! A state of the world: the tree on disk, and where each process is in its attempt. A plain value.

mod budgets;
mod late;
mod memory;

use budgets::{read_faults, write_faults};
pub(crate) use late::{Copies, Effect, Late};
use late::{read_late, write_late};
pub(crate) use memory::{Memory, Remembered, Was};
use memory::{read_remembered, write_memory};
use smallvec::SmallVec;

use crate::{
    history::NodeId,
    linear::{TesterId, UNTESTED},
    miss::Miss,
    names::{DEAD, IdNo, NameId, Names, PathId},
    resource::Resource,
    scenario::Faults,
    times::Times,
    tree::{Change, Entries, Node, Tree},
    watching::Watching,
};

/// The whole world at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The faults that may still happen.
    pub(crate) left: Faults,
    pub(crate) tree: Tree,
    /// What a power cut would go back to; none for the empty tree of the beginning, and when there is no cut to come.
    pub(crate) durable: Option<Box<Durable>>,
    /// Where time is counted.
    pub(crate) times: Option<Box<Times>>,
    /// What is known of the order of operations.
    pub(crate) tester: TesterId,
    /// Where the lock protects one.
    pub(crate) resource: Option<Box<Resource>>,
    /// The copies of calls that a server may execute yet.
    pub(crate) late: Copies,
    /// What hosts remember of names that is not so any more, in order; nothing where nobody may answer by it.
    pub(crate) memory: Memory,
    pub(crate) processes: Processes,
}

/// The tree that a power cut goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Durable {
    pub(crate) tree: Tree,
    /// True when it was committed since the last cut, so that there is no need of another commit.
    pub(crate) is_new: bool,
}

/// So many processes cost no allocation.
pub(crate) type Processes = SmallVec<[Process; 6]>;

/// A client's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// How often this client crashed.
    pub(crate) incarnation: u8,
    /// How often this client took the lock and gave it back, as far as that is counted.
    pub(crate) rounds: u8,
    /// The answers its attempt has had.
    pub(crate) history: NodeId,
    pub(crate) call: InCall,
    pub(crate) watching: Watching,
}

/// How far the process's next call has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InCall {
    /// Not begun, as far as anybody can tell.
    Before,
    /// Its walk took hold of a directory that has been moved or removed since.
    Walked([Place; 2]),
    /// A listing of an open directory.
    Listing(Box<Listing>),
    /// A file ([`DEAD`] when that is gone) whose name is made and whose contents are to come.
    Writing { file: PathId },
}

/// A listing that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The open directory, or [`DEAD`] when that is gone.
    pub(crate) dir: PathId,
    // invariant: both are sorted
    /// What stood all the time.
    pub(crate) stood: Listed,
    /// What came or went.
    pub(crate) fleeting: Listed,
}

/// So many names cost no allocation of their own.
pub(crate) type Listed = SmallVec<[NameId; 8]>;

/// Where one path of a call leads now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathId,
    /// So many directories on the way, counted from the root, were walked to already.
    pub(crate) held: u8,
}

impl Place {
    pub(crate) const GONE: Self = Self { path: DEAD, held: 0 };

    /// A path of which nothing was walked yet.
    pub(crate) fn ahead(path: PathId) -> Self {
        Self { path, held: 0 }
    }

    /// The same place, to which all directories were walked.
    pub(crate) fn walked(self, names: &Names) -> Self {
        let held = if self.path == DEAD { 0 } else { names.depth(names.parent(self.path)) };
        Self { held, ..self }
    }

    /// Follows a change of a directory that the walk holds.
    pub(crate) fn follow(self, names: &Names, change: Change) -> Result<Self, Miss> {
        Ok(match change {
            _ if self.path == DEAD => self,
            Change::Removed(path, _) if self.holds(names, path) => Self::GONE,
            Change::Moved { from, .. } if self.holds(names, from) => self.moved(names, change)?,
            Change::Moved { to, replaced: Some(_), .. } if self.holds(names, to) => Self::GONE,
            _ => self,
        })
    }

    /// Where the path leads if its walk had just taken hold of the directory that was moved or replaced; `None` when
    /// it does not lead through one, or holds it anyway.
    pub(crate) fn taken_along(self, names: &Names, change: Change) -> Result<Option<Self>, Miss> {
        let Change::Moved { from, to, replaced } = change else { return Ok(None) };
        if self.path == DEAD {
            return Ok(None);
        }
        let parent = names.parent(self.path);
        if names.is_within(parent, from) {
            return if self.holds(names, from) { Ok(None) } else { self.moved(names, change).map(Some) };
        }
        Ok((replaced.is_some() && parent == to && !self.holds(names, to)).then_some(Self::GONE))
    }

    fn holds(self, names: &Names, dir: PathId) -> bool {
        self.held >= names.depth(dir) && names.is_within(names.parent(self.path), dir)
    }

    fn moved(self, names: &Names, change: Change) -> Result<Self, Miss> {
        let Change::Moved { from, to, .. } = change else { return Ok(self) };
        let below = self.held.saturating_sub(names.depth(from));
        Ok(Self { path: names.rebase(self.path, from, to)?, held: names.depth(to) + below })
    }
}

impl InCall {
    /// What a change by somebody else does to a call that has begun.
    pub(crate) fn notice(&mut self, names: &Names, change: Change) -> Result<(), Miss> {
        match self {
            Self::Before => {}
            Self::Walked(places) => {
                for place in places {
                    *place = place.follow(names, change)?;
                }
            }
            Self::Listing(listing) => {
                let Listing { dir, stood, fleeting } = &mut **listing;
                note_entries(names, *dir, change, stood, fleeting);
                *dir = follow_open(names, *dir, change)?;
            }
            Self::Writing { file } => *file = follow_open(names, *file, change)?,
        }
        Ok(())
    }
}

/// Where an open file or directory is after a change.
pub(crate) fn follow_open(names: &Names, open: PathId, change: Change) -> Result<PathId, Miss> {
    Ok(match change {
        _ if open == DEAD => DEAD,
        Change::Removed(path, _) if path == open => DEAD,
        Change::Moved { from, to, .. } if names.is_within(open, from) => names.rebase(open, from, to)?,
        Change::Moved { to, replaced: Some(_), .. } if to == open => DEAD,
        _ => open,
    })
}

/// What a listing of `dir` that is under way may show of a change.
fn note_entries(names: &Names, dir: PathId, change: Change, stood: &mut Listed, fleeting: &mut Listed) {
    if dir == DEAD {
        return;
    }
    let mut went = |path: PathId| {
        if names.parent(path) == dir {
            let name = names.name(path);
            stood.retain(|stays| *stays != name);
            insert(fleeting, name);
        }
    };
    match change {
        Change::Added(path) => came(names, dir, path, stood, fleeting),
        Change::Removed(path, _) => went(path),
        Change::Moved { from, to, .. } => {
            went(from);
            came(names, dir, to, stood, fleeting);
        }
    }
}

/// An entry that replaced another stood all the time: a rename leaves no moment without the name.
fn came(names: &Names, dir: PathId, path: PathId, stood: &[NameId], fleeting: &mut Listed) {
    if names.parent(path) == dir && !stood.contains(&names.name(path)) {
        insert(fleeting, names.name(path));
    }
}

fn insert(sorted: &mut Listed, name: NameId) {
    if let Err(at) = sorted.binary_search(&name) {
        sorted.insert(at, name);
    }
}

/// Under which names a state is written down.
pub(crate) trait Naming {
    /// True when every name stays as it is, and so what is sorted stays sorted.
    const KEEPS: bool = false;

    fn path(&self, path: PathId) -> Result<PathId, Miss>;
    fn name(&self, name: NameId) -> NameId;
    fn node(&self, node: Node) -> Node;
    fn history(&self, history: NodeId) -> Result<NodeId, Miss>;
    /// The client that comes at `place`.
    fn client_at(&self, place: usize) -> usize;
    fn incarnation(&self, incarnation: u8) -> u8;
}

/// The names that it has.
pub(crate) struct OwnNames;

impl Naming for OwnNames {
    const KEEPS: bool = true;

    fn path(&self, path: PathId) -> Result<PathId, Miss> {
        Ok(path)
    }
    fn name(&self, name: NameId) -> NameId {
        name
    }
    fn node(&self, node: Node) -> Node {
        node
    }
    fn history(&self, history: NodeId) -> Result<NodeId, Miss> {
        Ok(history)
    }
    fn client_at(&self, place: usize) -> usize {
        place
    }
    fn incarnation(&self, incarnation: u8) -> u8 {
        incarnation
    }
}

impl State {
    /// True when nothing can go wrong any more.
    pub(crate) fn is_calm(&self) -> bool {
        self.left.is_none() && self.late.is_empty()
    }

    /// True when this process is a client's present one.
    pub(crate) fn lives(&self, id: IdNo) -> bool {
        let process = self.processes.get(usize::from(id.client()));
        process.is_some_and(|process| process.incarnation == id.incarnation())
    }

    /// Writes this state down as numbers. Equal states, and no others, give equal numbers.
    pub(crate) fn encode(&self, out: &mut Vec<u16>) {
        if self.encode_as(&OwnNames, out).is_err() {
            unreachable!("its own names are known");
        }
    }

    /// Writes this state down as it is under other names.
    pub(crate) fn encode_as(&self, naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
        out.clear();
        write_faults(self.left, out);
        write_tree(&self.tree, naming, out)?;
        if self.left.cuts > 0 {
            match &self.durable {
                None => out.push(0),
                Some(durable) => {
                    out.push(1 + u16::from(durable.is_new));
                    write_tree(&durable.tree, naming, out)?;
                }
            }
        }
        let [times, tester, resource] = [self.times.is_some(), self.tester != UNTESTED, self.resource.is_some()];
        let [late, memory] = [!self.late.is_empty(), !self.memory.is_empty()];
        let parts = [times, tester, resource, late, memory];
        out.push((0..).zip(parts).fold(0, |has, (bit, part)| has | u16::from(part) << bit));
        if late {
            write_late(&self.late, naming, out)?;
        }
        if memory {
            write_memory(&self.memory, naming, out)?;
        }
        if self.tester != UNTESTED {
            write_wide(out, self.tester);
        }
        if let Some(times) = &self.times {
            times.encode(naming, out)?;
        }
        if let Some(resource) = &self.resource {
            resource.encode(naming, out);
        }
        for place in 0..self.processes.len() {
            self.processes[naming.client_at(place)].encode(naming, out)?;
        }
        Ok(())
    }

    /// Reads back what [`State::encode`] wrote.
    pub(crate) fn decode(numbers: &[u16]) -> Self {
        let input = &mut numbers.iter().copied();
        let left = read_faults(input);
        let tree = read_tree(input);
        let kept = if left.cuts > 0 { next(input) } else { 0 };
        let durable = (kept > 0).then(|| Box::new(Durable { tree: read_tree(input), is_new: kept > 1 }));
        let has = next(input);
        let late = if has & 8 > 0 { read_list(input, read_late) } else { Copies::new() };
        let memory = if has & 16 > 0 { read_list(input, read_remembered) } else { Memory::new() };
        let tester = if has & 2 > 0 { read_wide(input) } else { UNTESTED };
        let times = (has & 1 > 0).then(|| Box::new(Times::decode(|| next(input))));
        let resource = (has & 4 > 0).then(|| Box::new(Resource::decode(|| next(input))));
        let mut processes = Processes::new();
        while input.len() > 0 {
            processes.push(Process::decode(input));
        }
        Self { left, tree, durable, times, tester, resource, late, memory, processes }
    }
}

impl Process {
    fn encode(&self, naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
        let kind = match &self.call {
            InCall::Before => 0,
            InCall::Walked(_) => 1,
            InCall::Listing(_) => 2,
            InCall::Writing { .. } => 3,
        };
        let watches = u16::from(!self.watching.is_empty());
        let counts = u16::from(self.rounds) << 8 | u16::from(naming.incarnation(self.incarnation));
        out.push(counts << 3 | watches << 2 | kind);
        write_wide(out, naming.history(self.history)?);
        match &self.call {
            InCall::Before => {}
            InCall::Walked(places) => {
                for place in places {
                    out.push(naming.path(place.path)?);
                    out.push(place.held.into());
                }
            }
            InCall::Listing(listing) => {
                out.push(naming.path(listing.dir)?);
                for names in [&listing.stood, &listing.fleeting] {
                    let mut names: Listed = names.iter().map(|name| naming.name(*name)).collect();
                    names.sort_unstable();
                    write_list(out, &names, |out, name| out.push(*name));
                }
            }
            InCall::Writing { file } => out.push(naming.path(*file)?),
        }
        if self.watching.is_empty() { Ok(()) } else { self.watching.encode(naming, out) }
    }

    fn decode(input: &mut impl Iterator<Item = u16>) -> Self {
        let head = next(input);
        let history = read_wide(input);
        let place = |input: &mut _| Place { path: next(input), held: byte(next(input)) };
        let call = match head & 3 {
            0 => InCall::Before,
            1 => InCall::Walked([place(input), place(input)]),
            2 => {
                let dir = next(input);
                let [stood, fleeting]: [Listed; 2] = [(); 2].map(|()| read_list(input, next));
                InCall::Listing(Box::new(Listing { dir, stood, fleeting }))
            }
            _ => InCall::Writing { file: next(input) },
        };
        let watching = if head & 4 == 0 { Watching::default() } else { Watching::decode(|| next(input)) };
        Self { incarnation: byte(head >> 3 & 0xff), rounds: byte(head >> 11), history, call, watching }
    }
}

fn write_tree<N: Naming>(tree: &Tree, naming: &N, out: &mut Vec<u16>) -> Result<(), Miss> {
    let write = |out: &mut Vec<u16>, (path, node): &(PathId, Node)| {
        out.push(*path);
        out.push(match node {
            Node::Dir => 0,
            Node::File(contents) => contents + 1,
        });
    };
    if N::KEEPS {
        write_list(out, tree.entries(), write);
        return Ok(());
    }
    let mut entries = Entries::new();
    for &(path, node) in tree.entries() {
        entries.push((naming.path(path)?, naming.node(node)));
    }
    entries.sort_unstable();
    write_list(out, &entries, write);
    Ok(())
}

fn read_tree<I: Iterator<Item = u16>>(input: &mut I) -> Tree {
    let entry = |input: &mut I| {
        let path = next(input);
        let node = match next(input) {
            0 => Node::Dir,
            contents => Node::File(contents - 1),
        };
        (path, node)
    };
    Tree::from_entries(read_list(input, entry))
}

fn write_list<T>(out: &mut Vec<u16>, items: &[T], write: impl Fn(&mut Vec<u16>, &T)) {
    let count = u16::try_from(items.len()).unwrap_or_else(|_| unreachable!("paths are u16"));
    out.push(count);
    for item in items {
        write(out, item);
    }
}

fn read_list<I: Iterator<Item = u16>, T, L: FromIterator<T>>(input: &mut I, read: impl Fn(&mut I) -> T) -> L {
    let count = next(input);
    (0..count).map(|_| read(input)).collect()
}

fn write_wide(out: &mut Vec<u16>, number: u32) {
    let [a, b, c, d] = number.to_le_bytes();
    out.extend([u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])]);
}

fn read_wide(input: &mut impl Iterator<Item = u16>) -> u32 {
    let [[a, b], [c, d]] = [next(input), next(input)].map(u16::to_le_bytes);
    u32::from_le_bytes([a, b, c, d])
}

fn next(input: &mut impl Iterator<Item = u16>) -> u16 {
    input.next().unwrap_or_else(|| unreachable!("a state is read as it was written"))
}

fn byte(number: u16) -> u8 {
    u8::try_from(number).unwrap_or_else(|_| unreachable!("it was written from a byte"))
}
