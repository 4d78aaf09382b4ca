//! The lock server without its sockets: what it answers, what it limits, and how it goes on after its end.

mod bytes;
mod limits;
mod restart;
mod rights;
mod stage;
mod transcripts;
