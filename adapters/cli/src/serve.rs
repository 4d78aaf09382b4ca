//! `lockwright serve`, and `glockd`: the lock daemon.
//!
//! 1. CLAIM the pidfile, so that there is one daemon of it.
//! 2. RECALL what the last run left.
//! 3. LISTEN: at the sockets that were handed over, or else at those that were asked for.
//! 4. SERVE until SIGTERM or SIGINT. A service manager that wants to know is told when this begins, and when it ends.
//!    With SIGHUP the rules and certificates are read again.
//! 5. END: every connection is closed, which is told to whoever holds something, and the state says that it was.

mod log;
mod manager;
mod places;
mod reload;

use std::{
    ffi::{OsStr, OsString},
    os::fd::AsFd,
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use lockwright_kernel::glockd;
use lockwright_tcp::server::{Pidfile, Server, Settings, State};
use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use tracing::{info, warn};

use crate::{
    args::{Replies, ServeArgs},
    exit::{self, CANNOT_CREATE, FAILED, Failure, USAGE, failed},
};

use manager::Manager;

/// Handles that are not those of clients.
const OTHER_HANDLES: u64 = 64;

/// Serves to the end. Code 0 says that it ended by a signal, and well.
pub(crate) fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    log::begin(args.log, args.verbose);
    let grace = args.limits.grace;
    let mut machine = machine_settings(args);
    if grace <= machine.silence {
        return Err(Failure::new(USAGE, format!("--grace should be more than {} s", machine.silence.as_secs())));
    }
    let ends = end_signals().map_err(failed("cannot wait for signals"))?;
    let at = |what: &str, path: &Path| format!("{what} {}", path.display());
    let _pidfile = match &args.pidfile {
        Some(path) => Some(
            Pidfile::take(path)
                .map_err(|error| Failure::new(CANNOT_CREATE, format!("{}: {error}", at("--pidfile", path))))?,
        ), // 1 CLAIM
        None => None,
    };
    let state = args.state.as_deref().map_or_else(State::default, State::at);
    let saved = state.read().map_err(|error| {
        let path = args.state.as_deref().unwrap_or("".as_ref());
        Failure::new(FAILED, format!("{}: {error}", at("--state", path)))
    })?; // 2 RECALL
    let rules = reload::rules(args.rules.as_deref())?;
    let listeners = places::open(&args.places)?; // 3 LISTEN
    machine.connections = within_handles(machine.connections);
    let settings = Settings {
        machine,
        line_time_max: args.limits.line_time,
        stalled_max: args.limits.stalled,
        origins: args.places.ws_origin.clone(),
        rules,
        state,
    };
    let mut server = Server::new(settings, saved, listeners).map_err(failed("cannot serve"))?;
    let manager = Manager::asked().map(Arc::new);
    reload::on_hangup(&mut server, args, manager.clone()).map_err(failed("cannot wait for signals"))?;
    places::tell(&server);
    if let Some(manager) = &manager {
        manager.tell("READY=1");
    }
    if let (Some(manager), Some(every)) = (manager.clone(), Manager::watches()) {
        server.set_beat(every / 2, move || manager.tell("WATCHDOG=1"));
    }
    server.run(ends.as_fd()).map_err(failed("cannot serve any longer"))?; // 4 SERVE
    if let Some(manager) = &manager {
        manager.tell("STOPPING=1");
    }
    info!("ended"); // 5 END
    Ok(ExitCode::SUCCESS)
}

/// Whether this binary was called so.
pub(crate) fn is_glockd(command: &OsStr) -> bool {
    Path::new(command).file_name().is_some_and(|name| name == "glockd")
}

/// Takes the command line of `glockd`, whose flags may have one dash.
pub(crate) fn glockd(line: &[OsString]) -> ExitCode {
    use clap::Parser;
    let line = line.iter().map(two_dashes);
    match Glockd::try_parse_from(line) {
        Ok(glockd) => serve(&glockd.serve).unwrap_or_else(Failure::report),
        Err(error) => exit::usage(&error, "glockd"),
    }
}

/// Serve locks over TCP, WebSocket and a unix socket, as glockd does.
///
/// Flags may have one dash or two. What differs from the original: the ports are those of 127.0.0.1, unless --listen says
/// otherwise.
#[derive(Debug, clap::Parser)]
#[command(name = "glockd", version)]
pub(crate) struct Glockd {
    #[command(flatten)]
    serve: ServeArgs,
}

fn two_dashes(word: &OsString) -> OsString {
    match word.as_encoded_bytes() {
        [b'-', letter, _, ..] if letter.is_ascii_alphabetic() => {
            let mut flag = OsString::from("-");
            flag.push(word);
            flag
        }
        _ => word.clone(),
    }
}

fn machine_settings(args: &ServeArgs) -> glockd::Settings {
    let limits = &args.limits;
    glockd::Settings {
        replies: match args.replies {
            Replies::Words => glockd::Replies::Words,
            Replies::Named => glockd::Replies::Named,
        },
        dump: args.dump,
        registry: args.registry,
        connections: limits.connections,
        locks_each: limits.locks_each,
        waiters: limits.waiters,
        line: limits.line,
        idle: limits.idle,
        ping: limits.silence / 3,
        silence: limits.silence,
        grace: limits.grace,
        ..glockd::Settings::default()
    }
}

fn end_signals() -> std::io::Result<SignalFd> {
    let ends = SigSet::from(Signal::SIGTERM) | SigSet::from(Signal::SIGINT);
    ends.thread_block()?;
    Ok(SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// How many may be connected, given the handles that this process may have; as many of them as it may.
fn within_handles(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // What was set for this process stays where it cannot be raised.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let Some(handles) = getrlimit(Resource::Nofile).current else { return wanted };
    let possible = usize::try_from(handles.saturating_sub(OTHER_HANDLES)).unwrap_or(usize::MAX);
    if possible < wanted {
        warn!(wanted, possible, "fewer may be connected than asked for: the limit on open files (ulimit -n) is lower");
    }
    possible.min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_one_dash_are_those_of_two() {
        use clap::Parser;
        let line =
            ["glockd", "-port", "7", "-ws=0", "-pidfile", "x", "-registry", "-dump=false", "-verbose", "-unix", "-"];
        let line: Vec<OsString> = line.map(OsString::from).iter().map(two_dashes).collect();
        let args = Glockd::try_parse_from(line).unwrap().serve;
        assert_eq!((args.places.port, args.places.ws), (7, 0));
        assert_eq!(args.places.unix.as_deref(), Some("-".as_ref()));
        assert!(args.registry && !args.dump && args.verbose);
    }
}
