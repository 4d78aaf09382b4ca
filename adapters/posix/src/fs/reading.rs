//! What stands in a directory, and in a file.

use std::{
    io::Read,
    os::fd::{AsFd, OwnedFd},
};

use lockwright_kernel::{fs::FsError, path::Name};
use nix::{
    errno::Errno,
    fcntl::{self, OFlag},
    sys::stat::{self, FileStat, Mode, SFlag},
};
use rustix::fs::RawDir;

use super::{READ_BYTES_MAX, io_fact, kind_of, retry, status};
use crate::errno::fact;

/// How much of a directory is read at once, in bytes: some hundred names.
const PIECE: usize = 32 * 1024;

/// The names in an open directory, sorted.
pub(super) fn names(dir: OwnedFd) -> Result<Vec<Name>, FsError> {
    let (mut names, mut piece) = (Vec::new(), Vec::with_capacity(PIECE));
    // The C library asks three times what kind of handle it was given before it reads.
    let mut entries = RawDir::new(dir, piece.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|errno| fact(Errno::from_raw(errno.raw_os_error())))?;
        let name = entry.file_name().to_str();
        let name = name.map_err(|_| FsError::ForeignName)?;
        if name != "." && name != ".." {
            names.push(name.parse().map_err(|_| FsError::ForeignName)?);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// What a regular file holds.
pub(super) fn contents(parent: impl AsFd, name: &str) -> Result<Vec<u8>, FsError> {
    // Opening a device can have effects of its own, so look first. What is opened is looked at again.
    regular(&status(&parent, name)?)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let fd = retry(|| fcntl::openat(&parent, name, flags | OFlag::O_NOCTTY, Mode::empty()))?;
    regular(&stat::fstat(&fd).map_err(fact)?)?;
    let mut contents = Vec::new();
    let mut file = std::fs::File::from(fd).take(READ_BYTES_MAX + 1);
    let length = file.read_to_end(&mut contents).map_err(io_fact)?;
    if length as u64 > READ_BYTES_MAX {
        return Err(FsError::TooLarge);
    }
    Ok(contents)
}

fn regular(status: &FileStat) -> Result<(), FsError> {
    match kind_of(status) {
        SFlag::S_IFREG => Ok(()),
        SFlag::S_IFDIR => Err(FsError::IsADirectory),
        SFlag::S_IFLNK => Err(FsError::SymbolicLink),
        _ => Err(FsError::SpecialFile),
    }
}
