//! A fast lock among other kinds.

use lockwright_kernel::{
    chance::Chance,
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use super::kind::Layout;

/// A fast lock that tells a contender of another [kind](lockwright_kernel::one_kind) that it meets. To the lock itself the
/// home of that kind is an owner; nobody can say that it is dead, so it would be waited for like any owner.
///
/// ```
/// use lockwright_kernel::{fast_lock::{FastLock, Leaf}, fs::{Fs, MemFs}, lock::{Lock, LockError}};
/// use lockwright_posix::lock::AmongKinds;
///
/// let fs = MemFs::new();
/// for dir in ["a.lock", "a.lock/owner", "a.lock/owner/queue"] {
///     fs.create_dir(&dir.parse()?)?;
/// }
/// let lock = FastLock::new(&fs, "a.lock".parse()?, Leaf::File);
/// assert_eq!(AmongKinds(&lock).try_lock(&"ann".parse()?), Err(LockError::OtherKind("queue".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AmongKinds<'a, L>(pub &'a L);

impl<L: Lock> Lock for AmongKinds<'_, L> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.0.try_lock(me) {
            Err(LockError::Held { owner: Some(owner) }) => Err(match Layout::named(owner.name()) {
                Some(layout) => LockError::OtherKind(layout.name()),
                None => LockError::Held { owner: Some(owner) },
            }),
            answer => answer,
        }
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.0.unlock(me)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.0.owner()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.0.proposals()
    }

    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        self.0.sample_proposal(chance)
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.0.clean(id)
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.0.recover(id)
    }

    fn waits_on(&self) -> Path {
        self.0.waits_on()
    }
}
