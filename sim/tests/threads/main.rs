//! The checker's scenarios as threads, under loom and under shuttle, in plain `cargo test`.
//!
//! A [`Protocol`](lockwright_sim::protocol::Protocol) runs over a [`Live`](lockwright_sim::Live) world here, whose calls
//! pass through a mutex of loom or of shuttle, so that those decide who goes next. They share no code with the checker
//! but the protocol, and no file system but the kernel's: where all agree on what is broken, a fault of one of
//! them would have to be a fault of all.
//!
//! | module | concern |
//! |---|---|
//! | [`world`] | what there is of the simulated world, and the monitors |
//! | [`disk`] | the disk, and what calls that are under way hold of it |
//! | [`client`] | what each thread does |
//! | [`engine`] | what loom and shuttle have in common |
//! | [`loom`], [`memory`] | every interleaving of two clients |
//! | [`shuttle`] | some interleavings of two to eight clients |
//! | `agree` | the table: the checker, loom, and shuttle by two schedulers, each over each protocol |
//! | `many`, `plants` | many clients; and the drivers' own mistakes, each of which is caught |
//!
//! *Why here.* loom and shuttle are dependencies of this test alone, so nobody who uses the crate compiles them, and as
//! a test it is run with all others. `--cfg loom` is not needed: what takes part is built against loom or shuttle by
//! name, and the kernel takes whatever file system it is given.
//!
//! *What it can say.* shuttle draws executions and never says that there is nothing else. loom says so, for two clients
//! that each make one or two attempts, with a crash where calls are atomic; where they are not it covers, with a crash,
//! what takes one preemption, and the table says so. The checker alone has endless rounds, listings of every kind, and
//! whether a lock can still be taken while others are at it; and it covers three clients.

mod agree;
mod client;
mod disk;
mod engine;
mod loom;
mod many;
mod memory;
mod plants;
mod shuttle;
mod world;
