//! `lockwright owner`.

use std::process::ExitCode;

use crate::{args::LockArgs, exit::Failure};

pub(crate) fn owner(args: &LockArgs) -> Result<ExitCode, Failure> {
    let _ = args;
    Err(Failure::new(125, "owner"))
}
