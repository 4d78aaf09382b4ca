//! The direct client against servers: one that others wrote, and our own, without faults and with them.

mod contract;
mod differential;
mod faults;
mod ganesha;
