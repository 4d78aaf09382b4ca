//! Whoever waits for a lock on a local disk makes no system call until there is news: it sleeps in one call, without a limit of
//! time, that only a signal, a change of the lock's directory, the end of its holder or the time to speak again can end.
//!
//! `strace` writes a call down when it begins, and completes the line when it ends. So the line that is not complete while the
//! waiter sleeps is the call that it sleeps in, and where it is the last one before the release, there was no other.

use std::fs;

use crate::{
    leavings::cannot_trace,
    support::{Dir, Process},
};

const KINDS: [&str; 7] = ["fast", "bid", "queue", "rw-read", "rw-write", "sem=1", "fair-sem=1"];

/// A waiter that is traced, with the child that it holds back.
struct Traced {
    dir: Dir,
    waiter: Process,
}

impl Traced {
    fn start(dir: Dir, options: &[&str]) -> Self {
        let mut command = dir.program("strace");
        // Of who calls and of its children, each in a file of its own; handles with what they are.
        command.args(["-D", "-qq", "-ff", "-y", "-o", "trace", env!("CARGO_BIN_EXE_lockwright"), "run"]);
        command.args(options).args(["lock", "true"]);
        let waiter = Process::start(command);
        Self { dir, waiter }
    }

    /// What the waiter has called so far, or its child, in lines.
    fn trace(&self, of_child: bool) -> Vec<String> {
        let of_waiter = format!("trace.{}", self.waiter.id());
        let names = self.dir.entries().into_iter().filter(|name| name.starts_with("trace."));
        let texts =
            names.filter(|name| (*name != of_waiter) == of_child).map(|name| fs::read(self.dir.path().join(name)));
        let text: Vec<u8> = texts.flatten().flatten().collect();
        String::from_utf8_lossy(&text).split_inclusive('\n').map(str::to_owned).collect()
    }

    /// Comes back when the last line is a call that begins like this and goes on; says how many lines there are.
    fn sleeps_in(&self, call: &str, with: &str, of_child: bool) -> usize {
        loop {
            let trace = self.trace(of_child);
            let sleeps = |line: &String| !line.ends_with('\n') && line.starts_with(call) && line.contains(with);
            if trace.last().is_some_and(sleeps) {
                return trace.len();
            }
            std::thread::yield_now();
        }
    }
}

/// The words of `line` from `from` on, up to the next `to`.
fn between<'a>(line: &'a str, from: &str, to: char) -> Option<&'a str> {
    line.split_once(from)?.1.split(to).next()
}

/// A waiter waits, quietly or not, until the holder gives the lock back.
fn sleeps_until_there_is_news(kind: &str, quiet: bool) {
    let (dir, what) = (Dir::new(), format!("{kind}, quiet: {quiet}"));
    let mut holder = dir.start(&["--kind", if kind == "rw-read" { "rw-write" } else { kind }], "echo in; read x");
    assert_eq!(holder.line(), "in", "{what}");
    let mut traced = Traced::start(dir, &["-q", "--kind", kind][usize::from(!quiet)..]);
    if !quiet {
        assert!(!traced.waiter.complaint().is_empty(), "{what}");
    }
    let said = traced.trace(false).iter().rposition(|line| line.starts_with("write(2")).unwrap_or_default();
    let asleep = traced.sleeps_in("ppoll(", "inotify", false);
    let child_asleep = traced.sleeps_in("read(", "pipe:", true);
    holder.send("end\n");
    assert_eq!((holder.code(), traced.waiter.code()), (0, 0), "{what}");

    let trace = traced.trace(false);
    let call = &trace[asleep - 1];
    let (arguments, answer) = call.rsplit_once(" = ").expect("it ended");
    let arguments = arguments.trim_end();
    assert!(arguments.ends_with("NULL, NULL, 8)"), "{what}: it sleeps for a time: {call}");
    assert!(!(quiet && arguments.contains("timerfd")), "{what}: it has something to do at some time: {call}");
    // What it was woken by is the directory, or the end of the holder, whichever is noticed first.
    let ready = between(answer, "fd=", ',').unwrap_or_else(|| panic!("{what}: {call}"));
    let woken_by = between(arguments, &format!("fd={ready}<"), '>').expect("it was asked about");
    assert!(["anon_inode:inotify", "anon_inode:[pidfd]"].contains(&woken_by), "{what}: woken by {woken_by}");
    // And it went to sleep once since it spoke.
    let sleeps =
        trace[said..asleep].iter().filter(|line| line.starts_with("ppoll(") && !line.contains("tv_sec=0, tv_nsec=0"));
    assert_eq!(sleeps.count(), 1, "{what}: {:?}", &trace[said..asleep]);
    assert!(traced.trace(true)[child_asleep - 1].contains("LOCKWRIGHT_ID="), "{what}: the child was told to go");
}

#[test]
fn who_waits_quietly_calls_nothing() {
    if cannot_trace("waiters that are idle") {
        return;
    }
    for kind in KINDS {
        sleeps_until_there_is_news(kind, true);
    }
}

#[test]
fn who_has_said_so_calls_nothing_until_it_speaks_again() {
    if cannot_trace("waiters that are idle") {
        return;
    }
    for kind in KINDS {
        sleeps_until_there_is_news(kind, false);
    }
}
