//! New rules and certificates for a daemon that serves: those who are there are measured by them as well.
//!
//! 1. ASK for them, when a handle says that it is time. Where there are none to be had, all stays as it is.
//! 2. REPLACE the old ones, for whoever comes from now on.
//! 3. LOOK at each peer that is there. One whose certificate would not be let in any more, or that no rule fits any more, is told
//!    `0 Not Allowed`, and closed; another has the rights that the new rules give it.
//!
//! Whoever is closed loses its locks as one whose connection breaks does. Whoever stays keeps what it holds, also where it could not
//! get that any more; what it waits for and may not hold any more it is refused. A peer that has not shown its certificate
//! yet is closed, for it would be measured by the old authorities, and may come again.

use std::{
    fmt,
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use mio::{Interest, unix::SourceFd};
use tracing::info;

use super::{RELOAD, Server, accept::End, rules::Rules};
use crate::tls::ServerSide;

/// What a peer is told that is let in no more.
const NOT_ALLOWED: &[u8] = b"0 Not Allowed\n";

/// What is new.
#[derive(Clone, Debug, Default)]
pub struct Renewed {
    /// The rules; without any, those that there are stay.
    pub rules: Option<Rules>,
    /// The certificates, for every port where one has to be shown; without any, those that there are stay.
    pub tls: Option<ServerSide>,
}

/// Who is asked for what is new, and when.
pub(super) struct Reload {
    when: OwnedFd,
    ask: Box<dyn FnMut() -> Option<Renewed> + Send>,
}

impl Server {
    /// Asks for what is new each time that `when` can be read. `ask` takes what there is to be read, or it is not asked again.
    /// It may block, and all others wait meanwhile; with `None` all stays as it is.
    pub fn set_reload(&mut self, when: OwnedFd, ask: impl FnMut() -> Option<Renewed> + Send + 'static) {
        self.reload = Some(Reload { when, ask: Box::new(ask) });
    }

    pub(super) fn await_reload(&self) -> std::io::Result<()> {
        let Some(reload) = &self.reload else { return Ok(()) };
        self.poll.registry().register(&mut SourceFd(&reload.when.as_raw_fd()), RELOAD, Interest::READABLE)
    }

    pub(super) fn renew(&mut self, now: Duration) {
        let Some(renewed) = self.reload.as_mut().and_then(|reload| (reload.ask)()) else { return }; // 1 ASK
        if let Some(rules) = renewed.rules {
            self.settings.rules = Some(rules); // 2 REPLACE
        }
        if let Some(tls) = &renewed.tls {
            self.listeners.iter_mut().for_each(|listener| listener.secure_anew(tls));
        }
        let there: Vec<usize> = self.connections.iter().map(|(index, _)| index).collect();
        let ended = there.into_iter().filter(|index| self.look(*index, renewed.tls.as_ref(), now)).count(); // 3 LOOK
        self.deliver(now);
        info!(ended, "reloaded");
    }

    /// Measures a peer by what is new; true where it comes to its end.
    fn look(&mut self, index: usize, tls: Option<&ServerSide>, now: Duration) -> bool {
        let Some(connection) = self.connections.get(index).filter(|found| found.ends_at.is_none()) else {
            return false;
        };
        let Some(client) = connection.client else { return false };
        let Some(identity) = connection.socket.identity() else {
            self.close(index, End::Broken);
            return true;
        };
        let is_let_in = tls.is_none_or(|tls| connection.socket.is_vouched_for(tls));
        let rights = self.settings.rules.as_ref().map(|rules| rules.rights(&identity));
        if !is_let_in || rights.as_ref().is_some_and(lockwright_kernel::glockd::Rights::are_none) {
            self.dismiss(index, NOT_ALLOWED, now);
            return true;
        }
        if let Some(rights) = rights {
            self.machine.allow_only(client, rights);
            self.is_behind = true;
        }
        false
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("when", &self.when).finish_non_exhaustive()
    }
}
