//! The way to the directory that holds a lock: a symbolic link on it is followed if root or the caller has made it.
//!
//! Whoever made a link can make it lead elsewhere, at any time, and so choose where somebody else's lock is made. The kernel
//! looks after that in directories with the sticky bit, where it is told to (`fs.protected_symlinks`). Here it is so
//! everywhere: each name is opened without following, the link is judged by its handle, and read by the same.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Component, Path},
};

use nix::{
    errno::Errno,
    fcntl::{self, AT_FDCWD, OFlag, OpenHow, ResolveFlag},
    sys::{
        stat::{self, Mode, SFlag},
        statfs,
    },
};
use rustix::process::geteuid;

use super::{PASS, Walk, kind_of, trust::Untrusted};

/// As many links as the kernel follows.
const LINKS_MAX: usize = 40;

/// Opens the directory `dir`, to pass through it, and says what the kernel can do, where it has shown that.
pub(super) fn open(dir: &Path) -> io::Result<Result<(OwnedFd, Option<Walk>), Untrusted>> {
    let how = OpenHow::new().flags(PASS | OFlag::O_DIRECTORY).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    match fcntl::openat2(AT_FDCWD, dir, how) {
        // There is a link; or the kernel has no such call.
        Err(Errno::ELOOP | Errno::ENOSYS | Errno::EPERM) => Ok(walk(dir)?.map(|dir| (dir, None))),
        other => Ok(Ok((other?, Some(Walk::Openat2)))),
    }
}

/// One name at a time.
fn walk(dir: &Path) -> io::Result<Result<OwnedFd, Untrusted>> {
    let begin = |path: &Path| {
        let from = if path.is_absolute() { "/" } else { "." };
        fcntl::open(from, PASS | OFlag::O_DIRECTORY, Mode::empty())
    };
    let (mut at, mut rest, mut links) = (begin(dir)?, names(dir), 0);
    while let Some(name) = rest.pop() {
        let next = fcntl::openat(&at, name.as_os_str(), PASS | OFlag::O_NOFOLLOW, Mode::empty())?;
        let status = stat::fstat(&next)?;
        if kind_of(&status) != SFlag::S_IFLNK {
            at = next;
            continue;
        }
        links += 1;
        if links > LINKS_MAX {
            return Err(Errno::ELOOP.into());
        }
        if status.st_uid != 0 && status.st_uid != geteuid().as_raw() {
            return Ok(Err(Untrusted::Link { uid: status.st_uid }));
        }
        if statfs::fstatfs(&at)?.filesystem_type() == statfs::PROC_SUPER_MAGIC {
            // What such a link says is not where it leads, and the kernel alone makes them.
            at = fcntl::openat(&at, name.as_os_str(), PASS | OFlag::O_DIRECTORY, Mode::empty())?;
            continue;
        }
        let target = fcntl::readlinkat(&next, "")?;
        let target = Path::new(&target);
        if target.is_absolute() {
            at = begin(target)?;
        }
        rest.extend(names(target));
    }
    match kind_of(&stat::fstat(&at)?) {
        SFlag::S_IFDIR => Ok(Ok(at)),
        _ => Err(Errno::ENOTDIR.into()),
    }
}

/// The names on the way, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::from_bytes(b"..").to_owned()),
        _ => None,
    };
    path.components().rev().filter_map(name).collect()
}
