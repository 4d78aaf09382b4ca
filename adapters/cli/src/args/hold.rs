//! What the commands take that hold a lock for others, look at it, or give it back.

use std::{path::PathBuf, time::Duration};

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Kind, TEXT_BYTES_MAX};

use super::want::{WantArgs, duration, kind};

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

#[derive(Debug, clap::Args)]
pub(crate) struct BreakArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Whose hold, or place in line, as `status` printed it.
    #[arg(long, value_name = "ID", value_parser = id)]
    pub(crate) id: Id,
    /// Why. It is told to whoever loses the lock, and kept.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(crate) reason: String,
    /// How long the holder has to end by itself.
    #[arg(short, long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) wait: Duration,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// One JSON object: lock, id, by, reason, way (gave-back, dead, waited or taken), and fence, the number below which all are
    /// out of date, or null.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A reason that says something.
pub(super) fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("should say why".to_owned());
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("should be at most {TEXT_BYTES_MAX} bytes long"));
    }
    Ok(text.to_owned())
}

fn id(text: &str) -> Result<Id, String> {
    text.parse().map_err(|error| format!("no id: {error}"))
}
