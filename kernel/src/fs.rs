//! The file system as the algorithms see it: a few calls, and what each of them promises.
//!
//! Every proof in this crate leans on a line of [`Fs`], and [`contract`] holds every implementation to those lines.
//!
//! # What holds for every call
//!
//! * **Two phases.** A call first walks to the directory that holds the entry, then takes effect there, in one
//!   indivisible step. Between the two, somebody may move that directory (or one on the way to it) elsewhere, and the
//!   effect then *follows the moved directory*; or may remove it, and the call answers [`FsError::NotFound`]. Linux
//!   behaves so: an `unlink("a/x")` that has found `a` removes `x` even after `a` has become `b`.
//! * **Fail closed.** An answer that is an error says what did not happen. [`FsError::Io`] alone says nothing: the
//!   effect may be there or not.
//! * **Final entry.** No call follows a symbolic link, neither as the last name nor on the way.
//! * **Halted.** A simulated world stops an attempt by answering [`FsError::Halted`]. Pass it on with `?` and make no
//!   further call; real adapters never answer it.

use alloc::vec::Vec;

use core::num::NonZeroU32;

use crate::{
    chance::Chance,
    clock::Timestamp,
    path::{Name, Path},
};

pub mod call;
pub mod contract;
mod mem;
pub mod settle;
pub mod silly;
mod through;

pub use mem::{Entry, MemFs};
pub use settle::Settled;
pub use through::Through;

/// Why a call on an [`Fs`] did not do what it was asked. Each variant states a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum FsError {
    /// The entry, or a directory on the way to it, is not there.
    #[error("no such file or directory")]
    NotFound,
    /// Something stands under that name already.
    #[error("the name is taken")]
    AlreadyExists,
    /// The directory to remove or to replace holds entries.
    #[error("the directory is not empty")]
    NotEmpty,
    /// A directory was needed, on the way or at the end, and something else is there.
    #[error("not a directory")]
    NotADirectory,
    /// Something other than a directory was needed, and a directory is there.
    #[error("is a directory")]
    IsADirectory,
    /// A symbolic link stands where none is followed.
    #[error("a symbolic link is in the way")]
    SymbolicLink,
    /// An entry that is neither a file nor a directory stands where a file was needed.
    #[error("neither a file nor a directory")]
    SpecialFile,
    /// A directory is to become its own descendant.
    #[error("a directory cannot be moved into itself")]
    IntoItself,
    /// The caller has not the right to do this.
    #[error("permission denied")]
    PermissionDenied,
    /// The file system takes no changes.
    #[error("the file system is read-only")]
    ReadOnly,
    /// No room is left, or the quota is used up.
    #[error("no space left")]
    NoSpace,
    /// Open files, memory or links are used up.
    #[error("out of a system resource, such as open files")]
    Exhausted,
    /// A name is longer than this file system takes.
    #[error("the name is too long for this file system")]
    NameTooLong,
    /// A directory holds a name that is no [`Name`] (not UTF-8), so its listing cannot be given whole.
    #[error("the directory holds an entry whose name is not UTF-8")]
    ForeignName,
    /// A file is larger than the adapter is willing to read.
    #[error("the file is larger than a lock's file can be")]
    TooLarge,
    /// The server no longer knows the directory or file this call went to.
    #[error("stale file handle")]
    Stale,
    /// The file system does not know this kind of call.
    #[error("the file system does not support this")]
    Unsupported,
    /// The call failed, and whether it took effect is not known.
    #[error("input/output error")]
    Io,
    /// A simulated world stopped the attempt here.
    #[error("halted")]
    Halted,
}

/// A simulated world stopped the attempt; see [`FsError::Halted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("halted")]
pub struct Halted;

impl From<Halted> for FsError {
    fn from(Halted: Halted) -> Self {
        Self::Halted
    }
}

/// A file system, or the part of one below a root directory.
///
/// The required methods are the calls of POSIX. The provided ones are the same calls by callers who need less of the
/// answer, and say so: to a checker, answers that nobody looks at are one answer.
///
/// Each knows the line that makes the call (`#[track_caller]`), so that a checker can tell what came of that line.
pub trait Fs {
    /// Makes an empty directory. Of several callers that make the same one, exactly one gets `Ok`.
    ///
    /// # Errors
    ///
    /// [`FsError::AlreadyExists`] when anything stands there. On any error no directory was made.
    #[track_caller]
    fn create_dir(&self, path: &Path) -> Result<(), FsError>;

    /// Makes a file. The name appears at most once: of several callers, exactly one gets `Ok`. The contents come
    /// **after** the name, so that a reader may meet the file empty or, after a crash in between, find it empty for ever.
    ///
    /// # Errors
    ///
    /// [`FsError::AlreadyExists`] when anything stands there. When the contents could not be written
    /// ([`FsError::NoSpace`], [`FsError::Io`]) the file may be left behind with part of them.
    #[track_caller]
    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError>;

    /// Takes a file's name away. A mount of NFS may give a file that is open another name in the same directory, which is
    /// nobody's: see [`silly`].
    ///
    /// # Errors
    ///
    /// [`FsError::IsADirectory`] when a directory stands there, [`FsError::NotFound`] when nothing does.
    #[track_caller]
    fn remove_file(&self, path: &Path) -> Result<(), FsError>;

    /// Takes an empty directory away. A directory that holds an entry is never removed.
    ///
    /// # Errors
    ///
    /// [`FsError::NotEmpty`] when it holds entries, [`FsError::NotADirectory`] when it is none.
    #[track_caller]
    fn remove_dir(&self, path: &Path) -> Result<(), FsError>;

    /// Moves an entry, in one step: nobody sees it under both names or under neither. What stands at `to` is replaced
    /// when it is a file and `from` is one, or an **empty** directory and `from` is a directory. Of several callers
    /// that move the same entry, exactly one gets `Ok`. A move of an entry onto itself is `Ok` and changes nothing.
    ///
    /// # Errors
    ///
    /// [`FsError::NotEmpty`] when both are directories and `to` has entries; [`FsError::NotADirectory`] when only `from`
    /// is a directory; [`FsError::IsADirectory`], or [`FsError::NotEmpty`] where `to` has entries, when only `to` is one;
    /// [`FsError::IntoItself`] when `to` lies below `from`. On any error but [`FsError::Io`] nothing moved.
    #[track_caller]
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// The names in a directory, sorted. An entry that stood through the whole call is in it; one that never stood
    /// during the call is not; entries that came or went meanwhile may be in it or not, each on its own.
    ///
    /// # Errors
    ///
    /// [`FsError::NotADirectory`]; [`FsError::ForeignName`] when an entry's name is no [`Name`], for a listing that left
    /// an entry out would break the promise above.
    #[track_caller]
    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError>;

    /// The contents of a file, as of some moment during the call; see [`Fs::create_file`] for what they may lack.
    ///
    /// # Errors
    ///
    /// [`FsError::IsADirectory`], [`FsError::SpecialFile`] (a pipe is not waited for), [`FsError::TooLarge`].
    #[track_caller]
    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError>;

    /// Sets the stamp of a file or directory to the file system's time now.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] when nothing stands there.
    #[track_caller]
    fn touch(&self, path: &Path) -> Result<(), FsError>;

    /// The stamp of a file or directory: when it was last touched, written, or (a directory) had entries come or go.
    /// Its steps may be as coarse as two seconds, so equal stamps do not mean that nothing happened.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] when nothing stands there.
    #[track_caller]
    fn modified(&self, path: &Path) -> Result<Timestamp, FsError>;

    /// True when something stands at `path`: [`Fs::modified`] for a caller who does not care when.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::modified`] but [`FsError::NotFound`], which is the answer `false`.
    #[track_caller]
    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        match self.modified(path) {
            Ok(_) => Ok(true),
            Err(FsError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A name in a directory, or none when it is empty: any name that [`Fs::list`] may give, and none where it may give
    /// none, for a caller who expects no more than one.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::list`].
    #[track_caller]
    fn any(&self, dir: &Path) -> Result<Option<Name>, FsError> {
        Ok(self.list(dir)?.into_iter().next())
    }

    /// [`Fs::any`] for a caller who comes again and again and wants to see all of them in time: each name is as likely
    /// as the next.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::list`].
    #[track_caller]
    fn sample(&self, dir: &Path, chance: &dyn Chance) -> Result<Option<Name>, FsError> {
        let mut names = self.list(dir)?;
        let Some(count) = u32::try_from(names.len()).ok().and_then(NonZeroU32::new) else { return Ok(None) };
        let at = chance.below(count)? as usize;
        Ok((at < names.len()).then(|| names.swap_remove(at)))
    }

    /// Sees to it that something stands at `path`, a directory unless another thing stood there:
    /// [`Fs::create_dir`] for a caller who does not care who made it.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::create_dir`] but [`FsError::AlreadyExists`].
    #[track_caller]
    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        match self.create_dir(path) {
            Err(FsError::AlreadyExists) => Ok(()),
            other => other,
        }
    }

    /// Removes a file as far as that is possible: [`Fs::remove_file`] for a caller who has done all there is to do.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        unless_halted(self.remove_file(path))
    }

    /// Removes a directory if it is there and empty: [`Fs::remove_dir`] for a caller to whom its absence is a nicety.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        unless_halted(self.remove_dir(path))
    }

    /// Moves an entry out of the way, if it is there: [`Fs::rename`] for a caller who wants it gone from `from` and
    /// does not care whether somebody else was first.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        unless_halted(self.rename(from, to))
    }

    /// True where a call may be executed once more after it was answered, as by a server that knows no reply again: an
    /// entry that was removed may come again, and what was refused may happen yet. Algorithms then look again at the end.
    ///
    /// Such an execution takes effect in the directory in which the first did, also where that was moved since, and
    /// finds nothing once it is removed.
    fn may_repeat(&self) -> bool {
        false
    }
}

/// Drops an answer that nobody looks at, except the word to stop.
fn unless_halted(answer: Result<(), FsError>) -> Result<(), Halted> {
    match answer {
        Err(FsError::Halted) => Err(Halted),
        _ => Ok(()),
    }
}

impl<F: Fs + ?Sized> Fs for &F {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        (**self).create_dir(path)
    }
    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        (**self).create_file(path, contents)
    }
    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        (**self).remove_file(path)
    }
    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        (**self).remove_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        (**self).rename(from, to)
    }
    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        (**self).list(dir)
    }
    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        (**self).read(file)
    }
    fn touch(&self, path: &Path) -> Result<(), FsError> {
        (**self).touch(path)
    }
    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        (**self).modified(path)
    }
    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        (**self).exists(path)
    }
    fn any(&self, dir: &Path) -> Result<Option<Name>, FsError> {
        (**self).any(dir)
    }
    fn sample(&self, dir: &Path, chance: &dyn Chance) -> Result<Option<Name>, FsError> {
        (**self).sample(dir, chance)
    }
    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        (**self).ensure_dir(path)
    }
    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        (**self).discard_file(path)
    }
    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        (**self).discard_dir(path)
    }
    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        (**self).put_aside(from, to)
    }
    fn may_repeat(&self) -> bool {
        (**self).may_repeat()
    }
}
