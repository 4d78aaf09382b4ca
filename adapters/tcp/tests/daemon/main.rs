//! The daemon over real sockets: what it answers, whom it lets in, and whom it does not put up with.

mod authority;
mod client;
mod deaf;
mod histories;
mod hostile;
mod killed;
mod linear;
mod reload;
mod stage;
mod tls;
mod transcripts;
mod websocket;
