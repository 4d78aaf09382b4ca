//! `lockwright verify --coverage`, as a process.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn coverage(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.args(["verify", "--coverage"]).args(args).stdin(Stdio::null());
    let Output { status, stdout, .. } = command.output().expect("it was built for this test");
    (status.code(), String::from_utf8(stdout).expect("it writes UTF-8"))
}

fn objects(args: &[&str]) -> Vec<Value> {
    let (code, out) = coverage(&[args, &["--json"]].concat());
    assert_eq!(code, Some(0));
    out.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
}

#[test]
fn a_table_has_each_line_with_its_answers_and_gaps_and_the_scenarios() {
    let (code, out) = coverage(&["fast_lock+cleaner"]);
    assert_eq!(code, Some(0));
    let row = |part: &str| out.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {out}"));
    let moved = row(" rename ");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[moved].starts_with("kernel/src/fast_lock.rs:") && lines[moved].contains("Io with effect "), "{out}");
    assert!(lines[moved + 1].trim().starts_with("never: ") && lines[moved + 1].contains("IntoItself"), "{out}");
    row("fast_lock+cleaner clients=2 crashes=1 walk=split");
    row("fast_lock+cleaner clients=2 crashes=0 walk=split errors=1");
}

#[test]
fn objects_say_what_came_what_did_not_and_what_was_never_reached() {
    // Whoever is alone never meets another's proposal, nor anybody dead.
    let alone = objects(&["fast_lock", "--clients", "1", "--crashes", "0"]);
    let reached: Vec<&Value> = alone.iter().filter(|site| site["call"].is_string()).collect();
    let moved = reached.iter().find(|site| site["call"] == "rename").expect("MOVE is one");
    assert!(moved["answers"]["Ok"].as_u64() > Some(0), "{moved}");
    assert!(moved["gaps"].as_array().expect("a list").contains(&"NotEmpty".into()), "{moved}");
    let leads_to = |behind: &&Value| {
        let of =
            |site: &&&Value| behind["behind"] == format!("kernel/src/fast_lock.rs:{}:{}", site["line"], site["column"]);
        let from = reached.iter().find(of);
        from.is_some_and(|site| site["gaps"].as_array().expect("a list").contains(&behind["unanswered"]))
    };
    let behind = alone.iter().find(leads_to).expect("WITHDRAW is behind a gap");
    assert!(behind["line"].as_u64() > Some(0) && behind["call"].is_null(), "{behind}");
}

#[test]
fn a_limit_is_told_and_is_no_success() {
    let (code, out) = coverage(&["fast_lock-dir", "--states", "100"]);
    assert_eq!(code, Some(2));
    assert!(out.contains("Incomplete: fast_lock-dir clients=2 crashes=1 walk=split: more than 100 states"), "{out}");
    let (code, out) = coverage(&["no_such_lock"]);
    assert_eq!((code.is_some_and(|code| code != 0), out.as_str()), (true, ""));
    let (code, _) = coverage(&["--mutants"]);
    assert_ne!(code, Some(0));
}

#[test]
fn what_has_no_say_in_it_is_refused() {
    for option in [["--save", "half"], ["--resume", "half"], ["--shard", "1/2"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        let refused =
            command.args(["verify", "--coverage"]).args(option).stdin(Stdio::null()).output().expect("it runs");
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(64), "{option:?}: {told}");
        assert!(told.contains("cannot be used with") && told.contains(option[0]), "{told}");
    }
}
