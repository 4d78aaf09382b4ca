//! The rules of behaviour that have no other place, each as a test by its number; and the code of lockwright's own failures.
//!
//! | rule | what | also in |
//! |---|---|---|
//! | 1 | a lock is stale when supervisor and group are dead | `supervision`, `loss` |
//! | 2 | a signal reaches the command's group once | `run`, `terminal`, `foreground` |
//! | 3 | standard input and output pass through | `run` |
//! | 4 | no descriptor keeps a lock | `run`, `supervision` |
//! | 5 | nothing is removed by path | `breaking`, `races` |
//! | 6 | ages are not compared | |
//! | 7 | where a lock is not verified it is refused | `doctor` |
//! | 8 | who skips says who has the lock | `options` |
//! | 9 | a break takes the id, a reason and a yes | `breaking` |
//!
//! | exit code of `run` | what | tested in |
//! |---|---|---|
//! | the command's, 128+N | it ended, or signal N ended it | `run`, `supervision` |
//! | 64 | what was typed makes no sense | `mistakes`, `bad_inputs`, `also` |
//! | 73, 77 | the lock cannot be made, or others could take it away | `mistakes`, `trust` |
//! | 75 | not acquired | `run`, `kinds`, `options` |
//! | 78 | a lock of another kind | `kinds` |
//! | 81 | lost while the command ran | `loss`, `also` |
//! | 82 | not verified there; a holder is dead, and nobody is to be passed | `doctor`, `recover` |
//! | 83 | held around the command, or a deadlock | `run`, `also`, `deadlock` |
//! | 84 | the release failed | `run` |
//! | 85 | broken by an operator | `breaking`, `also`, `queue` |
//! | 124 | held for too long | `loss` |
//! | 125 | lockwright itself failed | |
//! | 126, 127 | the command cannot be executed, or is not there | `mistakes`, `bad_inputs`, `events` |

use std::{fs, process::Command};

use nix::{sys::signal::Signal, unistd::geteuid};

use crate::{
    places,
    supervision::Fifo,
    support::{Dir, code, entries, one_line, out},
    terminal::on_a_terminal,
};

#[test]
fn rule_1_an_orphaned_grandchild_keeps_the_lock_until_it_ends() {
    let dir = Dir::new();
    let fifo = Fifo::new(&dir, "fifo");
    let mut holder = dir.start(&[], "(sh -c 'cat fifo >/dev/null 2>&1 & wait' &) ; echo in; read x");
    assert_eq!(holder.line(), "in");
    let end = fifo.open();
    holder.kill();
    holder.end();
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "touch", "ran"])), 75);
    let mut waiter = dir.waiter("echo in");
    drop(end);
    assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0));
}

#[test]
fn rule_2_a_key_of_the_terminal_reaches_all_of_the_command_once_and_its_supervisor_not_at_all() {
    let dir = Dir::new();
    let counts = "trap \"echo INT >>log\" INT; stty -echo; echo in; while ! read x; do :; done";
    let nested = format!("{} run lock -- sh -c '{counts}; cat log; exit 3'", env!("CARGO_BIN_EXE_lockwright"));
    let mut terminal = on_a_terminal(&dir, &nested);
    assert_eq!(terminal.line(), "in");
    terminal.send("\u{3}");
    terminal.send("end\n");
    assert_eq!((terminal.line(), terminal.line(), terminal.code()), ("INT".into(), String::new(), 3));
}

#[test]
fn rule_3_standard_input_is_the_commands_own_to_the_last_byte() {
    let dir = Dir::new();
    let through = format!("seq 100000 | {} run lock -- sh -c 'read first; cat'", env!("CARGO_BIN_EXE_lockwright"));
    let script = format!("{through} | cksum; seq 2 100000 | cksum");
    let text = out(&dir.shell(&script).output().expect("a shell"));
    let [through, direct] = text.lines().collect::<Vec<_>>().try_into().expect("two lines");
    assert_eq!(through, direct);
}

#[test]
fn rule_4_a_daemon_with_all_descriptors_of_the_command_does_not_keep_the_lock() {
    let dir = Dir::new();
    let fifo = Fifo::new(&dir, "fifo");
    for is_killed in [false, true] {
        let mut holder = dir.start(&[], "setsid sh -c 'cat fifo' & echo in; read x");
        assert_eq!(holder.line(), "in");
        let daemon = fifo.open();
        if is_killed {
            holder.kill();
            holder.end();
        } else {
            holder.send("end\n");
            assert_eq!(holder.code(), 0);
        }
        let next = dir.lockwright(&["run", "-w", "30", "lock", "true"]);
        assert_eq!(code(&next), 0, "{next:?}");
        drop(daemon);
    }
}

#[test]
fn rule_5_who_lost_a_lock_does_not_take_away_the_next_ones() {
    let dir = Dir::new();
    let mut first = dir.start(&[], "echo in; read x");
    assert_eq!(first.line(), "in");
    first.signal(Signal::SIGSTOP);
    first.stopped();
    fs::remove_dir_all(dir.path().join("lock")).expect("a lock");
    let second = dir.holder();
    let owner = entries(&dir.path().join("lock/owner"));
    first.signal(Signal::SIGCONT);
    assert_eq!(first.code(), 81);
    assert_eq!(entries(&dir.path().join("lock/owner")), owner);
    drop(second);
}

#[test]
fn rule_6_no_age_makes_a_lock_free() {
    let dir = Dir::new();
    let holder = dir.holder();
    for date in ["1970-01-02", "2100-01-01"] {
        let dated = dir.shell(&format!("find lock -exec touch -d {date} {{}} +")).status().expect("find");
        assert!(dated.success());
        assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "true"])), 75, "{date}");
        assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 82, "{date}");
    }
    drop(holder);
}

#[test]
fn exit_code_125_says_that_lockwright_itself_failed() {
    if !geteuid().is_root() {
        return places::skip("no /proc: only root can hide it");
    }
    let dir = Dir::new();
    let script = format!("mount -t tmpfs none /proc && exec {} run lock touch ran", env!("CARGO_BIN_EXE_lockwright"));
    let mut hidden = Command::new("unshare");
    let output = hidden.current_dir(dir.path()).args(["--mount", "sh", "-c", &script]).output().expect("unshare");
    assert_eq!(code(&output), 125, "{output:?}");
    assert!(one_line(&output).contains("/proc"));
    assert_eq!(dir.entries(), [""; 0]);
}
