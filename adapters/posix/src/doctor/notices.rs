//! Whether a file system tells of changes, of this process's own and of another's.

use std::{io, os::fd::AsFd, time::Duration};

use lockwright_kernel::{fs::Fs, path::Path};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::inotify::{AddWatchFlags, InitFlags, Inotify},
};

use super::names::io_error;
use crate::fs::{PosixFs, shown_as};

/// How long a notice is waited for. Where it comes at all, it is there when the call returns.
const WAIT: Duration = Duration::from_secs(1);

/// Whose changes are told of. Without notices a waiter looks again after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notices {
    /// Those of this process.
    pub own: bool,
    /// Those of another process on this host. Of those of other hosts nothing is known.
    pub others: bool,
}

impl Notices {
    /// Tries that in `fs`, where nobody but `other` is, which is another process there.
    pub(super) fn of(fs: &PosixFs, other: &impl Fs) -> io::Result<Self> {
        let place = fs.place(&Path::root()).map_err(io_error)?;
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        inotify.add_watch(shown_as(&place).as_str(), AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO)?;
        let path =
            |name: &str| name.parse().unwrap_or_else(|error| unreachable!("{name} stands in the source: {error}"));
        fs.create_file(&path("notice-own"), b"").map_err(io_error)?;
        let own = told(&inotify)?;
        // If it cannot make a file, a promise was broken.
        let others = other.create_file(&path("notice-other"), b"").is_ok() && told(&inotify)?;
        Ok(Self { own, others })
    }
}

fn told(inotify: &Inotify) -> io::Result<bool> {
    let wait = PollTimeout::try_from(WAIT).map_err(io::Error::other)?;
    let mut fds = [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
    let is_told = loop {
        match poll(&mut fds, wait) {
            Err(Errno::EINTR) => {}
            ready => break ready? > 0,
        }
    };
    if is_told {
        inotify.read_events()?;
    }
    Ok(is_told)
}
