//! The steps of the wait queue: ENTER, LOOK, TICKET, WITHDRAW; STAY, DOOR, LINE, MEET, WAIT; UNMARK, REMOVE, TIDY; and
//! cutting in. Ann and Bob stand in line, Cid comes late, Dan is dead.

use std::{
    cell::Cell,
    num::{NonZeroU32, NonZeroU64},
};

use lockwright_kernel::{
    chance::Chance,
    fair_lock::FairLock,
    fs::{Entry, Fs, FsError, Halted, MemFs},
    id::Id,
    lock::{Lock, LockError},
    probe::{Liveness, Probe},
    wait_queue::{Admission, Door, Place, QueueError, Ticket, Turn, Wait, WaitQueue, Want},
};

use crate::stage::{Fault, Log, before, failing, id, make, move_to, path, remove};

/// Knows that Dan is dead.
struct DanIsDead;

impl Probe for DanIsDead {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        Ok(if id.name().as_str() == "dan" { Liveness::Dead } else { Liveness::Alive })
    }
}

/// Picks the first.
struct First;

impl Chance for First {
    fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
        Ok(0)
    }
}

type Queue<F> = WaitQueue<F, DanIsDead, First>;

fn queue<F: Fs>(fs: F, rule: Admission) -> Queue<F> {
    let last = NonZeroU64::MIN.saturating_add(8);
    WaitQueue::new(fs, DanIsDead, First, path("q"), rule).with_last_number(last)
}

fn two() -> Admission {
    Admission::First(NonZeroU32::MIN.saturating_add(1))
}

fn tree(disk: &MemFs) -> Vec<String> {
    assert!(disk.entries().iter().all(|(_, entry)| *entry == Entry::Dir), "there are directories only");
    disk.entries().into_iter().map(|(path, _)| path.to_string()).collect()
}

fn join<F: Fs>(queue: &Queue<F>, name: &str) -> Ticket {
    queue.join(&id(name), Want::Alone).expect("a place in line")
}

fn wait_on(turn: Result<Turn, QueueError>) -> String {
    match turn {
        Ok(Turn::Wait(wait)) => wait.on.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn enter_raises_a_flag_before_look_and_ticket_takes_it_into_the_line() {
    let disk = MemFs::new();
    let seen = Cell::new(Vec::new());
    let fs = before(&disk, move_to("q/1"), || seen.set(tree(&disk)));
    let ticket = join(&queue(&fs, Admission::ONE), "ann");
    assert_eq!(seen.take(), ["q", "q/door", "q/door/ann", "q/door/ann/ann"]);
    assert_eq!(tree(&disk), ["q", "q/1", "q/1/ann", "q/door"]);
    assert_eq!(ticket.place, Place { number: 1, want: Want::Alone });
    assert_eq!(ticket.door, Door::NotSeen);
}

#[test]
fn look_takes_one_more_than_the_highest_number_and_begins_anew_in_an_empty_line() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE);
    let (ann, bob) = (join(&queue, "ann"), join(&queue, "bob"));
    queue.leave(&ann).unwrap();
    let cid = join(&queue, "cid");
    assert_eq!([bob.place.number, cid.place.number], [2, 3]);
    queue.leave(&bob).unwrap();
    queue.leave(&cid).unwrap();
    assert_eq!(join(&queue, "ann").place.number, 1);
}

#[test]
fn ticket_goes_on_to_the_next_number_where_somebody_was_faster() {
    let disk = MemFs::new();
    let others = queue(&disk, Admission::ONE);
    let fs = before(&disk, move_to("q/1"), || drop(join(&others, "bob")));
    assert_eq!(join(&queue(&fs, Admission::ONE), "ann").place.number, 2);
    assert_eq!(tree(&disk), ["q", "q/1", "q/1/bob", "q/2", "q/2/ann", "q/door"]);
}

#[test]
fn withdraw_leaves_nothing_whichever_call_of_join_fails() {
    for rule in [Admission::ONE, Admission::ReadWrite] {
        let (log, whole) = (Log::default(), MemFs::new());
        join(&queue(log.of(&whole), rule).with_cutting(), "ann");
        for (number, takes_effect) in (0..log.len()).flat_map(|number| [(number, false), (number, true)]) {
            let disk = MemFs::new();
            let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
            let answer = queue(&fs, rule).with_cutting().join(&id("ann"), Want::Alone);
            assert_eq!(answer, Err(QueueError::Fs(FsError::Io)), "call {number}");
            assert_eq!(tree(&disk), Vec::<String>::new(), "call {number}");
        }
    }
}

#[test]
fn a_join_whose_directories_are_tidied_away_is_disturbed() {
    for step in ["q/door", "q/door/ann"] {
        let disk = MemFs::new();
        let fs = before(&disk, make(step), || {
            let _ = disk.discard_dir(&path("q/door"));
            let _ = disk.discard_dir(&path("q"));
        });
        assert_eq!(queue(&fs, Admission::ONE).join(&id("ann"), Want::Alone), Err(QueueError::Disturbed));
        assert_eq!(tree(&disk), Vec::<String>::new());
    }
}

#[test]
fn beyond_the_last_number_nobody_joins_until_the_line_was_empty() {
    let disk = MemFs::new();
    let last = NonZeroU64::new(2).unwrap();
    let queue = queue(&disk, Admission::ONE).with_last_number(last);
    let tickets = ["ann", "bob"].map(|name| join(&queue, name));
    let before = tree(&disk);
    assert_eq!(queue.join(&id("cid"), Want::Alone), Err(QueueError::NoNumber(last)));
    assert_eq!(tree(&disk)[..5], before[..5]);
    for ticket in &tickets {
        queue.leave(ticket).unwrap();
    }
    assert_eq!(join(&queue, "cid").place.number, 1);
}

#[test]
fn a_dead_contender_with_the_last_number_is_removed_by_who_finds_none() {
    let disk = MemFs::new();
    let last = NonZeroU64::MIN;
    let queue = queue(&disk, Admission::ONE).with_last_number(last);
    join(&queue, "dan");
    assert_eq!(queue.join(&id("cid"), Want::Alone), Err(QueueError::NoNumber(last)));
    assert_eq!(join(&queue, "cid").place.number, 1);
}

#[test]
fn door_waits_for_who_stood_there_and_not_for_who_came_after() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE);
    let mut ann = join(&queue, "ann");
    for dir in ["q/door/bob", "q/door/bob/bob"] {
        disk.ensure_dir(&path(dir)).unwrap();
    }
    let wait = Wait { on: path("q/door/bob"), death_of: Some(id("bob")), looks_again: false };
    assert_eq!(queue.turn(&mut ann), Ok(Turn::Wait(wait)));
    disk.ensure_dir(&path("q/door/cid")).unwrap();
    assert_eq!(wait_on(queue.turn(&mut ann)), "q/door/bob");
    disk.rename(&path("q/door/bob"), &path("q/2")).unwrap();
    assert_eq!(queue.turn(&mut ann), Ok(Turn::Holding));
    assert_eq!(ann.door, Door::Passed);
}

#[test]
fn door_lets_a_slow_arrival_overtake_who_has_a_number_and_not_its_turn() {
    let disk = MemFs::new();
    let others = queue(&disk, Admission::ONE);
    // Cid has looked, and takes number 1 only when Ann has left it and Bob has number 2.
    let bob = Cell::new(None);
    let fs = before(&disk, move_to("q/1"), || {
        let ann = join(&others, "ann");
        let mut late = join(&others, "bob");
        others.leave(&ann).unwrap();
        assert_eq!(wait_on(others.turn(&mut late)), "q/door/cid");
        bob.set(Some(late));
    });
    let mut cid = join(&queue(&fs, Admission::ONE), "cid");
    assert_eq!(cid.place.number, 1);
    assert_eq!(wait_on(others.turn(&mut bob.take().unwrap())), "q/1/cid");
    assert_eq!(others.turn(&mut cid), Ok(Turn::Holding));
}

#[test]
fn door_and_line_pass_the_dead_and_the_empty_tickets() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE).with_cutting();
    join(&queue, "dan");
    disk.create_dir(&path("q/2")).unwrap();
    let mut ann = join(&queue, "ann");
    disk.create_dir(&path("q/door/dan")).unwrap();
    for gone in ["q/door/dan", "q/2", "q/1"] {
        assert_eq!(wait_on(queue.turn(&mut ann)), gone);
        assert!(!tree(&disk).contains(&gone.to_owned()), "{gone}");
    }
    assert_eq!(queue.turn(&mut ann), Ok(Turn::Holding));
    assert_eq!(tree(&disk), ["q", "q/3", "q/3/ann", "q/3/ann/stay", "q/door"]);
}

#[test]
fn each_waits_for_the_one_before_it_only() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE);
    let mut line = ["ann", "bob", "cid"].map(|name| join(&queue, name));
    assert_eq!(wait_on(queue.turn(&mut line[1])), "q/1/ann");
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/2/bob");
    queue.leave(&line[1]).unwrap();
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/1/ann");
}

#[test]
fn a_ticket_that_somebody_removed_is_no_turn() {
    for cutting in [false, true] {
        let disk = MemFs::new();
        let queue = queue(&disk, Admission::ONE);
        let queue = if cutting { queue.with_cutting() } else { queue };
        let mut ann = join(&queue, "ann");
        queue.recover(&id("ann")).unwrap();
        assert_eq!(queue.turn(&mut ann), Ok(Turn::Cut));
        assert_eq!(queue.leave(&ann), Err(QueueError::NotInLine));
        assert_eq!(tree(&disk), Vec::<String>::new());
    }
}

#[test]
fn leave_removes_the_marks_first_and_all_directories_that_are_empty() {
    let disk = MemFs::new();
    let seen = Cell::new(Vec::new());
    let fs = before(&disk, remove("q/1/ann"), || seen.set(tree(&disk)));
    let queue = queue(&fs, Admission::ReadWrite).with_cutting();
    let ann = join(&queue, "ann");
    assert_eq!(tree(&disk), ["q", "q/1", "q/1/ann", "q/1/ann/alone", "q/1/ann/stay", "q/door"]);
    queue.leave(&ann).unwrap();
    assert_eq!(seen.take(), ["q", "q/1", "q/1/ann", "q/door"]);
    assert_eq!(tree(&disk), Vec::<String>::new());
    assert_eq!(queue.leave(&ann), Err(QueueError::NotInLine));
}

#[test]
fn a_leave_that_failed_is_repeated() {
    let (log, whole) = (Log::default(), MemFs::new());
    let ticket = join(&queue(&whole, Admission::ReadWrite), "ann");
    queue(log.of(&whole), Admission::ReadWrite).leave(&ticket).unwrap();
    for (number, takes_effect) in (0..log.len()).flat_map(|number| [(number, false), (number, true)]) {
        let disk = MemFs::new();
        let ticket = join(&queue(&disk, Admission::ReadWrite), "ann");
        let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
        if queue(&fs, Admission::ReadWrite).leave(&ticket).is_err() {
            let again = queue(&disk, Admission::ReadWrite).leave(&ticket);
            assert!(matches!(again, Ok(()) | Err(QueueError::NotInLine)), "{again:?}");
        }
        assert_eq!(queue(&disk, Admission::ReadWrite).find(&id("ann")), Ok(None), "call {number}");
    }
}

#[test]
fn cut_in_asks_everybody_before_and_takes_no_place() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE).with_cutting();
    let mut line = ["ann", "bob", "cid"].map(|name| join(&queue, name));
    assert_eq!(queue.turn(&mut line[0]), Ok(Turn::Holding));
    queue.cut_in(&line[2]).unwrap();
    assert_eq!(queue.turn(&mut line[0]), Ok(Turn::Cut));
    assert_eq!(queue.turn(&mut line[1]), Ok(Turn::Cut));
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/2/bob");
    queue.leave(&line[1]).unwrap();
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/1/ann");
    queue.leave(&line[0]).unwrap();
    assert_eq!(queue.turn(&mut line[2]), Ok(Turn::Holding));
}

#[test]
fn cut_in_asks_the_nearest_first_and_goes_on_past_who_has_left() {
    let disk = MemFs::new();
    let others = queue(&disk, Admission::ONE).with_cutting();
    let mut line = ["ann", "bob", "cid"].map(|name| join(&others, name));
    let (bob, log) = (line[1].clone(), Log::default());
    let fs = before(&disk, remove("q/2/bob/stay"), || others.leave(&bob).unwrap());
    queue(log.of(&fs), Admission::ONE).with_cutting().cut_in(&line[2]).unwrap();
    let order = ["q/2/bob/stay", "q/1/ann/stay"].map(|at| log.calls().iter().position(remove(at)));
    assert!(order[0].is_some() && order[0] < order[1], "{order:?}");
    assert_eq!(others.turn(&mut line[0]), Ok(Turn::Cut));
}

#[test]
fn nobody_cuts_in_where_nobody_can_be_asked() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ONE);
    assert_eq!(queue.cut_in(&join(&queue, "ann")), Err(QueueError::NoCutting));
}

#[test]
fn a_semaphore_admits_the_first_ones_and_each_tells_the_next() {
    let disk = MemFs::new();
    let queue = queue(&disk, two());
    let mut line = ["ann", "bob", "cid", "eve"].map(|name| join(&queue, name));
    for ticket in &mut line[..2] {
        assert_eq!(queue.turn(ticket), Ok(Turn::Holding));
    }
    let head = queue.turn(&mut line[2]);
    assert_eq!(head, Ok(Turn::Wait(Wait { on: path("q"), death_of: Some(id("ann")), looks_again: true })));
    assert_eq!(wait_on(queue.turn(&mut line[3])), "q/3/cid");
    queue.leave(&line[1]).unwrap();
    assert!(tree(&disk).contains(&"q/3/cid/waits".to_owned()));
    assert_eq!(queue.turn(&mut line[2]), Ok(Turn::Holding));
    assert!(!tree(&disk).contains(&"q/3/cid/waits".to_owned()), "which wakes Eve");
    assert_eq!(wait_on(queue.turn(&mut line[3])), "q");
}

#[test]
fn readers_go_in_together_up_to_the_first_writer() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ReadWrite);
    let wants = [Want::Shared, Want::Shared, Want::Alone, Want::Shared];
    let names = ["ann", "bob", "cid", "eve"];
    let mut line: Vec<Ticket> =
        names.iter().zip(wants).map(|(name, want)| queue.join(&id(name), want).unwrap()).collect();
    assert_eq!(tree(&disk)[1..3], ["q/1-shared", "q/1-shared/ann"]);
    assert_eq!([0, 1].map(|at| queue.turn(&mut line[at])), [Ok(Turn::Holding), Ok(Turn::Holding)]);
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/2-shared/bob");
    assert_eq!(wait_on(queue.turn(&mut line[3])), "q/3/cid");
    queue.leave(&line[1]).unwrap();
    assert_eq!(wait_on(queue.turn(&mut line[2])), "q/1-shared/ann");
    queue.leave(&line[0]).unwrap();
    assert_eq!(queue.turn(&mut line[2]), Ok(Turn::Holding));
    assert_eq!(wait_on(queue.turn(&mut line[3])), "q/3/cid");
}

#[test]
fn a_writer_that_downgrades_lets_readers_in_and_no_writer() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ReadWrite);
    let mut ann = join(&queue, "ann");
    let mut bob = queue.join(&id("bob"), Want::Shared).unwrap();
    let mut cid = join(&queue, "cid");
    assert_eq!(queue.downgrade(&mut cid), Err(QueueError::NotHolding));
    assert_eq!(queue.downgrade(&mut ann), Ok(()));
    assert_eq!([&mut ann, &mut bob].map(|ticket| queue.turn(ticket)), [Ok(Turn::Holding), Ok(Turn::Holding)]);
    assert_eq!(wait_on(queue.turn(&mut cid)), "q/2-shared/bob");
}

#[test]
fn a_writer_that_loses_its_mark_on_the_way_out_of_the_line_lets_nobody_past_the_one_that_writes() {
    let disk = MemFs::new();
    let others = queue(&disk, Admission::ReadWrite);
    let mut ann = join(&others, "ann");
    let bob = join(&others, "bob");
    let mut cid = others.join(&id("cid"), Want::Shared).unwrap();
    assert_eq!(others.turn(&mut ann), Ok(Turn::Holding));
    let fs = before(&disk, remove("q/2/bob"), || {
        assert!(!tree(&disk).contains(&"q/2/bob/alone".to_owned()));
        assert_eq!(wait_on(others.turn(&mut cid)), "q/2/bob");
    });
    queue(&fs, Admission::ReadWrite).leave(&bob).unwrap();
}

#[test]
fn a_sweep_removes_the_dead_whom_nobody_waits_for_and_no_other() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ReadWrite).with_cutting();
    join(&queue, "dan");
    let ann = queue.join(&id("ann"), Want::Shared).unwrap();
    disk.create_dir(&path("q/7")).unwrap();
    for dir in ["q/door/dan", "q/door/dan/dan", "q/door/bob"] {
        disk.create_dir(&path(dir)).unwrap();
    }
    queue.sweep().unwrap();
    assert_eq!(tree(&disk), ["q", "q/2-shared", "q/2-shared/ann", "q/2-shared/ann/stay", "q/door", "q/door/bob"]);
    queue.leave(&ann).unwrap();
}

#[test]
fn an_upgrade_is_refused() {
    let disk = MemFs::new();
    let queue = queue(&disk, Admission::ReadWrite);
    let ann = queue.join(&id("ann"), Want::Shared).unwrap();
    assert_eq!(queue.upgrade(&ann), Err(QueueError::NoUpgrade));
    assert_eq!(queue.upgrade(&join(&queue, "bob")), Ok(()));
}

#[test]
fn a_try_at_the_fair_lock_stands_in_line_and_leaves_nothing() {
    let disk = MemFs::new();
    let lock = FairLock::new(&disk, DanIsDead, First, path("q"));
    assert_eq!(lock.try_lock(&id("dan")), Ok(()));
    assert_eq!(lock.try_lock(&id("ann")), Ok(()), "the dead are passed");
    assert_eq!(lock.try_lock(&id("ann")), Err(LockError::AlreadyOwner));
    let held = tree(&disk);
    assert_eq!(held[1..], ["q/00000000000000000001", "q/00000000000000000001/ann", "q/door"]);
    assert_eq!(lock.try_lock(&id("bob")), Err(LockError::Held { owner: Some(id("ann")) }));
    assert_eq!(tree(&disk), held);
    assert_eq!(lock.owner(), Ok(Some(id("ann"))));
    assert_eq!(lock.unlock(&id("bob")), Err(LockError::NotOwner));
    let _cid = lock.queue().join(&id("cid"), Want::Alone).unwrap();
    assert_eq!(lock.proposals(), Ok(vec![id("cid")]));
    assert_eq!(lock.unlock(&id("ann")), Ok(()));
    assert_eq!(lock.owner(), Ok(Some(id("cid"))));
    assert_eq!(lock.recover(&id("cid")), Ok(()));
    assert_eq!(tree(&disk), Vec::<String>::new());
}
