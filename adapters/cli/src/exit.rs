//! Exit codes, and how a failure is said: one line, what, where and what to do; below it who is in the way, if somebody is.

use std::{fmt, io, process::ExitCode};

use lockwright_kernel::fs::FsError;
use lockwright_posix::lock::{OpenError, OpenErrorKind};
use nix::sys::signal::Signal;

/// How a command ends that did not come to its end.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    line: String,
    /// What is said below that line.
    more: Vec<String>,
}

/// The id that was to give a lock back, or to lose it, has it not (`unlock`, `break`).
pub(crate) const NOT_HELD: u8 = 1;
/// The command line makes no sense (`EX_USAGE`).
pub(crate) const USAGE: u8 = 64;
/// The daemon that has the lock cannot be reached, or was lost while it was asked (`EX_UNAVAILABLE`).
pub(crate) const UNAVAILABLE: u8 = 69;
/// The lock cannot be created there (`EX_CANTCREAT`).
pub(crate) const CANNOT_CREATE: u8 = 73;
/// The lock was not acquired: busy, or timed out. The command was not run (`EX_TEMPFAIL`).
pub(crate) const BUSY: u8 = 75;
/// No permission (`EX_NOPERM`).
pub(crate) const NO_PERMISSION: u8 = 77;
/// A lock of another kind stands there (`EX_CONFIG`).
pub(crate) const OTHER_KIND: u8 = 78;
/// The lock was lost while the command ran, or somebody came with a newer number (`fence check`).
pub(crate) const LOST: u8 = 81;
/// The lock is not taken away: its owner may be alive (`unlock`), or nobody said yes (`break`), or nobody is to be passed, and its
/// owner is dead (`--recover=never`). Or that kind is not verified on that file system.
pub(crate) const REFUSED: u8 = 82;
/// The command would wait for a lock that is held around it.
pub(crate) const SELF_NESTED: u8 = 83;
/// The command would wait for one that waits for it.
pub(crate) const DEADLOCK: u8 = SELF_NESTED;
/// The command ended well, and the release could not be confirmed.
pub(crate) const UNRELEASED: u8 = 84;
/// An operator has taken the lock away.
pub(crate) const BROKEN: u8 = 85;
/// The command held the lock for longer than it was to; as timeout(1) has it.
pub(crate) const TOO_LONG: u8 = 124;
/// lockwright itself failed.
pub(crate) const FAILED: u8 = 125;
/// The command is there and cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// The command is not there.
pub(crate) const NOT_FOUND: u8 = 127;
/// Added to the number of the signal that ended the command, or the waiting for the lock.
pub(crate) const SIGNALLED: u8 = 128;

impl Failure {
    pub(crate) fn new(code: u8, line: impl fmt::Display) -> Self {
        Self { code, line: line.to_string(), more: Vec::new() }
    }

    /// What a file system answered that cannot hold the lock.
    pub(crate) fn of_fs(error: FsError, line: impl fmt::Display) -> Self {
        let code = match error {
            FsError::PermissionDenied => NO_PERMISSION,
            _ => CANNOT_CREATE,
        };
        Self::new(code, line)
    }

    /// A failure of which only the code tells.
    pub(crate) fn quiet(code: u8) -> Self {
        Self::new(code, "")
    }

    /// The same failure, with the code that somebody else's command has for it.
    pub(crate) fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// The same failure, with more to be said of it.
    pub(crate) fn with_lines(self, more: Vec<String>) -> Self {
        Self { more, ..self }
    }

    /// The code to end with.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// The same failure, with what it means.
    pub(crate) fn ending(self, what: &str) -> Self {
        Self { line: self.line + what, ..self }
    }

    /// What went wrong, in a line.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// What is said below that line.
    pub(crate) fn more(&self) -> &[String] {
        &self.more
    }

    /// Says what went wrong, if there is something to say, and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        if !self.line.is_empty() {
            let lines = self.more.iter().map(|line| format!("\n  {}", one_line(line)));
            tell(&format!("{}{}", one_line(&self.line), lines.collect::<String>()));
        }
        ExitCode::from(self.code)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        use OpenErrorKind as E;
        let code = match error.kind() {
            E::NoName | E::Name(_) | E::NotUtf8 | E::ControlCharacter => USAGE,
            E::ParentDenied | E::UntrustedParent(_) | E::Untrusted(_) | E::Fs(FsError::PermissionDenied) => {
                NO_PERMISSION
            }
            E::Identity(_) => FAILED,
            _ => CANNOT_CREATE,
        };
        Self::new(code, error)
    }
}

/// A failure of the system, which did `what`.
pub(crate) fn failed(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(FAILED, format!("{what}: {error}"))
}

/// What a shell calls the exit code of a process that `signal` ended.
pub(crate) fn code_of(signal: Signal) -> u8 {
    u8::try_from(signal as i32).map_or(FAILED, |number| SIGNALLED.saturating_add(number))
}

/// Writes one line to standard error. A standard error that is closed is nobody's to complain about.
pub(crate) fn say(line: &str) {
    tell(&one_line(line));
}

/// In one piece, so that it stays together.
fn tell(text: &str) {
    use std::io::Write;
    drop(io::stderr().write_all(format!("lockwright: {text}\n").as_bytes()));
}

/// Writes a question to standard error, to be answered on the same line.
pub(crate) fn ask(question: &str) {
    use std::io::Write;
    drop(write!(io::stderr(), "lockwright: {}", one_line(question)));
}

/// Control characters are escaped, so that a hostile name cannot make two lines of one, or move the cursor.
fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// Help and version go to standard output with code 0; a wrong command line is told in one line, with code 64.
/// `command` is what was called.
pub(crate) fn usage(error: &clap::Error, command: &str) -> ExitCode {
    if !error.use_stderr() {
        // A reader that has gone away has read enough.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        drop(error.print());
        return ExitCode::from(USAGE);
    }
    let text = error.to_string();
    let about = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    let about = about.strip_prefix("error: ").unwrap_or(&about);
    Failure::new(USAGE, format!("{about}; see {command} --help")).report()
}
