//! The bids of a [lock folder](lockwright_kernel::check_bid_check): the calling process as a bidder, and whether the
//! process of a bid still runs.
//!
//! A bid names a process by its number and the second of its creation, and says nothing of its host or pid namespace. So
//! a folder is for the processes of one host that see each other, and on a file system that other hosts may write to
//! nobody is found dead.

use std::io;

use lockwright_kernel::{
    check_bid_check::{Bidder, Bidders, Sighting},
    fs::Halted,
    ids::process::{ProcessId, ProcessTable, Sighting as Process},
    probe::Liveness,
};

use crate::{
    probe::{ProcProbe, Table},
    procfs::{self, Stat},
};

/// The calling process, as it stands in its bids.
///
/// # Errors
///
/// Those of reading `/proc`.
pub fn this_bidder() -> io::Result<Bidder> {
    let start = Stat::of_this_process()?.start;
    Ok(Bidder { pid: std::process::id().into(), created: created(procfs::btime()?, start) })
}

/// The process of `id`, as it stands in its bids: that of the command, where it supervises one. What a bid can name is one
/// process, and a supervisor that is killed takes its command along, while it may be gone a moment earlier.
///
/// # Errors
///
/// Those of reading `/proc`.
pub fn bidder(id: &ProcessId) -> io::Result<Bidder> {
    let (pid, start) = id.group.map_or((id.pid, id.start), |group| (group.leader, group.start));
    Ok(Bidder { pid: pid.into(), created: created(procfs::btime()?, start) })
}

impl Bidders for ProcProbe {
    fn liveness(&self, bidder: &Bidder) -> Result<Liveness, Halted> {
        if !self.is_local() {
            return Ok(Liveness::Unknown);
        }
        Ok(bidder.verdict(sighting(bidder.pid)))
    }
}

fn sighting(pid: u64) -> Sighting {
    let Ok(pid) = u32::try_from(pid) else { return Sighting::Hidden };
    match (Table::new().process(pid), procfs::btime()) {
        (Process::Absent, _) => Sighting::Absent,
        (Process::Present { start, ended }, Ok(btime)) => Sighting::Present { created: created(btime, start), ended },
        _ => Sighting::Hidden,
    }
}

/// In whole seconds, rounded down: the boot time has no more.
fn created(btime: u64, start: u64) -> u64 {
    btime.saturating_add(start / rustix::param::clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::fs::PosixFs;

    /// A probe as on a file system of this host's own.
    fn probe() -> ProcProbe {
        let dir = tempfile::tempdir_in("/dev/shm").expect("shared memory");
        ProcProbe::new(&PosixFs::open(dir.path()).expect("it was made"))
    }

    #[test]
    fn this_process_is_alive_and_one_of_another_time_is_not() {
        let me = this_bidder().expect("proc");
        let liveness = |created| Bidders::liveness(&probe(), &Bidder { created, ..me });
        assert_eq!(liveness(me.created), Ok(Liveness::Alive));
        assert_eq!(liveness(me.created - 10), Ok(Liveness::Dead));
        assert_eq!(liveness(me.created + 10), Ok(Liveness::Unknown));
    }

    #[test]
    fn a_process_that_ended_is_dead_before_and_after_somebody_waits_for_it() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
        let start = Stat::of(child.id()).expect("it runs").start;
        let bidder = Bidder { pid: child.id().into(), created: created(procfs::btime().expect("proc"), start) };
        assert_eq!(Bidders::liveness(&probe(), &bidder), Ok(Liveness::Alive));
        drop(child.stdin.take());
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(child.id().cast_signed())),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .expect("it ends when its input does");
        assert_eq!(Bidders::liveness(&probe(), &bidder), Ok(Liveness::Dead));
        child.wait().expect("it ended");
        assert_eq!(Bidders::liveness(&probe(), &bidder), Ok(Liveness::Dead));
    }

    #[test]
    fn a_number_that_no_process_can_have_is_unknown() {
        for pid in [0, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(Bidders::liveness(&probe(), &Bidder { pid, created: 0 }), Ok(Liveness::Unknown));
        }
    }
}
