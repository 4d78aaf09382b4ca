//! Whoever is killed before any one of its calls keeps nobody out, of whatever kind, and what it left can be tidied away.
//!
//! `strace` kills the supervisor at a call that is counted, so every call that changes something is met, and what stands
//! between any two of them.

use std::process::Command;

use crate::{
    kinds::{KINDS, is_clean},
    places,
    races::Scene,
    support::{Dir, code, entries},
};

/// The calls that change something, `openat` among those that do not.
const CALLS: [&str; 4] = ["mkdirat", "renameat", "unlinkat", "openat"];

/// More than any of them is made.
const CALLS_MAX: usize = 100;

/// A supervisor that is killed may be gone a moment before its command. So often the next one looks again.
const LOOKS_MAX: usize = 100;

/// True where `what` is skipped since calls cannot be traced.
pub(crate) fn cannot_trace(what: &str) -> bool {
    let output = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let can = output.is_ok_and(|output| output.status.success());
    if !can {
        places::skip(&format!("{what}: strace is missing, or may not trace"));
    }
    !can
}

/// `lockwright run` as that kind, killed before the call of that number. Whether it made so many calls.
pub(crate) fn dies(dir: &Dir, kind: &str, call: &str, number: usize) -> bool {
    dies_in(dir, &["run", "--kind", kind, "lock", "true"], call, number)
}

/// The same for any command.
fn dies_in(dir: &Dir, command: &[&str], call: &str, number: usize) -> bool {
    let mut strace = dir.program("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    let output = strace.arg(env!("CARGO_BIN_EXE_lockwright")).args(command).output().expect("strace");
    assert!(output.status.success() || output.status.code().is_none(), "{command:?}, {call} {number}: {output:?}");
    !output.status.success()
}

/// The next one, of that kind, has the lock, and somebody tidies up.
fn keeps_nobody_out(dir: &Dir, kind: &str, what: &str) {
    let try_once = || dir.lockwright(&["run", "-n", "--kind", kind, "lock", "true"]);
    let mut output = try_once();
    for _ in 0..LOOKS_MAX {
        if output.status.success() {
            break;
        }
        output = try_once();
    }
    assert_eq!(code(&output), 0, "{what}, then {kind}: {output:?}");
    assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 0, "{what}, then {kind}");
    let left = || entries(&dir.path().join("lock"));
    assert!(is_clean(dir), "{what}, then {kind}: {:?}", left());
}

#[test]
fn whoever_is_killed_at_any_call_keeps_nobody_out() {
    if cannot_trace("a kill at each call") {
        return;
    }
    let mut next = KINDS.iter().cycle();
    for kind in ["fast", "bid", "queue", "rw-read", "rw-write", "sem=2", "fair-sem=2"] {
        let mut deaths = 0;
        for call in CALLS {
            for number in 1..CALLS_MAX {
                let dir = Dir::new();
                if !dies(&dir, kind, call, number) {
                    break;
                }
                if !dir.entries().is_empty() {
                    deaths += 1;
                    keeps_nobody_out(&dir, next.next().expect("a cycle"), &format!("{kind}, {call} {number}"));
                }
            }
        }
        assert!(deaths > CALLS.len(), "{kind}: {deaths}");
    }
}

/// Somebody has died with the lock, and somebody else about to take it.
#[test]
fn whoever_is_killed_at_any_call_of_a_recovery_keeps_nobody_out() {
    if cannot_trace("a kill at each call of a recovery") {
        return;
    }
    let mut next = KINDS.iter().cycle();
    for kind in ["fast", "bid", "queue", "rw-write", "sem=1", "fair-sem=1"] {
        let scene = Scene::new(kind);
        for command in [&["run", "--kind", kind, "lock", "true"][..], &["unlock", "lock"]] {
            let mut deaths = 0;
            for call in &CALLS[..3] {
                for number in 1..CALLS_MAX {
                    let dir = scene.again();
                    if !dies_in(&dir, command, call, number) {
                        break;
                    }
                    deaths += 1;
                    let what = format!("{kind}, {} killed at {call} {number} of a recovery", command[0]);
                    keeps_nobody_out(&dir, next.next().expect("a cycle"), &what);
                }
            }
            assert!(deaths > 3, "{kind}, {}: {deaths}", command[0]);
        }
    }
}

#[test]
fn directories_that_somebody_died_in_keep_nobody_out() {
    for left in
        ["lock/build", "lock/owner", "lock/owner/sem=2/1/build", "lock/owner/sem=2/2/owner", "lock/owner/queue/door"]
    {
        for kind in KINDS {
            let dir = Dir::new();
            std::fs::create_dir_all(dir.path().join(left)).expect("a directory");
            keeps_nobody_out(&dir, kind, left);
        }
    }
}
