//! Who could take a lock away is kept away, and who swaps what stands there while it is taken leads nobody astray.
//!
//! The cases are those that other lock libraries were found wanting in: symbolic links put where a lock is looked for, between
//! a look and the use of it; directories put there by other users; pipes.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use lockwright_kernel::fs::FsError;
use lockwright_posix::{
    fs::{SharedWith, Untrusted},
    lock::{AcquireErrorKind, Kind, OpenErrorKind, PathLock},
};
use nix::{sys::stat::Mode, unistd::geteuid, unistd::mkfifo};
use tempfile::TempDir;

#[expect(dead_code, reason = "only what says that something was not tried")]
mod places;

/// Users that own nothing.
const NOBODY: u32 = 65_534;

/// How often an attacker swaps what stands there.
const TURNS: u32 = 3_000;

const KINDS: [&str; 7] = ["fast", "bid", "queue", "rw-read", "rw-write", "sem=2", "fair-sem=2"];

/// False, and said loudly, where nobody else can be played.
fn is_root(what: &str) -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        places::skip(&format!("{what}: only root can be several users"));
    }
    is_root
}

/// A directory in a fresh one, of that owner, group and mode.
fn parent(uid: u32, gid: u32, mode: u32) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let parent = dir.path().join("parent");
    make_dir(&parent, uid, gid, mode);
    (dir, parent)
}

fn make_dir(dir: &Path, uid: u32, gid: u32, mode: u32) {
    fs::create_dir(dir).unwrap();
    if geteuid().is_root() {
        chown(dir, Some(uid), Some(gid)).unwrap();
    }
    fs::set_permissions(dir, Permissions::from_mode(mode)).unwrap();
}

fn refused(path: &Path, with: SharedWith) -> OpenErrorKind {
    let error = PathLock::open_shared(path, Kind::Fast, with).unwrap_err();
    let line = error.to_string();
    assert!(!line.contains('\n') && line.starts_with(path.to_str().unwrap()) && line.contains("; "), "{line:?}");
    error.into_kind()
}

#[test]
fn a_parent_that_everybody_may_write_to_is_refused_but_for_the_sticky_bit() {
    let me = geteuid().as_raw();
    let (_dir, open) = parent(me, me, 0o777);
    for with in [SharedWith::Nobody, SharedWith::Group] {
        assert!(matches!(refused(&open.join("lock"), with), OpenErrorKind::UntrustedParent(Untrusted::Open)));
    }
    PathLock::open_shared(open.join("lock"), Kind::Fast, SharedWith::All).unwrap().lock().unwrap().unlock().unwrap();
    for mode in [0o1777, 0o775, 0o700] {
        let (_dir, fine) = parent(me, me, mode);
        PathLock::open(fine.join("lock")).unwrap().lock().unwrap().unlock().unwrap();
        assert_eq!(fs::read_dir(&fine).unwrap().count(), 0, "{mode:o}");
    }
}

/// What it is in may be moved away, and another put there.
#[test]
fn a_directory_above_that_others_may_write_to_is_refused_up_to_the_root() {
    let me = geteuid().as_raw();
    for (mode, is_fine) in [(0o755, true), (0o775, true), (0o1777, true), (0o777, false)] {
        let (_dir, above) = parent(me, me, 0o700);
        fs::create_dir_all(above.join("one/two")).unwrap();
        fs::set_permissions(&above, Permissions::from_mode(mode)).unwrap();
        for (path, levels) in [("one/lock", 1), ("one/two/lock", 2)] {
            let path = above.join(path);
            if is_fine {
                PathLock::open(&path).unwrap().lock().unwrap().unlock().unwrap();
                continue;
            }
            for with in [SharedWith::Nobody, SharedWith::Group] {
                fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(0o2770)).unwrap();
                let (kind, due) = (refused(&path, with), Untrusted::OpenAbove { levels });
                assert!(matches!(kind, OpenErrorKind::UntrustedParent(why) if why == due), "{path:?}: {kind:?}");
            }
            PathLock::open_shared(&path, Kind::Fast, SharedWith::All).unwrap().lock().unwrap().unlock().unwrap();
            PathLock::open_unguarded(&path, Kind::Fast).unwrap().standing().unwrap();
        }
    }
}

#[test]
fn a_directory_of_somebody_else_above_is_refused() {
    if !is_root("directories of other users") {
        return;
    }
    for mode in [0o755, 0o1777] {
        let (_dir, theirs) = parent(NOBODY, NOBODY, mode);
        make_dir(&theirs.join("mine"), 0, 0, 0o700);
        let kind = refused(&theirs.join("mine/lock"), SharedWith::Nobody);
        let due = Untrusted::ForeignAbove { uid: NOBODY, levels: 1 };
        assert!(matches!(kind, OpenErrorKind::UntrustedParent(why) if why == due), "{kind:?}");
        assert_eq!(fs::read_dir(theirs.join("mine")).unwrap().count(), 0);
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    if !is_root("directories of other users") {
        return;
    }
    let (_dir, theirs) = parent(NOBODY, NOBODY, 0o755);
    let foreign = Untrusted::Foreign { uid: NOBODY };
    let kind = refused(&theirs.join("lock"), SharedWith::Nobody);
    assert!(matches!(kind, OpenErrorKind::UntrustedParent(why) if why == foreign), "{kind:?}");
    for mode in [0o755, 0o1777] {
        let (_dir, mine) = parent(0, 0, mode);
        make_dir(&mine.join("lock"), NOBODY, NOBODY, 0o777);
        let kind = refused(&mine.join("lock"), SharedWith::Nobody);
        assert!(matches!(kind, OpenErrorKind::Untrusted(Untrusted::Open)), "{kind:?}");
        fs::set_permissions(mine.join("lock"), Permissions::from_mode(0o755)).unwrap();
        let kind = refused(&mine.join("lock"), SharedWith::Nobody);
        assert!(matches!(kind, OpenErrorKind::Untrusted(why) if why == foreign), "{kind:?}");
        assert_eq!(fs::read_dir(mine.join("lock")).unwrap().count(), 0, "it is not entered");
        // Who only wants to look is not held off.
        let look = PathLock::open_unguarded(mine.join("lock"), Kind::Fast).unwrap();
        assert!(look.standing().unwrap().is_free());
    }
}

/// The directory was not there when the lock was opened, so nothing was to be said of it then.
#[test]
fn what_others_put_there_later_is_not_entered_whatever_the_kind() {
    if !is_root("directories that another user puts there") {
        return;
    }
    for kind in KINDS {
        let (_dir, sticky) = parent(0, 0, 0o1777);
        let lock = PathLock::open_kind(sticky.join("lock"), kind.parse().unwrap()).unwrap();
        make_dir(&sticky.join("lock"), NOBODY, NOBODY, 0o777);
        let error = lock.try_lock().unwrap_err();
        assert!(matches!(error.kind(), AcquireErrorKind::Untrusted(Untrusted::Open)), "{kind}: {error}");
        assert!(error.to_string().contains("; choose another path"), "{error}");
        assert_eq!(fs::read_dir(sticky.join("lock")).unwrap().count(), 0, "{kind}");
        // Deeper as well.
        fs::remove_dir(sticky.join("lock")).unwrap();
        fs::create_dir(sticky.join("lock")).unwrap();
        make_dir(&sticky.join("lock/owner"), NOBODY, NOBODY, 0o777);
        make_dir(&sticky.join("lock/build"), NOBODY, NOBODY, 0o777);
        lock.try_lock().unwrap_err();
        for made in ["lock/owner", "lock/build"] {
            // Empty as it is, it may be removed.
            let is_empty = fs::read_dir(sticky.join(made)).map_or(true, |mut entries| entries.next().is_none());
            assert!(is_empty, "{kind}: {made}");
        }
    }
}

#[test]
fn a_fence_that_others_put_there_gives_no_numbers() {
    if !is_root("fencing tokens of another user") {
        return;
    }
    let (_dir, sticky) = parent(0, 0, 0o1777);
    let lock = PathLock::open(sticky.join("lock")).unwrap();
    let guard = lock.lock().unwrap();
    make_dir(&sticky.join("lock.token"), NOBODY, NOBODY, 0o777);
    let error = guard.token().unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
    assert_eq!(fs::read_dir(sticky.join("lock.token")).unwrap().count(), 0);
    guard.unlock().unwrap();
}

#[test]
fn what_is_made_is_for_those_who_share_it() {
    let me = geteuid().as_raw();
    for (with, due) in [(SharedWith::Nobody, 0o700), (SharedWith::Group, 0o770), (SharedWith::All, 0o777)] {
        let (_dir, parent) = parent(me, nix::unistd::getegid().as_raw(), 0o2770);
        let lock = PathLock::open_shared(parent.join("lock"), Kind::Fast, with).unwrap();
        with.widen_umask();
        let guard = lock.lock().unwrap();
        for made in ["lock", "lock/owner"] {
            let status = fs::metadata(parent.join(made)).unwrap();
            assert_eq!(status.mode() & 0o777, due, "{with:?} {made}");
            assert_eq!(status.gid(), fs::metadata(&parent).unwrap().gid());
        }
        guard.unlock().unwrap();
    }
}

#[test]
fn a_group_shares_a_lock_and_others_have_no_part_in_it() {
    if !is_root("a group of several users") {
        return;
    }
    let team = 4_242;
    let (_dir, shared) = parent(NOBODY, team, 0o2770);
    let open = || PathLock::open_shared(shared.join("lock"), Kind::Queue, SharedWith::Group);
    let lock = open().unwrap();
    lock.lock().unwrap().unlock().unwrap();
    // A member's, and that of somebody who came in otherwise.
    make_dir(&shared.join("lock"), NOBODY, team, 0o2770);
    open().unwrap().lock().unwrap().unlock().unwrap();
    let _ = fs::remove_dir(shared.join("lock"));
    make_dir(&shared.join("lock"), NOBODY, team + 1, 0o2770);
    assert!(matches!(refused(&shared.join("lock"), SharedWith::Group), OpenErrorKind::Untrusted(_)));
    let (_dir, not_theirs) = parent(0, team, 0o2750);
    let kind = refused(&not_theirs.join("lock"), SharedWith::Group);
    assert!(matches!(kind, OpenErrorKind::UntrustedParent(Untrusted::NotOfGroup)), "{kind:?}");
}

/// A directory that looks like a lock of the dead, full of what must not be removed.
fn victim(dir: &Path) -> Vec<std::path::PathBuf> {
    let dead = "999999:1:00000000000000000000000000000001:4026531836:node7:1";
    let kept = [format!("owner/{dead}"), format!("build/{dead}/owner/{dead}"), "precious".to_owned()];
    for file in &kept {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "kept").unwrap();
    }
    kept.map(|file| dir.join(file)).to_vec()
}

fn entries(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && !entry.is_symlink() {
            found.extend(entries(&entry));
        }
        found.push(entry);
    }
    found.sort();
    found
}

/// The lock is taken all the while that what stands there is swapped for a link and back.
#[test]
fn a_link_that_is_swapped_in_leads_nowhere() {
    for (at, mode) in ["lock", "lock/owner"].into_iter().flat_map(|at| [(at, 0o700), (at, 0o1777)]) {
        let (dir, parent) = parent(geteuid().as_raw(), geteuid().as_raw(), mode);
        let outside = dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let kept = victim(&outside);
        let before = entries(&outside);
        let locks = KINDS.map(|kind| PathLock::open_kind(parent.join("lock"), kind.parse().unwrap()).unwrap());
        let (at, aside) = (parent.join(at), parent.join("aside"));
        let over = AtomicBool::new(false);
        let mut taken = 0;
        thread::scope(|threads| {
            threads.spawn(|| {
                for _ in 0..TURNS {
                    let moved = fs::rename(&at, &aside).is_ok();
                    if symlink(&outside, &at).is_ok() {
                        fs::remove_file(&at).unwrap();
                    }
                    if moved && fs::rename(&aside, &at).is_err() {
                        fs::remove_dir_all(&aside).unwrap();
                    }
                }
                over.store(true, Ordering::Release);
            });
            // Also when the attacker was quicker, each is tried.
            for turn in 0.. {
                if turn >= locks.len() && over.load(Ordering::Acquire) {
                    break;
                }
                let lock = &locks[turn % locks.len()];
                if let Ok(guard) = lock.try_lock() {
                    taken += 1;
                    let _ = guard.token();
                    let _ = guard.unlock();
                }
                let _ = lock.sweep();
                let _ = lock.standing();
            }
        });
        assert!(taken > 0);
        assert_eq!(entries(&outside), before, "{mode:o}");
        assert!(kept.iter().all(|file| fs::read(file).unwrap() == b"kept"));
    }
}

/// Another user's shell, which does `script` again and again.
fn attacker(dir: &Path, script: &str, turns: u32) -> Child {
    let script = format!("n=0; while [ $n -lt {turns} ]; do n=$((n+1)); {script}; done 2>/dev/null; true");
    let mut command = Command::new("setpriv");
    let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()];
    command.args(user).args(["sh", "-c", &script]).current_dir(dir);
    command.stdin(Stdio::null()).spawn().expect("setpriv, of util-linux")
}

/// Whoever holds is not dispossessed, and never holds in a directory that is the other's.
#[test]
fn another_user_who_squats_in_a_sticky_directory_takes_no_lock_away() {
    if !is_root("another user who attacks") {
        return;
    }
    let (dir, sticky) = parent(0, 0, 0o1777);
    fs::create_dir(dir.path().join("outside")).unwrap();
    let (_, before) = (victim(&dir.path().join("outside")), entries(&dir.path().join("outside")));
    let locks = KINDS.map(|kind| PathLock::open_kind(sticky.join("lock"), kind.parse().unwrap()).unwrap());
    let squat = "mkdir -m 777 lock && { mkdir -m 777 lock/owner; ln -s ../../outside lock/build; }; rm -rf lock; \
                 mv lock aside; ln -s ../outside lock; rm -f lock lock/owner/* lock/owner; rmdir lock/owner lock";
    let mut attacker = attacker(&sticky, squat, 200);
    let (mut taken, mut turn) = (0, 0);
    loop {
        let is_over = attacker.try_wait().unwrap().is_some();
        let lock = &locks[turn % locks.len()];
        turn += 1;
        match lock.try_lock() {
            Ok(guard) => {
                let status = fs::symlink_metadata(lock.path()).unwrap();
                assert!(status.is_dir() && status.uid() == 0, "{:?}", lock.kind());
                guard.unlock().unwrap();
                taken += 1;
            }
            Err(error) => match error.kind() {
                AcquireErrorKind::Untrusted(_) => {}
                AcquireErrorKind::Fs(error) => assert!(
                    matches!(
                        error,
                        FsError::PermissionDenied | FsError::SymbolicLink | FsError::NotFound | FsError::NotADirectory
                    ),
                    "{error}"
                ),
                kind => panic!("{kind:?}"),
            },
        }
        if is_over && turn >= locks.len() {
            break;
        }
    }
    fs::remove_dir_all(sticky.join("lock")).or_else(|_| fs::remove_file(sticky.join("lock"))).ok();
    for lock in &locks {
        lock.lock().unwrap().unlock().unwrap();
        let _ = fs::remove_dir_all(lock.path());
    }
    assert!(taken > 0);
    assert_eq!(entries(&dir.path().join("outside")), before);
}

#[test]
fn a_link_on_the_way_is_followed_if_root_or_the_caller_made_it() {
    let me = geteuid().as_raw();
    let (dir, parent) = parent(me, me, 0o1777);
    let target = dir.path().join("target");
    make_dir(&target, me, me, 0o700);
    let take = |path: &Path| PathLock::open(path.join("lock")).map(|lock| lock.lock().unwrap().unlock().unwrap());
    for (to, link) in
        [("../target", "near"), ("near", "nearer"), ("loop", "loop"), ("nearer/../parent/nearer", "around")]
    {
        symlink(to, parent.join(link)).unwrap();
    }
    symlink(&target, parent.join("far")).unwrap();
    for link in ["near", "nearer", "around", "far", "far/../target/.", "../parent//near"] {
        take(&parent.join(link)).unwrap();
    }
    let handle = fs::File::open(&target).unwrap();
    take(Path::new(&format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&handle)))).unwrap();
    let error = take(&parent.join("loop")).unwrap_err();
    assert!(matches!(error.kind(), OpenErrorKind::System(_)), "{error}");
    fs::write(parent.join("file"), "").unwrap();
    symlink("file", parent.join("to-file")).unwrap();
    let error = take(&parent.join("to-file")).unwrap_err();
    assert!(matches!(error.kind(), OpenErrorKind::ParentNotADirectory), "{error}");
    if !is_root("links of another user") {
        return;
    }
    lchown(parent.join("near"), Some(NOBODY), Some(NOBODY)).unwrap();
    for link in ["near", "nearer", "around"] {
        let kind = refused(&parent.join(link).join("lock"), SharedWith::Nobody);
        let due = Untrusted::Link { uid: NOBODY };
        assert!(matches!(kind, OpenErrorKind::UntrustedParent(why) if why == due), "{link}: {kind:?}");
    }
    take(&parent.join("far")).unwrap();
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

/// None of them is opened, so that nobody is waited for.
#[test]
fn pipes_sockets_and_devices_are_refused_wherever_they_stand() {
    let (_dir, parent) = parent(geteuid().as_raw(), geteuid().as_raw(), 0o700);
    let pipe = |path: &Path| mkfifo(path, Mode::S_IRWXU).unwrap();
    pipe(&parent.join("pipe"));
    let _socket = std::os::unix::net::UnixListener::bind(parent.join("socket")).unwrap();
    for odd in [parent.join("pipe"), parent.join("socket")] {
        assert!(matches!(refused(&odd, SharedWith::Nobody), OpenErrorKind::NotALock(_)));
        assert!(matches!(refused(&odd.join("lock"), SharedWith::Nobody), OpenErrorKind::ParentNotADirectory));
    }
    let odd = "a pipe, a socket or a device";
    let null = PathLock::open("/dev/null").unwrap_err().into_kind();
    assert!(matches!(null, OpenErrorKind::NotALock(what) if what == odd) || !geteuid().is_root(), "{null:?}");
    for (kind, at) in KINDS.into_iter().flat_map(|kind| ["lock/owner", "lock/build"].map(|at| (kind, at))) {
        fs::create_dir(parent.join("lock")).unwrap();
        pipe(&parent.join(at));
        let lock = PathLock::open_kind(parent.join("lock"), kind.parse().unwrap()).unwrap();
        if let Ok(guard) = lock.try_lock() {
            guard.unlock().unwrap(); // It uses no such name.
        }
        let _ = lock.sweep();
        fs::remove_file(parent.join(at)).unwrap();
        fs::remove_dir_all(parent.join("lock")).ok();
    }
}
