//! What a command has started, and what has left its process group since, as daemons do.
//!
//! Whoever's parent ends becomes a child of the nearest ancestor that adopts such, and a supervisor is one. So all that a command
//! has started descends from the supervisor, for as long as both run. Children that the supervisor had before it had a
//! command, as those of a shell that was replaced by it, are not the command's.

use std::{collections::BTreeMap, fs, io, os::fd::OwnedFd};

use lockwright_kernel::id::Id;
use lockwright_posix::process::ThisProcess;
use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{Signal, kill},
        wait::{Id as Whom, WaitPidFlag, waitid, waitpid},
    },
    unistd::{Pid, getpid},
};
use rustix::process::{PidfdFlags, pidfd_open};

/// Who was a child of this process before the command was.
#[derive(Debug)]
pub(super) struct Others(Vec<u32>);

impl Others {
    /// Has this process adopt what its descendants leave behind, before it has the command.
    pub(super) fn adopt() -> io::Result<Self> {
        prctl::set_child_subreaper(true)?;
        // Most have none, which takes one call to be told.
        let any = WaitPidFlag::WEXITED | WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Whom::All, any) {
            Err(Errno::ECHILD) => Ok(Self(Vec::new())),
            _ => Ok(Self(children()?)),
        }
    }

    /// Those who descend from this process, and are neither dead nor among the others, nor `spared`, nor below them. Children
    /// that have ended are taken in on the way.
    pub(super) fn descendants(&self, spared: &[Option<u32>]) -> io::Result<Vec<Descendant>> {
        let me = getpid().as_raw().unsigned_abs();
        let processes = processes()?;
        let is_below = |process: &Process| {
            let (mut at, mut steps) = (process, 0);
            while at.parent != me {
                match processes.get(&at.parent) {
                    // What is read while it changes may go in a circle.
                    Some(parent) if steps < processes.len() => (at, steps) = (parent, steps + 1),
                    _ => return false,
                }
            }
            !spared.contains(&Some(at.pid)) && !self.0.contains(&at.pid)
        };
        let mut found = Vec::new();
        for process in processes.values().filter(|process| is_below(process)) {
            if !process.has_ended {
                found.push(Descendant(process.pid));
            } else if process.parent == me {
                let _ = waitpid(pid(process.pid), Some(WaitPidFlag::WNOHANG));
            }
        }
        Ok(found)
    }
}

/// A process that was seen living.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Descendant(u32);

impl Descendant {
    /// Sends it a signal: `false` where this process may not.
    pub(super) fn signal(self, signal: Signal) -> bool {
        kill(pid(self.0), signal) != Err(Errno::EPERM)
    }

    /// It, as an owner that dies when it ends; `None` when it has.
    pub(super) fn id(self, process: &ThisProcess) -> Option<Id> {
        process.fresh_id_for(self.0).ok().map(|id| Id::from(&id))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    group: u32,
    has_ended: bool,
}

impl Process {
    /// Reads `PID (NAME) STATE PPID ...`; a name may hold anything, also `)`.
    fn parse(text: &str) -> Option<Self> {
        let pid = text.split_once(' ')?.0.parse().ok()?;
        let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X" | "x");
        let mut number = || fields.next()?.parse().ok();
        Some(Self { pid, parent: number()?, group: number()?, has_ended })
    }
}

/// A handle of a living member of that process group, if there is one.
pub(super) fn member(group: Pid) -> io::Result<Option<OwnedFd>> {
    let group = group.as_raw().unsigned_abs();
    let is_member = |process: &Process| process.group == group && !process.has_ended;
    for process in processes()?.into_values().filter(is_member) {
        let handle = rustix::process::Pid::from_raw(process.pid.cast_signed());
        match handle.map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
            // Another process may have got the number meanwhile; it ends some time as well, and then it is looked again.
            Some(Ok(handle)) => return Ok(Some(handle)),
            Some(Err(rustix::io::Errno::SRCH)) | None => {}
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn children() -> io::Result<Vec<u32>> {
    let me = getpid().as_raw().unsigned_abs();
    // One look at a file, where the kernel has it: this is done before each command.
    if let Ok(children) = fs::read_to_string(format!("/proc/self/task/{me}/children")) {
        return Ok(children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect());
    }
    Ok(processes()?.into_values().filter(|process| process.parent == me).map(|process| process.pid).collect())
}

fn processes() -> io::Result<BTreeMap<u32, Process>> {
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has gone meanwhile is not there.
        let stat = fs::read(format!("/proc/{pid}/stat")).ok();
        if let Some(process) = stat.and_then(|stat| Process::parse(&String::from_utf8_lossy(&stat))) {
            processes.insert(pid, process);
        }
    }
    Ok(processes)
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let parsed = Process::parse("71 (a) Z 9 (b)) S 4 71 71 0 -1");
        assert_eq!(parsed, Some(Process { pid: 71, parent: 4, group: 71, has_ended: false }));
        assert_eq!(Process::parse("71 (sh) Z 4 70"), Some(Process { pid: 71, parent: 4, group: 70, has_ended: true }));
        assert_eq!(Process::parse("71 (sh) S 4"), None);
        assert_eq!(Process::parse("71 (sh"), None);
    }

    #[test]
    fn this_process_is_among_all_and_below_its_parent() {
        let me = std::process::id();
        let parent = processes().expect("/proc")[&me].parent;
        assert_eq!(parent, std::os::unix::process::parent_id());
    }
}
