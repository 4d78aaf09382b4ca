//! `--recover=never`: what a dead holder has left is for an operator, and whoever comes is refused.

use crate::{
    kinds::KINDS,
    support::{Dir, Process, code, one_line, out, told},
};

const NEVER: &str = "--recover=never";

/// Somebody who can be killed, and holds the lock or waits for it.
fn mortal(dir: &Dir) -> Process {
    Process::start(dir.shell("read x"))
}

/// A lock of that kind whose only holder is dead, and its id.
fn left(dir: &Dir, kind: &str) -> String {
    let mut owner = mortal(dir);
    let taken = dir.lockwright(&["lock", "--kind", kind, "--pid", &owner.id().to_string(), "lock"]);
    assert_eq!(code(&taken), 0, "{taken:?}");
    owner.kill_and_drain();
    out(&taken).trim_end().to_owned()
}

#[test]
fn exit_code_82_says_that_a_holder_is_dead_and_nobody_is_to_be_passed_whatever_the_kind() {
    for kind in KINDS {
        // The last one of a semaphore is not had either.
        let kind =
            if kind.contains('=') { kind.split_once('=').expect("a number").0.to_owned() + "=1" } else { kind.into() };
        let dir = Dir::new();
        let id = left(&dir, &kind);
        for patience in [&["-n"][..], &["-w", "60"], &[]] {
            let words = [&["run", NEVER, "--kind", &kind], patience, &["lock", "touch", "ran"]].concat();
            let refused = dir.lockwright(&words);
            assert_eq!(code(&refused), 82, "{kind}: {refused:?}");
            let said = told(&refused);
            assert!(said.contains(" is dead, and --recover=never passes nobody; the command was not run\n"), "{said}");
            assert!(said.contains(&format!("lockwright break lock --id {id} --reason TEXT")), "{said}");
        }
        for command in ["lock", "acquire"] {
            let pid = std::process::id().to_string();
            assert_eq!(code(&dir.lockwright(&[command, NEVER, "--pid", &pid, "--kind", &kind, "lock"])), 82, "{kind}");
        }
        let owner = dir.lockwright(&["owner", "lock"]);
        assert_eq!((out(&owner).trim_end(), dir.entries()), (id.as_str(), vec!["lock".to_owned()]), "{kind}");
        // Others go on as before, and what an operator has broken is free.
        if kind == "queue" {
            let broken = dir.lockwright(&["break", "lock", "--id", &id, "--reason", "looked at", "--yes"]);
            assert_eq!(code(&broken), 0, "{broken:?}");
            assert_eq!(code(&dir.lockwright(&["run", NEVER, "--kind", &kind, "lock", "true"])), 0, "{kind}");
        } else {
            assert_eq!(code(&dir.lockwright(&["run", "-n", "--kind", &kind, "lock", "true"])), 0, "{kind}");
        }
    }
}

#[test]
fn who_waits_for_the_living_goes_on_to_wait_and_is_refused_when_they_die() {
    for kind in ["fast", "bid", "queue", "rw-write", "sem=2", "fair-sem=2"] {
        let room: usize = kind.split_once('=').map_or(1, |(_, count)| count.parse().expect("a number"));
        let dir = Dir::new();
        let start = |options: &[&str]| dir.start(&[&["--kind", kind][..], options].concat(), "echo in; read x");
        let mut holders: Vec<Process> = (0..room).map(|_| start(&[])).collect();
        for holder in &mut holders {
            assert_eq!(holder.line(), "in");
        }
        let mut waiter = start(&[NEVER]);
        assert!(waiter.complaint().starts_with("lockwright: waiting for lock ("), "{kind}");
        holders[0].send("end\n");
        assert_eq!((holders[0].code(), waiter.line().as_str()), (0, "in"), "{kind}");
        let mut next = start(&[NEVER]);
        assert!(next.complaint().starts_with("lockwright: waiting for lock ("), "{kind}");
        waiter.kill_and_drain();
        assert_eq!((next.code(), next.line().as_str()), (82, ""), "{kind}");
        assert!(!next.last_complaint().is_empty());
    }
}

/// Nothing is said in between, so that it does not look up for that.
#[test]
fn the_death_of_any_holder_is_noticed_by_who_waits_for_another() {
    for (theirs, mine) in [("fair-sem=3", "fair-sem=3"), ("rw-read", "rw-write")] {
        for dies in 0..3 {
            let dir = Dir::new();
            let start =
                |kind: &str, options: &[&str]| dir.start(&[&["--kind", kind][..], options].concat(), "echo in; read x");
            let mut holders: Vec<Process> = (0..3).map(|_| start(theirs, &[])).collect();
            for holder in &mut holders {
                assert_eq!(holder.line(), "in");
            }
            let mut next = start(mine, &[NEVER, "--quiet"]);
            while !out(&dir.lockwright(&["status", "lock"])).contains("\nwaits ") {}
            holders[dies].kill_and_drain();
            assert_eq!((next.code(), next.line().as_str()), (82, ""), "{mine}, of {theirs} {dies}");
        }
    }
}

#[test]
fn who_has_died_in_line_is_not_passed_either() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--kind", "queue"], "echo in; read x");
    assert_eq!(holder.line(), "in");
    let mut first = dir.start(&["--kind", "queue"], "true");
    first.waits("queue");
    first.kill_and_drain();
    let refused = dir.lockwright(&["run", NEVER, "--kind", "queue", "lock", "true"]);
    assert_eq!(code(&refused), 82, "{refused:?}");
    assert!(told(&refused).contains(&format!("pid {}", first.id())));
    // Who recovers waits for the living alone.
    let mut last = dir.start(&["--kind", "queue"], "echo in");
    last.waits("queue");
    holder.send("end\n");
    assert_eq!((last.line().as_str(), last.code()), ("in", 0));
}

#[test]
fn a_lease_that_is_over_is_not_taken_and_contradictions_are_refused() {
    let dir = Dir::new();
    let held = dir.lockwright(&["acquire", "--lease", "1s", "lock"]);
    assert_eq!(code(&held), 0);
    assert_eq!(code(&dir.lockwright(&["run", NEVER, "-q", "-w", "1.6", "lock", "true"])), 75);
    assert_eq!(code(&dir.lockwright(&["release", out(&held).trim_end()])), 0);
    for words in [&["--if-busy=replace", "lock"][..], &["unix:socket#job"], &["--unverified", "nfs://127.0.0.1/job"]] {
        let refused = dir.lockwright(&[&["run", NEVER], words, &["true"]].concat());
        assert_eq!(code(&refused), 64, "{words:?}");
        one_line(&refused);
    }
    assert_eq!(code(&dir.lockwright(&["run", "--recover=check", "lock", "true"])), 0);
    assert_eq!(dir.entries(), [""; 0]);
}
