//! The steps of the grace policy: TRY, AGE, DELAY, LOOK AGAIN, TOUCH, ASK, RECOVER and TRY AGAIN, and those of a release.

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU32,
    time::Duration,
};

use lockwright_kernel::{
    blocking,
    chance::Chance,
    clock::{Clock, Instant, Timestamp},
    fast_lock::{FastLock, Leaf},
    fs::{
        Fs, FsError, Halted, MemFs, Through,
        call::{Answer, Call, Value},
    },
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::grace::{Attempt, Due, GraceLock},
    probe::{Liveness, Probe},
    watch::{Wake, Watch, WatchId},
};

use crate::stage::{Fault, Log, before, disk, failing, id, look_at, make, path, remove, tree};

const GRACE: Duration = Duration::from_secs(10);
const HELD_BY_ANN: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/ann*"];
const NOTICED: [&str; 5] = ["lock/", "lock/in_use/", "lock/in_use/ann/", "lock/owner/", "lock/owner/ann*"];
const NOTHING: [&str; 0] = [];

/// The world of one contender. Ann is dead, Una is unknown, all others are alive.
#[derive(Default)]
struct World {
    asked: RefCell<Vec<Id>>,
    /// The number that chance draws, where it is low enough.
    draws: u32,
    pauses: Cell<u32>,
    interrupted: bool,
}

impl Probe for World {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        self.asked.borrow_mut().push(id.clone());
        Ok(match id.name().as_str() {
            "ann" => Liveness::Dead,
            "una" => Liveness::Unknown,
            _ => Liveness::Alive,
        })
    }
}

impl Chance for World {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(self.draws.min(bound.get() - 1))
    }
}

impl Clock for World {
    fn now(&self) -> Result<Instant, Halted> {
        Ok(Instant::new(Duration::from_secs(100)))
    }
}

impl Watch for World {
    fn watch(&self, _: &Path) -> Result<WatchId, FsError> {
        Err(FsError::Unsupported)
    }
    fn wait(&self, _: WatchId, _: Option<&Id>, _: Option<Instant>) -> Result<Wake, Halted> {
        Ok(Wake::Changed)
    }
}

impl blocking::World for World {
    fn pause(&self, _: Instant) -> Result<Wake, Halted> {
        self.pauses.set(self.pauses.get() + 1);
        Ok(if self.interrupted { Wake::Interrupted } else { Wake::TimedOut })
    }
}

fn grace<'a, F: Fs>(fs: &'a F, world: &'a World) -> GraceLock<&'a F, FastLock<&'a F>, &'a World, &'a World> {
    let lock = FastLock::new(fs, path("lock"), Leaf::File);
    GraceLock::new(fs, path("lock"), lock, world, world, GRACE)
}

/// A disk whose stamps say that everybody was noticed so many seconds before now.
fn aged(disk: &MemFs, seconds: u64) -> Through<impl Fn(&Call) -> Answer> {
    let around = path("lock/in_use");
    Through(move |call: &Call| match (call, call.on(disk)) {
        (Call::Modified(at), Ok(_)) => {
            let now = Duration::from_secs(1000);
            let stamp = if *at == around { now } else { now.saturating_sub(Duration::from_secs(seconds)) };
            Ok(Value::Stamp(Timestamp::new(stamp)))
        }
        (_, answer) => answer,
    })
}

fn held_by(owner: &str) -> LockError {
    LockError::Held { owner: Some(id(owner)) }
}

fn due_at(seconds: u64, millis: u64) -> Attempt {
    let until = Instant::new(Duration::from_secs(seconds) + Duration::from_millis(millis));
    Attempt::Due(Due { owner: id("ann"), until })
}

#[test]
fn try_takes_a_free_lock_and_notices_nobody() {
    let (disk, world) = (MemFs::new(), World::default());
    assert_eq!(grace(&disk, &world).attempt(&id("bob")), Ok(Attempt::Taken));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/bob*"]);
}

#[test]
fn age_begins_when_an_owner_is_noticed_for_the_first_time() {
    let (disk, world) = (disk(Leaf::File, &HELD_BY_ANN), World::default());
    assert_eq!(grace(&disk, &world).attempt(&id("bob")), Err(held_by("ann")));
    assert_eq!(tree(&disk, Leaf::File), NOTICED);
    assert_eq!(world.asked.take(), []);
}

#[test]
fn age_below_the_grace_keeps_the_lock_with_a_dead_owner() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    assert_eq!(grace(&aged(&disk, 9), &world).try_lock(&id("bob")), Err(held_by("ann")));
    assert_eq!((world.asked.take(), world.pauses.get()), (vec![], 0));
    assert_eq!(tree(&disk, Leaf::File), NOTICED);
}

#[test]
fn age_of_who_has_gone_meanwhile_is_forgotten_by_who_noticed() {
    let (disk, world) = (disk(Leaf::File, &HELD_BY_ANN), World::default());
    let fs = before(&disk, make("lock/in_use/ann"), || {
        assert_eq!(FastLock::new(&disk, path("lock"), Leaf::File).unlock(&id("ann")), Ok(()));
    });
    assert_eq!(grace(&fs, &world).attempt(&id("bob")), Err(held_by("ann")));
    assert_eq!(tree(&disk, Leaf::File), NOTHING);
}

#[test]
fn delay_is_random_and_below_half_the_grace() {
    for (draws, millis) in [(0, 0), (1234, 1234), (u32::MAX, 4999)] {
        let (disk, world) = (disk(Leaf::File, &NOTICED), World { draws, ..World::default() });
        assert_eq!(grace(&aged(&disk, 10), &world).attempt(&id("bob")), Ok(due_at(100, millis)));
        assert_eq!(world.asked.take(), []);
    }
}

#[test]
fn delay_that_is_interrupted_asks_nobody() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World { interrupted: true, ..World::default() });
    assert_eq!(grace(&aged(&disk, 10), &world).try_lock(&id("bob")), Err(held_by("ann")));
    assert_eq!((world.asked.take(), world.pauses.get()), (vec![], 1));
}

#[test]
fn look_again_finds_that_another_one_was_first() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    let due = Due { owner: id("ann"), until: Instant::new(Duration::ZERO) };
    assert_eq!(grace(&aged(&disk, 9), &world).ask(&id("bob"), &due), Err(held_by("ann")));
    assert_eq!(world.asked.take(), []);
    assert_eq!(tree(&disk, Leaf::File), NOTICED);
}

#[test]
fn touch_comes_before_the_question() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    let aged = aged(&disk, 10);
    let fs = before(&disk, |_| false, || {});
    let touched = Cell::new(false);
    let fs = Through(|call: &Call| {
        if *call == Call::Touch(path("lock/in_use/ann")) {
            assert_eq!(world.asked.borrow().len(), 0);
            touched.set(true);
        }
        if matches!(call, Call::Modified(_)) { call.on(&aged) } else { call.on(&fs) }
    });
    assert_eq!(grace(&fs, &world).try_lock(&id("bob")), Ok(()));
    assert_eq!((touched.get(), world.asked.take()), (true, vec![id("ann")]));
}

#[test]
fn ask_leaves_the_lock_with_who_is_not_known_to_be_dead() {
    for owner in ["liv", "una"] {
        let noticed = NOTICED.map(|entry| entry.replace("ann", owner));
        let there: Vec<&str> = noticed.iter().map(String::as_str).collect();
        let (disk, world) = (disk(Leaf::File, &there), World::default());
        assert_eq!(grace(&aged(&disk, 10), &world).try_lock(&id("bob")), Err(held_by(owner)));
        assert_eq!(world.asked.take(), [id(owner)]);
        assert_eq!(tree(&disk, Leaf::File), noticed);
    }
}

#[test]
fn recover_removes_all_of_the_dead_and_try_again_takes_the_lock() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    assert_eq!(grace(&aged(&disk, 10), &world).try_lock(&id("bob")), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/bob*"]);
}

#[test]
fn a_checked_try_asks_at_once_also_of_who_was_never_noticed() {
    for there in [&HELD_BY_ANN[..], &NOTICED] {
        let (disk, world) = (disk(Leaf::File, there), World::default());
        assert_eq!(grace(&aged(&disk, 0), &world).try_lock_checked(&id("bob")), Ok(()));
        assert_eq!((world.asked.take(), world.pauses.get()), (vec![id("ann")], 0));
        assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/bob*"]);
    }
}

#[test]
fn an_unasked_try_notices_nobody() {
    let (disk, world) = (disk(Leaf::File, &HELD_BY_ANN), World::default());
    assert_eq!(grace(&aged(&disk, 99), &world).try_lock_unasked(&id("bob")), Err(held_by("ann")));
    assert_eq!(tree(&disk, Leaf::File), HELD_BY_ANN);
}

#[test]
fn forget_removes_what_was_noticed_of_me() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    assert_eq!(grace(&disk, &world).unlock(&id("ann")), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), NOTHING);
}

#[test]
fn sweep_takes_back_a_try_that_is_old_and_notices_one_that_is_new() {
    let tried = ["lock/", "lock/build/", "lock/build/eve/", "lock/owner/", "lock/owner/ann*"];
    let (disk, world) = (disk(Leaf::File, &tried), World::default());
    assert_eq!(grace(&aged(&disk, 10), &world).unlock(&id("ann")), Ok(()));
    assert_eq!(
        tree(&disk, Leaf::File),
        ["lock/", "lock/build/", "lock/build/eve/", "lock/in_use/", "lock/in_use/eve/"]
    );
    for (age, left) in [(9, true), (10, false)] {
        assert_eq!(grace(&disk, &world).try_lock_unasked(&id("bob")), Ok(()));
        assert_eq!(grace(&aged(&disk, age), &world).unlock(&id("bob")), Ok(()));
        assert_eq!(tree(&disk, Leaf::File).iter().any(|entry| entry.contains("eve")), left, "{age} s");
    }
    assert_eq!((tree(&disk, Leaf::File), world.asked.take()), (vec![], vec![]));
}

#[test]
fn sweep_forgets_who_is_not_in_use_any_more_and_nobody_else() {
    let there = ["lock/", "lock/in_use/", "lock/in_use/eve/", "lock/owner/", "lock/owner/ann*"];
    let (swept, world) = (disk(Leaf::File, &there), World::default());
    assert_eq!(grace(&swept, &world).unlock(&id("ann")), Ok(()));
    assert_eq!(tree(&swept, Leaf::File), NOTHING);
    let disk = disk(Leaf::File, &there);
    let fs = before(&disk, look_at("lock/build"), || {
        assert_eq!(grace(&disk, &world).try_lock_unasked(&id("eve")), Ok(()));
    });
    assert_eq!(grace(&fs, &world).unlock(&id("ann")), Ok(()));
    assert!(tree(&disk, Leaf::File).contains(&"lock/in_use/eve/".to_owned()));
}

#[test]
fn an_unlock_whose_sweep_fails_is_an_unlock_all_the_same() {
    for number in 1..20 {
        let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
        let fs = failing(&disk, |call| call >= number, Fault { error: FsError::Io, takes_effect: false });
        assert_eq!(grace(&fs, &world).unlock(&id("ann")), Ok(()), "calls from {number} on fail");
    }
}

#[test]
fn a_recovery_that_fails_ends_the_attempt() {
    let (disk, world) = (disk(Leaf::File, &NOTICED), World::default());
    let (aged, is_removal) = (aged(&disk, 10), remove("lock/owner/ann"));
    let fs = Through(|call: &Call| if is_removal(call) { Err(FsError::PermissionDenied) } else { call.on(&aged) });
    assert_eq!(grace(&fs, &world).try_lock(&id("bob")), Err(LockError::Fs(FsError::PermissionDenied)));
    assert_eq!(tree(&disk, Leaf::File), NOTICED);
}

#[test]
fn an_attempt_that_is_halted_makes_no_further_call() {
    let (world, whole, log) = (World::default(), disk(Leaf::File, &NOTICED), Log::default());
    assert_eq!(grace(&log.of(&aged(&whole, 10)), &world).try_lock(&id("bob")), Ok(()));
    for number in 0..log.len() {
        let (disk, log, count) = (disk(Leaf::File, &NOTICED), Log::default(), Cell::new(0));
        let aged = aged(&disk, 10);
        let fs = Through(|call: &Call| {
            count.set(count.get() + 1);
            if count.get() > number { Err(FsError::Halted) } else { call.on(&aged) }
        });
        let answer = grace(&log.of(&fs), &world).try_lock(&id("bob"));
        assert_eq!((answer, log.len()), (Err(LockError::Fs(FsError::Halted)), number + 1));
    }
}
