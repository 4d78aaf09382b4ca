//! What things cost, as ratios of two that were measured in one run on one machine: a time in microseconds says more about
//! the machine than about the lock.
//!
//! * [`compare`]: ours beside its peers, `cargo run --release -p lockwright-bench -- compare`.
//! * [`floor`]: the system calls of a lock, without the lock.
//! * [`peers`]: other checkers on the same lock.
//! * [`daemon`]: a load for lock daemons, and the least that one can do.
//! * [`place`]: the file systems at hand.
//!
//! `cargo bench -p lockwright-bench` has criterion estimate ours alone; `cargo test -p lockwright-bench --benches` only tries
//! whether that still runs.

pub mod compare;
pub mod daemon;
pub mod floor;
pub mod peers;
pub mod place;

use std::error::Error;

/// What came of something, or why nothing did.
pub type Answer<T = ()> = Result<T, Box<dyn Error>>;

/// True when the bench is to measure, false when it is only to show that it runs: Cargo passes `--bench` for the one,
/// and not for the other; `--test` asks for the latter in any case. Criterion decides by the same rule.
#[must_use]
pub fn is_measuring() -> bool {
    let given = |flag| std::env::args().any(|argument| argument == flag);
    given("--bench") && !given("--test")
}
