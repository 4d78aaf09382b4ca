//! Traces: one run of a scenario, written so that a person can read it and the checker can run it again.
//!
//! ```text
//! lockwright trace 1
//! code 6f1b0c9a54e07d23
//! scenario fast_lock.no_look clients=2 crashes=0 walk=split
//! violates mutual exclusion
//! because A1 and B1 hold the lock
//!
//!    1.0  A1  mkdir("lock") = 0                                   + lock/
//!    2.1  B1  mkdir("lock") = -1 EEXIST
//! ```
//!
//! Each step has its number, and after the dot which of the possible successors it was; then who, the call and its
//! answer in the shape of strace, and the entries that changed. A run that goes on for ever says `and then, for ever:`
//! before the steps that come again and again. Lines that begin with `#` are remarks.
//!
//! # What can be done with one
//!
//! It is run again ([`Trace::replay`]), made shorter ([`Trace::shrink`]), asked which of its faults and switches it
//! needs ([`Trace::marks`]), and handed on: as one line ([`Trace::token`]), as a test ([`Trace::to_test`]), to the
//! viewers of other checkers ([`Trace::to_itf`]) and to a shell ([`Trace::to_script`]).
//!
//! # Inside
//!
//! `run` takes steps, `event` says what a step was and `spell` how it is written; `text` and `token` write whole runs.

mod base32;
mod code;
mod event;
mod itf;
mod marks;
mod replay;
mod round;
mod run;
mod script;
mod seen;
mod shrink;
mod spell;
mod stub;
mod text;
mod token;

pub use code::{Code, ShortCode};
pub use event::Fault;
pub use marks::{FaultMark, Marks, Need, SwitchMark};
pub use replay::Divergence;
pub use script::ScriptError;
pub use shrink::{Effort, Shrunk};
pub use text::TraceError;
pub use token::{Token, TokenError};

use crate::{
    protocol::{Property, Protocol},
    scenario::Scenario,
};
use run::{Run, Taken};

/// A run of a scenario that breaks a property.
///
/// ```
/// use lockwright_sim::{Limits, Trace, Verdict, catalogue, check};
///
/// let entry = catalogue::find("dotlock.empty_is_live").expect("it is in the catalogue");
/// let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
/// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
/// let trace = violation.trace.expect("a run shows it");
///
/// let read: Trace = trace.to_string().parse()?;
/// assert_eq!(read, trace);
/// assert_eq!(read.replay(entry.protocol()), Ok(()));
/// # Ok::<(), lockwright_sim::TraceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The code that it was made by. `None` for a trace that is kept while the code goes on; its text then has no such
    /// line, and what it is worth shows when it is run.
    pub code: Option<Code>,
    /// What was explored.
    pub scenario: Scenario,
    /// The property that the run breaks.
    pub property: Property,
    /// What was seen at its end.
    pub what: String,
    /// The run.
    pub steps: Vec<TraceStep>,
    /// For a run without an end: the steps from this index on come again and again.
    pub loop_from: Option<usize>,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Which of the successors of the state before.
    pub choice: u16,
    /// What happened, in one line.
    pub text: String,
}

impl Trace {
    /// Writes down the run that `choices` lead through. Where its last state says by itself what is wrong, that is
    /// told, so that whoever runs it again says the same; otherwise `what`.
    pub(crate) fn record(
        protocol: &dyn Protocol,
        scenario: &Scenario,
        property: Property,
        what: &str,
        choices: &[u16],
    ) -> Self {
        let mut run = Run::new(protocol, scenario);
        let steps = choices.iter().filter_map(|&choice| Some(TraceStep { choice, text: run.step(choice)?.text }));
        let steps = steps.collect();
        let what = seen::words(&mut run.world, &run.state, property).unwrap_or_else(|| what.into());
        let code = Some(Code::CURRENT);
        Self { code, scenario: scenario.clone(), property, what, steps, loop_from: None }
    }

    /// Writes down the run that goes round for ever from the step `loop_from` on, with a word on who runs there and who
    /// is served.
    pub(crate) fn record_loop(
        protocol: &dyn Protocol,
        scenario: &Scenario,
        property: Property,
        choices: &[u16],
        loop_from: usize,
    ) -> Self {
        let mut run = Run::new(protocol, scenario);
        let taken: Vec<Taken> = choices.iter().filter_map(|&choice| run.step(choice)).collect();
        let what = run.round(&taken, loop_from).words(property);
        let steps = choices.iter().zip(taken).map(|(&choice, taken)| TraceStep { choice, text: taken.text });
        let (code, scenario) = (Some(Code::CURRENT), scenario.clone());
        Self { code, scenario, property, what, steps: steps.collect(), loop_from: Some(loop_from) }
    }

    fn choices(&self) -> impl Iterator<Item = u16> + '_ {
        self.steps.iter().map(|step| step.choice)
    }
}
