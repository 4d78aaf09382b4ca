//! The command: ours beside its peers, and the processes that this takes.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use lockwright_bench::{
    Answer,
    compare::{self, Group, Options, worker},
};

/// Measures Lockwright beside others, in one run.
#[derive(Debug, Parser)]
#[command(name = "lockwright-bench")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ours beside its peers, group by group; all groups where none is named.
    Compare(Compare),
    /// One of the processes that are measured.
    #[command(hide = true)]
    Worker {
        /// Which, and what it needs to know.
        #[arg(num_args = 1.., allow_hyphen_values = true)]
        role: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct Compare {
    /// What to compare.
    groups: Vec<Group>,
    /// Few rounds, in seconds: to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Only contenders whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// A directory on the disk to measure on, beside the file system in memory.
    #[arg(long, value_name = "DIR", env = "LOCKWRIGHT_BENCH_DIR")]
    dir: Option<PathBuf>,
    /// Write all numbers to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write tables and plots to this file, as a page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the plots to this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Line::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            compare::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Answer<bool> {
    match command {
        Command::Worker { role } => worker::run(&role).map(|()| true),
        Command::Compare(Compare { groups, quick, only, dir, json, html, svg }) => {
            let options = Options { quick, only, dir, program: std::env::current_exe()? };
            let report = compare::run(&groups, &options)?;
            if let (Some(only), true) = (&options.only, report.is_of_nobody()) {
                return Err(format!(
                    "no contender here has a name that contains {only:?}; without --only all are told"
                )
                .into());
            }
            report.write(json.as_deref(), html.as_deref(), svg.as_deref())?;
            Ok(report.failures() == 0)
        }
    }
}
