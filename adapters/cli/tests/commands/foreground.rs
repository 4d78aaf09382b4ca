//! `run --foreground`: the command is in the process group of lockwright, and what that costs.

use std::fs;

use nix::sys::signal::Signal;

use crate::{
    supervision::Fifo,
    support::{Dir, Process, code, out},
    terminal::on_a_terminal,
};

#[test]
fn the_command_is_in_the_group_of_lockwright() {
    let dir = Dir::new();
    let group = "ps -o pgid= -p";
    let script =
        format!("{group} $$; exec {} run --foreground lock -- sh -c '{group} $$'", env!("CARGO_BIN_EXE_lockwright"));
    // Not a group of its own by chance: another process leads it.
    let text =
        out(&dir.shell(&format!("setsid -w sh -c '{}'", script.replace('\'', "'\\''"))).output().expect("a shell"));
    let [outer, inner] = text.lines().map(str::trim).collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert_eq!(outer, inner);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_key_of_the_terminal_reaches_the_command_once_and_a_signal_to_lockwright_as_well() {
    let dir = Dir::new();
    let counts = "trap \"echo INT\" INT; stty -echo; echo in; while ! read x; do :; done; exit 3";
    let mut terminal = on_a_terminal(
        &dir,
        &format!("exec {} run --foreground lock -- sh -c '{counts}'", env!("CARGO_BIN_EXE_lockwright")),
    );
    assert_eq!(terminal.line(), "in");
    terminal.send("\u{3}");
    assert_eq!(terminal.line(), "INT");
    terminal.send("end\n");
    assert_eq!((terminal.line(), terminal.code()), (String::new(), 3));
    let mut holder = dir.start(&["--foreground"], "trap 'echo INT' INT; echo in; while ! read x; do :; done; exit 3");
    assert_eq!(holder.line(), "in");
    holder.signal(Signal::SIGINT);
    assert_eq!(holder.line(), "INT");
    holder.send("end\n");
    assert_eq!((holder.line(), holder.code()), (String::new(), 3));
}

#[test]
fn the_last_of_a_pipeline_reads_from_the_terminal() {
    let dir = Dir::new();
    let reads = "cat >/dev/null; stty -echo </dev/tty; echo in; read x </dev/tty; echo got $x";
    let line = format!("echo a | {} run --foreground lock -- sh -c '{reads}'", env!("CARGO_BIN_EXE_lockwright"));
    let mut terminal = on_a_terminal(&dir, &line);
    assert_eq!(terminal.line(), "in");
    terminal.send("more\n");
    assert_eq!((terminal.line(), terminal.code()), ("got more".into(), 0));
}

#[test]
fn on_a_loss_the_command_alone_is_stopped_and_its_end_waited_for() {
    let dir = Dir::new();
    let mut holder = dir.start(&["--foreground", "-k", "0.1"], "trap '' TERM; echo in; while :; do read x; done");
    assert_eq!(holder.line(), "in");
    fs::remove_dir_all(dir.path().join("lock")).expect("a lock");
    assert_eq!(holder.code(), 81);
    let mut holder = dir.start(&["--foreground", "--max-hold", "0.15"], "echo in; read x");
    assert_eq!((holder.line(), holder.code()), ("in".into(), 124));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn the_command_dies_with_lockwright_and_what_it_started_keeps_no_lock() {
    let dir = Dir::new();
    let fifo = Fifo::new(&dir, "fifo");
    let mut holder = dir.start(&["--foreground"], "cat fifo >/dev/null 2>&1 & echo in; read x");
    assert_eq!(holder.line(), "in");
    let end = fifo.open();
    let mut waiter: Process = dir.waiter("echo in");
    holder.kill_and_drain();
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
    drop(end);
    assert_eq!(code(&dir.lockwright(&["run", "--timeout", "0", "lock", "true"])), 0);
    assert_eq!(code(&dir.lockwright(&["run", "--try", "lock", "true"])), 0);
}
