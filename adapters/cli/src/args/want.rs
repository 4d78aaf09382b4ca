//! Which lock, of which kind, and how long to wait for it.

use std::{path::PathBuf, time::Duration};

use clap::{
    ValueHint,
    builder::{PathBufValueParser, TypedValueParser},
};
use lockwright_posix::{
    fs::SharedWith,
    lock::{Kind, KindParseError, PathLock},
};
use lockwright_tcp::address::Address;

use crate::{daemon, events::Voice, exit::Failure, nfs, notes, verified};

/// Which lock, and how long to wait for it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WantArgs {
    /// Which kind of lock: fast or bid (one holder, in no order), queue (one, in order), rw-read and rw-write (readers share,
    /// in order), sem=N and fair-sem=N (N holders, in no order and in order).
    #[arg(long, value_name = "KIND", default_value = "fast", value_parser = kind)]
    pub(crate) kind: Kind,
    /// Give up after so long: 1.5, 30s, 5m, 2h. The default is to wait for as long as it takes.
    #[arg(short, long, visible_alias = "timeout", value_name = "DURATION", value_parser = duration, conflicts_with = "nonblock")]
    pub(crate) wait: Option<Duration>,
    /// Do not wait at all.
    #[arg(short, long, visible_alias = "try")]
    pub(crate) nonblock: bool,
    /// Do not say that the lock is waited for, nor who has it when it was not had: the exit code does.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// In what form it is told what happens.
    #[arg(skip)]
    pub(crate) voice: Voice,
    /// Share the lock with other users, who can take it away then: with those of the group of the directory that it is in,
    /// or with all who can come there. The default is nobody but root, and a directory where others could take it away is
    /// refused. All who share it say the same.
    #[arg(long, value_name = "WHOM")]
    pub(crate) shared_with: Option<Whom>,
    /// Go on where that kind of lock is not verified: on a network file system, or one that is not known. `doctor` tells more.
    #[arg(long)]
    pub(crate) unverified: bool,
    /// The lock: a path, whose directory exists. A name without a slash is in `LOCKWRIGHT_DIR`, if that is set. For `run` also one of a
    /// daemon, tcp://HOST:PORT/NAME or unix:PATH#NAME, or on an NFS server that is not mounted: `nfs://HOST/PATH`.
    #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
    pub(crate) lock: PathBuf,
}

/// Which other users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Whom {
    /// Members of the directory's group, which needs chmod g+ws
    Group,
    /// All who can come there
    All,
}

impl WantArgs {
    /// The lock, with nothing else asked for.
    pub(super) fn plain(lock: PathBuf) -> Self {
        Self {
            kind: Kind::Fast,
            wait: None,
            nonblock: false,
            quiet: false,
            voice: Voice::default(),
            shared_with: None,
            unverified: false,
            lock,
        }
    }

    /// Who else may use the lock.
    pub(crate) fn shared_with(&self) -> SharedWith {
        shared_with(self.shared_with)
    }

    /// The lock, of which nothing is made yet, if it is verified there.
    pub(crate) fn open(&self) -> Result<PathLock, Failure> {
        daemon::refuse(&self.lock)?;
        nfs::refuse(&self.lock)?;
        let lock = PathLock::open_shared(&self.lock, self.kind, self.shared_with())?;
        if !self.unverified {
            verified::check(&lock)?;
        }
        Ok(lock)
    }
}

/// Who else may use a lock, by what was said.
pub(crate) fn shared_with(whom: Option<Whom>) -> SharedWith {
    match whom {
        None => SharedWith::Nobody,
        Some(Whom::Group) => SharedWith::Group,
        Some(Whom::All) => SharedWith::All,
    }
}

/// What those are told who look at the lock or wait for it.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct NoteArgs {
    /// Tell those who wait, and `status`, why it is held: at most 1000 bytes.
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub(crate) why: Option<String>,
    /// Tell them for whom it is held, beside the user and the host.
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub(crate) who: Option<String>,
}

fn note(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > notes::BYTES_MAX {
        return Err(format!("should be 1 to {} bytes", notes::BYTES_MAX));
    }
    Ok(text.to_owned())
}

/// The directory of locks that are called by a name alone.
pub(crate) const DIR: &str = "LOCKWRIGHT_DIR";

/// A lock: a path or, in the directory that is set for those, a name; or the address of a daemon's.
pub(super) fn lock() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(located)
}

/// Where the lock is that was called so.
pub(super) fn located(path: PathBuf) -> PathBuf {
    let is_name = !path.as_os_str().as_encoded_bytes().contains(&b'/') && !Address::is_meant(path.as_os_str());
    match std::env::var_os(DIR).filter(|dir| is_name && !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir).join(path),
        None => path,
    }
}

pub(super) fn kind(text: &str) -> Result<Kind, KindParseError> {
    text.parse()
}

/// A number with a unit: `s` (or none), `m`, `h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60.0),
        Some(number) if text.ends_with('h') => (number, 3600.0),
        Some(number) => (number, 1.0),
        None => (text, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| "should be like 1.5, 30s, 5m or 2h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}
