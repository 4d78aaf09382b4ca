//! A lock that is held by a connection, and the watch over it.

use std::{
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use super::{Client, ClientError};

/// A lock that is held by a connection, and by nothing else. Dropped, it closes the connection, which gives the lock back.
#[derive(Debug)]
pub struct Guard {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) fence: Option<u64>,
}

/// What watching over a lock came to.
#[derive(Debug)]
pub enum Vigil {
    /// The connection is lost, and the lock.
    Lost(ClientError),
    /// It is held still, as far as can be known, and the time is over.
    TimedOut,
    /// It is held still, as far as can be known; the other handle can be read.
    Interrupted,
}

/// Until when it is sure that the daemon has not taken a client for gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sure {
    /// When the last line was sent that was answered.
    pub since: Instant,
    /// For how long from then.
    pub silence: Duration,
}

impl Guard {
    /// What the lock is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that is higher than that of every holder before, where the daemon gave one.
    #[must_use]
    pub fn fence(&self) -> Option<u64> {
        self.fence
    }

    /// Until when it is sure that the daemon has given the lock to nobody else, as it was known when the connection was last
    /// looked at; `None` where no hello was said, or to an old daemon. Whoever may be held up, by a signal for instance, has
    /// somebody else stop what is done under the lock by then.
    #[must_use]
    pub fn sure(&self) -> Option<Sure> {
        self.client.life.map(|life| Sure { since: life.sure_since, silence: life.silence })
    }

    /// Whether the connection stands, as far as can be known without waiting.
    ///
    /// # Errors
    ///
    /// [`ClientError::Lost`] and, of one that said hello, [`ClientError::NoAnswer`]: the lock is lost.
    pub fn check(&mut self) -> Result<(), ClientError> {
        match self.watch(Some(Instant::now()), None) {
            Vigil::Lost(error) => Err(error),
            Vigil::TimedOut | Vigil::Interrupted => Ok(()),
        }
    }

    /// Watches over the lock until `until`, or until `interrupt` can be read. Signs of life are given and asked for meanwhile.
    pub fn watch(&mut self, until: Option<Instant>, interrupt: Option<BorrowedFd<'_>>) -> Vigil {
        loop {
            let look = match self.client.show_life() {
                Ok(look) => look,
                Err(error) => return Vigil::Lost(error),
            };
            let is_last = until.is_some_and(|until| look.is_none_or(|look| until <= look));
            match self.client.hear_sign(if is_last { until } else { look }, interrupt) {
                Err(ClientError::NoAnswer) if is_last => return Vigil::TimedOut,
                Ok(None) | Err(ClientError::NoAnswer) => {}
                Err(ClientError::Interrupted) => return Vigil::Interrupted,
                Err(error) => return Vigil::Lost(error),
                // Nothing was asked, so that is a last word.
                Ok(Some(line)) => return Vigil::Lost(ClientError::Answer(line)),
            }
        }
    }

    /// Gives the lock back, and the connection to the caller.
    ///
    /// # Errors
    ///
    /// [`ClientError::Lost`] and [`ClientError::Answer`] say that the lock was lost before.
    pub fn unlock(mut self) -> Result<Client, ClientError> {
        if self.client.release(&self.name)? {
            return Ok(self.client);
        }
        Err(ClientError::Answer("it was not this connection's any more".to_owned()))
    }
}
