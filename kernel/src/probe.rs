//! Is the owner of an id still there?

use alloc::boxed::Box;

use crate::{fs::Halted, id::Id};

/// What can be said of the owner of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// It is there, or it was a moment ago.
    Alive,
    /// It ended and can never act again, under this id.
    Dead,
    /// It cannot be seen from here. Never treated as [`Liveness::Dead`].
    Unknown,
}

/// Tells the dead from the rest.
pub trait Probe {
    /// Says whether the owner of `id` is still there.
    ///
    /// [`Liveness::Dead`] is a promise: no call that the owner made on the file system is still on its way, and no call
    /// under `id` will ever come. [`Liveness::Alive`] may be out of date when it arrives. Text that this probe
    /// cannot read is [`Liveness::Unknown`].
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted>;
}

impl<P: Probe + ?Sized> Probe for &P {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        (**self).liveness(id)
    }
}

/// So that probes whose kind is known only when the program runs can be handed to what takes any probe.
impl<P: Probe + ?Sized> Probe for Box<P> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        (**self).liveness(id)
    }
}
