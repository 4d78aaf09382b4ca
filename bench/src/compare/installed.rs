//! Programs of others: whether they are installed, and one run of them.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use crate::Answer;

/// Whether a program is on the search path; or else how to get it.
pub(super) fn is_installed(program: &str, get: &str) -> Result<(), String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = env::split_paths(&path).any(|dir| dir.join(program).is_file());
    if is_there { Ok(()) } else { Err(get.to_owned()) }
}

/// Runs a program on a file until it ends well.
pub(super) fn succeed(program: &str, options: &[&str], file: &Path) -> Answer {
    let status = Command::new(program).args(options).arg(file).stdin(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}
