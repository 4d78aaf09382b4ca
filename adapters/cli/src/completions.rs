//! `lockwright completions`: a script that teaches a shell what can be typed.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::Args,
    exit::{FAILED, Failure},
    owner::print,
};

/// Prints the script for that shell.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "lockwright", &mut script);
    let script = String::from_utf8(script).map_err(|error| Failure::new(FAILED, error))?;
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
