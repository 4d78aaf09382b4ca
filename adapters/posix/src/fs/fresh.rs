//! Over NFS: a host remembers names and directories, and answers from memory what others have changed. Here it asks.
//!
//! The client of Linux takes a name that it has looked up for as long as it takes the directory that holds it to be unchanged,
//! and that it believes for up to a minute. So before a name is used, its directory is asked about:
//!
//! 1. RENEW, of each directory on the way: get its attributes from the server (`statx` with `AT_STATX_FORCE_SYNC`). Names that
//!    were looked up before it changed are then looked up again.
//! 2. STEP to the next one, or make the call; for a stamp, RENEW the entry as well.
//! 3. AGAIN, after `ESTALE`: the server has the directory no more, which was there when it was renewed. What is found in a few
//!    tries is gone or replaced each time: then it is as if it were not there, which it was not at some moment of the call.
//!
//! *What it is not.* With version 3 a directory tells its changes by a stamp that moves in steps of milliseconds, so of two
//! changes in one step the second is missed until the next. `lookupcache=none` makes the client look up each name anew. Of
//! a listing there is no such thing.

use std::os::fd::AsFd;

use lockwright_kernel::fs::FsError;
use nix::errno::Errno;
use rustix::fs::{AtFlags, StatxFlags, statx};

use crate::errno::fact;

/// How often a call is made of which it is told that a directory is gone.
const TRIES_MAX: u32 = 3;

/// Gets what is known of a directory from the server.
pub(super) fn renew(dir: impl AsFd) -> Result<(), FsError> {
    get(dir, "", AtFlags::EMPTY_PATH)
}

/// The same of an entry, in a directory of which that was done.
pub(super) fn renew_entry(dir: impl AsFd, name: &str) -> Result<(), FsError> {
    get(dir, name, AtFlags::SYMLINK_NOFOLLOW)
}

fn get(at: impl AsFd, name: &str, flags: AtFlags) -> Result<(), FsError> {
    match statx(at, name, flags | AtFlags::STATX_FORCE_SYNC, StatxFlags::BASIC_STATS) {
        Ok(_) => Ok(()),
        Err(error) => Err(fact(Errno::from_raw(error.raw_os_error()))),
    }
}

/// Makes a call that does nothing when it answers [`FsError::Stale`], below `root`, until it answers something else.
pub(super) fn again<T>(root: impl AsFd, mut call: impl FnMut() -> Result<T, FsError>) -> Result<T, FsError> {
    for _ in 0..TRIES_MAX {
        match call() {
            Err(FsError::Stale) => renew(&root)?, // 3 AGAIN
            other => return other,
        }
    }
    Err(FsError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_gone_each_time_is_not_there_and_any_other_answer_is_the_answer() {
        let root = std::fs::File::open("/").unwrap();
        let mut calls = 0;
        let gone: Result<(), _> = again(&root, || {
            calls += 1;
            Err(FsError::Stale)
        });
        assert_eq!((gone, calls), (Err(FsError::NotFound), TRIES_MAX));
        for other in [Ok(7), Err(FsError::Io)] {
            let mut answers = [Err(FsError::Stale), other].into_iter();
            assert_eq!(again(&root, || answers.next().unwrap()), other);
        }
    }
}
