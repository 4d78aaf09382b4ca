//! Broken variants of `fast_lock` that exclude, are left clean and can be taken, and yet answer what nobody can explain.
//!
//! Each is the shipped code but for the one thing its name tells. Nothing but the order of operations gives them away.

use lockwright_kernel::{
    fast_lock::FastLock,
    fs::{Fs, FsError, Halted},
    lock::{Lock, LockError},
};

use super::fast_lock::{Altered, Operation, World};
use crate::{
    operations::{Event, Operation as Told, Recorded},
    scenarios::{
        LockClients, MakeLock, Observed,
        fast_lock::{OBSERVED, evidence},
    },
};

/// Where `owner` is empty, `owner()` names somebody who is about to take the lock.
pub const PROPOSAL_IS_OWNER: Observed = observed(proposal_is_owner);

/// Where `owner` cannot be read, `owner()` says that the lock is free.
pub const UNREADABLE_IS_FREE: Observed = observed(unreadable_is_free);

/// An unlock looks for its leaf, answers, and removes the leaf after.
pub const RELEASES_LATER: Observed = observed(releases_later);

/// A second try that was lost without a name answers the name that the first one saw.
pub const REMEMBERS_OWNER: Observed = Observed { observer: false, ..observed(remembers_owner) };

/// A try answers that the lock is held where somebody else has a proposal.
pub const PROPOSAL_HOLDS: Observed = Observed { observer: false, ..observed(proposal_holds) };

/// A recovery does not look whether the dead owner's leaf could be removed.
pub const RECOVERS_UNCHECKED: Observed = Observed { observer: false, ..observed(recovers_unchecked) };

const fn observed(make: MakeLock) -> Observed {
    Observed { clients: LockClients { make, ..OBSERVED.clients }, observer: true }
}

fn proposal_is_owner<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let owner = |this: &Altered<'_>| match this.lock.owner()? {
        None => this.lock.sample_proposal(this.world),
        owner => Ok(owner),
    };
    Altered { owner, ..Altered::new(world) }.recorded()
}

fn unreadable_is_free<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let owner = |this: &Altered<'_>| match this.lock.owner() {
        Err(LockError::Fs(FsError::Io)) => Ok(None),
        other => other,
    };
    Altered { owner, ..Altered::new(world) }.recorded()
}

fn releases_later<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let unlock: Operation = |this, me| {
        this.world.tell(Event::Call(Told::Unlock(me.clone())));
        let answer = if this.world.exists(&evidence(me))? { Ok(()) } else { Err(LockError::NotOwner) };
        this.world.tell(Event::Return((&answer).into()));
        answer?;
        this.lock.unlock(me)
    };
    Altered { unlock, ..telling(world) }.boxed()
}

fn remembers_owner<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let try_lock: Operation = |this, me| {
        let first = recorded(this).try_lock(me);
        let Err(LockError::Held { owner: Some(known) }) = first else { return first };
        this.world.tell(Event::Call(Told::TryLock(me.clone())));
        let second = match this.lock.try_lock(me) {
            Err(LockError::Held { owner: None }) => Err(LockError::Held { owner: Some(known) }),
            answer => answer,
        };
        if second != Err(Halted.into()) {
            this.world.tell(Event::Return((&second).into()));
        }
        second
    };
    Altered { try_lock, ..telling(world) }.boxed()
}

fn proposal_holds<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let try_lock: Operation = |this, me| {
        let mut proposals = this.lock.proposals()?.into_iter();
        match proposals.find(|id| id != me) {
            Some(rival) => Err(LockError::Held { owner: Some(rival) }),
            None => this.lock.try_lock(me),
        }
    };
    Altered { try_lock, ..Altered::new(world) }.recorded()
}

fn recovers_unchecked<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let recover: Operation = |this, id| match this.lock.recover(id) {
        Err(LockError::Fs(FsError::Io)) => Ok(()),
        other => other,
    };
    Altered { recover, ..Altered::new(world) }.recorded()
}

/// The shipped lock, where each operation tells of itself, so that one of them can tell something else.
fn telling(world: World<'_>) -> Altered<'_> {
    Altered {
        try_lock: |this, me| recorded(this).try_lock(me),
        unlock: |this, me| recorded(this).unlock(me),
        recover: |this, id| recorded(this).recover(id),
        owner: |this| recorded(this).owner(),
        ..Altered::new(world)
    }
}

fn recorded<'a>(this: &'a Altered<'a>) -> Recorded<'a, FastLock<World<'a>>> {
    Recorded::new(this.lock.clone(), this.world)
}
