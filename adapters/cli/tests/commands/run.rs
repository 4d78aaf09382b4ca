//! `lockwright run`, as processes: what it passes through, what it refuses, and what it leaves.

use std::{fs, process::Command};

use crate::support::{Dir, Process, code, one_line, out, told};
use nix::sys::signal::Signal;

/// Prints the name of each signal that comes in, until it is sent a line; then it ends with code 5. A signal interrupts
/// the reading as the end of the input does, and if its parent is gone it was that.
const TRAPS: &str = "for s in HUP INT QUIT TERM USR1 USR2; do trap \"echo $s\" $s; done; \
                     echo in; while ! read x; do kill -0 $PPID || exit 6; done; exit 5";

#[test]
fn the_exit_code_is_that_of_the_command() {
    let dir = Dir::new();
    for wanted in [0, 1, 7, 75, 255] {
        let output = dir.lockwright(&["run", "lock", "--", "sh", "-c", &format!("exit {wanted}")]);
        assert_eq!((code(&output), output.stderr.as_slice()), (wanted, b"".as_slice()));
    }
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_command_that_a_signal_ended_is_128_and_its_number() {
    let dir = Dir::new();
    for (signal, number) in [("HUP", 1), ("KILL", 9), ("TERM", 15)] {
        let output = dir.lockwright(&["run", "lock", "--", "sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(code(&output), 128 + number);
    }
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn the_command_knows_the_lock_and_the_id() {
    let dir = Dir::new();
    let script = "echo $LOCKWRIGHT_LOCK; echo $LOCKWRIGHT_ID; ls lock/owner; echo $LOCKWRIGHT_HELD";
    let output = dir.lockwright(&["run", "lock", "--", "sh", "-c", script]);
    let text = out(&output);
    let [lock, id, owner, held] = text.lines().collect::<Vec<_>>().try_into().expect("four lines");
    assert_eq!(lock, dir.path().join("lock").to_str().expect("UTF-8"));
    assert_eq!((id, held), (owner, owner));
}

#[test]
fn locks_held_around_are_listed_from_the_outermost() {
    let dir = Dir::new();
    let nested = format!("{} run other -- sh -c 'echo $LOCKWRIGHT_HELD'", env!("CARGO_BIN_EXE_lockwright"));
    let output = dir.lockwright(&["run", "lock", "--", "sh", "-c", &format!("echo $LOCKWRIGHT_ID; {nested}")]);
    let text = out(&output);
    let [id, held] = text.lines().collect::<Vec<_>>().try_into().expect("two lines");
    assert_eq!(held.split(' ').count(), 2);
    assert_eq!(held.split(' ').next(), Some(id));
}

#[test]
fn input_and_both_outputs_pass_through() {
    let dir = Dir::new();
    let mut cat = dir.start(&[], "cat; echo error >&2");
    cat.send("one\ntwo");
    cat.close();
    assert_eq!((cat.line(), cat.line(), cat.line()), ("one".into(), "two".into(), String::new()));
    assert_eq!(cat.complaint(), "error");
    assert_eq!(cat.code(), 0);
}

#[test]
fn what_follows_the_lock_belongs_to_the_command() {
    let dir = Dir::new();
    for dashes in [&["--"][..], &[]] {
        let args = [&["run", "lock"], dashes, &["printf", "%s|", "-n", "a b", "--", "--wait", "-h"]].concat();
        assert_eq!(out(&dir.lockwright(&args)), "-n|a b|--|--wait|-h|");
    }
}

#[test]
fn the_command_inherits_no_handle_and_the_callers_signals() {
    let dir = Dir::new();
    // A caller that blocks nothing, ignores HUP, and hands down a handle that is not lockwright's.
    let look = "ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status";
    let seen = |via: &str| {
        let caller = format!("trap '' HUP; exec 7</dev/null; exec {via} sh -c \"$0\"");
        let output = Command::new("sh").current_dir(dir.path()).args(["-c", &caller, look]).output().expect("a shell");
        assert!(output.status.success(), "{output:?}");
        out(&output)
    };
    assert_eq!(seen(&format!("{} run lock --", env!("CARGO_BIN_EXE_lockwright"))), seen("env"));
}

#[test]
fn a_signal_reaches_the_command_once() {
    let dir = Dir::new();
    let mut traps = dir.start(&[], TRAPS);
    assert_eq!(traps.line(), "in");
    for (signal, name) in [
        (Signal::SIGTERM, "TERM"),
        (Signal::SIGINT, "INT"),
        (Signal::SIGHUP, "HUP"),
        (Signal::SIGQUIT, "QUIT"),
        (Signal::SIGUSR1, "USR1"),
        (Signal::SIGUSR2, "USR2"),
        (Signal::SIGTERM, "TERM"),
    ] {
        traps.signal(signal);
        // A second arrival of the one before would stand here instead.
        assert_eq!(traps.line(), name);
    }
    traps.send("end\n");
    assert_eq!((traps.line(), traps.code()), (String::new(), 5));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_signal_reaches_what_the_command_started() {
    let dir = Dir::new();
    let mut nested = dir.start(&[], &format!("trap : USR1; sh -c '{TRAPS}'; exit $?"));
    assert_eq!(nested.line(), "in");
    nested.signal(Signal::SIGUSR1);
    assert_eq!(nested.line(), "USR1");
    nested.send("end\n");
    assert_eq!(nested.code(), 5);
}

#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let dir = Dir::new();
    let mut caller = Command::new("sh");
    let script = format!("trap '' HUP; exec {} run lock -- sh -c \"$0\"", env!("CARGO_BIN_EXE_lockwright"));
    caller.current_dir(dir.path()).args(["-c", &script, "echo in; read x; exit 5"]);
    let mut nohup = Process::start(caller);
    assert_eq!(nohup.line(), "in");
    nohup.signal(Signal::SIGHUP);
    nohup.send("end\n");
    assert_eq!(nohup.code(), 5);
}

#[test]
fn a_caller_that_ignores_its_children_gets_the_exit_code() {
    let dir = Dir::new();
    let script = format!("trap '' CHLD; exec {} run lock -- sh -c 'exit 7'", env!("CARGO_BIN_EXE_lockwright"));
    let status = Command::new("bash").current_dir(dir.path()).args(["-c", &script]).status().expect("bash");
    assert_eq!(status.code(), Some(7));
}

#[test]
fn a_stop_and_its_end_are_passed_on() {
    let dir = Dir::new();
    let mut holder =
        dir.start(&[], "trap 'echo CONT' CONT; echo in; while ! read x; do kill -0 $PPID || exit 6; done; exit 5");
    assert_eq!(holder.line(), "in");
    holder.signal(Signal::SIGTSTP);
    holder.stopped();
    holder.signal(Signal::SIGCONT);
    assert_eq!(holder.line(), "CONT");
    holder.send("end\n");
    assert_eq!(holder.code(), 5);
}

#[test]
fn not_to_wait_is_75_and_a_line_that_says_who_has_it() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let before = tree(&dir);
    for option in [&["--nonblock"][..], &["-n"], &["--wait", "0"], &["--wait", "0.05s"]] {
        let args = [&["run"], option, &["lock", "--", "touch", "ran"]].concat();
        let output = dir.lockwright(&args);
        assert_eq!(code(&output), 75);
        let told = told(&output);
        assert!(told.contains(&format!("pid {} (sh -c echo in; read x), since ", holder.id())), "{told}");
    }
    assert_eq!(tree(&dir), before, "something was left, or the command was run");
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0], "something was left");
}

#[test]
fn a_long_wait_is_mentioned_once_and_ends_with_the_release() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let mut waiter = dir.waiter("echo in");
    holder.send("end\n");
    assert_eq!(waiter.line(), "in");
    assert_eq!((waiter.code(), waiter.complaint()), (0, String::new()));
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_signal_ends_the_wait_and_leaves_nothing() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let before = tree(&dir);
    for (signal, number) in [(Signal::SIGTERM, 15), (Signal::SIGINT, 2), (Signal::SIGHUP, 1), (Signal::SIGUSR1, 10)] {
        let mut waiter = dir.waiter("touch ran");
        waiter.signal(signal);
        assert_eq!((waiter.code(), waiter.line()), (128 + number, String::new()));
        assert_eq!(tree(&dir), before);
    }
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_stopped_wait_goes_on() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let mut waiter = dir.waiter("echo in");
    waiter.signal(Signal::SIGTSTP);
    waiter.stopped();
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    waiter.signal(Signal::SIGCONT);
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
}

#[test]
fn a_command_does_not_wait_for_the_lock_around_it() {
    let dir = Dir::new();
    std::os::unix::fs::symlink(".", dir.path().join("link")).expect("a link");
    for path in ["lock", "./lock", "link/lock"] {
        let output = dir.lockwright(&["run", "lock", env!("CARGO_BIN_EXE_lockwright"), "run", path, "touch", "ran"]);
        assert_eq!(code(&output), 83);
        assert!(one_line(&output).contains("held around this command"));
    }
    assert_eq!(dir.entries(), ["link"]);
}

#[test]
fn what_a_command_left_running_may_take_the_lock_later() {
    let dir = Dir::new();
    // The lock is another's by then, though it was once held around this one.
    let later = format!("read x <&3; exec {} run lock -- echo in", env!("CARGO_BIN_EXE_lockwright"));
    let mut first = dir.start(&[], &format!("exec 3<&0; ({later}) & echo left"));
    assert_eq!((first.line(), first.code()), ("left".into(), 0));
    let mut second = dir.holder();
    second.send("end\n");
    assert_eq!(second.code(), 0);
    first.send("go\n");
    assert_eq!(first.line(), "in");
}

#[test]
fn a_release_that_fails_is_84_unless_the_command_failed() {
    let dir = Dir::new();
    for (command_code, wanted) in [(0, 84), (7, 7)] {
        let script = format!("chmod 500 \"$LOCKWRIGHT_LOCK/owner\"; exit {command_code}");
        let output = dir.unprivileged(&["run", "lock", "--", "sh", "-c", &script]).output().expect("setpriv");
        assert_eq!(code(&output), wanted);
        assert!(one_line(&output).contains("not given back"));
        fs::remove_dir_all(dir.path().join("lock")).expect("a lock");
    }
}

/// Everything below the directory. A holder may not have come to tidy up the directories of its try yet.
fn tree(dir: &Dir) -> String {
    let tries = ["!", "(", "-type", "d", "-path", "*/lock/build*", ")"];
    out(&Command::new("find").arg(dir.path()).args(tries).output().expect("find"))
}
