//! Clients that take numbers, by the kernel's own code: without any lock, and under a lease.
//!
//! Without a lock each takes a number and writes to the resource with it. Two who have theirs at the same time must have
//! different ones; and none may come after somebody who was told a number before it began, and get a lower one, or the
//! resource would take a late write. That is all that a number promises, so the lock's kind does not matter.
//! Where they sweep as well, after each look and when there is no other number, nothing is there in the end but the last one.

use std::fmt;

use lockwright_kernel::{
    fs::FsError,
    id::Id,
    path::Path,
    token::{Token, TokenError, Tokens},
};

use super::{
    Leases,
    fast_lock::word,
    leases::{self, FENCED, newest},
    lock_clients::is_made_up_call,
};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// How a client takes a number, of so many.
pub type Next = fn(&Replay<'_>, &Id, Token) -> Result<Token, TokenError>;

/// How a client removes what it and the dead have left.
pub type Sweep = fn(&Replay<'_>, &Id, Token) -> Result<(), FsError>;

/// What a client is told of the number given last.
pub type Last = fn(&Replay<'_>, Token) -> Result<Option<Token>, TokenError>;

/// Clients that take numbers, write with them, and look at what was given last.
#[derive(Clone, Copy)]
pub struct Counters {
    /// How they take one.
    pub next: Next,
    /// How they look.
    pub last: Last,
    /// How they sweep, where they do.
    pub sweep: Option<Sweep>,
    /// What stands for as long as numbers are given.
    pub evidence: fn() -> Path,
    /// So many numbers there are.
    pub highest: Token,
}

/// The kernel's numbers, of which there are three.
pub const NUMBERS: Counters = Counters {
    next: of_the_kernel,
    last: last_of_the_kernel,
    sweep: None,
    evidence: kept_in,
    highest: Token::MIN.saturating_add(2),
};

/// The same, of which there are two, and nothing is left of those who die.
pub const SWEPT: Counters =
    Counters { sweep: Some(sweep_of_the_kernel), highest: Token::MIN.saturating_add(1), ..NUMBERS };

/// A lease whose holder writes with the kernel's number, once it has found that the lock is still its own.
pub const UNDER_A_LEASE: Leases = Leases { token: leases::Token::After(while_mine), ..FENCED };

const WROTE: &str = "wrote";
const REFUSED: &str = "came too late to write";
const USED_UP: &str = "found all numbers used up";
const DISTURBED: &str = "was disturbed";
const FAILED: &str = "could not go on";
const LOOKED: &str = "looked at the last one";

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("highest", &self.highest).finish_non_exhaustive()
    }
}

impl Protocol for Counters {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let over = |said| Outcome { next: Phase::Idle, said };
        let answer = match phase {
            Phase::Serving(mine) => self.look(&client.id, mine, world).map(|()| over(LOOKED)),
            _ => self.count(&client.id, world),
        };
        answer.or_else(|cut| match cut {
            Cut::Token(TokenError::UsedUp(_)) => self.tidy(&client.id, world).map(|()| over(USED_UP)),
            Cut::Token(TokenError::Disturbed) => Ok(Outcome { next: after_disturbance(phase), said: DISTURBED }),
            Cut::Token(TokenError::Fs(error)) if is_made_up_call(error) => Ok(over(FAILED)),
            Cut::Token(TokenError::Fs(error)) => Err(error.into()),
            Cut::Stop(stop) => Err(stop),
        })
    }

    fn evidence(&self, _: &Id) -> Path {
        (self.evidence)()
    }

    /// No two have the same number.
    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        let has_its_own =
            |(at, (_, phase)): (usize, &(usize, Phase))| holders[..at].iter().all(|(_, other)| other != phase);
        holders.iter().enumerate().all(has_its_own)
    }

    fn gives_up(&self) -> &[Property] {
        if self.sweep.is_some() {
            &[Property::CanBeTaken]
        } else {
            &[Property::CanBeTaken, Property::NothingLeftBehind]
        }
    }

    /// The numbers, and the directories that lead there.
    fn may_stay(&self, path: &Path, _: bool, _: &[Id]) -> bool {
        let numbers = (self.evidence)();
        path.names().starts_with(numbers.names()) || numbers.names().starts_with(path.names())
    }

    fn has_resource(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![WROTE, USED_UP, LOOKED];
        if clients > 1 {
            wanted.extend([REFUSED, DISTURBED]);
        }
        if faults.errors + faults.refusals > 0 {
            wanted.push(FAILED);
        }
        wanted
    }
}

/// Who got no number tries again.
fn after_disturbance(phase: Phase) -> Phase {
    match phase {
        Phase::Serving(_) => Phase::Idle,
        _ => Phase::Trying,
    }
}

impl Counters {
    fn count(&self, me: &Id, world: &Replay<'_>) -> Result<Outcome, Cut> {
        let mine = (self.next)(world, me, self.highest)?;
        let mine = u16::try_from(mine.get()).unwrap_or(u16::MAX);
        world.holds()?;
        let said = if world.write(Some(mine))? { WROTE } else { REFUSED };
        Ok(Outcome { next: Phase::Serving(mine), said })
    }

    /// Numbers do not go back.
    fn look(&self, me: &Id, mine: u16, world: &Replay<'_>) -> Result<(), Cut> {
        match (self.last)(world, self.highest)? {
            Some(last) if last.get() >= mine.into() => Ok(self.tidy(me, world)?),
            last => {
                let last = last.map_or(0, Token::get);
                let what = format!("was told that {last} was given last, and had {mine}");
                Err(Cut::Stop(Stop::Broken(Property::AnswersAsDocumented, what)))
            }
        }
    }

    /// A sweep that fails is made up for by a later one.
    fn tidy(&self, me: &Id, world: &Replay<'_>) -> Result<(), Stop> {
        match self.sweep.map_or(Ok(()), |sweep| sweep(world, me, self.highest)) {
            Err(error) if !is_made_up_call(error) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Why an attempt does not go on.
enum Cut {
    Token(TokenError),
    Stop(Stop),
}

impl From<TokenError> for Cut {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<Stop> for Cut {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Where the numbers stand in the simulated world.
#[must_use]
pub fn token_path() -> Path {
    word("token").into()
}

/// The directory that holds the number given last.
#[must_use]
pub fn kept_in() -> Path {
    token_path().join(&word("last"))
}

/// The shipped way: one try.
///
/// # Errors
///
/// Those of [`Tokens::try_next`].
pub fn of_the_kernel(world: &Replay<'_>, me: &Id, highest: Token) -> Result<Token, TokenError> {
    Tokens::new(world, token_path()).up_to(highest).try_next(me, 0)
}

fn last_of_the_kernel(world: &Replay<'_>, highest: Token) -> Result<Option<Token>, TokenError> {
    Tokens::new(world, token_path()).up_to(highest).last()
}

fn sweep_of_the_kernel(world: &Replay<'_>, me: &Id, highest: Token) -> Result<(), FsError> {
    Tokens::new(world, token_path()).up_to(highest).sweep(Some(me), world)
}

/// The kernel's number for a holder, as a lease writes with it. It is more than enough for the generations there are.
///
/// # Errors
///
/// Those of [`Tokens::try_next`].
pub fn under_a_lease(world: &Replay<'_>, me: &Id) -> Result<u16, FsError> {
    let highest = Token::MIN.saturating_add(8);
    match of_the_kernel(world, me, highest) {
        Ok(token) => Ok(u16::try_from(token.get()).unwrap_or(u16::MAX)),
        Err(TokenError::Fs(error)) => Err(error),
        Err(TokenError::Disturbed | TokenError::UsedUp(_)) => Err(FsError::Exhausted), // It goes no further.
    }
}

/// Takes the number, and then looks whether the lock is still its own.
fn while_mine(world: &Replay<'_>, me: &Id, mine: u16) -> Result<Option<u16>, FsError> {
    let token = under_a_lease(world, me)?;
    Ok((newest(world)? == mine).then_some(token))
}
