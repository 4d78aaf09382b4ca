//! `fast_lock.sh`: the lock itself, which knows nobody who is dead.

use std::{collections::BTreeSet, ffi::OsString, process::ExitCode};

use lockwright_kernel::lock::{Lock, LockError};

use super::{
    answer::{failed, print, released, says, taken, usage},
    place::Place,
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME lock|unlock|is_mine <lock> <id>
  NAME owner|ids_in_use <lock>
  NAME clean_stale_ids <lock> [<id>...]";

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    while words.talk_or_help()? {}
    let action = words.text("<action>")?;
    let lock = words.due("<lock>")?;
    match action.as_str() {
        "lock" => take(lock, &mut words),
        "unlock" => {
            let (place, me) = (Place::at(lock)?, words.id()?);
            released(&place.given, &me, place.fast().unlock(&me))
        }
        "owner" => owner(&Place::at(lock)?),
        "is_mine" => is_mine(&Place::at(lock)?, &mut words),
        "ids_in_use" => {
            let place = Place::at(lock)?;
            let ids =
                ids_in_use(&place.fast()).map_err(|error| failed(format!("{}: {error}", place.given.display())))?;
            print(ids)
        }
        "clean_stale_ids" => {
            let place = Place::at(lock)?;
            while words.peek().is_some() {
                let id = words.id()?;
                released(&place.given, &id, place.fast().recover(&id))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        other => Err(usage(format!("no such action: {other}"))),
    }
}

/// `lock`, and what other scripts have for it: nobody is asked about.
pub(super) fn take(lock: OsString, words: &mut Words) -> Result<ExitCode, Failure> {
    let me = words.id()?;
    let place = Place::made(lock)?;
    taken(&place.given, &me, || place.fast().try_lock(&me))
}

/// Prints the owner, if there is one.
pub(super) fn owner(place: &Place) -> Result<ExitCode, Failure> {
    print(place.fast().owner().map_err(|error| failed(format!("{}: {error}", place.given.display())))?)
}

pub(super) fn is_mine(place: &Place, words: &mut Words) -> Result<ExitCode, Failure> {
    let me = words.id()?;
    let owner = place.fast().owner().map_err(|error| failed(format!("{}: {error}", place.given.display())))?;
    Ok(says(owner == Some(me)))
}

/// The proposals are read first: who goes from there to the lock meanwhile is found there.
fn ids_in_use(lock: &impl Lock) -> Result<BTreeSet<lockwright_kernel::id::Id>, LockError> {
    let mut ids: BTreeSet<_> = lock.proposals()?.into_iter().collect();
    ids.extend(lock.owner()?);
    Ok(ids)
}
