//! The lockers' ssh id: made for a process of this host, and judged by what its host says when `ssh` asks there.
//!
//! `ssh` asks nobody for a password and takes no host key that it does not know, unless the user's configuration says
//! otherwise: who can answer for a host can have its locks taken away.

use std::{
    io,
    process::{Command, Stdio},
};

use lockwright_kernel::ids::ssh::{Observed, SshId};

use super::{NoId, local, look};

/// What `ssh` is told beside the host and the command. A host that does not answer is given up after so many seconds.
const OPTIONS: [&str; 8] =
    ["-T", "-x", "-o", "BatchMode=yes", "-o", "PasswordAuthentication=no", "-o", "ConnectTimeout=20"];

/// The id of the process with this number, on this host.
///
/// # Errors
///
/// [`NoId`]: unreadable also where this host has no name that an id can carry.
pub fn id_of(pid: u32) -> Result<SshId, NoId> {
    let process = local::id_of(pid)?;
    let unnamed = |error| NoId::Unreadable { what: "the name of this host", error };
    let host = fqdn().map_err(unnamed)?;
    SshId::new(&host, process).map_err(|error| unnamed(io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// The full name of this host, as `hostname --fqdn` has it.
///
/// # Errors
///
/// Those of running `hostname`, and what it says when it does not know.
pub fn fqdn() -> io::Result<String> {
    let output = Command::new("hostname").arg("--fqdn").stdin(Stdio::null()).output()?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || name.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("hostname --fqdn: {said}")));
    }
    Ok(name)
}

/// Asks the host of `id` for its process.
#[must_use]
pub fn ask(id: &SshId) -> Observed {
    let Some(text) = run(id.host(), &look::script(id.process().pid)) else { return Observed::Unreachable };
    match look::read(&text) {
        look::Answer { host: None, .. } => Observed::Unreachable,
        look::Answer { host: Some(host), .. } if host != id.host() => Observed::OtherHost,
        look::Answer { seen: None, .. } => Observed::Incomplete,
        look::Answer { seen: Some(seen), .. } => Observed::Answered(seen),
    }
}

/// The full name that the host reached as `destination` gives itself; `None` when it cannot be reached or asked.
#[must_use]
pub fn name_of(destination: &str) -> Option<String> {
    // The first process runs on every host.
    let text = run(destination, &look::script(1))?;
    look::read(&text).host.map(str::to_owned)
}

/// What `script` printed there. `ssh` hands one string to the user's shell, which may be no POSIX shell.
fn run(destination: &str, script: &str) -> Option<String> {
    if destination.is_empty() || destination.starts_with('-') {
        return None;
    }
    let mut command = Command::new("ssh");
    command.args(OPTIONS).arg("--").arg(destination).arg(format!("exec sh -c '{script}'"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
