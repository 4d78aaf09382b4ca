//! A command under a lock of a daemon is supervised as any other: none of it runs on without the lock.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    supervision::Fifo,
    support::{Dir, Process, code},
};

const LOCK: &str = "unix:socket#job";

/// Says by which signal it was told to end.
const WAITS: &str = "trap 'echo TERM; exit 9' TERM; echo in; while :; do read x <fifo; done";

/// Something that has to be killed; it opens the pipe `fifo` when it is ready.
const STUBBORN: &str = "trap : TERM; echo started >fifo; while :; do read x <fifo; done";

/// Counts who lives of a process group, and says by which number it runs.
const COUNTS: &str =
    r#"cat /proc/[0-9]*/stat 2>/dev/null | awk -v g="$1" '$5 == g && $3 != "Z" { n++ } END { print n + 0 }'"#;

/// A daemon that takes whoever is silent for two seconds for gone.
fn serve(dir: &Dir) -> Process {
    let flags = ["serve", "--no-port", "--ws", "0", "--unix", "socket", "--silence", "2s"];
    let mut daemon = Process::start(dir.command(&flags));
    while !daemon.complaint().contains("listening") {}
    daemon
}

fn start(dir: &Dir, options: &[&str], script: &str) -> Process {
    Process::start(dir.command(&[&["run"], options, &[LOCK, "--", "sh", "-c", script]].concat()))
}

/// Who comes next, and how many of that group lived when it had the lock.
fn next_sees(dir: &Dir, group: &str) -> String {
    let mut next = Process::start(dir.command(&["run", "-q", LOCK, "--", "sh", "-c", COUNTS, "sh", group]));
    let living = next.line();
    assert_eq!(next.code(), 0);
    living
}

#[test]
fn all_of_a_command_is_stopped_when_its_daemon_is_gone_also_what_has_left_its_group() {
    let dir = Dir::new();
    let _fifo = Fifo::new(&dir, "fifo");
    let mut daemon = serve(&dir);
    let script = format!("setsid -f sh -c '{STUBBORN}'; read x <fifo; sh -c '{STUBBORN}' & read x <fifo; {WAITS}");
    let mut holder = start(&dir, &["-k", "0.2s"], &script);
    assert_eq!(holder.line(), "in");
    daemon.kill();
    assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81));
    assert_eq!(holder.line(), "", "its output is closed, so nothing of it runs");
    assert!(holder.complaint().ends_with("; stopping the command"));
}

#[test]
fn a_supervisor_that_is_stopped_for_too_long_loses_the_lock_and_its_command_is_dead_before_another_runs() {
    let dir = Dir::new();
    let _fifo = Fifo::new(&dir, "fifo");
    let _daemon = serve(&dir);
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; while :; do read x <fifo; done' & echo $$; wait";
    let mut holder = start(&dir, &[], script);
    let group = holder.line();
    holder.signal(Signal::SIGSTOP);
    assert_eq!(next_sees(&dir, &group), "0", "of the group of the first when the second runs");
    holder.signal(Signal::SIGCONT);
    assert_eq!(holder.code(), 81);
    let why = "lockwright: unix:socket#job: the daemon did not answer in time; stopping the command";
    assert_eq!((holder.complaint(), holder.complaint()), (why.into(), String::new()));
}

#[test]
fn what_a_killed_supervisor_leaves_in_the_group_keeps_the_lock_until_it_is_killed_as_well() {
    let dir = Dir::new();
    let _fifo = Fifo::new(&dir, "fifo");
    let _daemon = serve(&dir);
    let mut holder = start(&dir, &[], &format!("sh -c '{STUBBORN}' & read x <fifo; echo $$; wait"));
    let group = holder.line();
    holder.kill();
    assert_eq!(code(&dir.lockwright(&["run", "-n", LOCK, "true"])), 75);
    assert_eq!(next_sees(&dir, &group), "0");
}

#[test]
fn a_lock_is_kept_while_its_command_is_stopped_for_longer_than_a_holder_may_be_silent() {
    let dir = Dir::new();
    let _daemon = serve(&dir);
    // It ignores the signal, and is killed after longer than the daemon waits.
    let script = "trap '' TERM; echo $$; while :; do sleep 0.05; done";
    let mut holder = start(&dir, &["--max-hold", "0.1s", "-k", "4.5s", "--report", "report"], script);
    let group = holder.line();
    assert_eq!(next_sees(&dir, &group), "0");
    assert_eq!(holder.code(), 124);
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report")).expect("written")).expect("JSON");
    assert_eq!(report["lock"], "released");
}

#[test]
fn what_happens_is_told_to_programs() {
    let dir = Dir::new();
    let mut daemon = serve(&dir);
    let events = |process: &mut Process| -> Vec<Value> {
        let lines = std::iter::from_fn(|| Some(process.complaint()).filter(|line| !line.is_empty()));
        lines.map(|line| serde_json::from_str(&line).expect("JSON")).collect()
    };
    let mut ended = start(&dir, &["--json"], "exit 3");
    let told = events(&mut ended);
    let names: Vec<&str> = told.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names, ended.code()), (vec!["acquired", "ended", "released"], 3));
    assert_eq!((&told[1]["child"], &told[2]["lock"]), (&3.into(), &LOCK.into()));
    let mut long = start(&dir, &["--json", "--max-hold", "0.1s"], "sleep 60");
    let told = events(&mut long);
    let names: Vec<&str> = told.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names, long.code()), (vec!["acquired", "too-long", "ended", "released"], 124));
    let mut lost = start(&dir, &["--json"], "echo in; sleep 60");
    assert_eq!(lost.line(), "in");
    daemon.kill();
    let told = events(&mut lost);
    let names: Vec<&str> = told.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names, lost.code()), (vec!["acquired", "lost", "ended"], 81));
    assert_eq!((&told[1]["gone"], &told[1]["by"], &told[2]["child"]), (&true.into(), &Value::Null, &143.into()));
}

#[test]
fn how_long_a_holder_may_be_silent_is_a_number_that_makes_sense() {
    let dir = Dir::new();
    for silence in ["1s", "2.5s", "2h", "soon"] {
        let output = dir.lockwright(&["serve", "--no-port", "--ws", "0", "--unix", "s", "--silence", silence]);
        assert_eq!(code(&output), 64, "{silence}");
    }
    let flags = ["serve", "--no-port", "--ws", "0", "--unix", "s", "--silence", "30s", "--grace", "30s"];
    assert_eq!(code(&dir.lockwright(&flags)), 64);
    assert_eq!(dir.entries(), [""; 0]);
}
