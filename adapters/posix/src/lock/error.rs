//! What can go wrong with a lock at a path: what, where, and what to do about it, in one line each.

use std::{
    io,
    path::{Path, PathBuf},
};

use lockwright_kernel::{
    blocking::WaitError,
    fs::FsError,
    id::Id,
    lock::LockError,
    path::{Name, NameError},
    policies::lease::LeaseError,
};

use super::{
    kind::{Kind, Layout},
    orders::Order,
};
use crate::fs::{PosixFs, Untrusted};

/// There can be no lock at a path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", .path.display().to_string().escape_debug())]
pub struct OpenError {
    path: PathBuf,
    kind: OpenErrorKind,
}

/// Why there can be no lock at a path.
#[derive(Debug, thiserror::Error)]
pub enum OpenErrorKind {
    /// The path ends in no name: it is empty, or ends in `/` or `..`.
    #[error("the path names no entry of a directory; end it with the lock's name")]
    NoName,
    /// The last name of the path cannot be that of a lock.
    #[error("no name for a lock: {0}; choose another")]
    Name(NameError),
    /// The last name of the path is not UTF-8.
    #[error("a lock's name must be UTF-8; choose another")]
    NotUtf8,
    /// The last name of the path holds a control character, such as a line feed.
    #[error("a lock's name cannot hold control characters; choose another")]
    ControlCharacter,
    /// The directory that is to hold the lock does not exist.
    #[error("the directory to hold the lock does not exist; make it first")]
    ParentMissing,
    /// What is to hold the lock is no directory.
    #[error("the parent of the lock is not a directory; choose another path")]
    ParentNotADirectory,
    /// The directory that is to hold the lock may not be entered.
    #[error("no permission to enter the directory that holds the lock; ask for execute permission on it")]
    ParentDenied,
    /// Something else than a lock stands at the path.
    #[error("{0} stands there, and a lock is a directory; choose another path, or move it away")]
    NotALock(&'static str),
    /// The directory that is to hold the lock lets others take it away.
    #[error("the directory that holds the lock {0}; choose another, or share the lock with all")]
    UntrustedParent(Untrusted),
    /// What stands at the path lets others take the lock away: they may have put it there.
    #[error("what stands there {0}; choose another path, have it removed, or share the lock with all")]
    Untrusted(Untrusted),
    /// It cannot be told who the calling process is.
    #[error("cannot tell who this process is, which takes /proc: {0}")]
    Identity(#[source] io::Error),
    /// Another error of the system.
    #[error("cannot open the directory that holds the lock: {0}; see whether the path is right")]
    System(#[source] io::Error),
    /// A call on the file system failed.
    #[error("cannot look at the lock: {0}; {advice}", advice = advice(*.0))]
    Fs(FsError),
}

impl OpenError {
    pub(super) fn new(path: &Path, kind: OpenErrorKind) -> Self {
        let path = path.to_owned();
        Self { path, kind }
    }

    /// The path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why there can be no lock there.
    #[must_use]
    pub fn kind(&self) -> &OpenErrorKind {
        &self.kind
    }

    /// The same, taken out.
    #[must_use]
    pub fn into_kind(self) -> OpenErrorKind {
        self.kind
    }
}

impl OpenErrorKind {
    pub(super) fn of_parent(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::ParentMissing,
            io::ErrorKind::NotADirectory => Self::ParentNotADirectory,
            io::ErrorKind::PermissionDenied => Self::ParentDenied,
            _ => Self::System(error),
        }
    }
}

/// The last name of `path`, if it can be that of a lock.
pub(super) fn checked_name(path: &Path) -> Result<Name, OpenErrorKind> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.ends_with(b"/") || text.ends_with(b"/.") || text == b"." {
        return Err(OpenErrorKind::NoName); // `file_name` would pass over these.
    }
    let name = path.file_name().ok_or(OpenErrorKind::NoName)?;
    let name = name.to_str().ok_or(OpenErrorKind::NotUtf8)?;
    if name.contains(char::is_control) {
        return Err(OpenErrorKind::ControlCharacter);
    }
    name.parse().map_err(OpenErrorKind::Name)
}

/// Whether something stands in that place. It is refused where a lock can never become of it.
pub(super) fn check_place(fs: &PosixFs, name: &Name) -> Result<bool, OpenErrorKind> {
    match fs.kind(&name.clone().into()) {
        Ok("directory") => match fs.distrust(&name.clone().into()) {
            Ok(Some(why)) => Err(OpenErrorKind::Untrusted(why)),
            Ok(None) => Ok(true),
            Err(FsError::NotFound) => Ok(false), // It is gone again.
            Err(error) => Err(OpenErrorKind::Fs(error)),
        },
        Err(FsError::NotFound) => Ok(false),
        Ok(kind) => Err(OpenErrorKind::NotALock(kind)),
        Err(FsError::PermissionDenied) => Err(OpenErrorKind::ParentDenied),
        Err(error) => Err(OpenErrorKind::Fs(error)),
    }
}

/// A lock was not taken. Nothing of the attempt is left on disk, save where the kind says otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", .path.display().to_string().escape_debug())]
pub struct AcquireError {
    path: PathBuf,
    kind: AcquireErrorKind,
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcquireErrorKind {
    /// Somebody holds it, or fights for it.
    #[error("the lock is held{}; wait for it, or try again later", by(.owner.as_ref()))]
    Held {
        /// Who held it at the last look, if it could be told.
        owner: Option<Id>,
    },
    /// It did not come free in time.
    #[error("timed out; the lock is held{}; wait longer, or try again later", by(.owner.as_ref()))]
    TimedOut {
        /// Who held it at the last look, if it could be told.
        owner: Option<Id>,
    },
    /// The caller was asked to stop waiting.
    #[error("interrupted while waiting for the lock")]
    Interrupted,
    /// Somebody cuts in, and this contender has said that it [gives way](super::Contender::giving_way): it is to join the line anew.
    /// Until it [does](super::Contender::make_way) it stands where it stood.
    #[error("asked by {} to make way: {}; join the line again, or stay", .order.by(), .order.why())]
    AskedToMakeWay {
        /// By whose word, and why.
        order: Order,
    },
    /// Its owner is dead, or somebody in line before this contender, and the lock is to be [taken from
    /// nobody](super::PathLock::taken_from_nobody).
    #[error(
        "{dead}, who is dead, has the lock or stands before it, and is to be passed by nobody but an operator; break it"
    )]
    OwnerDead {
        /// Who it is.
        dead: Id,
    },
    /// The same id holds it already. Nothing has changed.
    #[error("this contender holds the lock already and would wait for itself; give it back first")]
    AlreadyOwner,
    /// A lock of another kind stands there, and somebody who may be alive has it or waits for it. Nothing has changed.
    #[error("a lock of kind {stands} stands there, and not of kind {asked}; say that kind, or choose another path")]
    OtherKind {
        /// What this contender asked for.
        asked: Kind,
        /// What stands there.
        stands: Layout,
    },
    /// Somebody removed this contender from the line by force.
    #[error("somebody has removed this contender from the line; try again, or ask them why")]
    Removed,
    /// A lock of this kind cannot be held on a lease: those who share it may know nothing of leases.
    #[error("a lock of kind {0} cannot be held on a lease; take it without one, or choose another kind")]
    NoLeases(Kind),
    /// The lease that it waited on was over, so others have given it up.
    #[error("the lease was over before the lock was had; try again, or ask for a longer one")]
    LeaseOver,
    /// What stands there now lets others take the lock away: they have put it there. It is not entered.
    #[error("what stands there {0}; choose another path, or have it removed")]
    Untrusted(Untrusted),
    /// It cannot be told who the calling process is.
    #[error("cannot tell who this process is, which takes /proc: {0}")]
    Identity(#[source] io::Error),
    /// A call on the file system failed. What the attempt had made was removed as far as the file system let it.
    #[error("cannot take the lock: {0}; {advice}", advice = advice(*.0))]
    Fs(FsError),
}

impl AcquireError {
    pub(super) fn new(path: &Path, kind: AcquireErrorKind) -> Self {
        let path = path.to_owned();
        Self { path, kind }
    }

    /// The same, said to a caller who did not mean to wait.
    pub(super) fn without_waiting(self) -> Self {
        let Self { path, kind } = self;
        let kind = match kind {
            AcquireErrorKind::TimedOut { owner } => AcquireErrorKind::Held { owner },
            kind => kind,
        };
        Self { path, kind }
    }

    /// The path of the lock, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the lock was not taken.
    #[must_use]
    pub fn kind(&self) -> &AcquireErrorKind {
        &self.kind
    }
}

impl AcquireErrorKind {
    pub(super) fn of_lease(error: LeaseError) -> Self {
        match error {
            LeaseError::Over => Self::LeaseOver,
            LeaseError::Disturbed => Self::Held { owner: None },
            LeaseError::Fs(error) => Self::Fs(error),
        }
    }

    /// What waiting came to, for a contender that asked for `asked`.
    pub(super) fn of(error: WaitError, asked: Kind) -> Self {
        match error {
            WaitError::TimedOut { owner } => Self::TimedOut { owner },
            WaitError::Interrupted => Self::Interrupted,
            WaitError::Lock(LockError::AlreadyOwner) => Self::AlreadyOwner,
            WaitError::Lock(LockError::Held { owner }) => Self::Held { owner },
            WaitError::Lock(LockError::OtherKind(name)) => {
                Self::OtherKind { asked, stands: Layout::named(&name).unwrap_or(Layout::Fast) }
            }
            WaitError::Lock(LockError::NotOwner) => Self::Removed,
            // Waiting repeats a disturbed attempt.
            WaitError::Lock(LockError::Disturbed) => Self::Held { owner: None },
            WaitError::Lock(LockError::Fs(error)) => Self::Fs(error),
        }
    }
}

fn by(owner: Option<&Id>) -> String {
    owner.map_or_else(String::new, |owner| format!(" by {owner}"))
}

/// What a user can do about a call that failed on the file system of a lock, in a few words.
#[must_use]
pub fn advice(error: FsError) -> &'static str {
    match error {
        FsError::NotFound => "see whether the directory that holds the lock was removed",
        FsError::NotADirectory | FsError::SymbolicLink | FsError::IsADirectory => {
            "something else than a lock stands there or in it; choose another path, or move it away"
        }
        FsError::PermissionDenied => {
            "ask for write permission on the directory that holds the lock, or choose another path"
        }
        FsError::ReadOnly => "choose a path on a file system that can be written to",
        FsError::NoSpace => "make room on the file system, or raise the quota",
        FsError::Exhausted => "raise the limit on open files, or run less at a time",
        FsError::NameTooLong => "choose a shorter name, or another file system",
        FsError::ForeignName => "remove what no lock made",
        FsError::Unsupported => "choose a path on another file system",
        _ => "see whether the file system works",
    }
}
