//! `lockwright break`: an operator takes a lock away, from whom and for which reason is said, and nobody else loses anything.

use std::process::Command;

use nix::{sys::signal::Signal, unistd::geteuid};
use serde_json::Value;

use crate::{
    kinds::KINDS,
    places,
    support::{Dir, Process, code, entries, one_line, out},
    terminal::on_a_terminal,
};

/// Says `in` and waits, and that it was told to end.
const WAITS: &str = "trap 'echo TERM; exit 9' TERM; echo in; read x; echo $x";

fn holder(dir: &Dir, options: &[&str], script: &str) -> Process {
    let mut holder = dir.start(options, script);
    assert_eq!(holder.line(), "in");
    holder
}

fn status(dir: &Dir) -> Value {
    serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON")
}

/// The id of a holder or a waiter.
fn id(dir: &Dir, role: &str) -> String {
    status(dir)[role][0]["id"].as_str().expect("an id").to_owned()
}

fn break_of(id: &str, options: &[&'static str]) -> Vec<String> {
    let words = ["break", "lock", "--id", id, "--reason", "it hangs"];
    words.iter().chain(options).map(|word| (*word).to_owned()).collect()
}

fn broken(dir: &Dir, id: &str, options: &[&'static str]) -> std::process::Output {
    let words = break_of(id, options);
    dir.lockwright(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// `broken by ann@node7, pid 4312: it hangs`, and what follows.
fn says_who_and_why(line: &str, then: &str) {
    let told = line.strip_prefix("lockwright: lock: broken by ").expect(line);
    let (by, why) = told.split_once(": ").expect(line);
    let user = out(&Command::new("id").arg("-un").output().expect("id"));
    assert!(by.starts_with(&format!("{}@", user.trim())) && by.contains(", pid "), "{line}");
    assert_eq!(why, format!("it hangs; {then}"));
}

#[test]
fn exit_code_85_says_who_broke_the_lock_and_why_whatever_the_kind() {
    for kind in KINDS.into_iter().chain(["rw-read"]) {
        let dir = Dir::new();
        let mut holder = holder(&dir, &["--kind", kind], WAITS);
        let pid = holder.id();
        let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "1h"]);
        assert_eq!((code(&output), out(&output)), (0, String::new()), "{kind}");
        let line = one_line(&output);
        assert!(line.starts_with(&format!("lockwright: lock: given back by pid {pid} on ")), "{line}");
        assert_eq!((holder.line(), holder.code()), ("TERM".into(), 85), "{kind}");
        says_who_and_why(&holder.complaint(), "stopping the command");
        assert_eq!(holder.complaint(), "");
        assert_eq!(code(&dir.lockwright(&["run", "-n", "--kind", kind, "lock", "true"])), 0, "{kind}");
    }
}

#[test]
fn one_that_waits_in_line_is_broken_at_once_and_its_command_not_run() {
    for kind in ["queue", "rw-write", "fair-sem=2"] {
        let dir = Dir::new();
        let holders = [(); 2].map(|()| {
            let kind = if kind == "rw-write" { "rw-read" } else { kind };
            dir.start(&["--kind", kind], WAITS)
        });
        let mut holders: Vec<Process> = holders.into();
        if kind == "queue" {
            drop(holders.pop());
        }
        for holder in &mut holders {
            assert_eq!(holder.line(), "in");
        }
        let mut waiter = dir.start(&["--kind", kind], "touch ran");
        assert!(waiter.complaint().contains("waiting for lock ("));
        let output = broken(&dir, &id(&dir, "waiters"), &["-y", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((code(&output), &report["way"], &report["reason"]), (0, &"waited".into(), &"it hangs".into()));
        assert_eq!(waiter.code(), 85, "{kind}");
        says_who_and_why(&waiter.last_complaint(), "the command was not run");
        for holder in &mut holders {
            holder.send("end\n");
            assert_eq!((holder.line(), holder.code()), ("end".into(), 0));
        }
        assert_eq!(dir.entries(), ["lock.broken"], "{kind}");
    }
}

#[test]
fn nobody_starts_before_all_of_a_broken_command_is_gone() {
    let dir = Dir::new();
    // The command ends at the signal; what it started says so, and goes on until it is killed.
    let started = "sh -c 'trap \"echo no >>log\" TERM; while :; do read x || exec sleep 1000; done' <&0 &";
    let script = format!("{started} trap 'echo TERM >>log; exit' TERM; echo in; wait");
    let mut first = holder(&dir, &["--kill-after", "0.3"], &script);
    let second = dir.waiter("echo second >>log");
    let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "1h"]);
    assert_eq!(code(&output), 0);
    assert_eq!((first.line(), first.code()), (String::new(), 85), "all of it is gone");
    let mut second = second;
    assert_eq!(second.code(), 0);
    let log = std::fs::read_to_string(dir.path().join("log")).expect("a log");
    assert_eq!(log.lines().last(), Some("second"), "{log}");
}

#[test]
fn a_supervisor_that_is_stopped_loses_the_lock_by_force_and_its_number_is_out_of_date() {
    let dir = Dir::new();
    let script = format!("trap 'echo TERM; exit 9' TERM; echo $LOCKWRIGHT_FENCE; {WAITS}");
    let mut first = dir.start(&["--fence"], &script);
    let number: u64 = first.line().parse().expect("a number");
    assert_eq!(first.line(), "in");
    first.signal(Signal::SIGSTOP);
    first.stopped();
    let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "0.05", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((code(&output), &report["way"], &report["fence"]), (0, &"taken".into(), &(number + 1).into()));
    assert_eq!(status(&dir)["fence"], number + 1);
    let next = out(&dir.lockwright(&["run", "-n", "--fence", "lock", "sh", "-c", "echo $LOCKWRIGHT_FENCE"]));
    assert_eq!(next.trim(), (number + 2).to_string());
    first.signal(Signal::SIGCONT);
    assert_eq!((first.line(), first.code()), ("TERM".into(), 85));
    says_who_and_why(&first.complaint(), "stopping the command");
}

#[test]
fn a_successors_number_stays() {
    let dir = Dir::new();
    let mut first = holder(&dir, &["--fence"], WAITS);
    let mut second = dir.start(&["--fence"], "echo $LOCKWRIGHT_FENCE; read x");
    assert!(second.complaint().contains("waiting for lock ("));
    let first_id = id(&dir, "holders");
    assert_eq!(code(&broken(&dir, &first_id, &["--yes", "--wait", "1h"])), 0);
    assert_eq!(first.code(), 85);
    let number: u64 = second.line().parse().expect("a number");
    // Whether it came before or after the number was outdated: it is the last one.
    assert_eq!(status(&dir)["fence"], number);
    assert_eq!(code(&broken(&dir, &first_id, &["--yes"])), 1);
    assert_eq!(status(&dir)["fence"], number);
    second.send("end\n");
    assert_eq!(second.code(), 0);
}

#[test]
fn the_dead_are_not_waited_for() {
    let dir = Dir::new();
    let mut first = holder(&dir, &[], WAITS);
    first.kill_and_drain();
    let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "1h"]);
    assert_eq!(code(&output), 0);
    assert!(one_line(&output).contains("which was dead"), "{output:?}");
    assert_eq!(dir.entries(), ["lock.broken"]);
}

#[test]
fn rule_9_a_break_takes_the_very_id_a_reason_and_a_yes() {
    let dir = Dir::new();
    let mut first = holder(&dir, &[], WAITS);
    let id = id(&dir, "holders");
    let shorter = &id[..id.len() - 1];
    let long = "x".repeat(1001);
    for (words, wanted, why) in [
        (&["--id", &id, "--reason", "it hangs"][..], 64, "say --yes"),
        (&["--id", &id, "--yes"], 64, "--reason"),
        (&["--reason", "it hangs", "--yes"], 64, "--id"),
        (&["--id", &id, "--reason", " ", "--yes"], 64, "should say why"),
        (&["--id", &id, "--reason", &long, "--yes"], 64, "at most 1000 bytes"),
        (&["--id", "../x", "--reason", "it hangs", "--yes"], 64, "no id"),
        (&["--id", shorter, "--reason", "it hangs", "--yes"], 1, "neither holds the lock nor waits"),
        (&["--id", "owner", "--reason", "it hangs", "--yes"], 1, "neither holds the lock nor waits"),
    ] {
        let output = dir.lockwright(&[&["break", "lock"], words].concat());
        assert!(code(&output) == wanted && one_line(&output).contains(why), "{wanted}, {why}: {output:?}");
        assert_eq!(dir.entries(), ["lock"]);
    }
    let ask = |answer: &str| {
        let line = format!("{} break lock --id {id} --reason 'it hangs'", env!("CARGO_BIN_EXE_lockwright"));
        let mut terminal = on_a_terminal(&dir, &line);
        terminal.send(answer);
        terminal.code()
    };
    for answer in ["no\n", "y\n", "\n", "\u{4}"] {
        assert_eq!(ask(answer), 82, "{answer:?}");
        assert_eq!(dir.entries(), ["lock"]);
    }
    assert_eq!(ask("yes\n"), 0);
    assert_eq!(first.code(), 85);
}

#[test]
fn who_when_and_why_are_kept() {
    let dir = Dir::new();
    let mut first = holder(&dir, &[], WAITS);
    let id = id(&dir, "holders");
    assert_eq!(code(&broken(&dir, &id, &["--yes"])), 0);
    assert_eq!(first.code(), 85);
    assert_eq!(entries(&dir.path().join("lock.broken")), [id.as_str()]);
    let text = std::fs::read_to_string(dir.path().join("lock.broken").join(id)).expect("an order");
    let [by, at, why] = text.lines().collect::<Vec<_>>().try_into().expect("three lines");
    assert!(by.starts_with("by ") && why == "why it hangs", "{text}");
    assert!(at.strip_prefix("at ").is_some_and(|at| at.parse::<u64>().is_ok_and(|at| at > 1_700_000_000)), "{text}");
}

#[test]
fn a_holder_that_cannot_be_seen_is_reached_all_the_same() {
    if !geteuid().is_root() {
        return places::skip("a pid namespace: only root can make one");
    }
    let dir = Dir::new();
    let mut command = Command::new("unshare");
    command.current_dir(dir.path()).args(["--pid", "--fork", "--mount-proc", env!("CARGO_BIN_EXE_lockwright")]);
    command.args(["run", "lock", "--", "sh", "-c", WAITS]);
    let mut hidden = Process::start(command);
    assert_eq!(hidden.line(), "in");
    assert_eq!(status(&dir)["holders"][0]["alive"], Value::Null);
    let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "1h"]);
    assert!(one_line(&output).contains("given back by"), "{output:?}");
    assert_eq!((hidden.line(), hidden.code()), ("TERM".into(), 85));
}

#[test]
fn what_root_orders_is_read_by_the_user_whom_it_hits() {
    if !geteuid().is_root() {
        return places::skip("another user: only root can become one");
    }
    let dir = Dir::new();
    let user = Some(12345);
    std::os::unix::fs::chown(dir.path(), user, user).expect("root may");
    let mut command = Command::new("setpriv");
    command.current_dir(dir.path()).args(["--reuid", "12345", "--regid", "12345", "--clear-groups"]);
    command.args([env!("CARGO_BIN_EXE_lockwright"), "run", "lock", "--", "sh", "-c", WAITS]);
    let mut theirs = Process::start(command);
    assert_eq!(theirs.line(), "in", "{}", theirs.complaint());
    let output = broken(&dir, &id(&dir, "holders"), &["--yes", "--wait", "1h"]);
    assert!(one_line(&output).contains("given back by"), "{output:?}");
    assert_eq!(theirs.code(), 85);
    says_who_and_why(&theirs.complaint(), "stopping the command");
}
