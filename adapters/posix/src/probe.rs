//! Asks the operating system whether the owner of an id still runs.

use std::{
    cell::LazyCell,
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex},
};

use lockwright_kernel::{
    check_bid_check::Bidder,
    fs::Halted,
    id::Id,
    ids::process::{Boot, GroupSighting, Here, PID_MAX, ProcessId, ProcessTable, Sighting},
    probe::{Liveness, Probe},
};
use nix::{
    errno::Errno,
    sys::signal,
    unistd::{self, Pid},
};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::{
    fs::PosixFs,
    procfs::{self, Stat},
};

/// How often a group of zombies is looked through, hoping for a look during which the numbers do not begin again.
const LOOKS_MAX: u32 = 4;

/// Tells dead processes from the rest, by [`ProcessId::verdict`].
///
/// Namespaces are read at each question, so that a child which was forked into another namespace does not judge by the
/// numbers of its own.
#[derive(Clone, Debug)]
pub struct ProcProbe {
    boot: Boot,
    local: bool,
    /// Nobody is told to be dead.
    spares: bool,
    known: KnownDead,
}

/// Who was found dead last, by a probe and its clones. Whoever is dead stays so, and is asked about several times in a row: by
/// who waits, by who takes the lock from it, and by who tells people of that. To look through all processes for its group
/// would take most of the time that the next holder waits.
#[derive(Clone, Debug, Default)]
struct KnownDead(Arc<Mutex<Option<Id>>>);

impl KnownDead {
    fn has(&self, id: &Id) -> bool {
        // Who cannot look asks again, also in a child that was forked while another thread looked.
        self.0.try_lock().is_ok_and(|known| known.as_ref() == Some(id))
    }

    fn add(&self, id: &Id) {
        if let Ok(mut known) = self.0.try_lock() {
            *known = Some(id.clone());
        }
    }
}

impl ProcProbe {
    /// A probe for the owners of locks on `fs`.
    #[must_use]
    pub fn new(fs: &PosixFs) -> Self {
        Self::of_boot(fs, procfs::boot())
    }

    /// A probe for the owners of locks that other hosts use as well, wherever these are kept.
    #[must_use]
    pub fn shared() -> Self {
        Self { boot: procfs::boot(), local: false, spares: false, known: KnownDead::default() }
    }

    /// The same as of a file system for a caller who knows which boot this is.
    pub(crate) fn of_boot(fs: &PosixFs, boot: Boot) -> Self {
        Self { boot, local: fs.is_local(), spares: false, known: KnownDead::default() }
    }

    /// The same for somebody who takes nothing from the dead: they are told to be alive. To those who wait for them or look at
    /// them it makes no difference.
    pub(crate) fn sparing(self) -> Self {
        Self { spares: true, ..self }
    }

    pub(crate) fn spared(&self, liveness: Liveness) -> Liveness {
        if self.spares && liveness == Liveness::Dead { Liveness::Alive } else { liveness }
    }

    pub(crate) fn is_local(&self) -> bool {
        self.local
    }

    /// Where the caller looks from; `None` when it cannot tell, and sees nothing.
    pub(crate) fn here(&self) -> Option<Here> {
        Some(Here { boot: self.boot, namespace: procfs::namespace().ok()?, local: self.local })
    }

    /// What is so, whoever is spared.
    pub(crate) fn verdict(&self, id: &Id) -> Liveness {
        if self.known.has(id) {
            return Liveness::Dead;
        }
        let verdict = match (ProcessId::try_from(id), self.here()) {
            (Ok(id), Some(here)) => id.verdict(&here, &Table::new()),
            _ => Liveness::Unknown,
        };
        if verdict == Liveness::Dead {
            self.known.add(id);
        }
        verdict
    }

    /// What is known of the owner of `id`, for a caller who wants to wait for its end.
    pub(crate) fn look(&self, owner: &Id) -> Look {
        if self.known.has(owner) {
            return Look::Dead;
        }
        let (Ok(id), Some(here)) = (ProcessId::try_from(owner), self.here()) else {
            return Look::Unseen;
        };
        let table = Table::new();
        if id.verdict(&here, &table) == Liveness::Dead {
            self.known.add(owner);
            return Look::Dead;
        }
        if !id.is_visible(&here) {
            return Look::Unseen;
        }
        let seen = match table.process(id.pid) {
            Sighting::Present { start, ended: false } if start == id.start => table.seen(id.pid, Some(start)),
            Sighting::Hidden => table.seen(id.pid, None),
            _ => id.group.and_then(|group| table.scan(group.leader).ok()?.living),
        };
        Look::Seen(seen)
    }

    /// The same for the process that a bid names.
    pub(crate) fn look_at_bidder(&self, bidder: &Bidder) -> Look {
        match self.liveness_of(bidder) {
            Liveness::Dead => Look::Dead,
            Liveness::Alive => {
                let table = Table::new();
                let start = |pid| Some((pid, Stat::of(pid).ok()?.start));
                let seen = u32::try_from(bidder.pid).ok().and_then(start);
                Look::Seen(seen.and_then(|(pid, start)| table.seen(pid, Some(start))))
            }
            Liveness::Unknown => Look::Unseen,
        }
    }
}

/// What is known of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Dead,
    /// It may live, and a process whose end would be news, if there is one.
    Seen(Option<Seen>),
    /// It cannot be seen from here at all.
    Unseen,
}

impl Probe for ProcProbe {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        Ok(self.spared(self.verdict(id)))
    }
}

/// A process that was seen living.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pid: u32,
    /// `None` when only its number could be seen.
    start: Option<u64>,
    table: Table,
}

impl Seen {
    /// A handle that becomes readable once the process has ended; `None` when there is no such process any more.
    pub(crate) fn end(self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = rustix::process::Pid::from_raw(self.pid.cast_signed()) else {
            return Ok(None);
        };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            other => other?,
        };
        // The number may have gone to another process before the handle was opened.
        let same =
            self.start.is_none_or(|start| self.table.process(self.pid) == Sighting::Present { start, ended: false });
        Ok(same.then_some(handle))
    }
}

/// The processes that the caller's system calls and `/proc` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// True when `/proc` shows the numbers that the system calls use.
    shown: bool,
}

impl Table {
    pub(crate) fn new() -> Self {
        let shown = procfs::shows_own_namespace();
        Self { shown }
    }

    fn seen(self, pid: u32, start: Option<u64>) -> Option<Seen> {
        (1..=PID_MAX).contains(&pid).then_some(Seen { pid, start, table: self })
    }

    /// Whether no member of the group is left but zombies; `None` when that cannot be seen.
    ///
    /// A member may start another one behind the back of a look and end before the look comes to it. A look goes up the
    /// numbers, and who is started meanwhile has a higher number than all before, so it is found, or the one that
    /// it starts; with one exception: a child that got its number before the look and is not shown yet, as the look
    /// passes its place, and whose parent has a higher number. That child is shown to the next look, and cannot do the
    /// same, for its own child comes late. So two looks in a row are believed, if the numbers did not begin again.
    fn ended(self, leader: u32) -> Option<bool> {
        let hides = LazyCell::new(procfs::hides_processes);
        for _ in 0..LOOKS_MAX {
            let last = procfs::last_pid()?;
            for _ in 0..2 {
                let scan = self.scan(leader).ok()?;
                if scan.living.is_some() {
                    return Some(false);
                }
                if !scan.complete || !scan.zombies || *hides {
                    return None;
                }
            }
            if procfs::last_pid()? >= last {
                return Some(true);
            }
        }
        None
    }

    fn scan(self, leader: u32) -> io::Result<Scan> {
        if !self.shown {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let group = leader.cast_signed();
        let mut scan = Scan { living: None, zombies: false, complete: true };
        for pid in procfs::pids()? {
            let pid = pid?;
            // One call in place of a file for each process there is: they may be many, and few are members.
            if unistd::getpgid(Some(Pid::from_raw(pid.cast_signed()))).is_ok_and(|of| of.as_raw() != group) {
                continue;
            }
            match Stat::of(pid) {
                Ok(member) if member.group == group && !member.ended => {
                    scan.living = self.seen(member.pid, Some(member.start));
                    return Ok(scan);
                }
                Ok(member) => scan.zombies |= member.group == group,
                Err(_) if nobody_at(pid.cast_signed()) => {}
                Err(_) => scan.complete = false,
            }
        }
        Ok(scan)
    }
}

impl ProcessTable for Table {
    fn process(&self, pid: u32) -> Sighting {
        if !(1..=PID_MAX).contains(&pid) {
            return Sighting::Hidden;
        }
        if nobody_at(pid.cast_signed()) {
            return Sighting::Absent;
        }
        if !self.shown {
            return Sighting::Hidden;
        }
        match Stat::of(pid) {
            Ok(Stat { start, ended, .. }) => Sighting::Present { start, ended },
            // It ended just now, or `/proc` does not show it to everybody.
            Err(_) if nobody_at(pid.cast_signed()) => Sighting::Absent,
            Err(_) => Sighting::Hidden,
        }
    }

    fn group(&self, leader: u32) -> GroupSighting {
        // To the system call, 0 and 1 would mean the caller's own group and everybody.
        if !(2..=PID_MAX).contains(&leader) {
            return GroupSighting::Hidden;
        }
        if nobody_at(-leader.cast_signed()) {
            return GroupSighting::Absent;
        }
        let leader_start = match self.process(leader) {
            Sighting::Absent => None,
            Sighting::Present { start, .. } => Some(start),
            Sighting::Hidden => return GroupSighting::Hidden,
        };
        match self.ended(leader) {
            Some(ended) => GroupSighting::Present { leader_start, ended },
            None if nobody_at(-leader.cast_signed()) => GroupSighting::Absent,
            None => GroupSighting::Hidden,
        }
    }
}

/// True when no process and no zombie has the number `pid` or, if it is negative, is in the group `-pid`. Needs no right
/// to see them.
fn nobody_at(pid: i32) -> bool {
    signal::kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

/// One look through all processes for the members of a group.
struct Scan {
    living: Option<Seen>,
    zombies: bool,
    /// False when a process could not be read.
    complete: bool,
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process::ThisProcess;

    #[test]
    fn who_is_found_dead_is_known_to_all_clones_and_who_lives_is_asked_about_again() {
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let probe = ProcProbe::new(&PosixFs::open(dir.path()).unwrap());
        let sparing = probe.clone().sparing();
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let id = Id::from(&ThisProcess::new().unwrap().fresh_id_for(child.id()).unwrap());
        assert_eq!(probe.liveness(&id), Ok(Liveness::Alive));
        assert!(!probe.known.has(&id));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(probe.liveness(&id), Ok(Liveness::Dead));
        assert!(sparing.known.has(&id));
        assert_eq!((sparing.verdict(&id), sparing.look(&id)), (Liveness::Dead, Look::Dead));
        assert_eq!(sparing.liveness(&id), Ok(Liveness::Alive));
        assert_eq!(probe.verdict(&"batch-12".parse().unwrap()), Liveness::Unknown);
        assert!(probe.known.has(&id));
    }
}
