//! What the lockers' scripts share with others: their ids, as they are made and judged here, and the commands that they
//! take for a checker or for a locker.
//!
//! * [`local`]: a process on this host. [`ssh`]: one on a host that `ssh` reaches. [`k8s`]: one in a pod that `kubectl`
//!   reaches. [`look`]: what a shell there is told to say.
//! * [`checker`]: a command that tells stale ids from live ones. [`locker`]: a command that is a lock.

pub mod checker;
pub mod k8s;
pub mod local;
pub mod locker;
pub mod look;
pub mod ssh;

use std::io;

/// Why a process of this host has no id.
#[derive(Debug, thiserror::Error)]
pub enum NoId {
    /// No such process runs.
    #[error("no such process runs")]
    NotRunning,
    /// What the id is to say cannot be read.
    #[error("cannot tell {what}: {error}")]
    Unreadable {
        /// What that is.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
}
