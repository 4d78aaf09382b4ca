//! What a client is answered, and in which words.

use alloc::vec::Vec;

use core::{fmt, fmt::Write};

use super::{fences::Fence, settings::Replies};

/// An answer of one line to one command. All but [`Reply::Ping`] begin with a number, which is 0 where the answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each says in its words what it is, see `Reply::write`")]
pub enum Reply<'a> {
    Got(&'a [u8]),
    CannotGet(&'a [u8]),
    Released(&'a [u8]),
    CannotRelease(&'a [u8]),
    Locked(&'a [u8]),
    NotLocked(&'a [u8]),
    SharedGot(usize, &'a [u8]),
    SharedCannotGet(&'a [u8]),
    SharedReleased(&'a [u8]),
    SharedCannotRelease(&'a [u8]),
    SharedLocked(usize, &'a [u8]),
    SharedNotLocked(&'a [u8]),
    Ok,
    Disabled,
    Me {
        from: &'a [u8],
        name: &'a [u8],
    },
    Hello {
        silence_s: u64,
        epoch: u32,
        from: &'a [u8],
    },
    Pong,
    /// The server asks for a sign of life. Only clients that said `hello` see it.
    Ping,
    Granted {
        count: usize,
        fence: Fence,
    },
    TimedOut,
    QueueFull,
    LimitReached,
    LimitIs(u32),
    NoGrace,
    NotAllowed,
    TooManyLocks,
    TooManyConnections,
    LineTooLong,
    TooMuchAhead,
    Usage(&'static str),
}

impl Reply<'_> {
    /// Appends the line, with its end.
    pub fn write(&self, replies: Replies, out: &mut Vec<u8>) {
        let mut out = Bytes(out);
        let _ = match replies {
            Replies::Named => self.named(&mut out),
            Replies::Words => self.words(&mut out),
        };
        out.put(b"\n");
    }

    fn words(&self, out: &mut Bytes<'_>) -> fmt::Result {
        match *self {
            Self::Got(_) => out.write_str("1 Got Lock"),
            Self::CannotGet(_) | Self::SharedCannotGet(_) => out.write_str("0 Cannot Get Lock"),
            Self::Released(_) | Self::SharedReleased(_) => out.write_str("1 Released Lock"),
            Self::CannotRelease(_) | Self::SharedCannotRelease(_) => out.write_str("0 Cannot Release Lock"),
            Self::Locked(_) => out.write_str("1 Locked"),
            Self::NotLocked(_) | Self::SharedNotLocked(_) => out.write_str("0 Not Locked"),
            Self::SharedGot(count, _) => write!(out, "{count} Got Lock"),
            Self::SharedLocked(count, _) => write!(out, "{count} Locked"),
            _ => self.alike(out),
        }
    }

    fn named(&self, out: &mut Bytes<'_>) -> fmt::Result {
        let (count, words, name) = match *self {
            Self::Got(name) => (1, "Lock Get Success", name),
            Self::CannotGet(name) => (0, "Lock Get Failure", name),
            Self::Released(name) => (1, "Lock Release Success", name),
            Self::CannotRelease(name) => (0, "Lock Release Failure", name),
            Self::Locked(name) => (1, "Lock Is Locked", name),
            Self::NotLocked(name) => (0, "Lock Not Locked", name),
            Self::SharedGot(count, name) => (count, "Shared Lock Get Success", name),
            Self::SharedCannotGet(name) => (0, "Shared Lock Get Failure", name),
            Self::SharedReleased(name) => (1, "Shared Lock Release Success", name),
            Self::SharedCannotRelease(name) => (0, "Shared Lock Release Failure", name),
            Self::SharedLocked(count, name) => (count, "Shared Lock Is Locked", name),
            Self::SharedNotLocked(name) => (0, "Shared Lock Not Locked", name),
            _ => return self.alike(out),
        };
        write!(out, "{count} {words}: ")?;
        out.put(name);
        Ok(())
    }

    /// What is the same in both.
    fn alike(&self, out: &mut Bytes<'_>) -> fmt::Result {
        match *self {
            Self::Ok => out.write_str("1 ok"),
            Self::Disabled => out.write_str("0 disabled"),
            Self::Me { from, name } => {
                out.put(b"1 ");
                out.put(from);
                out.put(b" ");
                out.put(name);
                Ok(())
            }
            Self::Hello { silence_s, epoch, from } => {
                write!(out, "1 Hello {version} {silence_s} {epoch} ", version = super::VERSION)?;
                out.put(from);
                Ok(())
            }
            Self::Pong => out.write_str("1 Pong"),
            Self::Ping => out.write_str("ping"),
            Self::Granted { count, fence } => write!(out, "{count} Got Lock {fence}"),
            Self::TimedOut => out.write_str("0 Timed Out"),
            Self::QueueFull => out.write_str("0 Queue Full"),
            Self::LimitReached => out.write_str("0 Limit Reached"),
            Self::LimitIs(limit) => write!(out, "0 Limit Is {limit}"),
            Self::NoGrace => out.write_str("0 No Grace"),
            Self::NotAllowed => out.write_str("0 Not Allowed"),
            Self::TooManyLocks => out.write_str("0 Too Many Locks"),
            Self::TooManyConnections => out.write_str("0 Too Many Connections"),
            Self::LineTooLong => out.write_str("0 Line Too Long"),
            Self::TooMuchAhead => out.write_str("0 Too Much Sent Ahead"),
            Self::Usage(form) => write!(out, "0 Usage: {form}"),
            _ => unreachable!("it is answered in words of its own"),
        }
    }
}

/// Text goes in as it is; there is no error.
pub(super) struct Bytes<'a>(pub(super) &'a mut Vec<u8>);

impl Bytes<'_> {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

impl Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}
