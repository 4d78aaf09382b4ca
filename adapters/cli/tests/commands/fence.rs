//! `lockwright fence`, as processes.

use std::fs;

use serde_json::Value;

use crate::support::{Dir, Process, code, one_line, out};

fn check(dir: &Dir, number: &str) -> i32 {
    let output = dir.lockwright(&["fence", "check", "guard", number]);
    if code(&output) == 81 {
        assert!(one_line(&output).contains(&format!("{number} is refused, for ")));
    }
    assert_eq!(out(&output), "");
    code(&output)
}

#[test]
fn numbers_are_given_shown_and_never_twice() {
    let dir = Dir::new();
    let show = || dir.lockwright(&["fence", "show", "lock"]);
    assert_eq!((code(&show()), out(&show()).as_str()), (1, ""));
    let none = r#"{"path":"lock","fence":null,"admitted":null,"seen":null}"#;
    assert_eq!(out(&dir.lockwright(&["fence", "show", "--json", "lock"])).trim_end(), none);
    assert_eq!(dir.entries(), [""; 0]);
    assert_eq!(out(&dir.lockwright(&["fence", "advance", "lock"])), "1\n");
    let run = out(&dir.lockwright(&["run", "-f", "lock", "sh", "-c", "echo $LOCKWRIGHT_FENCE"]));
    assert_eq!((run.as_str(), code(&show()), out(&show()).as_str()), ("2\n", 0, "2\n"));
    let third = dir.lockwright(&["fence", "advance", "--json", "lock"]);
    assert_eq!(serde_json::from_slice::<Value>(&third.stdout).expect("JSON")["fence"], "3");
    assert_eq!(dir.entries(), ["lock.token"]);
}

#[test]
fn an_old_number_is_refused_once_a_newer_one_was_seen() {
    let dir = Dir::new();
    for (number, wanted) in [("3", 0), ("3", 0), ("2", 81), ("4", 0), ("3", 81), ("18446744073709551615", 0), ("4", 81)]
    {
        assert_eq!(check(&dir, number), wanted, "{number}");
    }
    let output = dir.lockwright(&["fence", "check", "--json", "guard", "7"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((code(&output), &told["admitted"], &told["seen"]), (81, &false.into(), &"18446744073709551615".into()));
    assert_eq!(dir.entries(), ["guard"]);
}

#[test]
fn the_number_is_that_of_the_environment_unless_it_is_said() {
    let dir = Dir::new();
    let script = format!(
        "{0} fence check guard && {0} fence check guard 9 && {0} fence check guard",
        env!("CARGO_BIN_EXE_lockwright")
    );
    let output = dir.lockwright(&["run", "--fence", "lock", "sh", "-c", &script]);
    assert_eq!(code(&output), 81);
    assert!(one_line(&output).contains("guard: 1 is refused, for 9 was admitted"));
    assert_eq!(
        code(&dir.command(&["fence", "check", "guard"]).env_remove("LOCKWRIGHT_FENCE").output().expect("it was built")),
        64
    );
}

#[test]
fn what_is_no_number_or_no_place_is_refused_and_nothing_is_made() {
    let dir = Dir::new();
    fs::write(dir.path().join("file"), "").expect("a file");
    std::os::unix::fs::symlink(".", dir.path().join("link")).expect("a link");
    for number in ["0", "-1", "x", "", "1.5", "18446744073709551616"] {
        assert_eq!(code(&dir.lockwright(&["fence", "check", "guard", number])), 64, "{number}");
    }
    for (guard, wanted) in [("", 64), ("..", 64), ("two\nlines", 64), ("missing/guard", 73), ("file", 73), ("link", 73)]
    {
        for args in [&["fence", "check", guard, "1"][..], &["fence", "advance", guard], &["fence", "show", guard]] {
            let output = dir.lockwright(args);
            assert_eq!(code(&output), wanted, "{args:?}");
            one_line(&output);
        }
    }
    assert_eq!(dir.entries(), ["file", "link"]);
    assert_eq!(code(&dir.lockwright(&["fence", "check", "link/guard", "1"])), 0, "the way there may be a link");
    assert_eq!(dir.entries(), ["file", "guard", "link"]);
}

/// Each writes down when it began and when it was told, in one journal.
#[test]
fn of_many_that_check_at_once_none_is_admitted_after_a_higher_number() {
    let dir = Dir::new();
    let script = "
        for i in 1 2 3 4 5 6 7 8; do
            n=$(( ($1 * 7 + i * 5) % 40 + 1 ))
            echo \"began $1.$i $n\" >>journal
            $2 fence check guard $n 2>/dev/null; code=$?
            echo \"ended $1.$i $code\" >>journal
        done";
    let processes: Vec<Process> = (0..8)
        .map(|at| {
            let mut shell = dir.shell(script);
            shell.args(["sh", &at.to_string(), env!("CARGO_BIN_EXE_lockwright")]);
            Process::start(shell)
        })
        .collect();
    for mut process in processes {
        assert_eq!(process.code(), 0);
    }
    let journal = fs::read_to_string(dir.path().join("journal")).expect("a journal");
    let lines: Vec<Vec<&str>> = journal.lines().map(|line| line.split(' ').collect()).collect();
    let at = |what: &str, id: &str| lines.iter().position(|line| line[0] == what && line[1] == id).expect("a line");
    let began = || lines.iter().filter(|line| line[0] == "began");
    let number = |line: &[&str]| line[2].parse::<u64>().expect("a number");
    let verdict = |id: &str| lines[at("ended", id)][2];
    let (mut admitted, mut refused) = (0, 0);
    for one in began() {
        match verdict(one[1]) {
            "0" => admitted += 1,
            "81" => refused += 1,
            other => panic!("{one:?}: {other}"),
        }
        for other in began().filter(|other| at("ended", other[1]) < at("began", one[1]) && verdict(other[1]) == "0") {
            let comes_late = number(one) < number(other);
            assert!(!comes_late || verdict(one[1]) == "81", "{one:?} after {other:?}");
        }
    }
    let highest = began().map(|line| number(line)).max();
    assert!(admitted > 0 && refused > 0 && admitted + refused == 64, "{admitted}, {refused}");
    assert_eq!(crate::support::entries(&dir.path().join("guard/last")), [format!("{:020}", highest.expect("some"))]);
}
