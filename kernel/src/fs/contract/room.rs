//! The room that a clause works in: calls by short paths, and what is expected of their answers.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::Breach;
use crate::{
    clock::Timestamp,
    fs::{
        Fs, FsError,
        call::{Answer, Call, Value},
    },
    path::Path,
};

/// A file system, and the directory in it where a clause may do as it likes. Paths count from that directory; the empty
/// one is the directory itself.
pub(super) struct Room<F> {
    fs: F,
    dir: Path,
    promise: &'static str,
}

/// A call that was made, and what came back.
#[must_use = "a clause looks at each answer"]
pub(super) struct Outcome {
    promise: &'static str,
    call: Call,
    got: Answer,
}

impl<F: Fs> Room<F> {
    pub(super) fn new(fs: F, dir: Path, promise: &'static str) -> Self {
        Self { fs, dir, promise }
    }

    pub(super) fn at(&self, path: &'static str) -> Path {
        path.split('/').filter(|name| !name.is_empty()).fold(self.dir.clone(), |path, name| path.word(name))
    }

    pub(super) fn make(&self, call: Call) -> Outcome {
        Outcome { promise: self.promise, got: call.on(&self.fs), call }
    }

    pub(super) fn create_dir(&self, path: &'static str) -> Outcome {
        self.make(Call::CreateDir(self.at(path)))
    }

    pub(super) fn create_file(&self, path: &'static str, contents: &[u8]) -> Outcome {
        self.make(Call::CreateFile(self.at(path), contents.into()))
    }

    pub(super) fn remove_file(&self, path: &'static str) -> Outcome {
        self.make(Call::RemoveFile(self.at(path)))
    }

    pub(super) fn remove_dir(&self, path: &'static str) -> Outcome {
        self.make(Call::RemoveDir(self.at(path)))
    }

    pub(super) fn rename(&self, from: &'static str, to: &'static str) -> Outcome {
        self.make(Call::Rename(self.at(from), self.at(to)))
    }

    pub(super) fn list(&self, dir: &'static str) -> Outcome {
        self.make(Call::List(self.at(dir)))
    }

    pub(super) fn read(&self, file: &'static str) -> Outcome {
        self.make(Call::Read(self.at(file)))
    }

    pub(super) fn touch(&self, path: &'static str) -> Outcome {
        self.make(Call::Touch(self.at(path)))
    }

    pub(super) fn modified(&self, path: &'static str) -> Outcome {
        self.make(Call::Modified(self.at(path)))
    }

    pub(super) fn exists(&self, path: &'static str) -> Outcome {
        self.make(Call::Exists(self.at(path)))
    }

    pub(super) fn ensure_dir(&self, path: &'static str) -> Outcome {
        self.make(Call::EnsureDir(self.at(path)))
    }

    pub(super) fn discard_file(&self, path: &'static str) -> Outcome {
        self.make(Call::DiscardFile(self.at(path)))
    }

    pub(super) fn discard_dir(&self, path: &'static str) -> Outcome {
        self.make(Call::DiscardDir(self.at(path)))
    }

    pub(super) fn put_aside(&self, from: &'static str, to: &'static str) -> Outcome {
        self.make(Call::PutAside(self.at(from), self.at(to)))
    }
}

impl Outcome {
    pub(super) fn done(self) -> Result<(), Breach> {
        self.answers(&Ok(Value::Done))
    }

    pub(super) fn fails(self, error: FsError) -> Result<(), Breach> {
        self.answers(&Err(error))
    }

    /// Where POSIX leaves it to the system which of several true things it says.
    pub(super) fn fails_by_one_of(self, errors: &[FsError]) -> Result<(), Breach> {
        match self.got {
            Err(error) if errors.contains(&error) => Ok(()),
            _ => {
                let named: Vec<_> = errors.iter().map(|error| format!("{error}")).collect();
                Err(self.breach(named.join(", or ")))
            }
        }
    }

    pub(super) fn done_or_fails(self, error: FsError) -> Result<bool, Breach> {
        match self.got {
            Ok(Value::Done) => Ok(true),
            Err(got) if got == error => Ok(false),
            _ => Err(self.breach(format!("0, or {error}"))),
        }
    }

    pub(super) fn names(self, names: &[&'static str]) -> Result<(), Breach> {
        let names = names.iter().filter_map(|name| name.parse().ok()).collect();
        self.answers(&Ok(Value::Names(names)))
    }

    pub(super) fn contents(self, contents: &[u8]) -> Result<(), Breach> {
        self.answers(&Ok(Value::Contents(contents.into())))
    }

    pub(super) fn is(self, truth: bool) -> Result<(), Breach> {
        self.answers(&Ok(Value::Truth(truth)))
    }

    pub(super) fn stamp(self) -> Result<Timestamp, Breach> {
        match self.got {
            Ok(Value::Stamp(stamp)) => Ok(stamp),
            _ => Err(self.breach("a stamp".to_owned())),
        }
    }

    pub(super) fn stamp_since(self, earlier: Timestamp) -> Result<Timestamp, Breach> {
        match self.got {
            Ok(Value::Stamp(stamp)) if stamp >= earlier => Ok(stamp),
            _ => Err(self.breach(format!("a stamp from {:?} on", earlier.since_epoch()))),
        }
    }

    pub(super) fn answers(self, expected: &Answer) -> Result<(), Breach> {
        if self.got == *expected {
            return Ok(());
        }
        let expected = super::shown(expected);
        Err(self.breach(expected))
    }

    fn breach(self, expected: String) -> Breach {
        Breach { promise: self.promise, call: self.call.to_string(), expected, got: super::shown(&self.got) }
    }
}
