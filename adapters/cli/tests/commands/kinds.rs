//! `--kind`, `lockwright lock`, `status` and fencing tokens, as processes.

use std::{fs, process::Command};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Dir, Process, code, entries, one_line, out, told};

/// One of each layout, and two semaphores that differ in size.
pub(crate) const KINDS: [&str; 8] = ["fast", "bid", "queue", "rw-write", "sem=2", "sem=3", "fair-sem=2", "fair-sem=3"];

/// Those that let in one.
const EXCLUSIVE: [&str; 4] = ["fast", "bid", "queue", "rw-write"];

/// A process that holds the lock, as that kind, until it is sent a line.
fn holder(dir: &Dir, kind: &str) -> Process {
    let mut holder = dir.start(&["--kind", kind], "echo in; read x");
    assert_eq!(holder.line(), "in", "{kind}");
    holder
}

/// A process that waits for the lock to run `script`.
fn waiter(dir: &Dir, kind: &str, script: &str) -> Process {
    let mut waiter = dir.start(&["--kind", kind], script);
    waiter.waits(kind);
    waiter
}

fn end(mut process: Process) {
    process.send("end\n");
    assert_eq!(process.code(), 0);
}

/// Nothing is left but, of a lock folder, the folder.
pub(crate) fn is_clean(dir: &Dir) -> bool {
    let left = dir.entries();
    left.is_empty() || left == ["lock"] && entries(&dir.path().join("lock")).is_empty()
}

fn status(dir: &Dir) -> (i32, Value) {
    let output = dir.lockwright(&["status", "--json", "lock"]);
    (code(&output), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn each_kind_runs_a_command_and_leaves_nothing() {
    for kind in KINDS.into_iter().chain(["rw-read"]) {
        let dir = Dir::new();
        let output = dir.lockwright(&["run", "--kind", kind, "lock", "--", "sh", "-c", "exit 7"]);
        assert_eq!((code(&output), output.stderr.as_slice()), (7, b"".as_slice()), "{kind}");
        assert!(is_clean(&dir), "{kind}");
    }
}

#[test]
fn who_does_not_wait_is_told_whom_it_would_have_waited_for() {
    for kind in EXCLUSIVE {
        let dir = Dir::new();
        let holder = holder(&dir, kind);
        let output = dir.lockwright(&["run", "-n", "--kind", kind, "lock", "touch", "ran"]);
        assert_eq!(code(&output), 75, "{kind}");
        assert!(told(&output).contains(&format!("pid {}", holder.id())), "{output:?}");
        end(holder);
        assert!(is_clean(&dir), "{kind}");
    }
}

#[test]
fn a_killed_supervisor_hands_over_in_every_kind() {
    for kind in EXCLUSIVE {
        let dir = Dir::new();
        let mut holder = holder(&dir, kind);
        let mut waiter = waiter(&dir, kind, "echo in");
        holder.kill_and_drain();
        assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0), "{kind}");
        assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 0);
        assert!(is_clean(&dir), "{kind}");
    }
}

#[test]
fn readers_share_and_slots_are_numbered() {
    let dir = Dir::new();
    let [one, two] = [holder(&dir, "rw-read"), holder(&dir, "rw-read")];
    assert_eq!(code(&dir.lockwright(&["run", "-n", "--kind", "rw-write", "lock", "true"])), 75);
    [one, two].into_iter().for_each(end);
    let script = "echo $LOCKWRIGHT_SLOT; read x";
    let mut holders = [(); 2].map(|()| dir.start(&["--kind", "sem=2"], script));
    let mut slots = holders.each_mut().map(Process::line);
    slots.sort();
    assert_eq!(slots, ["1", "2"]);
    let output = dir.lockwright(&["run", "-n", "--kind", "sem=2", "lock", "true"]);
    assert_eq!(code(&output), 75);
    assert!(told(&output).matches("held by").count() == 2, "{output:?}");
    holders.into_iter().for_each(end);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn another_kind_is_refused_and_takes_nothing_away() {
    for one in KINDS {
        let dir = Dir::new();
        let holder = holder(&dir, one);
        // Who looks for the dead of a line takes its empty door away, and a holder tidies up its try when it comes to it.
        let passing = ["!", "-name", "door", "!", "(", "-type", "d", "-path", "*/lock/build*", ")"];
        let tree = |dir: &Dir| out(&Command::new("find").arg(dir.path()).args(passing).output().expect("find"));
        let before = tree(&dir);
        for other in KINDS.into_iter().filter(|other| *other != one) {
            for command in [&["run", "--kind", other, "lock", "touch", "ran"][..], &["lock", "--kind", other, "lock"]] {
                let output = dir.lockwright(command);
                assert_eq!(code(&output), 78, "{one}, {other}: {output:?}");
                let stands = if one == "rw-write" { "rw" } else { one };
                let line = one_line(&output);
                assert!(line.contains(&format!("of kind {stands} stands there, and not of kind {other}")), "{line}");
            }
            for command in ["status", "unlock"] {
                assert_eq!(code(&dir.lockwright(&[command, "--kind", other, "lock"])), 78, "{one}, {other}");
            }
        }
        assert_eq!(tree(&dir), before, "{one}");
        end(holder);
    }
}

#[test]
fn a_lock_is_held_for_a_process_until_it_is_given_back() {
    for kind in KINDS {
        let dir = Dir::new();
        let mut shell = Process::start(dir.shell("read x"));
        let pid = shell.id().to_string();
        let output = dir.lockwright(&["lock", "--kind", kind, "--pid", &pid, "lock"]);
        assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{kind}");
        let id = out(&output).trim_end().to_owned();
        assert_eq!(out(&dir.lockwright(&["owner", "lock"])).trim_end(), id);
        assert_eq!(code(&dir.lockwright(&["status", "lock"])), 1);
        assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 82);
        if EXCLUSIVE.contains(&kind) {
            let again = dir.lockwright(&["lock", "--kind", kind, "-p", &pid, "lock"]);
            assert_eq!(code(&again), 83);
            assert!(one_line(&again).contains(&id));
        }
        let output = dir.lockwright(&["unlock", "--id", &id, "lock"]);
        assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{kind}");
        assert!(is_clean(&dir), "{kind}");
        let output = dir.lockwright(&["unlock", "--id", &id, "lock"]);
        assert_eq!(code(&output), 1);
        assert!(one_line(&output).contains("neither holds the lock nor waits for it"));
        shell.close();
    }
}

#[test]
fn a_lock_ends_with_the_process_that_it_is_held_for() {
    for kind in EXCLUSIVE {
        let dir = Dir::new();
        let script =
            format!("{} lock --kind {kind} lock >/dev/null && echo in; read x", env!("CARGO_BIN_EXE_lockwright"));
        let mut shell = Process::start(dir.shell(&script)); // The default is the caller.
        assert_eq!(shell.line(), "in");
        let (_, told) = status(&dir);
        assert_eq!(told["holders"][0]["pid"], shell.id(), "{kind}");
        let mut waiter = waiter(&dir, kind, "echo in");
        shell.kill_and_drain();
        assert_eq!((waiter.line(), waiter.code()), ("in".into(), 0), "{kind}");
    }
}

#[test]
fn who_is_told_to_stop_waiting_leaves_the_line() {
    let dir = Dir::new();
    let holder = holder(&dir, "queue");
    let mut lock = Process::start(dir.command(&["lock", "--kind", "queue", "lock"]));
    assert!(lock.waits("queue").contains(&format!("pid {} (", holder.id())));
    assert_eq!(status(&dir).1["waiters"].as_array().expect("a list").len(), 1);
    lock.signal(Signal::SIGTERM);
    assert_eq!(lock.code(), 143);
    assert_eq!(lock.complaint(), "lockwright: SIGTERM while waiting for the lock");
    assert_eq!(status(&dir).1["waiters"], Value::Array(Vec::new()));
    end(holder);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_waiter_can_be_removed_from_the_line_by_force() {
    let dir = Dir::new();
    let holder = holder(&dir, "queue");
    let mut waiter = waiter(&dir, "queue", "touch ran");
    let id = status(&dir).1["waiters"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(code(&dir.lockwright(&["unlock", "--force", &id, "lock"])), 0);
    end(holder);
    assert_eq!(waiter.code(), 125);
    assert!(waiter.complaint().contains("removed this contender from the line"));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn status_tells_people_what_they_want_to_know() {
    let dir = Dir::new();
    let output = dir.lockwright(&["status", "lock"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "lock: free\n"));
    let free =
        r#"{"lock":"lock","kind":null,"state":"free","fence":null,"holders":[],"waiters":[],"trying":[],"stale":[]}"#;
    assert_eq!(out(&dir.lockwright(&["status", "--json", "lock"])).trim_end(), free);
    let mut dead = holder(&dir, "fair-sem=2");
    let holder = holder(&dir, "fair-sem=2");
    dead.kill_and_drain();
    let output = dir.lockwright(&["status", "lock"]);
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((code(&output), lines[0], lines.len()), (1, "lock: held (fair-sem=2)", 4), "{text}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[1]), ["PID", "HOST", "STATE", "SINCE", "AGE", "AT", "ID"]);
    for (line, (pid, state)) in lines[2..].iter().zip([(dead.id(), "dead"), (holder.id(), "alive")]) {
        let words = words(line);
        assert_eq!((words[0].as_str(), &words[1], words[3].as_str()), ("holds", &pid.to_string(), state), "{text}");
        assert!(words[4].starts_with("20") && words[4].ends_with('Z'), "{text}");
    }
    let (code, told) = status(&dir);
    assert_eq!((code, &told["stale"][0], &told["holders"][0]["alive"]), (1, &told["holders"][0]["id"], &false.into()));
    end(holder);
}

#[test]
fn a_lock_of_the_dead_alone_is_stale() {
    for kind in KINDS {
        let dir = Dir::new();
        holder(&dir, kind).kill_and_drain();
        let (stale, told) = status(&dir);
        assert_eq!((stale, &told["state"]), (2, &"stale".into()), "{kind}");
        assert_eq!(told["holders"][0]["kind"], kind);
        assert!(told["holders"][0]["since"].as_u64().is_some_and(|since| since > 1_700_000_000));
        let output = dir.lockwright(&["unlock", "lock"]);
        assert!(code(&output) == 0 && one_line(&output).contains("taken away from"), "{kind}");
        assert_eq!(status(&dir).0, 0);
        assert!(is_clean(&dir), "{kind}");
    }
}

#[test]
fn who_does_not_wait_passes_all_the_dead_before_it() {
    for (kind, holders) in [("queue", 1), ("rw-write", 1), ("fair-sem=2", 2)] {
        let dir = Dir::new();
        let mut dead: Vec<Process> = (0..holders).map(|_| holder(&dir, kind)).collect();
        dead.push(waiter(&dir, kind, "true"));
        dead.iter_mut().rev().for_each(Process::kill_and_drain);
        let output = dir.lockwright(&["run", "-n", "--kind", kind, "lock", "true"]);
        assert_eq!(code(&output), 0, "{kind}: {output:?}");
        assert_eq!(dir.entries(), [""; 0], "{kind}");
    }
}

/// Two kinds never hold together, and yet somebody may die about to, beside a holder that dies as well.
#[test]
fn what_the_dead_of_two_kinds_have_left_keeps_nobody_out() {
    let left = || {
        let [dir, other] = [Dir::new(), Dir::new()];
        holder(&dir, "fast").kill_and_drain();
        holder(&other, "queue").kill_and_drain();
        let owner = |dir: &Dir| dir.path().join("lock/owner");
        fs::rename(owner(&other).join("queue"), owner(&dir).join("queue")).expect("the same file system");
        dir
    };
    for kind in KINDS {
        let dir = left();
        let output = dir.lockwright(&["run", "-n", "--kind", kind, "lock", "true"]);
        assert_eq!(code(&output), 0, "{kind}: {output:?}");
        assert!(is_clean(&dir), "{kind}: {:?}", entries(&dir.path().join("lock")));
    }
    let dir = left();
    let (stale, told) = status(&dir);
    assert_eq!((stale, &told["kind"]), (2, &"fast".into()), "{told}");
    assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn fencing_tokens_grow_from_holder_to_holder_of_any_kind() {
    let dir = Dir::new();
    for (count, kind) in (1..).zip(KINDS) {
        let fence =
            out(&dir.lockwright(&["run", "--fence", "--kind", kind, "lock", "sh", "-c", "echo $LOCKWRIGHT_FENCE"]));
        assert_eq!(fence.trim_end(), count.to_string());
        assert_eq!(status(&dir).1["fence"], count);
    }
    assert_eq!(out(&dir.lockwright(&["status", "lock"])), "lock: free; last fence 8\n");
    // A lock without one does not pass on that of the lock around it.
    let inner = format!("{} run other -- sh -c 'echo \"<$LOCKWRIGHT_FENCE>\"'", env!("CARGO_BIN_EXE_lockwright"));
    assert_eq!(out(&dir.lockwright(&["run", "-f", "lock", "sh", "-c", &inner])), "<>\n");
}

#[test]
fn a_number_that_cannot_be_had_keeps_the_command_from_running() {
    let dir = Dir::new();
    fs::write(dir.path().join("lock.token"), "").expect("a file");
    let output = dir.lockwright(&["run", "--fence", "lock", "touch", "ran"]);
    assert_eq!(code(&output), 73);
    assert!(one_line(&output).contains("no fencing token"));
    assert_eq!(dir.entries(), ["lock.token"]);
}

#[test]
fn a_kind_or_a_process_that_is_none() {
    let dir = Dir::new();
    for kind in ["slow", "sem", "sem=0", "sem=2000", "fair-sem=x", "rw", ""] {
        let output = dir.lockwright(&["run", "--kind", kind, "lock", "true"]);
        assert_eq!(code(&output), 64, "{kind}");
        assert!(kind.is_empty() || one_line(&output).contains("should be fast, bid, queue"), "{output:?}");
    }
    let mut ended = dir.shell("true").spawn().expect("a shell");
    ended.wait().expect("a child");
    for pid in [ended.id().to_string(), "0".to_owned(), "-1".to_owned()] {
        let output = dir.lockwright(&["lock", "--pid", &pid, "lock"]);
        assert_eq!(code(&output), 64, "{output:?}");
        one_line(&output);
    }
    assert_eq!(code(&dir.lockwright(&["unlock", "--id", "a", "--force", "b", "lock"])), 64);
    assert_eq!(dir.entries(), [""; 0]);
}
