//! Fast lock: a mutex made by moving a prepared directory to where the lock is.
//!
//! ```text
//! <lock>/                         stands where a lock file would stand
//! <lock>/build/<id>/owner/<id>    a proposal: the lock as it will be if <id> gets it
//! <lock>/build/<id>/gone/<id>     a proposal that was taken back and can never become the lock
//! <lock>/owner/<id>               the lock is held by <id>
//! <lock>/owner/                   (empty, or absent) the lock is free
//! ```
//!
//! The leaf `<id>` is an empty file or an empty directory, see [`Leaf`]: its name is the whole record.
//!
//! Lock:
//!
//! 1. LOOK: a leaf in `owner` is the owner; the attempt ends. What an NFS client keeps there of a leaf that was removed while
//!    it was open ([`silly`]) is removed, and looked at again.
//! 2. BUILD: make the directories of my proposal.
//! 3. SIGN: make my leaf in it.
//! 4. MOVE: rename `build/<id>/owner` to `owner`. That succeeds only while `owner` is absent or empty.
//! 5. VERIFY: my leaf is in `owner`, or somebody emptied my proposal: 8.
//! 6. TIDY: remove what is left of the proposal's directories.
//! 7. HOLD: the leaf is the lock until [`FastLock::unlock`].
//! 8. WITHDRAW: after a failed step, remove all that is mine.
//!
//! Unlock:
//!
//! 1. REMOVE: remove my leaf. The lock is free.
//! 2. TIDY: remove `owner` and `<lock>` if they are empty.
//! 3. STAY AWAY, only where calls are executed late: my leaf is not there again; otherwise remove it and `owner` again.
//!
//! Clean, the try of anybody, at any time:
//!
//! 1. CLEAR: remove what an interrupted clean left in `gone`, and on NFS what a client keeps there.
//! 2. ASIDE: rename `build/<id>/owner` to `build/<id>/gone`.
//! 3. CLEAR again.
//! 4. TIDY: remove the directories that are empty.
//!
//! *Why it excludes.* `owner` is never removed or replaced while it holds an entry ([`Fs::rename`],
//! [`Fs::remove_dir`]), and each MOVE brings in one leaf, so of two MOVEs the second needs the first one's leaf to be
//! gone. A leaf in `owner` is removed by its owner's unlock, or by a recovery, which waits for its owner's death. Both
//! name the leaf, and no other contender has that name, so neither can hit a successor, however late it acts.
//! `Inv` in `specs/fast_lock/FastLock.tla` says so as an inductive invariant: whose leaf is in `owner` is inside or died
//! there, and whoever is inside has its leaf in.
//!
//! *Why clean is safe at any time.* MOVE and ASIDE rename the same directory and both walk to it through
//! `build/<id>`, which is never renamed, so exactly one of them gets it. If ASIDE does, MOVE finds nothing; nothing
//! renames `gone` to anywhere. If MOVE does, CLEAR finds nothing to remove. Removing the leaf from
//! `build/<id>/owner` itself, as one might, is **not** safe, though VERIFY follows MOVE: a remove that has walked to
//! the directory before MOVE takes effect in it after VERIFY ([`fs`](crate::fs), "two phases"), and the lock is lost
//! by a live holder.
//!
//! *What VERIFY is for.* It guards against cleaners of other kinds, which empty proposals in place. Against those whose
//! removals take effect in one step it is enough; on Linux it makes the window small and does not close it.
//!
//! *Where directories are kept* ([`FastLock::keeping`]), for those who take a lock again and again: TIDY is left out, so
//! that `<lock>`, `build`, `build/<id>` and an empty `owner` stand while the lock is free, and BUILD makes
//! `build/<id>/owner` at once, and what it stands in only where that is missing. What stands then is what a contender
//! leaves that dies before TIDY, so nothing in the proof is new, and both ways share a lock: who tidies takes what is empty
//! from who keeps, which makes it again. MOVE replaces the empty `owner`, the one directory that goes with each hold. It has to:
//! an `owner` that were moved back at a release would come again with whatever others had put into it meanwhile.
//! Where calls are executed late nothing is kept, for there STAY AWAY rests on an `owner` that was removed.
//!
//! *At which moment.* Each operation is as if it took one moment between its call and its return: a try that of MOVE, or,
//! where it is told of an owner, one of LOOK or MOVE; an unlock and a recovery that of REMOVE; a look at the owner one of its
//! listing. That a listing is no single moment does no harm: an owner's leaf comes in a directory of its own
//! ([`Fs::rename`]), so the directory that is being listed holds one owner at most, and once that is gone none ever again.
//! A try that fails after MOVE was the owner until WITHDRAW, and others may have seen it.
//!
//! *When a call fails.* Whether MOVE took effect is not known after [`FsError::Io`], so WITHDRAW removes the leaf under
//! either name; a release is repeated until it is told `Ok` or `NotOwner`. One failing call, also with a crash, leaves
//! the lock as good as ever. Where a second one keeps WITHDRAW from removing the leaf, a live contender that was told no
//! stays the owner until its next try or an unlock.
//!
//! *Where calls are executed late* ([`Fs::may_repeat`]) a copy of SIGN makes my leaf again, as long as the `owner` that it was made in stands, and
//! a copy of MOVE that was refused moves my proposal. STAY AWAY comes after that `owner` and that proposal were removed,
//! so nothing comes after it. Copies of removals find no directory: each hold has an `owner` of its own.
//! Who looks while an owner gives back may see it go and come once more.
//!
//! *After a power cut* the disk is as at some moment before, if names become durable in order, and everybody is dead: a
//! crash of all of them at that moment. Contents may be lost; there are none. Nor does it matter if names in one
//! directory are durable before earlier ones in another: a leaf names its owner wherever it is found, and all are dead.
//!
//! *On NFS* a leaf that is a file, and that somebody has open, is renamed where it is removed ([`silly`]).
//! Nobody takes that for an owner. Until it is gone MOVE finds `owner` not empty, so contenders on the host on which it
//! is open are [disturbed](LockError::Disturbed); those on others, and all once that host went down, remove it in LOOK. A leaf
//! that is a directory is removed whoever has it open. An id of such a name would be no owner to others, and is refused
//! ([`FsError::Unsupported`]).
//!
//! *What others may remove.* Empty directories, if the leaf is a file. Whoever removes the leaf of a live owner gives
//! the lock to the next one.
//!
//! *What it leaves to the caller.* Who is dead: a [policy](crate::policies). Waiting: [`blocking`](crate::blocking).
//! Fairness: there is none. Contenders that take back each other's tries may disturb each other for ever.
//!
//! *Source.* The lockers' `fast_lock`, whose layout this keeps, so that both can share a lock with [`Leaf::File`];
//! with the two changes its to-do list asks for (proposals of live contenders may be cleaned; a leaf may be a
//! directory) and ASIDE, which the first of them turned out to need.
//!
//! ```
//! use lockwright_kernel::{fast_lock::{FastLock, Leaf}, fs::MemFs, lock::{Lock, LockError}};
//!
//! let fs = MemFs::new();
//! let lock = FastLock::new(&fs, "deploy.lock".parse()?, Leaf::File);
//! let (ann, bob) = ("ann".parse()?, "bob".parse()?);
//! lock.try_lock(&ann)?;
//! assert_eq!(lock.try_lock(&bob), Err(LockError::Held { owner: Some(ann.clone()) }));
//! lock.unlock(&ann)?;
//! lock.try_lock(&bob)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use crate::{
    chance::Chance,
    fs::{
        Fs, FsError, Halted,
        silly::{self, is_silly},
    },
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

/// How often a release looks whether its leaf came again, where calls may be executed late.
pub const LOOKS_MAX: u32 = 8;

/// What the leaf is made of. All contenders for one lock use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// An empty file, as the lockers have it.
    #[default]
    File,
    /// An empty directory, so that the lock consists of directories only.
    Dir,
}

/// A view of the lock at `path`.
#[derive(Clone, Debug)]
pub struct FastLock<F> {
    fs: F,
    path: Path,
    leaf: Leaf,
    keeps: bool,
}

impl<F: Fs> FastLock<F> {
    /// The lock at `path`, whose parent directory exists. Touches nothing.
    pub fn new(fs: F, path: Path, leaf: Leaf) -> Self {
        Self { fs, path, leaf, keeps: false }
    }

    /// The same lock, whose directories stay when it is given back: half the calls, where the same ids come again and again.
    /// Each id that took the lock so leaves a directory, which goes with [`Lock::clean`] of that id by anybody; those who
    /// share the lock and do not keep take what is empty away. It changes nothing where [`Fs::may_repeat`] says yes.
    ///
    /// ```
    /// use lockwright_kernel::{fast_lock::{FastLock, Leaf}, fs::{Fs, MemFs}, lock::Lock};
    ///
    /// let fs = MemFs::new();
    /// let lock = FastLock::new(&fs, "deploy.lock".parse()?, Leaf::File);
    /// let (kept, ann) = (lock.clone().keeping(), "ann".parse()?);
    /// kept.try_lock(&ann)?;
    /// kept.unlock(&ann)?;
    /// assert!(fs.exists(&"deploy.lock/build/ann".parse()?)? && fs.exists(&"deploy.lock/owner".parse()?)?);
    /// kept.try_lock(&ann)?; // Four calls and two looks.
    /// lock.unlock(&ann)?;
    /// lock.clean(&ann)?;
    /// assert!(!fs.exists(&"deploy.lock".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keeping(self) -> Self {
        Self { keeps: true, ..self }
    }

    fn keeps(&self) -> bool {
        self.keeps && !self.fs.may_repeat()
    }

    fn propose(&self, me: &Id) -> Result<(), LockError> {
        self.make_dirs(me)?; // 2 BUILD
        let leaf = self.proposed_owner(me).join(me.name());
        let signed = match self.leaf {
            Leaf::File => self.fs.create_file(&leaf, b""), // 3 SIGN
            Leaf::Dir => self.fs.create_dir(&leaf),
        };
        match signed {
            // A leaf of mine that an earlier withdrawal could not remove serves as well.
            Ok(()) | Err(FsError::AlreadyExists) => {}
            Err(error) => return Err(disturbed(error)),
        }
        match self.fs.rename(&self.proposed_owner(me), &self.owner_dir()) {
            Err(FsError::NotEmpty) => Err(LockError::Held { owner: None }), // 4 MOVE
            other => other.map_err(disturbed),
        }
    }

    fn make_dirs(&self, me: &Id) -> Result<(), LockError> {
        if self.keeps() {
            match self.fs.ensure_dir(&self.proposed_owner(me)) {
                Err(FsError::NotFound) => {}
                other => return Ok(other?),
            }
        }
        self.fs.ensure_dir(&self.path)?;
        for dir in [self.build(), self.proposal(me), self.proposed_owner(me)] {
            self.fs.ensure_dir(&dir).map_err(disturbed)?;
        }
        Ok(())
    }

    fn verify(&self, me: &Id) -> Result<(), LockError> {
        if self.fs.exists(&self.owner_dir().join(me.name()))? {
            return Ok(());
        }
        Err(LockError::Disturbed)
    }

    /// Whatever failed, and also where it is not known whether MOVE took effect: afterwards nothing of `me` is left.
    fn withdraw(&self, me: &Id, reason: LockError) -> Result<LockError, Halted> {
        if reason == Halted.into() {
            return Err(Halted);
        }
        self.discard_leaf(&self.owner_dir(), me)?;
        if self.keeps() {
            self.take_back(me)?;
            return Ok(reason);
        }
        self.fs.discard_dir(&self.owner_dir())?;
        self.clean(me)?;
        match self.stay_away(me) {
            Err(FsError::Halted) => Err(Halted),
            _ => Ok(reason),
        }
    }

    /// Where a copy of SIGN or of MOVE may be executed late, my leaf may have come again.
    fn stay_away(&self, me: &Id) -> Result<(), FsError> {
        if !self.fs.may_repeat() {
            return Ok(());
        }
        for _ in 0..LOOKS_MAX {
            if !self.fs.exists(&self.owner_dir().join(me.name()))? {
                return Ok(());
            }
            self.discard_leaf(&self.owner_dir(), me)?;
            self.fs.discard_dir(&self.owner_dir())?;
        }
        Err(FsError::Io)
    }

    fn discard_leaf(&self, dir: &Path, id: &Id) -> Result<(), Halted> {
        let leaf = dir.join(id.name());
        match self.leaf {
            Leaf::File => self.fs.discard_file(&leaf),
            Leaf::Dir => self.fs.discard_dir(&leaf),
        }
    }

    /// LOOK, of `me` who is about to try.
    fn look(&self, me: &Id) -> Result<Option<Id>, LockError> {
        if is_silly(me.name()) {
            return Err(FsError::Unsupported.into());
        }
        match or_empty(self.fs.any(&self.owner_dir()))? {
            Some(name) if is_silly(&name) => {}
            name => return Ok(name.map(Id::from)),
        }
        let names = or_empty(self.fs.list(&self.owner_dir()))?;
        if let Some(owner) = names.iter().find(|name| !is_silly(name)) {
            return Ok(Some(owner.clone().into()));
        }
        silly::discard(&self.fs, &self.owner_dir(), &names)?;
        match or_empty(self.fs.any(&self.owner_dir()))? {
            // It is open on this host: nobody is the owner, and nobody here can become it.
            Some(name) if is_silly(&name) => Err(LockError::Disturbed),
            name => Ok(name.map(Id::from)),
        }
    }

    fn take_back(&self, id: &Id) -> Result<(), Halted> {
        self.clear_silly(id)?; // 1 CLEAR
        self.clear(id)?;
        self.fs.put_aside(&self.proposed_owner(id), &self.gone(id))?; // 2 ASIDE
        self.clear(id) // 3 CLEAR
    }

    fn clear(&self, id: &Id) -> Result<(), Halted> {
        self.discard_leaf(&self.gone(id), id)?;
        self.fs.discard_dir(&self.gone(id))
    }

    /// What is kept of my leaf in `gone`. Who made it may have had it open.
    fn clear_silly(&self, id: &Id) -> Result<(), Halted> {
        if self.leaf != Leaf::File || !self.fs.may_repeat() {
            return Ok(());
        }
        match self.fs.list(&self.gone(id)) {
            Err(FsError::Halted) => Err(Halted),
            names => silly::discard(&self.fs, &self.gone(id), &names.unwrap_or_default()),
        }
    }

    fn owner_dir(&self) -> Path {
        self.path.word("owner")
    }

    fn build(&self) -> Path {
        self.path.word("build")
    }

    fn proposal(&self, id: &Id) -> Path {
        self.build().join(id.name())
    }

    fn proposed_owner(&self, id: &Id) -> Path {
        self.proposal(id).word("owner")
    }

    fn gone(&self, id: &Id) -> Path {
        self.proposal(id).word("gone")
    }
}

impl<F: Fs> Lock for FastLock<F> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.look(me)? {
            None => {} // 1 LOOK
            Some(owner) if owner == *me => return Err(LockError::AlreadyOwner),
            owner => return Err(LockError::Held { owner }),
        }
        // 2 BUILD, 3 SIGN, 4 MOVE, 5 VERIFY
        if let Err(reason) = self.propose(me).and_then(|()| self.verify(me)) {
            return Err(self.withdraw(me, reason)?); // 8 WITHDRAW
        }
        if !self.keeps() {
            self.fs.discard_dir(&self.proposal(me))?; // 6 TIDY
            self.fs.discard_dir(&self.build())?;
        }
        Ok(()) // 7 HOLD
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        let leaf = self.owner_dir().join(me.name());
        let removed = match self.leaf {
            Leaf::File => self.fs.remove_file(&leaf), // 1 REMOVE
            Leaf::Dir => self.fs.remove_dir(&leaf),
        };
        match removed {
            Ok(()) => {}
            Err(FsError::NotFound) => return Err(LockError::NotOwner),
            Err(error) => return Err(error.into()),
        }
        if self.keeps() {
            return Ok(());
        }
        self.fs.discard_dir(&self.owner_dir())?; // 2 TIDY
        self.stay_away(me)?; // 3 STAY AWAY
        self.fs.discard_dir(&self.path)?;
        Ok(())
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        let first = match or_empty(self.fs.any(&self.owner_dir()))? {
            Some(name) if is_silly(&name) => {
                or_empty(self.fs.list(&self.owner_dir()))?.into_iter().find(|name| !is_silly(name))
            }
            name => name,
        };
        Ok(first.map(Id::from))
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(or_empty(self.fs.list(&self.build()))?.into_iter().map(Id::from).collect())
    }

    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        Ok(or_empty(self.fs.sample(&self.build(), chance))?.map(Id::from))
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.take_back(id)?;
        self.fs.discard_dir(&self.proposal(id))?; // 4 TIDY
        if self.keeps() {
            return Ok(());
        }
        self.fs.discard_dir(&self.build())?;
        self.fs.discard_dir(&self.path)
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.clean(id)?;
        match self.unlock(id) {
            Err(LockError::NotOwner) => Ok(()),
            other => other,
        }
    }

    fn waits_on(&self) -> Path {
        self.owner_dir()
    }
}

/// A directory that is not there holds nothing.
fn or_empty<T: Default>(looked: Result<T, FsError>) -> Result<T, FsError> {
    match looked {
        Err(FsError::NotFound) => Ok(T::default()),
        other => other,
    }
}

/// A directory of the proposal that is not there any more was taken away by somebody.
fn disturbed(error: FsError) -> LockError {
    match error {
        FsError::NotFound => LockError::Disturbed,
        error => error.into(),
    }
}
