//! The lock daemon over sockets, and its client.
//!
//! * [`server`]: TCP, unix sockets and WebSocket at once, on one thread, around the machine in
//!   [`lockwright_kernel::glockd`], which knows nothing of sockets.
//! * [`client`]: blocking; locks that last as long as a connection.
//! * [`half_open`]: how either side notices that the other is gone.
//! * [`tls`]: certificates on both sides, where others could reach or read a connection.
//! * [`address`]: `tcp://HOST:PORT/NAME`, `tcps://HOST:PORT/NAME` and `unix:PATH#NAME`.

pub mod address;
pub mod client;
pub mod half_open;
pub mod server;
pub mod tls;
