//! A daemon's lock, as far as it can be had and looked at by commands that come and go: its state, and waiting for it.

use std::{
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use lockwright_tcp::{
    address::Address,
    client::{Client, ClientError},
};

use crate::{
    args::{LookArgs, WaitArgs},
    exit::{BUSY, FAILED, Failure, NO_PERMISSION, UNAVAILABLE, USAGE},
    owner::print,
    report::{Report, State},
    text::{shown, shown_path},
};

/// How long a connection may take to be made.
pub(crate) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// A daemon is asked anew after so long whether a lock is free.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// The address that `path` is, if it is meant to be one.
pub(crate) fn address(path: &Path) -> Option<Result<Address, Failure>> {
    let parse = || Address::parse(path.as_os_str());
    let refused = |error| Failure::new(USAGE, format!("{}: {error}", shown_path(path)));
    Address::is_meant(path.as_os_str()).then(|| parse().map_err(refused))
}

/// A daemon's lock can be held by a process that runs, and by nothing else.
pub(crate) fn refuse(path: &Path) -> Result<(), Failure> {
    if !Address::is_meant(path.as_os_str()) {
        return Ok(());
    }
    let line = format!(
        "{}: a daemon's lock lasts as long as a connection, and would be gone when this command ends: hold it by \
         lockwright run, and look at it by lockwright status or wait (or say ./ before a path that begins so)",
        shown_path(path)
    );
    Err(Failure::new(USAGE, line))
}

/// What went wrong between here and the daemon.
pub(crate) fn unavailable(address: &Address, error: &ClientError) -> Failure {
    let code = match error {
        ClientError::Answer(_) | ClientError::Name => FAILED,
        ClientError::NotAllowed => NO_PERMISSION,
        _ => UNAVAILABLE,
    };
    Failure::new(code, format!("{}: {error}", shown_path(address.to_os_string())))
}

/// Says whether the lock is held, and by whom as far as the daemon tells. The codes are those of [`State`].
pub(crate) fn status(address: &Address, args: &LookArgs) -> Result<ExitCode, Failure> {
    if args.kind.is_some() {
        let line = format!("{}: --kind is for locks on a file system", shown_path(&args.lock));
        return Err(Failure::new(USAGE, line));
    }
    let lost = |error: &ClientError| unavailable(address, error);
    let mut client = Client::connect(&address.daemon, CONNECT_WAIT).map_err(|error| lost(&error))?;
    let state = if client.inspect(&address.name).map_err(|error| lost(&error))? { State::Held } else { State::Free };
    let holder = match state {
        State::Held => client.holder(&address.name).map_err(|error| lost(&error))?,
        _ => None,
    };
    if args.json {
        print(&Report::of_daemon(args.lock.to_string_lossy().into_owned(), state, holder).json()?)?;
        return Ok(ExitCode::from(state as u8));
    }
    let by = holder.map_or_else(String::new, |holder| format!(" by {}", shown(&holder, usize::MAX)));
    print(&format!("{}: {}{by}\n", shown_path(&args.lock), state.word()))?;
    Ok(ExitCode::from(state as u8))
}

/// Asks again and again, until the lock is free.
pub(crate) fn wait(address: &Address, args: &WaitArgs) -> Result<ExitCode, Failure> {
    if args.kind.is_some() {
        let line = format!("{}: --kind is for locks on a file system", shown_path(&args.lock));
        return Err(Failure::new(USAGE, line));
    }
    let lost = |error: &ClientError| unavailable(address, error);
    let until = args.wait.map(|wait| Instant::now() + wait);
    let mut client = Client::connect(&address.daemon, CONNECT_WAIT).map_err(|error| lost(&error))?;
    while client.inspect(&address.name).map_err(|error| lost(&error))? {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if args.nonblock || left == Some(Duration::ZERO) {
            let why = if args.nonblock { "busy" } else { "not free in time" };
            let line = format!("{}: {why}", shown_path(&args.lock));
            return Err(if args.quiet { Failure::quiet(BUSY) } else { Failure::new(BUSY, line) });
        }
        thread::sleep(left.map_or(ASK_AGAIN, |left| left.min(ASK_AGAIN)));
    }
    Ok(ExitCode::SUCCESS)
}
