//! Leases: a hold that its owner has to renew, and that others take for over where it was not, each by its own clock.
//!
//! ```text
//! <lease>/<id>/<length>.<n>    the lease of <id>: so many milliseconds from each renewal, and n renewals so far
//! <lease>/<id>/lapsed.<m>      it was taken for over; m is the fencing number that was the last one then, or 0
//! ```
//!
//! All of these are empty directories. What there is to say is in a name, so that it comes and changes in one step.
//!
//! Hold:
//!
//! 1. PUBLISH, before the lock is asked for: make `<lease>`, `<lease>/<id>` and the record with n = 0. The lease counts from
//!    before that.
//! 2. RENEW, while waiting and while holding, and once when the lock was taken: rename `<length>.<n>` to `<length>.<n + 1>`. The lease
//!    counts from before the call. Where the record is not there any more: LOOK for what is, and go on from that,
//!    [`TRIES_MAX`] times in all. One that has lapsed, or is gone, is over for good.
//! 3. WITHDRAW, after the lock was given back: remove the record, `<lease>/<id>` and `<lease>`.
//! 4. SWEEP: look at one lease, whichever chance picks, and withdraw it if its owner is dead, if it has lapsed and its owner
//!    has nothing of the lock any more, or if there is no record in it.
//!
//! Judge, when a [policy](super) asks whether an owner is dead:
//!
//! 1. ASK for evidence of its death first. FORGET what the dead have left here.
//! 2. LOOK at its record. Without one, evidence is all there is. One that has lapsed: 6.
//! 3. TIME it: a record that this judge has seen unchanged for less than the length and its [margin](outlasted_after), by its own clock, is
//!    not over.
//! 4. MARK the fencing number that is the last one.
//! 5. CLAIM: rename `<length>.<n>` to `lapsed.<m>`. Where it is not there any more, it was renewed, or claimed by another.
//! 6. OUTDATE the number m, if it is still the last one. Then the owner is told to be dead, and the caller recovers from that.
//!
//! *Why no lease is cut short.* The judge counts from after it has seen the n-th record, which was made after the holder
//! began to count. So CLAIM comes later than the holder's end, by the margin, if the two clocks run at the same rate to within that
//! margin; what the clocks say does not matter. And a rename of a record that was renewed meanwhile finds nothing
//! ([`Fs::rename`]): of RENEW and CLAIM one takes effect. So whoever was told that its lease is renewed has it.
//!
//! *Why nobody is held up.* What CLAIM says stands for all to see, so whoever claimed and died leaves the rest to the next
//! judge. Both steps after it may be made more than once: an id is never used twice, and OUTDATE raises one number only.
//!
//! *Why a record is met whole or not at all.* It is one name. `<lease>/<id>` without one is no lease: its owner died about to
//! publish, and holds nothing.
//!
//! *What it gives up.* Mutual exclusion. An owner that is paused for longer than its lease, or whose host sleeps, goes on afterwards
//! until it looks; [`Liveness::Dead`] is not the promise here that it is of a [`Probe`] that has evidence. Only a
//! [fencing number](crate::token) keeps the resource safe, and OUTDATE makes sure that the number of an owner that was given up is
//! an old one, whether the next one asks for a number or not.
//!
//! *What it leaves to the caller.*
//!
//! * To renew in time, at a third of the length for instance, and to stop all that it does before [`Lease::ends`]
//!   where it could not.
//! * A [clock](Clock) that goes on while the host sleeps.
//! * To come again: a judge that looks once sees no time go by. [`Sightings::look_at`] says when to.
//!
//! *Source.* Kleppmann, "How to do distributed locking" (2016), for what a lease cannot do; leader election in Kubernetes for a
//! record that is timed by whoever sees it. That RENEW and CLAIM exclude each other is our own.
//!
//! ```
//! use lockwright_kernel::{clock::{Clock, Instant}, fs::{Halted, MemFs}, id::Id};
//! use lockwright_kernel::policies::lease::{Judge, Leases, Sightings, outlasted_after};
//! use lockwright_kernel::probe::{Liveness, Probe};
//! use std::{cell::{Cell, RefCell}, time::Duration};
//!
//! struct Unseen;
//! impl Probe for Unseen {
//!     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
//!         Ok(Liveness::Unknown)
//!     }
//! }
//!
//! struct Hands(Cell<Duration>);
//! impl Clock for Hands {
//!     fn now(&self) -> Result<Instant, Halted> {
//!         Ok(Instant::new(self.0.get()))
//!     }
//! }
//!
//! let (fs, clock) = (MemFs::new(), Hands(Cell::default()));
//! let (ann, length) = ("ann".parse()?, Duration::from_secs(30));
//! let leases = Leases::new(&fs, "deploy.lease".parse()?);
//! let lease = leases.publish(&ann, length, &clock)?;
//!
//! let judge = Judge::new(leases.clone(), None, Unseen, &clock, RefCell::new(Sightings::default()));
//! assert_eq!(judge.liveness(&ann)?, Liveness::Unknown); // It is seen for the first time.
//! clock.0.set(outlasted_after(length));
//! assert_eq!(judge.liveness(&ann)?, Liveness::Dead);
//! assert!(leases.renew(&ann, &lease, &clock).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::{format, vec::Vec};

use core::time::Duration;

use crate::{
    chance::Chance,
    clock::{Clock, Instant},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::LockError,
    path::{Name, Path},
    probe::{Liveness, Probe},
    token::{Token, TokenError, Tokens},
};

mod sightings;

pub use sightings::{Notebook, SEEN_MAX, Sightings};

/// How often one attempt goes on from what it finds, where others renew the same lease.
pub const TRIES_MAX: u32 = 8;

/// The shortest lease: below it, a busy machine is late all the time.
pub const LENGTH_MIN: Duration = Duration::from_secs(1);

/// The longest lease.
pub const LENGTH_MAX: Duration = Duration::from_hours(366 * 24);

/// The part of a lease by which its holder ends early, and others wait longer, as a divisor: one in so many.
pub const MARGIN: u32 = 8;

/// How long an unchanged record is seen before its lease is over: the length and a margin.
#[must_use]
pub fn outlasted_after(length: Duration) -> Duration {
    length.saturating_add(length / MARGIN)
}

/// A lease, as its owner knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    term: Term,
    began: Instant,
}

/// A record of a lease that runs: what changes with each renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// For how long.
    pub length: Duration,
    /// How often it was renewed.
    pub renewals: u64,
}

/// What stands on disk of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// It runs, unless somebody finds it over.
    Runs(Term),
    /// It was taken for over while this was the last fencing number, if there was one.
    Lapsed(Option<Token>),
}

/// Why there is no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LeaseError {
    /// It was taken for over, or there is none. The lock may be somebody else's.
    #[error("the lease is over")]
    Over,
    /// Others were faster each time. Try again.
    #[error("others changed the lease each time; try again")]
    Disturbed,
    /// A call on the file system failed: it is not known whether the lease was renewed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl From<Halted> for LeaseError {
    fn from(Halted: Halted) -> Self {
        Self::Fs(FsError::Halted)
    }
}

/// The leases at a path.
#[derive(Clone, Debug)]
pub struct Leases<F> {
    fs: F,
    path: Path,
}

impl Lease {
    /// For how long it is.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.term.length
    }

    /// From when it counts, by the clock of its owner.
    #[must_use]
    pub const fn began(&self) -> Instant {
        self.began
    }

    /// When it is over, by the same clock. Nobody else finds so before.
    #[must_use]
    pub const fn ends(&self) -> Instant {
        self.began.saturating_add(self.term.length)
    }

    /// When to renew it: after a third, so that one renewal may fail.
    #[must_use]
    pub fn renew_at(&self) -> Instant {
        self.began.saturating_add(self.term.length / 3)
    }
}

impl<F: Fs> Leases<F> {
    /// The leases at `path`, whose parent directory exists. Touches nothing.
    pub fn new(fs: F, path: Path) -> Self {
        Self { fs, path }
    }

    /// Publishes a lease of `me`, which was never used here before. The length is cut to whole milliseconds. So many as [`TRIES_MAX`]
    /// tries of [`Leases::try_publish`].
    ///
    /// # Errors
    ///
    /// Those of [`Leases::try_publish`]; it is disturbed only if it was so each time.
    pub fn publish(&self, me: &Id, length: Duration, clock: &impl Clock) -> Result<Lease, LeaseError> {
        for _ in 0..TRIES_MAX {
            match self.try_publish(me, length, clock) {
                Err(LeaseError::Disturbed) => {}
                answer => return answer,
            }
        }
        Err(LeaseError::Disturbed)
    }

    /// Tries once to publish a lease.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Disturbed`] when others removed the directory around it, with a lease of their own; [`LeaseError::Fs`]. In each
    /// case what was made is removed, as far as the file system lets it.
    pub fn try_publish(&self, me: &Id, length: Duration, clock: &impl Clock) -> Result<Lease, LeaseError> {
        let length = Duration::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        let term = Term { length, renewals: 0 };
        let lease = Lease { term, began: clock.now()? };
        let made = self.fs.ensure_dir(&self.path); // 1 PUBLISH
        let made = made.and_then(|()| self.fs.ensure_dir(&self.of(me)));
        match made.and_then(|()| self.fs.ensure_dir(&self.at(me, term))) {
            Ok(()) => Ok(lease),
            Err(FsError::Halted) => Err(Halted.into()),
            Err(error) => {
                self.withdraw(me, &lease)?;
                Err(if error == FsError::NotFound { LeaseError::Disturbed } else { error.into() })
            }
        }
    }

    /// Renews the lease of `me`, from now on, whether it is over by its own clock or not: nobody has found so before.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Over`] for good; [`LeaseError::Disturbed`]; [`LeaseError::Fs`].
    pub fn renew(&self, me: &Id, lease: &Lease, clock: &impl Clock) -> Result<Lease, LeaseError> {
        let mut term = lease.term;
        for _ in 0..TRIES_MAX {
            let began = clock.now()?;
            let renewed = Term { renewals: term.renewals.saturating_add(1), ..term };
            match self.fs.rename(&self.at(me, term), &self.at(me, renewed)) {
                Ok(()) => return Ok(Lease { term: renewed, began }), // 2 RENEW
                Err(FsError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
            term = match self.record(me)? {
                Some(Record::Runs(term)) => term,
                Some(Record::Lapsed(_)) | None => return Err(LeaseError::Over),
            };
        }
        Err(LeaseError::Disturbed)
    }

    /// Renews the lease of `id` for a caller who knows nothing of it but the id.
    ///
    /// # Errors
    ///
    /// Those of [`Leases::renew`].
    pub fn renew_found(&self, id: &Id, clock: &impl Clock) -> Result<Lease, LeaseError> {
        let began = clock.now()?;
        match self.record(id)? {
            Some(Record::Runs(term)) => self.renew(id, &Lease { term, began }, clock),
            Some(Record::Lapsed(_)) | None => Err(LeaseError::Over),
        }
    }

    /// What stands on disk of the lease of `id`, if anything does. While it is renewed a look may miss it.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::list`] but [`FsError::NotFound`].
    pub fn record(&self, id: &Id) -> Result<Option<Record>, FsError> {
        let names = match self.fs.list(&self.of(id)) {
            Err(FsError::NotFound) => return Ok(None),
            names => names?,
        };
        let newest = |record: &Record| match record {
            Record::Lapsed(_) => u64::MAX,
            Record::Runs(term) => term.renewals,
        };
        Ok(names.iter().filter_map(read).max_by_key(newest))
    }

    /// The owners of what stands there; some of them may be dead.
    ///
    /// # Errors
    ///
    /// Those of [`Fs::list`] but [`FsError::NotFound`].
    pub fn ids(&self) -> Result<impl Iterator<Item = Id> + use<F>, FsError> {
        let names = match self.fs.list(&self.path) {
            Err(FsError::NotFound) => Vec::new(),
            names => names?,
        };
        Ok(names.into_iter().map(Id::from))
    }

    /// Removes the lease of `me`, as it knows it, once it holds nothing any more. What somebody else has renewed meanwhile stays,
    /// until a sweep.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only. What could not be removed stays.
    pub fn withdraw(&self, me: &Id, lease: &Lease) -> Result<(), Halted> {
        self.fs.discard_dir(&self.at(me, lease.term))?; // 3 WITHDRAW
        self.fs.discard_dir(&self.of(me))?;
        self.fs.discard_dir(&self.path)
    }

    /// Removes what stands there of `id`, which holds nothing any more, or never again.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only. What could not be removed stays.
    pub fn forget(&self, id: &Id) -> Result<(), Halted> {
        match self.fs.any(&self.of(id)) {
            Ok(Some(name)) => self.fs.discard_dir(&self.of(id).join(&name))?,
            Ok(None) => {}
            Err(FsError::Halted) => return Err(Halted),
            Err(_) => return Ok(()),
        }
        self.fs.discard_dir(&self.of(id))?;
        self.fs.discard_dir(&self.path)
    }

    /// Looks at one lease, whichever chance picks, and removes it where it is of use to nobody: that of the dead, one that
    /// has lapsed and whose owner `holds` nothing, one that was never whole.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`]; what is left is left to a later sweep.
    pub fn sweep(
        &self,
        probe: &impl Probe,
        chance: &dyn Chance,
        holds: impl FnOnce(&Id) -> Result<bool, LockError>,
    ) -> Result<(), LockError> {
        match self.fs.sample(&self.path, chance) {
            Ok(Some(name)) => self.sweep_of(&name.into(), probe, holds), // 4 SWEEP
            Ok(None) => Ok(self.fs.discard_dir(&self.path)?),
            Err(FsError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The same with the lease of `id`.
    ///
    /// # Errors
    ///
    /// Those of [`Leases::sweep`].
    pub fn sweep_of(
        &self,
        id: &Id,
        probe: &impl Probe,
        holds: impl FnOnce(&Id) -> Result<bool, LockError>,
    ) -> Result<(), LockError> {
        let is_left = probe.liveness(id)? == Liveness::Dead
            || match self.record(id)? {
                Some(Record::Runs(_)) => false,
                Some(Record::Lapsed(_)) => !holds(id)?,
                None => return self.remove_empty(id),
            };
        if is_left {
            self.forget(id)?;
        }
        Ok(())
    }

    /// One that is renewed at this moment is never empty; who is about to publish in one begins again.
    fn remove_empty(&self, id: &Id) -> Result<(), LockError> {
        self.fs.discard_dir(&self.of(id))?;
        Ok(self.fs.discard_dir(&self.path)?)
    }

    /// Says that the lease of `id` is over, which nobody has renewed since it was at `term`; `false` where somebody has.
    fn claim(&self, id: &Id, term: Term, mark: Option<Token>) -> Result<bool, FsError> {
        match self.fs.rename(&self.at(id, term), &self.of(id).join(&lapsed(mark))) {
            Ok(()) => Ok(true),
            Err(FsError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn of(&self, id: &Id) -> Path {
        self.path.join(id.name())
    }

    fn at(&self, id: &Id, term: Term) -> Path {
        self.of(id).join(&name(&format!("{}.{}", term.length.as_millis(), term.renewals)))
    }
}

fn lapsed(mark: Option<Token>) -> Name {
    name(&format!("lapsed.{}", mark.map_or(0, Token::get)))
}

fn name(text: &str) -> Name {
    text.parse().unwrap_or_else(|_| unreachable!("letters, a dot and digits make a name"))
}

/// No other name than its own stands for a record.
fn read(entry: &Name) -> Option<Record> {
    let (what, number) = entry.as_str().split_once('.')?;
    let number: u64 = number.parse().ok()?;
    let (record, own) = if what == "lapsed" {
        let mark = Token::new(number);
        (Record::Lapsed(mark), lapsed(mark))
    } else {
        let millis: u64 = what.parse().ok()?;
        let term = Term { length: Duration::from_millis(millis), renewals: number };
        (Record::Runs(term), name(&format!("{millis}.{number}")))
    };
    (own == *entry).then_some(record)
}

/// Tells the dead from the rest, and takes for dead those whose lease is over.
#[derive(Clone, Debug)]
pub struct Judge<F, P, C, N> {
    leases: Leases<F>,
    tokens: Option<Tokens<F>>,
    probe: P,
    clock: C,
    seen: N,
}

impl<F: Fs, P: Probe, C: Clock, N: Notebook> Judge<F, P, C, N> {
    /// A judge of `leases` that asks `probe` for evidence, and times by `clock` what it notes in `seen`. `tokens` are the fencing
    /// numbers of the lock, where it has some.
    pub fn new(leases: Leases<F>, tokens: Option<Tokens<F>>, probe: P, clock: C, seen: N) -> Self {
        Self { leases, tokens, probe, clock, seen }
    }

    /// Whether the lease of `id` is over. It is claimed, so that the answer is for good.
    fn has_lapsed(&self, id: &Id) -> Result<bool, FsError> {
        let mark = match self.leases.record(id)? {
            None => return Ok(false), // 2 LOOK
            Some(Record::Lapsed(mark)) => mark,
            Some(Record::Runs(term)) => {
                let now = self.clock.now()?;
                let since = self.seen.with(|seen| seen.since(id, term, now));
                if now.saturating_since(since) < outlasted_after(term.length) {
                    return Ok(false); // 3 TIME
                }
                let mark = match self.tokens.as_ref().map_or(Ok(None), Tokens::last) {
                    Ok(mark) => mark, // 4 MARK
                    Err(TokenError::Fs(error)) => return Err(error),
                    Err(TokenError::Disturbed | TokenError::UsedUp(_)) => return Ok(false),
                };
                if !self.leases.claim(id, term, mark)? {
                    return Ok(false); // 5 CLAIM
                }
                mark
            }
        };
        if let (Some(tokens), Some(mark)) = (&self.tokens, mark)
            && let Err(TokenError::Fs(error)) = tokens.outdate(mark)
        {
            return Err(error); // 6 OUTDATE
        }
        self.seen.with(|seen| seen.lapsed(id));
        Ok(true)
    }
}

impl<F: Fs, P: Probe, C: Clock, N: Notebook> Probe for Judge<F, P, C, N> {
    /// [`Liveness::Dead`] also of an owner whose lease is over, which may act all the same; see the [module](self). A lease
    /// that cannot be looked at is none, for the time being.
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let evidence = self.probe.liveness(id)?;
        if evidence == Liveness::Dead {
            self.leases.forget(id)?; // 1 ASK
            return Ok(Liveness::Dead);
        }
        match self.has_lapsed(id) {
            Ok(true) => Ok(Liveness::Dead),
            Err(FsError::Halted) => Err(Halted),
            Ok(false) | Err(_) => Ok(evidence),
        }
    }
}
