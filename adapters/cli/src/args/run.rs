//! What `run` takes.

use std::{ffi::OsString, path::PathBuf};

use clap::ValueHint;

use super::{
    busy::BusyArgs,
    cut::CutArgs,
    lease::LeaseArgs,
    mode::ModeArgs,
    report::ReportArgs,
    stop::StopArgs,
    want::{NoteArgs, WantArgs, located, lock},
};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) want: WantArgs,
    #[command(flatten)]
    pub(crate) mode: ModeArgs,
    #[command(flatten)]
    pub(crate) busy: BusyArgs,
    #[command(flatten)]
    pub(crate) cut: CutArgs,
    /// Give CMD a number, in `LOCKWRIGHT_FENCE`, that is higher than that of every holder before it. It is kept in `LOCK.token`,
    /// which stays.
    #[arg(short, long)]
    pub(crate) fence: bool,
    #[command(flatten)]
    pub(crate) lease: LeaseArgs,
    #[command(flatten)]
    pub(crate) note: NoteArgs,
    #[command(flatten)]
    pub(crate) stop: StopArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Run CMD at once, under the lock that is held around this command, if it is this one. Otherwise that is refused, with 83.
    #[arg(long, conflicts_with_all = ["max_hold", "status_fd", "report", "lease"])]
    pub(crate) reentrant: bool,
    /// Leave CMD in the process group of lockwright, for a pipeline whose commands read from the terminal. Then CMD alone is
    /// watched and stopped, and not what it starts: that runs on without the lock, also when lockwright is killed. Not with
    /// --lease.
    #[arg(long, conflicts_with = "lease")]
    pub(crate) foreground: bool,
    /// Hold this lock as well, of the same kind; repeat it for more. They are taken in the order of their resolved paths, and
    /// all are held before CMD runs: if one is not acquired, those that were are given back. --wait counts for all together,
    /// and the loss of any stops CMD, which is told of LOCK alone. Not with --lease.
    #[arg(long, value_name = "LOCK", value_parser = lock(), value_hint = ValueHint::AnyPath, conflicts_with_all = ["reentrant", "lease"])]
    pub(crate) also: Vec<PathBuf>,
    /// Run this line by `sh -c`.
    #[arg(short = 'c', long = "command", value_name = "STRING", conflicts_with = "command")]
    shell: Option<OsString>,
    /// The command, and its arguments.
    #[arg(value_name = "CMD", required_unless_present = "shell", trailing_var_arg = true)]
    command: Vec<OsString>,
}

impl RunArgs {
    /// The words of `run` where they are a lock and a command, and before them nothing but to wait or to be quiet: most are. `None`
    /// of any others, and of mistakes.
    pub(super) fn parse_plain(words: &[OsString]) -> Option<Self> {
        let (mut nonblock, mut quiet, mut rest) = (false, false, words);
        let (lock, command) = loop {
            let (word, after) = rest.split_first()?;
            let said = match word.to_str() {
                Some("-n" | "--nonblock") => &mut nonblock,
                Some("-q" | "--quiet") => &mut quiet,
                _ => break (word, after),
            };
            if std::mem::replace(said, true) {
                return None;
            }
            rest = after;
        };
        let is_word = |word: &OsString| !word.is_empty() && !word.as_encoded_bytes().starts_with(b"-");
        let command = match command {
            [dashes, command @ ..] if dashes == "--" && !command.is_empty() => command,
            [first, ..] if is_word(first) => command,
            _ => return None,
        };
        let want = WantArgs { nonblock, quiet, ..WantArgs::plain(located(lock.into())) };
        is_word(lock).then(|| Self::plain(want, command.to_vec()))
    }

    /// The command and its lock, with nothing else asked for.
    pub(crate) fn plain(want: WantArgs, command: Vec<OsString>) -> Self {
        Self {
            want,
            mode: ModeArgs::default(),
            busy: BusyArgs::default(),
            cut: CutArgs::default(),
            fence: false,
            lease: LeaseArgs::default(),
            note: NoteArgs::default(),
            stop: StopArgs::default(),
            report: ReportArgs::default(),
            reentrant: false,
            foreground: false,
            also: Vec::new(),
            shell: None,
            command,
        }
    }

    /// Which lock is wanted, of which kind, and how long it is waited for.
    pub(crate) fn want(&self) -> Result<WantArgs, Failure> {
        let want = self.busy.want(&self.want)?;
        self.cut.check(self.mode.kind(want.kind), want.nonblock)?;
        Ok(WantArgs { kind: self.mode.kind(want.kind), voice: self.report.voice(), ..want })
    }

    /// What to execute; never empty.
    pub(crate) fn command(&self) -> Vec<OsString> {
        match &self.shell {
            Some(line) => vec!["sh".into(), "-c".into(), line.clone()],
            None => self.command.clone(),
        }
    }
}
