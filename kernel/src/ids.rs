//! Kinds of id: what the text of an [`Id`](crate::id::Id) says, and what follows for its owner's liveness.
//!
//! [`process`] is our own. [`local`], [`ssh`] and [`k8s`] are those of the lockers, byte for byte, so that both can share
//! a lock. In each, an adapter observes, and what follows from that is a function of its own, without a call.
//!
//! The kinds cannot be told apart by their text alone, so who shares a lock has agreed on one.

use crate::probe::Liveness;

pub mod k8s;
pub mod local;
pub mod process;
pub mod ssh;

/// What follows for the owner of an id, and if nothing does, why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It was there.
    Alive,
    /// It ended for ever.
    Dead,
    /// Nothing follows, for this reason. Never treated as [`Verdict::Dead`].
    Unknown(Reason),
}

/// Why it cannot be said whether an owner is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// The text is no id of this kind.
    #[error("it is no id of this kind: {0}")]
    Malformed(#[from] TextError),
    /// A process may have the number, and more cannot be seen.
    #[error("its process cannot be seen from here")]
    Hidden,
    /// A process has the number and the start, on a kernel that says it booted at another time. That is another boot, or
    /// the same after its clock was set.
    #[error("a process like it runs, under another boot time; the clock may have been set")]
    BootTime,
    /// Its host, or the cluster, could not be reached or asked.
    #[error("its host cannot be reached or asked")]
    Unreachable,
    /// Whoever answered for the host says that it is another one.
    #[error("another host answers under its host's name")]
    OtherHost,
    /// The answer was cut short, or could not be read.
    #[error("the answer about it is incomplete")]
    Incomplete,
    /// The pod is gone, and its node has not been heard of lately: the pod's processes may still run there.
    #[error("its pod is gone, and the pod's node does not report")]
    NodeSilent,
}

/// Why a text is no id of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TextError {
    /// It does not have the fields of this kind.
    #[error("it does not have the fields that are due, parted by `:` and `+`")]
    Fields,
    /// A field that is a number is none, is out of its range, or is not written the shortest way.
    #[error("the field `{0}` is not a number that stands there")]
    Number(&'static str),
    /// A field that is a name is empty, begins with something else than a letter or a digit, or holds a character that
    /// names of hosts and pods do not have.
    #[error("the field `{0}` is not a name that stands there")]
    Name(&'static str),
    /// It is longer than an entry of a directory can be.
    #[error("it is too long for the name of a file")]
    TooLong,
}

impl From<Verdict> for Liveness {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Alive => Self::Alive,
            Verdict::Dead => Self::Dead,
            Verdict::Unknown(_) => Self::Unknown,
        }
    }
}

/// A name of a host, a node, a namespace or a pod: ASCII letters, digits, `.`, `-` and `_`, beginning with a letter or a
/// digit. So no such name reads as an option where it is handed to a command.
fn is_dns_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
