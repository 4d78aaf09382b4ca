//! Ours beside its peers: contenders of one kind take turns in one run, so that whatever else the machine does meets all of
//! them alike, and are compared by their ratios.
//!
//! | group | what |
//! |---|---|
//! | [`locks`] | a lock taken and given back, and handed over to who waits |
//! | [`calls`] | the system calls of a lock taken and given back |
//! | [`commands`] | a command that runs under a lock |
//! | [`scale`] | many who wait, many dead, many slots |
//! | [`checker`] | the verdict on a lock |
//! | [`glockd`] | requests to a lock daemon |
//!
//! A peer that is not installed is a line that says how to get it. One that fails is left out, which is said, and makes the
//! whole run a failure.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use crate::Answer;

pub mod calls;
pub mod checker;
pub mod commands;
pub mod glockd;
mod installed;
pub mod locks;
pub mod measured;
pub mod plot;
mod progress;
pub mod report;
pub mod scale;
mod turns;
pub mod worker;

use report::{Compared, Report};

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// A lock taken and given back, and handed over to who waits.
    Locks,
    /// The system calls of a lock taken and given back.
    Calls,
    /// A command that runs under a lock.
    Commands,
    /// Many who wait, many dead, many slots.
    Scale,
    /// The verdict on a lock.
    Checker,
    /// Requests to a lock daemon.
    Glockd,
}

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// Few rounds, to see that it runs.
    pub quick: bool,
    /// Only contenders whose names contain this.
    pub only: Option<String>,
    /// A directory on the disk to measure on; that of temporary files if `None`.
    pub dir: Option<PathBuf>,
    /// This program, which is started anew for each process that is measured.
    pub program: PathBuf,
}

impl Options {
    /// Whether a contender of this name takes part.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }
}

/// Compares these groups, or all of them where none is given, and prints each as it ends.
///
/// # Errors
///
/// When ours fails, or nothing can be measured at all.
pub fn run(groups: &[Group], options: &Options) -> Answer<Report> {
    let groups = if groups.is_empty() { Group::value_variants() } else { groups };
    let mut report = Report::of_this_machine();
    print(&report.head())?;
    for group in groups {
        let compared = group.run(options)?;
        print(&compared.to_string())?;
        report.groups.push(compared);
    }
    Ok(report)
}

impl Group {
    /// Compares it.
    ///
    /// # Errors
    ///
    /// When ours fails, or nothing can be measured at all.
    pub fn run(self, options: &Options) -> Answer<Compared> {
        match self {
            Self::Locks => locks::compare(options),
            Self::Calls => calls::compare(options),
            Self::Commands => commands::compare(options),
            Self::Scale => scale::compare(options),
            Self::Checker => checker::compare(options),
            Self::Glockd => glockd::compare(options),
        }
    }
}

/// Says what went wrong.
pub fn complain(error: &dyn Error) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stderr(), "lockwright-bench: {error}");
}

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()
}
