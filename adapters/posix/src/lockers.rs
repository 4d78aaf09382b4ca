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

/// Writes a program for a test. Another process writes it: who is started by another thread while this one has it open
/// keeps it open for a moment, and what is open for writing cannot be executed.
#[cfg(test)]
fn write_program(path: &std::path::Path, text: &str) {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    let mut command = Command::new("install");
    let mut child =
        command.args(["-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn().expect("coreutils");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    assert!(child.wait().expect("my child").success(), "{}", path.display());
}
