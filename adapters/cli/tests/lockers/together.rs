//! Shell scripts to the lockers' layout and this binary contend for one lock directory: never two at once, and what one
//! kind leaves when it is killed, the other recovers.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
};

use nix::sys::signal::Signal;

use crate::names::Names;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lockers/old.sh");

/// Lanes contend. In each, contenders follow each other, and each does its rounds and then ends in one of three ways.
const LANES: [&str; 4] = ["shell", "names", "shell", "names"];
const ENDS: [&str; 3] = ["hold", "propose", "release"];
const CONTENDERS: usize = 20;
const ROUNDS: usize = 25;

fn start(names: &Names, kind: &str, rounds: usize, end: &str) -> Child {
    let mut command = Command::new("sh");
    command.arg(SCRIPT).arg(kind).arg(names.path().join("bin")).arg(names.path().join("lock"));
    command.args([&rounds.to_string(), end]).stdin(Stdio::null()).spawn().expect("a process")
}

/// One contender, from its beginning to its end.
fn contend(names: &Names, kind: &str, rounds: usize, end: &str) {
    let status = start(names, kind, rounds, end).wait().expect("a child");
    let due = if end == "release" { (Some(0), None) } else { (None, Some(Signal::SIGKILL as i32)) };
    if (status.code(), status.signal()) != due {
        fs::write(names.path().join("stop"), "").expect("room");
        panic!("{kind} {end}: {status}");
    }
}

/// One lane. A contender is waited for before the next one starts, so that the dead are gone.
fn lane(names: &Names, kind: &str, number: usize) {
    for contender in 0..CONTENDERS {
        contend(names, kind, ROUNDS, ENDS[(contender + number) % ENDS.len()]);
    }
}

/// Nobody contends any more; whoever comes last cleans what the killed have left.
fn ends_clean(names: &Names) {
    assert!(!names.path().join("witness").exists());
    let said = fs::read_to_string(names.path().join("said")).unwrap_or_default();
    assert_eq!(said, "", "no attempt failed");
    let me = std::process::id().to_string();
    for action in ["lock", "unlock"] {
        assert_eq!(names.run("lock_local.sh", [action, "lock", &me]).0, 0);
    }
    assert!(!names.path().join("lock").exists(), "{:?}", names.entries("lock"));
}

#[test]
fn old_scripts_and_this_binary_exclude_each_other_and_recover_from_each_other() {
    let names = Names::new();
    std::thread::scope(|scope| {
        for (number, kind) in LANES.into_iter().enumerate() {
            let names = &names;
            scope.spawn(move || lane(names, kind, number));
        }
    });
    let ledger = fs::read_to_string(names.path().join("ledger")).expect("it was written");
    for kind in ["shell", "names"] {
        let rounds = ledger.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!(rounds, 2 * CONTENDERS * ROUNDS, "{kind}: a section was lost");
    }
    ends_clean(&names);
}

#[test]
fn each_recovers_what_the_other_left_when_it_was_killed() {
    for (killed, next) in [("shell", "names"), ("names", "shell")] {
        for end in ["hold", "propose"] {
            let names = Names::new();
            contend(&names, killed, 1, end);
            assert!(!names.entries("lock").is_empty(), "{killed}, {end}: it left nothing");
            contend(&names, next, 1, "release");
            let ledger = fs::read_to_string(names.path().join("ledger")).expect("it was written");
            let kinds: Vec<_> = ledger.lines().filter_map(|line| line.split(' ').next()).collect();
            assert_eq!(kinds, [killed, next], "{end}");
            ends_clean(&names);
        }
    }
}
