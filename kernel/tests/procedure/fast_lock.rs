//! The steps of `fast_lock`'s Lock: LOOK, BUILD, SIGN, MOVE, VERIFY, TIDY, HOLD, WITHDRAW. Ann takes the lock, Bob is
//! in her way.

use lockwright_kernel::{
    fs::{Fs, FsError, MemFs},
    lock::{Lock, LockError},
};

use crate::stage::{
    Fault, LEAVES, Log, before, disk, failing, id, lock, look_at, make, move_to, path, remove, seen_before, tree,
};

const HELD_BY_ANN: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/ann*"];
const HELD_BY_BOB: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/bob*"];
const NOTHING: [&str; 0] = [];

#[test]
fn look_ends_the_attempt_at_a_held_lock_by_one_call_that_changes_nothing() {
    for leaf in LEAVES {
        let (disk, log) = (disk(leaf, &HELD_BY_BOB), Log::default());
        let answer = lock(log.of(&disk), leaf).try_lock(&id("ann"));
        assert_eq!(answer, Err(LockError::Held { owner: Some(id("bob")) }));
        assert_eq!(log.len(), 1);
        assert_eq!(tree(&disk, leaf), HELD_BY_BOB);
    }
}

#[test]
fn look_tells_an_owner_that_it_holds_the_lock_already() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        assert_eq!(lock(&disk, leaf).try_lock(&id("ann")), Err(LockError::AlreadyOwner));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn look_takes_an_absent_and_an_empty_owner_for_a_free_lock() {
    for leaf in LEAVES {
        for free in [&NOTHING[..], &["lock/"], &["lock/", "lock/owner/"]] {
            let disk = disk(leaf, free);
            assert_eq!(lock(&disk, leaf).owner(), Ok(None));
            assert_eq!(lock(&disk, leaf).try_lock(&id("ann")), Ok(()));
            assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
        }
    }
}

#[test]
fn build_makes_the_directories_of_the_proposal() {
    for leaf in LEAVES {
        let seen = seen_before(&MemFs::new(), leaf, make("lock/build/ann/owner/ann"), |lock| {
            assert_eq!(lock.try_lock(&id("ann")), Ok(()));
        });
        assert_eq!(seen, ["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/"]);
    }
}

#[test]
fn build_in_a_directory_that_is_missing_is_an_error_and_no_disturbance() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let lock = lockwright_kernel::fast_lock::FastLock::new(&disk, path("missing/lock"), leaf);
        assert_eq!(lock.try_lock(&id("ann")), Err(LockError::Fs(FsError::NotFound)));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn build_whose_directories_are_taken_away_is_disturbed_and_leaves_nothing() {
    let made = ["lock/build", "lock/build/ann", "lock/build/ann/owner", "lock/build/ann/owner/ann"];
    for (leaf, step) in LEAVES.into_iter().flat_map(|leaf| made.map(|step| (leaf, step))) {
        let disk = MemFs::new();
        let fs = before(&disk, make(step), || {
            for dir in ["lock/build/ann/owner", "lock/build/ann", "lock/build", "lock"] {
                assert_eq!(disk.discard_dir(&path(dir)), Ok(()));
            }
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Disturbed), "before {step}");
        assert_eq!(tree(&disk, leaf), NOTHING, "before {step}");
    }
}

#[test]
fn sign_makes_the_leaf_in_the_proposal() {
    for leaf in LEAVES {
        let seen = seen_before(&MemFs::new(), leaf, move_to("lock/owner"), |lock| {
            assert_eq!(lock.try_lock(&id("ann")), Ok(()));
        });
        assert_eq!(
            seen,
            ["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/build/ann/owner/ann*"]
        );
    }
}

#[test]
fn sign_is_content_with_a_leaf_of_mine_that_was_left_behind() {
    for leaf in LEAVES {
        let disk = disk(
            leaf,
            &["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/build/ann/owner/ann*"],
        );
        assert_eq!(lock(&disk, leaf).try_lock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn move_makes_the_proposal_the_lock() {
    for leaf in LEAVES {
        let seen = seen_before(&MemFs::new(), leaf, look_at("lock/owner/ann"), |lock| {
            assert_eq!(lock.try_lock(&id("ann")), Ok(()));
        });
        assert_eq!(seen, ["lock/", "lock/build/", "lock/build/ann/", "lock/owner/", "lock/owner/ann*"]);
    }
}

#[test]
fn move_onto_a_lock_that_was_taken_after_look_is_held_and_leaves_nothing_of_mine() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, move_to("lock/owner"), || {
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Held { owner: None }));
        assert_eq!(tree(&disk, leaf), HELD_BY_BOB);
    }
}

#[test]
fn move_replaces_the_empty_directory_that_a_release_leaves_for_a_moment() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, move_to("lock/owner"), || {
            assert_eq!(disk.create_dir(&path("lock/owner")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Ok(()));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn move_of_a_proposal_that_somebody_cleaned_is_disturbed_and_leaves_nothing() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, move_to("lock/owner"), || {
            assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Disturbed));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn verify_notices_a_proposal_that_a_cleaner_of_another_kind_emptied() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, move_to("lock/owner"), || {
            let leaf = path("lock/build/ann/owner/ann");
            assert_eq!(disk.remove_file(&leaf).or_else(|_| disk.remove_dir(&leaf)), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Disturbed));
        assert_eq!(tree(&disk, leaf), NOTHING);
    }
}

#[test]
fn verify_that_finds_the_lock_with_a_successor_leaves_it_there() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, look_at("lock/owner/ann"), || {
            assert_eq!(lock(&disk, leaf).unlock(&id("ann")), Ok(()));
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Disturbed));
        assert_eq!(tree(&disk, leaf), HELD_BY_BOB);
    }
}

#[test]
fn tidy_leaves_the_proposals_of_others() {
    for leaf in LEAVES {
        let disk = disk(leaf, &["lock/", "lock/build/", "lock/build/bob/", "lock/build/bob/owner/"]);
        assert_eq!(lock(&disk, leaf).try_lock(&id("ann")), Ok(()));
        assert_eq!(
            tree(&disk, leaf),
            ["lock/", "lock/build/", "lock/build/bob/", "lock/build/bob/owner/", "lock/owner/", "lock/owner/ann*"]
        );
    }
}

#[test]
fn tidy_that_fails_leaves_the_lock_held() {
    for leaf in LEAVES {
        let disk = MemFs::new();
        let fs = before(&disk, remove("lock/build/ann"), || {
            assert_eq!(disk.create_dir(&path("lock/build/ann/x")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Ok(()));
        assert_eq!(lock(&disk, leaf).owner(), Ok(Some(id("ann"))));
    }
}

#[test]
fn hold_lasts_whatever_others_try_and_clean() {
    for leaf in LEAVES {
        let disk = disk(leaf, &HELD_BY_ANN);
        let others = lock(&disk, leaf);
        assert_eq!(others.clean(&id("ann")), Ok(()));
        assert_eq!(others.unlock(&id("bob")), Err(LockError::NotOwner));
        assert_eq!(others.recover(&id("bob")), Ok(()));
        assert_eq!(others.try_lock(&id("bob")), Err(LockError::Held { owner: Some(id("ann")) }));
        assert_eq!(tree(&disk, leaf), HELD_BY_ANN);
    }
}

#[test]
fn withdraw_gives_back_a_lock_that_a_move_of_unknown_outcome_brought() {
    for leaf in LEAVES {
        let (log, whole) = (Log::default(), MemFs::new());
        assert_eq!(lock(log.of(&whole), leaf).try_lock(&id("ann")), Ok(()));
        let number = log.calls().iter().position(move_to("lock/owner")).unwrap();
        for takes_effect in [true, false] {
            let disk = MemFs::new();
            let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
            assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Fs(FsError::Io)));
            assert_eq!(tree(&disk, leaf), NOTHING);
        }
    }
}

#[test]
fn withdraw_leaves_the_proposals_of_others() {
    for leaf in LEAVES {
        let others = ["lock/", "lock/build/", "lock/build/bob/", "lock/build/bob/owner/", "lock/build/bob/owner/bob*"];
        let disk = disk(leaf, &others);
        let fs = before(&disk, move_to("lock/owner"), || {
            assert_eq!(lock(&disk, leaf).clean(&id("ann")), Ok(()));
        });
        assert_eq!(lock(&fs, leaf).try_lock(&id("ann")), Err(LockError::Disturbed));
        assert_eq!(tree(&disk, leaf), others);
    }
}
