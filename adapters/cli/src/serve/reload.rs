//! SIGHUP: the rules and the files of TLS are read again. A file that is not what it should be is told in one line of the log, and
//! nothing changes then, neither the rules nor the certificates.
//!
//! A daemon that has read neither has nothing to read again, and SIGHUP ends it as any other program.

use std::{
    os::fd::{AsFd, OwnedFd},
    path::Path,
    sync::Arc,
};

use lockwright_tcp::server::{Renewed, Rules, Server};
use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use tracing::error;

use super::{Manager, places};
use crate::{
    args::{PlaceArgs, ServeArgs},
    exit::{Failure, USAGE},
};

/// The rules in that file, if there is one.
pub(super) fn rules(path: Option<&Path>) -> Result<Option<Rules>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let rules = Rules::read(path);
    rules.map(Some).map_err(|error| Failure::new(USAGE, format!("--rules {}: {error}", path.display())))
}

/// Has the server read them again each time.
pub(super) fn on_hangup(server: &mut Server, args: &ServeArgs, manager: Option<Arc<Manager>>) -> std::io::Result<()> {
    if args.rules.is_none() && args.places.tls_cert.is_none() {
        return Ok(());
    }
    let hangup = SigSet::from(Signal::SIGHUP);
    hangup.thread_block()?;
    let came = SignalFd::with_flags(&hangup, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let when: OwnedFd = came.as_fd().try_clone_to_owned()?;
    let (path, places) = (args.rules.clone(), args.places.clone());
    server.set_reload(when, move || {
        while let Ok(Some(_)) = came.read_signal() {}
        if let Some(manager) = &manager {
            manager.reloading();
        }
        let renewed = renew(path.as_deref(), &places);
        if let Some(manager) = &manager {
            manager.tell("READY=1");
        }
        renewed.inspect_err(|failure| error!("not reloaded, all stays as it was: {}", failure.line())).ok()
    });
    Ok(())
}

fn renew(path: Option<&Path>, places: &PlaceArgs) -> Result<Renewed, Failure> {
    Ok(Renewed { rules: rules(path)?, tls: places::tls(places)? })
}
