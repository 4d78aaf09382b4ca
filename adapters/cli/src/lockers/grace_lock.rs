//! `grace_lock.sh`: the lock under the grace policy, with any command for a checker.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use lockwright_kernel::{lock::Lock, probe::Probe};
use lockwright_posix::lockers::checker::CommandProbe;

use super::{
    answer::{released, taken, usage},
    check_lock::nobody_is_dead,
    fast_lock,
    place::Place,
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str =
    "  NAME [--grace-seconds <n>] <checker> [-s|--checker-arg <arg>]... lock|unlock <lock> <id> [<n>]
  NAME <checker> [-s|--checker-arg <arg>]... lock_check <lock> <id>
  NAME lock_nocheck|fast_lock|is_mine <lock> <id>
  NAME owner <lock>
The checker gets the id last. It exits with 0: stale, 1: live, more: cannot tell. It is asked about an owner
that was noticed <n> seconds ago and not asked about since; without <n>, the next time that it is seen.";

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    let (mut program, mut args, mut grace) = (None, Vec::new(), Duration::ZERO);
    loop {
        if words.talk_or_help()? {
            continue;
        }
        match words.peek() {
            Some("--grace-seconds") => {
                words.next();
                grace = words.seconds()?.ok_or_else(|| usage("--grace-seconds takes a number"))?;
            }
            Some("-s" | "--checker-arg") => {
                words.next();
                args.push(words.next().ok_or_else(|| usage("--checker-arg takes an argument"))?);
            }
            Some("lock_nocheck" | "fast_lock" | "owner" | "is_mine") => return act(words, &nobody_is_dead(), grace),
            Some(_) if program.is_none() => program = words.next(),
            _ => break,
        }
    }
    let program: OsString =
        program.filter(|program| !program.is_empty()).ok_or_else(|| usage("<checker> is missing"))?;
    act(words, &CommandProbe::new(program, args), grace)
}

fn act(mut words: Words, checker: &dyn Probe, grace: Duration) -> Result<ExitCode, Failure> {
    let action = words.text("<action>")?;
    let lock = words.due("<lock>")?;
    act_on(&action, lock, &mut words, checker, grace)
}

/// Does `action` for the id that comes next in `words`; a grace of its own may follow it.
pub(super) fn act_on(
    action: &str,
    lock: OsString,
    words: &mut Words,
    checker: &dyn Probe,
    grace: Duration,
) -> Result<ExitCode, Failure> {
    match action {
        "lock" => {
            let me = words.id()?;
            let grace = words.seconds()?.unwrap_or(grace);
            let place = Place::made(lock)?;
            taken(&place.given, &me, || place.grace(checker, grace).try_lock(&me))
        }
        "lock_check" => {
            let me = words.id()?;
            let place = Place::made(lock)?;
            taken(&place.given, &me, || place.grace(checker, grace).try_lock_checked(&me))
        }
        "unlock" => {
            let (place, me) = (Place::at(lock)?, words.id()?);
            let grace = words.seconds()?.unwrap_or(grace);
            released(&place.given, &me, place.grace(checker, grace).unlock(&me))
        }
        "lock_nocheck" | "fast_lock" => fast_lock::take(lock, words),
        "owner" => fast_lock::owner(&Place::at(lock)?),
        "is_mine" => fast_lock::is_mine(&Place::at(lock)?, words),
        other => Err(usage(format!("no such action: {other}"))),
    }
}
