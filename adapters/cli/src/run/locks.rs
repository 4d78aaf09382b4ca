//! The locks of one run, in the order in which they are taken.
//!
//! Who takes several takes them in the order of their resolved paths, so no two who do so wait for each other. The order is
//! the same for all who see the directories under the same names.

use std::{collections::BTreeSet, os::unix::fs::MetadataExt, path::PathBuf};

use lockwright_posix::lock::PathLock;

use crate::{
    args::{RunArgs, WantArgs},
    exit::{FAILED, Failure, USAGE, failed},
    text::shown_path,
};

/// The locks that a command is to run under; at least one.
#[derive(Debug)]
pub(super) struct Locks {
    /// In the order in which they are taken.
    pub(super) all: Vec<PathLock>,
    /// Which of them is the one that the command is told of.
    main: usize,
}

impl Locks {
    /// Opens them. A lock that is named twice, also by two paths, is refused.
    pub(super) fn open(args: &RunArgs, want: &WantArgs) -> Result<Self, Failure> {
        if args.also.is_empty() {
            return Ok(Self { all: vec![args.lease.apply(want.open()?)?.tidying_late()], main: 0 });
        }
        let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
        for (index, path) in std::iter::once(&want.lock).chain(&args.also).enumerate() {
            let lock = args.lease.apply(WantArgs { lock: path.clone(), ..want.clone() }.open()?)?;
            let parent = parent(&lock)?;
            let stands = parent.metadata().map_err(failed("cannot look at a lock's directory"))?;
            if !seen.insert((stands.dev(), stands.ino(), lock.name().clone())) {
                return Err(Failure::new(USAGE, format!("{}: the lock is named twice", shown_path(path))));
            }
            ordered.push((parent.join(lock.name().as_str()), index, lock));
        }
        ordered.sort_by(|one, other| one.0.cmp(&other.0));
        let main = ordered.iter().position(|(_, index, _)| *index == 0).unwrap_or_default();
        Ok(Self { all: ordered.into_iter().map(|(_, _, lock)| lock).collect(), main })
    }

    /// Which of several belongs to the lock that the command is told of.
    pub(super) fn main_of<'a, T>(&self, each: &'a [T]) -> &'a T {
        &each[self.main]
    }

    /// The lock that the command is told of.
    pub(super) fn main(&self) -> &PathLock {
        self.main_of(&self.all)
    }
}

/// The directory that the lock is in, without a link on the way.
fn parent(lock: &PathLock) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(lock.path()).map_err(failed("cannot tell the working directory"))?;
    let parent = path.parent().ok_or_else(|| Failure::new(FAILED, "a lock stands in no directory"))?;
    parent.canonicalize().map_err(failed("cannot tell where a lock's directory is"))
}
