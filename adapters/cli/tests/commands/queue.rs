//! `lockwright queue`, as processes.

use serde_json::Value;

use crate::support::{Dir, Process, code, one_line, out};

fn contender(dir: &Dir, kind: &str, script: &str) -> Process {
    dir.start(&["--kind", kind], script)
}

fn line(dir: &Dir) -> Vec<Vec<String>> {
    let output = dir.lockwright(&["queue", "lock"]);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    out(&output).lines().map(words).collect()
}

#[test]
fn the_line_is_shown_in_order_and_one_is_taken_out_by_place_or_id() {
    for kind in ["queue", "rw-write", "fair-sem=1"] {
        let dir = Dir::new();
        assert_eq!(out(&dir.lockwright(&["queue", "lock"])), "lock: nobody stands in line\n");
        let mut holder = contender(&dir, kind, "echo in; read x");
        assert_eq!(holder.line(), "in");
        let mut waiters = Vec::new();
        for at in 0..3 {
            let mut waiter = contender(&dir, kind, &format!("echo {at}"));
            waiter.waits(kind);
            waiters.push(waiter);
        }
        let rows = line(&dir);
        let shown: Vec<[&str; 3]> = rows[1..].iter().map(|row| [0, 1, 2].map(|column| row[column].as_str())).collect();
        let pids: Vec<String> = std::iter::once(&holder).chain(&waiters).map(|one| one.id().to_string()).collect();
        let wanted: Vec<[&str; 3]> = [["1", "holds"], ["2", "waits"], ["3", "waits"], ["4", "waits"]]
            .iter()
            .zip(&pids)
            .map(|([place, role], pid)| [*place, *role, pid])
            .collect();
        assert_eq!(shown, wanted, "{kind}");
        let told: Value = serde_json::from_slice(&dir.lockwright(&["queue", "--json", "lock"]).stdout).expect("JSON");
        let last = told["waiters"][2]["id"].as_str().expect("an id");
        for (dropped, at) in [("2", 0), (last, 2)] {
            let output = dir.lockwright(&["queue", "lock", "--drop", dropped, "--reason", "too late"]);
            assert_eq!(code(&output), 0, "{kind}: {output:?}");
            assert!(one_line(&output).contains("taken out of the line"), "{output:?}");
            assert_eq!((waiters[at].code(), waiters[at].line()), (85, String::new()), "{kind}");
            assert!(waiters[at].last_complaint().ends_with(": too late; the command was not run"), "{kind}");
        }
        assert_eq!(line(&dir).len(), 3, "{kind}");
        holder.send("end\n");
        assert_eq!((holder.code(), waiters[1].line(), waiters[1].code()), (0, "1".into(), 0), "{kind}");
        assert_eq!(dir.entries(), ["lock.broken"], "{kind}");
    }
}

#[test]
fn who_has_the_lock_or_does_not_stand_there_is_not_taken_out() {
    let dir = Dir::new();
    let mut holder = contender(&dir, "queue", "echo in; read x");
    assert_eq!(holder.line(), "in");
    let owner = out(&dir.lockwright(&["owner", "lock"]));
    for (dropped, wanted) in [("1", 82), (owner.trim_end(), 82), ("2", 1), ("-1", 1), ("two\nlines\x1b[2J", 1), ("", 1)]
    {
        let output = dir.lockwright(&["queue", "lock", &format!("--drop={dropped}"), "--reason", "x"]);
        assert_eq!(code(&output), wanted, "{dropped:?}");
        assert!(!one_line(&output).contains('\x1b'));
    }
    for args in [&["queue", "lock", "--drop", "1"][..], &["queue", "lock", "--reason", "x"], &["queue"]] {
        assert_eq!(code(&dir.lockwright(args)), 64, "{args:?}");
    }
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
    assert_eq!(dir.entries(), [""; 0]);
    let mut fast = dir.holder();
    let output = dir.lockwright(&["queue", "lock"]);
    assert_eq!(code(&output), 78);
    assert!(one_line(&output).contains("a lock of kind fast has no line"));
    assert_eq!(code(&dir.lockwright(&["queue", "missing/lock"])), 73);
    fast.send("end\n");
    assert_eq!(fast.code(), 0);
}
