//! Waiting for a change instead of asking again and again.

use crate::{
    clock::Instant,
    fs::{FsError, Halted},
    id::Id,
    path::Path,
};

/// A watch that was taken and not yet waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(pub u64);

/// Why a wait came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wake {
    /// Something changed, or may have: look again.
    Changed,
    /// The time is up.
    TimedOut,
    /// The caller was asked to stop waiting, by a signal for instance.
    Interrupted,
}

/// Notices that a directory changed.
///
/// The order of use is **watch, look, wait**: a change that comes between the look and the wait is then never lost.
pub trait Watch {
    /// Begins to note changes of the entries of `dir`, and the removal or replacement of `dir` itself.
    ///
    /// A caller that does not wait for a watch leaves it behind at no cost that grows: taking another one for the same
    /// directory uses the same resources again.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] when there is no such directory, which is itself news.
    #[track_caller]
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError>;

    /// Returns once an entry of the watched directory was removed or renamed, or the directory itself was, since
    /// `watch` was taken; or once the owner of `owner` is dead, where that can be noticed from here; or at `until`.
    /// Without `until` it waits as long as it takes. It may come back [`Wake::Changed`] without a cause.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted>;
}

impl<W: Watch + ?Sized> Watch for &W {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        (**self).watch(dir)
    }
    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        (**self).wait(watch, owner, until)
    }
}
