//! Calls on a file system, and their answers, as values.
//!
//! A checker hands them around, a trace writes them down, and a test makes them up and compares what two file systems
//! answer.

use alloc::vec::Vec;
use core::fmt;

use super::{Fs, FsError, Halted};
use crate::{
    clock::Timestamp,
    path::{Name, Path},
};

/// One call on an [`Fs`]: a method and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the method of `Fs` of that name")]
pub enum Call {
    CreateDir(Path),
    CreateFile(Path, Vec<u8>),
    RemoveFile(Path),
    RemoveDir(Path),
    Rename(Path, Path),
    List(Path),
    Read(Path),
    Touch(Path),
    Modified(Path),
    Exists(Path),
    Any(Path),
    EnsureDir(Path),
    DiscardFile(Path),
    DiscardDir(Path),
    PutAside(Path, Path),
}

/// What an [`Fs`] answers when a call went well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing but that it did.
    Done,
    /// From [`Fs::list`].
    Names(Vec<Name>),
    /// From [`Fs::read`].
    Contents(Vec<u8>),
    /// From [`Fs::modified`].
    Stamp(Timestamp),
    /// From [`Fs::exists`].
    Truth(bool),
    /// From [`Fs::any`] and [`Fs::sample`].
    Name(Option<Name>),
}

/// The answer to a [`Call`].
pub type Answer = Result<Value, FsError>;

impl Call {
    /// Makes this call on `fs`.
    ///
    /// # Errors
    ///
    /// Those of the method.
    pub fn on(&self, fs: &impl Fs) -> Answer {
        let done = |()| Value::Done;
        let quiet = |answer: Result<(), Halted>| answer.map(done).map_err(FsError::from);
        match self {
            Self::CreateDir(path) => fs.create_dir(path).map(done),
            Self::CreateFile(path, contents) => fs.create_file(path, contents).map(done),
            Self::RemoveFile(path) => fs.remove_file(path).map(done),
            Self::RemoveDir(path) => fs.remove_dir(path).map(done),
            Self::Rename(from, to) => fs.rename(from, to).map(done),
            Self::List(dir) => fs.list(dir).map(Value::Names),
            Self::Read(file) => fs.read(file).map(Value::Contents),
            Self::Touch(path) => fs.touch(path).map(done),
            Self::Modified(path) => fs.modified(path).map(Value::Stamp),
            Self::Exists(path) => fs.exists(path).map(Value::Truth),
            Self::Any(dir) => fs.any(dir).map(Value::Name),
            Self::EnsureDir(path) => fs.ensure_dir(path).map(done),
            Self::DiscardFile(path) => quiet(fs.discard_file(path)),
            Self::DiscardDir(path) => quiet(fs.discard_dir(path)),
            Self::PutAside(from, to) => quiet(fs.put_aside(from, to)),
        }
    }

    /// The call whose effect this one has, without what the caller said of the answer: [`Call::EnsureDir`] is a
    /// [`Call::CreateDir`] on disk.
    #[must_use]
    pub fn effect(&self) -> Self {
        match self {
            Self::Exists(path) => Self::Modified(path.clone()),
            Self::Any(dir) => Self::List(dir.clone()),
            Self::EnsureDir(path) => Self::CreateDir(path.clone()),
            Self::DiscardFile(path) => Self::RemoveFile(path.clone()),
            Self::DiscardDir(path) => Self::RemoveDir(path.clone()),
            Self::PutAside(from, to) => Self::Rename(from.clone(), to.clone()),
            other => other.clone(),
        }
    }
}

/// As strace writes the system call.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.effect() {
            Self::CreateDir(path) => write!(f, "mkdir(\"{path}\")"),
            Self::CreateFile(path, contents) if contents.is_empty() => {
                write!(f, "creat(\"{path}\")")
            }
            Self::CreateFile(path, contents) => {
                write!(f, "creat(\"{path}\") write(\"{}\")", contents.escape_ascii())
            }
            Self::RemoveFile(path) => write!(f, "unlink(\"{path}\")"),
            Self::RemoveDir(path) => write!(f, "rmdir(\"{path}\")"),
            Self::Rename(from, to) => write!(f, "rename(\"{from}\", \"{to}\")"),
            Self::List(dir) => write!(f, "readdir(\"{dir}\")"),
            Self::Read(file) => write!(f, "read(\"{file}\")"),
            Self::Touch(path) => write!(f, "utimes(\"{path}\")"),
            Self::Modified(path) => write!(f, "stat(\"{path}\")"),
            Self::Exists(..)
            | Self::Any(..)
            | Self::EnsureDir(..)
            | Self::DiscardFile(..)
            | Self::DiscardDir(..)
            | Self::PutAside(..) => unreachable!("an effect is one of the required calls"),
        }
    }
}

/// As strace writes what a system call returned.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done | Self::Truth(true) => f.write_str("0"),
            Self::Names(names) => {
                f.write_str("[")?;
                for (index, name) in names.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}\"{name}\"")?;
                }
                f.write_str("]")
            }
            Self::Name(None) => f.write_str("[]"),
            Self::Name(Some(name)) => write!(f, "[\"{name}\", ...]"),
            Self::Contents(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Stamp(stamp) => write!(f, "{:?}", stamp.since_epoch()),
            Self::Truth(false) => f.write_str("-1 ENOENT"),
        }
    }
}
