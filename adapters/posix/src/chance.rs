//! Chance from the calling thread's generator.

use std::num::NonZeroU32;

use lockwright_kernel::{chance::Chance, fs::Halted};

/// Random numbers that no two threads share, and that cost no system call.
///
/// ```
/// use lockwright_kernel::chance::Chance;
/// use lockwright_posix::chance::ThreadChance;
///
/// assert_eq!(ThreadChance.below(1.try_into()?)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadChance;

impl Chance for ThreadChance {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(fastrand::u32(..bound.get()))
    }
}
