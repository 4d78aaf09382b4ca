//! What `run` can be told beside which lock and for how long: what to do when it is busy, short forms, and where to say how
//! it came out.

use std::{fs, process::Command};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Dir, Process, code, one_line, out, told};

const WAITS: &str = "trap 'echo TERM; exit 9' TERM; echo in; read x; echo $x";

fn holder(dir: &Dir, options: &[&str]) -> Process {
    let mut holder = dir.start(options, WAITS);
    assert_eq!(holder.line(), "in");
    holder
}

fn end(mut holder: Process) {
    holder.send("end\n");
    assert_eq!((holder.line(), holder.code()), ("end".into(), 0));
}

/// The outcome of a run with those words, by `--status-fd`, and its exit code.
fn outcome(dir: &Dir, words: &str) -> (i32, Value) {
    let script = format!("exec {} run --status-fd 7 {words} 7>&1 1>/dev/null", env!("CARGO_BIN_EXE_lockwright"));
    let output = dir.shell(&script).output().expect("a shell");
    (code(&output), serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

#[test]
fn the_exit_code_of_a_busy_lock_can_be_chosen() {
    let dir = Dir::new();
    let holder = holder(&dir, &[]);
    for (chosen, wanted) in [("1", 1), ("0", 0), ("255", 255)] {
        for options in [
            &["-n", "-E", chosen][..],
            &["-w", "0.01", "--conflict-exit-code", chosen],
            &["--if-busy=fail", "-E", chosen],
        ] {
            let output = dir.lockwright(&[&["run"], options, &["lock", "touch", "ran"]].concat());
            assert_eq!(code(&output), wanted, "{options:?}");
            assert!(told(&output).contains(&format!(", pid {} ", holder.id())));
        }
    }
    for chosen in ["256", "-1", "x"] {
        assert_eq!(code(&dir.lockwright(&["run", "-n", "-E", chosen, "lock", "true"])), 64, "{chosen}");
    }
    // Any other failure has its own.
    assert_eq!(code(&dir.lockwright(&["run", "-n", "-E", "1", "--kind", "queue", "lock", "true"])), 78);
    assert_eq!(dir.entries(), ["lock"]);
    end(holder);
    assert_eq!(code(&dir.lockwright(&["run", "-n", "-E", "1", "lock", "sh", "-c", "exit 75"])), 75);
}

#[test]
fn rule_8_a_skip_is_exit_code_0_and_a_line_that_says_who_has_the_lock() {
    let dir = Dir::new();
    let holder = holder(&dir, &[]);
    for options in [&["--if-busy=skip"][..], &["--if-busy", "skip", "--quiet"]] {
        let output = dir.lockwright(&[&["run"], options, &["lock", "touch", "ran"]].concat());
        assert_eq!(code(&output), 0);
        let told = told(&output);
        assert!(told.contains("busy; the command was not run\n"), "{told}");
        assert!(told.contains(&format!(", pid {} ", holder.id())), "{told}");
    }
    end(holder);
    assert_eq!(out(&dir.lockwright(&["run", "--if-busy=skip", "lock", "echo", "ran"])), "ran\n");
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_holder_is_replaced_as_if_it_were_broken_and_told_why() {
    for kind in ["fast", "bid", "queue", "rw-write"] {
        let dir = Dir::new();
        let mut first = holder(&dir, &["--kind", kind]);
        let output = dir.lockwright(&["run", "--if-busy=replace", "--kind", kind, "lock", "echo", "ran"]);
        assert_eq!((code(&output), out(&output)), (0, "ran\n".into()), "{kind}");
        assert!(one_line(&output).contains(&format!("given back by pid {}", first.id())), "{output:?}");
        assert_eq!((first.line(), first.code()), ("TERM".into(), 85), "{kind}");
        assert!(first.complaint().contains(": replaced by a later run; stopping"));
        // Where nobody is to be replaced there is nothing to say.
        let output = dir.lockwright(&["run", "--if-busy=replace", "--kind", kind, "lock", "echo", "ran"]);
        assert_eq!((out(&output), output.stderr.len()), ("ran\n".into(), 0));
    }
}

#[test]
fn a_replacement_can_be_interrupted() {
    let dir = Dir::new();
    let mut first = dir.start(&["-k", "1h"], "trap : TERM; echo in; while :; do read x; done");
    assert_eq!(first.line(), "in");
    let mut second = dir.start(&["--if-busy=replace"], "touch ran");
    assert!(first.complaint().contains("replaced by a later run"));
    second.signal(Signal::SIGTERM);
    assert_eq!(second.code(), 143);
    assert!(!dir.path().join("ran").exists());
    first.signal(Signal::SIGKILL);
}

#[test]
fn what_cannot_be_meant_together_is_refused_in_one_line() {
    let dir = Dir::new();
    for words in [
        &["--if-busy=replace", "--kind", "sem=2", "lock", "true"][..],
        &["--if-busy=replace", "-s", "lock", "true"],
        &["--if-busy=skip", "-E", "3", "lock", "true"],
        &["--if-busy=skip", "-w", "3", "lock", "true"],
        &["--if-busy=fail", "-w", "3", "lock", "true"],
        &["--if-busy=wait", "-n", "lock", "true"],
        &["-x", "-s", "lock", "true"],
        &["-x", "--kind", "fast", "lock", "true"],
        &["-N", "2", "-s", "lock", "true"],
        &["-N", "0", "lock", "true"],
        &["--fair", "--kind", "queue", "lock", "true"],
        &["-c", "true", "lock", "true"],
        &["-v", "-q", "lock", "true"],
        &["-S", "NONE", "lock", "true"],
        &["-S", "99", "lock", "true"],
        &["--on-lost=sulk", "lock", "true"],
        &["--status-fd", "7", "--report", "file", "lock", "true"],
        &["--status-fd", "0", "lock", "true"],
        &["--status-fd", "77", "lock", "touch", "ran"],
        &["--reentrant", "--max-hold", "1", "lock", "true"],
        &["--reentrant", "--also", "other", "lock", "true"],
        &["--foreground", "--lease", "5s", "lock", "true"],
    ] {
        let output = dir.lockwright(&[&["run"], words].concat());
        assert_eq!(code(&output), 64, "{words:?}");
        one_line(&output);
        assert_eq!(dir.entries(), [""; 0], "{words:?}");
    }
}

#[test]
fn short_forms_are_kinds() {
    for (options, kind) in [
        (&["-x"][..], "rw-write"),
        (&["-e"], "rw-write"),
        (&["--exclusive", "--fair"], "rw-write"),
        (&["-s"], "rw-read"),
        (&["--shared"], "rw-read"),
        (&["-N", "3"], "sem=3"),
        (&["--slots", "3", "--fair"], "fair-sem=3"),
        (&["--fair"], "queue"),
        (&["--kind", "bid"], "bid"),
        (&[], "fast"),
    ] {
        let dir = Dir::new();
        let output = dir.lockwright(&[&["run"], options, &["lock", "sh", "-c", "echo $LOCKWRIGHT_MODE"]].concat());
        assert_eq!(out(&output).trim(), kind, "{options:?}: {output:?}");
    }
    let dir = Dir::new();
    let [one, two] = [holder(&dir, &["-s"]), holder(&dir, &["-s"])];
    assert_eq!(code(&dir.lockwright(&["run", "-n", "-x", "lock", "true"])), 75);
    [one, two].into_iter().for_each(end);
}

#[test]
fn short_forms_and_the_exit_code_are_those_of_lock_too() {
    for (options, kind) in [(&["-x"][..], "rw"), (&["-s"], "rw"), (&["-N", "3"], "sem=3"), (&["--fair"], "queue")] {
        let dir = Dir::new();
        let mut shell = Process::start(dir.shell("read x"));
        let pid = shell.id().to_string();
        let output = dir.lockwright(&[&["lock", "-p", &pid], options, &["lock"]].concat());
        assert_eq!(code(&output), 0, "{output:?}");
        let status: Value =
            serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON");
        assert_eq!(status["kind"], kind);
        shell.close();
    }
    let dir = Dir::new();
    let holder = holder(&dir, &[]);
    assert_eq!(code(&dir.lockwright(&["lock", "-n", "-E", "9", "lock"])), 9);
    assert_eq!(code(&dir.lockwright(&["acquire", "-w", "0.01", "-E", "9", "lock"])), 9);
    assert_eq!(code(&dir.lockwright(&["lock", "-n", "-E", "9", "-x", "lock"])), 78);
    end(holder);
}

#[test]
fn a_line_is_run_by_the_shell() {
    let dir = Dir::new();
    for words in [
        &["-c", "echo $0; exit 3", "lock"][..],
        &["lock", "-c", "echo $0; exit 3"],
        &["lock", "--command", "echo $0; exit 3"],
    ] {
        let output = dir.lockwright(&[&["run"], words].concat());
        assert_eq!((code(&output), out(&output)), (3, "sh\n".into()), "{words:?}");
    }
}

#[test]
fn the_outcome_tells_apart_what_an_exit_code_cannot() {
    let dir = Dir::new();
    let (exit, told) = outcome(&dir, "--fence lock sh -c 'exit 75'");
    assert_eq!((exit, &told["exit"]), (75, &75.into()));
    assert_eq!((&told["ran"], &told["child"], &told["lock"]), (&true.into(), &75.into(), &"released".into()));
    assert!(told["waited_ms"].is_u64() && told["held_ms"].is_u64(), "{told}");
    assert_eq!(told["fence"], 1);
    let mut first = holder(&dir, &[]);
    let (exit, told) = outcome(&dir, "-n lock true");
    assert_eq!((exit, &told["exit"]), (75, &75.into()));
    assert_eq!((&told["ran"], &told["child"], &told["lock"]), (&false.into(), &Value::Null, &"not-acquired".into()));
    assert_eq!(outcome(&dir, "--if-busy=skip lock true").0, 0);
    let (exit, told) = outcome(&dir, "-w 0.05 -E 3 lock true");
    assert_eq!((exit, &told["exit"]), (3, &3.into()));
    assert!(told["waited_ms"].as_u64() >= Some(50), "{told}");
    first.send("end\n");
    assert_eq!(first.code(), 0);
    let (exit, told) = outcome(&dir, "lock sh -c 'rm -r lock; sleep 1000'");
    assert_eq!((exit, &told["lock"], &told["child"]), (81, &"lost".into(), &143.into()));
    let broken = format!(
        "{} break lock --id $LOCKWRIGHT_ID --reason test --yes >&2; sleep 1000",
        env!("CARGO_BIN_EXE_lockwright")
    );
    let (exit, told) = outcome(&dir, &format!("lock sh -c '{broken}'"));
    assert_eq!((exit, &told["lock"], &told["child"]), (85, &"broken".into(), &143.into()));
    let (exit, told) = outcome(&dir, "--max-hold 0.01 lock sleep 1000");
    assert_eq!((exit, &told["lock"], &told["child"]), (124, &"released".into(), &143.into()));
    let (exit, told) = outcome(&dir, "lock no-such-command");
    assert_eq!((exit, &told["ran"], &told["child"]), (127, &true.into(), &127.into()));
}

#[test]
fn the_outcome_goes_to_a_file_whole_and_the_command_inherits_none_of_it() {
    let dir = Dir::new();
    let look = "ls -l /proc/self/fd";
    let output = dir.lockwright(&["run", "--report", "told", "lock", "sh", "-c", look]);
    assert!(!out(&output).contains("told"), "{output:?}");
    let told = |dir: &Dir| fs::read_to_string(dir.path().join("told")).expect("a report");
    assert_eq!(serde_json::from_str::<Value>(&told(&dir)).expect("JSON")["exit"], 0);
    fs::write(dir.path().join("told"), "x".repeat(1000)).expect("room");
    assert_eq!(code(&dir.lockwright(&["run", "--report", "told", "lock", "sh", "-c", "exit 4"])), 4);
    assert_eq!(serde_json::from_str::<Value>(&told(&dir)).expect("JSON")["exit"], 4);
    let output = dir.lockwright(&["run", "--report", "no/told", "lock", "touch", "ran"]);
    assert_eq!(code(&output), 73);
    assert!(one_line(&output).contains("--report no/told"));
    let by_fd = format!("exec {} run --status-fd 9 lock sh -c '{look}' 9>by-fd", env!("CARGO_BIN_EXE_lockwright"));
    let output = dir.shell(&by_fd).output().expect("a shell");
    assert!(!out(&output).contains("by-fd"), "{output:?}");
    assert_eq!(dir.entries(), ["by-fd", "told"]);
}

#[test]
fn who_asks_is_told_when_the_lock_is_taken_and_given_back() {
    let dir = Dir::new();
    let output = dir.lockwright(&["run", "-v", "lock", "sh", "-c", "echo $LOCKWRIGHT_ID"]);
    let said = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    let [held, given] = said.lines().collect::<Vec<_>>().try_into().expect("two lines");
    assert!(held.starts_with(&format!("lockwright: lock: held as {}, after ", out(&output).trim())), "{held}");
    assert!(given.starts_with("lockwright: lock: held no more, after "), "{given}");
}

#[test]
fn a_command_may_run_under_the_lock_that_is_held_around_it_if_it_says_so() {
    let dir = Dir::new();
    let me = env!("CARGO_BIN_EXE_lockwright");
    let inner = |options: &str| format!("{me} run {options} lock sh -c 'echo $LOCKWRIGHT_ID; exit 5'");
    let script = format!("echo $LOCKWRIGHT_ID; {}; echo $?; ls lock/owner", inner("--reentrant"));
    let text = out(&dir.lockwright(&["run", "--reentrant", "lock", "sh", "-c", &script]));
    let [outer, nested, exit, owner] = text.lines().collect::<Vec<_>>().try_into().expect("four lines");
    assert_eq!((nested, exit, owner), (outer, "5", outer));
    let output = dir.lockwright(&["run", "lock", "sh", "-c", &inner("")]);
    assert_eq!(code(&output), 83);
    // Another lock is taken as ever.
    let other = format!("{me} run --reentrant other sh -c 'ls -d other lock'");
    assert_eq!(out(&dir.lockwright(&["run", "lock", "sh", "-c", &other])), "lock\nother\n");
    // A reader that would write is not alone.
    let writes = format!("{me} run --reentrant -x lock true");
    assert_eq!(code(&dir.lockwright(&["run", "-s", "lock", "sh", "-c", &writes])), 83);
    let missing = format!("{me} run --reentrant lock no-such-command");
    assert_eq!(code(&dir.lockwright(&["run", "lock", "sh", "-c", &missing])), 127);
    assert_eq!(dir.entries(), [""; 0]);
}

/// As flock(1) has it.
#[test]
fn without_dashes_a_command_that_begins_with_none_is_taken() {
    let dir = Dir::new();
    assert_eq!(out(&dir.lockwright(&["run", "-n", "lock", "printf", "%s|", "-n", "--", "-c"])), "-n|--|-c|");
    let mut by_hand = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    by_hand.current_dir(dir.path()).args(["run", "lock", "--no-such-option"]);
    assert_eq!(code(&by_hand.output().expect("a process")), 64);
}
