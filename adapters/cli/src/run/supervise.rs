//! Stands between the command and whoever sends signals or takes the lock away, until the command has ended.
//!
//! | what comes | what it does |
//! |---|---|
//! | a signal | passes it on to the command's group |
//! | the command ends | that is the end, whatever else runs in its group |
//! | a lock is lost, or ordered back | stops the group |
//! | the command holds for too long | stops the group |
//!
//! Stopping is the signal that was asked for, `SIGTERM` by default, to the whole group, after a while `SIGKILL`, and a wait until
//! nothing of it is left; then the same for what the command has started and what has left the group. Until then a lock that is
//! held still is kept.
//!
//! To watch the hold takes a handle that the kernel is slow to close, so a command is not watched in its first
//! [`UNWATCHED`]. A loss in that time is noticed when it is over.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    fs::Halted,
    id::Id,
    ids::process::ProcessId,
    lock::LockError,
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_posix::{
    lock::{Guard, Loss, PathLock, Vigil},
    process::ThisProcess,
    watch::PosixWorld,
};
use nix::{
    sys::signal::{Signal, raise},
    unistd::getpgrp,
};

use super::{
    child::{Change, HeldBack, Running, Told},
    descendants::Others,
    terminal,
};
use crate::{
    args::{OnLost, StopArgs},
    signals::Signals,
};

/// How long a command runs before its hold is watched.
const UNWATCHED: Duration = Duration::from_millis(100);

/// When a look at the hold failed, the next one is after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a command runs under: one lock or several.
pub(super) trait Hold: fmt::Debug {
    /// Waits until a lock is lost, the world is interrupted, or `until`: what it was, and which lock, in their order.
    fn wait_for_loss(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(Vigil, usize), LockError>;

    /// The id that it is held under, of several one of them.
    fn id(&self) -> &Id;

    /// Whether the owner of an id of this kind is alive.
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted>;

    /// Who holds.
    fn this_process(&self) -> &ThisProcess;
}

/// Locks at paths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded<'a> {
    pub(super) lock: &'a PathLock,
    /// Of all locks; at least one.
    pub(super) guards: &'a [Guard],
}

impl Hold for Guarded<'_> {
    fn wait_for_loss(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(Vigil, usize), LockError> {
        let (vigil, which) = Guard::wait_for_any_loss(self.guards, world, until)?;
        Ok((vigil, which.unwrap_or_default()))
    }

    fn id(&self) -> &Id {
        self.guards[0].id()
    }

    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        self.lock.probe().liveness(id)
    }

    fn this_process(&self) -> &ThisProcess {
        self.lock.this_process()
    }
}

/// What a supervisor has to do with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means<'a> {
    pub(super) hold: &'a dyn Hold,
    /// Its waits are interrupted by the signals.
    pub(super) world: &'a PosixWorld,
    pub(super) signals: &'a Signals,
    pub(super) stop: &'a StopArgs,
    /// Children of this process that are not the command's.
    pub(super) others: &'a Others,
}

/// How a command came to its end.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What a shell calls its exit code.
    pub(super) code: Option<u8>,
    /// Why it was to end, if it did not end by itself.
    pub(super) cause: Option<Cause>,
}

/// Why a command is stopped.
#[derive(Debug)]
pub(super) enum Cause {
    /// Of which lock, in their order.
    Lost(Loss, usize),
    TooLong(Duration),
}

/// Runs the command, which is `told` of the lock, to its end. `say` is called when it is to be stopped.
pub(super) fn supervise(child: HeldBack, told: &Told, means: Means<'_>, say: impl Fn(&Cause)) -> io::Result<Outcome> {
    terminal::hand_over(child.group());
    let supervisor = Supervisor { means, command: child.go(told) };
    if supervisor.command.group() == getpgrp() {
        means.signals.leave_terminal();
    }
    // Who cannot be watched any more had better not run on while somebody else gets the lock.
    let ended = supervisor.watch(say).inspect_err(|_| supervisor.command.signal(Signal::SIGKILL));
    terminal::take_back(supervisor.command.group());
    ended
}

/// Takes in the signals that have come, and answers with the exit code if the command has ended.
pub(super) fn heed(command: &Running, signals: &Signals) -> io::Result<Option<u8>> {
    while let Some(signal) = signals.next()? {
        match signal {
            Signal::SIGCHLD => {
                match command.change()? {
                    Some(Change::Ended(code)) => return Ok(Some(code)),
                    Some(Change::Stopped(Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)) => stop_too(command)?,
                    // Stopped by somebody who means the command alone, and will continue it alone.
                    Some(Change::Stopped(_)) | None => {}
                }
                command.reap_others()?;
            }
            Signal::SIGCONT => {
                terminal::hand_over(command.group());
                command.signal(Signal::SIGCONT);
            }
            signal => command.signal(signal),
        }
    }
    Ok(None)
}

/// The shell is to see that its job has stopped. What continues this process comes in as a signal, as any other.
fn stop_too(command: &Running) -> io::Result<()> {
    terminal::take_back(command.group());
    Ok(raise(Signal::SIGSTOP)?)
}

struct Supervisor<'a> {
    means: Means<'a>,
    command: Running,
}

impl Supervisor<'_> {
    fn watch(&self, say: impl Fn(&Cause)) -> io::Result<Outcome> {
        let Means { hold, world, signals, stop, .. } = self.means;
        let until = stop.max_hold.map(|hold| world.after(hold));
        if let Some(code) = self.until_end(Some(world.after(UNWATCHED)))? {
            return Ok(Outcome { code: Some(code), cause: None });
        }
        let cause = loop {
            match hold.wait_for_loss(world, until) {
                Ok((Vigil::Interrupted, _)) => {}
                Ok((Vigil::Lost(loss), which)) => break Cause::Lost(loss, which),
                Ok((Vigil::TimedOut, _)) => break Cause::TooLong(stop.max_hold.unwrap_or_default()),
                // It cannot be told, which is no loss.
                Err(_) => drop(signals.wait(Some(LOOK_AGAIN))?),
            }
            if let Some(code) = self.heed()? {
                return Ok(Outcome { code: Some(code), cause: None });
            }
        };
        // Of some kinds what a command that has ended held is anybody's to remove.
        if let Some(code) = self.command.ended()? {
            return Ok(Outcome { code: Some(code), cause: None });
        }
        say(&cause);
        let code = match (&cause, stop.on_lost) {
            (Cause::Lost(..), OnLost::Warn) => self.until_end(until)?,
            (Cause::Lost(..), OnLost::Kill) => self.stop(Signal::SIGKILL)?,
            _ => self.stop(stop.signal)?,
        };
        let code = if code.is_some() { code } else { self.stop(stop.signal)? };
        Ok(Outcome { code, cause: Some(cause) })
    }

    /// Waits for the command alone, until `until` at most.
    fn until_end(&self, until: Option<Instant>) -> io::Result<Option<u8>> {
        let Means { world, signals, .. } = self.means;
        let now = || world.after(Duration::ZERO).since_start();
        loop {
            let left = until.map(|until| until.since_start().saturating_sub(now()));
            let came = signals.wait(left)?;
            if let Some(code) = self.heed()? {
                return Ok(Some(code));
            }
            if !came && left.is_some() {
                return Ok(None);
            }
        }
    }

    fn heed(&self) -> io::Result<Option<u8>> {
        heed(&self.command, self.means.signals)
    }

    /// Ends all of the command, and waits until nothing of it is left: its group, and then what has left that.
    fn stop(&self, signal: Signal) -> io::Result<Option<u8>> {
        self.stop_group(signal)?;
        if self.command.group() != getpgrp() {
            self.stop_others(signal)?;
        }
        self.command.ended()
    }

    fn stop_others(&self, signal: Signal) -> io::Result<()> {
        let Means { hold, world, stop, others, .. } = self.means;
        let mut kill_at = (signal != Signal::SIGKILL).then(|| world.after(stop.kill_after));
        let mut told = BTreeSet::new();
        loop {
            // Who may not be signalled is not waited for.
            let mut left = others.descendants(self.command.number())?;
            left.retain(|one| match kill_at {
                Some(_) if told.insert(*one) => one.signal(signal) && one.signal(Signal::SIGCONT),
                Some(_) => true,
                None => one.signal(Signal::SIGKILL),
            });
            let Some(one) = left.first() else { return Ok(()) };
            let Some(id) = one.id(hold.this_process()) else { continue };
            let wake = world.wait_for_death(&id, kill_at).map_err(|halted| io::Error::other(halted.to_string()))?;
            if wake == Wake::TimedOut {
                kill_at = None;
            }
            self.heed_while_stopping()?;
        }
    }

    fn stop_group(&self, signal: Signal) -> io::Result<()> {
        let Means { world, stop, .. } = self.means;
        let Some(all) = self.whole_group()? else { return Ok(()) };
        self.command.signal(signal);
        // One that is stopped would take it later.
        self.command.signal(Signal::SIGCONT);
        let mut kill_at = (signal != Signal::SIGKILL).then(|| world.after(stop.kill_after));
        while !self.is_over(&all, kill_at.is_none())? {
            let wake = world.wait_for_death(&all, kill_at);
            if wake.map_err(|halted| io::Error::other(halted.to_string()))? == Wake::TimedOut {
                kill_at = None;
                self.command.signal(Signal::SIGKILL);
            }
            self.heed_while_stopping()?;
        }
        Ok(())
    }

    /// Who is stopped need not be told that it is to stop, and its supervisor has to see its end.
    fn heed_while_stopping(&self) -> io::Result<()> {
        while let Some(signal) = self.means.signals.next()? {
            if !matches!(signal, Signal::SIGCHLD | Signal::SIGTSTP) {
                self.command.signal(signal);
            }
        }
        Ok(())
    }

    /// The command and its group, without the supervisor, as an owner that dies when all of it has ended. In the foreground the
    /// command alone; `None` when that has ended.
    fn whole_group(&self) -> io::Result<Option<Id>> {
        let id = ProcessId::try_from(self.means.hold.id()).map_err(io::Error::other)?;
        if let Some(group) = id.group {
            return Ok(Some(Id::from(&ProcessId { pid: group.leader, start: group.start, ..id })));
        }
        match self.means.hold.this_process().fresh_id_for(self.command.number()) {
            Ok(command) => Ok(Some(Id::from(&command))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where its members cannot be seen from here, the command itself has to do.
    fn is_over(&self, all: &Id, was_killed: bool) -> io::Result<bool> {
        Ok(match self.means.hold.liveness(all) {
            Ok(Liveness::Dead) => true,
            Ok(Liveness::Alive) => false,
            _ => was_killed && self.command.ended()?.is_some(),
        })
    }
}
