//! The directory in which things are tried.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::Name,
};

use super::DoctorErrorKind;
use crate::fs::PosixFs;

/// How many names are tried.
const NAMES_MAX: u32 = 16;

/// A directory of nobody else's, which goes away with all that is in it.
#[derive(Debug)]
pub(super) struct Room {
    path: PathBuf,
    is_there: bool,
}

impl Room {
    /// Makes one in `fs`, which is the directory `dir`.
    pub(super) fn make(fs: &PosixFs, dir: &Path) -> Result<Self, FsError> {
        let mut made = Err(FsError::AlreadyExists);
        for _ in 0..NAMES_MAX {
            let name = format!(".lockwright-doctor-{}-{:08x}", std::process::id(), fastrand::u32(..));
            let name: Name = name.parse().map_err(|_| FsError::NameTooLong)?;
            made = fs.create_dir(&name.clone().into()).map(|()| name);
            if !matches!(made, Err(FsError::AlreadyExists)) {
                break;
            }
        }
        Ok(Self { path: dir.join(made?.as_str()), is_there: true })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle of its own.
    pub(super) fn fs(&self) -> io::Result<PosixFs> {
        PosixFs::open(&self.path)
    }

    pub(super) fn take_away(mut self) -> Result<(), DoctorErrorKind> {
        self.is_there = false;
        // Which follows no link.
        fs::remove_dir_all(&self.path).map_err(|error| DoctorErrorKind::Left(self.path.display().to_string(), error))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.is_there {
            // Nobody is there to hear of a failure.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
