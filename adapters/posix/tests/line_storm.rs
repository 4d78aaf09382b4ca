//! Real processes stand in line while some of them are killed: never are more inside than the rule lets in, everybody
//! alive is served, in the order of the tickets, and nothing is left behind.
//!
//! Who is inside is witnessed by `flock`, which knows nothing of the line and which the kernel takes back from the dead:
//! a writer or the only holder locks a file alone, a reader shares it, and each of so many holders finds one of so many
//! files. The order is witnessed by a journal, to which each child writes one record in one call: before it joins, after
//! it has joined, when its turn has come, and before it leaves.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    num::NonZeroU32,
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    blocking,
    id::Id,
    wait_queue::{Admission, Place, QueueError, Ticket, WaitQueue, Want},
};
use lockwright_posix::{
    chance::ThreadChance, fs::PosixFs, lock::PathLock, probe::ProcProbe, process::ThisProcess, watch::PosixWorld,
};
use nix::{
    fcntl::{Flock, FlockArg},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

mod places;

use places::Place as On;

/// What a child needs to know: the directory, its number, and the kind of queue.
const CHILD: &str = "LOCKWRIGHT_TEST_LINE_STORM";

/// What a child exits with when a witness saw too many inside.
const OVERLAP: i32 = 3;

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(3);

const CHILDREN: u32 = 16;
const ROUNDS: usize = 60;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 20;

/// How many the semaphore lets in.
const SEATS: u32 = 3;

/// The line that the children stand in, and two that are none, to see whether the storm would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lock,
    Semaphore,
    ReadWrite,
    /// One at a time is said, and two are let in.
    TwoForOne,
    /// They take tickets, and then another lock, which knows no order.
    Unordered,
}

impl Kind {
    fn named(name: &str) -> Self {
        let all = [Self::Lock, Self::Semaphore, Self::ReadWrite, Self::TwoForOne, Self::Unordered];
        all.into_iter().find(|kind| format!("{kind:?}") == name).unwrap()
    }

    /// What the witnesses hold it to.
    fn rule(self) -> Admission {
        match self {
            Self::Semaphore => Admission::First(NonZeroU32::new(SEATS).unwrap()),
            Self::ReadWrite => Admission::ReadWrite,
            _ => Admission::ONE,
        }
    }

    fn queue(self, dir: &Path) -> Queue {
        let fs = PosixFs::open(dir).unwrap();
        let probe = ProcProbe::new(&fs);
        let two = Admission::First(NonZeroU32::new(2).unwrap());
        let rule = if self == Self::TwoForOne { two } else { self.rule() };
        WaitQueue::new(fs, probe, ThreadChance, "line".parse().unwrap(), rule)
    }
}

type Queue = WaitQueue<PosixFs, ProcProbe, ThreadChance>;

/// What happened, in the order in which it happens to a contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Joins,
    Joined,
    Served,
    Leaves,
}

/// One line of the journal.
#[derive(Clone, Copy, Debug)]
struct Record {
    what: What,
    want: Want,
    child: u16,
    /// Of the child's process. Together they name a contender.
    pid: u32,
    round: u32,
    number: u32,
}

const RECORD: usize = 16;

impl Record {
    fn to_bytes(self) -> [u8; RECORD] {
        let head = [self.what as u8, u8::from(self.want == Want::Shared)];
        let words = [self.pid, self.round, self.number].map(u32::to_le_bytes).concat();
        [&head[..], &self.child.to_le_bytes(), &words].concat().try_into().expect("sixteen bytes")
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("a word"));
        let what = [What::Joins, What::Joined, What::Served, What::Leaves][usize::from(bytes[0])];
        let want = if bytes[1] == 0 { Want::Alone } else { Want::Shared };
        let child = u16::from_le_bytes([bytes[2], bytes[3]]);
        Self { what, want, child, pid: word(4), round: word(8), number: word(12) }
    }
}

fn journal(dir: &Path) -> Vec<Record> {
    let bytes = fs::read(dir.join("journal")).unwrap();
    assert_eq!(bytes.len() % RECORD, 0, "a record was torn");
    bytes.chunks(RECORD).map(Record::from_bytes).collect()
}

/// Not a test of its own: one child of the storm.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let [dir, number, kind] = task.split('|').collect::<Vec<_>>().try_into().unwrap();
    let (dir, child, kind) = (PathBuf::from(dir), number.parse().unwrap(), Kind::named(kind));
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(b"\n!").unwrap(); // After what the test harness has to say.
    stdout.flush().unwrap();
    let done = journal(&dir).iter().filter(|record| record.child == child && record.what == What::Leaves).count();
    let (queue, me) = (kind.queue(&dir), ThisProcess::new().unwrap());
    let world = PosixWorld::new(&PosixFs::open(&dir).unwrap());
    let mut journal = File::options().append(true).open(dir.join("journal")).unwrap();
    for round in u32::try_from(done).unwrap().. {
        if round as usize == ROUNDS {
            break;
        }
        let shares = kind == Kind::ReadWrite && fastrand::bool();
        let want = if shares { Want::Shared } else { Want::Alone };
        let mut record = Record { what: What::Joins, want, child, pid: std::process::id(), round, number: 0 };
        let mut note = |what, number: u64| {
            record = Record { what, number: u32::try_from(number).unwrap(), ..record };
            journal.write_all(&record.to_bytes()).unwrap();
        };
        note(What::Joins, 0);
        let mut ticket = join(&queue, &Id::from(&me.fresh_id().unwrap()), want);
        let number = ticket.place.number;
        note(What::Joined, number);
        let other = match kind {
            Kind::Unordered => Some(PathLock::open(dir.join("other")).unwrap().lock().unwrap()),
            _ => blocking::in_line(&queue, &mut ticket, &world, None).map(|()| None).unwrap(),
        };
        note(What::Served, number);
        let witness = witness(&dir, kind.rule(), want);
        stdout.write_all(&[u8::try_from(child).unwrap()]).unwrap();
        stdout.flush().unwrap();
        note(What::Leaves, number);
        drop(witness);
        queue.leave(&ticket).unwrap();
        drop(other);
    }
}

fn join(queue: &Queue, me: &Id, want: Want) -> Ticket {
    loop {
        match queue.join(me, want) {
            Ok(ticket) => return ticket,
            Err(QueueError::Disturbed) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sees whether there is room inside; ends the child if not.
fn witness(dir: &Path, rule: Admission, want: Want) -> Flock<File> {
    let seats = match rule {
        Admission::First(count) => count.get(),
        Admission::ReadWrite => 1,
    };
    let how = if want == Want::Shared { FlockArg::LockSharedNonblock } else { FlockArg::LockExclusiveNonblock };
    let mut locked = (0..seats).filter_map(|seat| {
        let file = File::open(dir.join(format!("seat{seat}"))).unwrap();
        Flock::lock(file, how).ok()
    });
    locked.next().unwrap_or_else(|| std::process::exit(OVERLAP))
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

/// One storm at a time, so that each has the machine.
static TURN: Mutex<()> = Mutex::new(());

/// Lets a storm run in `dir` until every child has done its rounds or a witness has seen too many inside. How many were
/// killed, and how many saw others.
fn storm(dir: &Path, kind: Kind) -> (u32, u32) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for file in ["journal", "seat0", "seat1", "seat2"] {
        fs::write(dir.join(file), b"").unwrap();
    }
    let (begin, mut kills, mut overlaps) = (Instant::now(), 0, 0);
    let mut chance = fastrand::Rng::with_seed(7);
    let mut runners: Vec<_> = (0..CHILDREN).map(|number| Some(Runner::start(dir, number, kind))).collect();
    while runners.iter().any(Option::is_some) && overlaps == 0 {
        let Some(ready) = wait_for_report(&runners, begin) else {
            let line = kind.queue(dir).contenders();
            stop(&mut runners);
            panic!("somebody waits for ever; in line are {line:?}");
        };
        for number in ready {
            let Some(runner) = &mut runners[number] else { continue };
            if runner.reports.read(&mut [0; 64]).unwrap() == 0 {
                let status = runner.process.wait().unwrap();
                assert!(status.success() || status.code() == Some(OVERLAP), "a child failed");
                overlaps += u32::from(!status.success());
                runners[number] = None;
            } else if chance.u32(..KILL_EVERY) == 0 {
                // The one that reported is inside, or was just now; the others mostly wait.
                let victim = if chance.bool() { number } else { chance.usize(..runners.len()) };
                if let Some(runner) = &mut runners[victim] {
                    runner.process.kill().unwrap();
                    let status = runner.process.wait().unwrap();
                    kills += u32::from(status.code().is_none());
                    overlaps += u32::from(status.code() == Some(OVERLAP));
                    runners[victim] = Some(Runner::start(dir, u32::try_from(victim).unwrap(), kind));
                }
            }
        }
    }
    stop(&mut runners);
    (kills, overlaps)
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

fn stop(runners: &mut [Option<Runner>]) {
    for runner in runners.iter_mut().flatten() {
        let _ = runner.process.kill();
        let _ = runner.process.wait();
    }
}

/// A contender that left of its own accord, and when what happened to it, by the lines of the journal.
struct Contender {
    place: Place,
    joins: usize,
    joined: usize,
    served: usize,
    leaves: usize,
}

fn contenders(journal: &[Record]) -> Vec<Contender> {
    let left = journal.iter().enumerate().filter(|(_, record)| record.what == What::Leaves);
    left.map(|(leaves, last)| {
        let of = |what| {
            let same = |record: &Record| {
                (record.what, record.child, record.pid, record.round) == (what, last.child, last.pid, last.round)
            };
            journal.iter().position(same).expect("one thing after the other")
        };
        let place = Place { number: last.number.into(), want: last.want };
        Contender { place, joins: of(What::Joins), joined: of(What::Joined), served: of(What::Served), leaves }
    })
    .collect()
}

/// How often somebody was served out of order, or took a place before somebody who had joined before it began to.
fn out_of_order(journal: &[Record], rule: Admission) -> usize {
    let all = contenders(journal);
    let is_early = |one: &&Contender| {
        let in_line = all.iter().filter(|other| other.joined < one.served && other.leaves > one.served);
        let before: Vec<&Contender> = in_line.filter(|other| other.place < one.place).collect();
        match rule {
            Admission::First(count) => before.len() >= count.get() as usize,
            Admission::ReadWrite if one.place.want == Want::Shared => {
                before.iter().any(|other| other.place.want == Want::Alone)
            }
            Admission::ReadWrite => !before.is_empty(),
        }
    };
    let overtakes = |one: &&Contender| {
        let there = |other: &&Contender| other.joined < one.joins && other.leaves > one.joined;
        all.iter().filter(there).any(|other| other.place >= one.place)
    };
    all.iter().filter(|one| is_early(one) || overtakes(one)).count()
}

/// The line stands the storm, and leaves nothing behind.
fn stands(on: &On, kind: Kind) {
    let begin = Instant::now();
    let (kills, overlaps) = storm(&on.dir, kind);
    assert_eq!(overlaps, 0, "{}: too many were inside", on.name);
    let journal = journal(&on.dir);
    let mut rounds = vec![0; CHILDREN as usize];
    for record in journal.iter().filter(|record| record.what == What::Leaves) {
        rounds[usize::from(record.child)] += 1;
    }
    assert!(rounds.iter().all(|rounds| *rounds == ROUNDS), "{}: {rounds:?}", on.name);
    assert_eq!(out_of_order(&journal, kind.rule()), 0, "{}: somebody was overtaken", on.name);
    assert!(kills > 0, "nobody was killed, so nothing was tried");
    // Those that were killed last are swept by whoever comes next.
    kind.queue(&on.dir).sweep().unwrap();
    assert!(!on.dir.join("line").exists(), "{}: something is left of the line", on.name);
    let (name, took) = (on.name, begin.elapsed());
    let figures = format!("{kind:?} on {name}: {CHILDREN} x {ROUNDS} rounds, {kills} kills, {took:.1?}\n");
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}

fn on_disk(kind: Kind) {
    match places::mounted(&["ext4"]).first() {
        Some(ext4) => stands(ext4, kind),
        None => stands(&places::at_hand()[1], kind),
    }
}

#[test]
fn the_fair_lock_stands_the_storm_in_memory() {
    stands(&places::at_hand()[0], Kind::Lock);
}

#[test]
fn the_fair_lock_stands_the_storm_on_disk() {
    on_disk(Kind::Lock);
}

#[test]
fn the_fair_semaphore_stands_the_storm_in_memory() {
    stands(&places::at_hand()[0], Kind::Semaphore);
}

#[test]
fn the_fair_semaphore_stands_the_storm_on_disk() {
    on_disk(Kind::Semaphore);
}

#[test]
fn readers_and_writers_stand_the_storm_in_memory() {
    stands(&places::at_hand()[0], Kind::ReadWrite);
}

#[test]
fn readers_and_writers_stand_the_storm_on_disk() {
    on_disk(Kind::ReadWrite);
}

#[test]
fn the_storm_notices_two_where_one_is_let_in() {
    let (_, overlaps) = storm(&places::at_hand()[0].dir, Kind::TwoForOne);
    assert!(overlaps > 0);
}

#[test]
fn the_storm_notices_that_there_is_no_order() {
    let on = &places::at_hand()[0];
    assert_eq!(storm(&on.dir, Kind::Unordered).1, 0);
    assert!(out_of_order(&journal(&on.dir), Admission::ONE) > 0);
}
