//! Chance, handed to the algorithms so that a simulated world can choose for them.

use core::num::NonZeroU32;

use crate::fs::Halted;

/// A source of random numbers. It serves to keep contenders apart, never to keep a secret.
pub trait Chance {
    /// A number below `bound`, each as likely as the next.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted>;
}

impl<C: Chance + ?Sized> Chance for &C {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        (**self).below(bound)
    }
}
