//! `lockwright list`: the locks in a directory that somebody has or waits for.
//!
//! A lock is a directory that holds nothing but `owner` and `build`, or bids. What else stands there is passed over, and
//! symbolic links are not followed.

use std::{
    ffi::OsStr,
    fs::{self, FileType},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use lockwright_posix::lock::{Kind, Layout, PathLock};

use crate::{
    args::ListArgs,
    exit::{CANNOT_CREATE, Failure, NO_PERMISSION, say},
    lease,
    owner::print,
    report::{Report, State, Told},
    table::table,
    text::{shown, shown_path},
    times,
};

/// The longest file that is read to see whether it is a bid, in bytes.
const BID_BYTES_MAX: u64 = 1024;

/// Code 0 says that all of it was looked at.
pub(crate) fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let mut found = Found { recursive: args.recursive, ..Found::default() };
    let unset = || std::env::var_os(crate::args::DIR).filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let dir = args.dir.clone().or_else(unset).unwrap_or_else(|| ".".into());
    let entries = fs::read_dir(&dir).map_err(|error| unreadable(&dir, &error))?;
    found.look_through(&dir, entries);
    let text = if args.json {
        found.reports.iter().map(Report::json).collect::<Result<String, _>>()?
    } else {
        rows(&found.reports)
    };
    print(&text)?;
    match found.failure {
        Some(failure) => Err(failure),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    recursive: bool,
    reports: Vec<Report>,
    /// The first thing that could not be looked at; the others are said.
    failure: Option<Failure>,
}

impl Found {
    fn look_through(&mut self, dir: &Path, entries: fs::ReadDir) {
        let entries: io::Result<Vec<(PathBuf, FileType)>> =
            entries.map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))).collect();
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.fails(unreadable(dir, &error)),
        };
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        for (path, kind) in entries {
            if kind.is_dir() {
                // A name that was not given stands without the directory that it was looked for in.
                self.look_at(path.strip_prefix(".").unwrap_or(&path));
            }
        }
    }

    fn look_at(&mut self, path: &Path) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            // It may be a lock, or hold some.
            Err(error) => return self.fails(unreadable(path, &error)),
        };
        match report(path) {
            Ok(Some(report)) => self.reports.push(report),
            Ok(None) if self.recursive => self.look_through(path, entries),
            Ok(None) => {}
            Err(failure) => self.fails(failure),
        }
    }

    fn fails(&mut self, failure: Failure) {
        match &self.failure {
            None => self.failure = Some(failure),
            Some(_) => say(failure.line()),
        }
    }
}

fn unreadable(dir: &Path, error: &io::Error) -> Failure {
    let code = if error.kind() == io::ErrorKind::PermissionDenied { NO_PERMISSION } else { CANNOT_CREATE };
    Failure::new(code, format!("{}: cannot be listed: {error}", shown_path(dir)))
}

/// The lock at `path`, if one stands there.
fn report(path: &Path) -> Result<Option<Report>, Failure> {
    if !may_be_lock(path) {
        return Ok(None);
    }
    let Ok(lock) = PathLock::open_unguarded(path, Kind::Fast) else { return Ok(None) };
    let standing = crate::look::look(&lock)?;
    match standing.layout {
        None => Ok(None),
        Some(Layout::Bid) if !has_bid(path) => Ok(None),
        Some(_) => Report::new(&lock, &standing).map(Some),
    }
}

fn may_be_lock(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else { return false };
    let belongs = |name: &OsStr| {
        let extension = Path::new(name).extension();
        name == "owner"
            || name == "build"
            || extension.is_some_and(|extension| extension == "json" || extension == "new")
    };
    entries.into_iter().all(|entry| entry.is_ok_and(|entry| belongs(&entry.file_name())))
}

/// Files of any program may be called as bids are.
fn has_bid(path: &Path) -> bool {
    let is_bid = |path: PathBuf| {
        let is_short = fs::symlink_metadata(&path).is_ok_and(|seen| seen.is_file() && seen.len() <= BID_BYTES_MAX);
        let bid = fs::read(&path).ok().filter(|_| is_short)?;
        let bid: serde_json::Value = serde_json::from_slice(&bid).ok()?;
        Some(bid["PID"].is_u64() && bid["CREATED"].is_number())
    };
    fs::read_dir(path).is_ok_and(|entries| entries.flatten().any(|entry| is_bid(entry.path()).unwrap_or_default()))
}

const HEAD: [&str; 9] = ["LOCK", "KIND", "STATE", "PID", "HOLDER", "AGE", "WAIT", "FENCE", "REASON"];

/// Its lease, and its reason.
fn said(holder: &Told) -> String {
    let why = holder.why.as_deref().map(|why| shown(why, 80));
    lease::short(holder.lease).into_iter().chain(why).collect::<Vec<_>>().join(", ")
}

/// A row for each holder, and one for a lock that is waited for and that nobody has.
fn rows(reports: &[Report]) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let dash = || "-".to_owned();
    let mut rows = vec![HEAD.map(str::to_owned)];
    for report in reports {
        let state = match report.state {
            State::Free => "free",
            State::Held => "held",
            State::Stale => "stale",
            State::Unknown => "unknown",
        };
        let holders = report.holders.iter().map(Some).chain(report.holders.is_empty().then_some(None));
        for holder in holders {
            let user = holder.and_then(|told| Some(format!("{}@{}", told.user.as_ref()?, told.host.as_ref()?)));
            let holder_name = || holder.map(|told| told.host.clone().unwrap_or_else(|| shown(&told.id, 40)));
            rows.push([
                shown_path(&report.lock),
                report.kind.clone().unwrap_or_else(dash),
                state.to_owned(),
                holder.and_then(|told| told.pid).map_or_else(dash, |pid| pid.to_string()),
                user.or_else(holder_name).unwrap_or_else(dash),
                holder.and_then(Told::stamp).map_or_else(dash, times::age),
                report.waiters.len().to_string(),
                report.fence.map_or_else(dash, |fence| fence.to_string()),
                holder.map_or_else(String::new, said),
            ]);
        }
    }
    table(&rows)
}
