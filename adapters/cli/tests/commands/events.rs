//! `run --json`: what happens, in the order in which it does, and nothing else on standard error.

use std::fs;

use serde_json::Value;

use crate::support::{Dir, Process, code};

/// The next event, and its key `event`.
fn event(process: &mut Process) -> (String, Value) {
    let line = process.complaint();
    let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    (event["event"].as_str().expect("a name").to_owned(), event)
}

/// The names of the events that are left, and the exit code.
fn rest(process: &mut Process) -> (Vec<String>, i32) {
    let mut names = Vec::new();
    while let line = process.complaint()
        && !line.is_empty()
    {
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        names.push(event["event"].as_str().expect("a name").to_owned());
    }
    (names, process.code())
}

#[test]
fn a_wait_its_end_and_that_of_the_command_are_told() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--json"], "echo $LOCKWRIGHT_ID; read x; exit 3");
    let id = holder.line();
    let (name, acquired) = event(&mut holder);
    assert_eq!((name.as_str(), &acquired["lock"], &acquired["id"]), ("acquired", &"lock".into(), &id.clone().into()));
    let mut waiter = dir.start(&["--json"], "true");
    let (name, waiting) = event(&mut waiter);
    assert_eq!((name.as_str(), &waiting["holders"][0], &waiting["kind"]), ("waiting", &id.into(), &"fast".into()));
    assert!(waiting["waited_ms"].as_u64().expect("a number") >= 400);
    holder.send("end\n");
    let (name, ended) = event(&mut holder);
    assert_eq!((name.as_str(), &ended["child"]), ("ended", &3.into()));
    assert_eq!(rest(&mut holder), (vec!["released".into()], 3));
    assert_eq!(rest(&mut waiter), (["acquired", "ended", "released"].map(str::to_owned).into(), 0));
}

#[test]
fn a_loss_and_an_operators_word_are_told() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--json"], "echo in; read x");
    assert_eq!(holder.line(), "in");
    fs::remove_dir_all(dir.path().join("lock")).expect("a lock");
    assert_eq!(event(&mut holder).0, "acquired");
    let (name, lost) = event(&mut holder);
    assert_eq!((name.as_str(), &lost["gone"], &lost["by"]), ("lost", &true.into(), &Value::Null));
    assert_eq!(rest(&mut holder), (vec!["ended".into()], 81));
    let mut holder = dir.start(&["--json"], "echo $LOCKWRIGHT_ID; read x");
    let id = holder.line();
    assert_eq!(code(&dir.lockwright(&["break", "lock", "--id", &id, "--reason", "it hangs", "--yes"])), 0);
    assert_eq!(event(&mut holder).0, "acquired");
    let (name, lost) = event(&mut holder);
    assert_eq!((name.as_str(), &lost["gone"], &lost["reason"]), ("lost", &false.into(), &"it hangs".into()));
    assert_eq!(rest(&mut holder), (vec!["ended".into()], 85));
}

#[test]
fn what_was_taken_from_the_dead_and_what_took_too_long_are_told() {
    let dir = Dir::new();
    dir.holder().kill_and_drain();
    let mut next = dir.start(&["--json", "--max-hold", "0.2"], "read x");
    assert_eq!(
        rest(&mut next),
        (["recovered", "acquired", "too-long", "ended", "released"].map(str::to_owned).into(), 124)
    );
}

#[test]
fn every_failure_is_an_event_with_its_code() {
    let dir = Dir::new();
    let _holder = dir.holder();
    for (words, wanted) in [
        (&["-n", "lock", "true"][..], 75),
        (&["-n", "--if-busy=wait", "--kind", "queue", "lock", "true"], 64),
        (&["--kind", "queue", "lock", "true"], 78),
        (&["missing/lock", "true"], 73),
        (&["other", "./no-such-command"], 127),
        (&["other", "."], 126),
    ] {
        let mut process = Process::start(dir.command(&[&["run", "--json"], words].concat()));
        if wanted == 64 {
            // What was typed made no sense, so nobody is known to want events.
            assert!(process.complaint().starts_with("lockwright: "));
            continue;
        }
        let mut found = None;
        while let line = process.complaint()
            && !line.is_empty()
        {
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            found = found.or((event["event"] == "failed").then_some(event));
        }
        assert_eq!(
            (found.expect("it failed")["exit"].as_i64(), process.code()),
            (Some(wanted.into()), wanted),
            "{words:?}"
        );
    }
    for words in [&["--json", "-q"][..], &["--json", "-v"]] {
        assert_eq!(code(&dir.lockwright(&[&["run"], words, &["lock", "true"]].concat())), 64);
    }
}
