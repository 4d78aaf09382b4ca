//! `lockwright run` on a terminal: its keys reach the command once, and a stopped job is the shell's.
//!
//! The terminal is a pseudo-terminal that script(1) makes.

use std::process::Command;

use crate::support::{Dir, Process};

/// Starts `line` on a terminal of its own, where what is sent is typed.
pub(crate) fn on_a_terminal(dir: &Dir, line: &str) -> Process {
    let mut script = Command::new("script");
    script.current_dir(dir.path()).env("SHELL", "/bin/sh").args(["-qefc", line, "/dev/null"]);
    Process::start(script)
}

fn run(command: &str) -> String {
    format!("{} run lock -- sh -c '{command}'", env!("CARGO_BIN_EXE_lockwright"))
}

#[test]
fn ctrl_c_reaches_the_command_once_and_its_exit_code_is_passed_on() {
    let dir = Dir::new();
    let traps = "trap \"echo caught\" INT; stty -echo; echo in; while ! read x; do :; done; exit 3";
    let mut terminal = on_a_terminal(&dir, &run(traps));
    assert_eq!(terminal.line(), "in");
    terminal.send("\x03");
    assert_eq!(terminal.line(), "caught");
    // A second arrival would stand before the end.
    terminal.send("end\n");
    assert_eq!((terminal.line(), terminal.code()), (String::new(), 3));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn ctrl_z_gives_the_terminal_back_to_the_shell_and_fg_to_the_command() {
    let dir = Dir::new();
    let job = run("stty -echo; echo in; read x; echo \"got $x\"");
    let shell = format!("set -m; {job}; echo stopped; fg >/dev/null; echo done");
    let mut terminal = on_a_terminal(&dir, &format!("bash -c '{}'", shell.replace('\'', "'\\''")));
    assert_eq!(terminal.line(), "in");
    terminal.send("\x1a");
    while terminal.line() != "stopped" {}
    terminal.send("more\n");
    assert_eq!(terminal.line(), "got more");
    assert_eq!((terminal.line(), terminal.code()), ("done".into(), 0));
    assert_eq!(dir.entries(), [""; 0]);
}
