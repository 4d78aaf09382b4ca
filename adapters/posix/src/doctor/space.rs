//! What room there is.

use std::io;

use nix::sys::statvfs;

use crate::fs::PosixFs;

/// What room there is, for whoever asks. What takes no files in the end is no place for a lock, which is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// In bytes.
    pub free_bytes: u64,
    /// How many more files and directories; `None` where they are not counted.
    pub free_files: Option<u64>,
    /// Nothing can be changed.
    pub is_read_only: bool,
}

impl Space {
    pub(super) fn of(fs: &PosixFs) -> io::Result<Self> {
        let status = statvfs::fstatvfs(fs.handle())?;
        Ok(Self {
            free_bytes: status.blocks_available().saturating_mul(status.fragment_size()),
            free_files: (status.files() > 0).then(|| status.files_available()),
            is_read_only: status.flags().contains(statvfs::FsFlags::ST_RDONLY),
        })
    }
}
