//! Where there are two processors, a server has one of them, and its load the other.
//!
//! Each waits for the other all the time, and a system that is left to itself may take that for one job and put both on one processor, or may
//! not: then a rate tells where they were, and not what they can do. Of threads that a server has for other work nothing is taken away.

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use crate::Answer;

/// Whose processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Server,
    Load,
}

impl Part {
    /// Does that on the processor of this part, where a process that it starts stays. Where there is but one, that is shared.
    pub(super) fn starts<T>(self, start: impl FnOnce() -> T) -> Answer<T> {
        let me = Pid::from_raw(0);
        let all = sched_getaffinity(me)?;
        let mut mine = (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).unwrap_or(false));
        let (first, second) = (mine.next(), mine.next());
        let Some(cpu) = second.and(if self == Self::Server { first } else { second }) else { return Ok(start()) };
        let mut one = CpuSet::new();
        one.set(cpu)?;
        sched_setaffinity(me, &one)?;
        let started = start();
        sched_setaffinity(me, &all)?;
        Ok(started)
    }
}
