//! `check_lock.sh`: the lock under the check policy, with any command for a checker.

use std::{ffi::OsString, process::ExitCode};

use lockwright_kernel::{
    lock::Lock,
    probe::{Liveness, Probe},
};
use lockwright_posix::lockers::checker::CommandProbe;

use super::{
    answer::{failed, released, taken, usage},
    fast_lock,
    place::Place,
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME <checker> [-s|--checker-arg <arg>]... lock|unlock <lock> <id>
  NAME <checker> [-s|--checker-arg <arg>]... owner <lock>
  NAME lock_nocheck|is_mine <lock> <id>
  NAME owner_nocheck <lock>
The checker gets the id last. It exits with 0: stale, 1: live, more: cannot tell. Stale proposals are
cleaned after the release, before NAME ends.";

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    let (mut program, mut args) = (None, Vec::new());
    loop {
        if words.talk_or_help()? {
            continue;
        }
        match words.peek() {
            Some("-s" | "--checker-arg") => {
                words.next();
                args.push(words.next().ok_or_else(|| usage("--checker-arg takes an argument"))?);
            }
            Some("lock_nocheck" | "owner_nocheck" | "is_mine") => return act(words, &nobody_is_dead()),
            Some(_) if program.is_none() => program = words.next(),
            _ => break,
        }
    }
    let program: OsString =
        program.filter(|program| !program.is_empty()).ok_or_else(|| usage("<checker> is missing"))?;
    act(words, &CommandProbe::new(program, args))
}

/// A checker for actions that ask none.
pub(super) fn nobody_is_dead() -> CommandProbe {
    CommandProbe::new("false".into(), Vec::new())
}

fn act(mut words: Words, checker: &dyn Probe) -> Result<ExitCode, Failure> {
    let action = words.text("<action>")?;
    let lock = words.due("<lock>")?;
    act_on(&action, lock, &mut words, checker)
}

/// Does `action` for the id that comes next in `words`.
pub(super) fn act_on(
    action: &str,
    lock: OsString,
    words: &mut Words,
    checker: &dyn Probe,
) -> Result<ExitCode, Failure> {
    match action {
        "lock" => {
            let me = words.id()?;
            let place = Place::made(lock)?;
            taken(&place.given, &me, || place.check(checker).try_lock(&me))
        }
        "unlock" => {
            let (place, me) = (Place::at(lock)?, words.id()?);
            let code = released(&place.given, &me, place.fast().unlock(&me))?;
            // What is left of the dead is a nicety, and the lock is given back.
            drop(place.check(checker).sweep());
            Ok(code)
        }
        "owner" => {
            let place = Place::at(lock)?;
            clean_owner(&place, checker)?;
            fast_lock::owner(&place)
        }
        "lock_nocheck" => fast_lock::take(lock, words),
        "owner_nocheck" => fast_lock::owner(&Place::at(lock)?),
        "is_mine" => fast_lock::is_mine(&Place::at(lock)?, words),
        other => Err(usage(format!("no such action: {other}"))),
    }
}

/// Cleans the owner if it is stale.
pub(super) fn clean_owner(place: &Place, checker: &dyn Probe) -> Result<(), Failure> {
    let wrong = |error| failed(format!("{}: {error}", place.given.display()));
    if let Some(owner) = place.fast().owner().map_err(wrong)?
        && checker.liveness(&owner) == Ok(Liveness::Dead)
    {
        place.fast().recover(&owner).map_err(wrong)?;
    }
    Ok(())
}
