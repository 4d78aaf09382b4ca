//! `lockwright run`.

use std::process::ExitCode;

use crate::{args::RunArgs, exit::Failure};

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let _ = args;
    Err(Failure::new(125, "run"))
}
