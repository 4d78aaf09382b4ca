//! `--why` and `--who`, as processes: shown to others, and gone with the hold.

use std::fs;

use crate::support::{Dir, Process, code, entries, one_line, out, told};

#[test]
fn a_note_is_shown_to_those_who_are_refused_and_goes_with_the_hold() {
    for kind in ["fast", "queue", "sem=1", "bid"] {
        let dir = Dir::new();
        let mut holder = dir.start(&["--kind", kind, "--why", "nightly sync"], "echo in; read x");
        assert_eq!(holder.line(), "in");
        assert_eq!(entries(&dir.path().join("lock.note")).len(), 1, "{kind}");
        let text = told(&dir.lockwright(&["run", "-n", "--kind", kind, "--why", "me too", "lock", "true"]));
        assert!(text.contains("  reason   \"nightly sync\"; alive: yes"), "{kind}: {text}");
        assert_eq!(entries(&dir.path().join("lock.note")).len(), 1, "{kind}: who was refused leaves no note");
        assert!(out(&dir.lockwright(&["status", "lock"])).contains("nightly sync"));
        holder.send("end\n");
        assert_eq!(holder.code(), 0);
        assert!(!dir.entries().contains(&"lock.note".to_owned()), "{kind}");
    }
}

#[test]
fn a_note_of_acquire_goes_with_release_and_one_of_lock_with_unlock() {
    for (take, give) in [("acquire", "release"), ("lock", "unlock")] {
        let dir = Dir::new();
        let shell = Process::start(dir.shell("read x"));
        let token = out(&dir.lockwright(&[take, "--who", "ops", "--pid", &shell.id().to_string(), "lock"]));
        assert!(out(&dir.lockwright(&["status", "lock"])).contains("by ops"));
        let args: &[&str] = if give == "release" {
            &["release", token.trim_end()]
        } else {
            &["unlock", "lock", "--id", token.trim_end()]
        };
        assert_eq!(code(&dir.lockwright(args)), 0);
        assert_eq!(dir.entries(), [""; 0]);
    }
}

#[test]
fn notes_of_the_dead_go_with_what_is_taken_from_them() {
    for next in [&["run", "lock", "true"][..], &["unlock", "lock"], &["run", "--why", "x", "lock", "true"]] {
        let dir = Dir::new();
        let mut holder = dir.start(&["--why", "nightly sync"], "echo in; read x");
        assert_eq!(holder.line(), "in");
        holder.kill_and_drain();
        assert_eq!(code(&dir.lockwright(next)), 0);
        assert_eq!(dir.entries(), [""; 0], "{next:?}");
    }
    // Who dies waiting is met by nobody where there is no line.
    let dir = Dir::new();
    let mut holder = dir.holder();
    let mut waiter = dir.start(&["--why", "later"], "true");
    waiter.waits("fast");
    waiter.kill_and_drain();
    assert_eq!(code(&dir.lockwright(&["run", "-n", "-q", "--why", "x", "lock", "true"])), 75);
    assert_eq!(dir.entries(), ["lock"]);
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
}

#[test]
fn hostile_notes_are_escaped_and_cut() {
    let dir = Dir::new();
    let hostile = format!("a\nb\x1b[2J\u{202e}{}", "x".repeat(900));
    let mut holder = dir.start(&["--why", &hostile, "--who", &hostile], "echo in; read x");
    assert_eq!(holder.line(), "in");
    for args in [&["run", "-n", "lock", "true"][..], &["status", "lock"], &["explain", "lock"], &["list"]] {
        let output = dir.lockwright(args);
        let text = out(&output) + &String::from_utf8(output.stderr).expect("UTF-8");
        assert!(text.contains("a\\nb\\u{1b}[2J\\u{202e}xxx") && text.contains('…'), "{args:?}: {text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{args:?}: {text:?}");
        assert!(text.len() < 2000, "{args:?}: {text}");
    }
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    for text in ["", &"x".repeat(1001)] {
        let output = dir.lockwright(&["run", "--why", text, "lock", "true"]);
        assert_eq!(code(&output), 64);
        one_line(&output);
    }
}

#[test]
fn a_note_that_cannot_be_written_or_read_keeps_nobody_from_the_lock() {
    let dir = Dir::new();
    fs::write(dir.path().join("lock.note"), "").expect("a file");
    let output = dir.lockwright(&["run", "--why", "x", "lock", "echo", "in"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "in\n"));
    assert!(one_line(&output).contains("lock.note: nobody will be told who and why"));
    let quiet = dir.lockwright(&["run", "-q", "--why", "x", "lock", "true"]);
    assert_eq!((code(&quiet), quiet.stderr.as_slice()), (0, b"".as_slice()));
    fs::remove_file(dir.path().join("lock.note")).expect("a file");
    let mut holder = dir.start(&["--why", "x"], "echo in; read x");
    assert_eq!(holder.line(), "in");
    let note = dir.path().join("lock.note").join(&entries(&dir.path().join("lock.note"))[0]);
    for contents in [&b""[..], b"{", b"[]", b"{\"why\":7}", b"\xff", &vec![b'x'; 70_000]] {
        fs::write(&note, contents).expect("a file");
        let text = told(&dir.lockwright(&["run", "-n", "lock", "true"]));
        assert!(text.contains("  alive    yes"), "{text}");
    }
    fs::remove_file(&note).expect("a file");
    std::os::unix::fs::symlink("/dev/zero", &note).expect("a link");
    assert!(told(&dir.lockwright(&["run", "-n", "lock", "true"])).contains("  alive    yes"));
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0]);
}
