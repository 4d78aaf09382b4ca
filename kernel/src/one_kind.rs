//! One kind at a time: locks of several kinds at one path, of which no two are ever held together.
//!
//! ```text
//! <lock>/owner/<id>           a fast lock, held; see fast_lock
//! <lock>/owner/<kind>/...     a lock of another kind, for as long as somebody has an entry in it: its home
//! ```
//!
//! Kinds have names that no contender has. What a lock of another kind keeps on disk it keeps in its home, or else signs
//! there with an entry of its own before it goes to work elsewhere.
//!
//! Begin:
//!
//! 1. LOOK: anything in `owner` but my home ends the attempt. What an NFS client keeps there of a removed file is nobody's
//!    ([`silly`]), and is removed.
//! 2. ENTER: make `<lock>` and `owner`.
//! 3. SIGN: put something into my home, as the kind does it: a ticket, a slot with an owner, or a mere name.
//! 4. VERIFY: as LOOK. If somebody else is there, take my entry away and end the attempt.
//!
//! From then on the path is of my kind, until I take my entry away. Then:
//!
//! 5. TIDY: remove my home and `owner` if they are empty.
//!
//! *Why it excludes.* Of two other kinds, the SIGN of one came first. Its home stood through all of the other's VERIFY, and
//! [`Fs::list`] returns every entry that stands through the call. A fast lock does not look here, and need not: it becomes
//! the lock by a rename onto `owner`, which fails while that holds an entry ([`Fs::rename`]). So its rename came before my
//! SIGN, and then its leaf stands in the same directory and VERIFY sees it, or comes after, and fails. A directory that
//! was replaced by such a rename takes no entries any more, so a SIGN that had walked to it fails as well.
//!
//! *What it costs a fast lock*: nothing, also one of the lockers' scripts. It finds that somebody holds it whose id is
//! the kind's name, of whom nobody can say that it is dead.
//!
//! *What it leaves to the caller.* What the dead left in their homes: the kind knows how to remove it. Two that begin
//! together on a free path may each see the other, and both end.
//!
//! *Source.* Our own.
//!
//! ```
//! use lockwright_kernel::{fast_lock::{FastLock, Leaf}, fs::{Fs, MemFs}, lock::{Lock, LockError}};
//! use lockwright_kernel::one_kind::OneKind;
//!
//! let (fs, path) = (MemFs::new(), "deploy.lock".parse()?);
//! let queue = OneKind::new(&fs, "deploy.lock".parse()?, "queue".parse()?);
//! queue.enter()?;
//! fs.create_dir(&queue.home())?; // A queue would stand there.
//! queue.verify()?;
//! let fast = FastLock::new(&fs, path, Leaf::File);
//! assert_eq!(fast.try_lock(&"ann".parse()?), Err(LockError::Held { owner: Some("queue".parse()?) }));
//! let slots = OneKind::new(&fs, "deploy.lock".parse()?, "sem=3".parse()?);
//! assert_eq!(slots.enter(), Err(LockError::OtherKind("queue".parse()?)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use crate::{
    fs::{
        Fs, FsError, Halted,
        silly::{self, is_silly},
    },
    lock::LockError,
    path::{Name, Path},
};

/// The path `lock`, for a lock of the kind `kind`, which is any but the fast lock.
#[derive(Clone, Debug)]
pub struct OneKind<F> {
    fs: F,
    lock: Path,
    kind: Name,
}

impl<F: Fs> OneKind<F> {
    /// The lock at `lock`, whose parent directory exists. Touches nothing.
    pub fn new(fs: F, lock: Path, kind: Name) -> Self {
        Self { fs, lock, kind }
    }

    /// Where this kind is at home.
    #[must_use]
    pub fn home(&self) -> Path {
        self.owner().join(&self.kind)
    }

    /// Steps 1 and 2, before each SIGN.
    ///
    /// # Errors
    ///
    /// [`LockError::OtherKind`], [`LockError::Disturbed`], [`LockError::Fs`]. Empty directories may be left behind; [`OneKind::tidy`] removes them.
    pub fn enter(&self) -> Result<(), LockError> {
        let there = self.there()?;
        self.alone_among(&there)?; // 1 LOOK
        silly::discard(&self.fs, &self.owner(), &there)?;
        self.fs.ensure_dir(&self.lock)?; // 2 ENTER
        match self.fs.ensure_dir(&self.owner()) {
            Err(FsError::NotFound) => Err(LockError::Disturbed),
            other => Ok(other?),
        }
    }

    /// Step 4, after each SIGN.
    ///
    /// # Errors
    ///
    /// [`LockError::OtherKind`] and [`LockError::Fs`]. After either the caller takes its entry away.
    pub fn verify(&self) -> Result<(), LockError> {
        self.alone_among(&self.there()?) // 4 VERIFY
    }

    fn there(&self) -> Result<Vec<Name>, FsError> {
        match self.fs.list(&self.owner()) {
            Err(FsError::NotFound) => Ok(Vec::new()),
            answer => answer,
        }
    }

    fn alone_among(&self, there: &[Name]) -> Result<(), LockError> {
        match there.iter().find(|name| **name != self.kind && !is_silly(name)) {
            Some(name) => Err(LockError::OtherKind(name.clone())),
            None => Ok(()),
        }
    }

    /// Step 5, after each entry that was taken away. The lock's own directory is left to the caller.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    pub fn tidy(&self) -> Result<(), Halted> {
        self.fs.discard_dir(&self.home())?; // 5 TIDY
        self.fs.discard_dir(&self.owner())
    }

    fn owner(&self) -> Path {
        self.lock.word("owner")
    }
}
