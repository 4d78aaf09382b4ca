//! Strategies: in which order states are looked at, and whether all of them are.

use std::ops::ControlFlow;

use super::{
    Limits, Progress, Report, Verdict, pct::Pct, random::Random, runs, session::Session, shard::Shard, visited::StateId,
};
use crate::{
    identity::lacks_numbers,
    protocol::{Property, Protocol},
    scenario::Scenario,
    trace::{Effort, Trace},
};

/// In which order a search goes.
///
/// [`Strategy::Bfs`] and [`Strategy::Dfs`] see everything unless they come to a limit, and judge every property. The
/// others make runs, and can only ever find that something is violated; without that their verdict is
/// [`Verdict::Incomplete`]. They judge the properties that a state breaks by itself: all but
/// [`Property::CanBeTaken`], [`Property::NoLivelock`], [`Property::NoStarvation`] and [`Property::Sometimes`], and of
/// [`Property::NothingLeftBehind`] what it says of runs without faults. A run's faults are drawn too, within the
/// scenario's budgets. The same seed makes the same runs, as long as the code is the same: each run draws from the seed
/// and its own number, so several machines can make a [`Shard`] of them each, and together make all.
///
/// ```
/// use lockwright_sim::{Limits, Shard, Strategy, Verdict, catalogue, check};
///
/// let entry = catalogue::find("fast_lock.sign_after_move").expect("it is in the catalogue");
/// let strategy = Strategy::Pct { seed: 1, runs: 10_000, steps: 100, shard: Shard::WHOLE, depth: 3 };
/// let report = check(entry.protocol(), &entry.scenario(), Limits { strategy, ..Limits::default() }, &mut |_| {});
/// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
/// assert_eq!(violation.trace.expect("a run shows it").replay(entry.protocol()), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Breadth first: the counterexample is a shortest one.
    #[default]
    Bfs,
    /// Depth first, on one thread: the same verdicts. The counterexample need not be a shortest one.
    Dfs,
    /// Runs that choose each step by chance: a client that can go on, and one of its steps. How often a run changes to
    /// another client, and how often something goes wrong in it, is drawn for each run, since no one value suits all.
    Random {
        /// Where the chance comes from.
        seed: u64,
        /// So many runs.
        runs: usize,
        /// Of so many steps each, or fewer where nothing can follow.
        steps: usize,
        /// Which of these runs are made, [all](Shard::WHOLE) or the part of one machine.
        shard: Shard,
    },
    /// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010): a run lets the client of
    /// the highest priority go on, priorities are drawn, and change at `depth - 1` drawn steps.
    ///
    /// A violation is of depth d when it takes that d pairs of steps come in a certain order. Say there are n clients (and
    /// one more where the power may be cut), a run has k = `steps` steps, `depth` is at least d, and the budgets are of F
    /// faults together. Where the violation takes f faults, and of the answers and faults that are drawn c have to come
    /// out as they do, of at most m each, *one run finds it with a chance of at least
    /// 1 / (n (F + 1) k^(d - 1 + f) m^c)*, however the code looks otherwise. It is usually far more, for many places are
    /// as good as the one.
    Pct {
        /// Where the chance comes from.
        seed: u64,
        /// So many runs.
        runs: usize,
        /// Of so many steps each, or fewer where nothing can follow.
        steps: usize,
        /// Which of these runs are made, [all](Shard::WHOLE) or the part of one machine.
        shard: Shard,
        /// The depth of violation up to which the bound holds; at least 1.
        depth: usize,
    },
}

impl Strategy {
    /// The word by which it is known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bfs => "bfs",
            Self::Dfs => "dfs",
            Self::Random { .. } => "random",
            Self::Pct { .. } => "pct",
        }
    }

    /// Whether its counterexamples are shortest ones.
    #[must_use]
    pub const fn finds_shortest(self) -> bool {
        matches!(self, Self::Bfs)
    }

    /// Whether it sees everything unless it comes to a limit.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Bfs | Self::Dfs)
    }
}

/// The runs that were made where not everything was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Where the chance came from.
    pub seed: u64,
    /// How many runs were begun.
    pub runs: usize,
    /// How many steps the longest may have had.
    pub steps_max: usize,
    /// Which of the runs they were.
    pub shard: Shard,
}

impl Runs {
    /// The number of the run that was begun last, counted from 1 and the runs of other shards with it; 0 before the first.
    #[must_use]
    pub fn last(&self) -> usize {
        let before = self.runs.checked_sub(1);
        before.and_then(|before| self.shard.places(usize::MAX).nth(before)).map_or(0, |place| place + 1)
    }
}

/// Tells how far a search is, and hears whether it may go on.
pub(super) type Observe<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<String>;

/// States have numbers; a search must not run out of them, and finds this many at once at most.
pub(super) const STATES_MAX: usize = (StateId::MAX - (1 << 24)) as usize;

/// As far as there are numbers.
pub(super) fn bounded(limits: Limits) -> Limits {
    Limits { states_max: limits.states_max.min(STATES_MAX), ..limits }
}

/// Explores `scenario` in the way that `limits` ask for.
pub(crate) fn explore(protocol: &dyn Protocol, scenario: &Scenario, limits: Limits, observe: Observe<'_>) -> Report {
    let limits = bounded(limits);
    if let Some(reason) = lacks_numbers(scenario) {
        return Report::not_begun(Verdict::Error(reason));
    }
    let report = match limits.strategy {
        Strategy::Bfs | Strategy::Dfs => Session::begin(protocol, scenario, limits).run(observe),
        Strategy::Random { seed, runs, steps, shard } => {
            let runs = Runs { seed, runs, steps_max: steps.min(limits.depth_max), shard };
            runs::explore(protocol, scenario, limits, runs, &mut Random::new(seed, scenario), observe)
        }
        Strategy::Pct { seed, runs, steps, shard, depth } => {
            let runs = Runs { seed, runs, steps_max: steps.min(limits.depth_max), shard };
            runs::explore(protocol, scenario, limits, runs, &mut Pct::new(runs, scenario, depth), observe)
        }
    };
    // Making it shorter takes time as well.
    if limits.strategy.finds_shortest() || !is_violated(&report) || observe(at_the_end(&report)).is_break() {
        return report;
    }
    let progress = at_the_end(&report);
    shrunk(protocol, report, &mut || observe(progress).is_continue())
}

fn is_violated(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Violated(_))
}

fn at_the_end(report: &Report) -> Progress {
    let Report { states, transitions, depth, ref coverage, .. } = *report;
    Progress { depth, states, transitions, frontier: 0, bytes: coverage.bytes }
}

/// Makes the counterexample shorter, if there is one.
fn shrunk(protocol: &dyn Protocol, mut report: Report, may_go_on: &mut dyn FnMut() -> bool) -> Report {
    if let Verdict::Violated(violation) = &mut report.verdict {
        let shorter = violation.trace.as_ref().and_then(|trace| shorter(protocol, trace, may_go_on));
        if let (Some(shorter), Some(trace)) = (shorter, &mut violation.trace) {
            report.coverage.shrunk_from = Some(trace.steps.len());
            violation.what.clone_from(&shorter.what);
            *trace = shorter;
        }
    }
    report
}

/// A run that breaks the same property, and was run again to see that it does.
fn shorter(protocol: &dyn Protocol, trace: &Trace, may_go_on: &mut dyn FnMut() -> bool) -> Option<Trace> {
    if trace.property == Property::Replayable || trace.loop_from.is_some() {
        return None;
    }
    let shrunk = trace.shrink_while(protocol, Effort::default(), may_go_on).ok()?.trace;
    shrunk.replay(protocol).ok().map(|()| shrunk)
}
