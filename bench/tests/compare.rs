//! The command `compare`, each group in its smallest form: it measures, says who is missing, and writes its files.
//!
//! Peers that are not installed are left out, which is said; where `LOCKWRIGHT_REQUIRE_PEERS` is set that is a failure.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn compare(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright-bench"));
    command.arg("compare").args(words).current_dir(dir).output().expect("compare works")
}

/// What a group comes to, after the checks that hold for each.
fn group(name: &str, words: &[&str]) -> Value {
    let dir = tempfile::tempdir().expect("compare works");
    let mut all = vec![name, "--quick", "--json", "out.json", "--html", "out.html", "--svg", "out.svg"];
    all.extend(words);
    let output = compare(dir.path(), &all);
    let [text, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{text}\n{errors}");
    let report: Value =
        serde_json::from_slice(&fs::read(dir.path().join("out.json")).expect("compare works")).expect("it is JSON");
    let group = report["groups"][0].clone();
    assert_eq!(group["name"], name);
    assert_eq!(group["failures"], serde_json::json!([]));
    for missing in list(&group["missing"]) {
        let line = format!("not here: {}: {}", text_of(&missing["name"]), text_of(&missing["get"]));
        assert!(text.contains(&line), "{line}");
        skipped(&line);
        assert!(env::var_os("LOCKWRIGHT_REQUIRE_PEERS").is_none(), "{line}");
    }
    let [page, plots] =
        ["out.html", "out.svg"].map(|file| fs::read_to_string(dir.path().join(file)).expect("compare works"));
    for table in list(&group["tables"]) {
        let title = text_of(&table["title"]);
        assert!(text.contains(title) && page.contains(title) && plots.contains(title), "{title}");
        assert!(!list(&table["rows"]).is_empty(), "{title} is empty");
        for row in list(&table["rows"]) {
            let median = row["spread"]["median"].as_f64().expect("compare works");
            assert!(median > 0.0, "{title}: {row}");
        }
    }
    group
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("compare works")
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("compare works")
}

/// The rows of all tables whose titles begin so.
fn rows<'v>(group: &'v Value, title: &str) -> BTreeSet<&'v str> {
    let tables = list(&group["tables"]).iter().filter(|table| text_of(&table["title"]).starts_with(title));
    tables.flat_map(|table| list(&table["rows"])).map(|row| text_of(&row["name"])).collect()
}

#[test]
fn locks_are_measured_beside_their_floors_and_their_peers() {
    let group = group("locks", &[]);
    let expected = ["ours, fast", "ours, queue", "ours, bid", "floor of fast", "flock(2)", "O_EXCL+unlink", "fslock"];
    assert!(rows(&group, "pair").is_superset(&expected.into()));
    let waits = rows(&group, "hand-off");
    assert!(waits.is_superset(&["ours, fast", "ours, queue", "flock(2)", "mkdir+rmdir"].into()));
    assert!(!waits.contains("floor of fast") && !waits.contains("ours, rw-read"));
    let frees = rows(&group, "take-over");
    assert!(frees.is_superset(&["ours, fast", "ours, queue", "flock(2)"].into()));
    assert!(!frees.contains("O_EXCL+unlink"));
}

#[test]
fn a_peer_that_is_missing_is_a_line_and_no_failure() {
    let dir = tempfile::tempdir().expect("compare works");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright-bench"));
    command.args(["compare", "locks", "--quick", "--only", "flufl"]).env("LOCKWRIGHT_BENCH_PYTHON", "/nowhere/python");
    let output = command.current_dir(dir.path()).output().expect("compare works");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("compare works");
    assert!(text.contains("not here: flufl.lock: python3 -m venv DIR && DIR/bin/pip install flufl.lock"), "{text}");
}

fn skipped(what: &str) {
    // Where nobody listens there is nobody to tell.
    drop(std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()));
}
