//! Waiting for whoever of many reports something next.

use std::{os::fd::BorrowedFd, time::Duration};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The numbers of those pipes that have something to say, or are at their end; `None` when none has in time. Who is `None`
/// has ended and is not waited for.
pub(crate) fn wait<'a>(pipes: impl Iterator<Item = Option<BorrowedFd<'a>>>, time: Duration) -> Option<Vec<usize>> {
    let (numbers, mut fds): (Vec<_>, Vec<_>) =
        pipes.enumerate().filter_map(|(number, pipe)| Some((number, PollFd::new(pipe?, PollFlags::POLLIN)))).unzip();
    let ready = poll(&mut fds, PollTimeout::try_from(time).expect("a short time")).expect("poll");
    let told = numbers.into_iter().zip(&fds).filter(|(_, fd)| fd.any() == Some(true));
    (ready > 0).then(|| told.map(|(number, _)| number).collect())
}
