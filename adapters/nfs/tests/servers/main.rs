//! The direct client against servers: one that others wrote, and our own, without faults and with them.

mod contract;
#[path = "../../../posix/tests/differences/mod.rs"]
mod differences;
mod differential;
mod faults;
mod ganesha;
