//! Real processes fight for one lock while some of them are killed, and not one round is lost or done twice.
//!
//! A child does its rounds one after the other. In each it takes the lock and writes one record to a ledger. Two witnesses
//! that know nothing of the lock say whether it was alone: `flock`, which the kernel takes back from the dead, and the
//! record itself, which says how long the ledger was before, and must then stand at that place. A record is one write of
//! a few bytes that never cross a page, so a kill falls before it or after it. A child that is killed is started again and
//! goes on where the ledger says it was.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};
use lockwright_posix::{chance::ThreadChance, lock::PathLock};
use nix::fcntl::FlockArg;

mod ledger;
mod places;
mod storms;

use ledger::{RECORD, Record, ledger};
use places::Place;
use storms::{Outcome, Storm, Task, seats};

const CHILDREN: u32 = 32;
const ROUNDS: u32 = 200;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 24;

/// The lock that the children take, and two that are none, to see whether the storm would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Real,
    /// The same, and every other child keeps directories.
    Mixed,
    /// No lock at all.
    None,
    /// The real one, with a probe that takes the living for dead now and then.
    Hasty,
}

/// Not a test of its own: one child of the storm.
#[test]
fn child() {
    let Some(mut task) = Task::of_this_process() else { return };
    let done = ledger(&task.dir).iter().filter(|record| record.child == task.number).count();
    let lock = PathLock::open(task.dir.join("lock")).unwrap();
    let keeps = task.what == "Mixed" && task.number.is_multiple_of(2);
    let lock = if keeps { lock.keeping() } else { lock };
    for round in u32::try_from(done).unwrap()..ROUNDS {
        let kind = task.what.clone();
        let mut alone = || inside(&mut task, round);
        match kind.as_str() {
            "Real" | "Mixed" => {
                let guard = lock.lock().unwrap();
                alone();
                guard.unlock().unwrap();
            }
            "None" => alone(),
            "Hasty" => hastily(&lock, alone),
            other => panic!("no such lock: {other}"),
        }
    }
}

/// What a child does under the lock.
fn inside(task: &mut Task, round: u32) {
    let seat = seats::sit(&task.dir, 1, FlockArg::LockExclusiveNonblock);
    let mut ledger = File::options().append(true).open(task.dir.join("ledger")).unwrap();
    let place = u32::try_from(ledger.metadata().unwrap().len() / RECORD as u64).unwrap();
    // Told before and written after, so that a kill can fall in between.
    task.report();
    ledger.write_all(&Record { child: task.number, round, place }.to_bytes()).unwrap();
    drop(seat);
}

/// Sees a dead owner where there is a living one, one time in eight.
struct Hasty;

impl Probe for Hasty {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(if fastrand::u8(..8) == 0 { Liveness::Dead } else { Liveness::Alive })
    }
}

fn hastily(path: &PathLock, alone: impl FnOnce()) {
    let lock = FastLock::new(path.fs().clone(), "lock".parse().unwrap(), Leaf::File);
    let lock = CheckLock::new(lock, Hasty, ThreadChance);
    let me = Id::from(&path.this_process().fresh_id().unwrap());
    while lock.try_lock(&me).is_err() {
        std::thread::yield_now();
    }
    alone();
    match lock.unlock(&me) {
        Ok(()) | Err(LockError::NotOwner) => {}
        Err(error) => panic!("{error}"),
    }
}

fn standing(dir: &Path) -> String {
    format!("{:?}", PathLock::open(dir.join("lock")).map(|lock| lock.standing()))
}

/// Lets a storm run in `dir`; how it went, and how many records do not stand where they say.
fn storm(dir: &Path, kind: Kind) -> (Outcome, usize) {
    fs::write(dir.join("ledger"), b"").unwrap();
    let what = format!("{kind:?}");
    let outcome = Storm { dir, what: &what, children: CHILDREN, kill_every: KILL_EVERY, standing }.run();
    let places = ledger(dir).into_iter().enumerate();
    (outcome, places.filter(|(place, record)| record.place as usize != *place).count())
}

/// The real lock stands the storm, and leaves nothing behind.
fn stands(place: &Place, kind: Kind) {
    let (outcome, misplaced) = storm(&place.dir, kind);
    assert_eq!((outcome.overlaps, misplaced), (0, 0), "{}: two were inside", place.name);
    let mut rounds = vec![0; CHILDREN as usize];
    for record in ledger(&place.dir) {
        let next = &mut rounds[record.child as usize];
        assert_eq!(record.round, *next, "{}: child {} skipped or repeated a round", place.name, record.child);
        *next += 1;
    }
    assert_eq!(rounds, vec![ROUNDS; CHILDREN as usize], "{}", place.name);
    // Those that were killed last are swept by whoever comes next.
    let lock = PathLock::open(place.dir.join("lock")).unwrap();
    lock.lock().unwrap().unlock().unwrap();
    if kind == Kind::Mixed {
        // Each of the dead has left a directory, and a release sweeps one of them.
        lock.sweep().unwrap();
    }
    assert!(!lock.path().exists(), "{}: something is left of the lock", place.name);
    assert!(outcome.kills > 0, "nobody was killed, so nothing was tried");
    let (name, Outcome { kills, took, .. }) = (place.name, outcome);
    let figures = format!("{name}: {CHILDREN} x {ROUNDS} rounds, {kills} kills, {took:.1?}\n");
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}

#[test]
fn the_lock_stands_the_storm_in_memory() {
    stands(&places::at_hand()[0], Kind::Real);
}

#[test]
fn the_lock_stands_the_storm_where_half_of_them_keep_directories() {
    stands(&places::at_hand()[0], Kind::Mixed);
}

#[test]
fn the_lock_stands_the_storm_on_disk_where_half_of_them_keep_directories() {
    stands(places::mounted(&["ext4"]).first().unwrap_or(&places::at_hand()[1]), Kind::Mixed);
}

#[test]
fn the_lock_stands_the_storm_on_disk() {
    match places::mounted(&["ext4"]).first() {
        Some(ext4) => stands(ext4, Kind::Real),
        None => stands(&places::at_hand()[1], Kind::Real),
    }
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let (outcome, misplaced) = storm(&places::at_hand()[0].dir, Kind::None);
    assert!(outcome.overlaps > 0 || misplaced > 0, "{outcome:?}");
}

#[test]
fn the_storm_notices_a_probe_that_takes_the_living_for_dead() {
    let (outcome, misplaced) = storm(&places::at_hand()[0].dir, Kind::Hasty);
    assert!(outcome.overlaps > 0 || misplaced > 0, "{outcome:?}");
}
