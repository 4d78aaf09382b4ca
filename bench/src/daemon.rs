//! The lock daemon beside what it cannot beat and what people use in its place: requests over loopback.
//!
//! | who | a request | its answer |
//! |---|---|---|
//! | echo | a line | the same line, by a bare epoll loop: [`echo`] |
//! | ours | `g NAME`, then `r NAME` | `1 Got Lock`, `1 Released Lock` |
//! | Redis | `SET NAME x NX`, then `DEL NAME` | `+OK`, `:1` |
//! | memcached | `add NAME`, then `delete NAME` | `STORED`, `DELETED` |
//! | etcd | a transaction that makes the key if it is not there, then its removal; over HTTP | JSON |
//!
//! Each connection has a name of its own, so that each request succeeds. The load is one process with one thread, [`load`],
//! and so is each server; a connection sends its next requests when it has all answers to the last ones.

pub mod echo;
pub mod load;
