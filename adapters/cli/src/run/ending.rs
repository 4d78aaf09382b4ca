//! What the end of a command and the release of its lock come to: an exit code, and what is said of it.
//!
//! | the lock | exit code |
//! |---|---|
//! | was given back | that of the command |
//! | was broken by an operator | 85 |
//! | was lost while the command ran, or its lease was not renewed | 81 |
//! | was held for longer than it was to | 124 |
//! | could not be given back | 84, where the command ended well |

use std::fmt;

use lockwright_kernel::{id::Id, lock::LockError};
use lockwright_posix::lock::{Loss, PathLock};

use super::{
    report::Fate,
    supervise::{Cause, Outcome},
};
use crate::{
    args::OnLost,
    exit::{BROKEN, FAILED, LOST, TOO_LONG, UNRELEASED, say},
    order::Told,
};

/// The exit code, and what became of the lock, when the answer to its release was `released`. What was not said before is said
/// now.
pub(super) fn ending(lock: &PathLock, id: &Id, outcome: &Outcome, released: Result<(), LockError>) -> (u8, Fate) {
    let of_command = outcome.code.unwrap_or(FAILED);
    let stopped = match &outcome.cause {
        Some(Cause::Lost(loss)) => return of_loss(loss),
        Some(Cause::NotRenewed(_)) => return (LOST, Fate::Lost),
        Some(Cause::TooLong(_)) => Some(TOO_LONG),
        None => None,
    };
    match released {
        Ok(()) => (stopped.unwrap_or(of_command), Fate::Released),
        Err(LockError::NotOwner) => {
            let loss = Loss { is_gone: true, order: lock.order_to(id).unwrap_or_default() };
            say(&format!("{}: {}, before the command had ended", lock.path().display(), Lost(&loss)));
            of_loss(&loss)
        }
        Err(error) => {
            say(&format!("{}: the lock was not given back: {error}", lock.path().display()));
            let of_command = if of_command == 0 { UNRELEASED } else { of_command };
            (stopped.unwrap_or(of_command), Fate::NotReleased)
        }
    }
}

fn of_loss(loss: &Loss) -> (u8, Fate) {
    if loss.order.is_some() { (BROKEN, Fate::Broken) } else { (LOST, Fate::Lost) }
}

/// Says that the command is to end, and why.
pub(super) fn say_cause(lock: &PathLock, cause: &Cause, on_lost: OnLost) {
    let goes_on = matches!((cause, on_lost), (Cause::Lost(_) | Cause::NotRenewed(_), OnLost::Warn));
    let then = if goes_on { "the command goes on, without the lock" } else { "stopping the command" };
    let path = lock.path().display();
    match cause {
        Cause::Lost(loss) => say(&format!("{path}: {}; {then}", Lost(loss))),
        Cause::NotRenewed(why) => say(&format!("{path}: {why}; {then}")),
        Cause::TooLong(hold) => say(&format!("{path}: held for {hold:?}, which is all it was to be; {then}")),
    }
}

struct Lost<'a>(&'a Loss);

impl fmt::Display for Lost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.order {
            Some(order) => Told(order).fmt(f),
            None => f.write_str("the lock was taken away, and nobody said why"),
        }
    }
}
