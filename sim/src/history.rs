//! Histories: what an attempt does next, given the answers it has had.
//!
//! That is a function, so it is kept as a trie: a node is one history of answers, and each distinct history is run once,
//! however many states of the world it comes up in. A process's part of a state is then one number.
//!
//! # Merging
//!
//! Histories that go on alike, whatever is answered, are one to the world: which of two directories an attempt found
//! there before makes no difference if it has forgotten. [`Histories::merge`] finds such histories and gives them one
//! number. "Whatever is answered" is taken to mean every answer that any process has had to the same request so far
//! (the request's *alphabet*): the trie is first closed over these, by running what was not run yet (one [`run`] tells of
//! many), and histories that then have equal subtrees are bisimilar. Since a trie has no loops, one pass from its leaves
//! up finds them all.
//!
//! Where names carry no order, histories are compared under other ids as well; see [`exchange`].
//!
//! When a search comes to an answer outside the alphabet, its merging was built on too little: it is begun again with
//! that answer known ([`Histories::learned`]). A search that met no new answer was right to merge as it did.

pub(crate) mod askers;
pub(crate) mod closing;
pub(crate) mod exchange;
mod run;

use std::ops::ControlFlow;

use closing::{Closing, GoOn};
pub(crate) use run::Ahead;
use run::{Ran, Sight};
use rustc_hash::FxHashMap;

use crate::{
    miss::Miss,
    names::{IdNo, IdSet},
    operations::Event,
    protocol::{Outcome, Phase, Property, Protocol},
    replay::{Reply, Request, Site},
    symmetry::Relabelling,
};

/// A history's number.
pub(crate) type NodeId = u32;

/// A reply's number.
pub(crate) type ReplyId = u32;

/// A request's number.
pub(crate) type RequestId = u32;

/// What follows from a history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    /// The attempt makes this call.
    Asks(RequestId),
    /// The attempt is over.
    Ends(Outcome),
    /// The attempt broke a property.
    Breaks(Property, String),
}

#[derive(Debug)]
struct Node {
    /// The history one answer shorter, and that answer; a root has none.
    before: Option<(NodeId, ReplyId)>,
    root: RootId,
    then: Then,
    /// What the attempt told of its operations, after the last of its answers and before what follows.
    told: Box<[Event]>,
    /// The line that makes the call it asks for.
    site: Option<Site>,
    // invariant: sorted by reply; what comes after a history has a higher number
    next: Vec<(ReplyId, NodeId)>,
}

/// Whose attempt it is, and where it started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RootId {
    pub(crate) client: u8,
    pub(crate) incarnation: u8,
    pub(crate) phase: Phase,
}

/// All histories met so far.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    nodes: Vec<Node>,
    roots: FxHashMap<RootId, NodeId>,
    /// The history that stands for all that go on like this one. Histories younger than the last merge have no entry
    /// and stand for themselves.
    representatives: Vec<NodeId>,
    replies: Known<Reply>,
    requests: Known<Request>,
    /// The answers that each request has had.
    alphabets: Vec<Vec<ReplyId>>,
    learned: bool,
    /// Whether attempts look before they believe a refusal.
    is_settled: bool,
    closing: Option<Closing>,
    /// What runs told of histories that are yet to come up: of this one prolonged by that answer, and of those after it.
    ahead: FxHashMap<(NodeId, ReplyId), Vec<Ran>>,
    /// The lines that were halted at each request.
    halted: Vec<Vec<Site>>,
    /// For each history up to the last merge, which others are like it but for the names of ids; empty where names may
    /// carry order.
    orbits: Vec<NodeId>,
    /// The ids that each of these histories has not forgotten.
    remembered: Vec<IdSet>,
}

impl Histories {
    /// No history yet. Where `is_settled`, attempts run over [`Settled`](lockwright_kernel::fs::Settled).
    pub(crate) fn settled(is_settled: bool) -> Self {
        Self { is_settled, ..Self::default() }
    }

    /// The history without answers.
    pub(crate) fn root(&self, root: RootId) -> Result<NodeId, Miss> {
        let node = self.roots.get(&root).ok_or(Miss::Root(root))?;
        Ok(self.representative(*node))
    }

    /// Runs the first steps of an attempt.
    pub(crate) fn make_root(&mut self, protocol: &dyn Protocol, root: RootId) {
        if !self.roots.contains_key(&root) {
            let node = self.run(protocol, None, root, Sight::Halting);
            self.roots.insert(root, node);
        }
    }

    /// The history that `reply` prolongs `node` to, or one that goes on like it.
    pub(crate) fn follow(&self, node: NodeId, reply: ReplyId) -> Result<NodeId, Miss> {
        let next = self.known(node, reply).ok_or(Miss::Next(node, reply))?;
        Ok(self.representative(next))
    }

    /// Runs an attempt for one answer more.
    pub(crate) fn make_next(&mut self, protocol: &dyn Protocol, node: NodeId, reply: ReplyId) -> NodeId {
        match self.known(node, reply) {
            Some(next) => next,
            None => self.extend(protocol, node, reply, Sight::Halting),
        }
    }

    /// The histories from this number on.
    pub(crate) fn nodes_from(&self, node: usize) -> impl Iterator<Item = NodeId> + use<> {
        count(node)..count(self.nodes.len())
    }

    /// All that was asked so far, by anybody.
    pub(crate) fn requests(&self) -> impl Iterator<Item = RequestId> + use<> {
        0..count(self.requests.len())
    }

    /// How many histories were compared under other ids.
    pub(crate) fn compared(&self) -> usize {
        self.orbits.len()
    }

    /// True when `node` was there when histories were last compared under other ids.
    pub(crate) fn is_compared(&self, node: NodeId) -> bool {
        (node as usize) < self.orbits.len()
    }

    /// What `node` is like but for the names of ids: the same number for all of these. It was [compared].
    ///
    /// [compared]: Histories::is_compared
    pub(crate) fn orbit(&self, node: NodeId) -> NodeId {
        self.orbits[node as usize]
    }

    /// The ids on which it depends how `node` goes on. It was [compared](Histories::is_compared).
    pub(crate) fn remembered(&self, node: NodeId) -> IdSet {
        self.remembered[node as usize]
    }

    /// What `node` is under other ids. An id that it has heard of, and of which `relabelling` does not speak since
    /// nothing depends on it, becomes one of `pool`.
    pub(crate) fn image(&self, node: NodeId, relabelling: &Relabelling, pool: &[IdNo]) -> Result<NodeId, Miss> {
        let (mut answers, mut at) = (Vec::new(), node);
        while let Some((before, reply)) = self.nodes[at as usize].before {
            answers.push(reply);
            at = before;
        }
        let heard = answers.iter().map(|reply| Relabelling::ids_in(self.reply(*reply)));
        let relabelling = relabelling.with(heard.fold(IdSet::default(), IdSet::with), pool);
        let root = self.root_of(at);
        let id = IdNo::new(root.client, root.incarnation).map(|id| relabelling.of(id));
        let root = id.map_or(root, |id| RootId { client: id.client(), incarnation: id.incarnation(), ..root });
        let mut image = *self.roots.get(&root).ok_or(Miss::Root(root))?;
        for reply in answers.into_iter().rev() {
            let reply = self.reply_id(&relabelling.of_reply(self.reply(reply)))?;
            image = self.known(image, reply).ok_or(Miss::Next(image, reply))?;
        }
        Ok(self.representative(image))
    }

    fn representative(&self, node: NodeId) -> NodeId {
        self.representatives.get(node as usize).copied().unwrap_or(node)
    }

    pub(crate) fn then(&self, node: NodeId) -> &Then {
        &self.nodes[node as usize].then
    }

    /// What the attempt told of its operations, after the last of its answers and before what follows. Histories that
    /// are one told the same.
    pub(crate) fn told(&self, node: NodeId) -> &[Event] {
        &self.nodes[node as usize].told
    }

    /// The line that makes the call it asks for; of histories that are one, that of one of them.
    pub(crate) fn site(&self, node: NodeId) -> Option<Site> {
        self.nodes[node as usize].site
    }

    pub(crate) fn root_of(&self, node: NodeId) -> RootId {
        self.nodes[node as usize].root
    }

    /// True when the attempt has had no answer yet.
    pub(crate) fn is_root(&self, node: NodeId) -> bool {
        self.nodes[node as usize].before.is_none()
    }

    pub(crate) fn reply_id(&self, reply: &Reply) -> Result<ReplyId, Miss> {
        self.replies.find(reply).ok_or_else(|| Miss::Reply(reply.clone()))
    }

    pub(crate) fn make_reply(&mut self, reply: &Reply) -> ReplyId {
        self.replies.id(reply)
    }

    pub(crate) fn reply(&self, id: ReplyId) -> &Reply {
        self.replies.get(id)
    }

    pub(crate) fn request(&self, id: RequestId) -> &Request {
        self.requests.get(id)
    }

    /// True when an answer came up since the last merge that its request never had before.
    pub(crate) fn learned(&self) -> bool {
        self.learned
    }

    /// Merges histories that go on alike, by all the answers known so far. Broken off, it has merged nothing yet, and is
    /// called again.
    pub(crate) fn merge(&mut self, protocol: &dyn Protocol, go_on: GoOn<'_>) -> ControlFlow<String> {
        self.close(protocol, &[], go_on)?;
        self.merge_closed();
        ControlFlow::Continue(())
    }

    fn merge_closed(&mut self) {
        self.learned = false;
        self.orbits.clear();
        self.remembered.clear();
        let mut classes: FxHashMap<Signature, NodeId> = FxHashMap::default();
        self.representatives = vec![0; self.nodes.len()];
        for at in (0..self.nodes.len()).rev() {
            let signature = self.signature(at);
            self.representatives[at] = *classes.entry(signature).or_insert(count(at));
        }
    }

    fn signature(&self, at: usize) -> Signature {
        let node = &self.nodes[at];
        let RootId { client, incarnation, phase } = node.root;
        // Where a process stands between attempts is told by its being at a root, so a root is like no other history.
        let root = node.before.is_none().then_some(phase);
        let next = node.next.iter().map(|&(reply, next)| (reply, self.representatives[next as usize]));
        let (then, told) = (node.then.clone(), node.told.clone());
        Signature { client, incarnation, root, then, told, next: next.collect() }
    }

    fn known(&self, node: NodeId, reply: ReplyId) -> Option<NodeId> {
        let next = &self.nodes[node as usize].next;
        next.binary_search_by_key(&reply, |known| known.0).ok().map(|at| next[at].1)
    }

    fn extend(&mut self, protocol: &dyn Protocol, node: NodeId, reply: ReplyId, sight: Sight) -> NodeId {
        if let Then::Asks(request) = self.nodes[node as usize].then {
            let alphabet = &mut self.alphabets[request as usize];
            if !alphabet.contains(&reply) {
                alphabet.push(reply);
                self.learned = true;
            }
        }
        let new = self.run(protocol, Some((node, reply)), self.root_of(node), sight);
        let next = &mut self.nodes[node as usize].next;
        let at = next.partition_point(|known| known.0 < reply);
        next.insert(at, (reply, new));
        new
    }
}

/// What two histories share that go on alike.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Signature {
    client: u8,
    incarnation: u8,
    root: Option<Phase>,
    then: Then,
    told: Box<[Event]>,
    next: Vec<(ReplyId, NodeId)>,
}

/// Values that came up, each with its number.
#[derive(Debug)]
struct Known<T> {
    values: Vec<T>,
    ids: FxHashMap<T, u32>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { values: Vec::new(), ids: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Known<T> {
    fn find(&self, value: &T) -> Option<u32> {
        self.ids.get(value).copied()
    }

    fn id(&mut self, value: &T) -> u32 {
        if let Some(id) = self.find(value) {
            return id;
        }
        let id = count(self.values.len());
        self.values.push(value.clone());
        self.ids.insert(value.clone(), id);
        id
    }

    fn get(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_else(|_| panic!("more than {} histories, requests or replies", u32::MAX))
}
