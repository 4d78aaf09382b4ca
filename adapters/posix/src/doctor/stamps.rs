//! What stamps a file system gives, and by which clock.

use std::{
    io,
    time::{Duration, SystemTime},
};

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::Path,
};
use nix::sys::{
    stat::{UtimensatFlags, fstatat, utimensat},
    time::{TimeSpec, TimeValLike},
};

use super::names::io_error;
use crate::fs::PosixFs;

/// What stamps it gives. No lock is decided by them; a grace policy waits for them to stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// The step in which they are kept.
    pub step: Duration,
    /// How far the file system's clock is from that of this host.
    pub clock_off: Duration,
}

/// The steps that file systems have.
const STEPS: [Duration; 7] = [
    Duration::from_nanos(1),
    Duration::from_nanos(100),
    Duration::from_micros(1),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// An odd second, and a time in it that is no multiple of any longer step than the shortest.
const SET: Duration = Duration::new(1_700_000_001, 123_456_789);

impl Stamps {
    /// Tries them in `fs`, where nobody else is.
    pub(super) fn of(fs: &PosixFs) -> io::Result<Self> {
        let file: Path = "stamp".parse().unwrap_or_else(|error| unreachable!("it stands in the source: {error}"));
        fs.create_file(&file, b"").map_err(io_error)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        fs.touch(&file).map_err(io_error)?;
        let touched = fs.modified(&file).map_err(io_error)?.since_epoch();
        let set = TimeSpec::nanoseconds(i64::try_from(SET.as_nanos()).unwrap_or(i64::MAX));
        let place = fs.place(&Path::root()).map_err(io_error)?;
        utimensat(&place, "stamp", &set, &set, UtimensatFlags::NoFollowSymlink)?;
        let status = fstatat(&place, "stamp", nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let kept = u64::try_from(status.st_mtime).ok().zip(u32::try_from(status.st_mtime_nsec).ok());
        let (seconds, nanos) = kept.ok_or_else(|| io_error(FsError::Io))?;
        Ok(Self { step: step(Duration::new(seconds, nanos)), clock_off: touched.abs_diff(now) })
    }
}

/// The step by which [`SET`] became `kept`; two seconds where no known one did that.
fn step(kept: Duration) -> Duration {
    let cut = |step: &Duration| SET.as_nanos() - SET.as_nanos() % step.as_nanos();
    let step = STEPS.into_iter().find(|step| cut(step) == kept.as_nanos());
    step.unwrap_or(STEPS[STEPS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_by_what_is_left_of_a_stamp() {
        for (kept, due) in [
            (SET, Duration::from_nanos(1)),
            (Duration::new(1_700_000_001, 123_456_700), Duration::from_nanos(100)),
            (Duration::new(1_700_000_001, 123_456_000), Duration::from_micros(1)),
            (Duration::new(1_700_000_001, 0), Duration::from_secs(1)),
            (Duration::new(1_700_000_000, 0), Duration::from_secs(2)),
        ] {
            assert_eq!(step(kept), due);
        }
    }
}
