//! Traces: one run of a scenario, written so that a person can read it and the checker can run it again.
//!
//! ```text
//! lockwright trace 1
//! scenario fast_lock.no_look clients=2 crashes=0 walk=split
//! violates mutual exclusion
//! because A1 and B1 hold the lock
//!
//!    1.0  A1  mkdir("lock") = 0                                   + lock/
//!    2.1  B1  mkdir("lock") = -1 EEXIST
//! ```
//!
//! Each step has its number, and after the dot which of the possible successors it was; then who, the call and its
//! answer in the shape of strace, and the entries that changed.

use std::{fmt, num::ParseIntError, str::FromStr};

use lockwright_kernel::fs::FsError;

use crate::{
    explore,
    history::Then,
    names::DEAD,
    protocol::{Property, Protocol},
    replay::{Reply, Request},
    scenario::{self, Scenario, ScenarioError},
    state::{InCall, State},
    world::{Step, Successor, World},
};

const HEADER: &str = "lockwright trace 1";

/// A run of a scenario that breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What was explored.
    pub scenario: Scenario,
    /// The property that the run breaks.
    pub property: Property,
    /// What was seen at its end.
    pub what: String,
    /// The run.
    pub steps: Vec<TraceStep>,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Which of the successors of the state before.
    pub choice: u16,
    /// What happened, in one line.
    pub text: String,
}

/// Why a trace does not run as it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// A step did something else than the trace says.
    #[error("diverged at step {step}: the trace says\n  {expected}\nand the code does\n  {got}")]
    Step {
        /// Counted from 1.
        step: usize,
        /// The trace's line.
        expected: String,
        /// What the step did now, or that there is none.
        got: String,
    },
    /// The steps are as written, and at their end the property holds.
    #[error("ran to its end as written, and there {property} is not violated")]
    NotViolated {
        /// The property that the trace should break.
        property: Property,
    },
}

/// Why a text is no [`Trace`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The first line is another one.
    #[error("not a trace: its first line is not `{HEADER}`")]
    Header,
    /// A line of the head is missing.
    #[error("the line that begins with `{0}` is missing")]
    Missing(&'static str),
    /// The scenario cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No property has this name.
    #[error("there is no property `{0}`")]
    Property(String),
    /// A step does not begin with `STEP.CHOICE`, counted from 1.
    #[error("line {line} is no step: {text}")]
    Step {
        /// Counted from 1.
        line: usize,
        /// The line.
        text: String,
    },
}

impl Trace {
    pub(crate) fn record(
        protocol: &dyn Protocol,
        scenario: &Scenario,
        property: Property,
        what: &str,
        choices: &[u16],
    ) -> Self {
        let mut run = Run::new(World::new(protocol, scenario));
        let steps = choices.iter().filter_map(|&choice| Some(TraceStep { choice, text: run.step(choice)? }));
        let steps = steps.collect();
        Self { scenario: scenario.clone(), property, what: what.into(), steps }
    }

    /// Runs the trace again, over `protocol` as it is now, step by step.
    ///
    /// # Errors
    ///
    /// [`Divergence`] at the first step that is not as written, or when the property is not broken at the end.
    pub fn replay(&self, protocol: &dyn Protocol) -> Result<(), Divergence> {
        let mut run = Run::new(World::new(protocol, &self.scenario));
        for (step, expected) in (1..).zip(&self.steps) {
            let got = run.step(expected.choice).unwrap_or_else(|| "(no such step)".into());
            if got != expected.text {
                return Err(Divergence::Step { step, expected: expected.text.clone(), got });
            }
        }
        if explore::bfs::violates(&mut run.world, &run.state, self.property) {
            return Ok(());
        }
        Err(Divergence::NotViolated { property: self.property })
    }
}

/// A run under way.
struct Run<'a> {
    world: World<'a>,
    state: State,
}

impl<'a> Run<'a> {
    fn new(mut world: World<'a>) -> Self {
        let state = world.initial();
        Self { world, state }
    }

    /// Takes a step and says what it was; `None` when there is no such choice.
    fn step(&mut self, choice: u16) -> Option<String> {
        let mut successors = Vec::new();
        self.world.successors(&self.state, &mut successors);
        let taken = successors.into_iter().nth(choice.into())?;
        let before = self.world.spell_tree(&self.state);
        let event = self.event(&taken);
        let after = self.world.spell_tree(&taken.state);
        let walked: String = taken.walked.iter().map(|&other| self.walked(other)).collect();
        self.state = taken.state;
        let changes: Vec<String> = changes(&before, &after).collect();
        Some(format!("{event:<72} {}{walked}", changes.join(" ")).trim_end().to_owned())
    }

    fn event(&self, taken: &Successor) -> String {
        let (&Step::Call { client, .. } | &Step::Begin { client } | &Step::Crash { client }) = &taken.step;
        let process = &self.state.processes[usize::from(client)];
        let id = scenario::id(client, process.incarnation);
        let Then::Asks(request) = *self.world.histories.then(process.history) else {
            return format!("{id}  makes no call");
        };
        let request = self.world.histories.request(request);
        match taken.step {
            Step::Crash { .. } => format!("{id}  +++ killed by SIGKILL +++"),
            Step::Begin { .. } => format!("{id}  {} begins", shape(request)),
            Step::Call { reply, .. } => {
                let answer = match taken.error {
                    Some(error) => format!("-1 {}", errno(error)),
                    None => answer(self.world.histories.reply(reply)),
                };
                format!("{id}  {}{} = {answer}", shape(request), self.elsewhere(&process.call))
            }
        }
    }

    /// Where a call takes effect whose walk took hold of a directory that was moved since.
    fn elsewhere(&self, call: &InCall) -> String {
        let InCall::Walked(places) = call else { return String::new() };
        match places[0].path {
            DEAD => " in a directory that is gone".into(),
            path => format!(" in what is now \"{}\"", self.world.names.spell(path)),
        }
    }

    fn walked(&self, other: u8) -> String {
        let process = &self.state.processes[usize::from(other)];
        let id = scenario::id(other, process.incarnation);
        match *self.world.histories.then(process.history) {
            Then::Asks(request) => {
                let request = self.world.histories.request(request);
                format!("   ! {id} had walked into it for its {}", shape(request))
            }
            _ => String::new(),
        }
    }
}

/// The entries that went and those that came.
fn changes<'a>(before: &'a [String], after: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let went = before.iter().filter(|entry| !after.contains(entry)).map(|entry| format!("- {entry}"));
    let came = after.iter().filter(|entry| !before.contains(entry)).map(|entry| format!("+ {entry}"));
    went.chain(came)
}

fn shape(request: &Request) -> String {
    match request {
        Request::Fs(call) => call.to_string(),
        Request::Liveness(id) => format!("kill({id}, 0)"),
        Request::Below(bound) => format!("random({bound})"),
        Request::Now => "clock_gettime()".into(),
    }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Fs(Ok(value)) => value.to_string(),
        Reply::Fs(Err(error)) => format!("-1 {}", errno(*error)),
        Reply::Liveness(liveness) => format!("{liveness:?}"),
        Reply::Below(number) => number.to_string(),
    }
}

/// The name by which strace and the manuals know an error.
fn errno(error: FsError) -> &'static str {
    match error {
        FsError::NotFound => "ENOENT",
        FsError::AlreadyExists => "EEXIST",
        FsError::NotEmpty => "ENOTEMPTY",
        FsError::NotADirectory => "ENOTDIR",
        FsError::IsADirectory => "EISDIR",
        FsError::SymbolicLink => "ELOOP",
        FsError::SpecialFile => "ENXIO",
        FsError::IntoItself => "EINVAL",
        FsError::PermissionDenied => "EACCES",
        FsError::ReadOnly => "EROFS",
        FsError::NoSpace => "ENOSPC",
        FsError::Exhausted => "EMFILE",
        FsError::NameTooLong => "ENAMETOOLONG",
        FsError::ForeignName => "EILSEQ",
        FsError::TooLarge => "EFBIG",
        FsError::Stale => "ESTALE",
        FsError::Unsupported => "ENOTSUP",
        FsError::Io => "EIO",
        FsError::Halted => "(halted)",
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, property, what, steps } = self;
        writeln!(f, "{HEADER}\nscenario {scenario}\nviolates {property}\nbecause {what}\n")?;
        for (number, step) in (1..).zip(steps) {
            let place = format!("{number}.{}", step.choice);
            writeln!(f, "{place:>7}  {}", step.text)?;
        }
        Ok(())
    }
}

impl FromStr for Trace {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let mut lines = (1..).zip(text.lines());
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(TraceError::Header);
        }
        let mut head = |key: &'static str| {
            let (_, line) = lines.next().ok_or(TraceError::Missing(key))?;
            line.strip_prefix(key).and_then(|rest| rest.strip_prefix(' ')).ok_or(TraceError::Missing(key))
        };
        let scenario = head("scenario")?.parse()?;
        let property = head("violates")?;
        let what = head("because")?.to_owned();
        let property = Property::ALL
            .into_iter()
            .find(|known| known.name() == property)
            .ok_or_else(|| TraceError::Property(property.into()))?;
        let mut steps = Vec::new();
        for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
            let choice = choice(text, steps.len() + 1);
            let step = choice.map_err(|_| TraceError::Step { line, text: text.into() })?;
            steps.push(step);
        }
        Ok(Self { scenario, property, what, steps })
    }
}

fn choice(line: &str, number: usize) -> Result<TraceStep, Option<ParseIntError>> {
    let (place, text) = line.trim().split_once("  ").ok_or(None)?;
    let (step, choice) = place.split_once('.').ok_or(None)?;
    if step.parse::<usize>()? != number {
        return Err(None);
    }
    Ok(TraceStep { choice: choice.parse()?, text: text.to_owned() })
}
