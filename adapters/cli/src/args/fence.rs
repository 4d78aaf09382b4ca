//! What `fence` takes.

use std::{num::NonZeroU64, path::PathBuf};

use clap::{Subcommand, ValueHint};

use super::want::{Whom, lock};

#[derive(Debug, Subcommand)]
pub(crate) enum FenceCommand {
    /// Admit a number to a resource, or refuse it.
    ///
    /// Exit code 0: no higher number was admitted at GUARD before, and from now on no lower one is; 81: a higher one was, so
    /// the lock that the number came with was lost, and nothing was changed. However many check at once, none is admitted
    /// after a higher one. The same number is admitted again and again. What is admitted may pause before it writes, and be
    /// late all the same: let the resource check and write one at a time.
    Check {
        /// Where the resource keeps the highest number that it has admitted: a path of its own, which stays, in a
        /// directory that exists. Not the lock.
        #[arg(value_hint = ValueHint::AnyPath)]
        guard: PathBuf,
        /// The number, from 1.
        #[arg(env = "LOCKWRIGHT_FENCE", value_name = "N")]
        number: NonZeroU64,
        /// Share the numbers with other users, as `run` has it for locks. All who share them say the same.
        #[arg(long, value_name = "WHOM")]
        shared_with: Option<Whom>,
        /// One JSON object; see below.
        #[arg(long)]
        json: bool,
    },
    /// Give out a number that is higher than all before, and print it.
    ///
    /// Once a resource has admitted it, all who hold older ones are refused there. It takes no lock.
    ///
    /// Exit code 0: it is printed; 73 and 77: it cannot be kept there.
    Advance {
        /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
        #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
        lock: PathBuf,
        /// Share the numbers with other users, as `run` has it for locks. All who share them say the same.
        #[arg(long, value_name = "WHOM")]
        shared_with: Option<Whom>,
        /// One JSON object; see below.
        #[arg(long)]
        json: bool,
    },
    /// Print the number that was given last.
    ///
    /// Exit code 0: it is printed; 1: none was given.
    Show {
        /// The lock: a path, or a name in `LOCKWRIGHT_DIR`.
        #[arg(value_parser = lock(), value_hint = ValueHint::AnyPath)]
        lock: PathBuf,
        /// One JSON object; see below.
        #[arg(long)]
        json: bool,
    },
}
