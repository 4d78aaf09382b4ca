//! What the commands take that hold a lock for others, look at it, or give it back.

use std::{path::PathBuf, time::Duration};

use clap::{
    ValueHint,
    builder::{OsStringValueParser, TypedValueParser},
};
use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Kind, TEXT_BYTES_MAX};

use super::{
    lease::LeaseArgs,
    mode::ModeArgs,
    want::{NoteArgs, WantArgs, duration, kind, lock},
};
use crate::held::Held;

#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    want: WantArgs,
    /// The process that is to hold it. The default is the caller's, as the shell's that this is typed in; in a pipeline the
    /// caller is a shell that ends with it, so say `--pid $$`.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(crate) pid: Option<u32>,
    #[command(flatten)]
    mode: ModeArgs,
    /// The exit code when the lock was not acquired, in place of 75.
    #[arg(short = 'E', long, value_name = "N")]
    pub(crate) conflict_exit_code: Option<u8>,
    #[command(flatten)]
    pub(crate) lease: LeaseArgs,
    #[command(flatten)]
    pub(crate) note: NoteArgs,
}

impl LockArgs {
    /// Which lock is wanted, of which kind, and how long it is waited for.
    pub(crate) fn want(&self) -> WantArgs {
        let want = self.want.clone();
        WantArgs { kind: self.mode.kind(want.kind), ..want }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct AcquireArgs {
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    /// Print a number as well, in a second line: it is higher than that of every holder before. It is kept in `LOCK.token`,
    /// which stays.
    #[arg(short, long)]
    pub(crate) fence: bool,
    /// One JSON object; see below.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    /// What `acquire` printed.
    #[arg(value_name = "TOKEN", value_parser = OsStringValueParser::new().try_map(|text| Held::parse(&text)))]
    pub(crate) token: Held,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RenewArgs {
    /// What `acquire` printed.
    #[arg(value_name = "TOKEN", value_parser = OsStringValueParser::new().try_map(|text| Held::parse(&text)))]
    pub(crate) token: Held,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// As whom it waits, and fails unless a lock of that kind stands there. The default is what stands there, and of
    /// readers and writers the writer.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// Give up after so long: 1.5, 30s, 5m, 2h. The default is to wait for as long as it takes.
    #[arg(short, long, value_name = "DURATION", value_parser = duration, conflicts_with = "nonblock")]
    pub(crate) wait: Option<Duration>,
    /// Do not wait at all.
    #[arg(short, long)]
    pub(crate) nonblock: bool,
    /// Do not say that the lock is waited for, nor who has it: the exit code does.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
    pub(crate) lock: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Where to look. The default is `LOCKWRIGHT_DIR`, and where that is not set the working directory.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// Also in the directories below it.
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// One JSON object a lock, one a line, each with the keys of `status --json`.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OwnerArgs {
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`; or `nfs://HOST/PATH`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
    pub(crate) lock: PathBuf,
    /// One JSON object; of several owners, the first.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LookArgs {
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`. For `status` also one of a daemon, or `nfs://HOST/PATH`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
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
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
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
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
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

#[derive(Debug, clap::Args)]
pub(crate) struct QueueArgs {
    /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
    pub(crate) lock: PathBuf,
    /// Take somebody out of the line: by its id, or by the number of its place.
    #[arg(long, value_name = "ID|PLACE", requires = "reason", group = "whom")]
    pub(crate) drop: Option<String>,
    /// Bring somebody before all others who wait: each is asked to make way, and joins the line again behind. Who does not answer
    /// in 2 s keeps its place.
    #[arg(long, value_name = "ID|PLACE", requires = "reason", group = "whom")]
    pub(crate) promote: Option<String>,
    /// With --drop and --promote: why. It is told to whoever loses its place, and kept, in `LOCK.broken` and `LOCK.cut`.
    #[arg(long, value_name = "TEXT", requires = "whom", value_parser = reason)]
    pub(crate) reason: Option<String>,
    /// The line as one JSON object, with the keys of `status --json`.
    #[arg(long, conflicts_with = "whom")]
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
