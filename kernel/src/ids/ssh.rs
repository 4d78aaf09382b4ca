//! The lockers' ssh id: a process on a host that can be asked.
//!
//! ```text
//! node7.example.org:4312:889123:1700000000
//! fqdn              pid  start  btime
//! ```
//!
//! The last three fields are a [`LocalId`]. An adapter goes to the host (by ssh, as the lockers do, or by other means),
//! makes sure that it is that host, and looks there. Only an answer of the host itself can say that its process is dead:
//!
//! | answer | verdict |
//! |---|---|
//! | the host cannot be reached or asked | unknown |
//! | it says that it has another name | unknown |
//! | part of the answer is missing | unknown |
//! | a whole one | that of the [local id](super::local) |
//!
//! *What it leaves to the caller.* That a name means one host; a host name that two hosts have is the one thing that
//! nobody here notices. And what [`local`] says of pid namespaces.
//!
//! *Source.* The lockers' `ssh_id`.
//!
//! ```
//! use lockwright_kernel::{id::Id, ids::{Reason, Verdict, ssh::{Observed, SshId}}};
//!
//! let id: Id = "node7.example.org:4312:889123:1700000000".parse()?;
//! let nobody_there = |id: &SshId| {
//!     assert_eq!(id.host(), "node7.example.org");
//!     Observed::Unreachable
//! };
//! assert_eq!(SshId::judge(&id, nobody_there), Verdict::Unknown(Reason::Unreachable));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::{boxed::Box, string::ToString};
use core::{fmt, str::FromStr};

use super::{
    Reason, TextError, Verdict, is_dns_name,
    local::{self, LocalId},
};
use crate::{id::Id, path::Name};

/// A process on a host of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SshId {
    // invariant: a name by `is_dns_name`, short enough for the whole to be a file's name
    host: Box<str>,
    process: LocalId,
}

/// What came back from the host of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observed {
    /// Nothing: it cannot be reached, or it refuses.
    Unreachable,
    /// An answer from a host that has another name.
    OtherHost,
    /// Only a part of what was asked for.
    Incomplete,
    /// What there is to see on that host.
    Answered(local::Observed),
}

impl SshId {
    /// The id of `process` on `host`.
    ///
    /// # Errors
    ///
    /// [`TextError::Name`] for what is no host name, [`TextError::TooLong`].
    pub fn new(host: &str, process: LocalId) -> Result<Self, TextError> {
        if !is_dns_name(host) {
            return Err(TextError::Name("fqdn"));
        }
        let id = Self { host: host.into(), process };
        if id.to_string().len() > Name::BYTES_MAX {
            return Err(TextError::TooLong);
        }
        Ok(id)
    }

    /// The name of its host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The process there.
    #[must_use]
    pub fn process(&self) -> LocalId {
        self.process
    }

    /// What follows from what came back; see the table above.
    #[must_use]
    pub fn verdict(&self, observed: Observed) -> Verdict {
        match observed {
            Observed::Unreachable => Verdict::Unknown(Reason::Unreachable),
            Observed::OtherHost => Verdict::Unknown(Reason::OtherHost),
            Observed::Incomplete => Verdict::Unknown(Reason::Incomplete),
            Observed::Answered(seen) => self.process.verdict(seen),
        }
    }

    /// Reads `id`, and says what follows from what `observe` brings back. For a text that is no such id nobody is asked.
    pub fn judge(id: &Id, observe: impl FnOnce(&Self) -> Observed) -> Verdict {
        match Self::try_from(id) {
            Ok(id) => id.verdict(observe(&id)),
            Err(error) => Verdict::Unknown(error.into()),
        }
    }
}

impl fmt::Display for SshId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.process)
    }
}

/// Reads exactly what `Display` writes.
impl FromStr for SshId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (host, process) = text.split_once(':').ok_or(TextError::Fields)?;
        Self::new(host, process.parse()?)
    }
}

impl From<&SshId> for Id {
    fn from(id: &SshId) -> Self {
        match id.to_string().parse() {
            Ok(id) => id,
            Err(error) => unreachable!("it was made short enough, and of such characters: {error}"),
        }
    }
}

impl TryFrom<&Id> for SshId {
    type Error = TextError;

    fn try_from(id: &Id) -> Result<Self, TextError> {
        id.name().as_str().parse()
    }
}
