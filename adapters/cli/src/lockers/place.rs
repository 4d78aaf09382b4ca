//! Where a lock is: the path as it was typed, and the way there.
//!
//! As the scripts do it, a lock's missing parents are made when it is taken, a symbolic link at the path is followed, and
//! what is made has the mode that the umask leaves.

use std::{
    ffi::{OsStr, OsString},
    path,
    time::Duration,
};

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    path::{Name, Path},
    policies::{check::CheckLock, grace::GraceLock},
    probe::Probe,
};
use lockwright_posix::{chance::ThreadChance, fs::PosixFs, watch::PosixWorld};

use super::answer::{failed, usage};
use crate::exit::Failure;

/// A place for a lock.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) given: OsString,
    pub(super) fs: PosixFs,
    pub(super) path: Path,
}

pub(super) type Check<P> = CheckLock<FastLock<PosixFs>, P, ThreadChance>;
pub(super) type Grace<P> = GraceLock<PosixFs, FastLock<PosixFs>, P, PosixWorld>;

impl Place {
    /// The place at `given`, to look at. Directories on the way that are not there are not made.
    pub(super) fn at(given: OsString) -> Result<Self, Failure> {
        let target = followed(&given);
        let (mut dir, mut names) = (target.as_path(), Vec::new());
        // A path that ends in no name is a directory that is there.
        while let Some((parent, name)) = above(dir).filter(|_| names.is_empty() || !is_dir(dir)) {
            names.push(checked(name)?);
            dir = parent;
        }
        let dir = if dir.as_os_str().is_empty() { path::Path::new(".") } else { dir };
        let fs = PosixFs::open(dir).map_err(|error| failed(format!("{}: {error}", given.display())))?.by_umask();
        Ok(Self { fs, path: names.into_iter().rev().collect(), given })
    }

    /// The place at `given`, whose parents are made if they are missing.
    pub(super) fn made(given: OsString) -> Result<Self, Failure> {
        let target = followed(&given);
        let parent = above(&target).map_or(target.as_path(), |(parent, _)| parent);
        if !is_dir(parent) {
            std::fs::create_dir_all(parent).map_err(|error| failed(format!("{}: {error}", given.display())))?;
        }
        Self::at(given)
    }

    /// The lock of the building block.
    pub(super) fn fast(&self) -> FastLock<PosixFs> {
        FastLock::new(self.fs.clone(), self.path.clone(), Leaf::File)
    }

    /// The same under the check policy.
    pub(super) fn check<P: Probe>(&self, probe: P) -> Check<P> {
        CheckLock::new(self.fast(), probe, ThreadChance)
    }

    /// The same under the grace policy.
    pub(super) fn grace<P: Probe>(&self, probe: P, grace: Duration) -> Grace<P> {
        let world = PosixWorld::new(&self.fs);
        GraceLock::new(self.fs.clone(), self.path.clone(), self.fast(), probe, world, grace)
    }

    /// The place `name` in this one.
    pub(super) fn inside(&self, name: &Name) -> Self {
        let given = path::Path::new(&self.given).join(name.as_str()).into_os_string();
        Self { given, fs: self.fs.clone(), path: self.path.join(name) }
    }
}

fn is_dir(dir: &path::Path) -> bool {
    dir.as_os_str().is_empty() || dir.is_dir()
}

/// The directory around, and the last name; `None` where the path ends in no name.
fn above(path: &path::Path) -> Option<(&path::Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

fn followed(given: &OsStr) -> path::PathBuf {
    let path = path::Path::new(given);
    match std::fs::canonicalize(path) {
        Ok(target) if path.is_symlink() => target,
        _ => path.to_owned(),
    }
}

fn checked(name: &OsStr) -> Result<Name, Failure> {
    let text = name.to_str().ok_or_else(|| usage(format!("{}: a lock's path must be UTF-8", name.display())))?;
    text.parse().map_err(|error| usage(format!("{text}: {error}")))
}
