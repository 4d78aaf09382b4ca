//! What a model checker for threads brings along, and what comes of a run of it.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use lockwright_sim::{
    protocol::{Property, Protocol},
    scenario::Walk,
};

/// A model checker for threads.
pub(crate) trait Engine: 'static {
    /// Its mutex. To pass through it is the scheduling point before a call.
    type Gate: Send + Sync + 'static;

    /// Whether processes are killed by threads of their own, which the engine schedules; else by chance.
    const KILLS_BY_THREAD: bool;

    /// Makes a gate, inside of a model.
    fn gate() -> Self::Gate;

    /// Does something in the gate, where the engine lets nobody else in.
    fn pass<R>(gate: &Self::Gate, act: impl FnOnce() -> R) -> R;

    /// Runs all bodies, which pass `gate`, as threads of the engine. May return before their ends; the execution does
    /// not.
    fn run(gate: &Self::Gate, bodies: Vec<Body>);

    /// The `nth` choice of `client` in this execution, below `bound`, which is above 1.
    fn choose(client: usize, nth: usize, bound: u32) -> u32;

    /// Whether the process that is about to act is killed instead.
    fn kills_now() -> bool;

    /// Leaves the rest of this execution unexplored.
    fn cut();

    /// Ends the exploration, at the end of an execution. May panic with the finding.
    fn stop(finding: Finding);

    /// How many scheduling points the engine itself has counted in this execution.
    fn points() -> usize;
}

/// What a thread does.
pub(crate) type Body = Box<dyn FnOnce() + Send>;

/// What is run, and its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) protocol: &'static dyn Protocol,
    pub(crate) clients: usize,
    pub(crate) crashes: usize,
    pub(crate) walk: Walk,
    /// How often each process tries to begin something. A process that follows on a killed one has them all again.
    pub(crate) attempts: usize,
    /// The one property that is watched; all of them, where there is none.
    pub(crate) watched: Option<Property>,
}

impl Setup {
    pub(crate) fn watches(&self, property: Property) -> bool {
        self.watched.is_none_or(|watched| watched == property)
    }

    pub(crate) fn takers(&self) -> impl Iterator<Item = usize> + use<> {
        let Self { protocol, clients, .. } = *self;
        (0..clients).filter(move |&client| protocol.takes_the_lock(client, clients))
    }
}

/// What stops an execution, and the exploration with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A property does not hold: which, what was seen, and all calls up to there.
    Broken { property: Property, what: String, calls: Vec<String> },
    /// The run means nothing: a fault of the driver, or of a protocol that cannot be run here.
    Fault(String),
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every execution within the bounds was covered.
    Exhausted,
    /// A number of executions, out of many more.
    Sampled,
    /// The run was to be exhaustive and ended at a budget.
    Incomplete(String),
    Found(Finding),
}

/// Figures of a run, over all its executions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) executions: usize,
    /// Of which so many were left early, in a state that others had come to before.
    pub(crate) cut: usize,
    /// Where they are remembered.
    pub(crate) states: usize,
    pub(crate) calls: usize,
    /// As the engine counted them.
    pub(crate) points: usize,
    pub(crate) kills: usize,
    pub(crate) said: BTreeSet<&'static str>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.executions += other.executions;
        self.cut += other.cut;
        self.states += other.states;
        self.calls += other.calls;
        self.points += other.points;
        self.kills += other.kills;
        self.said.extend(&other.said);
    }
}

/// A run: what came of it, and its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) tally: Tally,
}

impl Report {
    /// The property that was found to be broken, if one was.
    pub(crate) fn broken(&self) -> Option<Property> {
        match self.verdict {
            Verdict::Found(Finding::Broken { property, .. }) => Some(property),
            _ => None,
        }
    }
}

/// As a table has it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { executions, .. } = self.tally;
        match &self.verdict {
            Verdict::Exhausted => write!(f, "none in all, {executions}"),
            Verdict::Sampled => write!(f, "none in {executions}"),
            Verdict::Incomplete(reason) => write!(f, "none with {reason}, {executions}"),
            Verdict::Found(Finding::Broken { property, .. }) => write!(f, "{property}, {executions}"),
            Verdict::Found(Finding::Fault(what)) => write!(f, "FAULT: {what}"),
        }
    }
}

/// Runs `explore`, which panics with a [`Finding`] where there is one.
pub(crate) fn report(tally: &Mutex<Tally>, explore: impl FnOnce() -> Verdict) -> Report {
    let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(explore)).unwrap_or_else(|payload| {
        let finding = payload.downcast::<Finding>().map(|finding| *finding);
        Verdict::Found(finding.unwrap_or_else(|payload| Finding::Fault(spoken(&*payload))))
    });
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Report { verdict, tally }
}

/// What somebody else's panic said.
fn spoken(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").into()
}
