//! Symmetry: states that differ in the names of processes only are one state to the search.
//!
//! A state's *ids* are those of the clients' processes, and those of dead processes that something still speaks of. To
//! rename them is to put the clients in another order and to number the dead anew. [`Symmetry::encode`] picks one
//! of the renamings, by what each id is in the state: where its process stands, which entries bear its name, who has
//! heard of it. Dead ids that nothing speaks of any more are left out, so a client that crashed and whose traces are
//! gone is like one that never did.
//!
//! Ids that look alike by all of that, and have to do with nothing else, are alike: it is the same which comes first.
//! Where the numbers that say so are equal by accident, the state has more than one form; then the search is somewhat
//! larger than it must be, and as right.
//!
//! A renamed state's clients run their first processes, and the dead have the numbers after those of the clients.
//!
//! Why it is sound: [`history::exchange`](crate::history) has compared every attempt with itself under other names.

mod images;
mod relabelling;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use images::Images;
pub(crate) use relabelling::{PermId, Relabelling};

use crate::{
    history::{Histories, NodeId},
    miss::Miss,
    names::{DEAD, IdNo, IdSet, NameId, Names, PathId, ROOT, mix},
    plan::Contents,
    state::{InCall, Late, Naming, Process, State, Was},
    tree::Node,
};

/// How ids may be renamed in one scenario, and which renamings have been worked out.
#[derive(Debug)]
pub(crate) struct Symmetry {
    /// What each client is; only those of a kind are alike.
    kinds: Vec<u8>,
    /// The clients in the order of their kinds.
    places: Vec<usize>,
    /// The name of each id.
    id_names: Vec<NameId>,
    /// Ids for the dead, and for those that nothing speaks of.
    pool: Vec<IdNo>,
    numbers: FxHashMap<Relabelling, PermId>,
    known: Vec<Images>,
}

/// The numbering of an id: the smaller, the earlier.
type Rank = u64;

/// What the numbers in a state stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables<'a> {
    pub(crate) names: &'a Names,
    pub(crate) histories: &'a Histories,
}

impl Symmetry {
    pub(crate) fn new(names: &mut Names, kinds: Vec<u8>, pool: Vec<IdNo>) -> Self {
        let id_names = IdNo::all().map(|id| names.name_id(Relabelling::spell(id).name())).collect();
        let mut places: Vec<usize> = (0..kinds.len()).collect();
        places.sort_by_key(|client| kinds[*client]);
        Self { kinds, places, id_names, pool, numbers: FxHashMap::default(), known: Vec::new() }
    }

    /// Forgets what histories are under other ids, since they were merged anew.
    pub(crate) fn forget_nodes(&mut self) {
        self.known.iter_mut().for_each(Images::forget_nodes);
    }

    /// Makes room for what so many paths and histories are under other ids.
    pub(crate) fn make_room(&mut self, paths: usize, nodes: usize) {
        for images in &mut self.known {
            images.make_room(paths, nodes);
        }
    }

    pub(crate) fn relabelling(&self, id: PermId) -> &Relabelling {
        &self.known[usize::from(id)].relabelling
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn relabellings(&self) -> impl Iterator<Item = &Relabelling> {
        self.known.iter().map(|images| &images.relabelling)
    }

    pub(crate) fn learn(&mut self, relabelling: Relabelling) {
        if !self.numbers.contains_key(&relabelling) {
            let number = PermId::try_from(self.known.len()).unwrap_or_else(|_| panic!("more than 65535 renamings"));
            self.numbers.insert(relabelling.clone(), number);
            self.known.push(Images::new(relabelling));
        }
    }

    /// Writes `state` down under other ids, such that states which differ in names only come out as one, if their ids
    /// can be told apart well enough; says which relabelling that is. `None`, and nothing is written, where it is not
    /// known yet how attempts go on under other ids; a search that comes to such a state is begun again.
    pub(crate) fn encode(&self, tables: Tables<'_>, state: &State, out: &mut Vec<u16>) -> Result<Option<PermId>, Miss> {
        if !state.processes.iter().all(|process| tables.histories.is_compared(process.history)) {
            return Ok(None);
        }
        let (relabelling, order) = self.choose(tables, state);
        let by = *self.numbers.get(&relabelling).ok_or(Miss::Relabelling(relabelling))?;
        let renamed = Renamed { symmetry: self, images: &self.known[usize::from(by)], tables, order };
        state.encode_as(&renamed, out)?;
        Ok(Some(by))
    }

    /// The relabelling, and the clients in their new order.
    fn choose(&self, tables: Tables<'_>, state: &State) -> (Relabelling, Order) {
        let present = present(tables, state);
        let ranks = ranks(tables, state);
        let mut relabelling = Relabelling::blank();
        let mut order: SmallVec<[(u8, Rank, usize); IdNo::CLIENTS]> = SmallVec::new();
        for (client, process) in state.processes.iter().enumerate() {
            order.push((self.kinds[client], ranks[own_id(client, process).at()], client));
        }
        order.sort_unstable();
        let mut clients = [0; IdNo::CLIENTS];
        for (&place, (_, _, client)) in self.places.iter().zip(order) {
            relabelling.set(own_id(client, &state.processes[client]), place_id(place));
            clients[place] = client;
        }
        let alive = live(state);
        let dead = present.iter().filter(|id| !alive.contains(*id)).map(|id| (ranks[id.at()], id));
        let mut dead: SmallVec<[(Rank, IdNo); IdNo::CLIENTS]> = dead.collect();
        dead.sort_unstable();
        for (place, (_, id)) in (self.kinds.len()..).zip(dead) {
            relabelling.set(id, place_id(place));
        }
        (relabelling, clients)
    }
}

/// Which client comes at each place.
type Order = [usize; IdNo::CLIENTS];

/// The names of a state under a relabelling.
struct Renamed<'a> {
    symmetry: &'a Symmetry,
    images: &'a Images,
    tables: Tables<'a>,
    order: Order,
}

impl Renamed<'_> {
    fn image_of_path(&self, path: PathId) -> Result<PathId, Miss> {
        if path == ROOT {
            return Ok(path);
        }
        let names = self.tables.names;
        names.join(self.path(names.parent(path))?, self.name(names.name(path)))
    }
}

impl Naming for Renamed<'_> {
    fn path(&self, path: PathId) -> Result<PathId, Miss> {
        if path == DEAD || self.tables.names.ids_in(path).is_empty() {
            return Ok(path);
        }
        self.images.path(path, || self.image_of_path(path))
    }

    fn name(&self, name: NameId) -> NameId {
        match self.tables.names.id_named(name) {
            Some(id) => self.symmetry.id_names[self.images.relabelling.of(id).at()],
            None => name,
        }
    }

    fn node(&self, node: Node) -> Node {
        match contents_id(node) {
            Some(id) => Node::File(Contents::of_id(self.images.relabelling.of(id))),
            None => node,
        }
    }

    fn history(&self, history: NodeId) -> Result<NodeId, Miss> {
        let Symmetry { pool, .. } = self.symmetry;
        let image = || self.tables.histories.image(history, &self.images.relabelling, pool);
        self.images.node(history, image)
    }

    fn client_at(&self, place: usize) -> usize {
        self.order[place]
    }

    fn incarnation(&self, _: u8) -> u8 {
        0
    }
}

fn place_id(place: usize) -> IdNo {
    u8::try_from(place).ok().and_then(|client| IdNo::new(client, 0)).unwrap_or_else(|| unreachable!("few enough ids"))
}

fn own_id(client: usize, process: &Process) -> IdNo {
    u8::try_from(client)
        .ok()
        .and_then(|client| IdNo::new(client, process.incarnation))
        .unwrap_or_else(|| unreachable!("states are canonical but for one crash"))
}

fn live(state: &State) -> IdSet {
    let mut ids = IdSet::default();
    for (client, process) in state.processes.iter().enumerate() {
        ids.insert(own_id(client, process));
    }
    ids
}

/// The ids that anything speaks of.
fn present(Tables { names, histories }: Tables<'_>, state: &State) -> IdSet {
    let mut ids = live(state);
    for (_, &(path, node)) in entries(state) {
        ids = ids.with(names.ids_in(path));
        if let Some(id) = contents_id(node) {
            ids.insert(id);
        }
    }
    for path in state.late.iter().flat_map(|late| late.places).map(|place| place.path).filter(|path| *path != DEAD) {
        ids = ids.with(names.ids_in(path));
    }
    for remembered in &state.memory {
        let was = match remembered.was {
            Was::Moved(to) => names.ids_in(to),
            _ => IdSet::default(),
        };
        ids = ids.with(names.ids_in(remembered.path)).with(was);
    }
    for process in &state.processes {
        ids = ids.with(histories.remembered(process.history)).with(ids_in_call(names, &process.call));
        ids = process.watching.dirs().fold(ids, |ids, dir| ids.with(names.ids_in(dir)));
    }
    ids
}

fn ids_in_call(names: &Names, call: &InCall) -> IdSet {
    let of_path = |path: PathId| if path == DEAD { IdSet::default() } else { names.ids_in(path) };
    match call {
        InCall::Before => IdSet::default(),
        InCall::Walked([at, to]) => of_path(at.path).with(of_path(to.path)),
        InCall::Writing { file } => of_path(*file),
        InCall::Listing(listing) => {
            let mut ids = of_path(listing.dir);
            for &name in listing.stood.iter().chain(&listing.fleeting) {
                if let Some(id) = names.id_named(name) {
                    ids.insert(id);
                }
            }
            ids
        }
    }
}

/// For each id a number that depends on what it is in the state, and on no name.
///
/// It says where the id's process stands, and which entries bear the id; then, as in the refinement of colours of a
/// graph, which ids have to do with which. Where some are still alike, one of them is set apart, and so on.
fn ranks(tables: Tables<'_>, state: &State) -> [Rank; IdNo::COUNT] {
    let mut ranks = [0; IdNo::COUNT];
    let mut ties = Ties::new();
    note_processes(tables, state, &mut ranks, &mut ties);
    note_entries(tables, state, &mut ranks, &mut ties);
    note_late(tables.names, state, &mut ranks, &mut ties);
    if ties.is_empty() {
        return ranks;
    }
    refine(&mut ranks, &ties);
    while let Some(id) = alike(&ranks, &ties) {
        ranks[id.at()] = mix(ranks[id.at()], 13);
        refine(&mut ranks, &ties);
    }
    ranks
}

/// Two ids that have to do with each other, and how.
type Ties = SmallVec<[(IdNo, IdNo, u64); 8]>;

fn note_processes(tables: Tables<'_>, state: &State, ranks: &mut [Rank; IdNo::COUNT], ties: &mut Ties) {
    for (client, process) in state.processes.iter().enumerate() {
        let own = own_id(client, process);
        let history = u64::from(tables.histories.orbit(process.history));
        let history = mix(history, u64::from(process.rounds) << 32 | kind_of(&process.call));
        ranks[own.at()] = mix(ranks[own.at()], history);
        let heard = tables.histories.remembered(process.history);
        ties.extend(heard.iter().filter(|id| *id != own).map(|id| (own, id, 7)));
        let mut note = |id, how| {
            if id == own {
                ranks[own.at()] = ranks[own.at()].wrapping_add(how);
            } else {
                ties.push((own, id, how));
            }
        };
        note_call(tables.names, &process.call, &mut note);
        for dir in process.watching.dirs() {
            for &(id, mark) in tables.names.marks_on(dir) {
                note(id, mix(mark, 10));
            }
        }
    }
}

fn note_entries(tables: Tables<'_>, state: &State, ranks: &mut [Rank; IdNo::COUNT], ties: &mut Ties) {
    for (salt, &(path, node)) in entries(state) {
        let written = contents_id(node);
        let what = match node {
            Node::Dir => 0,
            Node::File(_) if written.is_some() => 1,
            Node::File(contents) => 2 + u64::from(contents),
        };
        let marks = tables.names.marks_on(path);
        for &(id, mark) in marks {
            let mark = mark ^ salt;
            ranks[id.at()] = ranks[id.at()].wrapping_add(mix(mark, what));
            let others = marks.iter().filter(|(other, _)| *other != id);
            ties.extend(others.map(|&(other, to)| (id, other, mix(mark, to))));
            ties.extend(written.filter(|other| *other != id).map(|other| (id, other, mix(mark, 12))));
        }
        if let Some(id) = written {
            ranks[id.at()] = ranks[id.at()].wrapping_add(mix(12 + salt, tables.names.shape(path)));
        }
    }
}

fn note_late(names: &Names, state: &State, ranks: &mut [Rank; IdNo::COUNT], ties: &mut Ties) {
    for &Late { effect, places, known_of } in &state.late {
        let of = known_of.map(|client| own_id(client.into(), &state.processes[usize::from(client)]));
        for (place, salt) in places.into_iter().zip([14, 15]).filter(|(place, _)| place.path != DEAD) {
            let how = mix(salt, (effect as u64) << 8 | u64::from(place.held));
            for &(id, mark) in names.marks_on(place.path) {
                ranks[id.at()] = ranks[id.at()].wrapping_add(mix(mark, how));
                let others = names.marks_on(place.path).iter().filter(|(other, _)| *other != id);
                ties.extend(others.map(|&(other, to)| (id, other, mix(mark ^ how, to))));
            }
        }
        if let Some(id) = of {
            ranks[id.at()] = ranks[id.at()].wrapping_add(mix(16, effect as u64));
        }
    }
}

/// Says of each id what those are that it has to do with.
fn refine(ranks: &mut [Rank; IdNo::COUNT], ties: &Ties) {
    // Few ids have to do with others, so what all were is not kept.
    let before: SmallVec<[[Rank; 2]; 8]> =
        ties.iter().map(|(one, other, _)| [ranks[one.at()], ranks[other.at()]]).collect();
    for (&(one, other, how), [was_one, was_other]) in ties.iter().zip(before) {
        ranks[one.at()] = ranks[one.at()].wrapping_add(mix(was_other, how));
        ranks[other.at()] = ranks[other.at()].wrapping_add(mix(was_one, how ^ u64::MAX));
    }
}

/// An id that has to do with others and is like a further one that has.
fn alike(ranks: &[Rank; IdNo::COUNT], ties: &Ties) -> Option<IdNo> {
    let mut found = IdSet::default();
    for &(one, other, _) in ties {
        found.insert(one);
        found.insert(other);
    }
    found.iter().find(|id| found.iter().any(|other| other != *id && ranks[other.at()] == ranks[id.at()]))
}

/// The entries that there are and those that are durable, each with a number that tells the two apart.
fn entries(state: &State) -> impl Iterator<Item = (u64, &(PathId, Node))> {
    let durable = state.durable.iter().flat_map(|durable| durable.tree.entries());
    state.tree.entries().iter().map(|entry| (0, entry)).chain(durable.map(|entry| (1 << 63, entry)))
}

fn contents_id(node: Node) -> Option<IdNo> {
    match node {
        Node::Dir => None,
        Node::File(written) => Contents::id_in(written),
    }
}

fn kind_of(call: &InCall) -> u64 {
    match call {
        InCall::Before => 0,
        InCall::Walked(places) => 1 + u64::from(places[0].held) + 64 * u64::from(places[1].held),
        InCall::Listing(_) => 1 << 20,
        InCall::Writing { .. } => 1 << 21,
    }
}

/// Tells of each id that a call under way has to do with, and how.
fn note_call(names: &Names, call: &InCall, note: &mut impl FnMut(IdNo, u64)) {
    let mut note_path = |path: PathId, how: u64| {
        if path != DEAD {
            for &(id, mark) in names.marks_on(path) {
                note(id, mix(mark, how));
            }
        }
    };
    match call {
        InCall::Before => {}
        InCall::Walked([at, to]) => {
            note_path(at.path, 3);
            note_path(to.path, 4);
        }
        InCall::Writing { file } => note_path(*file, 5),
        InCall::Listing(listing) => {
            note_path(listing.dir, 6);
            for (listed, how) in [(&listing.stood, 8), (&listing.fleeting, 9)] {
                for id in listed.iter().filter_map(|name| names.id_named(*name)) {
                    note(id, how);
                }
            }
        }
    }
}
