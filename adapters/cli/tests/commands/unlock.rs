//! `lockwright owner` and `lockwright unlock`, as processes.

use lockwright_posix::lock::PathLock;

use crate::support::{Dir, code, entries, one_line, out};

#[test]
fn a_free_lock_has_no_owner_and_code_1() {
    let dir = Dir::new();
    let output = dir.lockwright(&["owner", "lock"]);
    assert_eq!((code(&output), out(&output).as_str(), output.stderr.as_slice()), (1, "", b"".as_slice()));
    let output = dir.lockwright(&["owner", "--json", "lock"]);
    let json = r#"{"lock":"lock","owner":null,"pid":null,"host":null,"alive":null}"#;
    assert_eq!((code(&output), out(&output).trim_end()), (1, json));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_held_lock_has_an_owner_and_code_0() {
    let dir = Dir::new();
    let holder = dir.holder();
    let output = dir.lockwright(&["owner", "lock"]);
    assert_eq!((code(&output), out(&output)), (0, format!("{}\n", id_on_disk(&dir))));
    let output = dir.lockwright(&["owner", "--json", "lock"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(code(&output), 0);
    assert_eq!(report["owner"], id_on_disk(&dir));
    assert_eq!(report["pid"], holder.id());
    assert_eq!(report["alive"], true);
    assert_eq!(report["host"], id_on_disk(&dir).split(':').nth(4).expect("a host"));
}

#[test]
fn a_lock_is_not_taken_from_the_living_without_its_very_id() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    let id = id_on_disk(&dir);
    let (shorter, longer) = (&id[..id.len() - 1], format!("{id}0"));
    for args in
        [&["unlock", "lock"][..], &["unlock", "lock", "--force", shorter], &["unlock", "lock", "--force", &longer]]
    {
        let output = dir.lockwright(args);
        assert_eq!(code(&output), 82);
        assert!(one_line(&output).contains(&id));
        assert_eq!(id_on_disk(&dir), id);
    }
    let output = dir.lockwright(&["unlock", "lock", "--force", &id]);
    assert_eq!(code(&output), 0);
    assert!(one_line(&output).contains("taken away from"));
    assert_eq!(dir.entries(), [""; 0]);
    // The holder hears of it, and ends.
    assert_eq!(holder.code(), 81);
}

#[test]
fn a_lock_of_the_dead_is_recovered() {
    let dir = Dir::new();
    let mut holder = dir.holder();
    holder.kill_and_drain();
    let output = dir.lockwright(&["owner", "--json", "lock"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((code(&output), &report["alive"]), (0, &false.into()));
    let output = dir.lockwright(&["unlock", "lock"]);
    assert_eq!(code(&output), 0);
    assert!(one_line(&output).contains(&format!("pid {}", holder.id())));
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_free_lock_stays_free() {
    let dir = Dir::new();
    for args in [&["unlock", "lock"][..], &["unlock", "lock", "--force", "somebody"]] {
        let output = dir.lockwright(args);
        assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()));
    }
    assert_eq!(dir.entries(), [""; 0]);
}

/// A program that keeps the directories of a lock which it takes again and again.
#[test]
fn a_free_lock_whose_directories_stand_is_a_free_lock_to_every_command() {
    let dir = Dir::new();
    let kept = PathLock::open(dir.path().join("lock")).expect("it can be there").keeping();
    kept.lock().expect("it is free").unlock().expect("it is held");
    let (free, held) = (dir.lockwright(&["status", "lock"]), dir.lockwright(&["list"]));
    assert_eq!((code(&free), out(&free).as_str(), out(&held).as_str()), (0, "lock: free\n", ""));
    assert_eq!(code(&dir.lockwright(&["owner", "lock"])), 1);
    for args in [&["unlock", "lock"][..], &["wait", "lock"], &["explain", "lock"], &["run", "-n", "lock", "true"]] {
        assert_eq!(code(&dir.lockwright(args)), 0, "{args:?}");
    }
    assert_eq!(code(&dir.lockwright(&["run", "-n", "--kind", "queue", "lock", "true"])), 0);
    let guard = kept.lock().expect("it is free");
    assert_eq!(code(&dir.lockwright(&["status", "lock"])), 1);
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "true"])), 75);
    let id = guard.id().to_string();
    assert_eq!(code(&dir.lockwright(&["unlock", "lock", "--force", &id])), 0);
    guard.unlock().expect_err("it was taken away");
    drop(kept);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn an_owner_that_is_no_process_is_shown_and_kept() {
    let dir = Dir::new();
    let leaf = dir.path().join("lock/owner/node7-batch-12");
    std::fs::create_dir_all(leaf.parent().expect("a parent")).expect("a directory");
    std::fs::write(&leaf, "").expect("a file");
    assert_eq!(out(&dir.lockwright(&["owner", "lock"])), "node7-batch-12\n");
    let json = r#"{"lock":"lock","owner":"node7-batch-12","pid":null,"host":null,"alive":null}"#;
    assert_eq!(out(&dir.lockwright(&["owner", "--json", "lock"])).trim_end(), json);
    let output = dir.lockwright(&["unlock", "lock"]);
    assert_eq!(code(&output), 82);
    assert!(one_line(&output).contains("id node7-batch-12"));
    assert_eq!(code(&dir.lockwright(&["run", "-n", "lock", "true"])), 75);
    assert_eq!(code(&dir.lockwright(&["unlock", "lock", "--force", "node7-batch-12"])), 0);
    assert_eq!(dir.entries(), [""; 0]);
}

fn id_on_disk(dir: &Dir) -> String {
    let ids = entries(&dir.path().join("lock/owner"));
    let [id] = ids.try_into().expect("one owner");
    id
}
