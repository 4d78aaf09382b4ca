//! `lockwright doctor`: what the file system below a directory really does, and which kinds of locks are verified there.

mod json;
mod table;

use std::{
    cell::Cell,
    io,
    path::Path,
    process::{Command, ExitCode},
};

use lockwright_posix::{
    doctor::{DoctorError, DoctorErrorKind, Findings, examine, serve},
    fs::{Ground, PosixFs},
    lock::Kind,
};
use lockwright_sim::scenario::Profile;
use nix::sys::signal::Signal;

use crate::{
    args::DoctorArgs,
    exit::{CANNOT_CREATE, FAILED, Failure, REFUSED, code_of, failed},
    owner::print,
    signals::Signals,
    verified::{self, Verdict},
};

pub(crate) use json::help;

/// Those that are told of when none is asked for. Readers and writers share a line, and a size is as good as the next.
const KINDS: [&str; 6] = ["fast", "bid", "queue", "rw-write", "sem=2", "fair-sem=2"];

/// A kind, and what is known of it there.
#[derive(Debug)]
struct Row {
    kind: String,
    here: Verdict,
    /// After a power cut; `None` where nothing is left after one.
    power_cut: Option<Verdict>,
}

/// Code 0 says that the kinds that were asked for are verified there.
pub(crate) fn doctor(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    if args.peer {
        return peer(&args.dir);
    }
    let lockwright = std::env::current_exe().map_err(failed("cannot tell where this program is"))?;
    // They are looked at between two calls, so that what was made is taken away.
    let signals = Signals::block().map_err(failed("cannot block signals"))?;
    let signal = Cell::new(None);
    let stop = || {
        if signal.get().is_none() {
            signal.set(signals.next().ok().flatten().filter(|signal| ends(*signal)));
        }
        signal.get().is_some()
    };
    let command = |room: &Path| {
        let mut command = Command::new(&lockwright);
        command.args(["doctor", "--peer", "--"]).arg(room);
        command
    };
    let found = examine(&args.dir, command, stop).map_err(|error| failure(&error, signal.get()))?;
    let kinds = match args.kind {
        Some(kind) => vec![kind],
        None => KINDS.iter().filter_map(|kind| kind.parse().ok()).collect(),
    };
    let rows: Vec<Row> = kinds.into_iter().map(|kind| row(kind, args.kind.is_none(), &found)).collect();
    let text =
        if args.json { json::json(&args.dir, &found, &rows)? + "\n" } else { table::table(&args.dir, &found, &rows) };
    print(&text)?;
    let all = rows.iter().all(|row| row.here.is_verified());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn ends(signal: Signal) -> bool {
    matches!(signal, Signal::SIGINT | Signal::SIGTERM | Signal::SIGHUP | Signal::SIGQUIT)
}

/// The process at the other end of two pipes.
fn peer(dir: &Path) -> Result<ExitCode, Failure> {
    let fs = PosixFs::open(dir).map_err(failed("cannot open the room"))?;
    serve(&fs, io::stdin().lock(), io::stdout()).map_err(failed("cannot answer"))?;
    Ok(ExitCode::SUCCESS)
}

fn failure(error: &DoctorError, signal: Option<Signal>) -> Failure {
    let code = match error.kind() {
        DoctorErrorKind::Room(fs) => return Failure::of_fs(*fs, error),
        DoctorErrorKind::Open(why) if why.kind() == io::ErrorKind::PermissionDenied => crate::exit::NO_PERMISSION,
        DoctorErrorKind::Open(_) => CANNOT_CREATE,
        DoctorErrorKind::Stopped => signal.map_or(FAILED, code_of),
        DoctorErrorKind::Peer(_) | DoctorErrorKind::System(_) | DoctorErrorKind::Left(..) => FAILED,
    };
    Failure::new(code, error)
}

fn row(kind: Kind, is_any: bool, found: &Findings) -> Row {
    let broken = [&found.one_handle, &found.two_handles, &found.two_processes]
        .into_iter()
        .find_map(|tried| tried.breach.as_ref());
    let here = match (verified::on(kind, found.file_system, found.mount.as_ref()), broken) {
        (Verdict::Verified { .. }, Some(breach)) => {
            Verdict::NotVerified(format!("it broke a promise: {}", breach.promise))
        }
        (Verdict::Verified { .. }, None) if !found.names.takes_colons => {
            Verdict::NotVerified("an owner's name has a `:` in it, which it does not take".to_owned())
        }
        (verdict, _) => verdict,
    };
    let is_kept =
        found.file_system.ground() == Ground::Local && !["tmpfs", "ramfs"].contains(&found.file_system.name());
    let power_cut = (is_kept && here.is_verified()).then(|| verified::in_world(kind, Profile::Power));
    Row { kind: shown(kind, is_any), here, power_cut }
}

/// Of all kinds, those of a family are told of together.
fn shown(kind: Kind, is_any: bool) -> String {
    match kind {
        Kind::Read | Kind::Write if is_any => "rw-read, rw-write".to_owned(),
        Kind::Semaphore(_) if is_any => "sem=N".to_owned(),
        Kind::FairSemaphore(_) if is_any => "fair-sem=N".to_owned(),
        kind => kind.to_string(),
    }
}
