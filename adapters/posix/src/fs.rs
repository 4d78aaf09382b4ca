//! The file system of the operating system, below a directory that was opened once.
//!
//! Every call is relative to that directory's handle, so it does not matter where the directory is moved, or what its
//! path comes to mean. Below it no symbolic link is followed: the directory that holds an entry is reached by
//! `openat2` with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`, or one name at a time where the kernel has no `openat2`
//! (before Linux 5.6) or a sandbox forbids it.
//!
//! Over NFS this host's memory of names is not believed, nor is every refusal: see the modules `fresh` and `settle`.
//!
//! Files are made with mode 0600 and directories with 0700, less the umask, unless they are [shared](SharedWith), or
//! [`PosixFs::by_umask`] leaves it all to the umask. Handles are closed on exec. Who else could change what stands there is
//! asked by [`PosixFs::guarded`].

use std::{
    io::{self, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{Fs, FsError, Halted},
    path::{Name, Path},
};
use nix::{
    errno::Errno,
    fcntl::{self, AtFlags, OFlag, OpenHow, ResolveFlag},
    sys::{
        stat::{self, FileStat, Mode, SFlag, UtimensatFlags},
        time::TimeSpec,
    },
    unistd,
};

use crate::errno::fact;

mod above;
mod approach;
mod fresh;
mod known;
mod later;
mod mount;
mod nfs;
mod reading;
mod settle;
mod trust;

pub use known::{FileSystem, Ground};
use later::Later;
pub use mount::Mount;
pub use nfs::{NfsMount, NfsVersion, Unfit};
use reading::{contents, names};
use trust::Trust;
pub use trust::{SharedWith, Untrusted};

/// The largest file that [`Fs::read`] reads, in bytes. What locks write is far shorter.
pub const READ_BYTES_MAX: u64 = 64 * 1024;

/// How a directory is opened to pass through it.
const PASS: OFlag = OFlag::O_PATH.union(OFlag::O_CLOEXEC);

/// A directory and everything below it. Clones share the one handle.
#[derive(Clone, Debug)]
pub struct PosixFs {
    root: Arc<OwnedFd>,
    /// Where it could be told when it was opened.
    file_system: Option<FileSystem>,
    walk: Walk,
    /// What directories are made with, before the umask; files the same without the right to execute.
    mode: Mode,
    /// What is asked of the directories that are entered; `None` where nothing is.
    trust: Option<Trust>,
    later: Later,
}

/// How the directory that holds an entry is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// The kernel walks, and keeps below the root.
    Openat2,
    /// One name at a time.
    Stepwise,
    /// The same, asking the server about each directory: see [`fresh`].
    Fresh,
}

impl Walk {
    /// What the kernel can do, for a caller who believes what it remembers.
    fn known(root: &OwnedFd) -> Self {
        match fcntl::openat2(root, ".", how(PASS | OFlag::O_DIRECTORY)) {
            Err(Errno::ENOSYS | Errno::EPERM) => Self::Stepwise,
            _ => Self::Openat2,
        }
    }
}

/// The directory that holds an entry.
enum Parent<'fs> {
    Root(BorrowedFd<'fs>),
    Opened(OwnedFd),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(fd) => *fd,
            Self::Opened(fd) => fd.as_fd(),
        }
    }
}

impl PosixFs {
    /// The file system below `dir`. Symbolic links in `dir` itself are followed.
    ///
    /// # Errors
    ///
    /// Those of opening a directory.
    pub fn open(dir: impl AsRef<std::path::Path>) -> io::Result<Self> {
        Ok(Self::below(fcntl::open(dir.as_ref(), PASS | OFlag::O_DIRECTORY, Mode::empty())?, None))
    }

    /// The file system below `dir`, [guarded](PosixFs::guarded). A symbolic link in `dir` itself is followed if root or the
    /// caller has made it, save where the lock is shared with all.
    ///
    /// # Errors
    ///
    /// Those of opening a directory, and why it cannot be trusted.
    pub fn open_guarded(dir: impl AsRef<std::path::Path>, with: SharedWith) -> io::Result<Result<Self, Untrusted>> {
        if with == SharedWith::All {
            return Self::open(dir)?.guarded(with);
        }
        match approach::open(dir.as_ref())? {
            Ok((root, walk)) => Self::below(root, walk).guarded(with),
            Err(why) => Ok(Err(why)),
        }
    }

    /// `walk` is what the kernel can do, where that is known.
    fn below(root: OwnedFd, walk: Option<Walk>) -> Self {
        let file_system = FileSystem::of(&root).ok();
        let is_nfs = file_system.is_some_and(|file_system| file_system.is_nfs());
        let walk = if is_nfs { Walk::Fresh } else { walk.unwrap_or_else(|| Walk::known(&root)) };
        Self { root: Arc::new(root), file_system, walk, mode: Mode::S_IRWXU, trust: None, later: Later::default() }
    }

    /// The same, as if the kernel had no `openat2`. Slower; meant for trying that way out.
    #[must_use]
    pub fn stepwise(self) -> Self {
        let walk = Walk::Stepwise;
        Self { walk, ..self }
    }

    /// The same, where what this host remembers of names is believed, over NFS as well. Meant for trying what it remembers.
    #[must_use]
    pub fn from_memory(self) -> Self {
        let walk = Walk::known(&self.root);
        Self { walk, ..self }
    }

    /// The same, where files are made with mode 0666 and directories with 0777, less the umask, as shells do: for locks
    /// that users of a group share.
    #[must_use]
    pub fn by_umask(self) -> Self {
        let mode = Mode::S_IRWXU | Mode::S_IRWXG | Mode::S_IRWXO;
        Self { mode, ..self }
    }

    /// The same for a lock that is shared so, if its directory can be trusted with it. From now on a directory below that
    /// cannot be trusted is [not entered](FsError::PermissionDenied), where others might have put it there.
    ///
    /// # Errors
    ///
    /// Why it cannot, or that this cannot be told.
    pub fn guarded(self, with: SharedWith) -> io::Result<Result<Self, Untrusted>> {
        let trust = match Trust::below(&stat::fstat(&self.root)?, with) {
            Ok(trust) => above::check(&self.root, with)?.map(|()| trust),
            Err(why) => Err(why),
        };
        Ok(trust.map(|trust| Self { mode: with.mode(), trust: Some(trust), ..self }))
    }

    /// True when this kernel alone writes to the file system, as to a disk of its own. Network file systems, FUSE, and
    /// types that are not known are not local.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.file_system().is_ok_and(|file_system| file_system.is_local())
    }

    /// What file system this is: it was asked once, when this was opened.
    ///
    /// # Errors
    ///
    /// Those of `fstatfs`.
    pub fn file_system(&self) -> io::Result<FileSystem> {
        self.file_system.map_or_else(|| FileSystem::of(&self.root), Ok)
    }

    /// The handle of the directory that it is below.
    pub(crate) fn handle(&self) -> &OwnedFd {
        &self.root
    }

    /// Opens the directory `dir` without the right to read it, as a place to start from or to watch.
    pub(crate) fn place(&self, dir: &Path) -> Result<OwnedFd, FsError> {
        self.settled(|| self.open_dir(dir, PASS))
    }

    /// What stands at `path`, in a word or two.
    pub(crate) fn kind(&self, path: &Path) -> Result<&'static str, FsError> {
        Ok(match kind_of(&self.status(path)?) {
            SFlag::S_IFDIR => "directory",
            SFlag::S_IFREG => "a file",
            SFlag::S_IFLNK => "a symbolic link",
            _ => "a pipe, a socket or a device",
        })
    }

    /// Why the directory at `path`, if there is one, cannot be trusted.
    pub(crate) fn distrust(&self, path: &Path) -> Result<Option<Untrusted>, FsError> {
        let Some(trust) = self.trust else { return Ok(None) };
        let status = self.status(path)?;
        let is_dir = kind_of(&status) == SFlag::S_IFDIR;
        Ok(if is_dir { trust.check(&status).err() } else { None })
    }

    /// The number of the user whom the entry at `path` belongs to.
    pub(crate) fn user_of(&self, path: &Path) -> Result<u32, FsError> {
        Ok(self.status(path)?.st_uid)
    }

    fn status(&self, path: &Path) -> Result<FileStat, FsError> {
        self.settled(|| {
            let (parent, name) = self.entry_or_root(path)?;
            if self.walk == Walk::Fresh {
                fresh::renew_entry(&parent, name)?;
            }
            status(parent, name)
        })
    }

    /// Wakes those who watch the directory at `path`, or the one around it. Its stamp stays, where the caller may set it.
    pub(crate) fn nudge(&self, path: &Path) -> Result<(), FsError> {
        let (parent, name) = self.entry_or_root(path)?;
        let status = status(&parent, name)?;
        let (now, stamp) = (TimeSpec::UTIME_NOW, TimeSpec::new(status.st_mtime, status.st_mtime_nsec));
        match stat::utimensat(parent, name, &now, &stamp, UtimensatFlags::NoFollowSymlink) {
            Err(Errno::EPERM | Errno::EACCES) => self.touch(path),
            other => other.map_err(fact),
        }
    }

    /// The answer of a call that does nothing when it answers [`FsError::Stale`].
    fn settled<T>(&self, mut call: impl FnMut() -> Result<T, FsError>) -> Result<T, FsError> {
        if self.walk == Walk::Fresh { fresh::again(&self.root, call) } else { call() }
    }

    /// Has the kernel ask about a directory whose entries are to be looked at, where it might answer from memory.
    fn renew(&self, dir: impl AsFd) -> Result<(), FsError> {
        if self.walk == Walk::Fresh { fresh::renew(dir) } else { Ok(()) }
    }

    /// The directory that holds `path`, and the last name; `on_root` for the root, which has neither.
    fn entry<'p>(&self, path: &'p Path, on_root: FsError) -> Result<(Parent<'_>, &'p str), FsError> {
        self.catch_up();
        let (parent, name) = match path.names() {
            [] => return Err(on_root),
            [name] => (Parent::Root(self.root.as_fd()), name.as_str()),
            [way @ .., name] => (Parent::Opened(self.walk(way)?), name.as_str()),
        };
        self.renew(&parent)?;
        Ok((parent, name))
    }

    /// The same for calls that can speak of the root itself.
    fn entry_or_root<'p>(&self, path: &'p Path) -> Result<(Parent<'_>, &'p str), FsError> {
        if path.names().is_empty() {
            self.catch_up();
            self.renew(&self.root)?;
            return Ok((Parent::Root(self.root.as_fd()), "."));
        }
        self.entry(path, FsError::Io)
    }

    /// The way from the root, where the kernel can go all of it in one call: nothing is asked of the directories on it.
    fn in_one_call(&self, way: &[Name]) -> Option<String> {
        let is_wary = self.trust.is_some_and(|trust| trust.is_wary);
        if self.walk != Walk::Openat2 || is_wary {
            return None;
        }
        let names: Vec<&str> = way.iter().map(Name::as_str).collect();
        Some(if names.is_empty() { ".".to_owned() } else { names.join("/") })
    }

    fn walk(&self, way: &[Name]) -> Result<OwnedFd, FsError> {
        if let Some(way) = self.in_one_call(way) {
            return fcntl::openat2(&self.root, way.as_str(), how(PASS | OFlag::O_DIRECTORY)).map_err(fact);
        }
        let trust = self.trust.filter(|trust| trust.is_wary);
        let mut at = self.root.try_clone().map_err(io_fact)?;
        for name in way {
            self.renew(&at)?;
            at = step(at.as_fd(), name.as_str(), PASS)?;
            entered(&at, trust)?;
        }
        Ok(at)
    }

    fn open_dir(&self, dir: &Path, flags: OFlag) -> Result<OwnedFd, FsError> {
        if let Some(way) = self.in_one_call(dir.names()) {
            return fcntl::openat2(&self.root, way.as_str(), how(flags | OFlag::O_DIRECTORY)).map_err(fact);
        }
        let (parent, name) = self.entry_or_root(dir)?;
        let opened = match self.walk {
            Walk::Openat2 => fcntl::openat2(parent, name, how(flags | OFlag::O_DIRECTORY)).map_err(fact)?,
            Walk::Stepwise | Walk::Fresh => step(parent.as_fd(), name, flags)?,
        };
        self.renew(&opened)?;
        let is_below = !dir.names().is_empty();
        entered(&opened, self.trust.filter(|trust| trust.is_wary && is_below))?;
        Ok(opened)
    }
}

/// Refuses a directory that is not to be entered.
fn entered(dir: &OwnedFd, trust: Option<Trust>) -> Result<(), FsError> {
    let Some(trust) = trust else { return Ok(()) };
    let status = stat::fstat(dir).map_err(fact)?;
    trust.check(&status).map_err(|_| FsError::PermissionDenied)
}

fn how(flags: OFlag) -> OpenHow {
    let beneath = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    OpenHow::new().flags(flags).resolve(beneath)
}

/// Opens the directory `name` in `at`, if it is one.
fn step(at: BorrowedFd<'_>, name: &str, flags: OFlag) -> Result<OwnedFd, FsError> {
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY;
    match fcntl::openat(at, name, flags, Mode::empty()) {
        // The kernel says the same of a symbolic link and of a file.
        Err(Errno::ENOTDIR) => match kind(at, name)? {
            SFlag::S_IFLNK => Err(FsError::SymbolicLink),
            _ => Err(FsError::NotADirectory),
        },
        other => other.map_err(fact),
    }
}

fn status(at: impl AsFd, name: &str) -> Result<FileStat, FsError> {
    stat::fstatat(at, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(fact)
}

fn kind(at: impl AsFd, name: &str) -> Result<SFlag, FsError> {
    status(at, name).map(|status| kind_of(&status))
}

fn kind_of(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn io_fact(error: io::Error) -> FsError {
    error.raw_os_error().map_or(FsError::Io, |number| fact(Errno::from_raw(number)))
}

impl Fs for PosixFs {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.settled(|| {
            let (parent, name) = self.entry(path, FsError::AlreadyExists)?;
            stat::mkdirat(parent, name, self.mode).map_err(fact)
        })
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        let new = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        let flags = new | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = self.mode - (Mode::S_IXUSR | Mode::S_IXGRP | Mode::S_IXOTH);
        let file = self.settled(|| {
            if let ([_, ..], Some(way)) = (path.names(), self.in_one_call(path.names())) {
                return retry(|| fcntl::openat2(&self.root, way.as_str(), how(flags).mode(mode)));
            }
            let (parent, name) = self.entry(path, FsError::AlreadyExists)?;
            retry(|| fcntl::openat(&parent, name, flags, mode))
        })?;
        if contents.is_empty() {
            return Ok(());
        }
        let mut file = std::fs::File::from(file);
        file.write_all(contents).map_err(io_fact)?;
        // Network file systems may say only now that there was no room.
        match unistd::close(file) {
            Ok(()) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(fact(error)),
        }
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        if self.may_execute_twice() { self.looking().remove_file(path) } else { self.unlink(path) }
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        if self.may_execute_twice() { self.looking().remove_dir(path) } else { self.rmdir(path) }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        if self.may_execute_twice() { self.looking().rename(from, to) } else { self.move_entry(from, to) }
    }

    // Nobody asks for the answers to these three.
    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        let _ = self.unlink(path);
        Ok(())
    }

    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        if !self.later.put_off(path) {
            let _ = self.rmdir(path);
        }
        Ok(())
    }

    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        let _ = self.move_entry(from, to);
        Ok(())
    }

    fn may_repeat(&self) -> bool {
        self.may_execute_twice()
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        self.settled(|| names(self.open_dir(dir, flags)?))
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        self.settled(|| {
            let (parent, name) = self.entry(file, FsError::IsADirectory)?;
            contents(&parent, name)
        })
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        self.settled(|| {
            let (parent, name) = self.entry_or_root(path)?;
            let (now, flags) = (TimeSpec::UTIME_NOW, UtimensatFlags::NoFollowSymlink);
            stat::utimensat(parent, name, &now, &now, flags).map_err(fact)
        })
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        let status = self.status(path)?;
        // Stamps before 1970 are not this crate's work; they all read as its beginning.
        let seconds = u64::try_from(status.st_mtime).unwrap_or(0);
        let nanos = u32::try_from(status.st_mtime_nsec).unwrap_or(0);
        Ok(Timestamp::new(Duration::new(seconds, nanos)))
    }

    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        let looked = match self.in_one_call(path.names()) {
            // A link at the end is opened itself.
            Some(way) => retry(|| fcntl::openat2(&self.root, way.as_str(), how(PASS | OFlag::O_NOFOLLOW))).map(drop),
            None => self.status(path).map(drop),
        };
        match looked {
            Ok(()) => Ok(true),
            Err(FsError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Opening may be interrupted by a signal, on network file systems above all.
fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> Result<T, FsError> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other.map_err(fact),
        }
    }
}

/// The name under which the kernel shows an open handle.
pub(crate) fn shown_as(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}
