//! A process of its own that kills what is left of a command's group when the supervisor that stops it is killed, or stopped.
//!
//! It is forked when the stopping begins, and hears of its end through a pipe. At the moment at which the supervisor would send
//! `SIGKILL` it sends that as well, whether the supervisor lives or not. The signals that a supervisor queues are blocked in it, and
//! it is in a process group of its own, so nothing but `SIGKILL` ends it before.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use lockwright_kernel::{
    clock::Instant,
    id::Id,
    ids::process::ProcessId,
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_posix::lock::PathLock;
use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::waitpid,
    },
    unistd::{ForkResult, Pid, fork, setpgid},
};

/// What says that the stopping is over.
const DONE: u8 = 1;

/// The process, seen by the supervisor, which tells it that all is done when this is dropped.
#[derive(Debug)]
pub(super) struct Finisher {
    pid: Pid,
    pipe: PipeWriter,
}

impl Finisher {
    /// Forks it, for the process group that `group` names alone, which is to be dead soon after `kill_at`. The caller is the only
    /// thread.
    #[expect(unsafe_code, reason = "there is no other way to fork")]
    pub(super) fn fork(lock: &PathLock, group: &Id, kill_at: Instant) -> io::Result<Self> {
        let (reader, pipe) = io::pipe()?;
        // SAFETY: this process has one thread, so the child's memory is as whole as the parent's.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(pipe); // Or the child would never see the end of the pipe.
                std::process::exit(i32::from(finish(lock, group, kill_at, reader).is_err()))
            }
            ForkResult::Parent { child } => {
                // Where that is late, the child does it itself.
                let _ = setpgid(child, child);
                Ok(Self { pid: child, pipe })
            }
        }
    }
}

impl Drop for Finisher {
    fn drop(&mut self) {
        // One that is gone hears nothing.
        let _ = self.pipe.write_all(&[DONE]);
        let _ = waitpid(self.pid, None);
    }
}

/// The child's part.
fn finish(lock: &PathLock, group: &Id, kill_at: Instant, pipe: PipeReader) -> io::Result<()> {
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    let mut world = lock.world().interrupted_by(pipe.try_clone()?.into());
    let mut supervisor = Some(pipe);
    while lock.probe().liveness(group) != Ok(Liveness::Dead) {
        match world.wait_for_death(group, Some(kill_at)).map_err(|halted| io::Error::other(halted.to_string()))? {
            Wake::TimedOut => {
                let leader = ProcessId::try_from(group).map_err(io::Error::other)?.pid;
                return Ok(killpg(Pid::from_raw(leader.cast_signed()), Signal::SIGKILL)?);
            }
            Wake::Interrupted => {
                if supervisor.take().map_or(Ok(0), |mut pipe| pipe.read(&mut [0]))? > 0 {
                    return Ok(());
                }
                world = lock.world(); // Nobody is there any more to say so.
            }
            Wake::Changed => {}
        }
    }
    Ok(())
}
