//! Every call of every operation fails once, by every error: what is left, and that the lock is not lost by it.

use lockwright_kernel::{
    fast_lock::Leaf,
    fs::{FsError, MemFs, call::Call},
    lock::{Lock, LockError},
};

use crate::stage::{Fault, LEAVES, Log, before, disk, failing, id, lock, move_to, tree};

const ERRORS: [FsError; 9] = [
    FsError::PermissionDenied,
    FsError::ReadOnly,
    FsError::NoSpace,
    FsError::Exhausted,
    FsError::NameTooLong,
    FsError::Stale,
    FsError::Unsupported,
    FsError::SymbolicLink,
    FsError::Io,
];

/// What a contender may find when it comes.
const STARTS: [&[&str]; 4] = [
    &[],
    &["lock/", "lock/owner/"],
    &["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/gone/", "lock/build/ann/gone/ann*"],
    &["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/build/ann/owner/ann*"],
];

const HELD_BY_ANN: &[&str] = &["lock/", "lock/owner/", "lock/owner/ann*"];

/// More calls than any operation makes.
const CALLS_MAX: usize = 40;

#[test]
fn a_try_in_which_one_call_fails_holds_the_lock_or_leaves_nothing() {
    let mut tried = 0;
    for (leaf, start) in LEAVES.into_iter().flat_map(|leaf| STARTS.map(|start| (leaf, start))) {
        for fault in faults() {
            for number in 0..CALLS_MAX {
                let (disk, log) = (disk(leaf, start), Log::default());
                let fs = failing(&disk, |call| call == number, fault);
                let answer = lock(log.of(&fs), leaf).try_lock(&id("ann"));
                let Some(failed) = log.calls().into_iter().nth(number) else {
                    break;
                };
                tried += 1;
                let told = format!("{fault:?} at {number}, {failed}, from {start:?}: {answer:?}");
                one_truth(&disk, leaf, &answer, &told);
                if answer.is_err() && !is_best_effort(&failed) && number > 0 {
                    assert_eq!(tree(&disk, leaf), Vec::<String>::new(), "{told}");
                }
                assert_eq!(lock(&disk, leaf).recover(&id("ann")), Ok(()), "{told}");
                assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()), "{told}");
                assert_eq!(tree(&disk, leaf), ["lock/", "lock/owner/", "lock/owner/bob*"], "{told}");
            }
        }
    }
    assert!(tried > 700, "every call failed by every error: {tried}");
}

#[test]
fn a_try_that_fails_while_bob_holds_takes_nothing_from_him() {
    for (leaf, fault) in LEAVES.into_iter().flat_map(|leaf| faults().map(move |fault| (leaf, fault))) {
        for number in 0..CALLS_MAX {
            let (disk, log) = (MemFs::new(), Log::default());
            let raced = before(&disk, move_to("lock/owner"), || {
                assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()));
            });
            let count = std::cell::Cell::new(0);
            let fs = lockwright_kernel::fs::Through(|call: &Call| {
                if count.replace(count.get() + 1) == number { Err(fault.error) } else { call.on(&raced) }
            });
            let answer = lock(log.of(&fs), leaf).try_lock(&id("ann"));
            if log.len() <= number {
                break;
            }
            let owner = lock(&disk, leaf).owner();
            assert!(answer.is_err(), "{fault:?} at {number}");
            // Where the attempt ended before MOVE, Bob never came.
            assert!(matches!(&owner, Ok(None)) || owner == Ok(Some(id("bob"))), "{fault:?} at {number}: {owner:?}");
        }
    }
}

#[test]
fn a_file_system_that_fails_for_good_leaves_what_a_recovery_can_remove() {
    for (leaf, fault) in LEAVES.into_iter().flat_map(|leaf| faults().map(move |fault| (leaf, fault))) {
        for number in 0..CALLS_MAX {
            let (disk, log) = (MemFs::new(), Log::default());
            let fs = failing(&disk, |call| call >= number, fault);
            let answer = lock(log.of(&fs), leaf).try_lock(&id("ann"));
            if log.len() <= number {
                break;
            }
            let told = format!("{fault:?} from {number} on: {answer:?}");
            if answer.is_ok() {
                assert_eq!(lock(&disk, leaf).owner(), Ok(Some(id("ann"))), "{told}");
            }
            assert_eq!(lock(&disk, leaf).recover(&id("ann")), Ok(()), "{told}");
            assert_eq!(tree(&disk, leaf), Vec::<String>::new(), "{told}");
        }
    }
}

#[test]
fn an_unlock_in_which_one_call_fails_can_be_made_again() {
    for (leaf, fault) in LEAVES.into_iter().flat_map(|leaf| faults().map(move |fault| (leaf, fault))) {
        for number in 0..CALLS_MAX {
            let (disk, log) = (disk(leaf, HELD_BY_ANN), Log::default());
            let fs = failing(&disk, |call| call == number, fault);
            let answer = lock(log.of(&fs), leaf).unlock(&id("ann"));
            if log.len() <= number {
                break;
            }
            let again = lock(&disk, leaf).unlock(&id("ann"));
            match answer {
                Ok(()) => assert_eq!(again, Err(LockError::NotOwner), "{fault:?} at {number}"),
                Err(error) => {
                    assert_eq!(error, LockError::Fs(fault.error));
                    let due = if fault.takes_effect { Err(LockError::NotOwner) } else { Ok(()) };
                    assert_eq!(again, due, "{fault:?} at {number}");
                }
            }
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()), "{fault:?} at {number}");
        }
    }
}

#[test]
fn a_recovery_in_which_one_call_fails_can_be_made_again() {
    let starts = STARTS.into_iter().chain([HELD_BY_ANN]);
    for (leaf, start) in starts.flat_map(|start| LEAVES.map(|leaf| (leaf, start))) {
        for (fault, number) in faults().flat_map(|fault| (0..CALLS_MAX).map(move |number| (fault, number))) {
            let disk = disk(leaf, start);
            let answer = lock(failing(&disk, |call| call == number, fault), leaf).recover(&id("ann"));
            if answer.is_ok() {
                assert_eq!(lock(&disk, leaf).owner(), Ok(None), "{fault:?} at {number} from {start:?}");
            }
            assert_eq!(lock(&disk, leaf).recover(&id("ann")), Ok(()), "{fault:?} at {number} from {start:?}");
            assert_eq!(lock(&disk, leaf).try_lock(&id("bob")), Ok(()), "{fault:?} at {number} from {start:?}");
        }
    }
}

#[test]
fn an_attempt_that_is_halted_makes_no_further_call() {
    let halt = Fault { error: FsError::Halted, takes_effect: false };
    for (leaf, start) in STARTS.into_iter().chain([HELD_BY_ANN]).flat_map(|start| LEAVES.map(|leaf| (leaf, start))) {
        let operations: [fn(&dyn Lock) -> bool; 4] = [
            |lock| lock.try_lock(&id("ann")) == Err(LockError::Fs(FsError::Halted)),
            |lock| lock.unlock(&id("ann")) == Err(LockError::Fs(FsError::Halted)),
            |lock| lock.recover(&id("ann")) == Err(LockError::Fs(FsError::Halted)),
            |lock| lock.clean(&id("ann")) == Err(lockwright_kernel::fs::Halted),
        ];
        for (index, halted) in operations.iter().enumerate() {
            for number in 0..CALLS_MAX {
                let (disk, log) = (disk(leaf, start), Log::default());
                let fs = failing(&disk, |call| call == number, halt);
                let said = halted(&lock(log.of(&fs), leaf));
                if log.len() <= number {
                    assert!(!said);
                    break;
                }
                assert!(said, "operation {index}, call {number}");
                assert_eq!(log.len(), number + 1, "operation {index} goes on after call {number}");
            }
        }
    }
}

/// Each error before the call has an effect; an input/output error also after it.
fn faults() -> impl Iterator<Item = Fault> {
    let before = ERRORS.into_iter().map(|error| Fault { error, takes_effect: false });
    before.chain([Fault { error: FsError::Io, takes_effect: true }])
}

/// `Ok` is the owner on disk, and an error is not.
fn one_truth(disk: &MemFs, leaf: Leaf, answer: &Result<(), LockError>, told: &str) {
    let due = answer.is_ok().then(|| id("ann"));
    assert_eq!(lock(disk, leaf).owner(), Ok(due), "{told}");
}

/// A removal of which the algorithm does not look at the answer.
fn is_best_effort(call: &Call) -> bool {
    matches!(call, Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..))
}
