//! A simulated world for lock algorithms, and the checker that explores it.
//!
//! # What is run
//!
//! The code that ships. A [`Protocol`] says what each client does, one attempt after the other, and an attempt is a
//! function over the kernel's [`Fs`](lockwright_kernel::fs::Fs) and [`Probe`](lockwright_kernel::probe::Probe). The
//! checker replays it: it is run from its start with the answers it has had so far, and stopped before the next call.
//! So a state of the world is a plain value, the tree on disk and the answers of each attempt under way, and loops come
//! back to the same state.
//!
//! # What is explored
//!
//! Everything, breadth first: which client's call takes effect next, which of the listings that the promise of `list`
//! allows is given, whether a call had walked to its directory before that was moved, and at which call a process is
//! killed. Rounds are not bounded. See [`Scenario`] for what is.
//!
//! # What comes of it
//!
//! A [`Report`] with a [`Verdict`]. A violation comes with a [`Trace`] of the fewest steps there can be.
//!
//! # Have your own protocol checked
//!
//! Here is a lock that is a directory, and what the checker says of it: safe, and held for ever after a crash.
//!
//! ```
//! use lockwright_kernel::{fs::{Fs, FsError}, id::Id, path::Path};
//! use lockwright_sim::protocol::{Client, Outcome, Phase, Property, Protocol, Stop};
//! use lockwright_sim::{Limits, Replay, Verdict, check, scenario::Scenario};
//!
//! #[derive(Debug)]
//! struct MkdirLock;
//!
//! impl Protocol for MkdirLock {
//!     fn attempt(&self, _: &Client, phase: Phase, world: &Replay) -> Result<Outcome, Stop> {
//!         let lock = self.path();
//!         Ok(match phase {
//!             Phase::Idle => match world.create_dir(&lock) {
//!                 Ok(()) => Outcome { next: Phase::Holding, said: "took it" },
//!                 Err(FsError::AlreadyExists) => Outcome { next: Phase::Idle, said: "found it taken" },
//!                 Err(error) => return Err(error.into()),
//!             },
//!             Phase::Holding => {
//!                 world.remove_dir(&lock)?;
//!                 Outcome { next: Phase::Idle, said: "gave it back" }
//!             }
//!         })
//!     }
//!
//!     fn evidence(&self, _: &Id) -> Path {
//!         self.path()
//!     }
//!
//!     fn sometimes(&self, _: usize, _: usize) -> Vec<&'static str> {
//!         vec!["took it", "found it taken"]
//!     }
//! }
//!
//! impl MkdirLock {
//!     fn path(&self) -> Path {
//!         "lock".parse().expect("a name")
//!     }
//! }
//!
//! let run = |crashes| check(&MkdirLock, &Scenario::new("mkdir", 2, crashes), Limits::default(), &mut |_| {}).verdict;
//! assert_eq!(run(0), Verdict::Verified);
//! let Verdict::Violated(violation) = run(1) else { panic!("a crash does harm") };
//! assert_eq!(violation.property, Property::CanBeTaken);
//! println!("{}", violation.trace.expect("a run shows it"));
//! ```
//!
//! # Inside
//!
//! [`catalogue`] names the protocols there are: [`scenarios`] of the shipped algorithms, and [`mutants`], which the
//! checker must catch. `world` says which steps follow a state, `history` what an attempt does next and which histories
//! are one, `explore` searches.

#![forbid(unsafe_code)]

pub mod catalogue;
mod explore;
mod history;
pub mod mutants;
mod names;
mod plan;
pub mod protocol;
mod replay;
pub mod scenario;
pub mod scenarios;
mod state;
mod trace;
mod tree;
mod world;

pub use explore::{Limits, Progress, Report, Verdict, Violation};
pub use replay::Replay;
pub use trace::{Divergence, Trace, TraceError, TraceStep};

use crate::{protocol::Protocol, scenario::Scenario};

/// Explores every behaviour of `protocol` in `scenario`, telling `observe` after each layer how far it is.
pub fn check(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    limits: Limits,
    observe: &mut dyn FnMut(Progress),
) -> Report {
    explore::bfs::explore(protocol, scenario, limits, observe)
}
