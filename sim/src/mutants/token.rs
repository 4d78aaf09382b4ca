//! Numbers gone wrong: given twice, begun anew, or taken and not looked at again.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
    token::{Token, TokenError, Verdict},
};

use crate::{
    replay::Replay,
    scenarios::{
        Comers, Counters, Leases,
        admit::by_the_kernel,
        fast_lock::word,
        leases::{self, FENCED},
        token::{NUMBERS, kept_in, token_path, under_a_lease},
    },
};

/// The next number is the highest there is and one more, and its entry is made whoever made it.
pub const READ_THEN_CREATE: Counters = Counters { next: read_then_create, ..NUMBERS };

/// The number is what a file says; who takes the next one moves a file that says so over it.
pub const REWRITTEN: Counters = Counters { next: rewritten, last: what_it_says, evidence: token_path, ..NUMBERS };

/// A directory that shows no number is taken for one in which none was given.
pub const EMPTY_IS_NEW: Counters = Counters { next: empty_is_new, ..NUMBERS };

/// The directory is made, and the number 0 after: whoever finds it empty helps out.
pub const BEGUN_IN_TWO_STEPS: Counters = Counters { next: begun_in_two_steps, ..NUMBERS };

/// Who has the lock takes a number and writes, and does not look whether it has the lock still: its successor may have a
/// lower one.
pub const NOT_LOOKED_AFTER: Leases = Leases { token: leases::Token::After(not_looked_after), ..FENCED };

/// Numbers are moved to, down as well as up.
pub const ADMITS_LOWER: Comers = Comers { admit: admits_lower };

/// A number that is not there any more was moved, so one is in.
pub const GONE_IS_ADMITTED: Comers = Comers { admit: gone_is_admitted };

fn read_then_create(world: &Replay<'_>, _: &Id, highest: Token) -> Result<Token, TokenError> {
    world.ensure_dir(&token_path())?;
    world.ensure_dir(&kept_in())?;
    let next = above(numbers(world)?.into_iter().max().unwrap_or(0), highest)?;
    world.ensure_dir(&at(next.get()))?;
    Ok(next)
}

fn rewritten(world: &Replay<'_>, me: &Id, highest: Token) -> Result<Token, TokenError> {
    let next = above(said(world)?, highest)?;
    let own = Path::from(me.name().clone());
    world.create_file(&own, next.to_string().as_bytes())?;
    world.rename(&own, &token_path())?;
    Ok(next)
}

fn what_it_says(world: &Replay<'_>, _: Token) -> Result<Option<Token>, TokenError> {
    Ok(Token::new(said(world)?))
}

fn said(world: &Replay<'_>) -> Result<u64, FsError> {
    match world.read(&token_path()) {
        Ok(contents) => Ok(str::from_utf8(&contents).ok().and_then(|text| text.parse().ok()).unwrap_or(0)),
        Err(FsError::NotFound) => Ok(0),
        Err(error) => Err(error),
    }
}

fn empty_is_new(world: &Replay<'_>, _: &Id, highest: Token) -> Result<Token, TokenError> {
    world.ensure_dir(&token_path())?;
    world.ensure_dir(&kept_in())?;
    raise(world, highest, |world| world.ensure_dir(&at(0)))
}

fn begun_in_two_steps(world: &Replay<'_>, _: &Id, highest: Token) -> Result<Token, TokenError> {
    world.ensure_dir(&token_path())?;
    match world.create_dir(&kept_in()) {
        Ok(()) => world.ensure_dir(&at(0))?,
        Err(FsError::AlreadyExists) => {}
        Err(error) => return Err(error.into()),
    }
    raise(world, highest, |world| match world.any(&kept_in())? {
        None => world.ensure_dir(&at(0)),
        Some(_) => Ok(()),
    })
}

fn not_looked_after(world: &Replay<'_>, me: &Id, _: u16) -> Result<Option<u16>, FsError> {
    under_a_lease(world, me).map(Some)
}

fn admits_lower(world: &Replay<'_>, me: &Id, number: Token, highest: Token) -> Result<Verdict, TokenError> {
    let seen = seen_or_begun(world, me, highest)?;
    match world.rename(&at(seen), &at(number.get())) {
        Err(FsError::NotFound) => Err(TokenError::Disturbed),
        answer => Ok(answer.map(|()| Verdict::Admitted)?),
    }
}

fn gone_is_admitted(world: &Replay<'_>, me: &Id, number: Token, highest: Token) -> Result<Verdict, TokenError> {
    let seen = seen_or_begun(world, me, highest)?;
    if let Some(seen) = Token::new(seen).filter(|seen| *seen > number) {
        return Ok(Verdict::Refused(seen));
    }
    match world.rename(&at(seen), &at(number.get())) {
        Ok(()) | Err(FsError::NotFound) => Ok(Verdict::Admitted),
        Err(error) => Err(error.into()),
    }
}

/// The number that was seen last; where there is none yet, the shipped way makes a beginning.
fn seen_or_begun(world: &Replay<'_>, me: &Id, highest: Token) -> Result<u64, TokenError> {
    match world.list(&kept_in()) {
        Err(FsError::NotFound) => by_the_kernel(world, me, Token::MIN, highest).map(|_| Token::MIN.get()),
        Ok(names) => names.iter().filter_map(|name| name.as_str().parse().ok()).max().ok_or(TokenError::Disturbed),
        Err(error) => Err(error.into()),
    }
}

/// The shipped way, but for what comes where no number is seen.
fn raise(
    world: &Replay<'_>,
    highest: Token,
    begin: impl Fn(&Replay<'_>) -> Result<(), FsError>,
) -> Result<Token, TokenError> {
    let Some(last) = numbers(world)?.into_iter().max() else {
        begin(world)?;
        return Err(TokenError::Disturbed);
    };
    let next = above(last, highest)?;
    match world.rename(&at(last), &at(next.get())) {
        Err(FsError::NotFound) => Err(TokenError::Disturbed),
        answer => Ok(answer.map(|()| next)?),
    }
}

fn numbers(world: &Replay<'_>) -> Result<Vec<u64>, FsError> {
    Ok(world.list(&kept_in())?.iter().filter_map(|name| name.as_str().parse().ok()).collect())
}

fn above(last: u64, highest: Token) -> Result<Token, TokenError> {
    let next = Token::new(last + 1).filter(|next| *next <= highest);
    next.ok_or(TokenError::UsedUp(highest))
}

fn at(number: u64) -> Path {
    kept_in().join(&word(&number.to_string()))
}
