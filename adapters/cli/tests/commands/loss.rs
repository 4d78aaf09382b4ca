//! A command whose lock is lost does not run on: all of it is stopped, and the exit code says why.

use std::{fs, io::Write};

use nix::sys::signal::Signal;

use crate::{
    kinds::KINDS,
    supervision::Fifo,
    support::{Dir, Process},
};

/// Says `in` and waits; and by which signal it was told to end, or that it was sent a line.
const WAITS: &str = "trap 'echo TERM; exit 9' TERM; trap 'echo USR1; exit 9' USR1; echo in; read x; echo $x";

const LOST: &str = "lockwright: lock: the lock was taken away, and nobody said why; ";

fn start(dir: &Dir, options: &[&str], script: &str) -> Process {
    let mut holder = dir.start(options, script);
    assert_eq!(holder.line(), "in");
    holder
}

fn lose(dir: &Dir) {
    fs::remove_dir_all(dir.path().join("lock")).expect("a lock");
}

#[test]
fn exit_code_81_says_that_the_lock_was_lost_and_the_command_stopped_whatever_the_kind() {
    for kind in KINDS.into_iter().chain(["rw-read"]) {
        let dir = Dir::new();
        let mut holder = start(&dir, &["--kind", kind], WAITS);
        lose(&dir);
        assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81), "{kind}");
        assert_eq!((holder.complaint(), holder.complaint()), (format!("{LOST}stopping the command"), String::new()));
        assert_eq!(dir.entries(), [""; 0]);
    }
}

#[test]
fn rule_1_a_lost_lock_stops_the_whole_group_and_not_the_command_alone() {
    let dir = Dir::new();
    let _fifo = Fifo::new(&dir, "fifo");
    // The command ends at the signal; what it started does not, and is killed.
    let started = "sh -c 'trap : TERM; echo started >fifo; while :; do read x <fifo; done' &";
    let mut holder = dir.start(&["--kill-after", "0.2s"], &format!("{started} read x <fifo; {WAITS}"));
    assert_eq!(holder.line(), "in");
    lose(&dir);
    assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81));
    assert_eq!(holder.line(), "", "its output is closed, so nothing of it runs");
}

#[test]
fn a_supervisor_that_is_killed_or_stopped_while_it_stops_the_command_leaves_nothing_of_it_running() {
    let ends = [Signal::SIGKILL, Signal::SIGSTOP];
    // What has left the group has nobody above it when the supervisor is gone.
    for (end, leaves) in ends.into_iter().flat_map(|end| [(end, ""), (end, "setsid -f ")]) {
        let dir = Dir::new();
        let _fifo = Fifo::new(&dir, "fifo");
        let tag = dir.path().file_name().and_then(|name| name.to_str()).expect("UTF-8");
        let stubborn = "trap : TERM; echo started >fifo; while :; do read x <fifo; done";
        let started = format!("{leaves}sh -c '{stubborn}' {tag} &");
        let mut holder = dir.start(&["--kill-after", "0.5s"], &format!("{started} read x <fifo; {WAITS}"));
        assert_eq!(holder.line(), "in");
        lose(&dir);
        assert_eq!(holder.line(), "TERM");
        holder.signal(end);
        if end == Signal::SIGSTOP {
            // It has the other end of the output as well.
            holder.stopped();
            let waits = format!("while ps -eo args | grep -v grep | grep -qF 'read x <fifo; done {tag}'; do :; done");
            assert!(dir.shell(&waits).status().expect("ps").success());
            holder.signal(Signal::SIGCONT);
            assert_eq!(holder.code(), 81);
        }
        assert_eq!(holder.line(), "", "its output is closed, so nothing of it runs");
    }
}

#[test]
fn what_has_left_the_group_is_stopped_as_well_and_what_was_there_before_is_not() {
    for ends in ["exit", ":"] {
        let dir = Dir::new();
        let [fifo, before] = ["fifo", "before"].map(|name| Fifo::new(&dir, name));
        // Its parent ends at once, and it is in a session of its own.
        let daemon = format!("setsid -f sh -c 'trap {ends} TERM; echo started >fifo; while :; do read x <fifo; done'");
        let held = format!("{daemon}; read x <fifo; {WAITS}").replace('\'', "'\\''");
        let me = env!("CARGO_BIN_EXE_lockwright");
        let script = format!("cat before >seen & exec {me} run -k 0.2 lock -- sh -c '{held}'");
        let mut holder = Process::start(dir.shell(&script));
        let other = before.open();
        assert_eq!(holder.line(), "in");
        lose(&dir);
        assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81));
        assert_eq!(holder.line(), "", "its output is closed, so nothing of it runs");
        (&other).write_all(b"it lives").expect("somebody reads");
        drop((other, fifo));
    }
}

#[test]
fn what_a_command_leaves_behind_is_taken_in_when_it_ends() {
    let dir = Dir::new();
    let orphans = "for i in 1 2 3 4 5 6 7 8; do setsid -f true; done";
    let zombies = "while ps --ppid $PPID -o stat= | grep -q Z; do :; done; echo none";
    let mut holder = dir.start(&[], &format!("{orphans}; {zombies}"));
    assert_eq!((holder.line(), holder.code()), ("none".into(), 0));
}

#[test]
fn what_is_stopped_and_what_ignores_the_signal_is_killed_after_a_while() {
    let dir = Dir::new();
    let mut holder = start(&dir, &["-k", "0.1"], "trap '' TERM; echo in; kill -STOP $$; read x");
    lose(&dir);
    assert_eq!((holder.code(), holder.line()), (81, String::new()));
}

#[test]
fn people_choose_the_signal_and_whether_to_stop_at_all() {
    for (options, said, line) in [
        (&["-S", "USR1"][..], "stopping the command", "USR1"),
        (&["--signal", "sigusr1"], "stopping the command", "USR1"),
        (&["--signal", "10"], "stopping the command", "USR1"),
        (&["--on-lost", "term"], "stopping the command", "TERM"),
        (&["--on-lost=kill"], "stopping the command", ""),
        (&["--on-lost=warn"], "the command goes on, without the lock", "end"),
    ] {
        let dir = Dir::new();
        let mut holder = start(&dir, options, WAITS);
        lose(&dir);
        assert_eq!(holder.complaint(), format!("{LOST}{said}"), "{options:?}");
        if line == "end" {
            holder.send("end\n");
        }
        assert_eq!((holder.line(), holder.code()), (line.to_owned(), 81), "{options:?}");
    }
}

#[test]
fn a_lock_that_was_lost_when_the_command_ends_is_81_whatever_it_ends_with() {
    for wanted in [0, 7] {
        let dir = Dir::new();
        let mut holder = dir.start(&[], &format!("rm -rf \"$LOCKWRIGHT_LOCK\"; exit {wanted}"));
        assert_eq!(holder.code(), 81);
        assert!(holder.complaint().starts_with(LOST.trim_end_matches("; ")));
    }
}

#[test]
fn a_lock_that_is_moved_away_while_the_command_runs_is_lost_whatever_the_kind() {
    for kind in KINDS {
        let dir = Dir::new();
        let mut holder = start(&dir, &["--kind", kind], WAITS);
        fs::rename(dir.path().join("lock"), dir.path().join("other")).expect("a lock");
        assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81), "{kind}");
    }
}

#[test]
fn exit_code_124_says_that_the_command_held_for_too_long() {
    let dir = Dir::new();
    for hold in ["0", "0.01", "0.15"] {
        let mut holder = dir.start(&["--max-hold", hold], "echo in; read x");
        assert_eq!(holder.code(), 124, "{hold}");
        assert!(holder.complaint().contains("stopping the command"));
        assert_eq!(dir.entries(), [""; 0]);
    }
    let mut quick = start(&dir, &["--max-hold", "1h"], WAITS);
    quick.send("done\n");
    assert_eq!((quick.line(), quick.code()), ("done".into(), 0));
}

#[test]
fn signals_are_passed_on_while_the_command_is_stopped() {
    let dir = Dir::new();
    let mut holder =
        start(&dir, &["-k", "1h"], "trap 'echo TERM' TERM; trap 'exit 3' USR2; echo in; while :; do read x; done");
    lose(&dir);
    assert_eq!(holder.line(), "TERM");
    holder.signal(Signal::SIGUSR2);
    assert_eq!(holder.code(), 81);
}

#[test]
fn a_loss_that_the_supervisor_slept_through_is_noticed_when_it_wakes() {
    let dir = Dir::new();
    let mut holder = start(&dir, &[], WAITS);
    holder.signal(Signal::SIGSTOP);
    holder.stopped();
    lose(&dir);
    holder.signal(Signal::SIGCONT);
    assert_eq!((holder.line(), holder.code()), ("TERM".into(), 81));
}
