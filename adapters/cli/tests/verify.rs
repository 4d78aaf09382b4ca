//! `lockwright verify` and `lockwright replay`, as processes.

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

use support::{code, empty_dir, entries, lockwright, out, refusal};

/// The rows between the head and the foot.
fn rows(table: &str) -> impl Iterator<Item = &str> {
    body(table).filter(|line| !line.starts_with(' '))
}

/// What is said below rows.
fn remarks(table: &str) -> impl Iterator<Item = &str> {
    body(table).filter_map(|line| line.strip_prefix("  "))
}

fn body(table: &str) -> impl Iterator<Item = &str> {
    table.lines().skip(1).take_while(|line| !line.is_empty())
}

#[test]
fn a_verified_algorithm_is_a_row_and_exit_code_0() {
    let dir = empty_dir();
    let output =
        lockwright(dir.path(), &["verify", "fast_lock", "--profile", "local", "--clients", "2", "--crashes", "1"]);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(rows(&text).all(|row| row.starts_with("fast_lock") && row.ends_with("Verified")), "{text}");
    let foot = text.lines().last().expect("a foot");
    assert!(foot.starts_with(&format!("{} scenarios in ", rows(&text).count())), "{foot}");
    assert!(foot.contains(" transitions a second, odds below "), "{foot}");
    assert!(output.stderr.is_empty(), "no progress where there is no terminal");
    assert!(entries(dir.path()).is_empty());
}

#[test]
fn scenarios_are_explored_on_any_number_of_threads_alike() {
    let dir = empty_dir();
    let states = |threads| {
        let output =
            lockwright(dir.path(), &["verify", "fast_lock-dir", "--clients", "3", "--threads", threads, "--json"]);
        assert_eq!(code(&output), 0);
        out(&output).lines().map(|row| json(row)["states"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(states("1"), states("2"));
}

fn json(row: &str) -> serde_json::Value {
    serde_json::from_str(row).expect("JSON")
}

#[test]
fn json_is_one_object_a_line_with_the_keys_that_the_help_tells() {
    let dir = empty_dir();
    let help = out(&lockwright(dir.path(), &["verify", "--help"]));
    let (_, told) = help.split_once("With --json, each").expect("it speaks of JSON");
    let lines = told.lines().skip(1).take_while(|line| !line.is_empty());
    let told: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(told.contains(&"collision_odds"), "{help}");
    let commands: [&[&str]; 5] = [
        &["verify", "fast_lock", "--strategy", "random", "--runs", "3", "--json"],
        &["verify", "fast_lock-dir", "--clients", "2", "--json"],
        &["verify", "dotlock.empty_is_live", "--json"],
        &["verify", "fast_lock", "--states", "100", "--json"],
        &["verify", "--matrix", "fast_lock+w", "--json"],
    ];
    for args in commands {
        let output = lockwright(dir.path(), args);
        for row in out(&output).lines() {
            let row = json(row);
            let keys = row.as_object().expect("an object").keys();
            let mut told = told.clone();
            told.sort_unstable();
            assert_eq!(keys.collect::<Vec<_>>(), told, "{args:?}");
        }
    }
}

#[test]
fn json_says_what_was_found_and_how() {
    let dir = empty_dir();
    let first = |args: &[&str]| json(out(&lockwright(dir.path(), args)).lines().next().expect("a row"));
    let row = first(&["verify", "fast_lock-dir", "--clients", "2", "--threads", "2", "--no-partial-order", "--json"]);
    let expected = serde_json::json!({
        "protocol": "fast_lock-dir", "clients": 2, "crashes": 0, "errors": 0, "removals": 0, "cuts": 0,
        "profile": "local", "walk": "split", "threads": 2, "states": 575, "transitions": 1187, "depth": 43,
        "merged": true, "partial_order": false, "symmetric": true, "symmetry_refused": null, "verdict": "Verified", "property": null,
        "strategy": "bfs", "seed": null, "runs": null, "shrunk_from": null,
        "covered_depth": null, "reason": null, "token": null,
    });
    assert_holds(&row, &expected);
    for key in ["seconds", "transitions_per_second", "bytes", "bytes_per_state", "collision_odds"] {
        assert!(row[key].as_f64().is_some_and(|number| number > 0.0), "{key}: {row}");
    }
    let expected = serde_json::json!({
        "verdict": "Violated", "property": "a free lock can be taken", "steps": 2, "shortest": true,
        "expected": "a free lock can be taken", "caught": null, "trace": "./dotlock.empty_is_live-2-1.trace",
    });
    assert_holds(&first(&["verify", "dotlock.empty_is_live", "--json"]), &expected);
    let expected = serde_json::json!({ "trace": null, "caught": true });
    assert_holds(&first(&["verify", "dotlock.empty_is_live", "--mutants", "--json"]), &expected);
    let apart = first(&["verify", "fast_lock", "--clients", "2", "--no-symmetry", "--no-partial-order", "--json"]);
    assert_holds(&apart, &serde_json::json!({ "merged": true, "symmetric": false, "states": 1139 }));
    let whole = first(&["verify", "fast_lock", "--clients", "2", "--no-merge", "--json"]);
    assert_holds(&whole, &serde_json::json!({ "merged": false, "symmetric": false, "verdict": "Verified" }));
}

fn assert_holds(row: &serde_json::Value, expected: &serde_json::Value) {
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&row[key], value, "{key}: {row}");
    }
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
fn an_unfinished_search_is_exit_code_2_and_says_what_it_covered() {
    let dir = empty_dir();
    let limits: [(&[&str], &str); 4] = [
        (&["--time", "0"], "longer than 0ns; every behaviour of up to "),
        (&["--states", "5000"], "more than 5000 states; every behaviour of up to "),
        (&["--depth", "9"], "deeper than 9 steps; every behaviour of up to 9 steps"),
        (&["--memory", "1K"], "more than 1024 bytes of memory; every behaviour of up to "),
    ];
    for (limit, told) in limits {
        for threads in ["1", "2"] {
            let args = [&["verify", "fast_lock-dir", "--clients", "3", "--threads", threads], limit].concat();
            let output = lockwright(dir.path(), &args);
            assert_eq!(code(&output), 2, "{args:?}");
            let text = out(&output);
            assert!(rows(&text).next().is_some_and(|row| row.ends_with("Incomplete")), "{text}");
            assert!(remarks(&text).next().is_some_and(|remark| remark.starts_with(told)), "{text}");
        }
    }
}

const STRATEGIES: [&[&str]; 4] = [
    &["--strategy", "bfs", "--threads", "2"],
    &["--strategy", "dfs"],
    &["--strategy", "random", "--seed", "7", "--runs", "1000000000"],
    &["--strategy", "pct", "--seed", "7", "--runs", "1000000000"],
];

#[test]
fn no_limit_makes_a_search_verified_in_any_strategy() {
    let dir = empty_dir();
    let limits: [(&[&str], &str); 3] = [
        (&["--time", "0"], "longer than 0ns"),
        (&["--states", "2000"], "more than 2000 states"),
        (&["--memory", "1K"], "more than 1024 bytes of memory"),
    ];
    let verify = &["verify", "fast_lock-dir", "--clients", "3"][..];
    let incomplete = |args: &[&str]| {
        let output = lockwright(dir.path(), args);
        assert_eq!(code(&output), 2, "{args:?}");
        let text = out(&output);
        assert!(rows(&text).next().is_some_and(|row| row.ends_with("Incomplete")), "{text}");
        remarks(&text).next().expect("the reason").to_owned()
    };
    for strategy in STRATEGIES {
        let covered = match strategy[1] {
            "bfs" => "every behaviour of up to ",
            "dfs" => " states were seen, and nothing is said of the rest",
            _ => " different states with seed 7, and nothing is said of the rest",
        };
        for (limit, why) in limits {
            let told = incomplete(&[verify, strategy, limit].concat());
            assert!(told.starts_with(why) && told.contains(covered), "{strategy:?}: {told}");
        }
    }
    let told = incomplete(&[verify, &["--strategy", "dfs", "--depth", "9"]].concat());
    assert!(told.starts_with("deeper than 9 steps; "), "{told}");
    for strategy in ["random", "pct"] {
        let few = &["--strategy", strategy, "--seed", "7", "--runs", "3", "--depth", "9"];
        let told = incomplete(&[verify, few].concat());
        let all = "that is all the runs that were asked for; 3 runs of up to 9 steps, 27 steps in all, came to ";
        assert!(told.starts_with(all), "{told}");
    }
}

#[test]
fn depth_first_verifies_and_its_counterexample_says_that_it_may_not_be_shortest() {
    let dir = empty_dir();
    let dfs = |name| lockwright(dir.path(), &["verify", name, "--clients", "2", "--strategy", "dfs"]);
    assert_eq!(code(&dfs("fast_lock-dir")), 0);
    let output = dfs("fast_lock.no_look");
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("\n  found by dfs, made shorter from "), "{}", out(&output));
    let replayed = lockwright(dir.path(), &["replay", "fast_lock.no_look-2-0.trace"]);
    assert_eq!(code(&replayed), 1, "{}", out(&replayed));
}

#[test]
fn a_seed_is_told_and_makes_the_same_runs() {
    let dir = empty_dir();
    for strategy in ["random", "pct"] {
        let runs = |seed: &[&str]| {
            let args = ["verify", "fast_lock.no_look", "--strategy", strategy, "--json"];
            let output = lockwright(dir.path(), &[&args, seed].concat());
            assert_eq!(code(&output), 1, "{}", out(&output));
            json(out(&output).lines().next().expect("a row"))
        };
        let drawn = runs(&[]);
        let seed = drawn["seed"].to_string();
        let again = runs(&["--seed", &seed]);
        for key in ["seed", "runs", "states", "transitions", "steps", "shrunk_from", "token", "what"] {
            assert_eq!(drawn[key], again[key], "{key}");
            assert!(!again[key].is_null(), "{key}");
        }
        assert_holds(
            &again,
            &serde_json::json!({ "shortest": false, "merged": false, "strategy": strategy, "threads": 1 }),
        );
        let args = ["verify", "fast_lock.no_look", "--strategy", strategy, "--seed", &seed];
        let text = out(&lockwright(dir.path(), &args));
        let told = format!("\n  found in run {} with seed {seed}, made shorter from ", again["runs"]);
        assert!(text.contains(&told), "{text}");
    }
}

#[test]
fn budgets_and_profiles_take_the_place_of_the_scenarios_own() {
    let dir = empty_dir();
    let row = |args: &[&str]| {
        let output = lockwright(dir.path(), &[&["verify", "fast_lock", "--states", "100", "--json"], args].concat());
        json(out(&output).lines().next().expect("a row"))
    };
    assert_holds(&row(&["--budget", "crash=2"]), &serde_json::json!({ "crashes": 2, "errors": 0, "profile": "local" }));
    assert_holds(&row(&["--budget", "errors=1"]), &serde_json::json!({ "crashes": 0, "errors": 1 }));
    assert_holds(&row(&["--profile", "power"]), &serde_json::json!({ "crashes": 0, "cuts": 1, "profile": "power" }));
    assert_holds(&row(&[]), &serde_json::json!({ "rounds": 0 }));
    assert_holds(&row(&["--rounds", "2"]), &serde_json::json!({ "rounds": 2, "crashes": 0 }));
    let operator = row(&["--profile", "operator", "--budget", "removal=2,crash=1"]);
    assert_holds(&operator, &serde_json::json!({ "crashes": 1, "removals": 2, "profile": "operator" }));
    let told = lockwright(dir.path(), &["verify", "fast_lock", "--states", "100", "--profile", "operator"]);
    assert!(out(&told).contains("\nfast_lock operator removals=1 "), "{}", out(&told));
    let once = lockwright(dir.path(), &["verify", "fast_lock clients=2 crashes=1 walk=split rounds=1"]);
    assert!(code(&once) == 0 && out(&once).contains("\nfast_lock rounds=1 "), "{}", out(&once));
    let told = refusal(&lockwright(dir.path(), &["verify", "fast_lock clients=2 crashes=1 walk=split rounds=99"]));
    assert!(told.contains("rounds are counted up to 31, not up to 99"), "{told}");
}

#[test]
fn with_verbose_a_row_says_by_which_means() {
    let dir = empty_dir();
    let text = out(&lockwright(dir.path(), &["verify", "fast_lock-dir", "--clients", "2", "-v", "--threads", "2"]));
    let means = remarks(&text).next().expect("a second line");
    assert!(means.starts_with("bfs, 2 threads; histories merged, names exchanged, calls joined; "), "{text}");
    assert!(means.contains(" transitions a second, odds of a collision below "), "{text}");
}

/// The scenario is one that takes hours, so the outcome does not depend on when the signal comes.
const HOURS: [&str; 6] = ["verify", "fast_lock", "--clients", "5", "--budget", "crash=2"];

/// The process, and its output from the second line on. Once the first is there, signals are taken in.
fn begun(dir: &Path, args: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.current_dir(dir).args(HOURS).args(args).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it was built for this test");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    lines.read_line(&mut String::new()).expect("the head");
    (child, lines)
}

fn rest(lines: &mut impl Read) -> String {
    let mut text = String::new();
    lines.read_to_string(&mut text).expect("it writes UTF-8");
    text
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).expect("it runs");
}

#[test]
fn a_signal_ends_the_search_and_what_was_covered_is_told() {
    let dir = empty_dir();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (mut child, mut lines) = begun(dir.path(), &[]);
        send(&child, signal);
        let text = rest(&mut lines);
        assert_eq!(child.wait().expect("it ends").code(), Some(2), "{text}");
        let rows: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
        assert_eq!(rows.len(), 2, "one row and its reason: {text}");
        assert!(rows[0].starts_with("fast_lock ") && rows[0].ends_with("Incomplete"), "{text}");
        assert!(rows[1].starts_with("  interrupted; every behaviour of up to "), "{text}");
        assert!(text.ends_with(" scenarios not begun\n"), "{text}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let dir = empty_dir();
    // One thread, which takes in both signals before it goes on.
    let (mut child, mut lines) = begun(dir.path(), &["--threads", "1"]);
    let pid = Pid::from_raw(child.id().cast_signed());
    send(&child, Signal::SIGSTOP);
    waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("it stops");
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGTERM);
    send(&child, Signal::SIGCONT);
    let text = rest(&mut lines);
    let ended = child.wait().expect("it ends");
    assert!(matches!(ended.signal(), Some(2 | 15)), "{ended} {text}");
    assert_eq!(text, "", "no row");
}

/// That all of them are caught, `traces.rs` shows.
#[test]
fn mutants_are_caught_and_write_nothing_unless_told_where() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "--mutants", "--shard", "3/12"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(rows(&out(&output)).all(|row| row.contains("caught: ")), "{}", out(&output));
    let (missing, known) = (lockwright_sim::catalogue::KNOWN_BAD.map(|known| known.missing()), out(&output));
    assert!(missing.into_iter().flatten().all(|why| known.contains(why)), "{known}");
    assert!(entries(dir.path()).is_empty());
    let output = lockwright(dir.path(), &["verify", "dotlock", "--mutants", "--traces", "."]);
    assert_eq!(entries(dir.path()).len(), rows(&out(&output)).count());
}

#[test]
fn mistakes_are_one_line_and_leave_nothing() {
    let dir = empty_dir();
    fs::write(dir.path().join("garbage"), "not a trace").expect("there is room");
    let cases: [(&[&str], i32, &str); 17] = [
        (&["verify", "--seed", "1"], 64, "--seed is not for this strategy"),
        (&["verify", "--strategy", "dfs", "--threads", "2"], 64, "--threads is not for this strategy"),
        (&["verify", "--strategy", "random", "--no-merge"], 64, "--no-merge is not for this strategy"),
        (&["verify", "--strategy", "random", "--bug-depth", "2"], 64, "--bug-depth is not for this strategy"),
        (&["verify", "--strategy", "pct", "--mutants"], 64, "--mutants is not for this strategy"),
        (&["verify", "--budget", "accident=1"], 64, "there is no fault `accident`"),
        (&["verify", "--budget", "cut=1"], 64, "the profile `local` has no cuts; it takes --profile power"),
        (&["verify", "--profile", "none"], 64, "none"),
        (&["verify", "--memory", "much"], 64, "512M"),
        (&["verify", "--threads", "0"], 64, "--threads"),
        (&["verify", "--time", "long"], 64, "30s"),
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

#[test]
fn rows_that_nobody_could_read_are_not_verified() {
    let dir = empty_dir();
    let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    let status = command.current_dir(&dir).args(["verify", "--mutants"]).stdout(full).status().expect("it was built");
    assert_eq!(status.code(), Some(2));
}

#[test]
fn a_protocol_is_checked_in_no_world_that_it_is_not_for() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "fast_lock", "--profile", "power", "--states", "2000", "--json"]);
    assert_eq!(code(&output), 2, "{}", out(&output));
    let rows: Vec<serde_json::Value> =
        out(&output).lines().map(|row| serde_json::from_str(row).expect("JSON")).collect();
    assert!(rows.iter().any(|row| row["protocol"] == "fast_lock-dir"));
    for row in &rows {
        let name = row["protocol"].as_str().expect("a name");
        assert!(!name.contains("processes") && !name.contains("containers") && !name.contains("ing"), "{row}");
    }
    for name in ["fast_lock+containers", "fast_lock.pid_alone"] {
        let line = refusal(&lockwright(dir.path(), &["verify", name, "--profile", "power"]));
        assert!(line.contains("is for the world of identity"), "{line}");
    }
    assert!(entries(dir.path()).is_empty());
}

#[test]
fn the_daemon_is_verified_in_a_network_of_its_own() {
    let dir = empty_dir();
    let network = |words: &[&str]| lockwright(dir.path(), &[&["verify", "--network"], words].concat());
    let good = network(&["pipeline", "-v"]);
    assert_eq!(code(&good), 0);
    assert!(rows(&out(&good)).all(|row| row.starts_with("pipeline ") && row.ends_with("  Verified")), "{}", out(&good));
    let caught = network(&["--mutants", "--json"]);
    assert_eq!(code(&caught), 0);
    let objects: Vec<_> = out(&caught).lines().map(json).collect();
    assert!(objects.len() >= 11 && objects.iter().all(|row| row["caught"] == true), "{objects:?}");
    // Without --mutants it is a violation, and told.
    let violated = network(&["takes_cut_line"]);
    assert_eq!(code(&violated), 1);
    let text = out(&violated);
    assert!(text.contains("counts are right is violated: ") && text.contains("\n   3. "), "{text}");
    let incomplete = network(&["restart", "--states", "1000"]);
    assert_eq!(code(&incomplete), 2);
    assert!(out(&incomplete).contains("  more than 1000 states; every behaviour of up to "), "{}", out(&incomplete));
    let plain = lockwright(dir.path(), &["verify", "--states", "20"]);
    assert_eq!(code(&plain), 2);
    let text = out(&plain);
    let (_, ends_with) = text.split_once("\n\nof the daemon ").expect("it ends with the daemon");
    for name in ["queue", "count", "break", "pipeline"] {
        assert!(rows(ends_with).any(|row| row.starts_with(&format!("{name} "))), "{ends_with}");
    }
    assert!(ends_with.ends_with("\ncompete, signs, restart take longer: lockwright verify --network\n"), "{ends_with}");
    let one = lockwright(dir.path(), &["verify", "fast_lock-dir", "--states", "20"]);
    assert!(!out(&one).contains("of the daemon"), "{}", out(&one));
    assert_eq!(code(&network(&["nothing"])), 64);
    assert_eq!(code(&network(&["--clients", "2"])), 64);
    assert!(entries(dir.path()).is_empty());
}
