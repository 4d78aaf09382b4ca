//! `--shard`: which part of the work is done here.
//!
//! For bfs and dfs the scenarios are shared out, each by its place in the plan, so N machines with the same command line
//! explore each of them once. For random and pct the runs of each scenario are shared out, see
//! [`Strategy`]. One breadth-first search is not: its states come up in one order, and what is
//! merged, exchanged and called shortest depends on it, so machines would have to talk after each layer; `--save` and
//! `--resume` stretch it over time in place of machines.

use lockwright_sim::{Shard, Strategy};

use crate::args::VerifyArgs;

/// What is done here of the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) shard: Option<Shard>,
    /// How many scenarios there are, and how many of them are for other shards.
    pub(super) scenarios: usize,
    pub(super) elsewhere: usize,
}

impl Part {
    /// The scenarios that are explored here, in their order.
    pub(super) fn of<T>(args: &VerifyArgs, strategy: Strategy, jobs: Vec<T>) -> (Vec<T>, Self) {
        let scenarios = jobs.len();
        let shard = args.shard.filter(|_| strategy.is_complete()).unwrap_or_default();
        let places = (0..).zip(jobs).filter(|(place, _)| shard.has(*place));
        let here: Vec<T> = places.map(|(_, job)| job).collect();
        let elsewhere = scenarios - here.len();
        (here, Self { shard: args.shard, scenarios, elsewhere })
    }
}
