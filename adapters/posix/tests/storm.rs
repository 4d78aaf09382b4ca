//! Real processes fight for one lock while some of them are killed, and not one round is lost or done twice.
//!
//! A child does its rounds one after the other. In each it takes the lock and writes one record to a ledger. Two witnesses
//! that know nothing of the lock say whether it was alone: `flock`, which the kernel takes back from the dead, and the
//! record itself, which says how long the ledger was before, and must then stand at that place. A record is one write of
//! a few bytes that never cross a page, so a kill falls before it or after it. A child that is killed is started again and
//! goes on where the ledger says it was.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};
use lockwright_posix::{chance::ThreadChance, lock::PathLock};
use nix::{
    fcntl::{Flock, FlockArg},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

mod places;

use places::Place;

/// What a child needs to know: the directory, its number, and the kind of lock.
const CHILD: &str = "LOCKWRIGHT_TEST_STORM";

/// What a child exits with when a witness saw somebody else inside.
const OVERLAP: i32 = 3;

/// Bytes of a record: child, round and place in the ledger, 4 bytes each, and 4 to make it a divisor of a page.
const RECORD: usize = 16;

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(2);

const CHILDREN: u32 = 32;
const ROUNDS: u32 = 200;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 24;

/// The lock that the children take, and two that are none, to see whether the storm would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Real,
    /// No lock at all.
    None,
    /// The real one, with a probe that takes the living for dead now and then.
    Hasty,
}

/// One round, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    child: u32,
    round: u32,
    place: u32,
}

impl Record {
    fn to_bytes(self) -> [u8; RECORD] {
        let words = [self.child, self.round, self.place, u32::MAX].map(u32::to_le_bytes);
        words.concat().try_into().expect("four words")
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[4 * at..4 * at + 4].try_into().expect("a word"));
        assert_eq!(word(3), u32::MAX, "a record was torn");
        Self { child: word(0), round: word(1), place: word(2) }
    }
}

fn ledger(dir: &Path) -> Vec<Record> {
    let bytes = fs::read(dir.join("ledger")).unwrap();
    assert_eq!(bytes.len() % RECORD, 0, "a record was torn");
    bytes.chunks(RECORD).map(Record::from_bytes).collect()
}

/// Not a test of its own: one child of the storm.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let [dir, number, kind] = task.split('|').collect::<Vec<_>>().try_into().unwrap();
    let (dir, number) = (PathBuf::from(dir), number.parse().unwrap());
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(b"\n!").unwrap(); // After what the test harness has to say.
    stdout.flush().unwrap();
    let done = ledger(&dir).iter().filter(|record| record.child == number).count();
    let lock = PathLock::open(dir.join("lock")).unwrap();
    for round in u32::try_from(done).unwrap()..ROUNDS {
        let mut alone = || inside(&dir, number, round, &mut stdout);
        match kind {
            "Real" => {
                let guard = lock.lock().unwrap();
                alone();
                guard.unlock().unwrap();
            }
            "None" => alone(),
            "Hasty" => hastily(&lock, alone),
            other => panic!("no such lock: {other}"),
        }
    }
}

/// What a child does under the lock.
fn inside(dir: &Path, child: u32, round: u32, report: &mut impl Write) {
    let witness = File::open(dir.join("witness")).unwrap();
    let Ok(witness) = Flock::lock(witness, FlockArg::LockExclusiveNonblock) else {
        std::process::exit(OVERLAP);
    };
    let mut ledger = File::options().append(true).open(dir.join("ledger")).unwrap();
    let place = u32::try_from(ledger.metadata().unwrap().len() / RECORD as u64).unwrap();
    // Told before and written after, so that a kill can fall in between.
    report.write_all(&[u8::try_from(child).unwrap()]).unwrap();
    report.flush().unwrap();
    ledger.write_all(&Record { child, round, place }.to_bytes()).unwrap();
    drop(witness);
}

/// Sees a dead owner where there is a living one, one time in eight.
struct Hasty;

impl Probe for Hasty {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(if fastrand::u8(..8) == 0 { Liveness::Dead } else { Liveness::Alive })
    }
}

fn hastily(path: &PathLock, alone: impl FnOnce()) {
    let lock = FastLock::new(path.fs().clone(), "lock".parse().unwrap(), Leaf::File);
    let lock = CheckLock::new(lock, Hasty, ThreadChance);
    let me = Id::from(&path.this_process().fresh_id().unwrap());
    while lock.try_lock(&me).is_err() {
        std::thread::yield_now();
    }
    alone();
    match lock.unlock(&me) {
        Ok(()) | Err(LockError::NotOwner) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A running child, and where it reports its rounds.
struct Runner {
    process: Child,
    reports: ChildStdout,
}

impl Runner {
    fn start(dir: &Path, number: u32, kind: Kind) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, format!("{}|{number}|{kind:?}", dir.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let reports = process.stdout.take().unwrap();
        Self { process, reports }
    }
}

/// How a storm went.
#[derive(Debug, Default)]
struct Outcome {
    kills: u32,
    /// Children that saw somebody else inside.
    overlaps: u32,
    /// Records that do not stand where they say.
    misplaced: usize,
    took: Duration,
}

/// One storm at a time, so that each has the machine.
static TURN: Mutex<()> = Mutex::new(());

/// Lets a storm run in `dir` until every child has done its rounds or a witness has seen two inside.
fn storm(dir: &Path, kind: Kind) -> Outcome {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for file in ["witness", "ledger"] {
        fs::write(dir.join(file), b"").unwrap();
    }
    let begin = Instant::now();
    let mut outcome = Outcome::default();
    let mut chance = fastrand::Rng::with_seed(7);
    let mut runners: Vec<_> = (0..CHILDREN).map(|number| Some(Runner::start(dir, number, kind))).collect();
    while runners.iter().any(Option::is_some) {
        let Some(ready) = wait_for_report(&runners, begin) else {
            let owner = PathLock::open(dir.join("lock")).unwrap().owner();
            stop(&mut runners);
            panic!("somebody waits for ever; the lock's owner is {owner:?}");
        };
        for number in ready {
            match read_reports(&mut runners[number]) {
                Some(status) if status.success() => runners[number] = None,
                Some(status) => {
                    assert_eq!(status.code(), Some(OVERLAP), "a child failed");
                    outcome.overlaps += 1;
                }
                None if chance.u32(..KILL_EVERY) == 0 => {
                    // The one that reported is inside, or was just now; the others mostly wait.
                    let victim = if chance.bool() { number } else { chance.usize(..runners.len()) };
                    if let Some(runner) = &mut runners[victim] {
                        runner.process.kill().unwrap();
                        let status = runner.process.wait().unwrap();
                        outcome.kills += u32::from(status.code().is_none());
                        outcome.overlaps += u32::from(status.code() == Some(OVERLAP));
                        let number = u32::try_from(victim).unwrap();
                        runners[victim] = Some(Runner::start(dir, number, kind));
                    }
                }
                None => {}
            }
        }
        if outcome.overlaps > 0 {
            stop(&mut runners);
            break;
        }
    }
    outcome.took = begin.elapsed();
    let places = ledger(dir).into_iter().enumerate();
    outcome.misplaced = places.filter(|(place, record)| record.place as usize != *place).count();
    outcome
}

/// The numbers of the children that have something to say; `None` when none has until the guard's time is over.
fn wait_for_report(runners: &[Option<Runner>], begin: Instant) -> Option<Vec<usize>> {
    let (numbers, mut fds): (Vec<_>, Vec<_>) = runners
        .iter()
        .enumerate()
        .filter_map(|(number, runner)| Some((number, PollFd::new(runner.as_ref()?.reports.as_fd(), PollFlags::POLLIN))))
        .unzip();
    let left = GUARD.checked_sub(begin.elapsed())?;
    let ready = poll(&mut fds, PollTimeout::try_from(left).unwrap()).unwrap();
    let told = numbers.into_iter().zip(&fds).filter(|(_, fd)| fd.any() == Some(true));
    (ready > 0).then(|| told.map(|(number, _)| number).collect())
}

/// Reads what a child reports; how it ended, when that was its end.
fn read_reports(runner: &mut Option<Runner>) -> Option<ExitStatus> {
    let runner = runner.as_mut()?;
    match runner.reports.read(&mut [0; 64]).unwrap() {
        0 => Some(runner.process.wait().unwrap()),
        _ => None,
    }
}

fn stop(runners: &mut [Option<Runner>]) {
    for runner in runners.iter_mut().flatten() {
        let _ = runner.process.kill();
        let _ = runner.process.wait();
    }
}

/// The real lock stands the storm, and leaves nothing behind.
fn stands(place: &Place) {
    let outcome = storm(&place.dir, Kind::Real);
    assert_eq!((outcome.overlaps, outcome.misplaced), (0, 0), "{}: two were inside", place.name);
    let mut rounds = vec![0; CHILDREN as usize];
    for record in ledger(&place.dir) {
        let next = &mut rounds[record.child as usize];
        assert_eq!(record.round, *next, "{}: child {} skipped or repeated a round", place.name, record.child);
        *next += 1;
    }
    assert_eq!(rounds, vec![ROUNDS; CHILDREN as usize], "{}", place.name);
    // Those that were killed last are swept by whoever comes next.
    let lock = PathLock::open(place.dir.join("lock")).unwrap();
    lock.lock().unwrap().unlock().unwrap();
    assert!(!lock.path().exists(), "{}: something is left of the lock", place.name);
    assert!(outcome.kills > 0, "nobody was killed, so nothing was tried");
    let (name, Outcome { kills, took, .. }) = (place.name, outcome);
    let figures = format!("{name}: {CHILDREN} x {ROUNDS} rounds, {kills} kills, {took:.1?}\n");
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}

#[test]
fn the_lock_stands_the_storm_in_memory() {
    stands(&places::at_hand()[0]);
}

#[test]
fn the_lock_stands_the_storm_on_disk() {
    match places::mounted(&["ext4"]).first() {
        Some(ext4) => stands(ext4),
        None => stands(&places::at_hand()[1]),
    }
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let outcome = storm(&places::at_hand()[0].dir, Kind::None);
    assert!(outcome.overlaps > 0 || outcome.misplaced > 0, "{outcome:?}");
}

#[test]
fn the_storm_notices_a_probe_that_takes_the_living_for_dead() {
    let outcome = storm(&places::at_hand()[0].dir, Kind::Hasty);
    assert!(outcome.overlaps > 0 || outcome.misplaced > 0, "{outcome:?}");
}
