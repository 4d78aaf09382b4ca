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

/// Peers that nobody is asked to install for a test.
const LARGE: [&str; 2] = ["tla-checker", "etcd"];

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
        let is_large = LARGE.contains(&text_of(&missing["name"]));
        assert!(is_large || env::var_os("LOCKWRIGHT_REQUIRE_PEERS").is_none(), "{line}");
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
fn commands_are_measured_beside_flock() {
    let group = group("commands", &[]);
    assert!(rows(&group, "run true").is_superset(&["ours", "true"].into()));
    for way in ["hand-off on", "hand-off by SIGKILL"] {
        assert!(rows(&group, way).is_superset(&["ours", "flock"].into()), "{way}");
    }
}

#[test]
fn scale_is_told_for_each_size_and_a_release_does_not_wake_the_whole_line() {
    let group = group("scale", &[]);
    for title in ["queue: join", "queue: hand-over", "fast: a pair beside", "sem=N: a pair with one"] {
        assert!(rows(&group, title).is_superset(&["1", "2", "5"].into()), "{title}");
    }
    for table in list(&group["tables"]).iter().filter(|table| text_of(&table["title"]).starts_with("wake-ups")) {
        let line = list(&table["rows"]).iter().find(|row| row["name"] == "ours, queue").expect("it is measured");
        let woken = line["spread"]["max"].as_f64().expect("it is a number");
        assert!(woken <= 2.0, "{table}");
    }
}

#[test]
fn checkers_that_explore_the_same_come_to_the_same_size() {
    let group = group("checker", &[]);
    let expected = ["ours, split walks", "ours, atomic walks", "stateright, atomic walks", "stateright, plain"];
    assert!(rows(&group, "2 clients, 1 crashes").is_superset(&expected.into()));
    assert_eq!(rows(&group, "loom"), ["loom, 1 preemptions"].into());
}

#[test]
fn daemons_are_asked_alike() {
    let group = group("glockd", &[]);
    assert!(rows(&group, "requests").is_superset(&["ours", "echo"].into()));
    assert!(rows(&group, "memory").is_superset(&["ours", "echo"].into()));
}

/// How many system calls a pair takes, and how many of them remove a directory: whoever changes that is to know. Not
/// counted is `fcntl`, by which the standard library looks at handles where it is not optimised.
#[test]
fn a_pair_takes_the_calls_that_it_took() {
    let group = group("calls", &[]);
    let Some(table) = list(&group["tables"]).first() else { return };
    let count = |name: &str| {
        let row = list(&table["rows"]).iter().find(|row| row["name"] == name).expect("it is measured");
        let calls = text_of(&row["about"]).split(", ").filter(|call| !call.starts_with("fcntl "));
        let counts = calls.map(|call| call.rsplit(' ').next().and_then(|count| count.parse::<f64>().ok()));
        [counts.sum::<Option<f64>>().expect("they are numbers"), row["more"][0].as_f64().expect("it is a number")]
    };
    let pinned = [
        ("ours, fast", [38.0, 4.0]),
        ("ours, fast, of directories", [39.0, 5.0]),
        ("ours, fast, kept", [24.0, 0.0]),
        ("ours, bid", [56.0, 3.0]),
        ("ours, queue", [62.0, 6.0]),
        ("ours, rw-read", [66.0, 6.0]),
        ("ours, rw-write", [72.0, 7.0]),
        ("ours, sem=1", [66.0, 7.0]),
        ("ours, fair-sem=1", [62.0, 6.0]),
        // All but the three that ask who calls.
        ("same calls as fast", [35.0, 4.0]),
        ("same calls as bid", [53.0, 3.0]),
        ("same calls as queue", [59.0, 6.0]),
        ("same calls as rw-read", [63.0, 6.0]),
        ("same calls as rw-write", [69.0, 7.0]),
        ("same calls as sem=1", [63.0, 7.0]),
        ("same calls as fair-sem=1", [59.0, 6.0]),
        ("floor of fast", [15.0, 4.0]),
        ("floor of bid", [28.0, 3.0]),
        ("floor of queue", [32.0, 6.0]),
        ("floor of rw-read", [36.0, 6.0]),
        ("flock(2)", [2.0, 0.0]),
    ];
    assert_eq!(pinned.map(|(name, _)| (name, count(name))), pinned);
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

#[test]
fn a_name_that_no_contender_has_is_a_mistake() {
    let dir = tempfile::tempdir().expect("compare works");
    let output = compare(dir.path(), &["locks", "--quick", "--only", "ours,etcd"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("compare works");
    assert!(said.contains("a name that contains \"ours,etcd\""), "{said}");
}

fn skipped(what: &str) {
    // Where nobody listens there is nobody to tell.
    drop(std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()));
}
