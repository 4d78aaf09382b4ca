//! Symmetry: states that differ in the names of processes only are one state to the search.
//!
//! A state's *ids* are those of the clients' processes, and those of dead processes that something still speaks of. To
//! rename them is to put the clients in another order and to number the dead anew. [`Symmetry::canonical`] picks one
//! of the renamings, by what each id is in the state: where its process stands, which entries bear its name, who has
//! heard of it. Dead ids that nothing speaks of any more are left out, so a client that crashed and whose traces are
//! gone is like one that never did.
//!
//! Ids that look alike by all of that keep their order. They may be truly alike, or the state has more than one form;
//! then the search is somewhat larger than it must be, and as right.
//!
//! A renamed state's clients run their first processes, and the dead have the numbers after those of the clients.
//!
//! Why it is sound: [`history::exchange`](crate::history) has compared every attempt with itself under other names.

mod relabelling;

use rustc_hash::FxHashMap;

pub(crate) use relabelling::{PermId, Relabelling};

use crate::{
    history::{Histories, NodeId},
    miss::Miss,
    names::{DEAD, IdNo, IdSet, NameId, Names, PathId, ROOT},
    plan::Contents,
    state::{InCall, Listing, Place, Process, State},
    tree::{Entries, Node, Tree},
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

/// What is known of things under one relabelling.
#[derive(Debug)]
struct Images {
    relabelling: Relabelling,
    paths: FxHashMap<PathId, PathId>,
    nodes: FxHashMap<NodeId, NodeId>,
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
        for images in &mut self.known {
            images.nodes.clear();
        }
    }

    pub(crate) fn pool(&self) -> &[IdNo] {
        &self.pool
    }

    pub(crate) fn relabelling(&self, id: PermId) -> &Relabelling {
        &self.known[usize::from(id)].relabelling
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn relabellings(&self) -> impl Iterator<Item = &Relabelling> {
        self.known.iter().map(|images| &images.relabelling)
    }

    pub(crate) fn learn_relabelling(&mut self, relabelling: Relabelling) {
        if !self.numbers.contains_key(&relabelling) {
            let number = PermId::try_from(self.known.len()).unwrap_or_else(|_| panic!("more than 65535 renamings"));
            self.numbers.insert(relabelling.clone(), number);
            let (paths, nodes) = Default::default();
            self.known.push(Images { relabelling, paths, nodes });
        }
    }

    pub(crate) fn learn_path(&mut self, by: PermId, path: PathId, names: &mut Names) {
        let mut image = path;
        if path != ROOT && path != DEAD {
            let (dir, name) = (names.parent(path), names.name(path));
            self.learn_path(by, dir, names);
            let images = &self.known[usize::from(by)];
            let name = names.id_named(name).map_or(name, |id| self.id_names[images.relabelling.of(id).at()]);
            image = names.make(images.paths[&dir], name);
        }
        self.known[usize::from(by)].paths.insert(path, image);
    }

    pub(crate) fn learn_node(&mut self, by: PermId, node: NodeId, image: NodeId) {
        self.known[usize::from(by)].nodes.insert(node, image);
    }

    /// `state` under other ids, such that states which differ in names only come out as one, if they can be told apart
    /// from each other well enough; and the relabelling that leads there. `None` where it is not known yet how attempts
    /// go on under other ids; a search that comes to such a state is begun again.
    pub(crate) fn canonical(&self, tables: Tables<'_>, state: &State) -> Result<Option<(State, PermId)>, Miss> {
        if !state.processes.iter().all(|process| tables.histories.is_compared(process.history)) {
            return Ok(None);
        }
        let relabelling = self.choose(tables, state);
        let by = *self.numbers.get(&relabelling).ok_or(Miss::Relabelling(relabelling))?;
        Ok(Some((self.rename(by, tables, state)?, by)))
    }

    fn choose(&self, tables: Tables<'_>, state: &State) -> Relabelling {
        let present = present(tables, state);
        let ranks = ranks(tables, state, present);
        let mut relabelling = Relabelling::blank();
        let mut order: Vec<(u8, Rank, usize)> = Vec::with_capacity(state.processes.len());
        for (client, process) in state.processes.iter().enumerate() {
            order.push((self.kinds[client], ranks[own_id(client, process).at()], client));
        }
        order.sort_unstable();
        for (&place, (_, _, client)) in self.places.iter().zip(order) {
            relabelling.set(own_id(client, &state.processes[client]), place_id(place));
        }
        let alive = live(state);
        let mut dead: Vec<(Rank, IdNo)> =
            present.iter().filter(|id| !alive.contains(*id)).map(|id| (ranks[id.at()], id)).collect();
        dead.sort_unstable();
        for (place, (_, id)) in (self.kinds.len()..).zip(dead) {
            relabelling.set(id, place_id(place));
        }
        relabelling
    }

    fn rename(&self, by: PermId, tables: Tables<'_>, state: &State) -> Result<State, Miss> {
        let names = tables.names;
        let images = &self.known[usize::from(by)];
        let path_of = |path: PathId| {
            if path == DEAD || names.ids_in(path).is_empty() {
                return Ok(path);
            }
            images.paths.get(&path).copied().ok_or(Miss::PathImage(by, path))
        };
        let mut entries = Entries::new();
        for &(path, node) in state.tree.entries() {
            let node = match node {
                Node::Dir => Node::Dir,
                Node::File(contents) => Node::File(match Contents::id_in(contents) {
                    Some(id) => Contents::of_id(images.relabelling.of(id)),
                    None => contents,
                }),
            };
            entries.push((path_of(path)?, node));
        }
        let mut processes = state.processes.clone();
        for (client, process) in state.processes.iter().enumerate() {
            let place = images.relabelling.of(own_id(client, process)).client();
            let history = images.nodes.get(&process.history).copied();
            let history = history.ok_or(Miss::NodeImage(by, process.history))?;
            let call = match &process.call {
                InCall::Before => InCall::Before,
                InCall::Walked(places) => {
                    let [at, to] = *places;
                    InCall::Walked([Place { path: path_of(at.path)?, ..at }, Place { path: path_of(to.path)?, ..to }])
                }
                InCall::Writing { file } => InCall::Writing { file: path_of(*file)? },
                InCall::Listing(listing) => {
                    let Listing { dir, stood, fleeting } = &**listing;
                    let [stood, fleeting] = [stood, fleeting].map(|listed| self.rename_all(images, names, listed));
                    InCall::Listing(Box::new(Listing { dir: path_of(*dir)?, stood, fleeting }))
                }
            };
            processes[usize::from(place)] = Process { incarnation: 0, history, call };
        }
        Ok(State { left: state.left, tree: Tree::from_entries(entries), processes })
    }

    fn rename_all(&self, images: &Images, names: &Names, listed: &[NameId]) -> Vec<NameId> {
        let rename = |&name: &NameId| match names.id_named(name) {
            Some(id) => self.id_names[images.relabelling.of(id).at()],
            None => name,
        };
        let mut renamed: Vec<NameId> = listed.iter().map(rename).collect();
        renamed.sort_unstable();
        renamed
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
    for &(path, node) in state.tree.entries() {
        ids = ids.with(names.ids_in(path));
        if let Some(id) = contents_id(node) {
            ids.insert(id);
        }
    }
    for process in &state.processes {
        ids = ids.with(histories.remembered(process.history)).with(ids_in_call(names, &process.call));
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
fn ranks(Tables { names, histories }: Tables<'_>, state: &State, present: IdSet) -> [Rank; IdNo::COUNT] {
    let mut ranks = [0; IdNo::COUNT];
    for (client, process) in state.processes.iter().enumerate() {
        let own = own_id(client, process);
        let stands = mix(u64::from(histories.orbit(process.history)), kind_of(&process.call));
        ranks[own.at()] = mix(ranks[own.at()], stands);
    }
    for &(path, node) in state.tree.entries() {
        let written = contents_id(node);
        let what = match node {
            Node::Dir => 0,
            Node::File(_) if written.is_some() => 1,
            Node::File(contents) => 2 + u64::from(contents),
        };
        note_path(names, path, names.ids_in(path), mix(2, what), &mut ranks);
        if let Some(id) = written {
            ranks[id.at()] = ranks[id.at()].wrapping_add(mix(12, u64::from(names.depth(path))));
        }
    }
    for process in &state.processes {
        note_call(names, &process.call, &mut ranks);
    }
    // Who has heard of whom, by what each is so far.
    let so_far = ranks;
    for (client, process) in state.processes.iter().enumerate() {
        let own = own_id(client, process);
        for heard in histories.remembered(process.history).iter().filter(|id| present.contains(*id) && *id != own) {
            ranks[heard.at()] = ranks[heard.at()].wrapping_add(mix(so_far[own.at()], 7));
            ranks[own.at()] = ranks[own.at()].wrapping_add(mix(so_far[heard.at()], 11));
        }
    }
    ranks
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

fn note_call(names: &Names, call: &InCall, ranks: &mut [Rank; IdNo::COUNT]) {
    let mut note = |path: PathId, how: u64| {
        if path != DEAD {
            note_path(names, path, names.ids_in(path), how, ranks);
        }
    };
    match call {
        InCall::Before => {}
        InCall::Walked([at, to]) => {
            note(at.path, 3);
            note(to.path, 4);
        }
        InCall::Writing { file } => note(*file, 5),
        InCall::Listing(listing) => {
            note(listing.dir, 6);
            for (listed, how) in [(&listing.stood, 8), (&listing.fleeting, 9)] {
                for id in listed.iter().filter_map(|name| names.id_named(*name)) {
                    ranks[id.at()] = ranks[id.at()].wrapping_add(mix(how, 1));
                }
            }
        }
    }
}

/// Adds to each id on the way to `path` where on the way it is.
fn note_path(names: &Names, path: PathId, ids: IdSet, how: u64, ranks: &mut [Rank; IdNo::COUNT]) {
    if ids.is_empty() {
        return;
    }
    let mut spelled = how;
    let mut places = [0_u64; IdNo::COUNT];
    let mut at = path;
    while at != ROOT {
        match names.id_named(names.name(at)) {
            None => spelled = mix(spelled, u64::from(names.name(at))),
            Some(id) => {
                spelled = mix(spelled, u64::MAX);
                places[id.at()] = mix(places[id.at()], 1 + u64::from(names.depth(at)));
            }
        }
        at = names.parent(at);
    }
    for id in ids.iter() {
        ranks[id.at()] = ranks[id.at()].wrapping_add(mix(spelled, places[id.at()]));
    }
}

fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one ^ 0x9e37_79b9_7f4a_7c15) * u128::from(other ^ 0xd1b5_4a32_d192_ed03);
    let [low, high] = [product, product >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
    low ^ high
}
