//! `lockwright verify` and `lockwright replay`, as processes.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

fn lockwright(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.current_dir(dir).args(args).stdin(Stdio::null()).output().expect("it was built for this test")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ends it")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it writes UTF-8")
}

/// The one line that a refusal is.
fn refusal(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("it writes UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(out(output), "");
    text
}

fn empty_dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn entries(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).expect("it is there").map(|entry| entry.expect("it can be read").file_name());
    names.map(|name| name.into_string().expect("it was named by us")).collect()
}

#[test]
fn a_verified_algorithm_is_a_row_and_exit_code_0() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "fast_lock", "--clients", "2", "--crashes", "1"]);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.lines().skip(1).all(|row| row.starts_with("fast_lock") && row.ends_with("Verified")), "{text}");
    assert!(output.stderr.is_empty(), "no progress where there is no terminal");
    assert!(entries(dir.path()).is_empty());
}

#[test]
fn json_is_one_object_a_line() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "fast_lock-dir", "--clients", "2", "--json"]);
    let row: serde_json::Value = serde_json::from_str(out(&output).lines().next().expect("a row")).expect("JSON");
    assert_eq!((&row["protocol"], &row["verdict"]), (&"fast_lock-dir".into(), &"Verified".into()));
    assert_eq!((&row["clients"], &row["crashes"], &row["states"]), (&2.into(), &0.into(), &1139.into()));
}

#[test]
fn a_violation_is_exit_code_1_and_a_trace_that_replays() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "fast_lock.sign_after_move"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("mutual exclusion is violated: A1 and B1 hold the lock"), "{}", out(&output));
    let file = "fast_lock.sign_after_move-2-0.trace";
    assert_eq!(entries(dir.path()), [file]);
    let replayed = lockwright(dir.path(), &["replay", file]);
    assert_eq!(code(&replayed), 1);
    assert!(out(&replayed).ends_with("Ran as written: mutual exclusion is violated.\n"), "{}", out(&replayed));
}

#[test]
fn a_trace_that_does_not_fit_the_code_is_exit_code_3() {
    let dir = empty_dir();
    lockwright(dir.path(), &["verify", "dotlock.check_then_unlink"]);
    let file = dir.path().join("dotlock.check_then_unlink-2-1.trace");
    let text = fs::read_to_string(&file).expect("verify wrote it");
    fs::write(&file, text.replacen("EEXIST", "ENOENT", 1)).expect("it is ours");
    let replayed = lockwright(dir.path(), &["replay", file.to_str().expect("UTF-8")]);
    assert_eq!(code(&replayed), 3);
    assert!(out(&replayed).contains("diverged at step"), "{}", out(&replayed));
}

#[test]
fn an_unfinished_search_is_exit_code_2() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "fast_lock-dir", "--clients", "3", "--states", "5000"]);
    assert_eq!(code(&output), 2);
    assert!(out(&output).contains("Incomplete"), "{}", out(&output));
}

#[test]
fn every_mutant_is_caught_and_writes_nothing_unless_told_where() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "--mutants"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(out(&output).lines().skip(1).all(|row| row.contains("caught: ")), "{}", out(&output));
    assert!(entries(dir.path()).is_empty());
    lockwright(dir.path(), &["verify", "dotlock", "--mutants", "--traces", "."]);
    assert_eq!(entries(dir.path()).len(), 3);
}

#[test]
fn mistakes_are_one_line_and_leave_nothing() {
    let dir = empty_dir();
    fs::write(dir.path().join("garbage"), "not a trace").expect("there is room");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["verify", "no_such_lock"], 64, "there is no protocol `no_such_lock`"),
        (&["replay", "garbage"], 64, "not a trace"),
        (&["replay", "missing"], 64, "missing"),
        (&["replay", "."], 64, "directory"),
        (&["verify", "dotlock.empty_is_live", "--traces", "missing"], 73, "--traces"),
        (&["verify", "--mutants", "no_such_lock"], 64, "there is no protocol"),
    ];
    for (args, expected, about) in cases {
        let output = lockwright(dir.path(), args);
        assert_eq!(code(&output), expected, "{args:?}");
        let head = out(&output).lines().count();
        assert!(head <= 1, "{args:?}");
        let line = refusal(&Output { stdout: Vec::new(), ..output });
        assert!(line.contains(about), "{args:?}: {line}");
    }
    assert_eq!(code(&lockwright(dir.path(), &["verify", "--clients", "17"])), 64);
    assert_eq!(entries(dir.path()), ["garbage"]);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let dir = empty_dir();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.current_dir(&dir).args(["verify", "--mutants"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was built for this test");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
