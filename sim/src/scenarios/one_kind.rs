//! Locks of several kinds at one path: the kernel's own code.
//!
//! What a kind does in its home is checked elsewhere, so the other kinds here are the simplest there are: whoever has its
//! name there holds, beside any number of others of that kind. What is checked is that kinds keep apart, and that what the
//! dead leave of one kind does not keep the others out.

use std::fmt;

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::{Name, Path},
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};

use super::{
    fast_lock::{self, lock_path, word},
    lock_clients::{give_back_by, is_made_up, take_by},
};
use crate::{
    protocol::{Client, Outcome, Phase, Protocol, Stop},
    replay::Replay,
    scenario::{self, Faults},
};

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fast lock.
    Fast,
    /// A lock of the kind with this name.
    Other(&'static str),
}

/// How a client takes a lock of another kind than the fast lock.
pub type Take = fn(&Replay<'_>, &'static str, &Id) -> Result<(), LockError>;

/// What a client does about another kind that it met, of which it knows the name.
pub type Clear = fn(&Replay<'_>, &Name) -> Result<(), LockError>;

/// Clients that lock and unlock, each a lock of its kind at the same path.
#[derive(Clone, Copy)]
pub struct KindClients {
    /// The kind of each client, by turns.
    pub kinds: &'static [Kind],
    /// How they take it.
    pub take: Take,
    /// What they do about the dead of another kind.
    pub clear: Clear,
}

/// A fast lock and two other kinds.
pub const THREE_KINDS: KindClients =
    KindClients { kinds: &[Kind::Fast, Kind::Other("bid"), Kind::Other("queue")], take, clear };

/// Two of one kind, and a fast lock.
pub const ALIKE: KindClients =
    KindClients { kinds: &[Kind::Other("queue"), Kind::Other("queue"), Kind::Fast], ..THREE_KINDS };

const FOUND_OTHER: &str = "found another kind";

impl fmt::Debug for KindClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindClients").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl KindClients {
    fn kind_of(&self, index: usize) -> Kind {
        self.kinds[index % self.kinds.len()]
    }
}

impl Protocol for KindClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let (kind, me) = (self.kind_of(client.index), &client.id);
        match (kind, phase) {
            (Kind::Fast, Phase::Holding | Phase::Releasing) => give_back_by(fast(world).unlock(me), phase),
            (Kind::Other(kind), Phase::Holding | Phase::Releasing) => give_back_by(give_back(world, kind, me), phase),
            (Kind::Fast, _) => self.taken(told(fast(world).try_lock(me)), world),
            (Kind::Other(kind), _) => self.taken((self.take)(world, kind, me), world),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        let client = scenario::parse_id(id).map_or(0, |(client, _)| client);
        match self.kind_of(client.into()) {
            Kind::Fast => fast_lock::evidence(id),
            Kind::Other(kind) => entry(kind, id),
        }
    }

    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        let mut kinds = holders.iter().map(|(index, _)| self.kind_of(*index));
        let first = kinds.next();
        kinds.all(|kind| kind != Kind::Fast && Some(kind) == first)
    }

    fn kind(&self, index: usize, _clients: usize) -> u8 {
        let kind = self.kind_of(index);
        let first = self.kinds.iter().position(|other| *other == kind);
        first.and_then(|first| u8::try_from(first).ok()).unwrap_or_default()
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec!["took the lock", "gave it back"];
        if (1..clients).any(|index| self.kind_of(index) != self.kind_of(0)) {
            wanted.push(FOUND_OTHER);
        }
        if faults.errors > 0 {
            wanted.extend(["could not try", "could not give it back", "had given it back"]);
        }
        wanted
    }
}

impl KindClients {
    fn taken(&self, answer: Result<(), LockError>, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let Err(LockError::OtherKind(name)) = answer else { return take_by(answer) };
        match (self.clear)(world, &name) {
            Err(error) if !is_made_up(&error) => Err(error.into()),
            _ => Ok(Outcome { next: Phase::Idle, said: FOUND_OTHER }),
        }
    }
}

/// A fast lock is told of a kind as of an owner.
fn told(answer: Result<(), LockError>) -> Result<(), LockError> {
    match answer {
        Err(LockError::Held { owner: Some(owner) }) if !is_client(&owner) => {
            Err(LockError::OtherKind(owner.name().clone()))
        }
        answer => answer,
    }
}

fn is_client(id: &Id) -> bool {
    scenario::parse_id(id).is_some()
}

fn fast<'a>(world: &'a Replay<'a>) -> impl Lock + use<'a> {
    CheckLock::new(FastLock::new(world, lock_path(), Leaf::File), world, world)
}

/// The path, for a lock of that kind.
#[must_use]
pub fn one_kind<'a>(world: &'a Replay<'a>, kind: &str) -> OneKind<&'a Replay<'a>> {
    OneKind::new(world, lock_path(), word(kind))
}

/// The name of a holder, in the home of its kind.
#[must_use]
pub fn entry(kind: &str, id: &Id) -> Path {
    lock_path().join(&word("owner")).join(&word(kind)).join(id.name())
}

/// The shipped way.
///
/// # Errors
///
/// Those of [`OneKind::enter`] and [`OneKind::verify`]; nothing of `me` is left.
pub fn take(world: &Replay<'_>, kind: &'static str, me: &Id) -> Result<(), LockError> {
    let path = one_kind(world, kind);
    let answer = path.enter().and_then(|()| sign(world, kind, me)).and_then(|()| path.verify());
    match answer {
        Err(reason) if reason == Halted.into() => Err(reason),
        Err(reason) => {
            withdraw(world, kind, me)?;
            Err(reason)
        }
        Ok(()) => Ok(()),
    }
}

/// Makes the name of `me` in the home of its kind.
///
/// # Errors
///
/// [`LockError::Disturbed`] where somebody removed a directory under it, [`LockError::Fs`].
pub fn sign(world: &Replay<'_>, kind: &str, me: &Id) -> Result<(), LockError> {
    let signed = world.ensure_dir(&one_kind(world, kind).home()).and_then(|()| world.ensure_dir(&entry(kind, me)));
    match signed {
        Err(FsError::NotFound) => Err(LockError::Disturbed),
        other => Ok(other?),
    }
}

/// Removes all that is of `id`.
///
/// # Errors
///
/// [`Halted`].
pub fn withdraw(world: &Replay<'_>, kind: &str, id: &Id) -> Result<(), Halted> {
    world.discard_dir(&entry(kind, id))?;
    one_kind(world, kind).tidy()?;
    world.discard_dir(&lock_path())
}

fn give_back(world: &Replay<'_>, kind: &str, me: &Id) -> Result<(), LockError> {
    match world.remove_dir(&entry(kind, me)) {
        Err(FsError::NotFound) => return Err(LockError::NotOwner),
        other => other?,
    }
    clear(world, &word(kind))
}

/// Removes what is of the dead: of an owner, or of one in a home, whichever chance picks.
fn clear(world: &Replay<'_>, name: &Name) -> Result<(), LockError> {
    let id = Id::from(name.clone());
    if is_client(&id) {
        return if world.liveness(&id)? == Liveness::Dead { fast(world).recover(&id) } else { Ok(()) };
    }
    let home = lock_path().join(&word("owner")).join(name);
    let found = match world.sample(&home, &world) {
        Err(FsError::NotFound) => None,
        other => other?.map(Id::from),
    };
    if let Some(id) = found.filter(is_client)
        && world.liveness(&id)? == Liveness::Dead
    {
        world.discard_dir(&home.join(id.name()))?;
    }
    one_kind(world, name.as_str()).tidy()?;
    Ok(world.discard_dir(&lock_path())?)
}
