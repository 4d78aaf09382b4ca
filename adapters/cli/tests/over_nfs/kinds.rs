//! Each kind: whom it lets in, what the command is told, and what becomes of it when somebody is killed or the lock taken away.

use std::fs;

use lockwright_kernel::path::Path as At;
use nix::sys::signal::Signal;

use crate::{
    process::Process,
    stage::{EXCLUSIVE, LAYOUTS, Stage, end, remove_all},
    support::{code, out, refusal},
};

#[test]
fn each_kind_runs_a_command_and_leaves_nothing() {
    let stage = Stage::new();
    for kind in LAYOUTS.into_iter().chain(["rw-read"]) {
        let output = stage.run(&["--kind", kind], "echo $LOCKWRIGHT_MODE $LOCKWRIGHT_SLOT; exit 7");
        assert_eq!((code(&output), output.stderr.as_slice()), (7, b"".as_slice()), "{kind}");
        let (mode, slot) = out(&output)
            .trim_end()
            .split_once(' ')
            .map_or((out(&output), None), |(mode, slot)| (mode.to_owned(), slot.parse::<u32>().ok()));
        assert_eq!((mode.trim_end(), slot.is_some()), (kind, kind.starts_with("sem=")), "{output:?}");
        assert!(stage.is_clean(), "{kind}");
    }
}

#[test]
fn who_does_not_wait_is_told_whom_it_would_have_waited_for() {
    for kind in EXCLUSIVE {
        let stage = Stage::new();
        let holder = stage.holder(kind);
        for more in [&["--nonblock"][..], &["--wait", "0.2"]] {
            let output = stage.run(&[&["--kind", kind], more].concat(), "touch ran");
            assert_eq!(code(&output), 75, "{kind} {more:?}");
            assert!(refusal(&output).contains(&format!("held by pid {}", holder.id())), "{kind}: {output:?}");
        }
        let output = stage.run(&["--kind", kind, "-n", "-q"], "touch ran");
        assert_eq!((code(&output), output.stderr.as_slice()), (75, b"".as_slice()), "{kind}");
        assert!(!stage.dir.path().join("ran").exists());
        end(holder);
        assert!(stage.is_clean(), "{kind}");
    }
}

#[test]
fn readers_share_and_a_writer_is_alone() {
    let stage = Stage::new();
    let readers = [stage.holder("rw-read"), stage.holder("rw-read")];
    assert_eq!(code(&stage.run(&["-n", "--kind", "rw-write"], "true")), 75);
    readers.into_iter().for_each(end);
    let writer = stage.holder("rw-write");
    for kind in ["rw-read", "rw-write"] {
        assert_eq!(code(&stage.run(&["-n", "--kind", kind], "true")), 75, "{kind}");
    }
    end(writer);
    assert!(stage.is_clean());
}

#[test]
fn two_hold_a_semaphore_of_two_and_no_third() {
    for (kind, slots) in [("sem=2", ["1", "2"]), ("fair-sem=2", ["", ""])] {
        let stage = Stage::new();
        let mut holders = [(); 2].map(|()| stage.start(kind, "echo \"in $LOCKWRIGHT_SLOT\"; read x"));
        let mut told = holders.each_mut().map(Process::line);
        told.sort();
        assert_eq!(told, slots.map(|slot| format!("in {slot}").trim_end().to_owned()), "{kind}");
        assert_eq!(code(&stage.run(&["-n", "--kind", kind], "true")), 75, "{kind}");
        holders.into_iter().for_each(end);
        assert!(stage.is_clean(), "{kind}");
    }
}

#[test]
fn a_killed_holder_hands_over_in_every_kind() {
    for kind in LAYOUTS {
        let stage = Stage::new();
        let count = kind.split_once('=').map_or(1, |(_, count)| count.parse().expect("a number"));
        let mut holders: Vec<Process> = (0..count).map(|_| stage.holder(kind)).collect();
        let mut waiter = stage.start(kind, "echo in");
        holders[0].kill_and_drain();
        assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0), "{kind}");
        holders.drain(1..).for_each(end);
        // Who comes next finds what is left of a try.
        assert_eq!(code(&stage.run(&["--kind", kind], "true")), 0, "{kind}");
        assert!(stage.is_clean(), "{kind}: {:?}", stage.status());
    }
}

#[test]
fn a_command_whose_lock_is_taken_away_is_stopped_in_every_kind() {
    for kind in LAYOUTS.into_iter().chain(["rw-read"]) {
        let stage = Stage::new();
        let mut holder = stage.holder(kind);
        remove_all(&stage.fs(), &"job.lock".parse::<At>().expect("a path"));
        assert_eq!(holder.code(), 81, "{kind}: {}", holder.last_complaint());
    }
}

#[test]
fn a_command_that_would_wait_for_a_lock_around_it_is_refused() {
    let stage = Stage::new();
    let binary = env!("CARGO_BIN_EXE_lockwright");
    for (kind, wanted) in [("queue", "83"), ("rw-read", "83"), ("fair-sem=2", "0"), ("sem=2", "0")] {
        let inside = format!("{binary} run -n --kind {kind} {} true; echo $?", stage.lock);
        let output = stage.run(&["--kind", kind], &inside);
        assert_eq!(out(&output).trim_end(), wanted, "{kind}: {output:?}");
    }
}

/// Waits until a process keeps that signal for later, as `run` does from its beginning.
fn blocks(process: &Process, signal: Signal) {
    let blocked = || {
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).expect("a mask");
        u64::from_str_radix(mask.trim(), 16).expect("a number") >> (signal as i32 - 1) & 1 == 1
    };
    while !blocked() {}
}

#[test]
fn a_signal_ends_a_wait_and_takes_the_place_out_of_the_line() {
    for (kind, count) in [("queue", 1), ("rw-write", 1), ("fair-sem=2", 2), ("sem=2", 2), ("fast", 1)] {
        let stage = Stage::new();
        let holders: Vec<Process> = (0..count).map(|_| stage.holder(kind)).collect();
        let mut waiter = stage.start(kind, "touch ran");
        if !["sem=2", "fast"].contains(&kind) {
            stage.stands_in_line(kind, count + 1);
        }
        blocks(&waiter, Signal::SIGTERM);
        waiter.signal(Signal::SIGTERM);
        assert_eq!(waiter.end().code(), Some(128 + Signal::SIGTERM as i32), "{kind}");
        assert_eq!(stage.status().1["waiters"], serde_json::json!([]), "{kind}");
        holders.into_iter().for_each(end);
        assert!(stage.is_clean() && !stage.dir.path().join("ran").exists(), "{kind}");
    }
}
