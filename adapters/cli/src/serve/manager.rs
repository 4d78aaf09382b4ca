//! What the service manager is told, where it asks for that as systemd does: `READY=1` when connections can come in,
//! `WATCHDOG=1` as long as they are served, `RELOADING=1` while files are read again and `READY=1` after that, `STOPPING=1` at
//! the end.
//!
//! The manager says where in `NOTIFY_SOCKET`: a path, or a name after `@`. How often a sign is due stands in `WATCHDOG_USEC`,
//! and whose in `WATCHDOG_PID`, if not whoever reads it. The signs come from the turns that serve the clients, twice as often
//! as they are due, so a daemon that hangs is noticed.

use std::{
    env,
    ffi::OsString,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use tracing::warn;

/// Where it listens.
#[derive(Debug)]
pub(super) struct Manager {
    socket: UnixDatagram,
    at: SocketAddr,
}

impl Manager {
    /// The manager that has asked to be told, if one has.
    pub(super) fn asked() -> Option<Self> {
        let at = env::var_os("NOTIFY_SOCKET").filter(|at| !at.is_empty())?;
        let manager = Self::at(&at).inspect_err(|error| warn!(?at, %error, "nobody can be told at NOTIFY_SOCKET"));
        manager.ok()
    }

    fn at(at: &OsString) -> io::Result<Self> {
        let at = match at.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(at)?,
        };
        let socket = UnixDatagram::unbound()?;
        // Whoever is told does not keep the clients waiting.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, at })
    }

    /// How often it waits for a sign, if it does.
    pub(super) fn watches() -> Option<Duration> {
        let number = |name| env::var(name).ok()?.parse::<u64>().ok();
        let is_mine = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        number("WATCHDOG_USEC").filter(|every| *every > 0 && is_mine).map(Duration::from_micros)
    }

    /// Says that files are read again, and since when, as the manager's clock has it.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let usec = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
    }

    /// Says that.
    pub(super) fn tell(&self, what: &str) {
        if let Err(error) = self.socket.send_to_addr(what.as_bytes(), &self.at) {
            warn!(what, %error, "the service manager was not told");
        }
    }
}
