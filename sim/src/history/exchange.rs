//! Histories under exchanged ids: is an attempt that meets other names the same attempt?
//!
//! A lock whose contenders are all alike goes on in the same way whatever they are called, unless it looks at the order
//! of names, at their spelling, or at which client it is. [`Histories::exchange`] tries it: for enough exchanges of two
//! ids to make up every renaming, it compares each history with what the attempt does when it is told the exchanged
//! ids. Where all agree, a state is like any other that differs in names only. Where one does not, names carry
//! something, and [`Refusal`] says what was seen.

use std::ops::ControlFlow;

use super::{Histories, NodeId, ReplyId, RequestId, RootId, Then, closing::GoOn, count};
use crate::{
    names::{IdNo, IdSet},
    protocol::Protocol,
    replay::Request,
    symmetry::Relabelling,
};

/// Why names cannot be exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

/// Whose names a search may exchange.
#[derive(Clone, Debug)]
pub(crate) struct Exchangeable {
    /// The ids of the clients' processes, with what each client is.
    pub(crate) alive: Vec<(IdNo, u8)>,
    /// The ids that dead processes may have.
    pub(crate) dead: Vec<IdNo>,
    /// An id that no process ever has.
    pub(crate) spare: IdNo,
}

impl Exchangeable {
    /// Exchanges of two ids that make up every renaming, also of those that leave one process alone.
    fn exchanges(&self) -> Vec<Relabelling> {
        let alive = self.alive.iter().map(|(id, _)| *id);
        let all: Vec<IdNo> = alive.chain(self.dead.iter().copied()).chain([self.spare]).collect();
        let mut pairs: Vec<(IdNo, IdNo)> = all.windows(2).map(|pair| (pair[0], pair[1])).collect();
        if let [first, .., last] = all[..] {
            pairs.push((first, last));
        }
        pairs.into_iter().map(|(one, other)| Relabelling::exchange(one, other)).collect()
    }

    fn kind(&self, id: IdNo) -> Option<u8> {
        self.alive.iter().find(|(alive, _)| *alive == id).map(|(_, kind)| *kind)
    }
}

impl Histories {
    /// Merges histories as [`Histories::merge`] does, and finds out which of them differ in names only.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when names carry something. The histories are merged all the same.
    pub(crate) fn exchange(
        &mut self,
        protocol: &dyn Protocol,
        ids: &Exchangeable,
        go_on: GoOn<'_>,
    ) -> ControlFlow<String, Result<(), Refusal>> {
        let exchanges = ids.exchanges();
        self.close(protocol, &exchanges, go_on)?;
        self.merge_closed();
        ControlFlow::Continue(self.compare_all(ids, &exchanges))
    }

    /// Compares all histories with what they are under exchanged ids.
    fn compare_all(&mut self, ids: &Exchangeable, exchanges: &[Relabelling]) -> Result<(), Refusal> {
        let mut orbits: Vec<NodeId> = (0..self.nodes.len()).map(count).collect();
        for exchange in exchanges {
            let images = self.images(exchange, ids)?;
            for (at, image) in images.into_iter().enumerate() {
                if let Some(image) = image {
                    join(&mut orbits, self.representatives[at], self.representatives[image as usize]);
                }
            }
        }
        let mut remembered = vec![IdSet::default(); self.nodes.len()];
        let all = ids.alive.iter().map(|(id, _)| *id).chain(ids.dead.iter().copied());
        for id in all {
            let images = self.images(&Relabelling::exchange(id, ids.spare), ids)?;
            for (at, image) in images.into_iter().enumerate() {
                let same = image.is_some_and(|image| self.representatives[image as usize] == self.representatives[at]);
                if !same {
                    remembered[at].insert(id);
                }
            }
        }
        self.orbits = (0..self.nodes.len()).map(|at| find(&mut orbits, self.representatives[at])).collect();
        self.remembered = remembered;
        Ok(())
    }

    /// What was answered to a request may be answered to the same request under other ids.
    pub(super) fn close_alphabets(&mut self, exchanges: &[Relabelling]) {
        let mut request = 0;
        let mut waiting: Vec<u32> = Vec::new();
        while request < self.requests.len() || !waiting.is_empty() {
            let at = waiting.pop().unwrap_or_else(|| {
                request += 1;
                count(request - 1)
            });
            for exchange in exchanges {
                let image = self.requests.id(&exchange.of_request(self.request(at)));
                self.alphabets.resize(self.requests.len(), Vec::new());
                for reply in self.alphabets[at as usize].clone() {
                    let reply = self.replies.id(&exchange.of_reply(self.reply(reply)));
                    let alphabet = &mut self.alphabets[image as usize];
                    if !alphabet.contains(&reply) {
                        alphabet.push(reply);
                        waiting.push(image);
                    }
                }
            }
        }
    }

    /// For each history, what it is under exchanged ids; `None` for those of a process whose id becomes that of no
    /// process, or of one that is another kind of client.
    fn images(&self, exchange: &Relabelling, ids: &Exchangeable) -> Result<Vec<Option<NodeId>>, Refusal> {
        let under = Under::of(self, exchange);
        let mut images: Vec<Option<NodeId>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let image = match node.before {
                None => root_under(exchange, ids, node.root).and_then(|root| self.roots.get(&root).copied()),
                Some((before, reply)) => match images[before as usize] {
                    None => None,
                    Some(before) => Some(self.answered(before, &under, reply)?),
                },
            };
            if let Some(image) = image {
                self.compare(&node.then, self.then(image), &under)?;
            }
            images.push(image);
        }
        Ok(images)
    }

    fn answered(&self, before: NodeId, under: &Under<'_>, reply: ReplyId) -> Result<NodeId, Refusal> {
        let known = under.replies[reply as usize].and_then(|image| self.known(before, image));
        known.ok_or_else(|| {
            let reply = under.exchange.of_reply(self.reply(reply));
            Refusal(format!("nobody knows what follows when {reply:?} is answered to {before}"))
        })
    }

    fn compare(&self, then: &Then, image: &Then, under: &Under<'_>) -> Result<(), Refusal> {
        let same = match (then, image) {
            (Then::Asks(asked), Then::Asks(image)) => under.requests[*asked as usize] == Some(*image),
            (Then::Ends(then), Then::Ends(image)) => then == image,
            (Then::Breaks(then, _), Then::Breaks(image, _)) => then == image,
            _ => false,
        };
        if same {
            return Ok(());
        }
        let [told, seen] = [then, image].map(|then| match then {
            Then::Asks(request) => match self.request(*request) {
                Request::Fs(call) => format!("calls {call}"),
                other => format!("asks {other:?}"),
            },
            Then::Ends(outcome) => format!("ends with \"{}\"", outcome.said),
            Then::Breaks(_, what) => format!("comes to: {what}"),
        });
        let exchange = under.exchange;
        Err(Refusal(format!("with {exchange}, an attempt that {told} does something else: it {seen}")))
    }
}

/// What requests and replies are under exchanged ids, by their numbers; `None` for what never came up. There are few of
/// them beside the histories.
struct Under<'a> {
    exchange: &'a Relabelling,
    requests: Vec<Option<RequestId>>,
    replies: Vec<Option<ReplyId>>,
}

impl<'a> Under<'a> {
    fn of(histories: &Histories, exchange: &'a Relabelling) -> Self {
        let Histories { requests, replies, .. } = histories;
        let requests = requests.values.iter().map(|request| requests.find(&exchange.of_request(request))).collect();
        let replies = replies.values.iter().map(|reply| replies.find(&exchange.of_reply(reply))).collect();
        Self { exchange, requests, replies }
    }
}

fn root_under(exchange: &Relabelling, ids: &Exchangeable, root: RootId) -> Option<RootId> {
    let id = IdNo::new(root.client, root.incarnation)?;
    let image = exchange.of(id);
    if image == id {
        return Some(root);
    }
    (ids.kind(id)? == ids.kind(image)?).then(|| RootId {
        client: image.client(),
        incarnation: image.incarnation(),
        ..root
    })
}

fn join(parents: &mut [NodeId], one: NodeId, other: NodeId) {
    let (one, other) = (find(parents, one), find(parents, other));
    parents[one.max(other) as usize] = one.min(other);
}

fn find(parents: &mut [NodeId], mut at: NodeId) -> NodeId {
    while parents[at as usize] != at {
        parents[at as usize] = parents[parents[at as usize] as usize];
        at = parents[at as usize];
    }
    at
}
