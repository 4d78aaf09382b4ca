//! The resource that a lock protects, as a client sees it.

use super::{Answers, Replay, Reply, Request};
use crate::{
    protocol::{Property, Stop},
    resource::Wrote,
};

/// A [`Live`](crate::Live) world has no resource, and takes every write.
impl Replay<'_> {
    /// Tells the world that the client has the lock from here on, and has it until its attempt ends. The world goes by
    /// that where it judges who is older: by nothing that stands on disk, and by no token.
    ///
    /// # Errors
    ///
    /// [`Stop::Halted`].
    pub fn holds(&self) -> Result<(), Stop> {
        self.wrote(Request::Holds).map(|_| ())
    }

    /// Writes to the resource: true when it takes the write. It takes every write without a token, and refuses one whose
    /// token is less than the highest that it has seen.
    ///
    /// # Errors
    ///
    /// [`Stop::Broken`] with [`Property::Fenced`], when the resource has taken a write of a holder that came to try for
    /// the lock after this one had it. [`Stop::Halted`].
    pub fn write(&self, token: Option<u16>) -> Result<bool, Stop> {
        match self.wrote(Request::Write { token })? {
            Wrote::Taken => Ok(true),
            Wrote::Refused => Ok(false),
            Wrote::Late => {
                let what = "the resource took its write after one of a newer holder";
                Err(Stop::Broken(Property::Fenced, what.into()))
            }
        }
    }

    fn wrote(&self, request: Request) -> Result<Wrote, Stop> {
        if let Answers::Live(_) = self.answers {
            return Ok(Wrote::Taken);
        }
        match self.ask(request)? {
            Reply::Wrote(wrote) => Ok(*wrote),
            _ => Err(self.mismatch().into()),
        }
    }
}
