//! `lockwright unlock`.

use std::process::ExitCode;

use crate::{args::UnlockArgs, exit::Failure};

pub(crate) fn unlock(args: &UnlockArgs) -> Result<ExitCode, Failure> {
    let _ = args;
    Err(Failure::new(125, "unlock"))
}
