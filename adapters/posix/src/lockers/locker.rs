//! A command that is a lock, as a [`Lock`].
//!
//! It is run as `COMMAND ACTION LOCK [ID]` with the actions `lock`, `fast_lock` (which asks nobody who is dead), `unlock`,
//! `owner` and `is_mine`. Trying to lock exits with 0 when that worked, with 1 to 9 when the lock is not free, and with more
//! when trying again makes no sense: 20 is that this id has it already.
//!
//! Who is dead is the command's own affair, and so is what it leaves behind: for the kernel it has no proposals, and nothing
//! of it can be cleaned or recovered from outside.

use std::{
    cell::Cell,
    ffi::OsString,
    path::PathBuf,
    process::{Command, Stdio},
};

use lockwright_kernel::{
    fs::{FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

/// The code of a command that a signal ended, or that could not be started.
pub const NO_CODE: i32 = 126;

/// The lock that a command has at a path.
#[derive(Clone, Debug)]
pub struct CommandLock<'a> {
    words: &'a [OsString],
    at: PathBuf,
    me: Id,
    id: Option<OsString>,
    said: &'a Cell<i32>,
}

impl<'a> CommandLock<'a> {
    /// The lock at `at`, by the command `words`. It is told `id` as it stands here, a process number for instance, and not
    /// `me`, which the kernel calls the contender. The code of the last try to lock is put into `said`.
    #[must_use]
    pub fn new(words: &'a [OsString], at: PathBuf, me: Id, id: Option<OsString>, said: &'a Cell<i32>) -> Self {
        Self { words, at, me, id, said }
    }

    /// The owner as the command prints it, which may look for stale ones then.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`] when the command cannot be run, or prints what is no id.
    pub fn printed_owner(&self) -> Result<Option<Id>, LockError> {
        let output = self.command("owner").and_then(|mut command| command.stderr(Stdio::inherit()).output().ok());
        let output = output.ok_or(FsError::Io)?;
        let text = String::from_utf8(output.stdout).map_err(|_| FsError::ForeignName)?;
        match text.trim_end_matches('\n') {
            "" => Ok(None),
            owner => Ok(Some(owner.parse().map_err(|_| FsError::ForeignName)?)),
        }
    }

    /// True when the command says that the lock is this contender's.
    #[must_use]
    pub fn is_mine(&self) -> bool {
        self.code("is_mine") == 0
    }

    fn attempt(&self, action: &str) -> Result<(), LockError> {
        let code = self.code(action);
        self.said.set(code);
        match code {
            0 => Ok(()),
            1..10 => Err(LockError::Held { owner: None }),
            20 => Err(LockError::AlreadyOwner),
            _ => Err(FsError::Io.into()),
        }
    }

    fn code(&self, action: &str) -> i32 {
        let Some(mut command) = self.command(action) else { return NO_CODE };
        command.args(&self.id);
        command.status().ok().and_then(|status| status.code()).unwrap_or(NO_CODE)
    }

    fn command(&self, action: &str) -> Option<Command> {
        let (program, args) = self.words.split_first()?;
        let mut command = Command::new(program);
        command.args(args).arg(action).arg(&self.at);
        Some(command)
    }
}

impl Lock for CommandLock<'_> {
    fn try_lock(&self, _: &Id) -> Result<(), LockError> {
        self.attempt("lock")
    }

    fn try_lock_unasked(&self, _: &Id) -> Result<(), LockError> {
        self.attempt("fast_lock")
    }

    /// The code of `unlock` tells nothing, for some lockers always exit with 1; so `is_mine` is asked before and after.
    fn unlock(&self, _: &Id) -> Result<(), LockError> {
        if !self.is_mine() {
            return Err(LockError::NotOwner);
        }
        self.code("unlock");
        if self.is_mine() { Err(FsError::Io.into()) } else { Ok(()) }
    }

    /// Who it is, if it is this contender: the command knows the others by other names, and may clean a stale one away
    /// when it is asked for its name.
    fn owner(&self) -> Result<Option<Id>, LockError> {
        let is_there = std::fs::symlink_metadata(&self.at).is_ok();
        Ok((is_there && self.is_mine()).then(|| self.me.clone()))
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(Vec::new())
    }

    fn clean(&self, _: &Id) -> Result<(), Halted> {
        Ok(())
    }

    fn recover(&self, _: &Id) -> Result<(), LockError> {
        Err(FsError::Unsupported.into())
    }

    /// Nothing tells of a release.
    fn waits_on(&self) -> Path {
        Path::root()
    }
}
