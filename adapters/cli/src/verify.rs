//! `lockwright verify`.

use std::process::ExitCode;

use crate::{args::VerifyArgs, exit::Failure};

pub(crate) fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let _ = args;
    Err(Failure::new(125, "verify"))
}
