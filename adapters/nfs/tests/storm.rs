//! Real processes fight over NFS for one lock while some of them are killed and replies are lost: never two are inside,
//! everybody alive is served, nothing is left behind.
//!
//! What the children do, and how it is witnessed, is as in the storm on disks (`adapters/posix/tests/storm.rs`): `flock` on a
//! local file, and a ledger of records that say how long it was before. Each attempt has an id of its own.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    cell::RefCell,
    fs::{self, File},
    io::Write,
    num::NonZeroU32,
    path::Path,
    thread,
    time::Duration,
};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted, Settled},
    id::Id,
    lock::{Lock, LockError},
    path::Path as At,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};
use lockwright_nfs::{
    Address, NfsFs,
    serve::{Fault, Plan, Procedure, Server},
};
use nix::fcntl::FlockArg;

#[path = "servers/ganesha.rs"]
mod ganesha;
#[path = "../../posix/tests/ledger/mod.rs"]
mod ledger;
#[path = "../../posix/tests/storms/mod.rs"]
mod storms;

use ganesha::{Ganesha, MOUNT, NFS};
use ledger::{RECORD, Record, ledger};
use storms::{Outcome, Storm, Task, seats};

const CHILDREN: u32 = 8;
const ROUNDS: u32 = 25;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 12;

/// The longest pause between two attempts, in milliseconds: over the protocol nobody is woken.
const PAUSE_MS_MAX: u64 = 8;

/// The lock that the children take, and none, to see whether the storm would notice.
const REAL: &str = "real";
const NONE: &str = "none";

/// Tells the processes of this host apart. Of its own ids, the only one that is in use is alive: a call that comes late
/// may have made another one stand again.
#[derive(Default)]
struct Ids {
    current: RefCell<Option<Id>>,
}

impl Ids {
    fn fresh(&self) -> Id {
        let id: Id = format!("{}-{:08x}", std::process::id(), fastrand::u32(..)).parse().unwrap();
        *self.current.borrow_mut() = Some(id.clone());
        id
    }
}

impl Probe for &Ids {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let pid = id.name().as_str().split('-').next().unwrap_or_default();
        let is_alive = if pid == std::process::id().to_string() {
            self.current.borrow().as_ref() == Some(id)
        } else {
            Path::new("/proc").join(pid).exists()
        };
        Ok(if is_alive { Liveness::Alive } else { Liveness::Dead })
    }
}

struct Dice;

impl Chance for Dice {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(fastrand::u32(..bound.get()))
    }
}

fn lock<'i>(address: &Address, ids: &'i Ids) -> CheckLock<FastLock<Settled<NfsFs>>, &'i Ids, Dice> {
    let fs = NfsFs::open(address).unwrap();
    CheckLock::new(FastLock::new(Settled::new(fs), "lock".parse().unwrap(), Leaf::File), ids, Dice)
}

/// Tries until it holds, each time under another id.
fn acquire(lock: &impl Lock, ids: &Ids) -> Id {
    loop {
        let me = ids.fresh();
        match lock.try_lock(&me) {
            Ok(()) => return me,
            Err(LockError::Held { .. } | LockError::Disturbed | LockError::Fs(_)) => {
                thread::sleep(Duration::from_millis(fastrand::u64(..=PAUSE_MS_MAX)));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn release(lock: &impl Lock, me: &Id) {
    loop {
        match lock.unlock(me) {
            // Of a release that failed and is repeated, the latter is an end as well.
            Ok(()) | Err(LockError::NotOwner) => return,
            Err(LockError::Fs(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Not a test of its own: one child of the storm.
#[test]
fn child() {
    let Some(mut task) = Task::of_this_process() else { return };
    let done = ledger(&task.dir).iter().filter(|record| record.child == task.number).count();
    let (kind, address) = task.what.split_once(' ').unwrap();
    let (kind, ids) = (kind.to_owned(), Ids::default());
    let lock = lock(&address.parse().unwrap(), &ids);
    for round in u32::try_from(done).unwrap()..ROUNDS {
        if kind == NONE {
            inside(&mut task, round, || drop(lock.owner().unwrap()));
        } else {
            let me = acquire(&lock, &ids);
            inside(&mut task, round, || assert_eq!(lock.owner(), Ok(Some(me.clone())), "the lock was lost"));
            release(&lock, &me);
        }
    }
}

/// What a child does under the lock.
fn inside(task: &mut Task, round: u32, look: impl FnOnce()) {
    let seat = seats::sit(&task.dir, 1, FlockArg::LockExclusiveNonblock);
    let mut ledger = File::options().append(true).open(task.dir.join("ledger")).unwrap();
    let place = u32::try_from(ledger.metadata().unwrap().len() / RECORD as u64).unwrap();
    // Told before and written after, so that a kill can fall in between.
    task.report();
    look();
    ledger.write_all(&Record { child: task.number, round, place }.to_bytes()).unwrap();
    drop(seat);
}

/// Lets a storm run at `address`; how it went, and how many records do not stand where they say.
fn storm(dir: &Path, address: &Address, kind: &str) -> (Outcome, usize) {
    fs::write(dir.join("ledger"), b"").unwrap();
    let what = format!("{kind} {address}");
    let standing = |dir: &Path| format!("{} records", ledger(dir).len());
    let outcome = Storm { dir, what: &what, children: CHILDREN, kill_every: KILL_EVERY, standing }.run();
    let places = ledger(dir).into_iter().enumerate();
    (outcome, places.filter(|(place, record)| record.place as usize != *place).count())
}

/// The lock stands the storm, and leaves nothing behind.
fn stands(name: &str, server: &Server) {
    let dir = tempfile::tempdir().unwrap();
    let (outcome, misplaced) = storm(dir.path(), server.address(), REAL);
    assert_eq!((outcome.overlaps, misplaced), (0, 0), "{name}: two were inside");
    let mut rounds = [0; CHILDREN as usize];
    for record in ledger(dir.path()) {
        let next = &mut rounds[record.child as usize];
        assert_eq!(record.round, *next, "{name}: child {} skipped or repeated a round", record.child);
        *next += 1;
    }
    assert_eq!(rounds, [ROUNDS; CHILDREN as usize], "{name}");
    // What comes late comes now; then everybody is dead, and whoever comes next sweeps. Nothing goes wrong with that: a copy of
    // its own first call, executed after its last, would be a lock that is free and stands.
    server.calm();
    let ids = Ids::default();
    let lock = lock(server.address(), &ids);
    let me = acquire(&lock, &ids);
    lock.sweep().unwrap();
    release(&lock, &me);
    let left = NfsFs::open(server.address()).unwrap().list(&At::root()).unwrap();
    assert_eq!(left, [], "{name}: something is left of the lock");
    assert!(outcome.kills > 0, "nobody was killed, so nothing was tried");
    let Outcome { kills, took, .. } = outcome;
    let told = format!("{name}: {CHILDREN} x {ROUNDS} rounds, {kills} kills, {took:.1?}; {:?}\n", server.figures());
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

/// Connections break, calls and replies are lost and cut.
fn weather(seed: u64) -> Plan {
    Plan::none()
        .seeded(seed)
        .with(Fault::LoseCall, 5)
        .with(Fault::LoseReply, 5)
        .with(Fault::CutReply, 5)
        .with(Fault::DelayReply(Duration::from_millis(5)), 5)
}

#[test]
fn the_lock_stands_the_storm_where_replies_are_kept() {
    let plan = weather(1).with(Fault::Restart, 1).with_lasting_replies();
    stands("replies kept", &Server::start("127.0.0.1:0", plan).unwrap());
}

#[test]
fn the_lock_stands_the_storm_where_no_reply_is_kept_and_calls_come_late() {
    let plan = weather(2).without_replies().with(Fault::Restart, 1);
    let plan = plan.with(Fault::Repeat { after: 40 }, 5).with(Fault::Late { after: 40 }, 5);
    stands("no replies kept, calls late", &Server::start("127.0.0.1:0", plan).unwrap());
}

#[test]
fn the_lock_stands_the_storm_over_ganesha() {
    if let Some(server) = Ganesha::start() {
        let plan = weather(3).without_replies().with(Fault::Restart, 1);
        stands("ganesha", &Server::before(MOUNT, NFS, &server.address.path, plan).unwrap());
    }
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Server::start("127.0.0.1:0", Plan::none()).unwrap());
    let (outcome, misplaced) = storm(dir.path(), server.address(), NONE);
    assert!(outcome.overlaps > 0 || misplaced > 0, "{outcome:?}");
}

/// The known theft, of a lock that is a file in a directory that stays: a release comes late, and takes somebody else's hold.
#[test]
fn a_lock_file_is_stolen_by_a_release_that_comes_late() {
    let plan = Plan::none().without_replies().and(Procedure::Remove, 1, Fault::Late { after: 999 });
    let server = Server::start("127.0.0.1:0", plan).unwrap();
    let open = || NfsFs::open(server.address()).unwrap();
    let ([first, second, third], file) = ([open(), open(), open()], "lock".parse::<At>().unwrap());
    first.create_file(&file, b"first").unwrap();
    assert_eq!(first.remove_file(&file), Ok(()), "it was sent again, and that took effect");
    second.create_file(&file, b"second").unwrap();
    assert_eq!(third.create_file(&file, b"third"), Err(FsError::AlreadyExists));
    server.flush();
    assert_eq!(third.create_file(&file, b"third"), Ok(()), "two holders");
}

/// The same release of a fast lock. A call that comes late names its directory by the handle, and each hold's directory is
/// a new one: not even the next hold of the same name is hit.
#[test]
fn a_fast_lock_is_not_hit_by_a_release_that_comes_late() {
    for held in ["host-41", "host-42"] {
        let plan = Plan::none().without_replies().and(Procedure::Remove, 1, Fault::Late { after: 999 });
        let server = Server::start("127.0.0.1:0", plan).unwrap();
        let open = || FastLock::new(NfsFs::open(server.address()).unwrap(), "lock".parse().unwrap(), Leaf::File);
        let [first, held, third] = ["host-41", held, "host-43"].map(|id| id.parse::<Id>().unwrap());
        let lock = open();
        lock.try_lock(&first).unwrap();
        lock.unlock(&first).unwrap();
        lock.try_lock(&held).unwrap();
        server.flush();
        assert_eq!(server.figures().late, 1);
        assert_eq!(open().try_lock(&third), Err(LockError::Held { owner: Some(held.clone()) }));
        lock.unlock(&held).unwrap();
    }
}
