//! The lock at a path, as a program uses it: what it refuses, what it says then, and who holds it.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{fs, os::unix::ffi::OsStrExt, os::unix::fs::symlink, path::Path, thread};

use lockwright_kernel::{
    fast_lock::Leaf, fs::FsError, id::Id, ids::process::ProcessId, lock::LockError, path::NameError,
};
use lockwright_posix::lock::{AcquireErrorKind, Kind, OpenErrorKind, PathLock};
use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, Uid, fork, geteuid, seteuid},
};

#[expect(dead_code, reason = "only what says that something was not tried")]
mod places;

fn refused(path: impl AsRef<Path>) -> OpenErrorKind {
    let error = PathLock::open(path.as_ref()).unwrap_err();
    assert_eq!(error.path(), path.as_ref());
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains(": ") && line.contains("; "), "{line:?}");
    match PathLock::open(path) {
        Err(error) => error.into_kind(),
        Ok(_) => panic!("it was refused a moment ago"),
    }
}

#[test]
fn what_is_left_for_later_goes_by_the_next_call_or_when_it_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().tidying_late();
    let build = lock.path().join("build");
    for calls in [PathLock::tidy_up, |lock: &PathLock| drop(lock.owner().unwrap())] {
        let guard = lock.lock().unwrap();
        assert!(build.is_dir());
        let other = PathLock::open(lock.path()).unwrap();
        assert!(other.standing().unwrap().trying.is_empty());
        calls(&lock);
        assert!(!build.exists());
        // Who fails leaves nothing.
        assert!(lock.try_lock().is_err());
        assert!(!build.exists());
        guard.unlock().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    // Nor does the release come before it.
    lock.lock().unwrap().unlock().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// As a client of NFS leaves it when its host goes down, on the disk that a server has it on.
#[test]
fn what_nfs_keeps_of_a_removed_leaf_is_nobodys_and_goes_with_the_next_try() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["fast", "bid", "queue", "rw-write", "sem=2", "fair-sem=2"] {
        let kind: Kind = kind.parse().unwrap();
        let lock = PathLock::open_kind(dir.path().join("lock"), kind).unwrap();
        fs::create_dir_all(lock.path().join("owner")).unwrap();
        fs::write(lock.path().join("owner/.nfs000000000000000100000001"), b"").unwrap();
        let standing = lock.standing().unwrap();
        assert!(standing.is_free() && standing.holders.is_empty(), "{kind}");
        lock.try_lock().unwrap().unlock().unwrap();
        lock.sweep().unwrap();
        // That of bids stays, and is empty.
        let _ = fs::remove_dir(lock.path());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{kind}");
    }
}

#[test]
fn what_can_be_no_lock_is_refused_with_a_reason() {
    use OpenErrorKind as K;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), b"").unwrap();
    symlink("nowhere", at("link")).unwrap();
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(refused(""), K::NoName));
    for no_name in ["/", ".", "..", "x/", "x/.", "x/.."] {
        assert!(matches!(refused(no_name), K::NoName), "{no_name}");
    }
    assert!(matches!(refused(at(&"x".repeat(256))), K::Name(NameError::TooLong)));
    assert!(matches!(refused(Path::new(std::ffi::OsStr::from_bytes(b"\xff"))), K::NotUtf8));
    assert!(matches!(refused(at("missing/lock")), K::ParentMissing));
    assert!(matches!(refused(at("file/lock")), K::ParentNotADirectory));
    assert!(matches!(refused(at("file")), K::NotALock("a file")));
    assert!(matches!(refused(at("link")), K::NotALock("a symbolic link")));
    assert!(matches!(refused(at("pipe")), K::NotALock("a pipe, a socket or a device")));
    let odd = PathLock::open(at("line\nfeed")).unwrap_err();
    assert!(matches!(odd.kind(), K::ControlCharacter));
}

#[test]
fn opening_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    assert_eq!(lock.owner(), Ok(None));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_without_the_right_to_write_is_named_as_the_reason() {
    if !geteuid().is_root() {
        return places::skip("another user's directory: only root can become another user");
    }
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // A process of its own, so that the other tests stay root.
    in_a_fork(|| {
        seteuid(Uid::from_raw(65534)).unwrap();
        let lock = PathLock::open(dir.path().join("lock")).unwrap();
        let error = lock.lock().unwrap_err();
        assert!(matches!(error.kind(), AcquireErrorKind::Fs(FsError::PermissionDenied)), "{error}");
        assert!(error.to_string().contains("ask for write permission"), "{error}");
    });
}

#[test]
fn a_lock_is_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    let guard = lock.try_lock().unwrap();
    assert_eq!(lock.owner(), Ok(Some(guard.id().clone())));
    let error = lock.try_lock().unwrap_err();
    assert!(matches!(error.kind(), AcquireErrorKind::Held { owner: Some(by) } if by == guard.id()), "{error}");
    assert_eq!(error.path(), lock.path());
    drop(guard);
    assert_eq!(lock.owner(), Ok(None));
    lock.try_lock().unwrap().unlock().unwrap();
}

#[test]
fn an_id_that_holds_the_lock_does_not_wait_for_itself() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().with_leaf(Leaf::Dir);
    let me = Id::from(&lock.this_process().fresh_id().unwrap());
    lock.lock_as(&me, &lock.world(), None).unwrap();
    let error = lock.lock_as(&me, &lock.world(), None).unwrap_err();
    assert!(matches!(error.kind(), AcquireErrorKind::AlreadyOwner), "{error}");
    lock.unlock_as(&me).unwrap();
    assert_eq!(lock.unlock_as(&me), Err(LockError::NotOwner));
}

#[test]
fn threads_exclude_each_other() {
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    let counter = dir.path().join("counter");
    fs::write(&counter, "0").unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let guard = lock.lock().unwrap();
                    let count: u32 = fs::read_to_string(&counter).unwrap().parse().unwrap();
                    fs::write(&counter, (count + 1).to_string()).unwrap();
                    guard.unlock().unwrap();
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&counter).unwrap(), "200");
    assert!(!lock.path().exists());
}

#[test]
fn a_lock_that_was_taken_away_by_force_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    let guard = lock.lock().unwrap();
    lock.recover(guard.id()).unwrap();
    assert_eq!(guard.unlock(), Err(LockError::NotOwner));
}

#[test]
fn a_forked_child_is_somebody_else() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap();
    let (guard, second) = (lock.lock().unwrap(), PathLock::open(dir.path().join("second")).unwrap());
    let mine = second.lock().unwrap();
    let parent = ProcessId::try_from(guard.id()).unwrap();
    let mut hands = Some((guard, mine));
    in_a_fork(|| {
        let (guard, mine) = hands.take().unwrap();
        drop(guard);
        assert_eq!(mine.unlock(), Err(LockError::NotOwner));
        assert!(lock.owner().unwrap().is_some(), "the child gave back what is the parent's");
        let own = lock.this_process().fresh_id().unwrap();
        assert_eq!(own.pid, std::process::id());
        assert_ne!(own.pid, parent.pid);
    });
    let (guard, mine) = hands.unwrap();
    guard.unlock().unwrap();
    mine.unlock().unwrap();
}

#[test]
fn a_forked_child_has_ids_of_its_own_and_tidies_nothing_that_its_parent_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let lock = PathLock::open(dir.path().join("lock")).unwrap().keeping();
    let guard = lock.lock().unwrap();
    let id = guard.id().clone();
    guard.unlock().unwrap();
    let mut lock = Some(lock);
    in_a_fork(|| {
        let lock = lock.take().unwrap();
        let guard = lock.lock().unwrap();
        assert_ne!(*guard.id(), id);
        guard.unlock().unwrap();
        drop(lock);
    });
    assert!(dir.path().join("lock/build").join(id.to_string()).exists());
    assert_eq!(fs::read_dir(dir.path().join("lock/build")).unwrap().count(), 1);
    assert_eq!(*lock.unwrap().lock().unwrap().id(), id);
}

/// Runs `body` in a forked child, and fails when it panics there.
fn in_a_fork(body: impl FnOnce()) {
    #[expect(
        unsafe_code,
        reason = "the C library keeps its own locks whole over a fork, and the child ends by `_exit`"
    )]
    // SAFETY: see the reason.
    let fork = unsafe { fork() };
    match fork.unwrap() {
        ForkResult::Child => {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            #[expect(unsafe_code, reason = "no destructor of the parent's is to run")]
            // SAFETY: it does not come back.
            unsafe {
                nix::libc::_exit(i32::from(outcome.is_err()));
            }
        }
        ForkResult::Parent { child } => assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0))),
    }
}
