//! `lockwright verify` in parts: broken off and resumed, or shared out in shards, as processes.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use support::{code, empty_dir, entries, json, lockwright, out, refusal};

const SCENARIO: &str = "fast_lock clients=3 crashes=0 walk=split";

fn assert_same(one: &Value, other: &Value) {
    for key in ["verdict", "states", "transitions", "depth", "property", "steps", "token", "shortest", "symmetric"] {
        assert_eq!(one[key], other[key], "{key}");
    }
}

#[test]
fn a_search_that_came_to_a_limit_is_resumed_and_comes_to_what_it_comes_to_at_once() {
    let dir = empty_dir();
    let lockwright = |args: &[&str]| lockwright(dir.path(), args);
    let whole = &json(&lockwright(&["verify", SCENARIO, "--json"]))[0];
    assert_eq!((&whole["verdict"], &whole["resumed_from"]), (&"Verified".into(), &Value::Null));
    let cut = lockwright(&["verify", SCENARIO, "--states", "2000", "--save", "half", "--threads", "2"]);
    assert_eq!(code(&cut), 2);
    let told = "  saved; go on with: lockwright verify --resume half";
    assert!(out(&cut).lines().any(|line| line == told), "{}", out(&cut));
    assert_eq!(entries(dir.path()), ["half"]);

    // Once more, to the same file; then to the end, from the file alone and with the scenario named.
    let further = lockwright(&["verify", "--resume", "half", "--states", "4000", "--save", "half", "--json"]);
    assert_eq!(code(&further), 2);
    let further = &json(&further)[0];
    assert_eq!((&further["saved"], &further["verdict"]), (&"half".into(), &"Incomplete".into()));
    assert!(further["resumed_from"].as_u64() > Some(2000) && further["resumed_from"].as_u64() < Some(4000));
    for args in [&["verify", "--resume", "half", "--json"][..], &["verify", SCENARIO, "--resume", "half", "--json"]] {
        let resumed = lockwright(args);
        assert_eq!(code(&resumed), 0, "{}", out(&resumed));
        let resumed = &json(&resumed)[0];
        assert_same(resumed, whole);
        assert_eq!(resumed["resumed_from"], further["states"]);
    }
    let resumed = lockwright(&["verify", "--resume", "half"]);
    assert!(out(&resumed).contains(&format!("\n  resumed at {} states\n", further["states"])), "{}", out(&resumed));
    assert_eq!(entries(dir.path()), ["half"]);
}

#[test]
fn a_mutant_is_caught_by_a_search_that_was_resumed() {
    let dir = empty_dir();
    let mutant = "fast_lock.sign_after_move clients=2 crashes=0 walk=atomic";
    let whole = lockwright(dir.path(), &["verify", mutant, "--json"]);
    assert_eq!(code(&whole), 1);
    let cut = lockwright(dir.path(), &["verify", mutant, "--depth", "5", "--save", "half"]);
    assert_eq!(code(&cut), 2, "{}", out(&cut));
    let resumed = lockwright(dir.path(), &["verify", "--resume", "half", "--json"]);
    assert_eq!(code(&resumed), 1);
    assert_same(&json(&resumed)[0], &json(&whole)[0]);
}

#[test]
fn a_search_that_a_signal_ends_is_kept() {
    let dir = empty_dir();
    // It takes hours, so the outcome does not depend on when the signal comes.
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.current_dir(dir.path()).args(["verify", "fast_lock clients=5 crashes=2 walk=split", "--save", "half"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it was built for this test");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    lines.read_line(&mut String::new()).expect("the head, and signals are taken in");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it runs");
    let mut text = String::new();
    lines.read_to_string(&mut text).expect("it writes UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "{text}");
    assert!(text.contains("\n  interrupted; ") && text.contains("\n  saved; "), "{text}");
    let resumed = lockwright(dir.path(), &["verify", "--resume", "half", "--time", "0", "--json"]);
    let row = &json(&resumed)[0];
    assert_eq!((code(&resumed), &row["states"]), (2, &row["resumed_from"]), "{row}");
}

#[test]
fn what_cannot_be_resumed_is_refused_in_one_line() {
    let dir = empty_dir();
    let lockwright = |args: &[&str]| lockwright(dir.path(), args);
    assert_eq!(code(&lockwright(&["verify", SCENARIO, "--states", "2000", "--save", "half"])), 2);
    let file = dir.path().join("half");
    let whole = fs::read(&file).expect("it was saved");
    let altered = dir.path().join("altered");
    for at in [0, 24, 30, 60, 200, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&altered, &bytes).expect("there is room");
        let refused = lockwright(&["verify", "--resume", "altered"]);
        assert_eq!(code(&refused), 64, "{at}");
        assert!(refusal(&refused).starts_with("lockwright: cannot resume altered: it "), "{}", refusal(&refused));
    }
    fs::write(&altered, &whole[..whole.len() - 30]).expect("there is room");
    let other = "fast_lock clients=2 crashes=0 walk=split";
    let cases: [(&[&str], &str); 9] = [
        (&["verify", "--resume", "altered"], "it is damaged"),
        (&["verify", "--resume", "missing"], "cannot resume missing: No such file"),
        (&["verify", "--resume", "."], "cannot resume .: it cannot be read"),
        (&["verify", other, "--resume", "half"], &format!("it is of `{SCENARIO}`, and not of `{other}`")),
        (&["verify", "fast_lock", "--resume", "half"], "--resume is for one search, and this is "),
        (
            &["verify", SCENARIO, "--resume", "half", "--no-symmetry"],
            "its search was made with histories merged, names",
        ),
        (&["verify", SCENARIO, "--resume", "half", "--strategy", "dfs"], "--resume is not for this strategy"),
        (&["verify", SCENARIO, "--resume", "half", "--clients", "2"], "nothing is to be said of its bounds"),
        (&["verify", "--resume", "half", "--shard", "1/2"], "cannot be used with"),
    ];
    for (args, told) in cases {
        let refused = lockwright(args);
        assert_eq!(code(&refused), 64, "{args:?}");
        assert!(refusal(&refused).contains(told), "{args:?}: {}", refusal(&refused));
    }
    assert!(fs::read(&file).expect("it is there") == whole, "it was touched");
}

#[test]
fn what_cannot_be_saved_is_told_before_the_search() {
    let dir = empty_dir();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["verify", SCENARIO, "--save", "no/where"], 73, "cannot save to no/where: No such file"),
        (&["verify", SCENARIO, "--save", "."], 73, "cannot save to .: "),
        (&["verify", "fast_lock", "--save", "half"], 64, "--save is for one search, and this is "),
        (&["verify", SCENARIO, "--save", "half", "--strategy", "dfs"], 64, "--save is not for this strategy"),
    ];
    for (args, expected, told) in cases {
        let refused = lockwright(dir.path(), args);
        assert_eq!(code(&refused), expected, "{args:?}");
        assert!(refusal(&refused).contains(told), "{args:?}: {}", refusal(&refused));
    }
    assert!(entries(dir.path()).is_empty(), "{:?}", entries(dir.path()));
}

/// A file may not grow beyond 64 KiB here, which is as good as a full disk.
#[test]
fn a_full_disk_leaves_the_file_that_was_there_and_the_row_is_told() {
    let dir = empty_dir();
    let cut = lockwright(dir.path(), &["verify", SCENARIO, "--states", "1500", "--save", "half"]);
    assert_eq!(code(&cut), 2);
    let file = dir.path().join("half");
    let before = fs::read(&file).expect("it was saved");
    let again = "trap '' XFSZ; ulimit -f 64; exec \"$0\" verify --resume half --states 4000 --save half";
    let mut shell = Command::new("bash");
    shell.current_dir(dir.path()).args(["-c", again, env!("CARGO_BIN_EXE_lockwright")]).stdin(Stdio::null());
    let output = shell.output().expect("there is a shell");
    let told = String::from_utf8(output.stderr.clone()).expect("it writes UTF-8");
    assert_eq!((code(&output), told.lines().count()), (73, 1), "{told}");
    assert!(told.contains("cannot save to half: ") && out(&output).contains("Incomplete"), "{told} {}", out(&output));
    assert!(!out(&output).contains("saved;"), "{}", out(&output));
    assert!(fs::read(&file).expect("it is there") == before, "it was touched");
    assert_eq!(entries(dir.path()), ["half"]);
}

/// What tells rows apart.
fn scenario(row: &Value) -> String {
    ["protocol", "clients", "crashes", "profile", "errors", "losses"].map(|key| row[key].to_string()).join(" ")
}

#[test]
fn each_scenario_is_explored_by_exactly_one_shard() {
    let dir = empty_dir();
    let rows = |args: &[&str]| {
        let output = lockwright(dir.path(), &[&["verify", "fast_lock", "--clients", "2", "--json"], args].concat());
        assert_eq!(code(&output), 0);
        json(&output)
    };
    let whole: Vec<String> = rows(&[]).iter().map(scenario).collect();
    for of in [1, 2, 3, whole.len()] {
        let mut all = vec![String::new(); whole.len()];
        for index in 1..=of {
            let shard = format!("{index}/{of}");
            for strategy in ["bfs", "dfs"] {
                let rows = rows(&["--shard", &shard, "--strategy", strategy]);
                for (at, row) in rows.iter().enumerate() {
                    assert_eq!(
                        (&row["shard"], &row["rows_elsewhere"]),
                        (&shard.as_str().into(), &(whole.len() - rows.len()).into())
                    );
                    all[index - 1 + at * of] = scenario(row);
                }
            }
        }
        assert_eq!(all, whole, "{of} shards");
    }
    assert_eq!(rows(&[])[0]["shard"], Value::Null);
}

#[test]
fn a_shard_without_a_scenario_says_so_and_is_no_failure() {
    let dir = empty_dir();
    let shard = |shard: &str| lockwright(dir.path(), &["verify", SCENARIO, "--shard", shard]);
    let empty = shard("2/2");
    assert_eq!(code(&empty), 0);
    assert!(
        out(&empty).ends_with("\nshard 2/2: no scenario is for this one; 1 scenario for the others\n"),
        "{}",
        out(&empty)
    );
    let full = shard("1/2");
    assert_eq!(code(&full), 0);
    assert!(out(&full).contains("Verified\n") && !out(&full).contains("no scenario"), "{}", out(&full));
    for wrong in ["0/2", "3/2", "2", "a/b"] {
        let refused = shard(wrong);
        assert_eq!(code(&refused), 64);
        assert!(refusal(&refused).contains("no shard"), "{}", refusal(&refused));
    }
    // Nothing is left to be explored by anybody: that is a mistake whatever the shard.
    assert_eq!(code(&lockwright(dir.path(), &["verify", "no_such_lock", "--shard", "2/2"])), 64);
}

#[test]
fn shards_make_their_part_of_the_runs_with_one_seed() {
    let dir = empty_dir();
    let args = |strategy| ["verify", SCENARIO, "--strategy", strategy, "--runs", "100", "--steps", "50", "--json"];
    for strategy in ["random", "pct"] {
        let rows = |more: &[&str]| json(&lockwright(dir.path(), &[&args(strategy), more].concat()));
        let sum = |key: &str, rows: &[Value]| rows.iter().map(|row| row[key].as_u64().expect("a number")).sum::<u64>();
        let whole = rows(&["--seed", "7"]);
        let shards: Vec<Value> =
            ["1/3", "2/3", "3/3"].iter().flat_map(|shard| rows(&["--seed", "7", "--shard", shard])).collect();
        assert_eq!([34, 33, 33].map(Value::from), [0, 1, 2].map(|at: usize| shards[at]["runs"].clone()));
        assert!(shards.iter().all(|row| row["rows_elsewhere"] == 0 && row["verdict"] == "Incomplete"));
        assert_eq!(sum("transitions", &shards), sum("transitions", &whole));
        let refused = lockwright(dir.path(), &[&args(strategy)[..], &["--shard", "1/3"]].concat());
        assert!(refusal(&refused).contains("--shard takes --seed"), "{}", refusal(&refused));
    }
}

/// Which of its runs finds it does not depend on who makes it.
#[test]
fn the_run_that_finds_a_mutant_has_the_same_number_in_its_shard() {
    let dir = empty_dir();
    let args = ["verify", "fast_lock.no_look", "--strategy", "pct", "--seed", "3"];
    let number = |text: String| {
        let (_, after) = text.split_once("found in run ").expect("it is caught");
        after.split(' ').next().expect("a number").parse::<usize>().expect("a number")
    };
    let found = number(out(&lockwright(dir.path(), &args)));
    let shard = format!("{}/3", (found - 1) % 3 + 1);
    assert_eq!(number(out(&lockwright(dir.path(), &[&args[..], &["--shard", &shard]].concat()))), found);
}

/// The search with calls joined finds it in few states, and the one for a shortest takes more.
#[test]
fn a_counterexample_is_not_called_shortest_when_that_search_came_to_a_limit() {
    let dir = empty_dir();
    let row = |states: &str| {
        let output = lockwright(dir.path(), &["verify", "fast_lock.no_recovery", "--states", states, "--json"]);
        json(&output).remove(0)
    };
    let whole = row("100000");
    assert_eq!((&whole["verdict"], &whole["shortest"]), (&"Violated".into(), &true.into()));
    let states = whole["states"].as_u64().expect("a number");
    let cut = row(&(states * 4 / 5).to_string());
    assert_eq!((&cut["verdict"], &cut["shortest"]), (&"Violated".into(), &false.into()), "{cut}");
    assert!(cut["steps"].as_u64() >= whole["steps"].as_u64());
    let replayed = lockwright(dir.path(), &["replay", cut["token"].as_str().expect("a token")]);
    assert_eq!(code(&replayed), 1, "{}", out(&replayed));
    let told = lockwright(dir.path(), &["verify", "fast_lock.no_recovery", "--states", &(states * 4 / 5).to_string()]);
    let broken_off = "\n  the search for a shortest one was broken off; there may be a shorter one\n";
    assert!(out(&told).contains(broken_off), "{}", out(&told));
}
