//! Locks of every kind at a path: how many each lets in, that a release and a death let in the next, and that contenders
//! who mean different kinds are told so and never inside together.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Barrier, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};

use lockwright_kernel::{clock, id::Id, lock::LockError, probe::Liveness};
use lockwright_posix::lock::{AcquireErrorKind, FenceError, Guard, Kind, PathLock};
use tempfile::TempDir;

/// One of each layout, and two semaphores that differ in size.
const KINDS: [&str; 8] = ["fast", "bid", "queue", "rw-write", "sem=2", "sem=3", "fair-sem=2", "fair-sem=3"];

/// What a child needs to know: the kind and the path of the lock that it is to hold.
const HOLD: &str = "LOCKWRIGHT_TEST_HOLD";

/// Long after everything has happened.
const GUARD: Duration = Duration::from_mins(1);

fn kind(text: &str) -> Kind {
    text.parse().unwrap()
}

fn lock(dir: &TempDir, text: &str) -> PathLock {
    PathLock::open_kind(dir.path().join("lock"), kind(text)).unwrap()
}

fn scene() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap()
}

/// Nothing is left but, of a lock folder, the folder.
fn is_clean(dir: &TempDir) -> bool {
    let below = |dir: &Path| fs::read_dir(dir).map_or(0, Iterator::count);
    below(&dir.path().join("lock")) == 0
}

/// As many guards as the kind lets in at once.
fn fill(lock: &PathLock) -> Vec<Guard> {
    let holders = lock.kind().layout().holders_max().map_or(1, std::num::NonZeroU32::get);
    (0..holders).map(|_| lock.try_lock().unwrap()).collect()
}

#[test]
fn each_kind_lets_in_as_many_as_it_says() {
    for text in KINDS {
        let dir = scene();
        let lock = lock(&dir, text);
        let mut guards = fill(&lock);
        let error = lock.try_lock().unwrap_err();
        assert!(matches!(error.kind(), AcquireErrorKind::Held { .. }), "{text}: {error}");
        let late = lock.lock_for(Duration::from_millis(5)).unwrap_err();
        assert!(matches!(late.kind(), AcquireErrorKind::TimedOut { .. }), "{text}: {late}");
        guards.pop().unwrap().unlock().unwrap();
        drop(lock.try_lock().unwrap());
        drop(guards);
        assert!(is_clean(&dir), "{text}");
    }
}

#[test]
fn readers_share_and_a_writer_is_alone() {
    let dir = scene();
    let [reader, writer] = ["rw-read", "rw-write"].map(|text| lock(&dir, text));
    let readers = [reader.lock().unwrap(), reader.try_lock().unwrap()];
    writer.try_lock().unwrap_err();
    drop(readers);
    let alone = writer.lock().unwrap();
    reader.try_lock().unwrap_err();
    writer.try_lock().unwrap_err();
    alone.unlock().unwrap();
    assert!(is_clean(&dir));
}

#[test]
fn a_release_lets_in_the_next() {
    for text in KINDS {
        let dir = scene();
        let lock = lock(&dir, text);
        let mut guards = fill(&lock);
        let (give, taken) = channel();
        thread::scope(|scope| {
            scope.spawn(|| give.send(lock.lock().unwrap()).unwrap());
            guards.remove(0).unlock().unwrap();
            taken.recv_timeout(GUARD).expect(text).unlock().unwrap();
        });
        drop(guards);
        assert!(is_clean(&dir), "{text}");
    }
}

/// A process that holds a lock until it is killed.
struct Holder(Child);

impl Holder {
    fn start(lock: &PathLock) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "hold", "--nocapture"])
            .env(HOLD, format!("{}|{}", lock.kind(), lock.path().display()));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("HOLDS")), "{}: it ended", lock.kind());
        Self(process)
    }

    /// It stays a zombie until this is dropped.
    fn kill(&mut self) {
        self.0.kill().unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test of its own: what a [`Holder`] does.
#[test]
fn hold() {
    let Ok(task) = std::env::var(HOLD) else { return };
    let (text, path) = task.split_once('|').unwrap();
    let _guard = PathLock::open_kind(path, kind(text)).unwrap().lock().unwrap();
    std::io::stdout().write_all(b"\nHOLDS\n").unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn the_death_of_any_holder_lets_in_the_next() {
    for text in KINDS {
        let dir = scene();
        let lock = lock(&dir, text);
        let mut guards = fill(&lock);
        guards.pop().unwrap().unlock().unwrap();
        let mut holder = Holder::start(&lock);
        let (give, taken) = channel();
        thread::scope(|scope| {
            scope.spawn(|| give.send(lock.lock().unwrap()).unwrap());
            // It is seen to wait, or is told of the death at its first look: both have to work.
            holder.kill();
            taken.recv_timeout(GUARD).expect(text).unlock().unwrap();
        });
        drop(guards);
        lock.sweep().unwrap();
        assert!(is_clean(&dir), "{text}");
    }
}

/// Of each two different kinds, in either order.
fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS
        .into_iter()
        .flat_map(|one| KINDS.into_iter().map(move |other| (one, other)))
        .filter(|(one, other)| one != other)
}

fn assert_refused(holder: &PathLock, contender: &PathLock) {
    let error = contender.lock().unwrap_err();
    let wanted = (contender.kind(), holder.kind().layout());
    assert!(
        matches!(error.kind(), AcquireErrorKind::OtherKind { asked, stands } if (*asked, *stands) == wanted),
        "{} after {}: {error}",
        wanted.0,
        wanted.1
    );
}

#[test]
fn who_asks_for_another_kind_is_told_which_one_stands_there() {
    for (one, other) in pairs() {
        let dir = scene();
        let [holder, contender] = [one, other].map(|text| lock(&dir, text));
        let guard = holder.lock().unwrap();
        assert_refused(&holder, &contender);
        // It was opened while there was a holder of another kind.
        assert_refused(&holder, &lock(&dir, other));
        guard.unlock().unwrap();
        drop(contender.try_lock().unwrap());
        assert!(is_clean(&dir), "{one}, {other}");
    }
}

#[test]
fn a_dead_holder_of_another_kind_is_passed() {
    for (one, other) in pairs() {
        let dir = scene();
        let [dead, contender] = [one, other].map(|text| lock(&dir, text));
        let mut holder = Holder::start(&dead);
        holder.kill();
        holder.0.wait().unwrap(); // Or it may live for a moment still.
        contender.lock().unwrap().unlock().unwrap();
        assert!(is_clean(&dir), "{one}, {other}");
    }
}

#[test]
fn contenders_of_all_kinds_at_once_are_never_inside_together() {
    const ROUNDS: u32 = 150;
    let dir = scene();
    let inside: Mutex<Vec<Kind>> = Mutex::default();
    let (begin, told) = (Barrier::new(KINDS.len()), AtomicU32::new(0));
    let (inside, begin, told, dir) = (&inside, &begin, &told, &dir);
    let taken: Vec<u32> = thread::scope(|scope| {
        let contender = |text| {
            move || {
                let lock = lock(dir, text);
                begin.wait();
                let mut taken = 0;
                for _ in 0..ROUNDS {
                    match lock.lock_for(GUARD) {
                        Ok(guard) => {
                            let mut kinds = inside.lock().unwrap();
                            kinds.push(lock.kind());
                            assert!(kinds.iter().all(|kind| *kind == lock.kind()), "{kinds:?}");
                            drop(kinds);
                            thread::yield_now();
                            inside.lock().unwrap().retain(|kind| *kind != lock.kind());
                            guard.unlock().unwrap();
                            taken += 1;
                        }
                        Err(error) => {
                            assert!(matches!(error.kind(), AcquireErrorKind::OtherKind { .. }), "{text}: {error}");
                            told.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                taken
            }
        };
        let threads: Vec<_> = KINDS.into_iter().map(|text| scope.spawn(contender(text))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(taken.iter().sum::<u32>() > 0 && told.load(Ordering::Relaxed) > 0, "{taken:?}: nobody met anybody");
    assert!(is_clean(dir));
}

#[test]
fn the_bids_of_another_program_are_refused_and_stay() {
    let dir = scene();
    fs::create_dir(dir.path().join("lock")).unwrap();
    let bid = dir.path().join("lock/0b0b.json");
    fs::write(&bid, format!("{{\"PID\": {}, \"CREATED\": 1}}", u32::MAX)).unwrap();
    let holder = lock(&dir, "bid");
    for text in KINDS.into_iter().filter(|text| *text != "bid") {
        assert_refused(&holder, &lock(&dir, text));
    }
    let error = holder.try_lock().unwrap_err();
    assert!(
        matches!(error.kind(), AcquireErrorKind::Held { owner: Some(id) } if id.name().as_str() == "0b0b"),
        "{error}"
    );
    assert!(bid.exists() && holder.standing().unwrap().holders.len() == 1);
}

#[test]
fn a_contender_keeps_its_place_from_one_wait_to_the_next() {
    let at_once = Some(clock::Instant::new(Duration::ZERO));
    let dir = scene();
    let lock = lock(&dir, "queue");
    let guard = lock.lock().unwrap();
    let world = lock.world();
    let ids: Vec<Id> = (0..3).map(|_| Id::from(&lock.this_process().fresh_id().unwrap())).collect();
    let mut line: Vec<_> = ids.iter().map(|id| lock.contend_as(id)).collect();
    for contender in &mut line {
        contender.wait(&world, at_once).unwrap_err();
    }
    let waiting =
        |lock: &PathLock| -> Vec<Id> { lock.standing().unwrap().waiters.into_iter().map(|one| one.id).collect() };
    assert_eq!(waiting(&lock), ids);
    drop(line.remove(1));
    assert_eq!(waiting(&lock), [ids[0].clone(), ids[2].clone()]);
    line[1].wait(&world, at_once).unwrap_err();
    guard.unlock().unwrap();
    line[1].wait(&world, at_once).unwrap_err();
    line[0].wait(&world, at_once).unwrap();
    drop(line.remove(0));
    line[0].wait(&world, at_once).unwrap();
    line.remove(0).into_guard().unwrap().unlock().unwrap();
    assert!(is_clean(&dir));
}

#[test]
fn who_is_removed_from_the_line_by_force_is_told_so() {
    let dir = scene();
    let lock = lock(&dir, "queue");
    let _guard = lock.lock().unwrap();
    let id = Id::from(&lock.this_process().fresh_id().unwrap());
    let mut contender = lock.contend_as(&id);
    contender.wait(&lock.world(), Some(clock::Instant::new(Duration::ZERO))).unwrap_err();
    lock.recover(&id).unwrap();
    let error = contender.wait(&lock.world(), None).unwrap_err();
    assert!(matches!(error.kind(), AcquireErrorKind::Removed), "{error}");
}

#[test]
fn what_stands_there_is_told_of_every_kind() {
    for text in KINDS {
        let dir = scene();
        let lock = lock(&dir, text);
        assert!(PathLock::open(lock.path()).unwrap().standing().unwrap().layout.is_none());
        let guards = fill(&lock);
        let dead = Holder::start(&PathLock::open_kind(dir.path().join("other"), lock.kind()).unwrap());
        // Whoever looks need not know the kind.
        let standing = PathLock::open(lock.path()).unwrap().standing().unwrap();
        assert_eq!(standing.layout, Some(lock.kind().layout()));
        assert_eq!(standing.holders.len(), guards.len(), "{text}");
        assert!(standing.waiters.is_empty() && standing.stale().count() == 0);
        for holder in &standing.holders {
            assert!(guards.iter().any(|guard| *guard.id() == holder.id));
            assert_eq!((holder.kind, holder.liveness), (lock.kind(), Liveness::Alive));
            assert!(holder.since.is_some());
            assert_eq!(holder.slot.is_some(), text.starts_with("sem"));
            assert_eq!(holder.number.is_some(), !["fast", "bid"].contains(&text) && holder.slot.is_none());
        }
        drop(dead);
        let other = PathLock::open(dir.path().join("other")).unwrap().standing().unwrap();
        assert_eq!((other.holders.len(), other.stale().count()), (1, 1), "{text}");
    }
}

#[test]
fn tokens_grow_with_each_holder_and_a_lock_taken_away_gives_none() {
    for text in KINDS {
        let dir = scene();
        let lock = lock(&dir, text);
        let first = lock.lock().unwrap().token().unwrap();
        let guard = lock.lock().unwrap();
        assert!(guard.token().unwrap() > first);
        lock.recover(guard.id()).unwrap();
        assert_eq!(guard.token(), Err(FenceError::NotHeld), "{text}");
        assert_eq!(guard.unlock(), Err(LockError::NotOwner), "{text}");
        assert!(dir.path().join("lock.token").is_dir());
    }
}
