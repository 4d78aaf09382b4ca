//! Broken variants of `fast_lock`. Each is the shipped code but for the one thing its name tells.

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
};

use crate::{
    operations::Recorded,
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{FILE_LEAF, evidence, lock_path, word},
    },
};

/// Others empty proposals in place, and the mover does not look whether its leaf came along.
pub const NO_LOOK: LockClients = LockClients { make: no_look, cleaner: Some(clean_in_place), ..FILE_LEAF };

/// The mover looks, and proposals of live contenders are emptied in place all the same: the rule as the lockers' to-do
/// list has it. It holds where a call walks and takes effect in one step, and nowhere else.
pub const CLEAN_IN_PLACE: LockClients = LockClients { cleaner: Some(clean_in_place), ..FILE_LEAF };

/// Recovery empties and removes `owner`, whoever's leaf is in it by then.
pub const RECOVER_OWNER_DIR: LockClients = LockClients { make: recover_owner_dir, ..FILE_LEAF };

/// Recovery looks once more whether the owner is the dead one, and then removes the leaf it finds by listing.
pub const RECOVER_BY_PATH: LockClients = LockClients { make: recover_by_path, ..FILE_LEAF };

/// The leaf is made after the move.
pub const SIGN_AFTER_MOVE: LockClients = LockClients { make: sign_after_move, ..FILE_LEAF };

/// Unlock removes the lock's directory with all that is in it, and tries again while it is not empty.
pub const UNLOCK_TREE: LockClients = LockClients { make: unlock_tree, ..FILE_LEAF };

/// Unlock does not remove the directories.
pub const UNLOCK_LEAVES_DIRS: LockClients = LockClients { make: unlock_leaves_dirs, ..FILE_LEAF };

/// Nobody recovers anything.
pub const NO_RECOVERY: LockClients = LockClients { make: no_recovery, ..FILE_LEAF };

/// A try that failed takes back its proposal, and does not look whether the move took effect before it was told that it
/// failed.
pub const ERROR_MEANS_NO: LockClients = LockClients { make: no_look, ..FILE_LEAF };

/// Unlock does not look whether its leaf could be removed.
pub const UNLOCK_UNCHECKED: LockClients = LockClients { make: unlock_unchecked, ..FILE_LEAF };

/// The owner's id is written into the leaf before the move, and read from there. A crash never shows it unwritten.
pub const SIGNED_INSIDE: LockClients = LockClients { make: signed_inside, ..FILE_LEAF };

pub(super) type World<'a> = &'a Replay<'a>;
pub(super) type Operation = fn(&Altered<'_>, &Id) -> Result<(), LockError>;

/// The shipped lock, with some operations replaced.
pub(super) struct Altered<'a> {
    pub(super) world: World<'a>,
    pub(super) lock: FastLock<World<'a>>,
    pub(super) try_lock: Operation,
    pub(super) unlock: Operation,
    pub(super) recover: Operation,
    pub(super) owner: fn(&Altered<'_>) -> Result<Option<Id>, LockError>,
}

impl<'a> Altered<'a> {
    pub(super) fn new(world: World<'a>) -> Self {
        Self {
            world,
            lock: FastLock::new(world, lock_path(), Leaf::File),
            try_lock: |this, me| this.lock.try_lock(me),
            unlock: |this, me| this.lock.unlock(me),
            recover: |this, id| this.lock.recover(id),
            owner: |this| this.lock.owner(),
        }
    }

    pub(super) fn boxed(self) -> Box<dyn Lock + 'a> {
        let world = self.world;
        Box::new(CheckLock::new(self, world, world))
    }

    /// The same, telling of its operations.
    pub(super) fn recorded(self) -> Box<dyn Lock + 'a> {
        let world = self.world;
        Box::new(CheckLock::new(Recorded::new(self, world), world, world))
    }
}

impl Lock for Altered<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        (self.try_lock)(self, me)
    }
    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        (self.unlock)(self, me)
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        (self.owner)(self)
    }
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.lock.proposals()
    }
    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        self.lock.sample_proposal(chance)
    }
    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.lock.clean(id)
    }
    fn recover(&self, id: &Id) -> Result<(), LockError> {
        (self.recover)(self, id)
    }
    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}

pub(super) fn owner_dir() -> Path {
    lock_path().join(&word("owner"))
}

pub(super) fn proposed_owner(id: &Id) -> Path {
    lock_path().join(&word("build")).join(id.name()).join(&word("owner"))
}

fn clean_in_place(world: &Replay<'_>, lock: &dyn Lock) -> Result<(), LockError> {
    match lock.sample_proposal(world)? {
        Some(id) => Ok(world.discard_file(&proposed_owner(&id).join(id.name()))?),
        None => Ok(()),
    }
}

fn no_look<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let try_lock: Operation = |this, me| {
        look(this)?;
        build_sign_move(this, me, Some(b""))
    };
    Altered { try_lock, ..Altered::new(world) }.boxed()
}

fn sign_after_move<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let try_lock: Operation = |this, me| {
        look(this)?;
        build_sign_move(this, me, None)?;
        match this.world.create_file(&evidence(me), b"") {
            Err(FsError::NotFound) => Err(LockError::Disturbed),
            other => Ok(other?),
        }
    };
    Altered { try_lock, ..Altered::new(world) }.boxed()
}

fn look(this: &Altered<'_>) -> Result<(), LockError> {
    match this.lock.owner()? {
        None => Ok(()),
        owner => Err(LockError::Held { owner }),
    }
}

/// The shipped procedure from BUILD to MOVE, without VERIFY.
fn build_sign_move(this: &Altered<'_>, me: &Id, written: Option<&[u8]>) -> Result<(), LockError> {
    let (world, proposal) = (this.world, proposed_owner(me));
    let steps = || {
        world.ensure_dir(&lock_path())?;
        let build = lock_path().join(&word("build"));
        world.ensure_dir(&build)?;
        world.ensure_dir(&build.join(me.name()))?;
        world.ensure_dir(&proposal)?;
        if let Some(written) = written {
            match world.create_file(&proposal.join(me.name()), written) {
                Ok(()) | Err(FsError::AlreadyExists) => {}
                Err(error) => return Err(error),
            }
        }
        world.rename(&proposal, &owner_dir())?;
        world.discard_dir(&build.join(me.name()))?;
        world.discard_dir(&build)?;
        Ok(())
    };
    let reason = match steps() {
        Ok(()) => return Ok(()),
        Err(FsError::Halted) => return Err(Halted.into()),
        Err(FsError::NotEmpty) => LockError::Held { owner: None },
        Err(FsError::NotFound) => LockError::Disturbed,
        Err(error) => error.into(),
    };
    this.lock.clean(me)?;
    Err(reason)
}

fn recover_owner_dir<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let recover: Operation = |this, id| {
        this.lock.clean(id)?;
        remove_all(this.world, &owner_dir())?;
        Ok(())
    };
    Altered { recover, ..Altered::new(world) }.boxed()
}

fn recover_by_path<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let recover: Operation = |this, id| {
        this.lock.clean(id)?;
        if this.lock.owner()?.as_ref() == Some(id) {
            // "The owner is still the one that was judged": true when it was read.
            if let Some(found) = this.lock.owner()? {
                this.world.discard_file(&evidence(&found))?;
            }
        }
        Ok(())
    };
    Altered { recover, ..Altered::new(world) }.boxed()
}

fn unlock_tree<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let unlock: Operation = |this, _| {
        remove_all(this.world, &owner_dir())?;
        if this.world.exists(&owner_dir())? {
            // "The directory is not empty yet": as libraries do that remove trees.
            remove_all(this.world, &owner_dir())?;
        }
        Ok(this.world.discard_dir(&lock_path())?)
    };
    Altered { unlock, ..Altered::new(world) }.boxed()
}

/// Removes a directory and the files in it, as `rm -r` does.
fn remove_all(world: World<'_>, dir: &Path) -> Result<(), FsError> {
    match world.list(dir) {
        Ok(names) => {
            for name in names {
                world.discard_file(&dir.join(&name))?;
            }
            Ok(world.discard_dir(dir)?)
        }
        Err(FsError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

fn unlock_leaves_dirs<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let unlock: Operation = |this, me| Ok(this.world.remove_file(&evidence(me))?);
    Altered { unlock, ..Altered::new(world) }.boxed()
}

fn unlock_unchecked<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let unlock: Operation = |this, me| {
        this.world.discard_file(&evidence(me))?;
        this.world.discard_dir(&owner_dir())?;
        Ok(this.world.discard_dir(&lock_path())?)
    };
    Altered { unlock, ..Altered::new(world) }.boxed()
}

fn signed_inside<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let try_lock: Operation = |this, me| {
        if this.lock.owner()?.is_some() {
            return Err(LockError::Held { owner: this.owner()? });
        }
        build_sign_move(this, me, Some(me.name().as_str().as_bytes()))
    };
    let owner = |this: &Altered<'_>| {
        let Some(leaf) = this.lock.owner()? else { return Ok(None) };
        match this.world.read(&evidence(&leaf)) {
            Ok(written) => Ok(str::from_utf8(&written).ok().and_then(|id| id.parse().ok())),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    Altered { try_lock, owner, ..Altered::new(world) }.boxed()
}

fn no_recovery<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let recover: Operation = |_, _| Ok(());
    Altered { recover, ..Altered::new(world) }.boxed()
}
