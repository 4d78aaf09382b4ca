//! Policies: when to ask whether the owner of a lock is dead, and what to do about it.

pub mod check;
pub mod grace;
