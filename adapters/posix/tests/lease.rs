//! Locks that are held on a lease, by this crate's own guards.

use std::{fs, num::NonZeroU32, path::Path, time::Duration};

use lockwright_kernel::{id::Id, policies::lease::Record};
use lockwright_posix::lock::{AcquireErrorKind, Contender, Guard, Kind, PathLock, RenewError};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_secs(1);

fn open(dir: &Path, kind: Kind) -> PathLock {
    PathLock::open_kind(dir.join("lock"), kind).expect("a place for a lock")
}

fn id(lock: &PathLock) -> Id {
    Id::from(&lock.this_process().fresh_id().expect("/proc"))
}

fn contender(lock: &PathLock, length: Duration) -> Contender<'_> {
    lock.contend_as(&id(lock)).on_lease(length).expect("room")
}

fn hold(lock: &PathLock, length: Duration) -> Guard {
    let mut contender = contender(lock, length);
    contender.wait(&lock.world(), None).expect("it is free");
    contender.into_guard().expect("it holds")
}

/// What stands beside the lock.
fn entries(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn kinds() -> [Kind; 5] {
    let two = NonZeroU32::MIN.saturating_add(1);
    [Kind::Fast, Kind::Queue, Kind::Write, Kind::Semaphore(two), Kind::FairSemaphore(two)]
}

#[test]
fn a_lease_stands_from_before_the_lock_until_after_it() {
    for kind in kinds() {
        let dir = tempfile::tempdir().expect("a directory");
        let lock = open(dir.path(), kind);
        let mut contender = contender(&lock, LONG);
        assert_eq!(entries(dir.path()), ["lock.lease"], "{kind}");
        contender.wait(&lock.world(), None).expect("it is free");
        let guard = contender.into_guard().expect("it holds");
        let before = guard.lease().expect("it has one");
        let after = guard.renew().expect("it runs");
        assert!(after.began() > before.began() && after.length() == LONG && guard.lease() == Some(after));
        let standing = lock.standing().expect("it can be looked at");
        assert!(matches!(standing.holders[0].lease, Some(Record::Runs(term)) if term.renewals == 2), "{kind}");
        assert_eq!(lock.renew_as(guard.id()).expect("it runs").length(), LONG);
        guard.renew().expect("from what another has renewed");
        guard.unlock().expect("it holds");
        assert_eq!(entries(dir.path()), [""; 0], "{kind}");
    }
}

#[test]
fn who_gives_up_leaves_no_lease() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path(), Kind::Queue);
    let guard = lock.lock().expect("it is free");
    let world = lock.world();
    let mut waiter = contender(&lock, LONG);
    let error = waiter.wait(&world, Some(world.after(Duration::from_millis(10)))).expect_err("it is held");
    assert!(matches!(error.kind(), AcquireErrorKind::TimedOut { .. }), "{error}");
    assert_eq!(entries(dir.path()), ["lock", "lock.lease"]);
    drop(waiter);
    assert_eq!(entries(dir.path()), ["lock"]);
    drop(guard);
    assert_eq!(entries(dir.path()), [""; 0]);
}

#[test]
fn a_lease_that_is_over_is_not_renewed_and_not_given_back() {
    for kind in kinds() {
        let dir = tempfile::tempdir().expect("a directory");
        let lock = open(dir.path(), kind);
        let lost = [hold(&lock, SHORT)];
        // A semaphore has room for another, which is given back at once.
        let others: Vec<Guard> = lock.try_lock().into_iter().collect();
        let next = lock.lock().expect("it is over, or was free");
        if others.is_empty() {
            let [lost] = lost;
            assert_eq!(lost.renew(), Err(RenewError::Over), "{kind}");
            assert!(lost.loss().expect("it can be looked at").is_some_and(|loss| loss.is_gone), "{kind}");
            assert!(lost.unlock().is_err(), "{kind}");
        }
        drop(others);
        next.unlock().expect("it holds");
    }
}

#[test]
fn who_waits_in_line_renews_and_is_not_passed_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path(), Kind::Queue);
    let first = lock.lock().expect("it is free");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| hold(&lock, Duration::from_secs(2)));
        // Behind it somebody stands who would take it for gone.
        while lock.standing().expect("it can be looked at").waiters.is_empty() {
            std::thread::yield_now();
        }
        let third = lock.lock_for(Duration::from_secs(4)).expect_err("two are before it");
        assert!(matches!(third.kind(), AcquireErrorKind::TimedOut { .. }), "{third}");
        drop(first);
        let second = second.join().expect("it has the lock");
        assert!(second.renew().is_ok());
    });
    assert_eq!(entries(dir.path()), [""; 0]);
}

#[test]
fn a_waiter_that_was_given_up_does_not_get_the_lock_on_its_old_lease() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path(), Kind::Fast);
    let mut late = contender(&lock, LONG);
    let record = dir.path().join("lock.lease").join(late.id().name().as_str());
    // Somebody found it over, while it was paused.
    fs::rename(record.join("3600000.0"), record.join("lapsed.0")).expect("it is published");
    let error = late.wait(&lock.world(), None).expect_err("its lease is over");
    assert!(matches!(error.kind(), AcquireErrorKind::LeaseOver), "{error}");
    drop(late);
    assert_eq!(entries(dir.path()), [""; 0], "all was given back");
}

#[test]
fn a_lock_folder_knows_no_leases() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("lock")).expect("room");
    let lock = open(dir.path(), Kind::Bid);
    let error = lock.contend_as(&id(&lock)).on_lease(LONG).expect_err("there are none");
    assert!(matches!(error.kind(), AcquireErrorKind::NoLeases(Kind::Bid)), "{error}");
    assert_eq!(entries(dir.path()), ["lock"]);
}

#[test]
fn by_evidence_alone_nobody_is_taken_for_gone() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path(), Kind::Fast);
    let held = hold(&lock, SHORT);
    let strict = open(dir.path(), Kind::Fast).by_evidence_alone();
    assert!(strict.lock_for(SHORT * 2).is_err());
    drop(held);
    assert!(strict.lock().is_ok());
}

#[test]
fn leavings_are_swept() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path(), Kind::Fast);
    for left in ["gone/lapsed.0", "empty", "other/9000.0"] {
        fs::create_dir_all(dir.path().join("lock.lease").join(left)).expect("room");
    }
    let guard = hold(&lock, LONG);
    lock.sweep().expect("it can be");
    let mine = guard.id().name().as_str().to_owned();
    let mut left = entries(&dir.path().join("lock.lease"));
    left.retain(|name| *name != mine);
    assert_eq!(left, ["other"], "it may be somebody's");
}
