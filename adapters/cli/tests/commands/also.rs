//! A command under several locks: all or none, in one order, and lost with any of them.

use std::{fs, os::unix::fs::symlink};

use nix::sys::signal::Signal;

use crate::{
    kinds::KINDS,
    support::{Dir, Process, code, entries, one_line, out, told},
};

const WAITS: &str = "trap 'echo TERM; exit 9' TERM; echo in; read x; echo $x";

fn start(dir: &Dir, words: &[&str]) -> Process {
    Process::start(dir.command(&[&["run"], words, &["--", "sh", "-c", WAITS]].concat()))
}

fn holds(dir: &Dir, words: &[&str]) -> Process {
    let mut holder = start(dir, words);
    assert_eq!(holder.line(), "in");
    holder
}

fn is_free(dir: &Dir, lock: &str) -> bool {
    code(&dir.lockwright(&["status", lock])) == 0
}

#[test]
fn all_are_held_while_the_command_runs_and_it_is_told_of_the_first() {
    for kind in KINDS {
        let dir = Dir::new();
        let script =
            "echo $LOCKWRIGHT_LOCK; echo $LOCKWRIGHT_HELD | wc -w; for it in a b c; do $0 status $it; echo $?; done";
        let words = ["run", "--kind", kind, "b", "--also", "c", "--also", "a", "--", "sh", "-c", script];
        let output = dir.command(&words).arg(env!("CARGO_BIN_EXE_lockwright")).output().expect("a process");
        let text = out(&output);
        let codes: Vec<&str> = text.lines().filter(|line| line.len() == 1).collect();
        assert_eq!(text.lines().next(), dir.path().join("b").to_str(), "{kind}");
        assert_eq!(codes, ["3", "1", "1", "1"], "{kind}: {text}");
        assert!(["a", "b", "c"].iter().all(|lock| is_free(&dir, lock)), "{kind}");
    }
}

#[test]
fn commands_that_name_them_in_opposite_orders_all_get_through() {
    let dir = Dir::new();
    let me = env!("CARGO_BIN_EXE_lockwright");
    let turns = |words: &str| {
        format!("for i in $(seq 40); do {me} run -q {words} -- sh -c 'mkdir in && rmdir in' || exit; done")
    };
    let one = Process::start(dir.shell(&turns("a --also b --also c")));
    let two = Process::start(dir.shell(&turns("c --also b --also a")));
    let three = Process::start(dir.shell(&turns("b --also a --also ./c")));
    for mut process in [one, two, three] {
        assert_eq!(process.code(), 0);
    }
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn who_does_not_get_all_keeps_none() {
    for kind in ["fast", "bid", "queue", "rw-write", "sem=1"] {
        let dir = Dir::new();
        let holder = holds(&dir, &["--kind", kind, "b"]);
        for patience in [&["-n"][..], &["-w", "0.1"]] {
            let words =
                [&["run", "--kind", kind], patience, &["a", "--also", "c", "--also", "b", "touch", "ran"]].concat();
            let output = dir.lockwright(&words);
            assert_eq!(code(&output), 75, "{kind}");
            assert!(told(&output).starts_with("lockwright: b ("), "{output:?}");
            assert!(is_free(&dir, "a") && is_free(&dir, "c") && !is_free(&dir, "b"), "{kind}");
        }
        let mut waiter = start(&dir, &["--kind", kind, "a", "--also", "b"]);
        assert!(waiter.complaint().starts_with("lockwright: waiting for b ("));
        assert!(!is_free(&dir, "a"), "it holds the first meanwhile");
        waiter.signal(Signal::SIGTERM);
        assert_eq!(waiter.code(), 143);
        assert!(is_free(&dir, "a"), "{kind}");
        drop(holder);
    }
}

#[test]
fn a_lock_that_is_named_twice_is_refused_by_whatever_path() {
    let dir = Dir::new();
    fs::create_dir(dir.path().join("below")).expect("room");
    symlink("below", dir.path().join("link")).expect("room");
    let absolute = dir.path().join("a");
    for (one, two) in [("a", "a"), ("a", "./a"), ("a", absolute.to_str().expect("UTF-8")), ("below/a", "link/a")] {
        let output = dir.lockwright(&["run", one, "--also", "b", "--also", two, "touch", "ran"]);
        assert_eq!(code(&output), 64, "{one} {two}");
        assert!(one_line(&output).ends_with(": the lock is named twice"));
    }
    for words in [&["--reentrant"][..], &["--if-busy=replace"]] {
        let output = dir.lockwright(&[&["run", "a", "--also", "b"], words, &["touch", "ran"]].concat());
        assert_eq!(code(&output), 64);
        one_line(&output);
    }
    assert_eq!(dir.entries(), ["below", "link"]);
    // The same name in two directories is two locks.
    assert_eq!(code(&dir.lockwright(&["run", "a", "--also", "below/a", "true"])), 0);
}

#[test]
fn the_loss_of_any_stops_the_command_and_the_others_are_given_back() {
    for (lost, other) in [("a", "sub/b"), ("sub/b", "a")] {
        let dir = Dir::new();
        fs::create_dir(dir.path().join("sub")).expect("room");
        let mut holder = holds(&dir, &["a", "--also", "sub/b"]);
        fs::remove_dir_all(dir.path().join(lost)).expect("a lock");
        assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81), "{lost}");
        let path = if lost == "a" { "a" } else { "sub/b" };
        assert!(holder.complaint().starts_with(&format!("lockwright: {path}: the lock was taken away")));
        assert!(!dir.path().join(other).exists());
    }
}

#[test]
fn a_loss_is_noticed_while_the_next_one_is_waited_for() {
    for kind in ["fast", "bid", "queue", "rw-write", "sem=1", "fair-sem=1"] {
        let dir = Dir::new();
        let holder = holds(&dir, &["--kind", kind, "c"]);
        let wait = || {
            let mut waiter = start(&dir, &["--kind", kind, "a", "--also", "b", "--also", "c"]);
            assert!(waiter.complaint().starts_with("lockwright: waiting for c ("), "{kind}");
            waiter
        };
        let mut waiter = wait();
        fs::remove_dir_all(dir.path().join("b")).expect("a lock");
        assert_eq!((waiter.code(), waiter.line().as_str()), (81, ""), "{kind}");
        let why = waiter.last_complaint();
        assert_eq!(
            why, "lockwright: b: the lock was taken away, and nobody said why; the command was not run",
            "{kind}"
        );
        let mut waiter = wait();
        let id = out(&dir.lockwright(&["owner", "a"])).trim_end().to_owned();
        let broken = dir.lockwright(&["break", "a", "--id", &id, "--reason", "it waits", "--yes"]);
        assert_eq!((code(&broken), waiter.code()), (0, 85), "{kind}: {broken:?}");
        assert!(is_free(&dir, "a") && is_free(&dir, "b") && !is_free(&dir, "c"), "{kind}");
        drop(holder);
    }
}

#[test]
fn an_operator_breaks_one_of_them_and_the_code_says_so() {
    let dir = Dir::new();
    let mut holder = holds(&dir, &["a", "--also", "b"]);
    let id = entries(&dir.path().join("b/owner")).remove(0);
    let broken = dir.lockwright(&["break", "b", "--id", &id, "--reason", "it hangs", "--yes"]);
    assert_eq!(code(&broken), 0);
    assert_eq!((holder.line(), holder.code()), ("TERM".into(), 85));
    assert!(holder.complaint().contains("b: broken by "));
    assert_eq!(dir.entries(), ["b.broken"]);
}

#[test]
fn who_is_killed_leaves_none_that_the_next_does_not_get() {
    let dir = Dir::new();
    let mut holder = holds(&dir, &["a", "--also", "b"]);
    holder.kill_and_drain();
    assert_eq!(out(&dir.lockwright(&["run", "-w", "30", "b", "--also", "a", "echo", "ran"])), "ran\n");
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn one_that_is_held_around_the_command_is_refused() {
    let dir = Dir::new();
    let me = env!("CARGO_BIN_EXE_lockwright");
    let output = dir.lockwright(&["run", "a", "--also", "b", "--", "sh", "-c", &format!("{me} run c --also b true")]);
    assert_eq!(code(&output), 83);
    assert!(one_line(&output).starts_with("lockwright: b: held around this command"));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn the_outcome_is_one_and_the_number_that_of_the_first_one_named() {
    let dir = Dir::new();
    let script = format!(
        "exec {} run --status-fd 7 --fence b --also a -- sh -c 'echo $LOCKWRIGHT_FENCE' 7>&2",
        env!("CARGO_BIN_EXE_lockwright")
    );
    let output = dir.shell(&script).output().expect("a shell");
    let outcome: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!((out(&output), &outcome["fence"], &outcome["lock"]), ("1\n".into(), &1.into(), &"released".into()));
    assert_eq!(dir.entries(), ["b.token"]);
}
