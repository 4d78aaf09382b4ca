//! A hold is noticed to be lost, and is broken by an operator's word, whatever the kind.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::{LazyLock, mpsc::channel},
    thread,
    time::Duration,
};

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    lock::{BreakError, Broken, Guard, Kind, Loss, ORDERS_MAX, Order, PathLock, TEXT_BYTES_MAX, Vigil, Way},
    watch::PosixWorld,
};

const KINDS: [&str; 9] = ["fast", "bid", "queue", "rw-read", "rw-write", "sem=1", "sem=3", "fair-sem=1", "fair-sem=3"];

/// Those that let in one.
const EXCLUSIVE: [&str; 6] = ["fast", "bid", "queue", "rw-write", "sem=1", "fair-sem=1"];

fn open(dir: &Path, kind: &str) -> PathLock {
    PathLock::open_kind(dir.join("lock"), kind.parse::<Kind>().expect("a kind")).expect("a lock")
}

/// The same each time, and of the same time.
fn order() -> Order {
    static ORDER: LazyLock<Order> = LazyLock::new(|| Order::new("ann@node7, pid 4312", "it hangs"));
    ORDER.clone()
}

/// A deadline that does not come where all is well.
fn never(world: &PosixWorld) -> Instant {
    world.after(Duration::from_mins(1))
}

fn at_once() -> Instant {
    Instant::new(Duration::ZERO)
}

/// Waits for the loss in a thread that holds the lock as that kind, runs `take` with its id meanwhile, and answers with what
/// the holder learned; then the holder gives back what it has.
fn loses(lock: &PathLock, take: impl FnOnce(&Id)) -> Loss {
    let (holds, held) = channel();
    let lock = lock.clone();
    let holder = thread::spawn(move || {
        let guard = lock.lock().expect("it is free");
        holds.send(guard.id().clone()).expect("somebody listens");
        match guard.wait_for_loss(&lock.world(), None).expect("it can be seen") {
            Vigil::Lost(loss) => {
                assert_eq!(guard.unlock().is_err(), loss.is_gone);
                loss
            }
            other => panic!("{other:?}"),
        }
    });
    take(&held.recv().expect("a holder"));
    holder.join().expect("no panic")
}

#[test]
fn a_holder_notices_that_its_entry_is_removed() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let loss = loses(&lock, |id| lock.recover(id).unwrap());
        assert_eq!(loss, Loss { is_gone: true, order: None }, "{kind}");
    }
}

#[test]
fn a_holder_notices_that_the_whole_lock_is_moved_away() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let loss = loses(&lock, |_| fs::rename(dir.path().join("lock"), dir.path().join("other")).unwrap());
        assert_eq!(loss, Loss { is_gone: true, order: None }, "{kind}");
    }
}

#[test]
fn who_holds_several_locks_in_several_directories_notices_the_loss_of_each() {
    for lost in 0..3 {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let locks = ["fast", "queue", "sem=2"].iter().zip(&dirs).map(|(kind, dir)| open(dir.path(), kind));
        let locks: Vec<PathLock> = locks.collect();
        let guards: Vec<Guard> = locks.iter().map(|lock| lock.lock().unwrap()).collect();
        let world = locks[0].world();
        assert_eq!(Guard::wait_for_any_loss(&guards, &world, Some(at_once())), Ok((Vigil::TimedOut, None)));
        let ids: Vec<Id> = guards.iter().map(|guard| guard.id().clone()).collect();
        let (ready, go) = channel();
        let lock = locks[0].clone();
        let thread = thread::spawn(move || {
            ready.send(()).unwrap();
            let world = lock.world();
            Guard::wait_for_any_loss(&guards, &world, None)
        });
        go.recv().unwrap();
        locks[lost].recover(&ids[lost]).unwrap();
        let loss = Loss { is_gone: true, order: None };
        assert_eq!(thread.join().unwrap(), Ok((Vigil::Lost(loss), Some(lost))));
    }
}

#[test]
fn a_holder_notices_that_the_whole_lock_is_removed() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let loss = loses(&lock, |_| fs::remove_dir_all(dir.path().join("lock")).unwrap());
        assert_eq!(loss, Loss { is_gone: true, order: None }, "{kind}");
    }
}

#[test]
fn a_holder_that_listens_gives_the_lock_back_itself() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let (lock, order) = (open(dir.path(), kind), order());
        let loss = loses(&lock, |id| {
            let world = lock.world();
            let broken = lock.break_hold(id, &order, &world, never(&world)).unwrap();
            assert_eq!(broken, Broken { way: Way::GaveBack, fence: None }, "{kind}");
        });
        assert_eq!(loss, Loss { is_gone: false, order: Some(order) }, "{kind}");
        drop(lock.try_lock().unwrap());
    }
}

/// The holder here is this test, which is busy.
#[test]
fn a_holder_that_does_not_listen_loses_the_lock_and_its_number_is_out_of_date() {
    for kind in EXCLUSIVE {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let guard = lock.lock().unwrap();
        let number = guard.token().unwrap();
        let order = order();
        let broken = lock.break_hold(guard.id(), &order, &lock.world(), at_once()).unwrap();
        assert_eq!((broken.way, broken.fence), (Way::TakenAway, number.checked_add(1)), "{kind}");
        let next = lock.try_lock().unwrap();
        assert!(next.token().unwrap() > broken.fence.unwrap());
        assert_eq!(guard.loss().unwrap(), Some(Loss { is_gone: true, order: Some(order) }));
        assert_eq!(next.loss().unwrap(), None, "{kind}: an order is for one hold");
        assert!(guard.unlock().is_err());
    }
}

#[test]
fn one_of_several_is_broken_and_no_other() {
    for kind in ["rw-read", "sem=3", "fair-sem=3"] {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let guards: [Guard; 3] = [(); 3].map(|()| lock.lock().unwrap());
        lock.break_hold(guards[1].id(), &order(), &lock.world(), at_once()).unwrap();
        assert_eq!(guards.each_ref().map(|guard| guard.loss().unwrap().is_some()), [false, true, false], "{kind}");
    }
}

#[test]
fn one_in_line_is_woken_and_told() {
    for kind in ["queue", "rw-write", "fair-sem=1"] {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let _guard = lock.lock().unwrap();
        let id: Id = "bob".parse().unwrap();
        let waiter = thread::spawn({
            let (lock, id) = (lock.clone(), id.clone());
            move || {
                let mut contender = lock.contend_as(&id);
                let error = contender.wait(&lock.world(), None).unwrap_err();
                (error.to_string(), contender.order().unwrap())
            }
        });
        while !lock.standing().unwrap().waiters.iter().any(|waiter| waiter.id == id) {
            thread::yield_now();
        }
        let order = order();
        let broken = lock.break_hold(&id, &order, &lock.world(), at_once()).unwrap();
        assert_eq!(broken, Broken { way: Way::Waited, fence: None }, "{kind}");
        let (error, told) = waiter.join().unwrap();
        assert!(error.contains("removed this contender from the line"), "{kind}: {error}");
        assert_eq!(told, Some(order), "{kind}");
    }
}

#[test]
fn who_is_not_there_is_not_broken_and_nothing_is_left() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let lock = open(dir.path(), kind);
        let nobody: Id = "nobody".parse().unwrap();
        let broken = || lock.break_hold(&nobody, &order(), &lock.world(), at_once());
        assert_eq!(broken(), Err(BreakError::NotThere), "{kind}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{kind}");
        let _guard = lock.lock().unwrap();
        assert_eq!(broken(), Err(BreakError::NotThere), "{kind}");
        assert!(!dir.path().join("lock.broken").exists(), "{kind}");
    }
}

#[test]
fn of_many_orders_the_newest_stay() {
    let dir = tempfile::tempdir().unwrap();
    let lock = open(dir.path(), "fast");
    let broken = dir.path().join("lock.broken");
    fs::create_dir_all(broken.join("build")).unwrap();
    // Left by a breaker that is dead: no process has that start.
    let pid = std::process::id();
    let dead = lock.this_process().fresh_id().unwrap().to_string().replacen(&format!("{pid}:"), &format!("{pid}:1"), 1);
    fs::write(broken.join("build").join(dead), "by bob").unwrap();
    let mut last = None;
    for _ in 0..ORDERS_MAX + 3 {
        let guard = lock.lock().unwrap();
        lock.break_hold(guard.id(), &order(), &lock.world(), at_once()).unwrap();
        last = Some(guard.id().to_string());
    }
    assert_eq!(fs::read_dir(&broken).unwrap().count(), ORDERS_MAX);
    assert!(broken.join(last.unwrap()).exists());
}

/// Whoever writes there may take the lock away as well; what it cannot do is to confuse whoever reads.
#[test]
fn what_is_no_order_ends_nobody_and_is_waited_for_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let lock = open(dir.path(), "fast");
    let guard = lock.lock().unwrap();
    let broken = dir.path().join("lock.broken");
    let at = broken.join(guard.id().to_string());
    symlink("/etc", &broken).unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    fs::remove_file(&broken).unwrap();
    fs::write(&broken, "by mallory").unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    fs::remove_file(&broken).unwrap();
    fs::create_dir_all(&at).unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    fs::remove_dir(&at).unwrap();
    symlink("/etc/passwd", &at).unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    fs::remove_file(&at).unwrap();
    nix::unistd::mkfifo(&at, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    fs::remove_file(&at).unwrap();
    fs::write(&at, vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(guard.loss().unwrap(), None);
    // One that was cut short by a power cut, or is nonsense, is one by somebody.
    for text in ["", "\u{1b}[2J", "by \nwhy"] {
        fs::write(&at, text).unwrap();
        let order = guard.loss().unwrap().unwrap().order.unwrap();
        assert_eq!((order.by(), order.why()), ("", ""));
    }
    fs::write(&at, format!("by x\u{7}y\nwhy {}", "z".repeat(9000))).unwrap();
    let order = guard.loss().unwrap().unwrap().order.unwrap();
    assert_eq!((order.by(), order.why().len()), ("x y", TEXT_BYTES_MAX));
}

#[test]
fn the_order_of_somebody_who_may_not_take_the_lock_ends_nobody() {
    if !nix::unistd::geteuid().is_root() {
        return; // Nobody else can be had.
    }
    let dir = tempfile::tempdir().unwrap();
    let lock = open(dir.path(), "fast");
    let guard = lock.lock().unwrap();
    let broken = dir.path().join("lock.broken");
    let at = broken.join(guard.id().to_string());
    fs::create_dir(&broken).unwrap();
    fs::write(&at, "by mallory\nwhy fun\n").unwrap();
    assert!(guard.loss().unwrap().is_some());
    for path in [&at, &broken] {
        std::os::unix::fs::chown(path, Some(12345), None).unwrap();
        assert_eq!(guard.loss().unwrap(), None);
        std::os::unix::fs::chown(path, Some(0), None).unwrap();
    }
    assert!(guard.loss().unwrap().is_some());
}
