//! A supervisor that is killed never leaves its command running without the lock, nor a lock that nobody gets.

use std::{
    fs::{File, OpenOptions},
    path::PathBuf,
};

use crate::support::{Dir, code, entries};
use nix::sys::{
    signal::{Signal, kill},
    stat::Mode,
};

/// A pipe with a name, at whose other end a process reads for as long as this end is open.
pub(crate) struct Fifo(PathBuf);

impl Fifo {
    pub(crate) fn new(dir: &Dir, name: &str) -> Self {
        let path = dir.path().join(name);
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        Self(path)
    }

    /// Waits for the reader.
    pub(crate) fn open(&self) -> File {
        OpenOptions::new().write(true).open(&self.0).expect("a pipe")
    }
}

#[test]
fn the_command_dies_with_its_supervisor_and_the_lock_is_had_at_once() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let mut waiter = dir.waiter("echo in");
    holder.kill_and_drain(); // The command had the other end of its output.
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn nobody_gets_the_lock_while_something_of_the_command_runs() {
    let dir = Dir::new();
    let [one, two] = ["one", "two"].map(|name| Fifo::new(&dir, name));
    let read = "cat one >/dev/null 2>&1 & cat two >/dev/null 2>&1 & echo in; wait";
    let mut holder = dir.start(&[], read);
    assert_eq!(holder.line(), "in");
    let ends = [one.open(), two.open()];
    holder.kill_and_drain(); // The command is dead now; what it started is not.
    let mut waiter = dir.waiter("echo in");
    for end in ends {
        assert_eq!(code(&dir.lockwright(&["run", "--nonblock", "lock", "touch", "ran"])), 75);
        drop(end);
    }
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
    assert_eq!(dir.entries(), ["one", "two"]);
}

#[test]
fn a_command_that_was_killed_gives_the_lock_back() {
    let dir = Dir::new();
    let mut holder = dir.start(&[], "echo $$; read x");
    let pid = holder.line().parse().expect("a number");
    let mut waiter = dir.waiter("echo in");
    kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    assert_eq!(holder.code(), 137);
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
}

#[test]
fn what_runs_on_after_the_command_does_not_keep_the_lock() {
    let dir = Dir::new();
    let fifo = Fifo::new(&dir, "fifo");
    let mut holder = dir.start(&[], "cat fifo >/dev/null & echo in; read x");
    assert_eq!(holder.line(), "in");
    let _end = fifo.open();
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(code(&dir.lockwright(&["run", "--nonblock", "lock", "true"])), 0);
}

#[test]
fn a_supervisor_killed_while_waiting_leaves_nothing() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let mut waiter = dir.waiter("touch ran");
    waiter.kill_and_drain(); // The held-back child had the other end of its output.
    let owners = entries(&dir.path().join("lock"));
    assert_eq!(owners, ["owner"]);
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_held_back_child_that_is_killed_ends_the_wait() {
    let dir = Dir::new();
    let _holder = dir.holder();
    let mut waiter = dir.waiter("touch ran");
    let children = format!("/proc/{0}/task/{0}/children", waiter.id());
    let child = std::fs::read_to_string(children).expect("the kernel tells");
    let child = child.trim().parse().expect("one child");
    kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL).expect("it runs");
    assert_eq!(waiter.code(), 137);
    assert_eq!(waiter.complaint(), "lockwright: somebody ended the command before it began");
    assert_eq!(dir.entries(), ["lock"]);
}
