//! The bids of a [lock folder](lockwright_kernel::check_bid_check): the calling process as a bidder, and whether the
//! process of a bid still runs.
//!
//! A bid names a process by its number and the second of its creation, and says nothing of its host or pid namespace. Those of
//! this crate stand under a [`ProcessId`], which does, and is believed instead. Of a bid of somebody else's, such as the Python
//! package, that cannot be told: with those, a folder is for the processes of one host that see each other. On a file system
//! that other hosts may write to nobody is found dead.

use std::io;

use lockwright_kernel::{
    check_bid_check::{Bidder, Bidders, Sighting},
    fs::Halted,
    id::Id,
    ids::process::{ProcessId, ProcessTable, Sighting as Process},
    probe::{Liveness, Probe},
};

use crate::{
    probe::{ProcProbe, Table},
    procfs::{self, SelfDir},
};

/// The calling process, as it stands in its bids.
///
/// # Errors
///
/// Those of reading `/proc`.
pub fn this_bidder() -> io::Result<Bidder> {
    let start = SelfDir::open()?.stat()?.start;
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
    fn liveness(&self, id: &Id, bidder: &Bidder) -> Result<Liveness, Halted> {
        if ProcessId::try_from(id).is_ok() {
            return Probe::liveness(self, id);
        }
        Ok(self.liveness_of(bidder))
    }
}

impl ProcProbe {
    /// Whether the process that the bid itself names is still there, whoever made it.
    pub(crate) fn liveness_of(&self, bidder: &Bidder) -> Liveness {
        if !self.is_local() {
            return Liveness::Unknown;
        }
        self.spared(bidder.verdict(sighting(bidder.pid)))
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

    use lockwright_kernel::ids::process::Namespace;

    use super::*;
    use crate::{fs::PosixFs, process::ThisProcess};

    /// A probe as on a file system of this host's own.
    fn probe() -> ProcProbe {
        let dir = tempfile::tempdir_in("/dev/shm").expect("shared memory");
        ProcProbe::new(&PosixFs::open(dir.path()).expect("it was made"))
    }

    #[test]
    fn this_process_is_alive_and_one_of_another_time_is_not() {
        let me = this_bidder().expect("proc");
        let liveness = |created| probe().liveness_of(&Bidder { created, ..me });
        assert_eq!(liveness(me.created), Liveness::Alive);
        assert_eq!(liveness(me.created - 10), Liveness::Dead);
        assert_eq!(liveness(me.created + 10), Liveness::Unknown);
    }

    #[test]
    fn a_process_that_ended_is_dead_before_and_after_somebody_waits_for_it() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
        let start = procfs::Stat::of(child.id()).expect("it runs").start;
        let bidder = Bidder { pid: child.id().into(), created: created(procfs::btime().expect("proc"), start) };
        assert_eq!(probe().liveness_of(&bidder), Liveness::Alive);
        drop(child.stdin.take());
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(child.id().cast_signed())),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .expect("it ends when its input does");
        assert_eq!(probe().liveness_of(&bidder), Liveness::Dead);
        child.wait().expect("it ended");
        assert_eq!(probe().liveness_of(&bidder), Liveness::Dead);
    }

    /// A guid of the package says nothing, so its bid is all there is to go by; an id of this crate knows more than the bid.
    #[test]
    fn an_id_that_tells_more_than_the_bid_is_believed() {
        let gone = Bidder { pid: 1 << 21, created: 0 };
        let mine = ThisProcess::new().expect("proc").fresh_id().expect("proc");
        let elsewhere = ProcessId { namespace: Namespace { pid: 1, ..mine.namespace }, ..mine.clone() };
        let liveness = |id: &str| Bidders::liveness(&probe(), &id.parse().expect("a name"), &gone);
        assert_eq!(liveness("29a9a3d8-3b1c-4b6b-8f0e-5d4f0f6a7b1c"), Ok(Liveness::Dead));
        assert_eq!(liveness(&mine.to_string()), Ok(Liveness::Alive));
        assert_eq!(liveness(&elsewhere.to_string()), Ok(Liveness::Unknown));
    }

    #[test]
    fn a_number_that_no_process_can_have_is_unknown() {
        for pid in [0, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(probe().liveness_of(&Bidder { pid, created: 0 }), Liveness::Unknown);
        }
    }
}
