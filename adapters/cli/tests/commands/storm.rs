//! 32 supervisors at a time fight for one lock of each kind while some are killed, never are more inside than the kind lets
//! in, and not one round is lost or done twice.
//!
//! A round is one `lockwright run` of a command that writes one record to a ledger. Two witnesses that know nothing of
//! the lock say who else was inside: `flock`, which the kernel takes back from the dead, on as many files as may be inside, or
//! shared by readers; and, where a command is alone, the record itself, which names its place in the ledger. A supervisor is killed when its command reports, so it holds the lock, or as
//! somebody else's command does, so it waits, or starts, or ends. Of a kind with a line the command also looks at the line,
//! whether somebody stands there who comes before it. A slot whose supervisor was killed goes on where the
//! ledger says it was.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::fcntl::FlockArg;

use crate::{
    order::is_its_turn,
    places, reports,
    seats::{self, OVERLAP, Seat},
    support::code,
};

/// Tells the command its directory, its slot, and the kind of the lock around it.
const COMMAND: &str = "LOCKWRIGHT_TEST_STORM";

/// What the command exits with when somebody before it in line had not been served.
const OVERTAKEN: i32 = 4;

/// Bytes of a record: slot and place in the ledger, 4 each.
const RECORD: usize = 8;

/// When nobody has reported for so long, those who are left wait for ever.
const GUARD: Duration = Duration::from_mins(1);

const SLOTS: usize = 32;

/// How many rounds each slot does: of the default kind, more than 2,000 in memory and on disk together, and of each other. Most of what a round takes
/// goes into the tries of the 31 that wait, whom every release wakes.
const ROUNDS: usize = 35;
const ROUNDS_OF_OTHERS: usize = 8;

/// One report in so many ends with a kill, of the default kind and of the others.
const KILL_EVERY: u32 = 24;
const KILL_EVERY_OF_OTHERS: u32 = 8;

/// Not a test of its own: the command that runs under the lock.
#[test]
fn command() {
    let Some(task) = std::env::var_os(COMMAND) else { return };
    let task = task.into_string().expect("UTF-8");
    let [dir, slot, kind] = task.split('|').collect::<Vec<_>>().try_into().expect("a directory, a slot and a kind");
    let dir = PathBuf::from(dir);
    let _witness = witness(&dir, kind);
    let id = std::env::var("LOCKWRIGHT_ID").unwrap_or_default();
    if !is_its_turn(&dir.join("lock"), kind, &id) {
        std::process::exit(OVERTAKEN);
    }
    let mut ledger = File::options().append(true).open(dir.join("ledger")).expect("a file");
    let place = u32::try_from(ledger.metadata().expect("a file").len() / RECORD as u64).expect("a small number");
    // Told before and written after, so that a kill can fall in between.
    std::io::stdout().write_all(b"!\n").expect("a pipe");
    let slot: u32 = slot.parse().expect("a number");
    // One write of a few bytes: a kill falls before it or after it.
    ledger.write_all(&[slot.to_le_bytes(), place.to_le_bytes()].concat()).expect("room");
}

/// Sees whether there is room inside; ends the command if not.
fn witness(dir: &Path, kind: &str) -> Seat {
    let how = if kind == "rw-read" { FlockArg::LockSharedNonblock } else { FlockArg::LockExclusiveNonblock };
    seats::sit(dir, seats(kind), how)
}

/// How many a kind lets in, other than readers.
fn seats(kind: &str) -> u32 {
    kind.split_once('=').map_or(1, |(_, seats)| seats.parse().expect("a number"))
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
    fn start(dir: &Path, slot: usize, kinds: &Kinds) -> Self {
        let me = std::env::current_exe().expect("a test");
        let kind = kinds.of(slot);
        let mut command = if *kinds == Kinds::None {
            Command::new(me)
        } else {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
            command.args(["run", "--kind", kind]).arg(dir.join("lock")).arg("--").arg(me);
            command
        };
        command.args(["--exact", "storm::command", "--nocapture", "--quiet", "--test-threads=1"]);
        command.env(COMMAND, format!("{}|{slot}|{kind}", dir.display()));
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

/// What the slots take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    /// No lock, to see whether the storm would notice.
    None,
    /// All of them this kind.
    All(&'static str),
    /// Every third writes, and the others read.
    ReadWrite,
}

impl Kinds {
    fn of(self, slot: usize) -> &'static str {
        match self {
            Self::None => "fast",
            Self::All(kind) => kind,
            Self::ReadWrite if slot.is_multiple_of(3) => "rw-write",
            Self::ReadWrite => "rw-read",
        }
    }

    /// Whether who is inside is alone, so that the places in the ledger have to be right.
    fn is_exclusive(self) -> bool {
        self != Self::ReadWrite && seats(self.of(0)) == 1
    }

    fn is_default(self) -> bool {
        matches!(self, Self::None | Self::All("fast"))
    }

    fn rounds(self) -> usize {
        if self.is_default() { ROUNDS } else { ROUNDS_OF_OTHERS }
    }

    fn kill_every(self) -> u32 {
        if self.is_default() { KILL_EVERY } else { KILL_EVERY_OF_OTHERS }
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
    /// How often somebody before it in line had not been served.
    overtaken: usize,
    misplaced: usize,
    took: Duration,
}

/// Lets a storm run in `dir` until each slot has done its rounds, or somebody was not alone or overtaken.
fn storm(dir: &Path, kinds: Kinds) -> Outcome {
    seats::make(dir);
    fs::write(dir.join("ledger"), b"").expect("room");
    let begin = Instant::now();
    let mut outcome = Outcome::default();
    let mut chance = fastrand::Rng::with_seed(7);
    let mut left = [kinds.rounds(); SLOTS];
    let mut rounds: Vec<_> = (0..SLOTS).map(|slot| Some(Round::start(dir, slot, &kinds))).collect();
    while rounds.iter().any(Option::is_some) && outcome.overlaps + outcome.overtaken == 0 {
        let pipes = rounds.iter().map(|round| Some(round.as_ref()?.reports.as_fd()));
        let Some(ready) = reports::wait(pipes, GUARD) else {
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
                if told && chance.u32(..kinds.kill_every()) == 0 {
                    let victim = if chance.bool() { slot } else { chance.usize(..SLOTS) };
                    rounds[victim].iter_mut().for_each(Round::kill);
                }
                continue;
            }
            left[slot] = finish(dir, slot, round, left[slot], kinds, &mut outcome);
            rounds[slot] = (left[slot] > 0).then(|| Round::start(dir, slot, &kinds));
        }
    }
    stop(&mut rounds);
    outcome.took = begin.elapsed();
    outcome.misplaced = ledger(dir).1;
    outcome
}

/// Takes note of a round that has ended, and says how many are left for the slot.
fn finish(dir: &Path, slot: usize, round: &mut Round, left: usize, kinds: Kinds, outcome: &mut Outcome) -> usize {
    let status = round.supervisor.wait().expect("a child");
    match status.code() {
        Some(0) => left - 1,
        Some(OVERLAP) => {
            outcome.overlaps += 1;
            left
        }
        Some(OVERTAKEN) => {
            outcome.overtaken += 1;
            left
        }
        None if round.killed => {
            outcome.kills += 1;
            outcome.kills_inside += usize::from(round.told);
            kinds.rounds() - done(dir, slot)
        }
        _ => panic!("a round failed: {status}"),
    }
}

fn stop(rounds: &mut [Option<Round>]) {
    for round in rounds.iter_mut().flatten() {
        let _ = round.supervisor.kill();
        let _ = round.supervisor.wait();
    }
}

/// The lock stands the storm, and leaves nothing behind.
fn stands(name: &str, dir: &Path, kinds: Kinds) {
    let outcome = storm(dir, kinds);
    assert_eq!(outcome.overlaps, 0, "{name}, {kinds:?}: too many were inside: {outcome:?}");
    assert_eq!(outcome.overtaken, 0, "{name}, {kinds:?}: not in the order of the line: {outcome:?}");
    assert!(outcome.misplaced == 0 || !kinds.is_exclusive(), "{name}, {kinds:?}: two were inside: {outcome:?}");
    let mut rounds = [0; SLOTS];
    ledger(dir).0.into_iter().for_each(|slot| rounds[slot] += 1);
    assert_eq!(rounds, [kinds.rounds(); SLOTS], "{name}, {kinds:?}: a round was lost or done twice");
    // Those that were killed last are swept by whoever comes next to tidy up.
    for command in [&["run", "--kind", kinds.of(0)][..], &["unlock", "--kind", kinds.of(0)]] {
        let mut last = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        last.args(command).arg(dir.join("lock"));
        let last = if command[0] == "run" { last.arg("true").output() } else { last.output() };
        assert_eq!(code(&last.expect("a process")), 0);
    }
    let left = fs::read_dir(dir.join("lock")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{name}, {kinds:?}: something is left of the lock");
    let killed_waiting = outcome.kills - outcome.kills_inside;
    assert!(outcome.kills_inside > 0 && killed_waiting > 0, "{name}, {kinds:?}: {outcome:?}");
    assert!(outcome.kills >= 20 || !kinds.is_default(), "{name}, {kinds:?}: too few were killed: {outcome:?}");
    writeln!(std::io::stderr(), "{name}, {kinds:?}: {SLOTS} x {} rounds, {outcome:.1?}", kinds.rounds())
        .expect("stderr");
}

fn stand_on_disk(kinds: &[Kinds]) {
    let [mounted, at_hand] = [places::mounted(&["ext4"]), places::at_hand()];
    let (name, place) = mounted.first().map_or(("the file system of the build", &at_hand[1]), |ext4| ("ext4", ext4));
    for kinds in kinds {
        stands(name, &place.dir, *kinds);
    }
}

const OTHERS: [Kinds; 5] =
    [Kinds::All("bid"), Kinds::All("queue"), Kinds::All("sem=3"), Kinds::All("fair-sem=3"), Kinds::ReadWrite];

#[test]
fn the_lock_stands_the_storm_in_memory() {
    stands("tmpfs", &places::at_hand()[0].dir, Kinds::All("fast"));
}

#[test]
fn the_lock_stands_the_storm_on_disk() {
    stand_on_disk(&[Kinds::All("fast")]);
}

#[test]
fn locks_of_the_other_kinds_stand_the_storm_in_memory() {
    let place = &places::at_hand()[0];
    for kinds in OTHERS {
        stands("tmpfs", &place.dir, kinds);
    }
}

#[test]
fn locks_of_the_other_kinds_stand_the_storm_on_disk() {
    stand_on_disk(&OTHERS);
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let outcome = storm(&places::at_hand()[0].dir, Kinds::None);
    assert!(outcome.overlaps > 0 || outcome.misplaced > 0, "{outcome:?}");
}
