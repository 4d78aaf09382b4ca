//! The command's process, from its fork to its end.
//!
//! It is held back before exec by a pipe: what comes through it is what the command is told of its lock, and its end
//! without that says that the command is not to run. The child's death follows that of the supervisor at every moment:
//!
//! | the supervisor dies | because |
//! |---|---|
//! | before the child asked for `PR_SET_PDEATHSIG` | the child sees another parent, and ends |
//! | after that | the kernel kills the child |
//!
//! The kernel forgets that wish when a set-user-ID program is executed; such a command runs on, and keeps the lock by
//! its group.

use std::{
    convert::Infallible,
    ffi::OsString,
    io::{self, PipeReader, PipeWriter, Read, Write},
    path::Path,
};

use lockwright_kernel::{id::Id, ids::process::ProcessId, token::Token};
use lockwright_posix::{lock::Kind, process::ThisProcess};
use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{Signal, kill, killpg},
        wait::{Id as Whom, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::{ForkResult, Pid, fork, getpgrp, getpid, getppid, setpgid},
};

use super::program::Program;
use crate::{
    around::Around,
    events::Voice,
    exit::{FAILED, Failure, NOT_EXECUTABLE, NOT_FOUND, code_of},
    signals::Signals,
};

/// Room for what a command is told, so that it is read in one piece, in bytes. More is read as well.
const TOLD_BYTES: usize = 1024;

/// What to execute, and what to tell it.
#[derive(Debug)]
pub(super) struct Task<'a> {
    /// The command and its arguments; never empty.
    pub(super) command: &'a [OsString],
    /// The absolute path of the lock.
    pub(super) lock: &'a Path,
    /// Its kind.
    pub(super) mode: Kind,
    /// It stays in the group of this process.
    pub(super) foreground: bool,
    /// In what form it is told that it cannot be executed.
    pub(super) voice: Voice,
}

impl Task<'_> {
    /// The command, which knows of the lock and of nothing that belongs to a lock around it.
    fn program(&self) -> io::Result<Program> {
        let mut program = Program::new(self.command)?;
        for name in ["LOCKWRIGHT_FENCE", "LOCKWRIGHT_SLOT", "LOCKWRIGHT_EXPIRES"] {
            program.unset(name);
        }
        program.set("LOCKWRIGHT_LOCK", self.lock)?;
        program.set("LOCKWRIGHT_MODE", self.mode.to_string())?;
        Ok(program)
    }
}

/// What a command is told of the lock that was taken for it.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// Under which id it is held.
    pub(super) id: &'a Id,
    /// The locks that are held around it, also those that were taken for it.
    pub(super) around: &'a Around,
    /// The fencing token.
    pub(super) fence: Option<Token>,
    /// The slot of a semaphore.
    pub(super) slot: Option<u32>,
    /// When its lease ends unless it is renewed, in seconds since 1970.
    pub(super) expires: Option<u64>,
}

impl Told<'_> {
    /// The variables of its environment, each in a line, and first of all the id.
    fn lines(&self) -> String {
        let id = Some(format!("LOCKWRIGHT_ID={}\n", self.id));
        let fence = self.fence.map(|fence| format!("LOCKWRIGHT_FENCE={fence}\n"));
        let slot = self.slot.map(|slot| format!("LOCKWRIGHT_SLOT={slot}\n"));
        let expires = self.expires.map(|expires| format!("LOCKWRIGHT_EXPIRES={expires}\n"));
        id.into_iter().chain([self.around.lines()]).chain(fence).chain(slot).chain(expires).collect()
    }
}

/// A child that waits before exec. It leads a process group, unless it is in the foreground, and is not yet waited for.
#[derive(Debug)]
pub(super) struct HeldBack {
    pid: Pid,
    foreground: bool,
    go: PipeWriter,
}

/// A child that executes the command. It stays a zombie until this is dropped, and for so long its number, which is that
/// of its group, is not given to others.
#[derive(Debug)]
pub(super) struct Running {
    pid: Pid,
    foreground: bool,
}

/// What became of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It ended; this is what a shell would call its exit code.
    Ended(u8),
    /// A signal stopped it.
    Stopped(Signal),
}

impl HeldBack {
    /// Forks. The caller is the only thread.
    #[expect(unsafe_code, reason = "there is no other way to fork")]
    pub(super) fn fork(task: &Task, signals: &Signals) -> io::Result<Self> {
        let (pipe, go) = io::pipe()?;
        let parent = getpid();
        // SAFETY: this process has one thread, so the child's memory is as whole as the parent's.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(go); // Or the child would never see the end of the pipe.
                std::process::exit(execute(task, signals, parent, pipe).into())
            }
            ForkResult::Parent { child: pid } => {
                let foreground = task.foreground;
                let child = Self { pid, foreground, go };
                match setpgid(pid, if foreground { getpgrp() } else { pid }) {
                    Ok(()) => Ok(child),
                    Err(error) => {
                        child.let_go();
                        Err(error.into())
                    }
                }
            }
        }
    }

    /// The process group of the child.
    pub(super) fn group(&self) -> Pid {
        group(self.pid, self.foreground)
    }

    /// A fresh id for a lock that this process and the child's group hold.
    pub(super) fn owner(&self, process: &ThisProcess) -> io::Result<ProcessId> {
        if self.foreground {
            return process.fresh_id();
        }
        process.fresh_id_with_group(self.pid.as_raw().unsigned_abs())
    }

    /// What became of the child since the last look.
    pub(super) fn change(&self) -> io::Result<Option<Change>> {
        change(self.pid)
    }

    /// Lets the child execute the command.
    pub(super) fn go(mut self, told: &Told) -> Running {
        // Shorter than what a pipe takes in one piece. A child that was killed meanwhile is noticed by its end.
        let _ = self.go.write_all(told.lines().as_bytes());
        Running { pid: self.pid, foreground: self.foreground }
    }

    /// Lets the child end without the command, and waits for that.
    pub(super) fn let_go(self) {
        drop(self.go);
        // One that is stopped would not see the end of the pipe.
        signal(self.pid, self.foreground, Signal::SIGKILL);
        while waitpid(self.pid, None) == Err(Errno::EINTR) {}
    }
}

impl Running {
    /// The command's process group.
    pub(super) fn group(&self) -> Pid {
        group(self.pid, self.foreground)
    }

    /// Takes in those who ended of what the command left behind. Where it has ended itself, that is done when it is stopped.
    pub(super) fn reap_others(&self) -> io::Result<()> {
        let looks_only = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            match waitid(Whom::All, looks_only)?.pid() {
                Some(pid) if pid != self.pid => drop(waitpid(pid, Some(WaitPidFlag::WNOHANG))),
                _ => return Ok(()),
            }
        }
    }

    /// Its number.
    pub(super) fn number(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// What became of the command since the last look.
    pub(super) fn change(&self) -> io::Result<Option<Change>> {
        change(self.pid)
    }

    /// The exit code of the command, if it has ended.
    pub(super) fn ended(&self) -> io::Result<Option<u8>> {
        ended(self.pid)
    }

    /// Sends a signal to the command's group, and in the foreground to the command alone.
    pub(super) fn signal(&self, what: Signal) {
        signal(self.pid, self.foreground, what);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it runs still, nobody will ask any more, and its supervisor is about to end.
        let _ = waitpid(self.pid, Some(WaitPidFlag::WNOHANG));
    }
}

fn group(pid: Pid, foreground: bool) -> Pid {
    if foreground { getpgrp() } else { pid }
}

/// Who has ended needs none.
fn signal(pid: Pid, foreground: bool, signal: Signal) {
    let _ = if foreground { kill(pid, signal) } else { killpg(pid, signal) };
}

fn change(pid: Pid) -> io::Result<Option<Change>> {
    if let Some(code) = ended(pid)? {
        return Ok(Some(Change::Ended(code)));
    }
    Ok(match waitid(Whom::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG)? {
        WaitStatus::Stopped(_, signal) => Some(Change::Stopped(signal)),
        _ => None,
    })
}

/// What a shell calls the exit code of the child, which stays a zombie.
fn ended(pid: Pid) -> io::Result<Option<u8>> {
    let looks_only = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    Ok(match waitid(Whom::Pid(pid), looks_only)? {
        WaitStatus::Exited(_, code) => Some(u8::try_from(code).unwrap_or(FAILED)),
        WaitStatus::Signaled(_, signal, _) => Some(code_of(signal)),
        _ => None,
    })
}

/// Executes the command in place of this process, under the lock that `id` holds around it. It returns only when that failed,
/// with the exit code.
pub(super) fn replace_this(task: &Task, id: &Id) -> u8 {
    let execute = || {
        let mut program = task.program()?;
        program.set("LOCKWRIGHT_ID", id.name().as_str())?;
        program.execute()
    };
    match execute() {
        Ok(never) => match never {},
        Err(error) => not_executed(task, &error),
    }
}

/// The child's part. It returns only when the command was not executed, with the exit code.
fn execute(task: &Task, signals: &Signals, parent: Pid, pipe: PipeReader) -> u8 {
    match try_execute(task, signals, parent, pipe) {
        Ok(None) => 0,
        Ok(Some(never)) => match never {},
        Err(error) => not_executed(task, &error),
    }
}

fn not_executed(task: &Task, error: &io::Error) -> u8 {
    let (code, what) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, "not found".to_owned()),
        _ => (NOT_EXECUTABLE, format!("cannot be executed: {error}")),
    };
    let line = format!("{}: {what}", task.command[0].display());
    task.voice.told(Failure::new(code, line)).report();
    code
}

fn try_execute(task: &Task, signals: &Signals, parent: Pid, mut pipe: PipeReader) -> io::Result<Option<Infallible>> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != parent {
        return Ok(None);
    }
    // While the lock is taken.
    let mut program = task.program()?;
    let mut told = String::with_capacity(TOLD_BYTES);
    pipe.read_to_string(&mut told)?;
    if told.is_empty() {
        return Ok(None);
    }
    for (name, value) in told.lines().filter_map(|line| line.split_once('=')) {
        program.set(name, value)?;
    }
    signals.unblock()?;
    program.execute().map(Some)
}
