//! What names a file system takes.

use std::{ffi::OsStr, io, os::unix::ffi::OsStrExt};

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::Path,
};
use nix::sys::stat::{Mode, mkdirat};

use crate::{errno::errno, fs::PosixFs};

/// What names it takes, and tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// The longest, in bytes. An owner's name has some hundred.
    pub longest_bytes: usize,
    /// A name with `:` in it, as an owner's has, is given back as it was.
    pub takes_colons: bool,
    /// `a` and `A` are two names.
    pub tells_case: bool,
    /// It takes names that are not UTF-8, which no lock has.
    pub takes_other_bytes: bool,
}

impl Names {
    /// Tries them in `fs`, where nobody else is.
    pub(super) fn of(fs: &PosixFs) -> io::Result<Self> {
        let file = |name: &str| name.parse::<Path>().unwrap_or_else(|error| unreachable!("{name} is a name: {error}"));
        let takes = |path: &Path| match fs.create_file(path, b"") {
            Ok(()) => fs.remove_file(path).map(|()| true),
            Err(error @ (FsError::NoSpace | FsError::PermissionDenied | FsError::ReadOnly)) => Err(error),
            Err(_) => Ok(false),
        };
        let (mut fits, mut too_long) = (0, 256);
        while too_long - fits > 1 {
            let length = usize::midpoint(fits, too_long);
            if takes(&file(&"x".repeat(length))).map_err(io_error)? { fits = length } else { too_long = length }
        }
        let dir = file("names");
        fs.create_dir(&dir).map_err(io_error)?;
        let within = |name: &str| dir.join(&name.parse().unwrap_or_else(|error| unreachable!("{name}: {error}")));
        let takes_colons = fs.create_file(&within("1:2:a"), b"").is_ok()
            && fs.list(&dir).is_ok_and(|names| names.iter().any(|name| name.as_str() == "1:2:a"));
        let is_folded = fs.create_file(&within("case"), b"").is_ok() && fs.exists(&within("CASE")).map_err(io_error)?;
        let place = fs.place(&dir).map_err(io_error)?;
        let takes_other_bytes = mkdirat(&place, OsStr::from_bytes(b"\xff"), Mode::S_IRWXU).is_ok();
        Ok(Self { longest_bytes: fits, takes_colons, tells_case: !is_folded, takes_other_bytes })
    }
}

pub(super) fn io_error(fact: FsError) -> io::Error {
    errno(fact).map_or_else(|| io::Error::other(fact), io::Error::from)
}
