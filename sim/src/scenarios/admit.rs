//! Clients that come with numbers to a resource, which admits them by the kernel's own code.
//!
//! Each client has a number of its own, the first the lowest. Who was admitted comes once more, with the number below its own, and is to
//! be refused, whoever else was admitted meanwhile; the first comes with its own again, and is told of none that is
//! lower. So nobody who comes later than a number comes in with a lower one.

use std::fmt;

use lockwright_kernel::{
    id::Id,
    path::Path,
    token::{Token, TokenError, Tokens, Verdict},
};

use super::{
    lock_clients::is_made_up_call,
    token::{kept_in, token_path},
};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// How the resource is asked, by somebody with that number, of so many.
pub type Admit = fn(&Replay<'_>, &Id, Token, Token) -> Result<Verdict, TokenError>;

/// Clients that come with their numbers.
#[derive(Clone, Copy)]
pub struct Comers {
    /// How they ask.
    pub admit: Admit,
}

/// The kernel's way.
pub const ADMITTED: Comers = Comers { admit: by_the_kernel };

const CAME_IN: &str = "was admitted";
const TOO_LATE: &str = "came too late";
const STAYED_OUT: &str = "stayed out with a lower number";
const CAME_AGAIN: &str = "came again with the lowest number";
const DISTURBED: &str = "was disturbed";
const FAILED: &str = "could not ask";

impl fmt::Debug for Comers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comers").finish_non_exhaustive()
    }
}

impl Protocol for Comers {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let mine = u16::try_from(client.index).unwrap_or(u16::MAX).saturating_add(1);
        let answer = match phase {
            Phase::Serving(_) => self.come_again(&client.id, mine, world)?,
            _ => self.come(&client.id, mine, world)?,
        };
        answer.or_else(|error| match (error, phase) {
            (TokenError::Disturbed, Phase::Serving(_)) => Ok(Outcome { next: Phase::Idle, said: DISTURBED }),
            (TokenError::Disturbed, _) => Ok(Outcome { next: Phase::Trying, said: DISTURBED }),
            (TokenError::Fs(error), _) if is_made_up_call(error) => Ok(over(FAILED)),
            (TokenError::Fs(error), _) => Err(error.into()),
            (error @ TokenError::UsedUp(_), _) => Err(broken(format!("there are not so many: {error}"))),
        })
    }

    fn evidence(&self, _: &Id) -> Path {
        kept_in()
    }

    /// Whoever was admitted may stay.
    fn may_hold_together(&self, _: &[(usize, Phase)]) -> bool {
        true
    }

    /// No two have the same number.
    fn kind(&self, index: usize, _: usize) -> u8 {
        u8::try_from(index).unwrap_or(u8::MAX)
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::CanBeTaken, Property::NothingLeftBehind]
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![CAME_IN, CAME_AGAIN];
        if clients > 1 {
            wanted.extend([TOO_LATE, STAYED_OUT, DISTURBED]);
        }
        if faults.errors + faults.refusals > 0 {
            wanted.push(FAILED);
        }
        wanted
    }
}

type Answer = Result<Result<Outcome, TokenError>, Stop>;

impl Comers {
    fn come(self, me: &Id, mine: u16, world: &Replay<'_>) -> Answer {
        Ok(match (self.admit)(world, me, token(mine), HIGHEST) {
            Ok(Verdict::Admitted) => Ok(Outcome { next: Phase::Serving(mine), said: CAME_IN }),
            Ok(Verdict::Refused(seen)) if seen <= token(mine) => return Err(misled(mine, seen)),
            Ok(Verdict::Refused(_)) => Ok(over(TOO_LATE)),
            Err(error) => Err(error),
        })
    }

    /// Numbers do not go back.
    fn come_again(self, me: &Id, mine: u16, world: &Replay<'_>) -> Answer {
        let lower = mine.saturating_sub(1).max(1);
        Ok(match (self.admit)(world, me, token(lower), HIGHEST) {
            Ok(Verdict::Admitted) if lower < mine => {
                return Err(broken(format!("was admitted with {lower}, and with {mine} before")));
            }
            Ok(Verdict::Admitted) => Ok(over(CAME_AGAIN)),
            Ok(Verdict::Refused(seen)) if seen < token(mine) || seen == token(lower) => {
                return Err(misled(lower, seen));
            }
            Ok(Verdict::Refused(_)) => Ok(over(STAYED_OUT)),
            Err(error) => Err(error),
        })
    }
}

fn over(said: &'static str) -> Outcome {
    Outcome { next: Phase::Idle, said }
}

fn misled(with: u16, seen: Token) -> Stop {
    broken(format!("was refused with {with}, as {seen} was admitted"))
}

fn broken(what: String) -> Stop {
    Stop::Broken(Property::AnswersAsDocumented, what)
}

fn token(number: u16) -> Token {
    Token::new(number.into()).unwrap_or(Token::MIN)
}

/// More than there are clients.
const HIGHEST: Token = Token::MIN.saturating_add(8);

/// The shipped way: one try.
///
/// # Errors
///
/// Those of [`Tokens::try_admit`].
pub fn by_the_kernel(world: &Replay<'_>, me: &Id, number: Token, highest: Token) -> Result<Verdict, TokenError> {
    Tokens::new(world, token_path()).up_to(highest).try_admit(me, number)
}
