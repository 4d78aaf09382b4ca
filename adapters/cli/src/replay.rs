//! `lockwright replay`.

use std::process::ExitCode;

use crate::{args::ReplayArgs, exit::Failure};

pub(crate) fn replay(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let _ = args;
    Err(Failure::new(125, "replay"))
}
