//! `lockwright owner`: who has a lock, by id.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use lockwright_kernel::ids::process::ProcessId;
use lockwright_nfs::Address;
use lockwright_posix::lock::{Entry, PathLock, Standing};

use crate::{
    args::OwnerArgs,
    exit::{FAILED, Failure, USAGE},
    look::{self, alive},
    nfs,
};

/// Prints the owners' ids. Code 0 says that there is one, code 1 that the lock is free.
pub(crate) fn owner(args: &OwnerArgs) -> Result<ExitCode, Failure> {
    if let Some(address) = nfs::address(&args.lock)? {
        return over_nfs(args, &address);
    }
    let (lock, standing) = look::open(&args.lock, None)?;
    if !args.json {
        return print_ids(&standing);
    }
    print(&(json(&lock, standing.holders.first())? + "\n"))?;
    Ok(code(&standing))
}

fn print_ids(standing: &Standing) -> Result<ExitCode, Failure> {
    print(&standing.holders.iter().flat_map(|holder| [holder.id.name().as_str(), "\n"]).collect::<String>())?;
    Ok(code(standing))
}

fn code(standing: &Standing) -> ExitCode {
    if standing.holders.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn over_nfs(args: &OwnerArgs, address: &Address) -> Result<ExitCode, Failure> {
    if args.json {
        return Err(Failure::new(USAGE, format!("{address}: over NFS there is no --json")));
    }
    print_ids(&look::open_over_nfs(address, None)?.1)
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// The same for what need not be UTF-8.
pub(crate) fn print_bytes(text: &[u8]) -> Result<(), Failure> {
    let written = io::stdout().write_all(text);
    written.map_err(|error| Failure::new(FAILED, format!("standard output: {error}")))
}

#[derive(serde::Serialize)]
struct Report {
    lock: String,
    owner: Option<String>,
    pid: Option<u32>,
    host: Option<String>,
    /// `None` where it cannot be told, and where there is no owner.
    alive: Option<bool>,
}

fn json(lock: &PathLock, owner: Option<&Entry>) -> Result<String, Failure> {
    let process = owner.and_then(|owner| ProcessId::try_from(&owner.id).ok());
    let report = Report {
        lock: lock.path().to_string_lossy().into_owned(),
        owner: owner.map(|owner| owner.id.to_string()),
        pid: process.as_ref().map(|process| process.pid),
        host: process.map(|process| process.host.as_str().to_owned()),
        alive: owner.and_then(|owner| alive(owner.liveness)),
    };
    serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))
}
