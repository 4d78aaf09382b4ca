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
//! allows is given, and whether a call had walked to its directory before that was moved. And what goes wrong, each as
//! often as the scenario allows: a process is killed, a call fails, the power is cut, a clock is set, somebody else
//! removes an entry; see [`Profile`](scenario::Profile) and [`Faults`](scenario::Faults). Rounds are not bounded. See [`Scenario`] for what is, and [`Strategy`] for other orders.
//!
//! Four things make that small, none of which changes a verdict (see [`Limits`] for how to do without):
//!
//! * each history of answers is run once, and histories that go on alike are one;
//! * states that differ only in which process is called what are one, where attempts were found to do the same under
//!   other names; where they do not, that is [told](Coverage::symmetry_refused) and left;
//! * calls that nobody can disturb are taken together with the next one that somebody can;
//! * of a state 128 bits are kept, and of a step a few bytes.
//!
//! # What comes of it
//!
//! A [`Report`] with a [`Verdict`]. A violation comes with a [`Trace`] of the fewest steps there can be. What must stay
//! possible is asked of the whole graph of states, and what must come about on every fair run as well
//! ([`Protocol::promises`]); a run that never comes to it is shown as the way to a loop and the loop. A search that
//! ended before it was complete is [`Verdict::Incomplete`], whatever it had seen.
//!
//! # When it takes long
//!
//! A breadth-first search can be broken off, [saved](Session::save), and gone on with later, under wider limits or on more
//! threads; it comes to what it comes to when it is left alone. It is not split over machines: the order in which its
//! states come up decides which of several stands for all that are alike, and machines would have to agree on it after
//! each layer. What can be split is shared out by [`Shard`]s: scenarios, and the runs of
//! [`Strategy::Random`] and [`Strategy::Pct`].
//!
//! # Have your own protocol checked
//!
//! Here is a lock as many shell scripts have it; `cargo run -p lockwright-sim --example mkdir_lock` checks it.
//!
//! ```
#![doc = include_str!("../examples/mkdir_lock.rs")]
//! ```
//!
//! As long as nobody crashes, it is a lock. Its first fault takes one client and two steps: killed after `mkdir` and
//! before it wrote its pid, it leaves a lock that nobody can judge, taken for ever. The second takes two clients (left
//! out is the line that says which code the trace is of):
//!
//! ```text
#![doc = include_str!("../examples/mkdir_lock.trace")]
//! ```
//!
//! Whoever reads `lock/pid` (B1 in step 5) and acts on what it read (step 16) acts on a *path*, and between the two
//! the path has come to be another's: A2, which found out the same and was faster. What B1 judged is right, A1 is dead
//! for ever; what it removes is not what it judged. No second look before the `rm` mends that, it only makes the
//! window smaller, and the checker finds the way through that one as well.
//!
//! # Have the repair checked
//!
//! ```
#![doc = include_str!("../examples/mkdir_lock_repaired.rs")]
//! ```
//!
//! It is verified with two clients and two crashes, and with three clients. Why it holds:
//!
//! * *No half-made lock.* The entry is made in a directory that only its owner names, and `rename` publishes both in
//!   one step. A crash before leaves a directory under the dead one's own id, which anybody may clear away.
//! * *No two owners.* `rename` replaces `lock` only while that is absent or empty, and brings in one entry.
//! * *Nobody else's entry is removed.* The owner is the entry's **name**, so who recovers from A1 removes `lock/A1`,
//!   however late: no id is given twice, and B1's removal, coming after A2's, finds nothing. `rmdir` takes no directory
//!   that holds an entry.
//!
//! This is [`fast_lock`](lockwright_kernel::fast_lock) in its essence.
//!
//! # Inside
//!
//! [`catalogue`] names the protocols there are: [`scenarios`] of the shipped algorithms, and [`mutants`], which the
//! checker must catch. `world` says which steps follow a state (`world/alone` which can be taken together), `history`
//! what an attempt does next and which histories are one, `symmetry` which states are one, `explore` searches
//! (`explore/saved` keeps a search for later), `trace` shows what was found.
//! [`network`] is a world of its own, for a lock server and its clients.
//! [`operations`] tells when operations on a lock begin and end, for [`Property::Linearizable`], and `linear` which orders of
//! them are possible; [`unfold`] tells a whole scenario step by step; [`sites`] lists which lines of an algorithm were answered what, and what never.
//!
//! [`Property::Linearizable`]: protocol::Property::Linearizable

#![forbid(unsafe_code)]

pub mod catalogue;
mod explore;
mod history;
pub mod identity;
mod linear;
mod miss;
pub mod mutants;
mod names;
pub mod network;
pub mod operations;
mod plan;
pub mod protocol;
mod replay;
mod resource;
pub mod scenario;
pub mod scenarios;
pub mod sites;
mod state;
mod symmetry;
mod times;
mod trace;
mod tree;
pub mod unfold;
mod watching;
mod world;

pub use explore::{
    Coverage, Limits, Progress, Report, ResumeError, Resumed, Runs, SaveError, Saved, Session, Shard, ShardError,
    Strategy, Verdict, Violation,
};
pub use replay::{Live, Replay};
pub use trace::{
    Code, Divergence, Effort, Fault, FaultMark, Marks, Need, ScriptError, ShortCode, Shrunk, SwitchMark, Token,
    TokenError, Trace, TraceError, TraceStep,
};

use std::ops::ControlFlow;

use crate::{protocol::Protocol, scenario::Scenario};

/// Explores every behaviour of `protocol` in `scenario`, telling `observe` now and then how far it is.
pub fn check(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    limits: Limits,
    observe: &mut dyn FnMut(Progress),
) -> Report {
    check_while(protocol, scenario, limits, &mut |progress| {
        observe(progress);
        ControlFlow::Continue(())
    })
}

/// Explores as [`check`] does, for as long as `observe` lets it. When it breaks off, it says why, and the verdict is
/// [`Verdict::Incomplete`] for that reason. Once a violation is found, breaking off means to have it as it was found, and not
/// made shorter.
pub fn check_while(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    limits: Limits,
    observe: &mut dyn FnMut(Progress) -> ControlFlow<String>,
) -> Report {
    explore::explore(protocol, scenario, limits, observe)
}
