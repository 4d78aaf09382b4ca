//! What is known of the owner of an id, for people: whether it lives and how that can be told, whose it is, what it runs.
//!
//! No lock decides by any of this; they ask [`Probe::liveness`](lockwright_kernel::probe::Probe::liveness).

use std::{
    fmt,
    fs::File,
    io::{self, Read},
};

use lockwright_kernel::{
    id::Id,
    ids::process::{ProcessId, ProcessTable, Sighting},
    probe::Liveness,
};

use crate::{
    probe::{ProcProbe, Table},
    procfs::{self, Stat},
};

/// How much of a command line is read, in bytes.
pub const COMMAND_BYTES_MAX: u64 = 4096;

/// By what it can be told whether an owner lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The process is there.
    Runs,
    /// The process has ended, and somebody in the group of its command is there.
    GroupRuns,
    /// No process has its number.
    Gone,
    /// A process that started at another time has its number.
    Replaced,
    /// It has ended, and its parent has not asked for it yet.
    Ended,
    /// It ran before this host was started.
    EarlierBoot,
    /// It is of another host, or of another pid namespace.
    NotVisible,
    /// The system does not show it to this user.
    Hidden,
    /// The id names no process.
    NoProcess,
    /// It holds on a lease, which it did not renew in time. It may live.
    LeaseOver,
}

impl Evidence {
    /// What follows from it.
    #[must_use]
    pub fn liveness(self) -> Liveness {
        match self {
            Self::Runs | Self::GroupRuns => Liveness::Alive,
            Self::Gone | Self::Replaced | Self::Ended | Self::EarlierBoot => Liveness::Dead,
            Self::NotVisible | Self::Hidden | Self::NoProcess | Self::LeaseOver => Liveness::Unknown,
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runs => "seen on this host, start time matches",
            Self::GroupRuns => "its process has ended, a process of its command's group runs on this host",
            Self::Gone => "no process on this host has its number",
            Self::Replaced => "a process with another start time has its number",
            Self::Ended => "it has ended, and its parent has not asked for it",
            Self::EarlierBoot => "it ran before this host was last started",
            Self::NotVisible => "not visible from here: another host or another pid namespace",
            Self::Hidden => "this user is not shown the process",
            Self::NoProcess => "its id names no process",
            Self::LeaseOver => "it did not renew its lease in time",
        })
    }
}

/// Whose process it is, and what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user that the process runs as.
    pub uid: u32,
    /// The command line as `/proc` has it, each argument ended by a zero byte: that of the command that is run under the
    /// lock, or else of the process itself. At most [`COMMAND_BYTES_MAX`] bytes; any bytes may stand there.
    pub command: Vec<u8>,
}

impl ProcProbe {
    /// By what it can be told whether that owner lives.
    #[must_use]
    pub fn evidence(&self, owner: &Id) -> Evidence {
        let Ok(id) = ProcessId::try_from(owner) else { return Evidence::NoProcess };
        let Some(here) = self.here() else { return Evidence::Hidden };
        let (verdict, table) = (self.verdict(owner), Table::new());
        let sighting = id.is_visible(&here).then(|| table.process(id.pid));
        match (verdict, sighting) {
            (Liveness::Dead, None) => Evidence::EarlierBoot,
            (Liveness::Dead, Some(Sighting::Present { start, .. })) if start == id.start => Evidence::Ended,
            (Liveness::Dead, Some(Sighting::Present { .. })) => Evidence::Replaced,
            (Liveness::Dead, Some(Sighting::Absent | Sighting::Hidden)) => Evidence::Gone,
            (Liveness::Alive, Some(Sighting::Present { start, ended: false })) if start == id.start => Evidence::Runs,
            (Liveness::Alive, _) => Evidence::GroupRuns,
            (Liveness::Unknown, Some(_)) => Evidence::Hidden,
            (Liveness::Unknown, None) => Evidence::NotVisible,
        }
    }

    /// Whose process the owner of `id` is, and what it runs; `None` where that cannot be seen.
    #[must_use]
    pub fn person(&self, id: &Id) -> Option<Person> {
        let id = ProcessId::try_from(id).ok()?;
        if !id.is_visible(&self.here()?) || !procfs::shows_own_namespace() {
            return None;
        }
        let group = id.group.and_then(|group| seen(group.leader, group.start));
        group.or_else(|| seen(id.pid, id.start))
    }
}

/// The process `pid`, if it is the one that started then.
fn seen(pid: u32, start: u64) -> Option<Person> {
    let command = command_line(pid).ok().filter(|command| !command.is_empty())?;
    let person = Person { uid: procfs::uid(pid)?, command };
    // The number may have gone to another process meanwhile.
    Stat::of(pid).is_ok_and(|seen| seen.start == start).then_some(person)
}

fn command_line(pid: u32) -> io::Result<Vec<u8>> {
    let mut command = Vec::new();
    File::open(format!("/proc/{pid}/cmdline"))?.take(COMMAND_BYTES_MAX).read_to_end(&mut command)?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use lockwright_kernel::probe::Probe;

    use super::*;
    use crate::{fs::PosixFs, process::ThisProcess};

    fn probe() -> ProcProbe {
        let dir = tempfile::tempdir_in("/dev/shm").expect("shared memory");
        ProcProbe::new(&PosixFs::open(dir.path()).expect("it was made"))
    }

    /// What follows is what the probe says.
    fn evidence(id: &ProcessId) -> Evidence {
        let (probe, id) = (probe(), Id::from(id));
        let evidence = probe.evidence(&id);
        assert_eq!(probe.liveness(&id), Ok(evidence.liveness()), "{id}: {evidence}");
        evidence
    }

    #[test]
    fn a_verdict_is_told_with_its_reason() {
        let me = ThisProcess::new().expect("proc").fresh_id().expect("proc");
        assert_eq!(evidence(&me), Evidence::Runs);
        assert_eq!(evidence(&ProcessId { start: me.start + 1, ..me.clone() }), Evidence::Replaced);
        let mut boot = me.clone();
        boot.boot.0 ^= 1;
        assert_eq!(evidence(&boot), Evidence::EarlierBoot);
        let mut elsewhere = me.clone();
        elsewhere.namespace.pid += 1;
        assert_eq!(evidence(&elsewhere), Evidence::NotVisible);
        let mut child = Command::new("true").spawn().expect("true");
        let id = ProcessId { pid: child.id(), ..me.clone() };
        child.wait().expect("a child");
        assert_eq!(evidence(&id), Evidence::Gone);
        assert_eq!(probe().evidence(&"batch-12".parse().expect("a name")), Evidence::NoProcess);
    }

    #[test]
    fn a_zombie_has_ended() {
        let me = ThisProcess::new().expect("proc");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
        let id = me.fresh_id_for(child.id()).expect("it runs");
        assert_eq!(evidence(&id), Evidence::Runs);
        drop(child.stdin.take());
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(child.id().cast_signed())),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .expect("it ends when its input does");
        assert_eq!(evidence(&id), Evidence::Ended);
        assert_eq!(probe().person(&Id::from(&id)), None);
        child.wait().expect("it ended");
    }

    #[test]
    fn a_person_is_the_user_and_the_command_of_that_very_process() {
        let me = ThisProcess::new().expect("proc").fresh_id().expect("proc");
        let person = probe().person(&Id::from(&me)).expect("it runs");
        assert_eq!(person.uid, nix::unistd::getuid().as_raw());
        assert_eq!(person.command, std::fs::read("/proc/self/cmdline").expect("proc"));
        assert_eq!(probe().person(&Id::from(&ProcessId { start: me.start + 1, ..me.clone() })), None);
        let mut elsewhere = me;
        elsewhere.namespace.pid += 1;
        assert_eq!(probe().person(&Id::from(&elsewhere)), None);
    }
}
