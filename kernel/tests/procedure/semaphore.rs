//! The steps of the semaphore: MAKE, LOOK, START, PASS, PASS AGAIN and TIDY, and those of a release.

use std::{cell::RefCell, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted, MemFs},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
    semaphore::Semaphore,
};

use crate::stage::{Fault, Log, before, disk, failing, id, make, move_to, path, remove, tree};

const NOTHING: [&str; 0] = [];

/// Starts at the slot with this number, counted from 0.
struct Start(u32);

impl Chance for Start {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        assert!(self.0 < bound.get(), "a start beyond the slots");
        Ok(self.0)
    }
}

/// Ann is dead, and it is kept who was asked about.
#[derive(Default)]
struct AnnIsDead(RefCell<Vec<Id>>);

impl Probe for AnnIsDead {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        self.0.borrow_mut().push(id.clone());
        Ok(if id.name().as_str() == "ann" { Liveness::Dead } else { Liveness::Alive })
    }
}

type SlotLock<'a, F> = CheckLock<FastLock<&'a F>, &'a AnnIsDead, Start>;

fn pool<'a, F: Fs>(
    fs: &'a F,
    probe: &'a AnnIsDead,
    slots: u32,
    start: u32,
) -> Semaphore<&'a F, impl Fn(Path) -> SlotLock<'a, F>, Start> {
    let slots = NonZeroU32::new(slots).expect("some slots");
    let lock = move |at| CheckLock::new(FastLock::new(fs, at, Leaf::File), probe, Start(0));
    Semaphore::new(fs, path("pool"), slots, lock, Start(start))
}

/// A pool in which these have the slots 1, 2, and so on; `-` is a free one.
fn held_by(owners: &[&str]) -> MemFs {
    let mut entries = vec!["pool/".to_owned()];
    for (slot, owner) in (1..).zip(owners).filter(|(_, owner)| **owner != "-") {
        entries.extend(["/", "/owner/", &format!("/owner/{owner}*")].map(|rest| format!("pool/{slot}{rest}")));
    }
    disk(Leaf::File, &entries.iter().map(String::as_str).collect::<Vec<_>>())
}

fn owners(disk: &MemFs, slots: u32) -> Vec<String> {
    let probe = AnnIsDead::default();
    let owners = pool(disk, &probe, slots, 0).owners().expect("it can be read");
    owners.into_iter().map(|(slot, owner)| format!("{slot} {owner}")).collect()
}

#[test]
fn start_is_at_the_slot_that_chance_picks_and_the_others_follow_in_turn() {
    for (start, due) in [(0, [1, 2, 3]), (1, [2, 3, 1]), (2, [3, 1, 2])] {
        let (disk, probe) = (MemFs::new(), AnnIsDead::default());
        let got = ["bob", "eve", "liv"].map(|me| pool(&disk, &probe, 3, start).acquire(&id(me)).unwrap().get());
        assert_eq!(got, due);
    }
}

#[test]
fn look_finds_that_an_id_has_a_slot_before_any_slot_is_tried() {
    let (disk, probe, log) = (held_by(&["-", "-", "bob"]), AnnIsDead::default(), Log::default());
    assert_eq!(pool(&log.of(&disk), &probe, 3, 0).acquire(&id("bob")), Err(LockError::AlreadyOwner));
    assert_eq!(owners(&disk, 3), ["3 bob"]);
    assert!(!log.calls().iter().any(make("pool/1")));
    assert_eq!(pool(&disk, &probe, 3, 0).slot_of(&id("bob")).unwrap().unwrap().get(), 3);
    assert_eq!(pool(&disk, &probe, 3, 0).slot_of(&id("eve")), Ok(None));
}

#[test]
fn pass_takes_a_free_slot_and_asks_about_nobody_although_one_is_dead() {
    let (disk, probe) = (held_by(&["ann", "-"]), AnnIsDead::default());
    assert_eq!(pool(&disk, &probe, 2, 0).acquire(&id("bob")).unwrap().get(), 2);
    assert_eq!(probe.0.take(), []);
    assert_eq!(owners(&disk, 2), ["1 ann", "2 bob"]);
}

#[test]
fn pass_again_takes_the_slot_of_the_dead_when_none_is_free() {
    let (disk, probe) = (held_by(&["liv", "ann"]), AnnIsDead::default());
    assert_eq!(pool(&disk, &probe, 2, 0).acquire(&id("bob")).unwrap().get(), 2);
    assert_eq!(probe.0.take(), ["liv", "ann"].map(id));
    assert_eq!(owners(&disk, 2), ["1 liv", "2 bob"]);
}

#[test]
fn unasked_leaves_the_slots_of_the_dead_alone() {
    let (disk, probe) = (held_by(&["liv", "ann"]), AnnIsDead::default());
    let answer = pool(&disk, &probe, 2, 0).acquire_unasked(&id("bob"));
    assert_eq!(answer, Err(LockError::Held { owner: None }));
    assert_eq!(probe.0.take(), []);
    assert_eq!(owners(&disk, 2), ["1 liv", "2 ann"]);
}

#[test]
fn no_more_hold_a_slot_than_there_are() {
    let (disk, probe) = (MemFs::new(), AnnIsDead::default());
    for number in 0..5 {
        let answer = pool(&disk, &probe, 3, number % 3).acquire(&id(&format!("c{number}")));
        assert_eq!(answer.is_ok(), number < 3, "{answer:?}");
    }
    assert_eq!(owners(&disk, 3).len(), 3);
}

#[test]
fn there_is_somebody_to_wait_for_when_no_slot_is_free() {
    let probe = AnnIsDead::default();
    for (held, owner) in
        [(["liv", "bob"], Some(id("bob"))), (["liv", "-"], None), (["-", "bob"], None), (["-", "-"], None)]
    {
        assert_eq!(pool(&held_by(&held), &probe, 2, 0).owner_when_full(), Ok(owner), "{held:?}");
    }
}

#[test]
fn a_slot_by_its_number_is_that_slot_or_its_owner_or_none() {
    let (disk, probe) = (held_by(&["liv", "-"]), AnnIsDead::default());
    let pool = pool(&disk, &probe, 2, 0);
    let slot = |number| NonZeroU32::new(number).expect("not zero");
    assert_eq!(pool.acquire_slot(&id("bob"), slot(1)), Err(LockError::Held { owner: Some(id("liv")) }));
    assert_eq!(pool.acquire_slot(&id("bob"), slot(3)), Err(LockError::Fs(FsError::NotFound)));
    assert_eq!(pool.acquire_slot(&id("bob"), slot(2)), Ok(()));
    assert_eq!(pool.owner(slot(2)), Ok(Some(id("bob"))));
    assert_eq!(pool.acquire_slot(&id("bob"), slot(2)), Err(LockError::AlreadyOwner));
}

#[test]
fn tidy_removes_the_directory_that_an_attempt_made_for_nothing() {
    let (disk, probe) = (MemFs::new(), AnnIsDead::default());
    // Somebody takes back each try of mine.
    let fs = before(&disk, move_to("pool/1/owner"), || {
        assert_eq!(FastLock::new(&disk, path("pool/1"), Leaf::File).clean(&id("bob")), Ok(()));
    });
    let slot = NonZeroU32::MIN;
    assert_eq!(pool(&fs, &probe, 1, 0).acquire_slot(&id("bob"), slot), Err(LockError::Disturbed));
    assert_eq!(tree(&disk, Leaf::File), NOTHING);
}

#[test]
fn a_directory_that_goes_away_under_an_attempt_disturbs_it() {
    let (disk, probe) = (MemFs::new(), AnnIsDead::default());
    let fs = before(&disk, make("pool/1"), || assert_eq!(disk.remove_dir(&path("pool")), Ok(())));
    assert_eq!(pool(&fs, &probe, 1, 0).acquire_unasked(&id("bob")), Err(LockError::Disturbed));
    assert_eq!(tree(&disk, Leaf::File), NOTHING);
}

#[test]
fn where_a_parent_is_missing_that_is_an_error() {
    let (disk, probe) = (MemFs::new(), AnnIsDead::default());
    let lock = |at| CheckLock::new(FastLock::new(&disk, at, Leaf::File), &probe, Start(0));
    let nowhere = Semaphore::new(&disk, path("missing/pool"), NonZeroU32::MIN, lock, Start(0));
    assert_eq!(nowhere.acquire(&id("bob")), Err(LockError::Fs(FsError::NotFound)));
}

#[test]
fn release_frees_the_slot_of_mine_and_no_other_and_tidies_after_the_last() {
    let (disk, probe) = (held_by(&["liv", "bob"]), AnnIsDead::default());
    assert_eq!(pool(&disk, &probe, 2, 0).release(&id("bob")), Ok(()));
    assert_eq!(owners(&disk, 2), ["1 liv"]);
    assert_eq!(pool(&disk, &probe, 2, 0).release(&id("liv")), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), NOTHING);
}

#[test]
fn release_of_what_is_not_held_is_not_owner_and_changes_nothing() {
    for there in [&["liv", "-"][..], &["-", "-"], &["-", "liv"]] {
        let (disk, probe) = (held_by(there), AnnIsDead::default());
        let left = tree(&disk, Leaf::File);
        assert_eq!(pool(&disk, &probe, 2, 0).release(&id("bob")), Err(LockError::NotOwner));
        assert_eq!(tree(&disk, Leaf::File), left);
    }
}

#[test]
fn release_tidies_nothing_that_a_successor_stands_on() {
    let (disk, probe) = (held_by(&["bob"]), AnnIsDead::default());
    let fs = before(&disk, remove("pool"), || {
        assert_eq!(pool(&disk, &probe, 1, 0).acquire(&id("liv")).unwrap(), NonZeroU32::MIN);
    });
    assert_eq!(pool(&fs, &probe, 1, 0).release(&id("bob")), Ok(()));
    assert_eq!(owners(&disk, 1), ["1 liv"]);
}

#[test]
fn an_error_in_one_slot_ends_the_attempt_and_leaves_nothing_of_mine() {
    let probe = AnnIsDead::default();
    let whole = (MemFs::new(), Log::default());
    assert!(pool(&whole.1.of(&whole.0), &probe, 2, 0).acquire(&id("bob")).is_ok());
    for (number, takes_effect) in (0..whole.1.len()).flat_map(|number| [(number, false), (number, true)]) {
        let disk = MemFs::new();
        let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
        let answer = pool(&fs, &probe, 2, 0).acquire(&id("bob"));
        let owned = !owners(&disk, 2).is_empty();
        assert_eq!(answer.is_ok(), owned, "call {number} fails, takes effect {takes_effect}: {answer:?}");
    }
}

#[test]
fn an_attempt_that_is_halted_makes_no_further_call() {
    let probe = AnnIsDead::default();
    let whole = (held_by(&["liv", "ann"]), Log::default());
    assert!(pool(&whole.1.of(&whole.0), &probe, 2, 0).acquire(&id("bob")).is_ok());
    for number in 0..whole.1.len() {
        let (disk, log) = (held_by(&["liv", "ann"]), Log::default());
        let fs = failing(&disk, |call| call >= number, Fault { error: FsError::Halted, takes_effect: false });
        let answer = pool(&log.of(&fs), &probe, 2, 0).acquire(&id("bob"));
        assert_eq!((answer, log.len()), (Err(LockError::Fs(FsError::Halted)), number + 1));
    }
}
