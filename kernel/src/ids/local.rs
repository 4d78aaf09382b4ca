//! The lockers' local id: a process on this host.
//!
//! ```text
//! 4312:889123:1700000000
//! pid  start  btime
//! ```
//!
//! `start` is in clock ticks after boot (field 22 of `/proc/PID/stat`), `btime` in seconds since 1970 (the line of that
//! name in `/proc/stat`). What follows from what can be seen:
//!
//! | the process with that number | verdict |
//! |---|---|
//! | none, or a zombie | dead |
//! | one with another start | dead |
//! | one with that start, and a boot time that differs by at most [`BTIME_SLACK`] | alive |
//! | one with that start, and another boot time | unknown |
//! | cannot be seen | unknown |
//!
//! The lockers take the fourth row for dead. It need not be: a kernel works its boot time out from the clock, so that it
//! changes when the clock is set, and with it the text of an id of a process that still runs.
//!
//! *What it leaves to the caller.* The id names no pid namespace. Whoever sees other processes than the owner does (in
//! another container, say) sees none where there is one; an adapter that cannot rule that out answers
//! [`Sighting::Hidden`] instead of [`Sighting::Absent`]. The [`process`](super::process) id knows its namespace.
//!
//! *Source.* The lockers' `local_id`.
//!
//! ```
//! use lockwright_kernel::ids::{Verdict, local::{LocalId, Observed}, process::Sighting};
//!
//! let id: LocalId = "4312:889123:1700000000".parse()?;
//! assert_eq!(id.to_string(), "4312:889123:1700000000");
//! let there = |start| Sighting::Present { start, ended: false };
//! assert_eq!(id.verdict(Observed { process: there(889_123), btime: 1_700_000_001 }), Verdict::Alive);
//! assert_eq!(id.verdict(Observed { process: there(990_000), btime: 1_700_000_001 }), Verdict::Dead);
//! # Ok::<(), lockwright_kernel::ids::TextError>(())
//! ```

use alloc::string::ToString;
use core::{fmt, str::FromStr};

use super::{
    Reason, TextError, Verdict,
    process::{Sighting, number, pid},
};
use crate::id::Id;

/// By how many seconds the boot time may differ between two looks at one boot: it is rounded anew each time.
pub const BTIME_SLACK: u64 = 1;

/// A process, by its number, its start and the boot time of its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId {
    /// Its number, from 1 to [`PID_MAX`](super::process::PID_MAX).
    pub pid: u32,
    /// When it started, in clock ticks after boot.
    pub start: u64,
    /// When its kernel booted, in seconds since 1970-01-01 UTC by that kernel's clock as it then was.
    pub btime: u64,
}

/// What was seen on the id's host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observed {
    /// What has the number now.
    pub process: Sighting,
    /// The boot time, read at the same time and in the same unit as the id's.
    pub btime: u64,
}

impl LocalId {
    /// What follows from what was seen; see the table above.
    #[must_use]
    pub fn verdict(&self, observed: Observed) -> Verdict {
        match observed.process {
            Sighting::Hidden => Verdict::Unknown(Reason::Hidden),
            Sighting::Absent => Verdict::Dead,
            Sighting::Present { start, ended } if ended || start != self.start => Verdict::Dead,
            Sighting::Present { .. } if self.btime.abs_diff(observed.btime) <= BTIME_SLACK => Verdict::Alive,
            Sighting::Present { .. } => Verdict::Unknown(Reason::BootTime),
        }
    }

    /// Reads `id`, and says what follows from what `observe` sees of it. A text that is no such id is not looked for.
    pub fn judge(id: &Id, observe: impl FnOnce(&Self) -> Observed) -> Verdict {
        match Self::try_from(id) {
            Ok(id) => id.verdict(observe(&id)),
            Err(error) => Verdict::Unknown(error.into()),
        }
    }
}

impl fmt::Display for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.pid, self.start, self.btime)
    }
}

/// Reads exactly what `Display` writes, so that one process has one name on disk.
impl FromStr for LocalId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut fields = text.split(':');
        let mut next = || fields.next().ok_or(TextError::Fields);
        let [first, start, btime] = [next()?, next()?, next()?];
        if fields.next().is_some() {
            return Err(TextError::Fields);
        }
        Ok(Self {
            pid: pid(first, 1).ok_or(TextError::Number("pid"))?,
            start: number(start).ok_or(TextError::Number("starttime"))?,
            btime: number(btime).ok_or(TextError::Number("btime"))?,
        })
    }
}

impl From<&LocalId> for Id {
    fn from(id: &LocalId) -> Self {
        match id.to_string().parse() {
            Ok(id) => id,
            Err(error) => unreachable!("three numbers make a name: {error}"),
        }
    }
}

impl TryFrom<&Id> for LocalId {
    type Error = TextError;

    fn try_from(id: &Id) -> Result<Self, TextError> {
        id.name().as_str().parse()
    }
}
