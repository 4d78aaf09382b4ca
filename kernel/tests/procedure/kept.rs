//! The steps of a `fast_lock` that keeps its directories. Ann takes the lock, Bob is in her way.

use lockwright_kernel::{
    fs::{Fs, FsError, MemFs, Settled},
    lock::{Lock, LockError},
};

use crate::stage::{Fault, LEAVES, Log, before, disk, failing, id, lock, make, move_to, path, tree};

const FREE: [&str; 4] = ["lock/", "lock/build/", "lock/build/ann/", "lock/owner/"];
const HELD: [&str; 5] = ["lock/", "lock/build/", "lock/build/ann/", "lock/owner/", "lock/owner/ann*"];

#[test]
fn a_later_pair_is_two_looks_and_four_calls_and_leaves_what_the_first_left() {
    for leaf in LEAVES {
        let (disk, log) = (MemFs::new(), Log::default());
        let kept = lock(log.of(&disk), leaf).keeping();
        for calls in [10, 16, 22] {
            assert_eq!(kept.try_lock(&id("ann")), Ok(()));
            assert_eq!(tree(&disk, leaf), HELD);
            assert_eq!(kept.unlock(&id("ann")), Ok(()));
            assert_eq!(tree(&disk, leaf), FREE);
            // The first walks up: what it would make is not there, and neither is what that stands in.
            assert_eq!(log.len(), calls, "{:?}", log.calls());
        }
    }
}

#[test]
fn build_walks_up_wherever_a_directory_was_taken_away() {
    for leaf in LEAVES {
        for left in 0..FREE.len() {
            let disk = disk(leaf, &FREE[..left]);
            assert_eq!(lock(&disk, leaf).keeping().try_lock(&id("ann")), Ok(()), "{left}");
            assert_eq!(tree(&disk, leaf), HELD, "{left}");
        }
    }
}

#[test]
fn withdraw_leaves_directories_without_an_entry() {
    for leaf in LEAVES {
        let disk = disk(leaf, &FREE);
        let bob = lock(&disk, leaf);
        let fs = before(&disk, move_to("lock/owner"), || {
            disk.remove_dir(&path("lock/owner")).expect("it is empty");
            assert_eq!(bob.try_lock(&id("bob")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).keeping().try_lock(&id("ann")), Err(LockError::Held { owner: None }));
        assert_eq!(bob.unlock(&id("bob")), Ok(()));
        assert_eq!(tree(&disk, leaf), FREE[..3]);
    }
}

#[test]
fn who_is_disturbed_by_somebody_who_tidies_leaves_no_leaf() {
    for leaf in LEAVES {
        let disk = disk(leaf, &FREE);
        let fs = before(&disk, make("lock/build/ann/owner/ann"), || {
            assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).keeping().try_lock(&id("ann")), Err(LockError::Disturbed));
        assert_eq!(lock(&disk, leaf).keeping().try_lock(&id("ann")), Ok(()));
    }
}

#[test]
fn a_call_that_fails_leaves_nothing_that_blocks() {
    for leaf in LEAVES {
        for (number, takes_effect) in (0..6).flat_map(|number| [(number, false), (number, true)]) {
            let disk = disk(leaf, &FREE);
            let fault = Fault { error: FsError::Io, takes_effect };
            let fs = failing(&disk, |at| at == number, fault);
            let kept = lock(&fs, leaf).keeping();
            let took = kept.try_lock(&id("ann"));
            let gave = if took.is_ok() { kept.unlock(&id("ann")) } else { Ok(()) };
            assert!(took.is_err() || gave.is_err(), "{number} {takes_effect}");
            assert!(matches!(lock(&disk, leaf).unlock(&id("ann")), Ok(()) | Err(LockError::NotOwner)));
            assert_eq!(lock(&disk, leaf).keeping().try_lock(&id("bob")), Ok(()), "{number} {takes_effect}");
        }
    }
}

#[test]
fn who_does_not_keep_takes_away_what_is_empty() {
    for leaf in LEAVES {
        let disk = disk(leaf, &FREE);
        let plain = lock(&disk, leaf);
        assert_eq!(plain.try_lock(&id("bob")), Ok(()));
        assert_eq!(plain.unlock(&id("bob")), Ok(()));
        assert_eq!(tree(&disk, leaf), FREE[..3]);
        assert_eq!(plain.clean(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), [""; 0]);
    }
}

#[test]
fn where_calls_are_executed_late_nothing_is_kept() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let kept = lock(Settled::new(&disk), leaf).keeping();
        assert_eq!(kept.try_lock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), ["lock/", "lock/owner/", "lock/owner/ann*"]);
        assert_eq!(kept.unlock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), [""; 0]);
    }
}
