//! Stands between the command and whoever sends signals or takes the lock away, until the command has ended.
//!
//! | what comes | what it does |
//! |---|---|
//! | a signal | passes it on to the command's group |
//! | the command ends | that is the end, whatever else runs in its group |
//! | a lock is lost, or ordered back | stops the group |
//! | the command holds for too long | stops the group |
//! | its lease is due | renews it; stops the group where that cannot be done, see [`tenure`](super::tenure) |
//!
//! Stopping is the signal that was asked for, `SIGTERM` by default, to the whole group, after a while `SIGKILL`, and a wait until
//! nothing of it is left; then the same for what the command has started and what has left the group. Until then a lock that is
//! held still is kept.
//!
//! To watch the hold takes a handle that the kernel is slow to close, so a command is not watched in its first
//! [`UNWATCHED`]. A loss in that time is noticed when it is over. Likewise the [guardian](super::guardian) that stands by for the end of
//! this process is started then: to start one takes as long as many a command.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    fs::Halted,
    id::Id,
    ids::process::ProcessId,
    lock::LockError,
    probe::{Liveness, Probe},
};
use lockwright_posix::{
    lock::{Guard, Loss, PathLock, RenewError, Vigil},
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
    guardian::Guardian,
    tenure::{Leased, Tenure},
    terminal,
};
use crate::{
    args::{OnLost, StopArgs},
    exit::code_of,
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

    /// An id of this process and of the command's group, as it is held under: of several one of them.
    fn id(&self) -> &Id;

    /// Whether the owner of an id of this kind is alive.
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted>;

    /// Who holds.
    fn this_process(&self) -> &ThisProcess;

    /// Whether what is left of the command's group keeps it, once the supervisor is dead.
    fn is_kept_by_group(&self) -> bool {
        false
    }

    /// Does what could wait until the command had begun.
    fn catch_up(&self) {}
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

    fn is_kept_by_group(&self) -> bool {
        true
    }

    fn catch_up(&self) {
        self.lock.tidy_up();
    }
}

/// What a supervisor has to do with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means<'a> {
    pub(super) hold: &'a dyn Hold,
    /// The lock, where it is held on a lease. Of several none is.
    pub(super) leased: Option<&'a dyn Leased>,
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
    /// It takes a moment to end, for which the release had better not wait.
    pub(super) _guardian: Option<Guardian>,
}

/// Why a command is stopped.
#[derive(Debug)]
pub(super) enum Cause {
    /// Of which lock, in their order.
    Lost(Loss, usize),
    TooLong(Duration),
    /// Its lease is over, or will be before it could be renewed.
    NotRenewed(RenewError),
}

impl<'a> Means<'a> {
    fn tenure(self) -> io::Result<Option<Tenure<'a>>> {
        let Some(leased) = self.leased else { return Ok(None) };
        Tenure::begin(leased, self.stop, group_of(self.hold.id())?.as_ref(), self.hold.id())
    }
}

/// Runs the command, which is `told` of the lock, to its end. `say` is called when it is to be stopped.
pub(super) fn supervise(child: HeldBack, told: &Told, means: Means<'_>, say: impl Fn(&Cause)) -> io::Result<Outcome> {
    let tenure = match means.tenure() {
        Ok(tenure) => tenure,
        Err(error) => {
            child.let_go();
            return Err(error);
        }
    };
    terminal::hand_over(child.group());
    let supervisor = Supervisor { means, tenure, command: child.go(told) };
    means.hold.catch_up();
    if supervisor.command.group() == getpgrp() {
        means.signals.leave_terminal();
    }
    // Who cannot be watched any more had better not run on while somebody else gets the lock.
    let ended = supervisor.watch(say).inspect_err(|_| supervisor.command.signal(Signal::SIGKILL));
    terminal::take_back(supervisor.command.group());
    ended
}

/// Takes in the signals that have come, and answers with the exit code if the command has ended.
fn heed(command: &Running, signals: &Signals) -> io::Result<Option<u8>> {
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

/// What is left to those who are to end.
struct Respite<'a> {
    /// `None` when they are killed.
    kill_at: Option<Instant>,
    /// The lease, as long as it can be kept.
    tenure: Option<&'a Tenure<'a>>,
}

struct Supervisor<'a> {
    means: Means<'a>,
    tenure: Option<Tenure<'a>>,
    command: Running,
}

impl Supervisor<'_> {
    fn watch(&self, say: impl Fn(&Cause)) -> io::Result<Outcome> {
        let Means { hold, world, signals, stop, .. } = self.means;
        let until = stop.max_hold.map(|hold| world.after(hold));
        if let Some(code) = self.until_end(Some(world.after(UNWATCHED)))? {
            return Ok(self.ended(code, say));
        }
        let guardian = self.guardian()?;
        let cause = loop {
            let next = self.tenure.as_ref().map(Tenure::next);
            match hold.wait_for_loss(world, [until, next].into_iter().flatten().min()) {
                Ok((Vigil::Lost(loss), which)) => break self.lost(loss, which),
                Ok((Vigil::TimedOut, _)) if until.is_some_and(|until| until <= now(world)) => {
                    break Cause::TooLong(stop.max_hold.unwrap_or_default());
                }
                Ok((Vigil::Interrupted | Vigil::TimedOut, _)) => {}
                // It cannot be told, which is no loss. Whether a signal came or time went by, what follows looks at both.
                Err(_) => {
                    let next = next.map(|next| next.saturating_since(now(world)));
                    signals.wait(Some(next.map_or(LOOK_AGAIN, |next| next.min(LOOK_AGAIN))))?;
                }
            }
            if let Some(code) = self.heed()? {
                return Ok(Outcome { _guardian: guardian, ..self.ended(code, say) });
            }
            if let Err(why) = self.keep() {
                break Cause::NotRenewed(why);
            }
        };
        // Of some kinds what a command that has ended held is anybody's to remove.
        if let Some(code) = self.command.ended()? {
            return Ok(Outcome { _guardian: guardian, ..self.ended(code, say) });
        }
        // It descends from this process, and not from the command.
        drop(guardian);
        say(&cause);
        let is_lost = matches!(cause, Cause::Lost(..) | Cause::NotRenewed(_));
        let code = match stop.on_lost {
            OnLost::Warn if is_lost => self.until_end(until)?,
            OnLost::Kill if is_lost => self.stop(Signal::SIGKILL)?,
            _ => self.stop(stop.signal)?,
        };
        let code = if code.is_some() { code } else { self.stop(stop.signal)? };
        Ok(Outcome { code, cause: Some(cause), _guardian: None })
    }

    /// Stands by for what leaves the command's group, where that is its own.
    fn guardian(&self) -> io::Result<Option<Guardian>> {
        let Means { hold, stop, .. } = self.means;
        // Who asked for a command that runs on without its lock gets it.
        if !hold.is_kept_by_group() || stop.on_lost == OnLost::Warn {
            return Ok(None);
        }
        // Without one, what has left the group runs on if this process is killed.
        Ok(group_of(hold.id())?.and_then(|group| Guardian::stand_by(&group, hold.id()).ok()))
    }

    fn keep(&self) -> Result<(), RenewError> {
        self.tenure.as_ref().map_or(Ok(()), |tenure| tenure.keep(now(self.means.world)))
    }

    /// A hold that was taken over for its lease has no other reason.
    fn lost(&self, loss: Loss, which: usize) -> Cause {
        let is_over = self.tenure.as_ref().is_some_and(|tenure| tenure.is_over(now(self.means.world)));
        if is_over && loss.order.is_none() { Cause::NotRenewed(RenewError::Over) } else { Cause::Lost(loss, which) }
    }

    /// A command that has ended, maybe since the guardian had to kill it.
    fn ended(&self, code: u8, say: impl Fn(&Cause)) -> Outcome {
        let is_over = self.tenure.as_ref().is_some_and(|tenure| tenure.is_over(now(self.means.world)));
        let was_killed = is_over && code == code_of(Signal::SIGKILL);
        let cause = was_killed.then_some(Cause::NotRenewed(RenewError::Over));
        cause.iter().for_each(say);
        Outcome { code: Some(code), cause, _guardian: None }
    }

    /// Waits for the command alone, until `until` at most.
    fn until_end(&self, until: Option<Instant>) -> io::Result<Option<u8>> {
        let Means { world, signals, .. } = self.means;
        loop {
            let left = until.map(|until| until.saturating_since(now(world)));
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
        let Some(all) = self.whole_group()? else { return self.command.ended() };
        let in_group = self.command.group() != getpgrp();
        let respite = self.respite(signal);
        // Without one, what ignores the signal runs on if this process is killed now.
        let start = |at| Guardian::start(&all, self.means.hold.id(), at).ok();
        let guardian = respite.kill_at.filter(|_| in_group).and_then(start);
        self.stop_group(&all, signal, respite)?;
        if in_group {
            self.stop_others(signal, guardian.as_ref())?;
        }
        self.command.ended()
    }

    fn stop_group(&self, all: &Id, signal: Signal, mut respite: Respite<'_>) -> io::Result<()> {
        self.command.signal(signal);
        // One that is stopped would take it later.
        self.command.signal(Signal::SIGCONT);
        while !self.is_over(all, respite.kill_at.is_none())? {
            if self.wait_for_end(all, &mut respite)? {
                self.command.signal(Signal::SIGKILL);
            }
            self.heed_while_stopping()?;
        }
        Ok(())
    }

    fn stop_others(&self, signal: Signal, guardian: Option<&Guardian>) -> io::Result<()> {
        let Means { hold, others, .. } = self.means;
        let of_tenure = self.tenure.as_ref().and_then(Tenure::guardian);
        let spared = [Some(self.command.number()), of_tenure, guardian.map(Guardian::pid)];
        let (mut respite, mut told) = (self.respite(signal), BTreeSet::new());
        // One that is gone is missed by nobody who lives.
        let _ = guardian.zip(respite.kill_at).map(|(guardian, at)| guardian.tell(at));
        loop {
            // Who may not be signalled is not waited for.
            let mut left = others.descendants(&spared)?;
            left.retain(|one| match respite.kill_at {
                Some(_) if told.insert(*one) => one.signal(signal) && one.signal(Signal::SIGCONT),
                Some(_) => true,
                None => one.signal(Signal::SIGKILL),
            });
            let Some(one) = left.first() else { return Ok(()) };
            let Some(id) = one.id(hold.this_process()) else { continue };
            self.wait_for_end(&id, &mut respite)?;
            self.heed_while_stopping()?;
        }
    }

    /// What is told to end has so long.
    fn respite(&self, signal: Signal) -> Respite<'_> {
        let Means { world, stop, .. } = self.means;
        let kill_at = (signal != Signal::SIGKILL).then(|| world.after(stop.kill_after));
        Respite { kill_at, tenure: self.tenure.as_ref() }
    }

    /// Waits for that process's death or for something else to do, and keeps the lock, if it can be; true when it is time to kill.
    fn wait_for_end(&self, id: &Id, respite: &mut Respite<'_>) -> io::Result<bool> {
        let Means { world, .. } = self.means;
        let next = respite.tenure.map(Tenure::next);
        let wake = world.wait_for_death(id, [respite.kill_at, next].into_iter().flatten().min());
        wake.map_err(|halted| io::Error::other(halted.to_string()))?;
        if let Some(tenure) = respite.tenure.filter(|tenure| tenure.keep(now(world)).is_err()) {
            respite.kill_at = respite.kill_at.map(|at| at.min(tenure.kill_at()));
            respite.tenure = None;
        }
        Ok(respite.kill_at.take_if(|at| *at <= now(world)).is_some())
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
        if let Some(group) = group_of(self.means.hold.id())? {
            return Ok(Some(group));
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

/// The process group of a hold, as an owner that dies when all of it has ended.
fn group_of(hold: &Id) -> io::Result<Option<Id>> {
    let id = ProcessId::try_from(hold).map_err(io::Error::other)?;
    Ok(id.group.map(|group| Id::from(&ProcessId { pid: group.leader, start: group.start, ..id })))
}

fn now(world: &PosixWorld) -> Instant {
    world.after(Duration::ZERO)
}
