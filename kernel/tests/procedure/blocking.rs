//! The steps of the blocking module: TRY, WATCH, TRY, WAIT. The world is scripted: what happens while somebody waits is
//! an event, and where no event is left, waiting would never end.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    num::NonZeroU32,
    time::Duration,
};

use lockwright_kernel::{
    blocking::{DISTURBED_MAX, PAUSE_MS_MAX, WaitError, World, lock as wait_for},
    chance::Chance,
    clock::{Clock, Instant},
    fast_lock::Leaf,
    fs::{Fs, FsError, Halted, MemFs, Through, call::Call},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
    watch::{Wake, Watch, WatchId},
};

use crate::stage::{before, disk, id, lock, look_at, move_to, path, tree};

mod line;

const LEAF: Leaf = Leaf::File;
const HELD_BY_BOB: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/bob*"];
const HELD_BY_ANN: [&str; 3] = ["lock/", "lock/owner/", "lock/owner/ann*"];

/// What happens while somebody waits.
enum Event<'a> {
    /// Somebody acts on the disk.
    Act(Box<dyn Fn() + 'a>),
    /// The clock comes to this many milliseconds.
    Time(u64),
    /// This owner dies.
    Death(&'static str),
    /// The waiter gets a signal.
    Signal,
}

/// A world in which nothing happens but what is written down.
struct Script<'a> {
    disk: &'a MemFs,
    events: RefCell<VecDeque<Event<'a>>>,
    now: Cell<Duration>,
    dead: RefCell<Vec<&'static str>>,
    signalled: Cell<bool>,
    /// The listing of each watched directory when the watch was taken.
    watches: RefCell<Vec<(Path, Option<String>)>>,
    /// A wrong world, whose watches begin when they are waited for.
    watches_late: bool,
    log: RefCell<Vec<String>>,
}

impl<'a> Script<'a> {
    fn new(disk: &'a MemFs, events: impl IntoIterator<Item = Event<'a>>) -> Self {
        Self {
            disk,
            events: RefCell::new(events.into_iter().collect()),
            now: Cell::default(),
            dead: RefCell::default(),
            signalled: Cell::default(),
            watches: RefCell::default(),
            watches_late: false,
            log: RefCell::default(),
        }
    }

    fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    fn note(&self, what: String) {
        let mut log = self.log.borrow_mut();
        log.push(what);
        assert!(log.len() < 1_000, "the waiter goes round and round: {:?}", &log[990..]);
    }

    /// The directory and its entries with their stamps, so that what went and came again shows.
    fn look(&self, dir: &Path) -> Option<String> {
        let stamp = self.disk.modified(dir).ok()?;
        Some(format!("{stamp:?} {:?}", self.disk.list(dir)))
    }

    /// Lets the next thing happen. Where nothing is left to happen, a signal ends what would last for ever.
    fn happen(&self) {
        match self.events.borrow_mut().pop_front() {
            Some(Event::Act(act)) => act(),
            Some(Event::Time(ms)) => self.now.set(Duration::from_millis(ms)),
            Some(Event::Death(owner)) => self.dead.borrow_mut().push(owner),
            Some(Event::Signal) => self.signalled.set(true),
            None => {
                self.note("nothing will ever happen".to_owned());
                self.signalled.set(true);
            }
        }
    }

    fn is_dead(&self, id: &Id) -> bool {
        self.dead.borrow().contains(&id.name().as_str())
    }
}

impl Watch for Script<'_> {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        self.note(format!("watch {dir}"));
        let seen = self.look(dir).ok_or(FsError::NotFound)?;
        let mut watches = self.watches.borrow_mut();
        watches.push((dir.clone(), Some(seen)));
        Ok(WatchId(watches.len() as u64 - 1))
    }

    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        self.note(owner.map_or("wait".to_owned(), |owner| format!("wait for {owner}")));
        let (dir, mut seen) = self.watches.borrow()[usize::try_from(watch.0).expect("small")].clone();
        if self.watches_late {
            self.happen();
            seen = self.look(&dir);
        }
        loop {
            if self.look(&dir) != seen || owner.is_some_and(|owner| self.is_dead(owner)) {
                return Ok(Wake::Changed);
            }
            if self.signalled.get() {
                return Ok(Wake::Interrupted);
            }
            if until.is_some_and(|until| until.since_start() <= self.now.get()) {
                return Ok(Wake::TimedOut);
            }
            self.happen();
        }
    }
}

impl Clock for Script<'_> {
    fn now(&self) -> Result<Instant, Halted> {
        Ok(Instant::new(self.now.get()))
    }
}

impl Chance for Script<'_> {
    /// The largest there is.
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(bound.get() - 1)
    }
}

impl World for Script<'_> {
    /// Comes back by the wake that says what happened: that the time is up.
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.note(format!("pause until {:?}", until.since_start()));
        if self.signalled.get() {
            return Ok(Wake::Interrupted);
        }
        self.now.set(until.since_start());
        Ok(Wake::TimedOut)
    }
}

impl Probe for Script<'_> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        Ok(if self.is_dead(id) { Liveness::Dead } else { Liveness::Alive })
    }
}

fn at(ms: u64) -> Instant {
    Instant::new(Duration::from_millis(ms))
}

fn bob_unlocks(disk: &MemFs) -> Event<'_> {
    Event::Act(Box::new(move || assert_eq!(lock(disk, LEAF).unlock(&id("bob")), Ok(()))))
}

#[test]
fn a_free_lock_is_taken_without_a_watch_or_a_look_at_the_clock() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    assert_eq!(wait_for(&lock(&disk, LEAF), &id("ann"), &world, Some(at(0))), Ok(()));
    assert_eq!(world.log(), Vec::<String>::new());
    assert_eq!(tree(&disk, LEAF), HELD_BY_ANN);
}

#[test]
fn a_waiter_takes_the_lock_once_it_is_released() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, [bob_unlocks(&disk)]);
    assert_eq!(wait_for(&lock(&disk, LEAF), &id("ann"), &world, None), Ok(()));
    assert_eq!(world.log(), ["watch lock/owner", "wait for bob", "watch lock/owner"]);
    assert_eq!(tree(&disk, LEAF), HELD_BY_ANN);
}

#[test]
fn a_release_between_the_look_and_the_wait_is_not_lost() {
    for late in [false, true] {
        let disk = disk(LEAF, &HELD_BY_BOB);
        let looks = Cell::new(0);
        let is_look = look_at("lock/owner");
        // The second look: after it, and before the wait, Bob gives the lock back.
        let fs = Through(|call: &Call| {
            let answer = call.on(&disk);
            looks.set(looks.get() + u32::from(is_look(call)));
            if is_look(call) && looks.get() == 2 && !late {
                assert_eq!(lock(&disk, LEAF).unlock(&id("bob")), Ok(()));
            }
            answer
        });
        let mut world = Script::new(&disk, late.then(|| bob_unlocks(&disk)));
        world.watches_late = late;
        let answer = wait_for(&lock(&fs, LEAF), &id("ann"), &world, None);
        // In a world whose watches begin too late the same release is lost: so this test would see it.
        assert_eq!(answer, if late { Err(WaitError::Interrupted) } else { Ok(()) });
    }
}

#[test]
fn a_release_between_the_first_try_and_the_watch_is_seen_at_once() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let looked = Cell::new(false);
    let is_look = look_at("lock/owner");
    let fs = Through(|call: &Call| {
        let answer = call.on(&disk);
        if is_look(call) && !looked.replace(true) {
            assert_eq!(lock(&disk, LEAF).unlock(&id("bob")), Ok(()));
        }
        answer
    });
    let world = Script::new(&disk, []);
    assert_eq!(wait_for(&lock(&fs, LEAF), &id("ann"), &world, None), Ok(()));
    assert_eq!(world.log(), ["watch lock/owner"], "the directory is gone, which is itself news");
}

#[test]
fn a_waiter_that_loses_the_race_for_a_released_lock_waits_for_the_winner() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let eve_unlocks = || assert_eq!(lock(&disk, LEAF).unlock(&id("eve")), Ok(()));
    let fs = before(&disk, move_to("lock/owner"), || {
        assert_eq!(lock(&disk, LEAF).try_lock(&id("eve")), Ok(()));
    });
    let world = Script::new(&disk, [bob_unlocks(&disk), Event::Act(Box::new(eve_unlocks))]);
    assert_eq!(wait_for(&lock(&fs, LEAF), &id("ann"), &world, None), Ok(()));
    assert!(world.log().contains(&"wait for eve".to_owned()), "{:?}", world.log());
    assert_eq!(tree(&disk, LEAF), HELD_BY_ANN);
}

#[test]
fn a_change_that_frees_nothing_is_waited_through() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let touched = || assert_eq!(disk.touch(&path("lock/owner")), Ok(()));
    let events = [Event::Act(Box::new(touched)), Event::Time(5), bob_unlocks(&disk)];
    let world = Script::new(&disk, events);
    assert_eq!(wait_for(&lock(&disk, LEAF), &id("ann"), &world, Some(at(10))), Ok(()));
    assert_eq!(world.log().iter().filter(|what| *what == "wait for bob").count(), 2);
}

#[test]
fn a_deadline_that_has_passed_allows_one_attempt_and_no_wait() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, []);
    let answer = wait_for(&lock(&disk, LEAF), &id("ann"), &world, Some(at(0)));
    assert_eq!(answer, Err(WaitError::TimedOut { owner: Some(id("bob")) }));
    assert_eq!(world.log(), Vec::<String>::new());
    assert_eq!(tree(&disk, LEAF), HELD_BY_BOB);
}

#[test]
fn a_deadline_ends_the_wait_and_leaves_nothing_of_the_waiter() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, [Event::Time(9), Event::Time(10)]);
    let answer = wait_for(&lock(&disk, LEAF), &id("ann"), &world, Some(at(10)));
    assert_eq!(answer, Err(WaitError::TimedOut { owner: Some(id("bob")) }));
    assert_eq!(tree(&disk, LEAF), HELD_BY_BOB);
}

#[test]
fn a_signal_ends_the_wait_and_leaves_nothing_of_the_waiter() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, [Event::Signal]);
    let answer = wait_for(&lock(&disk, LEAF), &id("ann"), &world, None);
    assert_eq!(answer, Err(WaitError::Interrupted));
    assert_eq!(tree(&disk, LEAF), HELD_BY_BOB);
}

#[test]
fn the_death_of_the_owner_wakes_the_waiter_who_recovers_the_lock() {
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, [Event::Death("bob")]);
    let checked = CheckLock::new(lock(&disk, LEAF), &world, &world);
    assert_eq!(wait_for(&checked, &id("ann"), &world, None), Ok(()));
    assert_eq!(world.log(), ["watch lock/owner", "wait for bob", "watch lock/owner"]);
    assert_eq!(tree(&disk, LEAF), HELD_BY_ANN);
}

#[test]
fn a_waiter_whose_attempt_did_not_see_the_owner_waits_for_the_one_on_record() {
    /// Its attempts never say who holds it.
    struct Discreet<L>(L);
    impl<L: Lock> Lock for Discreet<L> {
        fn try_lock(&self, me: &Id) -> Result<(), LockError> {
            self.0.try_lock(me).map_err(|error| match error {
                LockError::Held { .. } => LockError::Held { owner: None },
                error => error,
            })
        }
        fn unlock(&self, me: &Id) -> Result<(), LockError> {
            self.0.unlock(me)
        }
        fn owner(&self) -> Result<Option<Id>, LockError> {
            self.0.owner()
        }
        fn proposals(&self) -> Result<Vec<Id>, LockError> {
            self.0.proposals()
        }
        fn clean(&self, id: &Id) -> Result<(), Halted> {
            self.0.clean(id)
        }
        fn recover(&self, id: &Id) -> Result<(), LockError> {
            self.0.recover(id)
        }
        fn waits_on(&self) -> Path {
            self.0.waits_on()
        }
    }
    let disk = disk(LEAF, &HELD_BY_BOB);
    let world = Script::new(&disk, [Event::Time(10)]);
    let answer = wait_for(&Discreet(lock(&disk, LEAF)), &id("ann"), &world, Some(at(10)));
    assert_eq!(answer, Err(WaitError::TimedOut { owner: Some(id("bob")) }));
    assert_eq!(world.log(), ["watch lock/owner", "wait for bob"]);
}

/// A lock whose attempts answer what is written down, and then `Ok`.
struct Answers(RefCell<VecDeque<LockError>>);

impl Answers {
    fn new(answers: impl IntoIterator<Item = LockError>) -> Self {
        Self(RefCell::new(answers.into_iter().collect()))
    }

    fn left(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Lock for Answers {
    fn try_lock(&self, _: &Id) -> Result<(), LockError> {
        self.0.borrow_mut().pop_front().map_or(Ok(()), Err)
    }
    fn unlock(&self, _: &Id) -> Result<(), LockError> {
        Ok(())
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        Ok(None)
    }
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(Vec::new())
    }
    fn clean(&self, _: &Id) -> Result<(), Halted> {
        Ok(())
    }
    fn recover(&self, _: &Id) -> Result<(), LockError> {
        Ok(())
    }
    fn waits_on(&self) -> Path {
        path("lock/owner")
    }
}

fn disturbed(times: u32) -> impl Iterator<Item = LockError> {
    (0..times).map(|_| LockError::Disturbed)
}

#[test]
fn attempts_that_were_disturbed_are_repeated_at_once_the_first_times() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    let attempts = Answers::new(disturbed(DISTURBED_MAX));
    assert_eq!(wait_for(&attempts, &id("ann"), &world, Some(at(0))), Ok(()));
    assert_eq!(world.log(), Vec::<String>::new());
}

#[test]
fn attempts_that_are_disturbed_again_and_again_pause_and_go_on() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    let attempts = Answers::new(disturbed(DISTURBED_MAX + 2));
    assert_eq!(wait_for(&attempts, &id("ann"), &world, None), Ok(()));
    let longest = Duration::from_millis(PAUSE_MS_MAX.into());
    assert_eq!(world.log(), [format!("pause until {longest:?}"), format!("pause until {:?}", longest * 2)]);
}

#[test]
fn a_deadline_ends_attempts_that_are_disturbed_again_and_again() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    let attempts = Answers::new(disturbed(DISTURBED_MAX + 100));
    let answer = wait_for(&attempts, &id("ann"), &world, Some(at(u64::from(PAUSE_MS_MAX) * 3)));
    assert_eq!(answer, Err(WaitError::TimedOut { owner: None }));
    assert_eq!(world.log().len(), 3);
    assert_eq!(attempts.left(), 96, "no attempt after the deadline");
}

#[test]
fn a_signal_ends_a_pause() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    world.signalled.set(true);
    let attempts = Answers::new(disturbed(DISTURBED_MAX + 1));
    assert_eq!(wait_for(&attempts, &id("ann"), &world, None), Err(WaitError::Interrupted));
}

#[test]
fn a_held_lock_in_between_ends_the_count_of_disturbed_attempts() {
    let disk = disk(LEAF, &["lock/", "lock/owner/"]);
    let world = Script::new(&disk, []);
    let held = LockError::Held { owner: None };
    let attempts = Answers::new(disturbed(DISTURBED_MAX).chain([held]).chain(disturbed(DISTURBED_MAX)));
    assert_eq!(wait_for(&attempts, &id("ann"), &world, None), Ok(()));
    assert_eq!(world.log(), ["watch lock/owner"]);
}

#[test]
fn what_waiting_does_not_mend_is_the_answer_at_once() {
    let disk = MemFs::new();
    for error in [LockError::AlreadyOwner, LockError::Fs(FsError::ReadOnly), LockError::Fs(FsError::Halted)] {
        let world = Script::new(&disk, []);
        let attempts = Answers::new([error.clone()]);
        assert_eq!(wait_for(&attempts, &id("ann"), &world, None), Err(WaitError::Lock(error)));
        assert_eq!(world.log(), Vec::<String>::new());
    }
}

#[test]
fn a_watch_that_cannot_be_taken_is_an_error_and_no_idle_loop() {
    struct NoWatch<'a>(Script<'a>);
    impl Watch for NoWatch<'_> {
        fn watch(&self, _: &Path) -> Result<WatchId, FsError> {
            Err(FsError::Exhausted)
        }
        fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
            self.0.wait(watch, owner, until)
        }
    }
    impl Clock for NoWatch<'_> {
        fn now(&self) -> Result<Instant, Halted> {
            self.0.now()
        }
    }
    impl Chance for NoWatch<'_> {
        fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
            self.0.below(bound)
        }
    }
    impl World for NoWatch<'_> {
        fn pause(&self, until: Instant) -> Result<Wake, Halted> {
            self.0.pause(until)
        }
    }
    let disk = disk(LEAF, &HELD_BY_BOB);
    let answer = wait_for(&lock(&disk, LEAF), &id("ann"), &NoWatch(Script::new(&disk, [])), None);
    assert_eq!(answer, Err(WaitError::Lock(LockError::Fs(FsError::Exhausted))));
}
