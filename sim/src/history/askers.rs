//! Who may ask what, as far as it is known: read off all histories at once.

use lockwright_kernel::probe::Liveness;

use super::{Histories, NodeId, ReplyId, RequestId, Then};
use crate::{
    names::{IdNo, IdSet},
    replay::{Reply, Request},
    symmetry::Relabelling,
};

/// For each request those whom it has to do with.
#[derive(Debug)]
pub(crate) struct Askers {
    /// Whose process may ask it.
    own: Vec<IdSet>,
    /// Of whom somebody else may ask it for as long as nobody is told that they are dead.
    others: Vec<IdSet>,
}

impl Askers {
    /// All that the process of `id` may ask, in the order of the numbers.
    pub(crate) fn requests_of(&self, id: IdNo) -> impl Iterator<Item = RequestId> {
        requests(&self.own, id)
    }

    /// All that others than the process of `id` may ask, for as long as nobody is told that it is dead, in that order.
    pub(crate) fn requests_while_alive(&self, id: IdNo) -> impl Iterator<Item = RequestId> {
        requests(&self.others, id)
    }
}

fn requests(askers: &[IdSet], id: IdNo) -> impl Iterator<Item = RequestId> {
    (0..).zip(askers).filter(move |(_, ids)| ids.contains(id)).map(|(request, _)| request)
}

impl Histories {
    /// Reads off who may ask what.
    pub(crate) fn askers(&self) -> Askers {
        let mut askers = Askers {
            own: vec![IdSet::default(); self.requests.len()],
            others: vec![IdSet::default(); self.requests.len()],
        };
        let asked_about: Vec<Option<IdNo>> = self.requests.values.iter().map(id_asked_about).collect();
        let dead = self.replies.find(&Reply::Liveness(Liveness::Dead));
        let told_dead = |node: NodeId, reply: ReplyId| match *self.then(node) {
            Then::Asks(request) if Some(reply) == dead => asked_about[request as usize],
            _ => None,
        };
        // Of whom a history is another's, and who was not told there to be dead.
        let mut alive: Vec<IdSet> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let ids = match node.before {
                None => IdNo::all().filter(|id| id.client() != node.root.client).collect(),
                Some((before, reply)) => {
                    let ids = alive[before as usize];
                    told_dead(before, reply).map_or(ids, |id| ids.without(id))
                }
            };
            alive.push(ids);
            if let Then::Asks(request) = node.then {
                let at = request as usize;
                askers.others[at] = askers.others[at].with(ids);
                if let Some(id) = IdNo::new(node.root.client, node.root.incarnation) {
                    askers.own[at].insert(id);
                }
            }
        }
        askers
    }
}

fn id_asked_about(request: &Request) -> Option<IdNo> {
    let Request::Liveness(of) = request else { return None };
    IdNo::all().find(|id| Relabelling::spell(*id) == *of)
}
