//! A simulated world for lock algorithms, and the checker that explores it.

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
