//! Cleaning the proposals of the living, on a real file system, while they turn them into locks.
//!
//! The kernel's clean moves a proposal aside first. These tests race it against a contender, and beside it the simpler
//! way that the model calls unsafe, emptying the proposal in place: so the model's reason for the detour, that a remove
//! takes effect in a directory that was moved since, is seen to be one.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Fs,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};
use lockwright_posix::fs::PosixFs;

/// Long enough for any machine; it ends a test that would otherwise never end.
const GUARD: Duration = Duration::from_mins(2);

/// How one contender fared against a cleaner.
#[derive(Debug, Default)]
struct Tally {
    /// Attempts that said they hold the lock.
    held: u32,
    /// Those of them whose leaf somebody took away.
    lost: u32,
}

/// Locks and unlocks until `enough`, while another thread runs `clean` over and over.
fn race(clean: fn(&PosixFs, &Id), enough: fn(&Tally) -> bool) -> Tally {
    let dir = tempfile::tempdir_in("/dev/shm").expect("tmpfs is there");
    let fs = PosixFs::open(dir.path()).expect("it was just made");
    let me: Id = "me".parse().expect("a name");
    let lock = FastLock::new(&fs, "lock".parse().expect("a name"), Leaf::File);
    let over = AtomicBool::new(false);
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                clean(&fs, &me);
            }
        });
        let mut tally = Tally::default();
        while !enough(&tally) && began.elapsed() < GUARD {
            match lock.try_lock(&me) {
                Ok(()) => {
                    tally.held += 1;
                    let stays = (0..50).all(|_| lock.owner() == Ok(Some(me.clone())));
                    let released = lock.unlock(&me) == Ok(());
                    tally.lost += u32::from(!(stays && released));
                }
                Err(LockError::Disturbed | LockError::Held { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        over.store(true, Ordering::Relaxed);
        tally
    })
}

#[test]
fn a_proposal_moved_aside_never_takes_the_lock_from_a_live_holder() {
    let shipped = |fs: &PosixFs, id: &Id| {
        let lock = FastLock::new(fs, "lock".parse().expect("a name"), Leaf::File);
        lock.clean(id).expect("no simulated world");
    };
    let tally = race(shipped, |tally| tally.held == 300);
    assert_eq!((tally.held, tally.lost), (300, 0));
}

#[test]
fn a_proposal_emptied_in_place_takes_the_lock_from_a_live_holder() {
    let in_place = |fs: &PosixFs, id: &Id| {
        let leaf: Path = format!("lock/build/{id}/owner/{id}").parse().expect("names");
        fs.discard_file(&leaf).expect("no simulated world");
    };
    let tally = race(in_place, |tally| tally.lost > 0);
    eprintln!("emptied in place: lost after {} holds", tally.held);
    assert!(tally.lost > 0, "none of {} holds was lost", tally.held);
}
