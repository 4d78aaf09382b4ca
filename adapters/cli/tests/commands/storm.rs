//! 32 supervisors at a time fight for one lock while some are killed, and not one round is lost or done twice.
//!
//! A round is one `lockwright run` of a command that writes one record to a ledger. Two witnesses that know nothing of
//! the lock say whether the command was alone: `flock`, which the kernel takes back from the dead, and the record itself,
//! which names its place in the ledger. A supervisor is killed when its command reports, so it holds the lock, or as
//! somebody else's command does, so it waits, or starts, or ends. A slot whose supervisor was killed goes on where the
//! ledger says it was.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    fcntl::{Flock, FlockArg},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use crate::{places, support::code};

/// Tells the command its directory and its slot.
const COMMAND: &str = "LOCKWRIGHT_TEST_STORM";

/// What the command exits with when it was not alone.
const OVERLAP: i32 = 3;

/// Bytes of a record: slot and place in the ledger, 4 each.
const RECORD: usize = 8;

/// When nobody has reported for so long, those who are left wait for ever.
const GUARD: Duration = Duration::from_mins(1);

const SLOTS: usize = 32;
const ROUNDS: usize = 200;

/// One report in so many ends with a kill.
const KILL_EVERY: u32 = 24;

/// Not a test of its own: the command that runs under the lock.
#[test]
fn command() {
    let Some(task) = std::env::var_os(COMMAND) else { return };
    let task = task.into_string().expect("UTF-8");
    let (dir, slot) = task.split_once('|').expect("a directory and a slot");
    let dir = PathBuf::from(dir);
    let witness = File::open(dir.join("witness")).expect("a file");
    let Ok(_witness) = Flock::lock(witness, FlockArg::LockExclusiveNonblock) else {
        std::process::exit(OVERLAP);
    };
    let mut ledger = File::options().append(true).open(dir.join("ledger")).expect("a file");
    let place = u32::try_from(ledger.metadata().expect("a file").len() / RECORD as u64).expect("a small number");
    // Told before and written after, so that a kill can fall in between.
    std::io::stdout().write_all(b"!\n").expect("a pipe");
    let slot: u32 = slot.parse().expect("a number");
    // One write of a few bytes: a kill falls before it or after it.
    ledger.write_all(&[slot.to_le_bytes(), place.to_le_bytes()].concat()).expect("room");
}

/// The slots of the ledger's records, in order, and how many do not stand where they say.
fn ledger(dir: &Path) -> (Vec<usize>, usize) {
    let bytes = fs::read(dir.join("ledger")).expect("a file");
    assert_eq!(bytes.len() % RECORD, 0, "a record was torn");
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("4 bytes")) as usize;
    let records = bytes.chunks(RECORD).map(|record| (word(&record[..4]), word(&record[4..])));
    let misplaced = records.clone().enumerate().filter(|(place, (_, says))| place != says).count();
    (records.map(|(slot, _)| slot).collect(), misplaced)
}

fn done(dir: &Path, slot: usize) -> usize {
    ledger(dir).0.into_iter().filter(|of| *of == slot).count()
}

/// A round under way, and the pipe that is at its end once its supervisor and its command are gone.
struct Round {
    supervisor: Child,
    reports: ChildStdout,
    killed: bool,
    told: bool,
}

impl Round {
    fn start(dir: &Path, slot: usize, locked: bool) -> Self {
        let me = std::env::current_exe().expect("a test");
        let mut command = if locked {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
            command.arg("run").arg(dir.join("lock")).arg("--").arg(me);
            command
        } else {
            Command::new(me)
        };
        command.args(["--exact", "storm::command", "--nocapture", "--quiet", "--test-threads=1"]);
        command.env(COMMAND, format!("{}|{slot}", dir.display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut supervisor = command.spawn().expect("a process");
        let reports = supervisor.stdout.take().expect("a pipe");
        Self { supervisor, reports, killed: false, told: false }
    }

    fn kill(&mut self) {
        self.supervisor.kill().expect("a child");
        self.killed = true;
    }
}

/// How a storm went.
#[derive(Debug, Default)]
struct Outcome {
    /// Supervisors that were killed before their end.
    kills: usize,
    /// Those among them whose command had already reported that it was in.
    kills_inside: usize,
    overlaps: usize,
    misplaced: usize,
    took: Duration,
}

/// Lets a storm run in `dir` until each slot has done its rounds, or somebody was not alone.
fn storm(dir: &Path, locked: bool) -> Outcome {
    for file in ["witness", "ledger"] {
        fs::write(dir.join(file), b"").expect("room");
    }
    let begin = Instant::now();
    let mut outcome = Outcome::default();
    let mut chance = fastrand::Rng::with_seed(7);
    let mut left = [ROUNDS; SLOTS];
    let mut rounds: Vec<_> = (0..SLOTS).map(|slot| Some(Round::start(dir, slot, locked))).collect();
    while rounds.iter().any(Option::is_some) && outcome.overlaps == 0 {
        let Some(ready) = wait_for_reports(&rounds) else {
            stop(&mut rounds);
            panic!("{}: nobody goes on; rounds left: {left:?}", dir.display());
        };
        for slot in ready {
            let Some(round) = &mut rounds[slot] else { continue };
            let mut report = [0; 256];
            let length = round.reports.read(&mut report).expect("a pipe");
            if length > 0 {
                let told = !round.told && report[..length].contains(&b'!');
                round.told |= told;
                if told && chance.u32(..KILL_EVERY) == 0 {
                    let victim = if chance.bool() { slot } else { chance.usize(..SLOTS) };
                    rounds[victim].iter_mut().for_each(Round::kill);
                }
                continue;
            }
            left[slot] = finish(dir, slot, round, left[slot], &mut outcome);
            rounds[slot] = (left[slot] > 0).then(|| Round::start(dir, slot, locked));
        }
    }
    stop(&mut rounds);
    outcome.took = begin.elapsed();
    outcome.misplaced = ledger(dir).1;
    outcome
}

/// Takes note of a round that has ended, and says how many are left for the slot.
fn finish(dir: &Path, slot: usize, round: &mut Round, left: usize, outcome: &mut Outcome) -> usize {
    let status = round.supervisor.wait().expect("a child");
    match status.code() {
        Some(0) => left - 1,
        Some(OVERLAP) => {
            outcome.overlaps += 1;
            left
        }
        None if round.killed => {
            outcome.kills += 1;
            outcome.kills_inside += usize::from(round.told);
            ROUNDS - done(dir, slot)
        }
        _ => panic!("a round failed: {status}"),
    }
}

/// The slots that have something to say; `None` when none has for the guard's time.
fn wait_for_reports(rounds: &[Option<Round>]) -> Option<Vec<usize>> {
    let slots = rounds.iter().enumerate();
    let (slots, mut fds): (Vec<_>, Vec<_>) = slots
        .filter_map(|(slot, round)| Some((slot, PollFd::new(round.as_ref()?.reports.as_fd(), PollFlags::POLLIN))))
        .unzip();
    let ready = poll(&mut fds, PollTimeout::try_from(GUARD).expect("a short time")).expect("poll");
    let told = slots.into_iter().zip(&fds).filter(|(_, fd)| fd.any() == Some(true));
    (ready > 0).then(|| told.map(|(slot, _)| slot).collect())
}

fn stop(rounds: &mut [Option<Round>]) {
    for round in rounds.iter_mut().flatten() {
        let _ = round.supervisor.kill();
        let _ = round.supervisor.wait();
    }
}

/// The lock stands the storm, and leaves nothing behind.
fn stands(name: &str, dir: &Path) {
    let outcome = storm(dir, true);
    assert_eq!((outcome.overlaps, outcome.misplaced), (0, 0), "{name}: two were inside: {outcome:?}");
    let mut rounds = [0; SLOTS];
    ledger(dir).0.into_iter().for_each(|slot| rounds[slot] += 1);
    assert_eq!(rounds, [ROUNDS; SLOTS], "{name}: a round was lost or done twice");
    // Those that were killed last are swept by whoever comes next.
    let last = Command::new(env!("CARGO_BIN_EXE_lockwright")).arg("run").arg(dir.join("lock")).arg("true").output();
    assert_eq!(code(&last.expect("a process")), 0);
    assert!(!dir.join("lock").exists(), "{name}: something is left of the lock");
    assert!(outcome.kills_inside > 0 && outcome.kills > outcome.kills_inside, "{name}: {outcome:?}");
    writeln!(std::io::stderr(), "{name}: {SLOTS} x {ROUNDS} rounds, {outcome:.1?}").expect("stderr");
}

#[test]
fn the_lock_stands_the_storm_in_memory() {
    stands("tmpfs", &places::at_hand()[0].dir);
}

#[test]
fn the_lock_stands_the_storm_on_disk() {
    match places::mounted(&["ext4"]).first() {
        Some(ext4) => stands("ext4", &ext4.dir),
        None => stands("the file system of the build", &places::at_hand()[1].dir),
    }
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let outcome = storm(&places::at_hand()[0].dir, false);
    assert!(outcome.overlaps > 0 || outcome.misplaced > 0, "{outcome:?}");
}
