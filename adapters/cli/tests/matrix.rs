//! `lockwright verify --matrix`, as a process.

mod support;

use support::{code, empty_dir, entries, json, lockwright, out, refusal};

/// A row of small cells; the one in `lease` takes longer.
const ROW: [&str; 4] = ["verify", "--matrix", "fast_lock+waiting", "--json"];

#[test]
fn a_part_of_the_table_has_its_rows_and_columns_with_a_dash_where_an_algorithm_means_nothing() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "--matrix", "fast_lock", "--profile", "operator"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(output.stderr.is_empty(), "no progress where there is no terminal");
    let text = out(&output);
    let table: Vec<Vec<&str>> =
        text.lines().take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(table[0], ["algorithm", "operator"], "{text}");
    assert_eq!(table[1], ["fast_lock", "Violated", "in", "11"], "{text}");
    // A row of which no cell was asked for is none.
    assert!(!text.contains("fast_lock+waiting"), "{text}");

    let output = lockwright(dir.path(), &["verify", "--matrix", "fast_lock+p", "--traces", "."]);
    let text = out(&output);
    assert_eq!(code(&output), 0, "{text}");
    let rows: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(rows[0].split_whitespace().collect::<Vec<_>>(), ["algorithm", "identity", "notify"]);
    assert!(rows[1].starts_with("fast_lock+polling") && rows[1].contains(" -  "), "{text}");
    assert!(rows[1].contains("Verified ") && rows[2].contains("Verified ") && rows[2].ends_with(" -"), "{text}");
}

#[test]
fn a_known_violation_is_told_with_its_reason_and_a_trace_that_replays() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "--matrix", "fast_lock", "--profile", "operator"]);
    let text = out(&output);
    let told = "\nknown limit: no live holder dispossessed: the leaf is the lock; ";
    assert_eq!(text.matches(told).count(), 1, "one sentence for all whose reason it is: {text}");
    let file = "fast_lock-2-1-removals1.trace";
    assert!(text.contains(&format!("lockwright replay ./{file}\n")) && entries(dir.path()).contains(&file.into()));
    assert_eq!(code(&lockwright(dir.path(), &["replay", file])), 1);
}

#[test]
fn an_object_a_cell_says_what_was_expected_and_why() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &ROW);
    assert_eq!(code(&output), 0, "{}", out(&output));
    let [cell] = &json(&output)[..] else { panic!("one world: {}", out(&output)) };
    assert_eq!((&cell["profile"], &cell["as_expected"]), (&"notify".into(), &true.into()), "{cell}");
    assert_eq!((&cell["expected_verdict"], &cell["verdict"]), (&"Violated".into(), &"Violated".into()), "{cell}");
    assert_eq!((&cell["expected_steps"], &cell["expected_states"]), (&cell["steps"], &cell["states"]), "{cell}");
    assert_eq!(cell["expected"], "nobody waits in vain");
    assert!(cell["known_limit"].as_str().is_some_and(|why| why.contains("notices get lost")), "{cell}");
    let trace = cell["trace"].as_str().expect("a file");
    assert_eq!(entries(dir.path()), [trace.trim_start_matches("./")]);
}

#[test]
fn an_unfinished_cell_is_exit_code_2_and_said_to_be_so() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "--matrix", "fast_lock+hosts", "--states", "100"]);
    let text = out(&output);
    assert_eq!(code(&output), 2, "{text}");
    assert!(text.lines().nth(1).is_some_and(|row| row.ends_with(" Incomplete !")), "{text}");
    assert!(text.contains(": Incomplete; expected: Verified, ") && text.contains("  more than 100 states; "), "{text}");
}

#[test]
fn shards_have_all_cells_between_them() {
    let dir = empty_dir();
    let row = |shard: &[&str]| {
        let args = ["verify", "--matrix", "semaphore+passes", "--json"];
        let output = lockwright(dir.path(), &[&args, shard].concat());
        assert_eq!(code(&output), 0, "{}", out(&output));
        let worlds = json(&output).into_iter().map(|cell| cell["profile"].to_string());
        worlds.collect::<Vec<String>>()
    };
    let [whole, first, second] = [&[][..], &["--shard", "1/2"], &["--shard", "2/2"]].map(row);
    assert_eq!((first.len(), second.len()), (5, 5));
    assert!(whole.iter().all(|world| first.contains(world) != second.contains(world)), "{first:?} {second:?}");
    let output = lockwright(dir.path(), &["verify", "--matrix", "semaphore+passes", "--shard", "2/2"]);
    let text = out(&output);
    assert_eq!(text.lines().nth(1).map(|row| row.matches("not here").count()), Some(5), "{text}");
}

#[test]
fn a_violation_that_is_a_known_limit_says_so_and_is_one_all_the_same() {
    let dir = empty_dir();
    let output =
        lockwright(dir.path(), &["verify", "check_bid_check clients=2 crashes=0 walk=split profile=power cuts=1"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("\n  known limit: a power cut may keep a bid and "), "{}", out(&output));
    // Of a mutant nothing is excused.
    let output = lockwright(dir.path(), &["verify", "fast_lock.no_recovery"]);
    assert_eq!(code(&output), 1);
    assert!(!out(&output).contains("known limit"), "{}", out(&output));
}

#[test]
fn what_makes_no_sense_with_it_is_refused_in_one_line() {
    let dir = empty_dir();
    let cases: [(&[&str], &str); 13] = [
        (&["--mutants"], "cannot be used with"),
        (&["--coverage"], "cannot be used with"),
        (&["--clients", "2"], "cannot be used with"),
        (&["--crashes", "1"], "cannot be used with"),
        (&["--budget", "crash=1"], "cannot be used with"),
        (&["--no-symmetry"], "cannot be used with"),
        (&["--save", "half"], "cannot be used with"),
        (&["--resume", "half"], "cannot be used with"),
        (&["--strategy", "dfs"], "--matrix is not for this strategy"),
        (&["no_such_lock"], "there is no `no_such_lock` in the matrix"),
        (&["fast_lock.no_look"], "there is no `fast_lock.no_look` in the matrix"),
        (&["fast_lock clients=2 crashes=0 walk=split"], "the matrix has scenarios of its own"),
        (&["fast_lock+waiting", "--profile", "power"], "fast_lock+waiting means nothing in the world of power"),
    ];
    for (args, told) in cases {
        let refused = lockwright(dir.path(), &[&["verify", "--matrix"], args].concat());
        assert_eq!(code(&refused), 64, "{args:?}");
        assert!(refusal(&refused).contains(told), "{args:?}: {}", refusal(&refused));
    }
    assert!(entries(dir.path()).is_empty());
}
