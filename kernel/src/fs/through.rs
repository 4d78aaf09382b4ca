//! A file system whose every call goes through one function.

use alloc::vec::Vec;
use core::fmt;

use super::{
    Fs, FsError, Halted,
    call::{Answer, Call, Value},
};
use crate::{
    clock::Timestamp,
    path::{Name, Path},
};

/// An [`Fs`] made of a function from [`Call`] to [`Answer`]: what a test, a trace or a simulated world needs to stand
/// between an algorithm and its files.
///
/// Each method arrives as the variant of its name, [`Fs::ensure_dir`] as [`Call::EnsureDir`]. An answer of a kind that
/// the call does not have (names, where a stamp was asked for) reaches the caller as [`FsError::Io`].
///
/// ```
/// use lockwright_kernel::fs::{Fs, FsError, MemFs, Through, call::Call};
///
/// let disk = MemFs::new();
/// let full = Through(|call: &Call| match call {
///     Call::CreateFile(..) => Err(FsError::NoSpace),
///     call => call.on(&disk),
/// });
/// full.create_dir(&"locks".parse()?)?;
/// assert_eq!(full.create_file(&"locks/a".parse()?, b""), Err(FsError::NoSpace));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Through<A>(pub A);

impl<A: Fn(&Call) -> Answer> Through<A> {
    fn done(&self, call: &Call) -> Result<(), FsError> {
        match self.0(call)? {
            Value::Done => Ok(()),
            _ => Err(FsError::Io),
        }
    }

    fn quiet(&self, call: &Call) -> Result<(), Halted> {
        match self.0(call) {
            Err(FsError::Halted) => Err(Halted),
            _ => Ok(()),
        }
    }
}

impl<A: Fn(&Call) -> Answer> Fs for Through<A> {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.done(&Call::CreateDir(path.clone()))
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        self.done(&Call::CreateFile(path.clone(), contents.into()))
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        self.done(&Call::RemoveFile(path.clone()))
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.done(&Call::RemoveDir(path.clone()))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.done(&Call::Rename(from.clone(), to.clone()))
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        match self.0(&Call::List(dir.clone()))? {
            Value::Names(names) => Ok(names),
            _ => Err(FsError::Io),
        }
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        match self.0(&Call::Read(file.clone()))? {
            Value::Contents(contents) => Ok(contents),
            _ => Err(FsError::Io),
        }
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        self.done(&Call::Touch(path.clone()))
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        match self.0(&Call::Modified(path.clone()))? {
            Value::Stamp(stamp) => Ok(stamp),
            _ => Err(FsError::Io),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        match self.0(&Call::Exists(path.clone()))? {
            Value::Truth(truth) => Ok(truth),
            _ => Err(FsError::Io),
        }
    }

    fn any(&self, dir: &Path) -> Result<Option<Name>, FsError> {
        match self.0(&Call::Any(dir.clone()))? {
            Value::Name(name) => Ok(name),
            _ => Err(FsError::Io),
        }
    }

    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        self.done(&Call::EnsureDir(path.clone()))
    }

    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        self.quiet(&Call::DiscardFile(path.clone()))
    }

    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        self.quiet(&Call::DiscardDir(path.clone()))
    }

    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        self.quiet(&Call::PutAside(from.clone(), to.clone()))
    }
}

impl<A> fmt::Debug for Through<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Through").finish_non_exhaustive()
    }
}
