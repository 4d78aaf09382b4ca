//! A scenario unfolded: the states it comes to, one by one, and each step between them in plain words.
//!
//! For those who compare the code with something that is no code, such as a specification. Nothing is merged, joined or
//! renamed on the way: one step is one call of one client, or one half of a call that takes two.
//!
//! ```
//! use lockwright_sim::{catalogue, scenario::Scenario, unfold::Unfolding};
//!
//! let protocol = catalogue::find("fast_lock").expect("it is in the catalogue").protocol();
//! let alone = Unfolding::of(protocol, &Scenario::new("fast_lock", 1, 0), 1000).expect("it is small");
//! let first = &alone.steps[0];
//! assert_eq!((first.call.as_str(), first.paths[0].to_string().as_str()), ("any", "lock/owner"));
//! assert_eq!(first.answer, "NotFound");
//! ```

use std::collections::hash_map::Entry;

use lockwright_kernel::{
    fs::call::{Answer, Call, Value},
    path::{Name, Path},
};
use rustc_hash::FxHashMap;

use crate::{
    Divergence, Trace,
    history::Then,
    protocol::Protocol,
    replay::{Reply, Request},
    scenario::{self, Scenario},
    state::State,
    world::{Step, Successor, World},
};

/// States, and the steps between them.
#[derive(Clone, Debug, Default)]
pub struct Unfolding {
    /// The states; the first is the one at the beginning.
    pub states: Vec<UnfoldedState>,
    /// The steps, those of the first state first.
    pub steps: Vec<UnfoldedStep>,
}

/// One state, as far as others than the code can know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedState {
    /// The entries on disk, sorted: a directory's with a `/` at the end, a file's with its contents, if there are any.
    pub tree: Vec<String>,
    /// Each client's present process.
    pub processes: Vec<UnfoldedProcess>,
}

/// Where a client's present process stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedProcess {
    /// Its id.
    pub id: String,
    /// It is in its critical section.
    pub holds: bool,
    /// It is between two attempts, and wants nothing.
    pub is_idle: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoldedStep {
    /// The index of the state before.
    pub from: usize,
    /// The index of the state after.
    pub to: usize,
    /// The process whose step it is; none for what befalls all of them.
    pub who: Option<String>,
    /// What sort of step.
    pub deed: Deed,
    /// The method of [`Fs`](lockwright_kernel::fs::Fs), or of the other traits an algorithm meets the world by, that the
    /// process calls in this step or has begun to.
    pub call: String,
    /// The arguments that are paths, or an id as a path of one name.
    pub paths: Vec<Path>,
    /// What it was answered: `ok`, `true`, `none`, a name, names with blanks between, or an error's name.
    pub answer: String,
    /// The names of entries that it was answered.
    pub saw: Vec<String>,
    /// The other processes whose next calls had walked into the directory that this step moved or replaced.
    pub walked: Vec<String>,
    /// What an attempt said that ended with this step.
    pub said: Option<&'static str>,
    /// The call itself, with what a file is to contain, where it is one on the file system.
    pub asked: Option<Call>,
    /// What it was answered.
    pub told: Option<Answer>,
    /// The calls that a server had executed when it restarted, in this order, and whose they are.
    pub executed: Vec<(String, Call)>,
}

/// What sort of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// A call took effect and was answered.
    Call,
    /// A call of two steps has begun.
    Begin,
    /// The process was killed.
    Crash,
    /// A call was executed, its reply lost, and it is sent again.
    Replay,
    /// A call is sent, and a copy of it.
    Double,
    /// The copy of a call was executed.
    Late,
    /// A server restarted, which knows no reply again.
    Restart,
    /// Something else went wrong.
    Other,
}

impl Deed {
    /// The sort in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Begin => "begin",
            Self::Crash => "crash",
            Self::Replay => "replay",
            Self::Double => "double",
            Self::Late => "late",
            Self::Restart => "restart",
            Self::Other => "other",
        }
    }

    const fn of(step: &Step) -> Self {
        match step {
            Step::Call { .. } => Self::Call,
            Step::Begin { .. } => Self::Begin,
            Step::Crash { .. } => Self::Crash,
            Step::Replay { .. } => Self::Replay,
            Step::Double { .. } => Self::Double,
            Step::Late(_) => Self::Late,
            Step::Restart { .. } => Self::Restart,
            _ => Self::Other,
        }
    }
}

impl Unfolding {
    /// All states of a scenario and all steps between them; none where there are more than `states_max`.
    #[must_use]
    pub fn of(protocol: &dyn Protocol, scenario: &Scenario, states_max: usize) -> Option<Self> {
        let mut world = World::new(protocol, scenario);
        let mut found = Found::default();
        let mut next = Vec::new();
        let initial = world.initial();
        found.index(&world, initial);
        let mut from = 0;
        while let Some(before) = found.states.get(from).cloned() {
            world.successors(&before, &mut next);
            for successor in next.drain(..) {
                let step = describe(&world, &before, &successor);
                let to = found.index(&world, successor.state);
                found.unfolding.steps.push(UnfoldedStep { from, to, ..step });
            }
            if found.states.len() > states_max {
                return None;
            }
            from += 1;
        }
        Some(found.unfolding)
    }

    /// One run of a scenario: the step after each state is the one that `choose` picks by its index, being told of which
    /// sort each is. It ends after `steps_max`, or where there is no further step.
    pub fn of_run(
        protocol: &dyn Protocol,
        scenario: &Scenario,
        steps_max: usize,
        mut choose: impl FnMut(&[Deed]) -> usize,
    ) -> Self {
        let mut world = World::new(protocol, scenario);
        let mut unfolding = Self::default();
        let mut before = world.initial();
        let mut next = Vec::new();
        unfolding.states.push(show(&world, &before));
        for from in 0..steps_max {
            world.successors(&before, &mut next);
            if next.is_empty() {
                break;
            }
            let deeds: Vec<Deed> = next.iter().map(|next| Deed::of(&next.step)).collect();
            let choice = choose(&deeds).min(next.len() - 1);
            let successor = next.swap_remove(choice);
            let step = describe(&world, &before, &successor);
            unfolding.steps.push(UnfoldedStep { from, to: from + 1, ..step });
            before = successor.state;
            unfolding.states.push(show(&world, &before));
        }
        unfolding
    }
}

impl Trace {
    /// The run, step by step.
    ///
    /// # Errors
    ///
    /// [`Divergence`], when the trace does not run as it is written.
    pub fn unfold(&self, protocol: &dyn Protocol) -> Result<Unfolding, Divergence> {
        self.replay(protocol)?;
        let mut choices = self.steps.iter().map(|step| usize::from(step.choice));
        let choose = |_: &[Deed]| choices.next().unwrap_or_default();
        Ok(Unfolding::of_run(protocol, &self.scenario, self.steps.len(), choose))
    }
}

#[derive(Default)]
struct Found {
    known: FxHashMap<Vec<u16>, usize>,
    states: Vec<State>,
    unfolding: Unfolding,
}

impl Found {
    fn index(&mut self, world: &World<'_>, state: State) -> usize {
        let mut numbers = Vec::new();
        state.encode(&mut numbers);
        match self.known.entry(numbers) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let index = *new.insert(self.states.len());
                self.unfolding.states.push(show(world, &state));
                self.states.push(state);
                index
            }
        }
    }
}

fn show(world: &World<'_>, state: &State) -> UnfoldedState {
    let processes = (0..).zip(&state.processes).map(|(client, process)| UnfoldedProcess {
        id: scenario::id(client, process.incarnation).to_string(),
        holds: world.in_critical_section(process),
        is_idle: world.is_idle(process),
    });
    UnfoldedState { tree: world.spell_tree(state), processes: processes.collect() }
}

/// The step, without where it begins and ends.
fn describe(world: &World<'_>, before: &State, taken: &Successor) -> UnfoldedStep {
    let name = |client: u8| scenario::id(client, before.processes[usize::from(client)].incarnation).to_string();
    let client = taken.step.client();
    let asked = client.map(|client| world.histories.then(before.processes[usize::from(client)].history));
    let (call, paths) = match asked {
        Some(&Then::Asks(request)) => call_of(world.histories.request(request)),
        _ => Default::default(),
    };
    let deed = Deed::of(&taken.step);
    let reply = taken.step.reply().map(|reply| world.histories.reply(reply));
    let answer = reply.map(answer_of).unwrap_or_default();
    let saw = reply.map(names_in).unwrap_or_default();
    let walked = taken.walked.iter().map(|&other| name(other)).collect();
    let fs_call = |client: u8| match world.histories.then(before.processes[usize::from(client)].history) {
        &Then::Asks(request) => match world.histories.request(request) {
            Request::Fs(call) => Some(call.clone()),
            _ => None,
        },
        _ => None,
    };
    let told = match reply {
        Some(Reply::Fs(answer)) => Some(answer.clone()),
        _ => None,
    };
    let executed = match &taken.step {
        Step::Restart { executed } => {
            executed.iter().filter_map(|&other| Some((name(other), fs_call(other)?))).collect()
        }
        _ => Vec::new(),
    };
    let (who, asked, said) = (client.map(name), client.and_then(fs_call), taken.said);
    UnfoldedStep { from: 0, to: 0, who, deed, call, paths, answer, saw, walked, said, asked, told, executed }
}

fn call_of(request: &Request) -> (String, Vec<Path>) {
    let call = match request {
        Request::Fs(call) => call,
        Request::Liveness(id) => return ("liveness".into(), vec![id.name().clone().into()]),
        Request::Below(_) => return ("below".into(), Vec::new()),
        Request::Now => return ("now".into(), Vec::new()),
        Request::Watch(dir) => return ("watch".into(), vec![dir.clone()]),
        Request::Wait { .. } => return ("wait".into(), Vec::new()),
        Request::Pause(_) => return ("pause".into(), Vec::new()),
        other => return (format!("{other:?}"), Vec::new()),
    };
    let (name, paths) = match call {
        Call::CreateDir(path) => ("create_dir", vec![path]),
        Call::CreateFile(path, _) => ("create_file", vec![path]),
        Call::RemoveFile(path) => ("remove_file", vec![path]),
        Call::RemoveDir(path) => ("remove_dir", vec![path]),
        Call::Rename(from, to) => ("rename", vec![from, to]),
        Call::List(path) => ("list", vec![path]),
        Call::Read(path) => ("read", vec![path]),
        Call::Touch(path) => ("touch", vec![path]),
        Call::Modified(path) => ("modified", vec![path]),
        Call::Exists(path) => ("exists", vec![path]),
        Call::Any(path) => ("any", vec![path]),
        Call::EnsureDir(path) => ("ensure_dir", vec![path]),
        Call::DiscardFile(path) => ("discard_file", vec![path]),
        Call::DiscardDir(path) => ("discard_dir", vec![path]),
        Call::PutAside(from, to) => ("put_aside", vec![from, to]),
    };
    (name.into(), paths.into_iter().cloned().collect())
}

fn answer_of(reply: &Reply) -> String {
    match reply {
        Reply::Fs(Ok(Value::Done)) => "ok".into(),
        Reply::Fs(Ok(Value::Truth(truth))) => truth.to_string(),
        Reply::Fs(Ok(Value::Name(None))) => "none".into(),
        Reply::Fs(Ok(Value::Name(Some(name)))) => name.to_string(),
        Reply::Fs(Ok(Value::Names(names))) => names.iter().map(Name::as_str).collect::<Vec<_>>().join(" "),
        Reply::Fs(Ok(Value::Contents(contents))) => contents.escape_ascii().to_string(),
        Reply::Fs(Ok(Value::Stamp(stamp))) => format!("{:?}", stamp.since_epoch()),
        Reply::Fs(Err(error)) => format!("{error:?}"),
        Reply::Liveness(liveness) => format!("{liveness:?}"),
        Reply::Below(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn names_in(reply: &Reply) -> Vec<String> {
    match reply {
        Reply::Fs(Ok(Value::Name(name))) => name.iter().map(ToString::to_string).collect(),
        Reply::Fs(Ok(Value::Names(names))) => names.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Verdict, catalogue, check};

    #[test]
    fn a_scenario_that_is_too_large_is_not_unfolded_in_part() {
        let protocol = catalogue::find("fast_lock").unwrap().protocol();
        let scenario = Scenario::new("fast_lock", 2, 0);
        let states = Unfolding::of(protocol, &scenario, 100_000).unwrap().states.len();
        assert!(Unfolding::of(protocol, &scenario, states - 1).is_none());
        assert!(Unfolding::of(protocol, &scenario, states).is_some());
    }

    #[test]
    fn every_step_leads_from_one_state_to_another_as_the_search_has_it() {
        let protocol = catalogue::find("fast_lock-dir+cleaner").unwrap().protocol();
        let scenario = Scenario::new("fast_lock-dir+cleaner", 2, 0);
        let unfolding = Unfolding::of(protocol, &scenario, 100_000).unwrap();
        let limits = Limits { merge: false, symmetry: false, partial_order: false, ..Limits::default() };
        let report = check(protocol, &scenario, limits, &mut |_| {});
        assert_eq!((unfolding.states.len(), unfolding.steps.len()), (report.states, report.transitions));
        assert!(unfolding.steps.iter().any(|step| !step.walked.is_empty()), "nobody had walked anywhere");
    }

    #[test]
    fn a_trace_unfolds_to_its_steps() {
        let entry = catalogue::find("fast_lock.clean_in_place").unwrap();
        let Verdict::Violated(found) =
            check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {}).verdict
        else {
            panic!("it is broken")
        };
        let trace = found.trace.unwrap();
        let run = trace.unfold(entry.protocol()).unwrap();
        assert_eq!(run.steps.len(), trace.steps.len());
        let late = |step: &UnfoldedStep| step.call == "rename" && !step.walked.is_empty();
        assert!(run.steps.iter().any(late), "the remover had walked into what was moved: {:?}", run.steps);
    }
}
