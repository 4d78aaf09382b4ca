//! For how long a hold stands that is not renewed, and what has to be promised.

use std::time::Duration;

use lockwright_kernel::policies::lease::{LENGTH_MAX, LENGTH_MIN};
use lockwright_posix::lock::PathLock;

use super::want::duration;
use crate::exit::{Failure, REFUSED};

/// Whether a lock is held on a lease, and what it is to promise at least.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct LeaseArgs {
    /// Hold it on a lease of so long, 1s to 8784h, which is to be renewed: others take the lock when that was not done in time, also
    /// where nobody can tell whether the holder is dead, or where it is stopped. `run` renews at a third. Not with
    /// --kind bid.
    #[arg(long, visible_alias = "ttl", value_name = "DURATION", value_parser = length)]
    pub(crate) lease: Option<Duration>,
    /// Refuse, with 82, what promises less: exclusive, that two never hold the lock, so that it is neither held on a lease nor
    /// taken over since that of another is over; lease, that nobody else has it before the lease is over. Either takes a file
    /// system where the kind is verified.
    #[arg(long, value_name = "WHAT", conflicts_with = "unverified")]
    pub(crate) require: Option<Require>,
    /// What becomes of the hold of a dead process: it is passed over by whoever wants the lock next (check), or stays for an operator
    /// to look at what it did, and this command is refused, with 82 (never). With never nobody's lease is over either.
    #[arg(long, value_name = "HOW", value_enum, default_value = "check")]
    pub(crate) recover: Recover,
}

/// What becomes of the hold of a dead process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Recover {
    #[default]
    Check,
    Never,
}

/// What a lock promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Require {
    Exclusive,
    Lease,
}

impl LeaseArgs {
    /// The lock, asked for as these say.
    pub(crate) fn apply(&self, lock: PathLock) -> Result<PathLock, Failure> {
        let lock = if self.recover == Recover::Never { lock.taken_from_nobody() } else { lock };
        match (self.require, self.lease) {
            (Some(Require::Exclusive), Some(_)) => {
                let path = lock.path().display();
                let line = format!(
                    "{path}: a lease does not promise that two never hold the lock, for a holder may pause; leave out --lease, or \
                     say --require=lease"
                );
                Err(Failure::new(REFUSED, line))
            }
            (Some(Require::Exclusive), None) if self.recover == Recover::Check => Ok(lock.by_evidence_alone()),
            _ => Ok(lock),
        }
    }
}

fn length(text: &str) -> Result<Duration, String> {
    let length = duration(text)?;
    if (LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Ok(length);
    }
    Err(format!("should be {} s at least and {} h at most", LENGTH_MIN.as_secs(), LENGTH_MAX.as_secs() / 3600))
}
