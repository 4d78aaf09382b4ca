//! Policies: when to ask whether the owner of a lock is dead, what else is taken for its death, and what to do about it.

pub mod check;
pub mod grace;
pub mod lease;
