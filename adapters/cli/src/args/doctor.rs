//! What `doctor` takes.

use std::path::PathBuf;

use clap::ValueHint;
use lockwright_posix::lock::Kind;

use super::want::kind;

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// The directory that is to hold locks.
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Only this kind.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// One JSON object; see below.
    #[arg(long)]
    pub(crate) json: bool,
    /// Be the other process.
    #[arg(long, hide = true)]
    pub(crate) peer: bool,
}
