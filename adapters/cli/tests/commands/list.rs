//! `lockwright list`, as processes.

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
};

use serde_json::Value;

use crate::support::{Dir, Process, code, one_line, out};

/// A process that holds the lock at a path.
fn hold(dir: &Dir, options: &[&str], path: &str) -> Process {
    let args = [&["run"], options, &["--", path, "sh", "-c", "echo in; read x"]].concat();
    let mut holder = Process::start(dir.command(&args));
    assert_eq!(holder.line(), "in");
    holder
}

fn json(dir: &Dir, args: &[&str]) -> Vec<Value> {
    let output = dir.lockwright(&[&["list", "--json"], args].concat());
    assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()));
    out(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn locks_are_listed_with_what_is_known_of_them_and_other_things_are_passed_over() {
    let dir = Dir::new();
    assert_eq!(out(&dir.lockwright(&["list"])), "");
    let at = |path: &str| dir.path().join(path);
    for path in ["empty", "a/owner", "a/src", "web", "owners/owner"] {
        fs::create_dir_all(at(path)).expect("a directory");
    }
    fs::write(at("a/owner/me"), "").expect("a file");
    fs::write(at("web/package.json"), "{}").expect("a file");
    fs::write(at("file"), "").expect("a file");
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    std::os::unix::fs::symlink(".", at("loop")).expect("a link");
    fs::create_dir(dir.path().join(OsStr::from_bytes(b"\xff"))).expect("a directory");
    assert_eq!(out(&dir.lockwright(&["list", "-r"])), "");

    let queue = hold(&dir, &["--kind", "queue", "--fence", "--why", "nightly\nsync"], "queue");
    let mut waiter = Process::start(dir.command(&["run", "--kind", "queue", "queue", "true"]));
    assert!(waiter.complaint().contains("waiting"));
    let bid = hold(&dir, &["--kind", "bid"], "bid");
    let mut dead = hold(&dir, &[], "dead");
    dead.kill_and_drain();
    let deep = hold(&dir, &["--kind", "sem=2"], "a/src/deep");
    let locks = |args: &[&str]| -> Vec<_> {
        json(&dir, args).iter().map(|lock| lock["lock"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(locks(&[]), ["bid", "dead", "queue"]);
    assert_eq!(locks(&["--recursive"]), ["a/src/deep", "bid", "dead", "queue"]);
    assert_eq!(locks(&["./a/src"]), ["a/src/deep"]);
    let told = json(&dir, &["-r"]);
    let states: Vec<_> = told.iter().map(|lock| lock["state"].as_str().expect("a text")).collect();
    assert_eq!(states, ["held", "held", "stale", "held"]);
    assert_eq!((told[3]["fence"].as_u64(), &told[3]["holders"][0]["why"]), (Some(1), &"nightly\nsync".into()));
    let text = out(&dir.lockwright(&["list"]));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["LOCK", "KIND", "STATE", "PID", "HOLDER", "AGE", "WAIT", "FENCE", "REASON"]);
    assert_eq!(rows[1][..4], ["bid", "bid", "held", &bid.id().to_string()]);
    assert_eq!(rows[2][..4], ["dead", "fast", "stale", &dead.id().to_string()]);
    assert_eq!(rows[3][..4], ["queue", "queue", "held", &queue.id().to_string()]);
    assert_eq!(rows[3][6..], ["1", "1", "nightly\\nsync"], "{text}");
    for mut holder in [queue, bid, deep] {
        holder.send("end\n");
        assert_eq!(holder.code(), 0);
    }
    assert_eq!(waiter.code(), 0);
}

#[test]
fn hostile_names_are_listed_on_a_line_each() {
    let dir = Dir::new();
    for parent in ["two\nlines", "\x1b[2J", "-x", "\u{202e}"] {
        fs::create_dir(dir.path().join(parent)).expect("a directory");
        let mut holder = hold(&dir, &[], &format!("./{parent}/lock"));
        let text = out(&dir.lockwright(&["list", "-r"]));
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
        assert_eq!(json(&dir, &["-r"])[0]["lock"], format!("{parent}/lock"));
        holder.send("end\n");
        assert_eq!(holder.code(), 0);
    }
}

#[test]
fn what_cannot_be_looked_at_is_told_and_no_success() {
    let dir = Dir::new();
    let output = dir.lockwright(&["list", "missing"]);
    assert_eq!(code(&output), 73);
    assert!(one_line(&output).contains("missing: cannot be listed"));
    let holder = hold(&dir, &[], "lock");
    fs::create_dir(dir.path().join("closed")).expect("a directory");
    fs::set_permissions(dir.path().join("closed"), Permissions::from_mode(0o000)).expect("mine");
    let lockwright = [env!("CARGO_BIN_EXE_lockwright"), "list"];
    let drop = ["--bounding-set", "-all", "--inh-caps", "-all", "--"];
    let mut as_nobody = std::process::Command::new("setpriv");
    if nix::unistd::geteuid().is_root() {
        as_nobody.current_dir(dir.path()).args(drop).args(lockwright);
    } else {
        as_nobody = dir.command(&["list"]);
    }
    let output = as_nobody.output().expect("setpriv, of util-linux");
    assert_eq!(code(&output), 77, "{output:?}");
    assert!(one_line(&output).contains("closed: cannot be listed"));
    assert!(out(&output).contains(&holder.id().to_string()));
}
