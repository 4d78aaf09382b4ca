//! What is seen of a lock by those who do not hold it: a glance, room, and what was taken from the dead.

use std::{
    num::NonZeroU32,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    evidence::Evidence,
    lock::{AcquireErrorKind, Guard, Kind, PathLock},
};

fn lock(dir: &tempfile::TempDir, kind: &str) -> PathLock {
    PathLock::open_kind(dir.path().join("lock"), kind.parse().expect("a kind")).expect("a place")
}

const AT_ONCE: Option<Instant> = Some(Instant::new(Duration::ZERO));

#[test]
fn a_glance_shows_some_of_those_who_hold_and_how_many_wait_before() {
    for (kind, room) in [("queue", 1_usize), ("fair-sem=3", 3), ("rw-read", 3), ("sem=3", 3), ("fast", 1)] {
        let dir = tempfile::tempdir().unwrap();
        let lock = lock(&dir, kind);
        assert!(lock.glance(None, None, 2).unwrap().layout.is_none(), "{kind}");
        let guards: Vec<Guard> = (0..room).map(|_| lock.lock().unwrap()).collect();
        let waits_as = if kind == "rw-read" { Kind::Write } else { lock.kind() };
        let other = PathLock::open_kind(lock.path(), waits_as).unwrap();
        let (world, ids) = (other.world(), ["4312", "4313", "4314"].map(|id| id.parse::<Id>().unwrap()));
        let mut contenders = ids.each_ref().map(|id| other.contend_as(id));
        for contender in &mut contenders {
            assert!(contender.wait(&world, AT_ONCE).is_err());
        }
        for (at, contender) in contenders.iter().enumerate() {
            let glance = other.glance(Some(contender.id()), contender.number(), 2).unwrap();
            let seen: Vec<&Id> = glance.holders.iter().map(|entry| &entry.id).collect();
            let held: Vec<&Id> = guards.iter().take(2).map(Guard::id).collect();
            assert_eq!((seen.len(), glance.more), (room.min(2), room.saturating_sub(2)), "{kind}");
            assert!(kind == "sem=3" || seen == held, "{kind}");
            assert_eq!(glance.ahead, contender.number().map(|_| at), "{kind}");
            assert_eq!(glance.layout, Some(other.kind().layout()));
        }
        let mine = lock.glance(Some(guards[0].id()), None, 9).unwrap();
        assert!(mine.holders.iter().all(|entry| entry.id != *guards[0].id()), "{kind}");
    }
}

#[test]
fn room_is_waited_for_and_nothing_is_taken() {
    for kind in ["fast", "bid", "queue", "rw-write", "sem=2", "fair-sem=2"] {
        let dir = tempfile::tempdir().unwrap();
        let lock = lock(&dir, kind);
        lock.wait_for_room(&lock.world(), AT_ONCE).unwrap();
        let room = lock.kind().layout().holders_max().map_or(1, NonZeroU32::get);
        let mut guards: Vec<Guard> = (0..room).map(|_| lock.lock().unwrap()).collect();
        let busy = lock.wait_for_room(&lock.world(), AT_ONCE).unwrap_err();
        assert!(matches!(busy.kind(), AcquireErrorKind::TimedOut { owner: Some(_) }), "{kind}: {busy}");
        let other = PathLock::open_kind(lock.path(), "sem=7".parse().unwrap()).unwrap();
        let wrong = other.wait_for_room(&other.world(), AT_ONCE).unwrap_err();
        assert!(matches!(wrong.kind(), AcquireErrorKind::OtherKind { .. }), "{kind}: {wrong}");
        let (tell, told) = channel();
        let waits = lock.clone();
        let waiter = thread::spawn(move || {
            tell.send(()).unwrap();
            waits.wait_for_room(&waits.world(), None).unwrap();
        });
        told.recv().unwrap();
        guards.pop().unwrap().unlock().unwrap();
        waiter.join().unwrap();
        drop(guards);
        assert!(lock.standing().unwrap().is_free(), "{kind}");
    }
}

#[test]
fn what_was_taken_from_the_dead_is_told_once() {
    for kind in ["fast", "queue", "rw-write", "sem=1", "fair-sem=1"] {
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let lock = lock(&dir, kind);
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let dead = Id::from(&lock.this_process().fresh_id_for(child.id()).unwrap());
        lock.lock_as(&dead, &lock.world(), None).unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(lock.recovered(), []);
        lock.lock().unwrap().unlock().unwrap();
        let [recovered] = lock.clone().recovered().try_into().expect("one");
        assert_eq!((recovered.id, recovered.evidence), (dead, Evidence::Gone), "{kind}");
        assert!(recovered.since.is_some());
        assert_eq!(lock.recovered(), [], "{kind}");
    }
}
