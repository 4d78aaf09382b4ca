//! `lockwright explain`, and what `status` says where it cannot be told who lives, as processes.

use std::fs;

use serde_json::Value;

use crate::support::{Dir, code, out};

#[test]
fn a_busy_lock_is_explained_with_evidence_and_with_what_helps() {
    let dir = Dir::new();
    let output = dir.lockwright(&["explain", "lock"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "lock: free\n  whoever comes next has it\n"));
    let mut holder = dir.start(&["--kind", "queue", "--why", "nightly sync", "--who", "ops"], "echo in; read x");
    assert_eq!(holder.line(), "in");
    let mut waiter = dir.start(&["--kind", "queue"], "echo in");
    let said = waiter.waits("queue");
    assert!(said.contains("reason   \"nightly sync\", for \"ops\"; alive: yes (seen on this host"), "{said}");
    let output = dir.lockwright(&["explain", "lock"]);
    let text = out(&output);
    assert_eq!(code(&output), 1);
    let id = out(&dir.lockwright(&["owner", "lock"])).trim_end().to_owned();
    for part in [
        "lock (queue): held\n".to_owned(),
        format!(", pid {} (sh -c echo in; read x), in line since ", holder.id()),
        "    alive: yes (seen on this host, start time matches)\n    reason: \"nightly sync\"\n    for: \"ops\"\n"
            .into(),
        format!("    id: {id}\n"),
        "  waits, 0 of those who wait ahead: ".into(),
        format!(", pid {} (", waiter.id()),
        format!("it comes free when pid {} gives it back, or when it and all of process group ", holder.id()),
        "then who waits first; 1 in line\n".into(),
        "lockwright wait lock ".into(),
        format!("kill {} ", holder.id()),
        format!("lockwright break lock --id {id} --reason TEXT "),
    ] {
        assert!(text.contains(&part), "{part}\n{text}");
    }
    let told: Value = serde_json::from_slice(&dir.lockwright(&["explain", "--json", "lock"]).stdout).expect("JSON");
    assert_eq!(
        (&told["state"], &told["holders"][0]["id"], &told["helps"][0][0]),
        (&"held".into(), &id.into(), &"lockwright wait lock".into())
    );
    // What helps, helps.
    assert_eq!(code(&dir.shell(&format!("kill {}", holder.id())).output().expect("a shell")), 0);
    assert_eq!((holder.code(), waiter.line(), waiter.code()), (143, "in".into(), 0));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_stale_lock_is_explained() {
    let dir = Dir::new();
    dir.holder().kill_and_drain();
    let output = dir.lockwright(&["explain", "lock"]);
    let text = out(&output);
    assert_eq!(code(&output), 2);
    assert!(text.contains("alive: no (no process on this host has its number)"), "{text}");
    assert!(text.contains("it comes free now: whoever wants it next takes it from the dead"), "{text}");
    let helps = text.lines().find(|line| line.contains("lockwright unlock")).expect("a command").split_once('#');
    assert_eq!(
        code(
            &dir.shell(&helps.expect("a comment").0.replace("lockwright", env!("CARGO_BIN_EXE_lockwright")))
                .output()
                .expect("a shell")
        ),
        0
    );
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn where_it_cannot_be_told_who_lives_status_is_3_and_nobody_takes_the_lock_away() {
    let dir = Dir::new();
    let owner = dir.path().join("lock/owner");
    fs::create_dir_all(&owner).expect("a directory");
    fs::write(owner.join("batch-12"), "").expect("a file");
    let output = dir.lockwright(&["status", "lock"]);
    assert_eq!(code(&output), 3);
    assert!(out(&output).starts_with("lock: held, and whether by somebody alive cannot be told (fast)\n"));
    let output = dir.lockwright(&["explain", "lock"]);
    assert_eq!(code(&output), 3);
    assert!(out(&output).contains("alive: unknown (its id names no process)"), "{output:?}");
    let told: Value = serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON");
    assert_eq!((&told["state"], &told["holders"][0]["alive"]), (&"unknown".into(), &Value::Null));
    assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 82);
}
