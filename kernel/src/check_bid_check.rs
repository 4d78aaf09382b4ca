//! Check-bid-check: a mutex that is one folder, with one bid file for each candidate.
//!
//! ```text
//! <folder>/                                 stands before and after
//! <folder>/<guid>.json                      a bid; one that stands alone is the lock
//!                                           {"PID": 4312, "CREATED": 1700008891}
//! <folder>/<guid>.<pid>-<created>.new       a bid that is being written and counts for nothing yet
//! ```
//!
//! The [`Id`] of a contender is its guid; [`guid`] makes one. What is written in a bid is which process made it, a
//! [`Bidder`]. Entries of other names mean nothing; those that an NFS client keeps of removed bids
//! ([`silly`](crate::fs::silly)) are removed with what the dead did not publish.
//!
//! Lock:
//!
//! 1. CHECK: list the folder and challenge every bid but mine. A bid that stands ends the attempt. What the dead did not
//!    come to publish is removed.
//! 2. WRITE my bid under a name that counts for nothing.
//! 3. BID: rename it to `<guid>.json`. So it appears whole.
//! 4. CHECK again. If no other bid stands, 5; if one does, 6.
//! 5. HOLD: the bid is the lock until [`LockFolder::unlock`](Lock::unlock).
//! 6. WITHDRAW: after a failed step, remove all that is mine.
//!
//! Challenge:
//!
//! 1. READ the bid. One that is gone by now is gone; one that cannot be read, or says something else, **stands**.
//! 2. ASK whether its bidder is dead.
//! 3. REMOVE it if so, by its name.
//!
//! An attempt challenges at most [`CHALLENGES_MAX`] entries; it has made room when there are more, and says
//! [`LockError::Disturbed`].
//!
//! *Why it excludes.* Of two holders, one BID first. That bid stood through all of the other's second CHECK, and
//! [`Fs::list`] returns every entry that stands through the call. It was whole from the moment it was there
//! ([`Fs::rename`]), so READ came to its bidder, who was alive. `Inv` in `specs/check_bid_check/CheckBidCheck.tla` says
//! the same as an inductive invariant: of two that have bid, one is yet to come to the bid of the other.
//!
//! *Why nobody else's bid is hit.* REMOVE names a file that only one contender ever makes, after that contender is dead.
//!
//! *Between threads.* Each contender has a guid of its own, also of two in one process: what is said here of processes
//! holds for all of them. The death of the process is theirs together.
//!
//! *When a call fails.* A bid that could not be read is not taken for dead. Whether BID took effect is not known after
//! [`FsError::Io`], so WITHDRAW removes both names, and tries twice to remove a bid. Where errors keep it from that, a
//! live contender that was told no keeps its bid: its next try answers [`LockError::AlreadyOwner`], and an unlock ends it.
//!
//! *What it does not stand.* Two that bid together may both retract, and again, for ever: let a pause of random length
//! go before the next try. A power cut may keep a bid's name and lose its contents; such a bid stands
//! until somebody removes it. And what a bid says of its bidder is little: no host, no pid namespace, and a time by a
//! clock that can be set ([`Bidder::verdict`]). A guid may say more, and [`Bidders`] is asked about both.
//!
//! *Source.* Lock Folder, with whose package it shares a folder. That package makes a bid empty and fills it then, and
//! fails where it meets such a bid of its own kind; ours are never like that.
//!
//! ```
//! use lockwright_kernel::{
//!     check_bid_check::{Bidder, Bidders, LockFolder}, fs::{Fs, Halted, MemFs}, id::Id, lock::{Lock, LockError},
//!     path::Path, probe::Liveness,
//! };
//!
//! struct AllAlive; // A real one is in the adapters.
//! impl Bidders for AllAlive {
//!     fn liveness(&self, _: &Id, _: &Bidder) -> Result<Liveness, Halted> {
//!         Ok(Liveness::Alive)
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let lock = LockFolder::new(&fs, Path::root(), Bidder { pid: 4312, created: 1_700_008_891 }, AllAlive);
//! let (ann, bob) = ("ann".parse()?, "bob".parse()?);
//! lock.try_lock(&ann)?;
//! assert_eq!(fs.read(&"ann.json".parse()?)?, br#"{"PID": 4312, "CREATED": 1700008891}"#);
//! assert_eq!(lock.try_lock(&bob), Err(LockError::Held { owner: Some(ann.clone()) }));
//! lock.unlock(&ann)?;
//! lock.try_lock(&bob)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bid;

use alloc::{format, vec::Vec};

use core::{fmt::Write as _, num::NonZeroU32};

pub use bid::{Bidder, Sighting};

use self::{
    Leftovers::{Leave, Remove},
    bid::Entry,
};
use crate::{
    chance::Chance,
    fs::{Fs, FsError, Halted, silly::is_silly},
    id::Id,
    lock::{Lock, LockError},
    path::{Name, Path},
    probe::Liveness,
};

/// How many entries an attempt challenges in each CHECK.
pub const CHALLENGES_MAX: usize = 64;

/// Tells dead bidders from the rest.
pub trait Bidders {
    /// Says whether the process of the bid of `id` is still there, with the promise of
    /// [`Probe::liveness`](crate::probe::Probe::liveness). Where `id` tells more of its owner than the bid does, that counts.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    fn liveness(&self, id: &Id, bidder: &Bidder) -> Result<Liveness, Halted>;
}

impl<B: Bidders + ?Sized> Bidders for &B {
    fn liveness(&self, id: &Id, bidder: &Bidder) -> Result<Liveness, Halted> {
        (**self).liveness(id, bidder)
    }
}

/// A fresh guid, in the form of a version 4 UUID.
///
/// # Errors
///
/// [`Halted`] in a simulated world only.
pub fn guid(chance: &impl Chance) -> Result<Id, Halted> {
    let mut text = alloc::string::String::new();
    for at in 0..8 {
        let drawn = chance.below(NonZeroU32::MIN.saturating_add(0xffff))?;
        let drawn = match at {
            3 => drawn & 0x0fff | 0x4000, // the version
            4 => drawn & 0x3fff | 0x8000, // the variant
            _ => drawn,
        };
        let dash = if (2..=5).contains(&at) { "-" } else { "" };
        write!(text, "{dash}{drawn:04x}").unwrap_or_else(|error| unreachable!("a string takes it: {error}"));
    }
    Ok(text.parse().unwrap_or_else(|error| unreachable!("hexadecimal digits and dashes are a name: {error}")))
}

/// What a CHECK does about bids that a dead one did not come to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leftovers {
    Remove,
    Leave,
}

/// A view of the lock folder at `folder`, for contenders of one process.
#[derive(Clone, Debug)]
pub struct LockFolder<F, B> {
    fs: F,
    folder: Path,
    me: Bidder,
    bidders: B,
}

impl<F: Fs, B: Bidders> LockFolder<F, B> {
    /// The lock that is `folder`, which exists, for contenders of the process `me`. Touches nothing.
    pub fn new(fs: F, folder: Path, me: Bidder, bidders: B) -> Self {
        Self { fs, folder, me, bidders }
    }

    /// Whether a bid of somebody else than `me` stands. As a CHECK does, it removes those of the dead.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`]; [`LockError::Disturbed`] when there are too many to tell.
    pub fn in_use(&self, me: &Id) -> Result<bool, LockError> {
        match self.check(me, Remove) {
            Ok(_) => Ok(false),
            Err(LockError::Held { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Whether `me` has the lock. It is for `me` to ask, between its attempts: during one, its bid is not the lock yet.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn have_lock(&self, me: &Id) -> Result<bool, LockError> {
        Ok(self.fs.exists(&self.bid_at(me)?)?)
    }

    /// Steps 2 to 6 of Lock, for `me` who has just found the lock not [in use](LockFolder::in_use). Safe without that, too,
    /// and then a nuisance: it makes others retract for nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`] but [`LockError::AlreadyOwner`], which is not looked for.
    pub fn bid(&self, me: &Id) -> Result<(), LockError> {
        // 2 WRITE, 3 BID, 4 CHECK
        match self.publish(me).and_then(|()| self.check(me, Leave)) {
            Ok(true) => Ok(()), // 5 HOLD
            Err(halted) if halted == Halted.into() => Err(halted),
            answer => {
                self.withdraw(me)?; // 6 WITHDRAW
                Err(answer.err().unwrap_or(LockError::Disturbed))
            }
        }
    }

    /// The bids that stand, whoever made them: those that may be the lock, and those of the dead.
    ///
    /// # Errors
    ///
    /// [`FsError`] of the listing.
    pub fn bids(&self) -> Result<Vec<Id>, FsError> {
        let bid = |name: &Name| match Entry::of(name) {
            Entry::Bid(id) => Some(id),
            _ => None,
        };
        Ok(self.fs.list(&self.folder)?.iter().filter_map(bid).collect())
    }

    /// What the bid of `id` says of its bidder; `None` where it is gone or says something else.
    ///
    /// # Errors
    ///
    /// [`FsError`] of the reading but [`FsError::NotFound`].
    pub fn bidder_of(&self, id: &Id) -> Result<Option<Bidder>, FsError> {
        match self.fs.read(&self.bid_at(id)?) {
            Ok(contents) => Ok(Bidder::read(&contents)),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the bid of `id` stands, if it does.
    ///
    /// # Errors
    ///
    /// [`FsError::NameTooLong`] where the id is no name for one.
    pub fn path_of(&self, id: &Id) -> Result<Path, FsError> {
        self.bid_at(id)
    }

    /// Says whether a bid of mine was seen.
    fn check(&self, me: &Id, leftovers: Leftovers) -> Result<bool, LockError> {
        let mut mine = false;
        let mut left = CHALLENGES_MAX;
        let mut challenge = || left.checked_sub(1).map(|fewer| left = fewer).ok_or(LockError::Disturbed);
        for name in self.fs.list(&self.folder)? {
            let at = self.folder.join(&name);
            match Entry::of(&name) {
                Entry::Bid(id) if id == *me => mine = true,
                Entry::Bid(id) => {
                    challenge()?;
                    if self.stands(&id, &at)? {
                        return Err(LockError::Held { owner: Some(id) });
                    }
                }
                Entry::Unpublished(id, bidder) if leftovers == Remove && id != *me => {
                    challenge()?;
                    if self.bidders.liveness(&id, &bidder)? == Liveness::Dead {
                        self.fs.discard_file(&at)?;
                    }
                }
                Entry::Foreign if leftovers == Remove && is_silly(&name) && challenge().is_ok() => {
                    self.fs.discard_file(&at)?;
                }
                Entry::Unpublished(..) | Entry::Foreign => {}
            }
        }
        Ok(mine)
    }

    /// Challenges the bid of `id`.
    fn stands(&self, id: &Id, bid: &Path) -> Result<bool, LockError> {
        let contents = match self.fs.read(bid) {
            Ok(contents) => contents, // 1 READ
            Err(FsError::NotFound) => return Ok(false),
            Err(FsError::Halted) => return Err(Halted.into()),
            Err(_) => return Ok(true),
        };
        let Some(bidder) = Bidder::read(&contents) else { return Ok(true) };
        if self.bidders.liveness(id, &bidder)? != Liveness::Dead {
            return Ok(true); // 2 ASK
        }
        match self.fs.remove_file(bid) {
            Ok(()) | Err(FsError::NotFound) => Ok(false), // 3 REMOVE
            Err(error) => Err(error.into()),
        }
    }

    fn publish(&self, me: &Id) -> Result<(), LockError> {
        let [unpublished, bid] = [self.unpublished_at(me)?, self.bid_at(me)?];
        match self.fs.create_file(&unpublished, &self.me.written()) {
            Ok(()) => {} // 2 WRITE
            // Left by an earlier try of mine; whether it is whole is not known.
            Err(FsError::AlreadyExists) => return Err(LockError::Disturbed),
            Err(error) => return Err(error.into()),
        }
        match self.fs.rename(&unpublished, &bid) {
            Err(FsError::NotFound) => Err(LockError::Disturbed), // 3 BID
            answer => Ok(answer?),
        }
    }

    /// A retreat is common, and a bid that stays blocks everybody: one error is not enough to give up.
    fn withdraw(&self, me: &Id) -> Result<(), LockError> {
        let bid = self.bid_at(me)?;
        match self.fs.remove_file(&bid) {
            Ok(()) | Err(FsError::NotFound) => {}
            Err(FsError::Halted) => return Err(Halted.into()),
            Err(_) => self.fs.discard_file(&bid)?,
        }
        Ok(self.fs.discard_file(&self.unpublished_at(me)?)?)
    }

    fn bid_at(&self, id: &Id) -> Result<Path, FsError> {
        self.entry(&format!("{id}{}", bid::SUFFIX))
    }

    fn unpublished_at(&self, id: &Id) -> Result<Path, FsError> {
        self.entry(&bid::unpublished(id, self.me))
    }

    /// What is made of an id is a name, but for its length.
    fn entry(&self, name: &str) -> Result<Path, FsError> {
        let name: Name = name.parse().map_err(|_| FsError::NameTooLong)?;
        Ok(self.folder.join(&name))
    }
}

impl<F: Fs, B: Bidders> Lock for LockFolder<F, B> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        if self.check(me, Remove)? {
            return Err(LockError::AlreadyOwner); // 1 CHECK
        }
        self.bid(me)
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        match self.fs.remove_file(&self.bid_at(me)?) {
            Err(FsError::NotFound) => Err(LockError::NotOwner),
            answer => Ok(answer?),
        }
    }

    /// Whoever has the first bid, read or not, dead or alive. Of several that stand for a moment, none is the owner yet.
    fn owner(&self) -> Result<Option<Id>, LockError> {
        Ok(self.bids()?.into_iter().next())
    }

    /// Those whose bid is being written. One that is published may be the lock.
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        let proposal = |name: &Name| match Entry::of(name) {
            Entry::Unpublished(id, _) => Some(id),
            _ => None,
        };
        Ok(self.fs.list(&self.folder)?.iter().filter_map(proposal).collect())
    }

    /// A bid that is published is left: it may be the lock.
    fn clean(&self, id: &Id) -> Result<(), Halted> {
        let names = match self.fs.list(&self.folder) {
            Ok(names) => names,
            Err(FsError::Halted) => return Err(Halted),
            Err(_) => return Ok(()),
        };
        let is_of_id = |name: &&Name| matches!(Entry::of(name), Entry::Unpublished(of, _) if of == *id);
        names.iter().filter(is_of_id).try_for_each(|name| self.fs.discard_file(&self.folder.join(name)))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.clean(id)?;
        match self.unlock(id) {
            Err(LockError::NotOwner) => Ok(()),
            other => other,
        }
    }

    fn waits_on(&self) -> Path {
        self.folder.clone()
    }
}
