//! The steps of `fast_lock`'s Unlock, Clean and Recover, and what its looks tell. Ann held or tried, Bob is there too.

use lockwright_kernel::{
    fs::{FsError, MemFs},
    lock::{Lock, LockError},
};

use crate::stage::{LEAVES, Log, before, disk, failing, id, lock, move_to, path, remove, seen_before, tree};

const HELD_BY_ANN: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/ann*"];
const HELD_BY_BOB: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/bob*"];
const TRIED_BY_ANN: [&str; 5] =
    ["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/build/ann/owner/ann*"];
const ASIDE: [&str; 5] =
    ["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/gone/", "lock/build/ann/gone/ann*"];
const NOTHING: [&str; 0] = [];

#[test]
fn remove_frees_the_lock_before_anything_is_tidied() {
    for leaf in LEAVES {
        let seen = seen_before(&disk(leaf, &HELD_BY_ANN), leaf, remove("lock/owner"), |lock| {
            assert_eq!(lock.unlock(&id("ann")), Ok(()));
        });
        assert_eq!(seen, ["lock/", "lock/owner/"]);
    }
}

#[test]
fn remove_by_somebody_else_is_not_owner_and_changes_nothing() {
    for leaf in LEAVES {
        for there in [&HELD_BY_BOB[..], &["lock/", "lock/owner/"], &["lock/"], &NOTHING, &TRIED_BY_ANN] {
            let (disk, log) = (disk(leaf, there), Log::default());
            assert_eq!(lock(log.of(&disk), leaf).unlock(&id("ann")), Err(LockError::NotOwner));
            assert_eq!(log.len(), 1);
            assert_eq!(tree(&disk, leaf), there);
        }
    }
}

#[test]
fn unlock_leaves_nothing_where_nobody_else_tries() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        assert_eq!(lock(&disk, leaf).unlock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn unlock_tidies_nothing_that_a_successor_stands_on() {
    for (leaf, step) in LEAVES.into_iter().flat_map(|leaf| ["lock/owner", "lock"].map(|step| (leaf, step))) {
        let disk = disk(leaf, &HELD_BY_ANN);
        let fs = before(&disk, remove(step), || {
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).unlock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), HELD_BY_BOB, "before the removal of {step}");
    }
}

#[test]
fn unlock_leaves_the_proposals_of_others() {
    for leaf in LEAVES {
        let disk = disk(leaf, &["lock/", "lock/build/", "lock/build/bob/", "lock/owner/", "lock/owner/ann*"]);
        assert_eq!(lock(&disk, leaf).unlock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), ["lock/", "lock/build/", "lock/build/bob/"]);
    }
}

#[test]
fn clear_takes_up_what_an_interrupted_clean_left() {
    for leaf in LEAVES {
        let disk = disk(leaf, &ASIDE);
        assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn clear_makes_room_for_a_later_try_of_the_same_id() {
    for leaf in LEAVES {
        let both = [
            "lock/",
            "lock/build/",
            "lock/build/ann/",
            "lock/build/ann/gone/",
            "lock/build/ann/gone/ann*",
            "lock/build/ann/owner/",
            "lock/build/ann/owner/ann*",
        ];
        let disk = disk(leaf, &both);
        assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn aside_moves_the_proposal_with_its_leaf_out_of_the_way() {
    for leaf in LEAVES {
        let disk = disk(leaf, &TRIED_BY_ANN);
        let moved = std::cell::Cell::new(false);
        let is_aside = move_to("lock/build/ann/gone");
        // Calls after ASIDE: the first of them sees what ASIDE did.
        let after_aside = |call: &_| moved.replace(moved.get() || is_aside(call));
        let seen = seen_before(&disk, leaf, after_aside, |lock| {
            assert_eq!(lock.clean(&id("ann")), Ok(()));
        });
        assert_eq!(seen, ASIDE);
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn clean_that_meets_a_move_half_way_leaves_the_lock_with_its_owner() {
    for leaf in LEAVES {
        let disk = disk(leaf, &TRIED_BY_ANN);
        let fs = before(&disk, move_to("lock/build/ann/gone"), || {
            assert_eq!(lock(&disk, leaf).try_lock(&id("ann")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).clean(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn clean_takes_back_that_try_and_no_other() {
    for leaf in LEAVES {
        let others = ["lock/", "lock/build/", "lock/build/bob/", "lock/build/bob/owner/", "lock/build/bob/owner/bob*"];
        let disk = disk(leaf, &others);
        assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()), "who has no try");
        assert_eq!(tree(&disk, leaf), others);
        assert_eq!(lock(&disk, leaf).clean(&id("bob")), Ok(()));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn recover_removes_hold_and_tries_of_the_dead() {
    for leaf in LEAVES {
        for left in [&HELD_BY_ANN[..], &TRIED_BY_ANN, &ASIDE, &NOTHING] {
            let disk = disk(leaf, left);
            assert_eq!(lock(&disk, leaf).recover(&id("ann")), Ok(()));
            assert_eq!(tree(&disk, leaf), NOTHING);
        }
    }
}

#[test]
fn recover_of_one_who_lost_the_lock_meanwhile_leaves_it_with_the_successor() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        let fs = before(&disk, remove("lock/owner/ann"), || {
            assert_eq!(lock(&disk, leaf).recover(&id("ann")), Ok(()), "somebody else recovers, too");
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).recover(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), HELD_BY_BOB);
    }
}

#[test]
fn recover_that_cannot_remove_the_hold_says_so() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        let read_only = crate::stage::Fault { error: FsError::ReadOnly, takes_effect: false };
        let fs = failing(&disk, |_| true, read_only);
        assert_eq!(lock(&fs, leaf).recover(&id("ann")), Err(LockError::Fs(FsError::ReadOnly)));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn owner_and_proposals_tell_what_is_on_disk() {
    for leaf in LEAVES {
        let empty = MemFs::new();
        assert_eq!(lock(&empty, leaf).owner(), Ok(None));
        assert_eq!(lock(&empty, leaf).proposals(), Ok(vec![]));
        let disk = disk(
            leaf,
            &["lock/", "lock/build/", "lock/build/bob/", "lock/build/eve/", "lock/owner/", "lock/owner/ann*"],
        );
        assert_eq!(lock(&disk, leaf).owner(), Ok(Some(id("ann"))));
        assert_eq!(lock(&disk, leaf).proposals(), Ok(vec![id("bob"), id("eve")]));
    }
}

#[test]
fn looks_that_fail_are_errors_and_not_free_locks() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        let stale = crate::stage::Fault { error: FsError::Stale, takes_effect: false };
        let fs = failing(&disk, |_| true, stale);
        assert_eq!(lock(&fs, leaf).owner(), Err(LockError::Fs(FsError::Stale)));
        assert_eq!(lock(&fs, leaf).proposals(), Err(LockError::Fs(FsError::Stale)));
        assert_eq!(lock(&fs, leaf).try_lock(&id("bob")), Err(LockError::Fs(FsError::Stale)));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn each_release_removes_something_in_the_directory_that_waiters_watch() {
    for leaf in LEAVES {
        let (disk, log) = (disk(leaf, &HELD_BY_ANN), Log::default());
        let lock = lock(log.of(&disk), leaf);
        assert_eq!(lock.waits_on(), path("lock/owner"));
        assert_eq!(lock.unlock(&id("ann")), Ok(()));
        assert!(log.calls().iter().any(remove("lock/owner/ann")));
    }
}
