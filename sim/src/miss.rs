//! Misses: what a search needs to know and nobody has worked out yet.
//!
//! Several threads expand states over the same tables, and only read them. Where a table lacks something, the expansion
//! gives up with a [`Miss`], and one thread works it out later, in the order of the states: so every number is given out
//! in the same order, however many threads there are. After the first layers there is little left to miss.

use crate::{
    history::{NodeId, ReplyId, RequestId, RootId},
    linear::{Heard, TesterId},
    names::{NameId, PathId},
    replay::Reply,
    symmetry::Relabelling,
};

/// What is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// The path of an entry.
    Path(PathId, NameId),
    /// The number of a reply.
    Reply(Reply),
    /// What an attempt does first.
    Root(RootId),
    /// What an attempt does after one more answer.
    Next(NodeId, ReplyId),
    /// A request in numbers.
    Plan(RequestId),
    /// What stands on disk while a process holds the lock.
    Evidence(RootId),
    /// The number of a relabelling.
    Relabelling(Relabelling),
    /// What a tester comes to when it hears that.
    Heard(TesterId, Heard),
}
