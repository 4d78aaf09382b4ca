//! The calling process, and fresh ids for it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use lockwright_kernel::ids::process::{Boot, Group, Host, Namespace, ProcessId};

use crate::procfs::{self, SelfDir, Stat};

/// Counts the ids that this process has given out, forks included.
static SERIAL: AtomicU32 = AtomicU32::new(1);

/// Counts the ids that were given out for other processes.
static FOR_OTHERS: AtomicU32 = AtomicU32::new(0);

/// The numbers of processes are lower than 2 to the power of this.
const PID_BITS: u32 = 22;

/// What does not change while a process runs: who it is.
///
/// Read once and kept. A fork is noticed, and the child gets ids of its own.
///
/// Ids of one process differ by a serial number that this copy of the crate counts, so a program should hold one copy.
/// A program that replaces itself by `exec` stays the same process, and locks that it held stay held.
#[derive(Clone, Debug)]
pub struct ThisProcess {
    pid: u32,
    start: u64,
    boot: Boot,
    namespace: Namespace,
    host: Host,
    dir: Arc<SelfDir>,
}

impl ThisProcess {
    /// The calling process.
    ///
    /// # Errors
    ///
    /// Those of reading `/proc`, when it is not mounted for instance.
    pub fn new() -> io::Result<Self> {
        let dir = SelfDir::open()?;
        Ok(Self {
            pid: std::process::id(),
            start: dir.stat()?.start,
            boot: procfs::boot(),
            namespace: dir.namespace()?,
            host: procfs::host(),
            dir: Arc::new(dir),
        })
    }

    /// Whether this is the calling process, and not one that it was forked from.
    pub(crate) fn is_this(&self) -> io::Result<bool> {
        self.dir.is_mine()
    }

    /// An id that was never given out before.
    ///
    /// # Errors
    ///
    /// Those of reading `/proc`.
    pub fn fresh_id(&self) -> io::Result<ProcessId> {
        // The number alone would not do: a forked child may get that of its grandparent.
        if !self.dir.is_mine()? {
            return Ok(Self::new()?.id());
        }
        Ok(self.id())
    }

    /// An id that was never given out before, of this process as the supervisor of a command: the owner counts as dead
    /// once this process and all of the command's process group are. `leader` is the number of the group, which is that
    /// of the child that leads it and has not been waited for.
    ///
    /// # Errors
    ///
    /// Those of reading `/proc`, and [`io::ErrorKind::InvalidInput`] when `leader` leads no group.
    pub fn fresh_id_with_group(&self, leader: u32) -> io::Result<ProcessId> {
        let seen = Stat::of(leader)?;
        if i32::try_from(leader) != Ok(seen.group) || leader < 2 {
            let text = format!("process {leader} does not lead a process group");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let start = seen.start;
        let group = Some(Group { leader, start });
        Ok(ProcessId { group, ..self.fresh_id()? })
    }

    /// An id of the process `pid`, which goes on after the calling process: the owner counts as dead once that one is.
    /// No other call that is under way in this pid namespace gives it out, nor did one of the last 511 of the calling process.
    ///
    /// # Errors
    ///
    /// Those of reading `/proc`: [`io::ErrorKind::NotFound`] when there is no such process that can be seen.
    pub fn fresh_id_for(&self, pid: u32) -> io::Result<ProcessId> {
        let seen = Stat::of(pid)?;
        if seen.ended || pid == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        // That process counts its own ids from 1, and does not come this far.
        let count = FOR_OTHERS.fetch_add(1, Ordering::Relaxed) % (1 << (31 - PID_BITS));
        let serial = 1 << 31 | count << PID_BITS | std::process::id();
        Ok(ProcessId { pid, start: seen.start, serial, ..self.fresh_id()? })
    }

    pub(crate) fn boot(&self) -> Boot {
        self.boot
    }

    fn id(&self) -> ProcessId {
        ProcessId {
            pid: self.pid,
            start: self.start,
            boot: self.boot,
            namespace: self.namespace,
            host: self.host.clone(),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            group: None,
        }
    }
}
