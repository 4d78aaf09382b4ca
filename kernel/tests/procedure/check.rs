//! The steps of the check policy: TRY, ASK, RECOVER, TRY AGAIN, and the sweep after a release.

use std::{cell::RefCell, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::Leaf,
    fs::{Fs, FsError, Halted, MemFs},
    id::Id,
    lock::{Lock, LockError},
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};

use crate::stage::{Fault, Log, before, disk, failing, id, lock, look_at, remove, tree};

const HELD_BY_ANN: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/ann*"];

/// Says of each id what it is told to, and keeps who was asked about.
struct Verdicts {
    of: fn(&str) -> Liveness,
    asked: RefCell<Vec<Id>>,
}

impl Verdicts {
    fn new(of: fn(&str) -> Liveness) -> Self {
        Self { of, asked: RefCell::default() }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.borrow().iter().map(ToString::to_string).collect()
    }
}

impl Probe for Verdicts {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        self.asked.borrow_mut().push(id.clone());
        Ok((self.of)(id.name().as_str()))
    }
}

/// Ann is dead, Una is unknown, all others are alive.
fn ann_is_dead() -> Verdicts {
    Verdicts::new(|id| match id {
        "ann" => Liveness::Dead,
        "una" => Liveness::Unknown,
        _ => Liveness::Alive,
    })
}

fn checked<F: Fs>(fs: F, probe: &Verdicts) -> impl Lock {
    CheckLock::new(lock(fs, Leaf::File), probe, Pick(0))
}

/// Picks this one, or the last.
struct Pick(u32);

impl Chance for Pick {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(self.0.min(bound.get() - 1))
    }
}

fn held_by(owner: &str) -> Result<(), LockError> {
    Err(LockError::Held { owner: Some(id(owner)) })
}

#[test]
fn a_free_lock_is_taken_and_nobody_is_asked_about() {
    let (disk, probe) = (MemFs::new(), ann_is_dead());
    assert_eq!(checked(&disk, &probe).try_lock(&id("bob")), Ok(()));
    assert_eq!(probe.asked(), Vec::<String>::new());
}

#[test]
fn a_live_owner_keeps_the_lock() {
    let (disk, probe) = (disk(Leaf::File, &["lock/", "lock/owner/", "lock/owner/liv*"]), ann_is_dead());
    assert_eq!(checked(&disk, &probe).try_lock(&id("bob")), held_by("liv"));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/liv*"]);
    assert_eq!(probe.asked(), ["liv"]);
}

#[test]
fn an_owner_of_whom_nothing_is_known_keeps_the_lock() {
    let (disk, probe) = (disk(Leaf::File, &["lock/", "lock/owner/", "lock/owner/una*"]), ann_is_dead());
    assert_eq!(checked(&disk, &probe).try_lock(&id("bob")), held_by("una"));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/una*"]);
    assert_eq!(probe.asked(), ["una"]);
}

#[test]
fn a_dead_owner_loses_the_lock_and_all_that_it_left() {
    let probe = ann_is_dead();
    let disk = disk(
        Leaf::File,
        &["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/owner/", "lock/owner/ann*"],
    );
    assert_eq!(checked(&disk, &probe).try_lock(&id("bob")), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/bob*"]);
}

#[test]
fn an_attempt_recovers_from_one_dead_owner_only() {
    let probe = Verdicts::new(|_| Liveness::Dead);
    let disk = disk(Leaf::File, &HELD_BY_ANN);
    // Eve takes the lock in the moment in which it came free, and dies.
    let fs = before(&disk, remove("lock"), || {});
    let freed = std::cell::Cell::new(false);
    let is_removal = remove("lock/owner/ann");
    let is_look = look_at("lock/owner");
    let fs = before(
        &disk,
        |call| {
            freed.set(freed.get() || is_removal(call));
            freed.get() && is_look(call)
        },
        || {
            assert_eq!(lock(&fs, Leaf::File).try_lock(&id("eve")), Ok(()));
        },
    );
    assert_eq!(checked(&fs, &probe).try_lock(&id("bob")), held_by("eve"));
    assert_eq!(probe.asked(), ["ann"]);
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/eve*"]);
}

#[test]
fn a_recovery_that_fails_ends_the_attempt() {
    let (disk, probe) = (disk(Leaf::File, &HELD_BY_ANN), ann_is_dead());
    let is_removal = remove("lock/owner/ann");
    let fs =
        lockwright_kernel::fs::Through(
            |call: &lockwright_kernel::fs::call::Call| {
                if is_removal(call) { Err(FsError::PermissionDenied) } else { call.on(&disk) }
            },
        );
    assert_eq!(checked(&fs, &probe).try_lock(&id("bob")), Err(LockError::Fs(FsError::PermissionDenied)));
    assert_eq!(tree(&disk, Leaf::File), HELD_BY_ANN);
}

const TRIES: [&str; 9] = [
    "lock/",
    "lock/build/",
    "lock/build/ann/",
    "lock/build/ann/owner/",
    "lock/build/ann/owner/ann*",
    "lock/build/liv/",
    "lock/build/una/",
    "lock/owner/",
    "lock/owner/bob*",
];

#[test]
fn an_unlock_looks_at_one_try_and_recovers_it_if_it_is_of_the_dead() {
    let untouched = &TRIES[..7];
    let without_ann = ["lock/", "lock/build/", "lock/build/liv/", "lock/build/una/"];
    for (pick, asked, left) in [(0, "ann", &without_ann[..]), (1, "liv", untouched), (2, "una", untouched)] {
        let (disk, probe) = (disk(Leaf::File, &TRIES), ann_is_dead());
        let checked = CheckLock::new(lock(&disk, Leaf::File), &probe, Pick(pick));
        assert_eq!(checked.unlock(&id("bob")), Ok(()));
        assert_eq!(tree(&disk, Leaf::File), left);
        assert_eq!(probe.asked(), [asked]);
    }
}

#[test]
fn a_sweep_recovers_the_tries_of_all_the_dead_and_of_nobody_else() {
    let (disk, probe) = (disk(Leaf::File, &TRIES), ann_is_dead());
    assert_eq!(CheckLock::new(lock(&disk, Leaf::File), &probe, Pick(0)).sweep(), Ok(()));
    let left = ["lock/", "lock/build/", "lock/build/liv/", "lock/build/una/", "lock/owner/", "lock/owner/bob*"];
    assert_eq!(tree(&disk, Leaf::File), left);
    assert_eq!(probe.asked(), ["ann", "liv", "una"]);
}

#[test]
fn an_unlock_that_frees_nothing_sweeps_nothing() {
    let (disk, probe, log) = (disk(Leaf::File, &HELD_BY_ANN), ann_is_dead(), Log::default());
    assert_eq!(checked(log.of(&disk), &probe).unlock(&id("bob")), Err(LockError::NotOwner));
    assert_eq!(log.len(), 1);
    assert_eq!(probe.asked(), Vec::<String>::new());
}

#[test]
fn an_unlock_whose_sweep_fails_is_an_unlock_all_the_same() {
    for number in 0..20 {
        let probe = ann_is_dead();
        let disk = disk(
            Leaf::File,
            &["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/owner/", "lock/owner/", "lock/owner/bob*"],
        );
        let fault = Fault { error: FsError::Io, takes_effect: false };
        let fs = failing(&disk, |call| call > number, fault);
        assert_eq!(checked(&fs, &probe).unlock(&id("bob")), Ok(()), "calls after {number} fail");
        assert_eq!(lock(&disk, Leaf::File).owner(), Ok(None));
    }
}

#[test]
fn a_sweep_that_is_halted_says_so_and_stops() {
    for number in 0..20 {
        let (probe, log) = (ann_is_dead(), Log::default());
        let disk = disk(Leaf::File, &["lock/", "lock/build/", "lock/build/ann/", "lock/owner/", "lock/owner/bob*"]);
        let halt = Fault { error: FsError::Halted, takes_effect: false };
        let fs = failing(&disk, |call| call == number, halt);
        let answer = checked(log.of(&fs), &probe).unlock(&id("bob"));
        if log.len() <= number {
            assert_eq!(answer, Ok(()));
            return;
        }
        assert_eq!(answer, Err(LockError::Fs(FsError::Halted)));
        assert_eq!(log.len(), number + 1);
    }
}

#[test]
fn a_probe_that_is_halted_stops_the_attempt() {
    struct Halting;
    impl Probe for Halting {
        fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
            Err(Halted)
        }
    }
    let (disk, log) = (disk(Leaf::File, &HELD_BY_ANN), Log::default());
    let checked = CheckLock::new(lock(log.of(&disk), Leaf::File), Halting, Pick(0));
    assert_eq!(checked.try_lock(&id("bob")), Err(LockError::Fs(FsError::Halted)));
    assert_eq!(log.len(), 1);
}
