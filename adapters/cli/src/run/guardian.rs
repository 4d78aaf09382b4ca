//! A process of its own that kills the command where the supervisor does not: since that is stopped, or dead, or stands in a
//! call on a file system that does not come back.
//!
//! One stands by as long as a command runs under a lease, for the moment at which that ends; and one while a command is being
//! stopped, for the moment at which it is to be killed, so that what ignores the first signal does not outlive the
//! supervisor.
//!
//! It is this program once more, under [`NAME`], told through its standard input: the id of the group, and from then on the moment, by
//! the clock that goes on while the machine sleeps, at which the group is to be dead. The moment 0 says that all is done.
//! An end of the input without that is the end of the supervisor; the last moment stands.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use lockwright_kernel::{
    clock::Instant,
    id::Id,
    ids::process::ProcessId,
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_posix::{fs::PosixFs, probe::ProcProbe, watch::PosixWorld};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// What the process is called.
const NAME: &str = "lockwright-guardian";

/// The moment that says that all is done.
const DONE: Instant = Instant::new(Duration::ZERO);

/// The guardian, seen by the supervisor.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts it, for the process group that `group` names alone. It is to be dead at `until`.
    pub(super) fn start(group: &Id, until: Instant) -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        // A terminal sends what is typed to the group of the supervisor.
        command.arg0(NAME).arg(group.name().as_str()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let guardian = Self(command.spawn()?);
        guardian.tell(until)?;
        Ok(guardian)
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
pub(crate) fn stand(group: &OsStr) -> ExitCode {
    match watch(group) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn watch(group: &OsStr) -> io::Result<()> {
    let group: Id = group.to_str().and_then(|text| text.parse().ok()).ok_or(io::ErrorKind::InvalidInput)?;
    let fs = PosixFs::open(Path::new("/proc"))?;
    let told = PosixWorld::new(&fs).interrupted_by(io::stdin().as_fd().try_clone_to_owned()?);
    let mut until = read()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    while until != DONE {
        match told.wait_for_death(&group, Some(until)).map_err(io::Error::other)? {
            Wake::Interrupted => match read()? {
                Some(later) => until = later,
                None => return outlive(&fs, &group, until),
            },
            Wake::TimedOut => return kill(&fs, &group),
            Wake::Changed if is_dead(&fs, &group) => return Ok(()),
            Wake::Changed => {}
        }
    }
    Ok(())
}

/// Nobody is there any more to say another moment.
fn outlive(fs: &PosixFs, group: &Id, until: Instant) -> io::Result<()> {
    let world = PosixWorld::new(fs);
    loop {
        match world.wait_for_death(group, Some(until)).map_err(io::Error::other)? {
            Wake::TimedOut => return kill(fs, group),
            _ if is_dead(fs, group) => return Ok(()),
            _ => {}
        }
    }
}

fn is_dead(fs: &PosixFs, group: &Id) -> bool {
    ProcProbe::new(fs).liveness(group) == Ok(Liveness::Dead)
}

/// Another group may have the number of one that is dead.
fn kill(fs: &PosixFs, group: &Id) -> io::Result<()> {
    if is_dead(fs, group) {
        return Ok(());
    }
    let leader = ProcessId::try_from(group).map_err(io::Error::other)?.pid;
    Ok(killpg(Pid::from_raw(leader.cast_signed()), Signal::SIGKILL)?)
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
