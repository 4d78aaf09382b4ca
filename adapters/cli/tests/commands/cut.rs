//! `run --cut` and `queue --promote`: somebody comes before the others who wait, who keep their order behind.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Dir, Process, code, entries, one_line, out};

const KINDS: [&str; 3] = ["queue", "rw-write", "fair-sem=1"];

/// Notes in a file that it was there.
fn waiter(dir: &Dir, options: &[&str], name: &str) -> Process {
    let mut waiter = dir.start(options, &format!("echo {name} >>order"));
    assert!(waiter.complaint().starts_with("lockwright: waiting for lock ("));
    waiter
}

fn holder(dir: &Dir, kind: &str) -> Process {
    let mut holder = dir.start(&["--kind", kind], "echo in; read x");
    assert_eq!(holder.line(), "in");
    holder
}

/// Who waits, in order, by the numbers of their processes.
fn line(dir: &Dir) -> Vec<u64> {
    let told: Value = serde_json::from_slice(&dir.lockwright(&["queue", "--json", "lock"]).stdout).expect("JSON");
    let waiters = told["waiters"].as_array().expect("a list");
    waiters.iter().map(|waiter| waiter["pid"].as_u64().expect("a number")).collect()
}

fn pids(waiters: &[&Process]) -> Vec<u64> {
    waiters.iter().map(|waiter| waiter.id().into()).collect()
}

/// All come to their turn, in that order, and leave nothing but the record.
fn goes_on(dir: &Dir, mut holder: Process, waiters: Vec<Process>, order: &str, records: usize) {
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    for mut waiter in waiters {
        assert_eq!(waiter.code(), 0);
    }
    assert_eq!(fs::read_to_string(dir.path().join("order")).expect("written").replace('\n', " "), order);
    assert_eq!(dir.entries(), ["lock.cut", "order"]);
    assert_eq!(entries(&dir.path().join("lock.cut")).len(), records);
}

#[test]
fn one_that_waits_is_brought_before_the_others_who_keep_their_order() {
    for kind in KINDS {
        let dir = Dir::new();
        let holder = holder(&dir, kind);
        let [mut a, mut b, c] = ["a", "b", "c"].map(|name| waiter(&dir, &["--kind", kind], name));
        let promoted = dir.lockwright(&["queue", "lock", "--promote", "4", "--reason", "it burns"]);
        assert_eq!(code(&promoted), 0, "{kind}: {promoted:?}");
        assert_eq!(one_line(&promoted), "lockwright: lock: 2 made way, and 0 did not answer", "{kind}");
        assert_eq!(line(&dir), pids(&[&c, &a, &b]), "{kind}");
        for one in [&mut a, &mut b] {
            let told = std::iter::repeat_with(|| one.complaint()).find(|line| line.contains("made way"));
            assert!(told.is_some_and(|told| told.ends_with(" asked: it burns")), "{kind}");
        }
        let record = fs::read_to_string(dir.path().join("lock.cut").join(&entries(&dir.path().join("lock.cut"))[0]));
        assert!(record.expect("a record").contains("\nwhy it burns\n"));
        // It stands first already, so nobody is asked.
        let again = dir.lockwright(&["queue", "lock", "--promote", "4", "--reason", "it burns"]);
        assert_eq!(one_line(&again), "lockwright: lock: 0 made way, and 0 did not answer", "{kind}");
        goes_on(&dir, holder, vec![a, b, c], "c a b ", 2);
    }
}

#[test]
fn a_command_cuts_in_before_all_who_wait_and_not_before_the_holder() {
    for kind in KINDS {
        let dir = Dir::new();
        let holder = holder(&dir, kind);
        let [a, b] = ["a", "b"].map(|name| waiter(&dir, &["--kind", kind, "--lease", "1h"], name));
        let cut = waiter(&dir, &["--kind", kind, "--cut", "--reason", "it burns"], "cut");
        assert_eq!(line(&dir), pids(&[&cut, &a, &b]), "{kind}");
        let told: Value = serde_json::from_slice(&dir.lockwright(&["queue", "--json", "lock"]).stdout).expect("JSON");
        assert_eq!(told["waiters"][2]["lease_ms"], 3_600_000, "{kind}");
        goes_on(&dir, holder, vec![a, b, cut], "cut a b ", 2);
    }
}

#[test]
fn who_does_not_answer_keeps_its_place_and_is_not_asked_afterwards() {
    let dir = Dir::new();
    let holder = holder(&dir, "queue");
    let [a, b, c] = ["a", "b", "c"].map(|name| waiter(&dir, &["--kind", "queue"], name));
    a.signal(Signal::SIGSTOP);
    a.stopped();
    let promoted = dir.lockwright(&["queue", "lock", "--promote", "4", "--reason", "it burns"]);
    assert_eq!(code(&promoted), 75, "{promoted:?}");
    assert_eq!(one_line(&promoted), "lockwright: lock: 1 made way, and 1 did not answer");
    a.signal(Signal::SIGCONT);
    assert_eq!(line(&dir), pids(&[&a, &c, &b]));
    goes_on(&dir, holder, vec![a, b, c], "a c b ", 1);
}

#[test]
fn a_place_that_is_kept_for_another_process_makes_way_as_well_and_the_dead_are_passed() {
    let dir = Dir::new();
    let holder = holder(&dir, "queue");
    let me = env!("CARGO_BIN_EXE_lockwright");
    let script = format!("id=$({me} lock --kind queue lock) && echo a >>order && {me} unlock lock --id $id");
    let mut a = Process::start(dir.shell(&script));
    assert!(a.complaint().starts_with("lockwright: waiting for lock ("));
    let mut b = waiter(&dir, &["--kind", "queue"], "b");
    let c = waiter(&dir, &["--kind", "queue"], "c");
    b.kill_and_drain();
    let promoted = dir.lockwright(&["queue", "lock", "--promote", "4", "--reason", "it burns"]);
    assert_eq!(code(&promoted), 0, "{promoted:?}");
    goes_on(&dir, holder, vec![a, c], "c a ", 1);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let dir = Dir::new();
    for words in [
        &["run", "--cut", "lock"][..],
        &["run", "--reason", "x", "lock"],
        &["run", "--cut", "--reason", " ", "--kind", "queue", "lock"],
        &["run", "--cut", "--reason", "x", "lock"],
        &["run", "--cut", "--reason", "x", "--kind", "sem=2", "lock"],
        &["run", "--cut", "--reason", "x", "--kind", "queue", "-n", "lock"],
        &["run", "--cut", "--reason", "x", "--kind", "queue", "--if-busy=fail", "lock"],
        &["run", "--cut", "--reason", "x", "--kind", "queue", "unix:socket#job"],
        &["queue", "lock", "--promote", "1"],
        &["queue", "lock", "--promote", "1", "--drop", "2", "--reason", "x"],
    ] {
        let words = if words[0] == "run" { [words, &["true"]].concat() } else { words.to_vec() };
        assert_eq!(code(&dir.lockwright(&words)), 64, "{words:?}");
    }
    let mut holder = holder(&dir, "queue");
    for (whom, wanted) in [("2", 1), ("nobody", 1), ("1", 0)] {
        let output = dir.lockwright(&["queue", "lock", "--promote", whom, "--reason", "x"]);
        assert_eq!(code(&output), wanted, "{whom}");
        one_line(&output);
    }
    assert_eq!(dir.entries(), ["lock"]);
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    // Nobody waits, so nobody is asked.
    let alone = dir.lockwright(&["run", "--cut", "--reason", "x", "--kind", "queue", "lock", "echo", "in"]);
    assert_eq!((code(&alone), out(&alone).as_str(), dir.entries()), (0, "in\n", vec![]));
}
