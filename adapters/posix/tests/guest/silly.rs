//! Files that are removed while somebody on the same mount has them open: what the client keeps of them, as the checker's
//! profile `nfs4.1` has it, and what locks make of that.

use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, Instant},
};

use lockwright_kernel::fs::{Fs, FsError, silly::is_silly};
use lockwright_posix::{
    fs::PosixFs,
    lock::{AcquireErrorKind, Kind, PathLock},
};
use nix::libc::O_PATH;

use crate::mounts::{Mounts, Version};

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(2);

pub(crate) fn kept(mounts: &Mounts) -> String {
    let [near, far] = mounts.room("silly");
    let dir = mounts.dirs()[0].join(format!("{}-silly", mounts.version()));
    stands_until_closed(&near, &far, &dir);
    stands_where_a_file_is_in_use(&near, &far, &dir);
    stands_beside_what_was_moved_over_it(&near, &far, &dir);
    let read_on = is_removed_by_another_host(&near, &far, &dir, mounts.version());
    let [here, there] = mounts.dirs().map(|mount| mount.join(format!("{}-silly", mounts.version())));
    for kind in [Kind::Fast, Kind::Semaphore(std::num::NonZeroU32::MIN)] {
        lock_with_an_open_leaf(&here, &there, kind);
    }
    sweep_with_an_open_leaf(&here, &there);
    format!("kept until it is closed, and removed from elsewhere; who reads a file that another host removed {read_on}")
}

fn at(name: &str) -> lockwright_kernel::path::Path {
    name.parse().unwrap()
}

/// The one entry of a directory, which is what the client keeps.
fn only(fs: &PosixFs, dir: &str) -> lockwright_kernel::path::Path {
    let names = fs.list(&at(dir)).unwrap();
    assert!(names.len() == 1 && is_silly(&names[0]), "{names:?}");
    at(dir).join(&names[0])
}

/// The client removes what it keeps after the file was closed, in a call of its own that nobody is told of.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < GUARD, "{what} does not come about");
        std::thread::yield_now();
    }
}

fn stands_until_closed(near: &PosixFs, far: &PosixFs, dir: &Path) {
    near.create_dir(&at("closed")).unwrap();
    near.create_file(&at("closed/f"), b"mine").unwrap();
    let open = File::open(dir.join("closed/f")).unwrap();
    near.remove_file(&at("closed/f")).unwrap();
    assert_eq!(near.exists(&at("closed/f")), Ok(false));
    let kept = only(near, "closed");
    assert_eq!(only(far, "closed"), kept);
    for fs in [near, far] {
        assert_eq!(fs.remove_dir(&at("closed")), Err(FsError::NotEmpty));
    }
    // EBUSY says nothing for certain.
    assert_eq!(near.remove_file(&kept), Err(FsError::Io));
    assert_eq!(only(far, "closed"), kept);
    drop(open);
    until("that it goes when it is closed", || far.list(&at("closed")).unwrap().is_empty());
    near.remove_dir(&at("closed")).unwrap();
}

/// A handle that opens nothing, as a look at the status has it for as long as it lasts.
fn stands_where_a_file_is_in_use(near: &PosixFs, far: &PosixFs, dir: &Path) {
    near.create_dir(&at("used")).unwrap();
    near.create_file(&at("used/f"), b"").unwrap();
    let handle = OpenOptions::new().read(true).custom_flags(O_PATH).open(dir.join("used/f")).unwrap();
    near.remove_file(&at("used/f")).unwrap();
    let kept = only(near, "used");
    // From another host it goes as any file.
    far.remove_file(&kept).unwrap();
    far.remove_dir(&at("used")).unwrap();
    drop(handle);
}

fn stands_beside_what_was_moved_over_it(near: &PosixFs, far: &PosixFs, dir: &Path) {
    near.create_dir(&at("replaced")).unwrap();
    near.create_file(&at("replaced/f"), b"old").unwrap();
    near.create_file(&at("replaced/g"), b"new").unwrap();
    let mut open = File::open(dir.join("replaced/f")).unwrap();
    near.rename(&at("replaced/g"), &at("replaced/f")).unwrap();
    let names = far.list(&at("replaced")).unwrap();
    assert!(names.len() == 2 && is_silly(&names[0]) && names[1].as_str() == "f", "{names:?}");
    let mut old = String::new();
    open.read_to_string(&mut old).unwrap();
    assert_eq!((old.as_str(), far.read(&at("replaced/f"))), ("old", Ok(b"new".to_vec())));
    drop(open);
    until("that the old one goes", || far.list(&at("replaced")).unwrap().len() == 1);
}

/// What is told to who had it open, through its handle; and by name, as locks read.
fn is_removed_by_another_host(near: &PosixFs, far: &PosixFs, dir: &Path, version: Version) -> String {
    near.create_dir(&at("elsewhere")).unwrap();
    far.create_file(&at("elsewhere/f"), b"mine").unwrap();
    let mut open = File::open(dir.join("elsewhere/f")).unwrap();
    far.remove_file(&at("elsewhere/f")).unwrap();
    assert_eq!((near.list(&at("elsewhere")), far.list(&at("elsewhere"))), (Ok(vec![]), Ok(vec![])));
    // The two mounts of version 4.2 are one client to the server, which does not ask it to give back what it was delegated.
    if version == Version::Three {
        assert_eq!(near.read(&at("elsewhere/f")), Err(FsError::NotFound));
    }
    match open.read_to_end(&mut Vec::new()) {
        Ok(length) => format!("reads {length} bytes"),
        Err(error) => format!("is told: {error}"),
    }
}

/// Where the leaf stands that a lock of that kind is recorded by.
fn owner_dir(lock: &str, kind: Kind) -> String {
    match kind {
        Kind::Fast => format!("{lock}/owner"),
        kind => format!("{lock}/owner/{kind}/1/owner"),
    }
}

/// The leaf is open when the lock is given back. Then nobody has the lock; on that host nobody can have it until the leaf is
/// closed, and on another anybody can at once.
fn lock_with_an_open_leaf(here: &Path, there: &Path, kind: Kind) {
    let name = format!("{kind}.lock");
    let owner = owner_dir(&name, kind);
    let [near, far] = [here, there].map(|dir| PathLock::open_kind(dir.join(&name), kind).unwrap());
    let open_and_give_back = || {
        let guard = near.lock().unwrap();
        let leaf = here.join(&owner).join(guard.id().name().as_str());
        let open = File::open(&leaf).unwrap_or_else(|error| panic!("{}: {error}", leaf.display()));
        guard.unlock().unwrap();
        open
    };
    let open = open_and_give_back();
    only(far.fs(), &owner);
    for lock in [&near, &far] {
        assert!(lock.standing().unwrap().holders.is_empty(), "{kind}: somebody is said to have it");
    }
    // A semaphore would make its many calls as often as this.
    let is_cheap = kind == Kind::Fast;
    if is_cheap {
        let refused = near.try_lock().unwrap_err();
        assert!(matches!(refused.kind(), AcquireErrorKind::Held { owner: None }), "{kind}: {refused}");
    }
    far.try_lock().unwrap().unlock().unwrap();
    let is_left = there.read_dir().unwrap().any(|entry| entry.unwrap().file_name() == *name);
    assert!(!is_left, "{kind}: something is left of the lock");
    drop(open);
    if is_cheap {
        drop(open_and_give_back());
        near.lock_for(GUARD).unwrap().unlock().unwrap();
    }
}

/// Who sweeps on another host removes what is kept, so that nothing is left of the lock.
fn sweep_with_an_open_leaf(here: &Path, there: &Path) {
    let [near, far] = [here, there].map(|dir| PathLock::open(dir.join("swept.lock")).unwrap());
    let guard = near.lock().unwrap();
    let leaf = here.join(owner_dir("swept.lock", Kind::Fast)).join(guard.id().name().as_str());
    let open = File::open(leaf).unwrap();
    guard.unlock().unwrap();
    near.sweep().unwrap();
    assert!(here.join("swept.lock/owner").exists(), "it is open here");
    far.sweep().unwrap();
    let is_left = there.read_dir().unwrap().any(|entry| entry.unwrap().file_name() == "swept.lock");
    assert!(!is_left, "something is left of the lock");
    drop(open);
}
