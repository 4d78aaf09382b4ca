//! The daemon over real sockets: what it answers, whom it lets in, and whom it does not put up with.

mod client;
mod histories;
mod hostile;
mod stage;
mod tls;
mod transcripts;
mod websocket;
