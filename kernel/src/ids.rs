//! Kinds of id: what the text of an [`Id`](crate::id::Id) says, and what follows for its owner's liveness.

pub mod process;
