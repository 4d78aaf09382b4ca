//! Call sites: which lines of an algorithm call the world, what they were answered there, and what never.
//!
//! A search that verifies says that nothing it saw was wrong, and not what it saw. Here each step of a scenario is taken
//! down by the line that made the call and by the answer, an answer that the call's docs allow and that never came is a
//! gap, and so is a line that no attempt came to.
//!
//! # What it can say, and what it cannot
//!
//! * Nothing is merged, renamed or joined, so each count is of steps between states as they are, each step once. How often
//!   something happens in production it does not say.
//! * An answer counts as the file system gave it, also where the algorithm does not look.
//! * A gap may have a good reason, and most have: nobody ever puts a file where a directory belongs. It says where the
//!   checker has shown nothing, and the reason is for a person to give.
//! * A line that was never reached is known only if some answer leads there: each gap is answered all the same, in a run of
//!   the attempt that the world would not have given, and the lines that come then are listed. What takes two gaps
//!   is found as well, what takes no answer of a call at all is not; nor is code that makes no call.
//! * A search that came to its limit has seen less, and says so.

mod answers;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    ops::ControlFlow,
};

use rustc_hash::{FxHashMap, FxHashSet};

pub use answers::Seen;

use crate::{
    catalogue::{ALGORITHMS, Entry},
    history::{NodeId, Then},
    protocol::Protocol,
    replay::Site,
    scenario::{self, Faults, Scenario},
    state::State,
    world::{Step, Successor, World},
};

/// A place in the sources that calls the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSite {
    /// The file, as the compiler was given it.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
}

impl From<Site> for CallSite {
    fn from(site: Site) -> Self {
        Self { file: site.file().replace('\\', "/"), line: site.line(), column: site.column() }
    }
}

/// As editors open it.
impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What a line asked and was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// What it asks, by the name of the method.
    pub call: &'static str,
    /// The answers that came, each in how many steps.
    pub came: BTreeMap<Seen, usize>,
    /// The answers that the docs of the call allow, in the worlds that it was made in.
    pub possible: BTreeSet<Seen>,
}

impl Answers {
    /// Those that are possible and never came.
    pub fn gaps(&self) -> impl Iterator<Item = Seen> {
        self.possible.iter().filter(|seen| !self.came.contains_key(seen)).copied()
    }
}

/// All call sites of some scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// What was reached.
    pub reached: BTreeMap<CallSite, Answers>,
    /// What never was, each with an answer that would have led there, and where that never came.
    pub unreached: BTreeMap<CallSite, (CallSite, Seen)>,
    /// How many states were seen.
    pub states: usize,
    /// The scenarios of which not all was seen, each with the limit that it came to.
    pub incomplete: Vec<(Scenario, String)>,
}

impl Sites {
    /// These and those of another scenario: what is reached in one of them is reached.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for (site, answers) in other.reached {
            let known = self.reached.entry(site).or_default();
            known.call = answers.call;
            known.possible.extend(answers.possible);
            for (seen, steps) in answers.came {
                *known.came.entry(seen).or_default() += steps;
            }
        }
        self.unreached.extend(other.unreached);
        let Self { reached, unreached, .. } = &mut self;
        unreached.retain(|site, (from, seen)| {
            let came = reached.get(from).is_some_and(|answers| answers.came.contains_key(seen));
            !reached.contains_key(site) && !came
        });
        self.states += other.states;
        self.incomplete.extend(other.incomplete);
        self
    }
}

/// Scenarios small enough for all of them to be gone through in seconds: each shipped algorithm with two clients, once
/// with a crash and what else its world has, and once with a call that fails.
#[must_use]
pub fn scenarios() -> Vec<(Entry, Scenario)> {
    let bounds = |entry: Entry| {
        let scenario = entry.scenario();
        let crash = Faults { crashes: 1, ..entry.home().default_faults() };
        [crash, Faults { errors: 1, ..Faults::NONE }].map(|faults| (entry, Scenario { faults, ..scenario.clone() }))
    };
    let has_few_histories = |entry: &Entry| !TOO_MANY_HISTORIES.iter().any(|name| entry.name.starts_with(name));
    ALGORITHMS.into_iter().filter(has_few_histories).flat_map(bounds).collect()
}

/// Those whose histories cannot be kept apart in some seconds; they have to be asked for by name.
const TOO_MANY_HISTORIES: [&str; 5] = ["fast_lock+grace", "fast_lock+lease", "fast_lock+fence", "fair_", "rw_lock"];

/// So many states are seen between two looks at whether to go on.
const STATES_UNSEEN: usize = 1 << 12;

/// Goes through all behaviours of `scenario`, up to so many states, for as long as `observe`, which is told how many were
/// seen, lets it.
///
/// ```
/// use std::ops::ControlFlow;
/// use lockwright_sim::{catalogue, scenario::Scenario, sites};
///
/// let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
/// let scenario = Scenario::new("fast_lock", 1, 0);
/// let sites = sites::cover(entry.protocol(), &scenario, 10_000, &mut |_| ControlFlow::Continue(()));
/// let moves = sites.reached.values().find(|answers| answers.call == "rename").expect("MOVE is one");
/// assert!(moves.gaps().any(|seen| seen.to_string() == "NotEmpty"), "nobody else has the lock");
/// ```
pub fn cover(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    states_max: usize,
    observe: &mut dyn FnMut(usize) -> ControlFlow<String>,
) -> Sites {
    let mut covering = Covering { world: World::new(protocol, scenario), steps: FxHashMap::default() };
    let mut seen: FxHashSet<Box<[u16]>> = FxHashSet::default();
    let (mut waiting, mut reason) = (VecDeque::new(), None);
    let (mut numbers, mut successors) = (Vec::new(), Vec::new());
    waiting.push_back(covering.world.initial());
    while let Some(state) = waiting.pop_front() {
        covering.world.successors(&state, &mut successors);
        for successor in successors.drain(..) {
            covering.note(&state, &successor);
            successor.state.encode(&mut numbers);
            if !seen.contains(&numbers[..]) {
                seen.insert(numbers.clone().into_boxed_slice());
                waiting.push_back(successor.state);
            }
        }
        if seen.len() > states_max {
            reason = Some(format!("more than {states_max} states"));
        } else if seen.len().is_multiple_of(STATES_UNSEEN)
            && let ControlFlow::Break(why) = observe(seen.len())
        {
            reason = Some(why);
        }
        if reason.is_some() {
            break;
        }
    }
    let (states, incomplete) = (seen.len(), reason.map(|reason| (scenario.clone(), reason)).into_iter().collect());
    covering.sites(states, incomplete)
}

/// A search under way.
struct Covering<'a> {
    world: World<'a>,
    /// By history and kind of answer, in how many steps.
    steps: FxHashMap<(NodeId, Seen), usize>,
}

/// So many histories are tried where a call never had an answer.
const TRIED_MAX: usize = 256;

impl Covering<'_> {
    fn note(&mut self, before: &State, successor: &Successor) {
        let Successor { ref step, error, .. } = *successor;
        let history = |client: u8| before.processes[usize::from(client)].history;
        let seen = match step {
            Step::Call { reply, .. } | Step::Odd { reply, .. } => Seen::of(self.world.histories.reply(*reply), error),
            Step::Fail { took_effect, .. } => match (error, took_effect) {
                (Some(error), false) => Seen::Failed(error),
                (Some(error), true) => Seen::FailedWithEffect(error),
                (None, _) => return,
            },
            Step::Crash { .. } | Step::Cut { .. } | Step::Reboot { .. } => {
                for client in step.killed(self.world.scenario.clients) {
                    *self.steps.entry((history(client), Seen::Killed)).or_default() += 1;
                }
                return;
            }
            _ => return,
        };
        if let Some(client) = step.client() {
            *self.steps.entry((history(client), seen)).or_default() += 1;
        }
    }

    fn sites(mut self, states: usize, incomplete: Vec<(Scenario, String)>) -> Sites {
        let mut reached: BTreeMap<CallSite, Answers> = BTreeMap::new();
        let mut histories: BTreeMap<CallSite, BTreeSet<NodeId>> = BTreeMap::new();
        for (&(history, seen), steps) in &self.steps {
            let (Some(site), &Then::Asks(request)) = (self.site(history), self.world.histories.then(history)) else {
                continue;
            };
            let request = self.world.histories.request(request);
            let answers = reached.entry(site.clone()).or_default();
            answers.call = answers::method(request);
            answers.possible.extend(answers::possible(request, self.world.scenario));
            *answers.came.entry(seen).or_default() += steps;
            histories.entry(site).or_default().insert(history);
        }
        let unreached = self.unreached(&reached, &histories);
        Sites { reached, unreached, states, incomplete }
    }

    fn site(&self, history: NodeId) -> Option<CallSite> {
        self.world.histories.site(history).map(CallSite::from)
    }

    /// The lines that come when gaps are answered all the same, and what comes after these.
    fn unreached(
        &mut self,
        reached: &BTreeMap<CallSite, Answers>,
        histories: &BTreeMap<CallSite, BTreeSet<NodeId>>,
    ) -> BTreeMap<CallSite, (CallSite, Seen)> {
        let mut unreached: BTreeMap<CallSite, (CallSite, Seen)> = BTreeMap::new();
        let mut waiting: VecDeque<(NodeId, Seen)> = VecDeque::new();
        for (site, answers) in reached {
            let histories = histories.get(site).into_iter().flatten().take(TRIED_MAX);
            waiting.extend(histories.flat_map(|history| answers.gaps().map(move |seen| (*history, seen))));
        }
        while let Some((history, seen)) = waiting.pop_front() {
            for next in self.answered(history, seen) {
                let Some((site, from)) = self.site(next).zip(self.site(history)) else { continue };
                if reached.contains_key(&site) || unreached.contains_key(&site) {
                    continue;
                }
                unreached.insert(site, (from, seen));
                if let Then::Asks(request) = *self.world.histories.then(next) {
                    let possible = answers::possible(self.world.histories.request(request), self.world.scenario);
                    waiting.extend(possible.into_iter().map(|seen| (next, seen)));
                }
            }
        }
        unreached
    }

    /// What an attempt comes to when it is answered so, whether the world would or not.
    fn answered(&mut self, history: NodeId, seen: Seen) -> Vec<NodeId> {
        let Then::Asks(request) = *self.world.histories.then(history) else { return Vec::new() };
        let root = self.world.histories.root_of(history);
        let own = scenario::id(root.client, root.incarnation);
        let replies = answers::replies(self.world.histories.request(request), seen, &own);
        let mut next = Vec::new();
        for reply in replies {
            let reply = self.world.histories.make_reply(&reply);
            next.push(self.world.histories.make_next(self.world.protocol, history, reply));
        }
        next
    }
}
