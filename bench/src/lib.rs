//! What the benches share: where they measure, and what they measure against.
//!
//! Speed is told as a ratio of two things measured in one run on one machine, for a time in microseconds says more
//! about the machine than about the lock. `cargo bench -p lockwright-bench` measures;
//! `cargo test -p lockwright-bench --benches` only tries whether everything still runs.
//!
//! * [`floor`]: the system calls of a lock, without the lock.
//! * [`peers`]: other checkers on the same lock.
//! * [`place`]: the file systems at hand.

pub mod daemon;
pub mod floor;
pub mod peers;
pub mod place;

/// True when the bench is to measure, false when it is only to show that it runs: Cargo passes `--bench` for the one,
/// and not for the other; `--test` asks for the latter in any case. Criterion decides by the same rule.
#[must_use]
pub fn is_measuring() -> bool {
    let given = |flag| std::env::args().any(|argument| argument == flag);
    given("--bench") && !given("--test")
}
