//! `lock_local.sh`: the lock under the check policy, for processes of this host.

use std::process::ExitCode;

use super::{
    answer::{BAD_ID, usage},
    check_lock,
    hostpid_lock::of_owner,
    id_helper::{Helper, Judge},
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME lock|lock_nocheck|fast_lock|unlock|is_mine <lock> <pid|uid>
  NAME owner|owner_nocheck <lock>            prints the uid
  NAME owner_pid|owner_pid_nocheck <lock>    prints the pid; 1: nobody has it";

/// Tells stale ids of this host, and standard error when it cannot tell.
pub(super) const JUDGE: Judge = Judge { helper: Helper::Local, notifier: Vec::new() };

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    while words.talk_or_help()? {}
    let action = words.text("<action>")?;
    let lock = words.due("<lock>")?;
    match action.as_str() {
        "owner" | "owner_nocheck" => check_lock::act_on(&action, lock, &mut words, &JUDGE),
        "owner_pid" => {
            check_lock::clean_owner(&super::place::Place::at(lock.clone())?, &JUDGE)?;
            of_owner(lock, |owner| Helper::Local.pid(owner))
        }
        "owner_pid_nocheck" => of_owner(lock, |owner| Helper::Local.pid(owner)),
        "lock" | "lock_nocheck" | "fast_lock" | "unlock" | "is_mine" => {
            let id = uid(&words.text("<pid|uid>")?)?;
            words.put_back(id.name().as_str().into());
            let action = if action == "fast_lock" { "lock_nocheck" } else { &action };
            check_lock::act_on(action, lock, &mut words, &JUDGE)
        }
        other => Err(usage(format!("no such action: {other}"))),
    }
}

/// The id of the process that `word` names.
pub(super) fn uid(word: &str) -> Result<lockwright_kernel::id::Id, Failure> {
    Helper::Local.uid(word).map_err(|error| Failure::new(BAD_ID, format!("no uid for {word}: {}", error.line())))
}
