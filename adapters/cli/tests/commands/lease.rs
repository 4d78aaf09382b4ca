//! Holds on a lease: renewed while the command runs, over when nobody renews them, and then somebody else's.

use std::{
    process::Output,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    supervision::Fifo,
    support::{Dir, Process, code, one_line, out, told},
};

const KINDS: [&str; 6] = ["fast", "queue", "rw-read", "rw-write", "sem=2", "fair-sem=2"];
const WAITS: &str = "echo in $LOCKWRIGHT_FENCE; read x; echo $x";

fn status(dir: &Dir) -> Value {
    serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON")
}

fn token(dir: &Dir, options: &[&str]) -> String {
    let output = dir.lockwright(&[&["acquire", "--lease", "1s"], options, &["lock"]].concat());
    assert_eq!(code(&output), 0, "{output:?}");
    out(&output).trim_end().to_owned()
}

/// All that it said.
fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn a_run_on_a_lease_renews_it_for_as_long_as_its_command_runs_and_leaves_nothing() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--lease", "3s"], WAITS);
    assert_eq!(holder.line(), "in");
    assert_eq!(status(&dir)["holders"][0]["lease_ms"], 3000);
    // Longer than it takes to find a lease over that nobody renews.
    assert_eq!(code(&dir.lockwright(&["run", "-q", "--wait", "4.5s", "lock", "true"])), 75);
    let explained = out(&dir.lockwright(&["explain", "lock"]));
    let renewals = explained.split_once("on a lease of 3s, renewed ").and_then(|(_, rest)| rest.split_once(" times"));
    let renewals: u64 = renewals.and_then(|(number, _)| number.parse().ok()).expect("a number");
    assert!(renewals > 1, "{explained}");
    holder.send("end\n");
    assert_eq!((holder.line(), holder.code()), ("end".into(), 0));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_command_is_told_when_its_lease_ends_and_others_are_told_of_it() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--ttl=1h"], "echo $LOCKWRIGHT_EXPIRES; read x");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let expires: u64 = holder.line().parse().expect("a number");
    assert!((now + 3500..=now + 3600).contains(&expires), "{expires}, and it is {now}");
    let seen = status(&dir);
    assert_eq!((&seen["holders"][0]["lease_ms"], &seen["holders"][0]["lapsed"]), (&3_600_000.into(), &false.into()));
    assert!(out(&dir.lockwright(&["status", "lock"])).contains("lease 3600s"));
    let explained = out(&dir.lockwright(&["explain", "lock"]));
    assert!(explained.contains("on a lease of 3600s, renewed 1 times"), "{explained}");
    assert!(explained.contains("or when somebody who waits has seen its lease not renewed for 4050s"), "{explained}");
    assert!(told(&dir.lockwright(&["run", "-n", "lock", "true"])).contains("on a lease of 3600s"));
    assert!(out(&dir.lockwright(&["list"])).contains("lease 3600s"));
    holder.send("\n");
    assert_eq!(holder.code(), 0);
    // Without one there is nothing to tell, and a lock around does not tell for this one.
    let mut plain = dir.command(&["run", "lock", "sh", "-c", "echo ${LOCKWRIGHT_EXPIRES-unset}"]);
    assert_eq!(out(&plain.env("LOCKWRIGHT_EXPIRES", "1").output().expect("a process")), "unset\n");
}

#[test]
fn p3_a_supervisor_that_is_stopped_past_its_lease_loses_the_lock_and_its_command_is_dead_before_another_runs() {
    let dir = Dir::new();
    // The command ignores what asks it to end, and so does what it has started.
    let script =
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do read x <fifo; done' & echo $$ $LOCKWRIGHT_FENCE; wait";
    let _fifo = Fifo::new(&dir, "fifo");
    let mut holder = dir.start(&["--lease", "1s", "--fence"], script);
    let told = holder.line();
    let (group, number) = told.split_once(' ').expect("two numbers");
    assert_eq!(number, "1");
    holder.signal(Signal::SIGSTOP);
    let living = format!("awk -v g={group} '$5 == g && $3 != \"Z\" {{ n++ }} END {{ print n + 0 }}'");
    let script = format!("cat /proc/[0-9]*/stat 2>/dev/null | {living}; echo $LOCKWRIGHT_FENCE");
    let mut next = dir.start(&["--fence", "-q"], &script);
    assert_eq!(next.line(), "0", "of the group of the first when the second runs");
    let fence: u64 = next.line().parse().expect("a number");
    assert!(fence > 1);
    assert_eq!(next.code(), 0);
    holder.signal(Signal::SIGCONT);
    assert_eq!(holder.code(), 81);
    assert_eq!(holder.complaint(), "lockwright: lock: the lease was over before it was renewed; stopping the command");
    // A resource that has heard of the second refuses the first.
    assert_eq!(code(&dir.lockwright(&["fence", "check", "guard", &fence.to_string()])), 0);
    assert_eq!(code(&dir.lockwright(&["fence", "check", "guard", "1"])), 81);
    assert_eq!(dir.entries(), ["fifo", "guard", "lock.token"]);
}

#[test]
fn the_number_of_a_holder_that_was_given_up_is_outdated_also_where_the_next_asks_for_none() {
    let dir = Dir::new();
    let output = dir.lockwright(&["acquire", "--fence", "--lease", "1s", "lock"]);
    let number: u64 = out(&output).lines().nth(1).expect("a number").parse().expect("a number");
    assert_eq!(code(&dir.lockwright(&["run", "lock", "true"])), 0);
    let last: u64 = out(&dir.lockwright(&["fence", "show", "lock"])).trim().parse().expect("a number");
    assert!(last > number, "{last}");
}

#[test]
fn what_nobody_renews_is_taken_over_by_whoever_waits_whatever_the_kind() {
    for kind in KINDS {
        let dir = Dir::new();
        let room = if kind.contains("sem") { 2 } else { 1 };
        let tokens: Vec<String> = (0..room).map(|_| token(&dir, &["--kind", kind])).collect();
        let begun = Instant::now();
        // Readers share; a writer waits.
        let waiter = if kind == "rw-read" { "rw-write" } else { kind };
        let output = dir.lockwright(&["run", "--kind", waiter, "lock", "echo", "in"]);
        assert_eq!((code(&output), out(&output).as_str()), (0, "in\n"), "{kind}: {output:?}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{kind}: the lease was cut short");
        let line = said(&output);
        assert!(line.contains("taken over from id lease-"), "{kind}: {line}");
        assert!(line.contains("it did not renew its lease in time, and may live"), "{kind}: {line}");
        // One of them at least is over. Semaphores have one that was not needed.
        let codes: Vec<i32> = tokens.iter().map(|token| code(&dir.lockwright(&["renew", token]))).collect();
        assert!(codes.contains(&81) && codes.iter().all(|code| [0, 81].contains(code)), "{kind}: {codes:?}");
        let codes: Vec<i32> = tokens.iter().map(|token| code(&dir.lockwright(&["release", token]))).collect();
        assert!(codes.contains(&81) && codes.iter().all(|code| [0, 81].contains(code)), "{kind}: {codes:?}");
        assert_eq!(dir.entries(), [""; 0], "{kind}");
    }
}

#[test]
fn who_waits_for_room_takes_a_hold_for_gone_whose_lease_is_over_and_takes_nothing() {
    for kind in KINDS {
        let dir = Dir::new();
        let room = if kind.contains("sem") { 2 } else { 1 };
        let tokens: Vec<String> = (0..room).map(|_| token(&dir, &["--kind", kind])).collect();
        let waits = if kind == "rw-read" { "rw-write" } else { kind };
        assert_eq!(code(&dir.lockwright(&["wait", "-n", "--kind", waits, "lock"])), 75, "{kind}");
        let begun = Instant::now();
        assert_eq!(code(&dir.lockwright(&["wait", "-q", "--kind", waits, "lock"])), 0, "{kind}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{kind}: the lease was cut short");
        // Nobody has claimed it, so it can be renewed still, and is waited for again.
        assert!(tokens.iter().all(|token| code(&dir.lockwright(&["renew", token])) == 0), "{kind}");
        assert_eq!(code(&dir.lockwright(&["wait", "-n", "--kind", waits, "lock"])), 75, "{kind}");
        assert!(tokens.iter().all(|token| code(&dir.lockwright(&["release", token])) == 0), "{kind}");
        assert_eq!(dir.entries(), [""; 0], "{kind}");
    }
}

#[test]
fn acquire_on_a_lease_holds_for_no_process_until_it_is_released_or_not_renewed() {
    let dir = Dir::new();
    // The shell that asks for it ends at once.
    let script = format!("{} acquire --lease 1h lock", env!("CARGO_BIN_EXE_lockwright"));
    let held = out(&dir.shell(&script).output().expect("a shell"));
    let held = held.trim_end();
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "true"])), 75);
    assert_eq!(code(&dir.lockwright(&["renew", held])), 0);
    assert_eq!(code(&dir.lockwright(&["release", held])), 0);
    assert_eq!(dir.entries(), [""; 0]);
    for command in ["renew", "release"] {
        let output = dir.lockwright(&[command, held]);
        assert_eq!(code(&output), 81, "{command}");
        one_line(&output);
    }
    let json = dir.lockwright(&["acquire", "--lease", "1h", "--json", "lock"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert!(json["expires"].is_u64());
    assert_eq!(code(&dir.lockwright(&["release", json["token"].as_str().expect("text")])), 0);
}

#[test]
fn a_hold_on_a_lease_of_a_process_ends_with_either() {
    let dir = Dir::new();
    let mut owner = Process::start(dir.shell("read x"));
    let pid = owner.id().to_string();
    let held = token(&dir, &["--pid", &pid]);
    owner.send("\n");
    assert_eq!(owner.code(), 0);
    // Its death is evidence, and nobody has to wait for its lease.
    let output = dir.lockwright(&["run", "-n", "lock", "true"]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(said(&output).contains("who is dead"));
    assert_eq!(dir.entries(), [""; 0]);
    assert_eq!(code(&dir.lockwright(&["renew", &held])), 81);
}

#[test]
fn a_hold_on_no_lease_is_not_renewed_and_not_taken_over() {
    let dir = Dir::new();
    let mut owner = Process::start(dir.shell("read x"));
    let output = dir.lockwright(&["acquire", "--pid", &owner.id().to_string(), "lock"]);
    let output = dir.lockwright(&["renew", out(&output).trim_end()]);
    assert_eq!(code(&output), 1);
    assert!(one_line(&output).ends_with("it is held on no lease"));
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "true"])), 75);
    owner.send("\n");
    assert_eq!(owner.code(), 0);
}

#[test]
fn require_refuses_what_promises_less() {
    let dir = Dir::new();
    let refused = dir.lockwright(&["run", "--require=exclusive", "--lease", "1s", "lock", "true"]);
    assert_eq!(code(&refused), 82);
    assert!(one_line(&refused).contains("a lease does not promise that two never hold"));
    assert_eq!(code(&dir.lockwright(&["run", "--require=exclusive", "--unverified", "lock", "true"])), 64);
    assert_eq!(code(&dir.lockwright(&["run", "--require=lease", "--lease", "1s", "lock", "true"])), 0);
    let _held = token(&dir, &[]);
    // Whoever asks for exclusion takes nobody's lease for over; whoever does not, does.
    assert_eq!(code(&dir.lockwright(&["run", "--require=exclusive", "-q", "-w", "1.5s", "lock", "true"])), 75);
    assert_eq!(code(&dir.lockwright(&["run", "--require=lease", "-q", "lock", "true"])), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn what_cannot_be_held_on_a_lease_is_refused_in_a_line_and_leaves_nothing() {
    let dir = Dir::new();
    for (options, wanted) in [
        (&["--kind", "bid", "--lease", "1s"][..], 82),
        (&["--lease", "0.5s"], 64),
        (&["--lease", "9000h"], 64),
        (&["--lease", "soon"], 64),
        (&["--lease=-1"], 64),
        (&["--reentrant", "--lease", "1s"], 64),
    ] {
        let output = dir.lockwright(&[&["run"], options, &["lock", "true"]].concat());
        assert_eq!(code(&output), wanted, "{options:?}");
        one_line(&output);
        assert_eq!(dir.entries(), [""; 0], "{options:?}");
    }
}

#[test]
fn p14_a_supervisor_killed_on_a_lease_leaves_nothing_that_blocks() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--lease", "1s"], "echo in; read x");
    assert_eq!(holder.line(), "in");
    holder.kill();
    let output = dir.lockwright(&["run", "lock", "echo", "next"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "next\n"));
    assert_eq!(dir.entries(), [""; 0]);
}
