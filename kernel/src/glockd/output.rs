//! What the state machine asks of the one who drives it.

use alloc::vec::Vec;

use super::{clients::ClientId, settings::Saved};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Put this on a disk before anything that comes after it is done; give it to the next run of the server.
    Persist(Saved),
    /// Write this to the client, after what it was written before.
    Write {
        /// To whom.
        client: ClientId,
        /// One or more whole replies; exactly one to a client of [`Wire::Messages`](super::Wire::Messages), or a part of
        /// a long one.
        bytes: Vec<u8>,
        /// There is more to come, which is told once [`Glockd::handle_drained`](super::Glockd::handle_drained) says that
        /// all of it is written.
        has_more: bool,
    },
    /// Close the connection, after what was written to it as far as that can be written at once. The client is gone
    /// already, and nothing else is to be told of it. What it held is released when it has to know, as after a
    /// [loss](super::Glockd::handle_loss).
    Close {
        /// Whose.
        client: ClientId,
        /// Why.
        why: Why,
    },
}

/// Why a connection is closed by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It sent a line longer than the limit.
    LineTooLong,
    /// It sent too much ahead of a command that waits.
    TooMuchAhead,
    /// It gave no sign of life.
    Silent,
    /// It held nothing and asked for nothing for too long.
    Idle,
    /// The server stops.
    Stopping,
}
