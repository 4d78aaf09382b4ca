//! `lockwright acquire`, `release` and `wait`, as processes.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, process::Command};

use serde_json::Value;

use crate::{
    kinds::{KINDS, is_clean},
    support::{Dir, Process, code, entries, one_line, out, told},
};

#[test]
fn a_token_gives_the_lock_back_from_anywhere() {
    for kind in KINDS {
        let dir = Dir::new();
        let mut shell = Process::start(dir.shell("read x"));
        let pid = shell.id().to_string();
        let output = dir.lockwright(&["acquire", "--kind", kind, "--pid", &pid, "./lock"]);
        assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{kind}");
        let token = out(&output);
        let (id, path) = token.trim_end().split_once("@/").expect("a token");
        assert_eq!(out(&dir.lockwright(&["owner", "lock"])).trim_end(), id);
        assert_eq!(format!("/{path}"), dir.path().join("lock").to_str().expect("UTF-8"));
        let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        let output = elsewhere.current_dir("/").args(["release", token.trim_end()]).output().expect("it was built");
        assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{kind}");
        assert!(is_clean(&dir), "{kind}");
        let output = dir.lockwright(&["release", token.trim_end()]);
        assert_eq!(code(&output), 1);
        assert!(one_line(&output).contains("neither holds the lock nor waits for it"));
        shell.close();
    }
}

#[test]
fn a_token_carries_any_path_and_a_number_on_request() {
    let dir = Dir::new();
    let shell = Process::start(dir.shell("read x"));
    let pid = shell.id().to_string();
    for parent in [&b"two\nlines"[..], b"-x", b"\xff\x1b[2J", b"a@b", "ä ".as_bytes()] {
        let parent = OsStr::from_bytes(parent);
        fs::create_dir(dir.path().join(parent)).expect("a directory");
        std::os::unix::fs::symlink(parent, dir.path().join("link")).expect("a link");
        for (number, at) in (1..).zip([parent, OsStr::new("link")]) {
            let mut acquire = dir.command(&["acquire", "--fence", "--pid", &pid, "--"]);
            let output = acquire.arg(std::path::Path::new(at).join("lock")).output().expect("it was built");
            assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{parent:?}");
            let text = output.stdout.strip_suffix(format!("\n{number}\n").as_bytes()).expect("a number");
            let mut release = dir.command(&["release", "--"]);
            assert_eq!(code(&release.arg(OsStr::from_bytes(text)).output().expect("it was built")), 0, "{parent:?}");
            assert_eq!(entries(&dir.path().join(parent)), ["lock.token"]);
        }
        fs::remove_file(dir.path().join("link")).expect("a link");
    }
}

#[test]
fn json_tells_all_of_a_token() {
    let dir = Dir::new();
    let shell = Process::start(dir.shell("read x"));
    let pid = shell.id().to_string();
    let output = dir.lockwright(&["acquire", "--json", "-f", "--kind", "sem=2", "-p", &pid, "lock"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((told["fence"].as_u64(), told["kind"].as_str()), (Some(1), Some("sem=2")));
    let status: Value = serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON");
    assert_eq!((&status["holders"][0]["token"], &status["holders"][0]["id"]), (&told["token"], &told["id"]));
    assert_eq!(code(&dir.lockwright(&["release", told["token"].as_str().expect("a text")])), 0);
    assert_eq!(dir.entries(), ["lock.token"]);
}

#[test]
fn what_is_no_token_is_refused() {
    let dir = Dir::new();
    for token in ["", "lock", "a@lock", "@/lock", "a/b@/lock", "..@/tmp/lock"] {
        let output = dir.lockwright(&["release", token]);
        assert_eq!(code(&output), 64, "{token}");
        one_line(&output);
    }
    assert_eq!(code(&dir.lockwright(&["release", "a@/no/such/directory/lock"])), 73);
    assert_eq!(code(&dir.lockwright(&["acquire", "missing/lock"])), 73);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_token_that_cannot_be_printed_leaves_no_lock() {
    let dir = Dir::new();
    let script = format!("{} acquire --pid $$ lock >/dev/full", env!("CARGO_BIN_EXE_lockwright"));
    let output = dir.shell(&script).output().expect("a shell");
    assert_eq!(code(&output), 125);
    assert!(one_line(&output).contains("standard output"));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_wait_ends_with_the_release_or_the_death_and_leaves_nothing() {
    for kind in KINDS.into_iter().chain(["rw-read"]) {
        let room = kind.split_once('=').map_or(1, |(_, room)| room.parse().expect("a number"));
        // Readers leave room for readers.
        let waits_as = if kind == "rw-read" { "rw-write" } else { kind };
        for dies in [false, true] {
            let dir = Dir::new();
            let free = dir.lockwright(&["wait", "lock"]);
            assert_eq!((code(&free), free.stderr.as_slice()), (0, b"".as_slice()), "{kind}");
            assert_eq!(dir.entries(), [""; 0], "{kind}");
            let mut holders: Vec<Process> =
                (0..room).map(|_| dir.start(&["--kind", kind], "echo in; read x")).collect();
            for holder in &mut holders {
                assert_eq!(holder.line(), "in", "{kind}");
            }
            let output = dir.lockwright(&["wait", "--nonblock", "--kind", waits_as, "lock"]);
            assert_eq!(code(&output), 75, "{kind}");
            assert!(told(&output).contains(&format!("pid {} (", holders[0].id())), "{kind}");
            let mut waiters = [&["wait", "lock"][..], &["wait", "--kind", waits_as, "lock"]]
                .map(|args| Process::start(dir.command(args)));
            for waiter in &mut waiters {
                assert!(waiter.complaint().contains("waiting for lock ("));
            }
            if dies {
                holders[0].kill();
            } else {
                holders[0].send("end\n");
            }
            let codes = waiters.each_mut().map(Process::code);
            assert_eq!(codes, [0, 0], "{kind}");
            for holder in &mut holders[1..] {
                holder.send("end\n");
                assert_eq!(holder.code(), 0);
            }
            holders[0].kill_and_drain();
            assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 0);
            assert!(is_clean(&dir), "{kind}: {:?}", dir.entries());
        }
    }
}

#[test]
fn a_wait_that_is_too_long_is_75_and_one_as_another_kind_78() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    assert_eq!(code(&dir.lockwright(&["wait", "--wait", "0.05", "lock"])), 75);
    let quiet = dir.lockwright(&["wait", "-q", "--wait", "0.05", "lock"]);
    assert_eq!((code(&quiet), quiet.stderr.as_slice()), (75, b"".as_slice()));
    assert_eq!(code(&dir.lockwright(&["wait", "--kind", "queue", "lock"])), 78);
    assert_eq!(code(&dir.lockwright(&["wait", "missing/lock"])), 73);
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
}

#[test]
fn the_dead_and_those_who_share_are_not_waited_for() {
    let dir = Dir::new();
    let mut reader = dir.start(&["--kind", "rw-read"], "echo in; read x");
    assert_eq!(reader.line(), "in");
    assert_eq!(code(&dir.lockwright(&["wait", "-n", "--kind", "rw-read", "lock"])), 0);
    assert_eq!(code(&dir.lockwright(&["wait", "-n", "--kind", "rw-write", "lock"])), 75);
    reader.kill_and_drain();
    assert_eq!(code(&dir.lockwright(&["wait", "-n", "--kind", "rw-write", "lock"])), 0);
    assert_eq!(dir.entries(), ["lock"], "it takes nothing away either");
}

#[test]
fn a_name_without_a_slash_is_in_the_directory_that_is_set() {
    let dir = Dir::new();
    fs::create_dir(dir.path().join("locks")).expect("a directory");
    let inside = |args: &[&str]| {
        let output = dir.command(args).env("LOCKWRIGHT_DIR", dir.path().join("locks")).output();
        output.expect("it was built")
    };
    let ran = out(&inside(&["run", "name", "sh", "-c", "echo $LOCKWRIGHT_LOCK"]));
    assert_eq!(ran.trim_end(), dir.path().join("locks/name").to_str().expect("UTF-8"));
    let ran = out(&inside(&["run", "./name", "sh", "-c", "echo $LOCKWRIGHT_LOCK"]));
    assert_eq!(ran.trim_end(), dir.path().join("name").to_str().expect("UTF-8"));
    let shell = Process::start(dir.shell("read x"));
    let token = out(&inside(&["acquire", "-p", &shell.id().to_string(), "name"]));
    for (command, wanted) in [("status", 1), ("owner", 0), ("explain", 1), ("unlock", 82), ("wait", 75)] {
        let args: &[&str] = if command == "wait" { &["wait", "-n", "name"] } else { &[command, "name"] };
        assert_eq!(code(&inside(args)), wanted, "{command}");
    }
    assert_eq!(dir.entries(), ["locks"]);
    assert!(out(&inside(&["list"])).contains("name"));
    assert_eq!(code(&dir.lockwright(&["release", token.trim_end()])), 0);
    let unset = dir.command(&["run", "name", "sh", "-c", "echo $LOCKWRIGHT_LOCK"]).env("LOCKWRIGHT_DIR", "").output();
    assert_eq!(out(&unset.expect("it was built")).trim_end(), dir.path().join("name").to_str().expect("UTF-8"));
    assert_eq!(code(&inside(&["run", "", "true"])), 64);
}
