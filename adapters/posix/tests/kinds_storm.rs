//! Real processes want locks of every kind while some of them are killed: never are more inside than the kind lets in,
//! everybody alive is served, where there is a line in the order of the tickets, and nothing is left behind.
//!
//! Who is inside is witnessed by `flock`, which knows nothing of the line and which the kernel takes back from the dead:
//! a writer or the only holder locks a file alone, a reader shares it, and each of so many holders finds one of so many
//! files. The order is witnessed by a journal, to which each child writes one record in one call: before it joins, after
//! it has joined, when its turn has come, and before it leaves.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs::{self, File},
    io::Write,
    num::NonZeroU32,
    path::Path,
    time::Duration,
};

use lockwright_kernel::{
    clock,
    id::Id,
    wait_queue::{Admission, Place, Want},
};
use lockwright_posix::{
    lock::{AcquireErrorKind, Contender, Guard, Kind, PathLock},
    watch::PosixWorld,
};
use nix::fcntl::FlockArg;

mod places;
mod storms;

use places::Place as On;
use storms::{
    Outcome, Storm, Task,
    seats::{self, Seat},
};

const CHILDREN: u32 = 16;
const ROUNDS: usize = 60;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 20;

/// How many the semaphore lets in.
const SEATS: u32 = 3;

/// What the children do: take a lock of one kind, and two things that are none, to see whether the storm would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Bids,
    StandsInLine,
    HasASlot,
    HasAFairSlot,
    ReadsAndWrites,
    /// One at a time is said, and two are let in.
    TwoForOne,
    /// They take tickets, and then another lock, which knows no order.
    Unordered,
}

impl Does {
    fn named(name: &str) -> Self {
        use Does::*;
        let all = [Bids, StandsInLine, HasASlot, HasAFairSlot, ReadsAndWrites, TwoForOne, Unordered];
        all.into_iter().find(|does| format!("{does:?}") == name).unwrap()
    }

    /// What the witnesses hold it to.
    fn rule(self) -> Admission {
        match self {
            Self::HasASlot | Self::HasAFairSlot => Admission::First(seats(SEATS)),
            Self::ReadsAndWrites => Admission::ReadWrite,
            _ => Admission::ONE,
        }
    }

    fn has_a_line(self) -> bool {
        !matches!(self, Self::Bids | Self::HasASlot)
    }

    fn kind(self, want: Want) -> Kind {
        match (self, want) {
            (Self::Bids, _) => Kind::Bid,
            (Self::StandsInLine | Self::Unordered, _) => Kind::Queue,
            (Self::HasASlot, _) => Kind::Semaphore(seats(SEATS)),
            (Self::HasAFairSlot, _) => Kind::FairSemaphore(seats(SEATS)),
            (Self::ReadsAndWrites, Want::Shared) => Kind::Read,
            (Self::ReadsAndWrites, Want::Alone) => Kind::Write,
            (Self::TwoForOne, _) => Kind::FairSemaphore(seats(2)),
        }
    }

    fn lock(self, dir: &Path, want: Want) -> PathLock {
        PathLock::open_kind(dir.join("lock"), self.kind(want)).unwrap()
    }
}

fn seats(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

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
    let Some(mut task) = Task::of_this_process() else { return };
    let (dir, child, does) = (task.dir.clone(), u16::try_from(task.number).unwrap(), Does::named(&task.what));
    let done = journal(&dir).iter().filter(|record| record.child == child && record.what == What::Leaves).count();
    let locks = [Want::Alone, Want::Shared].map(|want| does.lock(&dir, want));
    let world = locks[0].world();
    let mut journal = File::options().append(true).open(dir.join("journal")).unwrap();
    for round in u32::try_from(done).unwrap().. {
        if round as usize == ROUNDS {
            break;
        }
        let shares = does == Does::ReadsAndWrites && fastrand::bool();
        let (want, lock) = if shares { (Want::Shared, &locks[1]) } else { (Want::Alone, &locks[0]) };
        let mut record = Record { what: What::Joins, want, child, pid: std::process::id(), round, number: 0 };
        let mut note = |what, number: Option<u64>| {
            record = Record { what, number: u32::try_from(number.unwrap_or_default()).unwrap(), ..record };
            journal.write_all(&record.to_bytes()).unwrap();
        };
        note(What::Joins, None);
        let me = Id::from(&lock.this_process().fresh_id().unwrap());
        let mut contender = lock.contend_as(&me);
        join(&mut contender, does, &world);
        note(What::Joined, contender.number());
        let other = other_lock(does, &dir);
        if other.is_none() {
            contender.wait(&world, None).unwrap();
        }
        note(What::Served, contender.number());
        let witness = witness(&dir, does.rule(), want);
        task.report();
        note(What::Leaves, contender.number());
        drop(witness);
        match contender.into_guard() {
            Some(guard) => guard.unlock().unwrap(),
            None => assert_eq!(does, Does::Unordered),
        }
        drop(other);
    }
}

/// Stands in line afterwards, if there is one.
fn join(contender: &mut Contender, does: Does, world: &PosixWorld) {
    loop {
        if let Err(error) = contender.wait(world, Some(clock::Instant::new(Duration::ZERO))) {
            assert!(matches!(error.kind(), AcquireErrorKind::TimedOut { .. }), "{error}");
        }
        // Who was disturbed too often has no place yet.
        if contender.number().is_some() || !does.has_a_line() {
            return;
        }
    }
}

fn other_lock(does: Does, dir: &Path) -> Option<Guard> {
    (does == Does::Unordered).then(|| PathLock::open(dir.join("other")).unwrap().lock().unwrap())
}

/// Sees whether there is room inside; ends the child if not.
fn witness(dir: &Path, rule: Admission, want: Want) -> Seat {
    let count = match rule {
        Admission::First(count) => count.get(),
        Admission::ReadWrite => 1,
    };
    let how = if want == Want::Shared { FlockArg::LockSharedNonblock } else { FlockArg::LockExclusiveNonblock };
    seats::sit(dir, count, how)
}

fn standing(dir: &Path) -> String {
    format!("{:?}", PathLock::open(dir.join("lock")).map(|lock| lock.standing()))
}

/// Lets a storm run in `dir`.
fn storm(dir: &Path, does: Does) -> Outcome {
    fs::write(dir.join("journal"), b"").unwrap();
    Storm { dir, what: &format!("{does:?}"), children: CHILDREN, kill_every: KILL_EVERY, standing }.run()
}

/// A round that came to its end, and when what happened in it, by the lines of the journal.
struct Round {
    place: Place,
    joins: usize,
    joined: usize,
    served: usize,
    leaves: usize,
}

fn rounds(journal: &[Record]) -> Vec<Round> {
    let left = journal.iter().enumerate().filter(|(_, record)| record.what == What::Leaves);
    left.map(|(leaves, last)| {
        let of = |what| {
            let same = |record: &Record| {
                (record.what, record.child, record.pid, record.round) == (what, last.child, last.pid, last.round)
            };
            journal.iter().position(same).expect("one thing after the other")
        };
        let place = Place { number: last.number.into(), want: last.want };
        Round { place, joins: of(What::Joins), joined: of(What::Joined), served: of(What::Served), leaves }
    })
    .collect()
}

/// How often somebody was served out of order, or took a place before somebody who had joined before it began to.
fn out_of_order(journal: &[Record], rule: Admission) -> usize {
    let all = rounds(journal);
    let is_early = |one: &&Round| {
        let in_line = all.iter().filter(|other| other.joined < one.served && other.leaves > one.served);
        let before: Vec<&Round> = in_line.filter(|other| other.place < one.place).collect();
        match rule {
            Admission::First(count) => before.len() >= count.get() as usize,
            Admission::ReadWrite if one.place.want == Want::Shared => {
                before.iter().any(|other| other.place.want == Want::Alone)
            }
            Admission::ReadWrite => !before.is_empty(),
        }
    };
    let overtakes = |one: &&Round| {
        let there = |other: &&Round| other.joined < one.joins && other.leaves > one.joined;
        all.iter().filter(there).any(|other| other.place >= one.place)
    };
    all.iter().filter(|one| is_early(one) || overtakes(one)).count()
}

/// The lock stands the storm, and leaves nothing behind.
fn stands(on: &On, does: Does) {
    let Outcome { kills, overlaps, took } = storm(&on.dir, does);
    assert_eq!(overlaps, 0, "{}: too many were inside", on.name);
    let journal = journal(&on.dir);
    let mut rounds = vec![0; CHILDREN as usize];
    for record in journal.iter().filter(|record| record.what == What::Leaves) {
        rounds[usize::from(record.child)] += 1;
    }
    assert!(rounds.iter().all(|rounds| *rounds == ROUNDS), "{}: {rounds:?}", on.name);
    if does.has_a_line() {
        assert_eq!(out_of_order(&journal, does.rule()), 0, "{}: somebody was overtaken", on.name);
    }
    assert!(kills > 0, "nobody was killed, so nothing was tried");
    // Those that were killed last are swept by whoever comes next.
    does.lock(&on.dir, Want::Alone).sweep().unwrap();
    let left = fs::read_dir(on.dir.join("lock")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{}: something is left of the lock", on.name);
    let figures = format!("{does:?} on {}: {CHILDREN} x {ROUNDS} rounds, {kills} kills, {took:.1?}\n", on.name);
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}

fn in_memory_and_on_disk(does: Does) {
    stands(&places::at_hand()[0], does);
    match places::mounted(&["ext4"]).first() {
        Some(ext4) => stands(ext4, does),
        None => stands(&places::at_hand()[1], does),
    }
}

#[test]
fn a_lock_folder_stands_the_storm() {
    in_memory_and_on_disk(Does::Bids);
}

#[test]
fn a_queue_stands_the_storm() {
    in_memory_and_on_disk(Does::StandsInLine);
}

#[test]
fn a_semaphore_stands_the_storm() {
    in_memory_and_on_disk(Does::HasASlot);
}

#[test]
fn a_fair_semaphore_stands_the_storm() {
    in_memory_and_on_disk(Does::HasAFairSlot);
}

#[test]
fn readers_and_writers_stand_the_storm() {
    in_memory_and_on_disk(Does::ReadsAndWrites);
}

#[test]
fn the_storm_notices_two_where_one_is_let_in() {
    assert!(storm(&places::at_hand()[0].dir, Does::TwoForOne).overlaps > 0);
}

#[test]
fn the_storm_notices_that_there_is_no_order() {
    let on = &places::at_hand()[0];
    assert_eq!(storm(&on.dir, Does::Unordered).overlaps, 0);
    assert!(out_of_order(&journal(&on.dir), Admission::ONE) > 0);
}
