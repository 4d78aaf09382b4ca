//! Real processes on both mounts fight for one lock, and some are killed: never two are inside, all that live are served,
//! nothing is left behind.
//!
//! What they do, and how it is witnessed, is as in the storm on disks. The witnesses are in the memory of the guest.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use lockwright_posix::lock::PathLock;
use nix::fcntl::FlockArg;

use crate::{
    ledger::{RECORD, Record, ledger},
    mounts::Mounts,
    storms::{Outcome, Storm, Task, seats},
};

const CHILDREN: u32 = 4;
const ROUNDS: u32 = 6;

/// One in so many rounds ends with a kill.
const KILL_EVERY: u32 = 6;

/// In `what` of a task the mounts are parted by this.
const AND: char = '&';

pub(crate) fn child(mut task: Task) {
    let done = ledger(&task.dir).iter().filter(|record| record.child == task.number).count();
    let mounts: Vec<&str> = task.what.split(AND).collect();
    let lock = PathLock::open(Path::new(mounts[task.number as usize % mounts.len()]).join("storm.lock")).unwrap();
    for round in u32::try_from(done).unwrap()..ROUNDS {
        let guard = lock.lock().unwrap();
        inside(&mut task, round);
        guard.unlock().unwrap();
    }
}

fn inside(task: &mut Task, round: u32) {
    let seat = seats::sit(&task.dir, 1, FlockArg::LockExclusiveNonblock);
    let mut ledger = File::options().append(true).open(task.dir.join("ledger")).unwrap();
    let place = u32::try_from(ledger.metadata().unwrap().len() / RECORD as u64).unwrap();
    // Told before and written after, so that a kill can fall in between.
    task.report();
    ledger.write_all(&Record { child: task.number, round, place }.to_bytes()).unwrap();
    drop(seat);
}

pub(crate) fn stands(mounts: &Mounts) -> String {
    let version = mounts.version();
    let dir = Path::new("/tmp").join(format!("storm-{version}"));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("ledger"), b"").unwrap();
    let what = mounts.dirs().map(|dir| dir.display().to_string()).join(&AND.to_string());
    let standing = |dir: &Path| format!("{} records", ledger(dir).len());
    let storm = Storm { dir: &dir, what: &what, children: CHILDREN, kill_every: KILL_EVERY, standing };
    let Outcome { kills, overlaps, took: _ } = storm.run();
    let misplaced =
        ledger(&dir).into_iter().enumerate().filter(|(place, record)| record.place as usize != *place).count();
    assert_eq!((overlaps, misplaced), (0, 0), "{version}: two were inside");
    let mut rounds = [0; CHILDREN as usize];
    for record in ledger(&dir) {
        let next = &mut rounds[record.child as usize];
        assert_eq!(record.round, *next, "{version}: child {} skipped or repeated a round", record.child);
        *next += 1;
    }
    assert_eq!(rounds, [ROUNDS; CHILDREN as usize], "{version}");
    let lock = PathLock::open(mounts.dirs()[0].join("storm.lock")).unwrap();
    lock.lock().unwrap().unlock().unwrap();
    assert!(kills > 0, "nobody was killed, so nothing was tried");
    let is_left = fs::read_dir("/export").unwrap().any(|entry| entry.unwrap().file_name() == "storm.lock");
    assert!(!is_left, "{version}: something is left of the lock");
    format!("{CHILDREN} x {ROUNDS} rounds, {kills} kills")
}
