//! A supervisor that is killed never leaves its command running without the lock, nor a lock that nobody gets.

use std::{
    fs::{self, File, OpenOptions},
    os::fd::AsFd,
    path::PathBuf,
};

use crate::support::{Dir, Process, code, entries};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{Signal, kill, killpg},
        stat::Mode,
    },
    unistd::Pid,
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

/// Waits until a guardian stands by, for whom there are that many others.
fn guarded(holder: &Process, others: usize) {
    let children = format!("/proc/{0}/task/{0}/children", holder.id());
    let count = || fs::read_to_string(&children).expect("the kernel tells").split_whitespace().count();
    while count() <= others {}
}

/// Waits until nobody reads there any more.
fn dies(end: &File) {
    let mut ends = [PollFd::new(end.as_fd(), PollFlags::empty())];
    poll(&mut ends, PollTimeout::NONE).expect("a pipe");
    assert_eq!(ends[0].revents(), Some(PollFlags::POLLERR));
}

#[test]
fn what_has_left_the_group_is_killed_where_the_supervisor_was() {
    let dir = Dir::new();
    let fifo = Fifo::new(&dir, "fifo");
    for script in
        ["setsid sh -c 'cat fifo' >/dev/null 2>&1 & echo in; read x", "setsid -w sh -c 'cat fifo' & echo in; wait"]
    {
        let mut holder = dir.start(&[], script);
        assert_eq!(holder.line(), "in");
        let left = fifo.open();
        guarded(&holder, 1);
        let mut waiter = dir.waiter("echo in");
        holder.kill();
        assert_eq!(waiter.line(), "in");
        dies(&left);
        holder.end();
        assert_eq!(waiter.code(), 0);
        assert_eq!(dir.entries(), ["fifo"]);
    }
}

#[test]
fn what_is_in_the_group_still_keeps_the_lock_and_what_leaves_it_later_is_killed_as_well() {
    let dir = Dir::new();
    let [one, two] = ["one", "two"].map(|name| Fifo::new(&dir, name));
    // It starts one that leaves, when its supervisor and its parent are dead.
    let mut holder = dir.start(&[], "(sh -c 'cat one; setsid cat two & cat one' >/dev/null 2>&1 &); echo in; read x");
    assert_eq!(holder.line(), "in");
    let first = one.open();
    guarded(&holder, 1);
    let mut waiter = dir.waiter("echo in");
    holder.kill();
    holder.end();
    drop(first);
    let (left, second) = (two.open(), one.open());
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "touch", "ran"])), 75);
    drop(second);
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
    dies(&left);
}

#[test]
fn who_stands_by_hears_no_signal_of_the_group_and_goes_with_the_supervisor() {
    let dir = Dir::new();
    let mut holder = dir.start(&[], "trap : TERM INT HUP; echo $$; until read x; do :; done; exit 3");
    let group: i32 = holder.line().parse().expect("a number");
    guarded(&holder, 1);
    let to_group = |signal| killpg(Pid::from_raw(group), signal).expect("a group");
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGSTOP] {
        to_group(signal);
    }
    kill(Pid::from_raw(group), Signal::SIGCONT).expect("it runs");
    holder.send("end\n");
    assert_eq!(holder.code(), 3);
    assert_eq!(killpg(Pid::from_raw(group), None), Err(Errno::ESRCH));
}

#[test]
fn a_command_that_was_killed_gives_the_lock_back() {
    let dir = Dir::new();
    let mut holder = dir.start(&[], "echo $$; read x");
    let pid = holder.line().parse().expect("a number");
    let mut waiter = dir.waiter("echo in");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
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
    let child = fs::read_to_string(children).expect("the kernel tells");
    let child = child.trim().parse().expect("one child");
    kill(Pid::from_raw(child), Signal::SIGKILL).expect("it runs");
    assert_eq!(waiter.code(), 137);
    assert_eq!(waiter.complaint(), "lockwright: somebody ended the command before it began");
    assert_eq!(dir.entries(), ["lock"]);
}
