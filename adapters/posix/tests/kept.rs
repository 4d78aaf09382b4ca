//! A fast lock whose directories stay while it is free: what stands then, for whom, and for how long.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{fs, path::Path, thread};

use lockwright_posix::lock::{AcquireErrorKind, Kind, Order, PathLock};

/// All directories and files below `dir`, sorted; what stands for an id is told as such.
fn tree(dir: &Path, ids: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let entry = entry.unwrap();
            let text = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            found.push(ids.iter().enumerate().fold(text, |text, (at, id)| text.replace(id, &format!("ID{at}"))));
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

const FREE: [&str; 4] = ["lock", "lock/build", "lock/build/ID0", "lock/owner"];

#[test]
fn the_directories_stay_as_long_as_the_handle_and_the_id_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().keeping();
    let clone = lock.clone();
    let guard = lock.lock().unwrap();
    let id = guard.id().to_string();
    guard.unlock().unwrap();
    for _ in 0..100 {
        let guard = clone.lock().unwrap();
        assert_eq!(guard.id().to_string(), id);
        guard.unlock().unwrap();
        assert_eq!(tree(dir.path(), &[&id]), FREE);
    }
    drop(lock);
    assert_eq!(tree(dir.path(), &[&id]), FREE);
    drop(clone);
    assert_eq!(tree(dir.path(), &[]), [""; 0]);
}

#[test]
fn a_guard_that_outlives_its_handle_gives_back_and_tidies() {
    let dir = tempfile::tempdir().unwrap();
    let guard = PathLock::open(dir.path().join("lock")).unwrap().keeping().lock().unwrap();
    guard.unlock().unwrap();
    assert_eq!(tree(dir.path(), &[]), [""; 0]);
}

#[test]
fn a_free_lock_with_directories_is_free_for_those_who_look_and_for_every_kind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let kept = PathLock::open(&path).unwrap().keeping();
    kept.lock().unwrap().unlock().unwrap();
    let standing = PathLock::open(&path).unwrap().standing().unwrap();
    assert!(standing.is_free() && standing.layout.is_none() && standing.everybody().next().is_none(), "{standing:?}");
    assert_eq!(PathLock::open(&path).unwrap().owner().unwrap(), None);
    for kind in ["fast", "queue", "rw-read", "sem=2", "fair-sem=2", "bid"] {
        let other = PathLock::open_kind(&path, kind.parse().unwrap()).unwrap();
        let guard = other.try_lock().unwrap();
        let refused = kept.try_lock().unwrap_err();
        let is_right = match refused.kind() {
            AcquireErrorKind::Held { .. } => kind == "fast",
            AcquireErrorKind::OtherKind { .. } => kind != "fast",
            _ => false,
        };
        // Bids are seen by who opens, or who met another kind.
        assert!(is_right, "{kind}: {refused}");
        guard.unlock().unwrap();
        kept.lock().unwrap().unlock().unwrap();
    }
}

#[test]
fn an_id_for_which_an_order_stands_is_not_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().keeping();
    let guard = lock.lock().unwrap();
    let id = guard.id().clone();
    fs::create_dir(dir.path().join("lock.broken")).unwrap();
    fs::write(dir.path().join("lock.broken").join(id.to_string()), b"by ann\nat 1\nwhy it hangs\n").unwrap();
    let order: Option<Order> = guard.loss().unwrap().and_then(|loss| loss.order);
    assert!(order.is_some());
    guard.unlock().unwrap();
    let guard = lock.lock().unwrap();
    assert_ne!(*guard.id(), id);
    assert!(guard.loss().unwrap().is_none());
    assert!(!dir.path().join("lock/build").join(id.to_string()).exists());
}

#[test]
fn an_id_whose_hold_was_taken_away_is_not_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().keeping();
    let guard = lock.lock().unwrap();
    let id = guard.id().clone();
    PathLock::open(lock.path()).unwrap().recover(&id).unwrap();
    guard.unlock().unwrap_err();
    assert_ne!(*lock.lock().unwrap().id(), id);
}

#[test]
fn as_many_ids_are_kept_as_are_in_use_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().keeping();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| lock.lock().unwrap().unlock().unwrap()));
        }
    });
    for _ in 0..100 {
        let guard = lock.lock().unwrap();
        lock.try_lock().unwrap_err();
        guard.unlock().unwrap();
    }
    let kept = fs::read_dir(dir.path().join("lock/build")).unwrap().count();
    assert!((1..=4).contains(&kept), "{kept}");
}

#[test]
fn what_the_dead_keep_is_swept_by_those_who_keep() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    // An id of a process that is dead, which had kept its directory.
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let dead = lock.this_process().fresh_id_for(child.id()).unwrap().to_string();
    child.kill().unwrap();
    child.wait().unwrap();
    let left = dir.path().join("lock/build").join(&dead);
    fs::create_dir_all(&left).unwrap();
    assert_eq!(lock.standing().unwrap().stale().count(), 1);
    let kept = PathLock::open_kind(lock.path(), Kind::Fast).unwrap().keeping();
    // The first release sweeps, and picks by chance of two.
    for _ in 0..64 * 64 {
        kept.lock().unwrap().unlock().unwrap();
        if !left.exists() {
            return;
        }
    }
    panic!("{left:?} stands");
}
