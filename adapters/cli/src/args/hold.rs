//! What the commands take that hold a lock for others, look at it, or give it back.

use std::path::PathBuf;

use lockwright_kernel::id::Id;
use lockwright_posix::lock::Kind;

use super::want::{WantArgs, kind};

#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    pub(crate) want: WantArgs,
    /// The process that is to hold it. The default is the caller's, as the shell's that this is typed in; in a pipeline the
    /// caller is a shell that ends with it, so say `--pid $$`.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(crate) pid: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OwnerArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// One JSON object; of several owners, the first.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LookArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Fail unless it is of this kind, or free.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// One JSON object; see below.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnlockArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Fail unless it is of this kind, or free.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// Give back what this id has, as `lock` printed it.
    #[arg(long, value_name = "ID", conflicts_with = "force", value_parser = id)]
    pub(crate) id: Option<Id>,
    /// Also from an owner that may be alive, or one that waits, if it is this one, as `status` printed it. Whatever it does
    /// goes on.
    #[arg(long, value_name = "ID")]
    pub(crate) force: Option<String>,
}

fn id(text: &str) -> Result<Id, String> {
    text.parse().map_err(|error| format!("no id: {error}"))
}
