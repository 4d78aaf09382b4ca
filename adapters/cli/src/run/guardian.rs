//! A process of its own that kills the command where the supervisor does not: since that is stopped, or dead, or stands in a
//! call on a file system that does not come back.
//!
//! One stands by as long as a command runs under a lease, for the moment at which that ends; and one while a command is being
//! stopped, for the moment at which it is to be killed, so that what ignores the first signal does not outlive the
//! supervisor.
//!
//! Another one stands by while a command runs, for the end of the supervisor: to kill what has left the group, which would run on
//! without the lock. What is in the group keeps the lock until it ends, and what leaves it in that time is killed as well. The lock does
//! not wait for that: somebody else may have it in the moment until the guardian has looked.
//!
//! It is this program once more, under [`NAME`], with the id of the group and that of the lock for arguments, and told through its
//! standard input the moment, by the clock that goes on while the machine sleeps, at which the group is to be dead. The moment 0
//! says that all is done. An end of the input without that is the end of the supervisor; the last moment stands for the group, and
//! once that is dead, which frees the lock, nothing else of the command is to live either.
//!
//! What has left the group is found by what it was [told](crate::around) of the lock in its environment, for its parents may be gone. One
//! that was started without that, or by another user, is not found; nor is one under a daemon's lock, of which it is told by an id that others may have.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use lockwright_kernel::{
    blocking::World,
    clock::Instant,
    id::Id,
    ids::process::ProcessId,
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_posix::{fs::PosixFs, probe::ProcProbe, watch::PosixWorld};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::{Pid, getpgid},
};
use rustix::process::{self, PidfdFlags, pidfd_open, pidfd_send_signal};

use super::descendants;
use crate::around;

/// What the process is called.
const NAME: &str = "lockwright-guardian";

/// The moment that does not come: nobody is to be dead as long as there is a supervisor.
const NEVER: Instant = Instant::new(Duration::from_nanos(u64::MAX));

/// How often it looks for what has left the group.
const LOOKS_MAX: usize = 8;

/// The moment that says that all is done.
const DONE: Instant = Instant::new(Duration::ZERO);

/// The guardian, seen by the supervisor.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts it, for the process group that `group` names alone, and for what has left that and was told that the lock is held as
    /// `mark`. All are to be dead at `until`.
    pub(super) fn start(group: &Id, mark: &Id, until: Instant) -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        // A terminal sends what is typed to the group of the supervisor.
        command.arg0(NAME).args([group, mark].map(|id| id.name().as_str())).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let guardian = Self(command.spawn()?);
        guardian.tell(until)?;
        Ok(guardian)
    }

    /// Starts one that stands by for what leaves that group, until this is dropped or the supervisor ends.
    pub(super) fn stand_by(group: &Id, mark: &Id) -> io::Result<Self> {
        Self::start(group, mark, NEVER)
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The group is to be dead at `until`, and not before.
    pub(super) fn tell(&self, until: Instant) -> io::Result<()> {
        let nanos = u64::try_from(until.since_start().as_nanos()).unwrap_or(u64::MAX);
        let mut pipe = self.0.stdin.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        pipe.write_all(&nanos.to_le_bytes())
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        // One that is gone already hears nothing.
        let _ = self.tell(DONE);
        let _ = self.0.wait();
    }
}

/// Whether this process is to be the guardian.
pub(crate) fn called_as(command: &OsStr) -> bool {
    command == NAME
}

/// The guardian's part.
pub(crate) fn stand(group: &OsStr, mark: &OsStr) -> ExitCode {
    let read = |text: &OsStr| text.to_str().and_then(|text| text.parse().ok());
    let Some((group, mark)) = read(group).zip(read(mark)) else { return ExitCode::FAILURE };
    match watch(&Charge { group, mark }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Who is to be dead.
struct Charge {
    group: Id,
    mark: Id,
}

fn watch(charge: &Charge) -> io::Result<()> {
    let fs = PosixFs::open(Path::new("/proc"))?;
    let told = PosixWorld::new(&fs).interrupted_by(io::stdin().as_fd().try_clone_to_owned()?);
    let mut until = read()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    if until == NEVER {
        return if read()?.is_none() { charge.kill_deserters() } else { Ok(()) };
    }
    while until != DONE {
        let wake =
            if charge.is_dead(&fs) { told.pause(until) } else { told.wait_for_death(&charge.group, Some(until)) };
        match wake.map_err(io::Error::other)? {
            Wake::Interrupted => match read()? {
                Some(later) => until = later,
                None => return outlive(&fs, charge, until),
            },
            _ if told.after(Duration::ZERO) >= until => return charge.kill(&fs),
            _ => {}
        }
    }
    Ok(())
}

/// Nobody is there any more to say another moment.
fn outlive(fs: &PosixFs, charge: &Charge, until: Instant) -> io::Result<()> {
    let world = PosixWorld::new(fs);
    while !charge.is_dead(fs) && world.after(Duration::ZERO) < until {
        world.wait_for_death(&charge.group, Some(until)).map_err(io::Error::other)?;
    }
    charge.kill(fs)
}

impl Charge {
    /// Whether the group is.
    fn is_dead(&self, fs: &PosixFs) -> bool {
        ProcProbe::new(fs).liveness(&self.group) == Ok(Liveness::Dead)
    }

    /// Another group may have the number of one that is dead.
    fn kill(&self, fs: &PosixFs) -> io::Result<()> {
        if !self.is_dead(fs) {
            // It may have ended just now.
            let _ = killpg(number(&self.group)?, Signal::SIGKILL);
        }
        // What is started while it looks is found by the next look.
        for _ in 0..LOOKS_MAX {
            if !self.kill_marked(|_| false)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Kills what has left the group, until nothing is left of that either.
    fn kill_deserters(&self) -> io::Result<()> {
        let group = number(&self.group)?;
        let is_member = |pid| getpgid(Some(pid)) == Ok(group);
        loop {
            // Before a look for those who have left: who leaves after that look has left a member.
            let member = descendants::member(group)?;
            if !self.kill_marked(is_member)? && member.is_none() {
                return Ok(());
            }
            if let Some(member) = member {
                // Until it has ended.
                poll(&mut [PollFd::new(member.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
            }
        }
    }

    /// Kills those who were told of the lock, but for the spared; `false` where there was nobody.
    fn kill_marked(&self, is_spared: impl Fn(Pid) -> bool) -> io::Result<bool> {
        let mut has_killed = false;
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok()).and_then(process::Pid::from_raw);
            // Another process may get the number, but not the handle.
            let Some((pid, handle)) = number.and_then(|pid| Some((pid, pidfd_open(pid, PidfdFlags::empty()).ok()?)))
            else {
                continue;
            };
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            if around::tells_of(&environment, &self.mark) && !is_spared(Pid::from_raw(pid.as_raw_nonzero().get())) {
                has_killed |= pidfd_send_signal(&handle, process::Signal::KILL).is_ok();
            }
        }
        Ok(has_killed)
    }
}

/// The number of a group.
fn number(group: &Id) -> io::Result<Pid> {
    let leader = ProcessId::try_from(group).map_err(io::Error::other)?.pid;
    Ok(Pid::from_raw(leader.cast_signed()))
}

/// The next moment; `None` at the end.
fn read() -> io::Result<Option<Instant>> {
    let mut nanos = [0; 8];
    match io::stdin().read_exact(&mut nanos) {
        Ok(()) => Ok(Some(Instant::new(Duration::from_nanos(u64::from_le_bytes(nanos))))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
