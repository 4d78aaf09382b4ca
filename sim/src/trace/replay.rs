//! Running a trace again, over the code as it is now.

use super::{
    Code, Trace,
    run::{Run, Taken},
    seen::violates,
};
use crate::{
    protocol::{Property, Protocol},
    scenario::Scenario,
};

/// Why a trace does not run as it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// The trace was made by other code. Nothing was run.
    #[error("it was made by code {made_by}, and this is code {current}: its steps may be others now")]
    OtherCode {
        /// As the trace or the token says.
        made_by: String,
        /// The code that runs here.
        current: String,
    },
    /// There is no such world. Nothing was run.
    #[error("{0} clients are none that can be run")]
    Clients(u8),
    /// A step did something else than the trace says.
    #[error("diverged at step {step}:\n  expected  {expected}\n  got       {got}")]
    Step {
        /// Counted from 1.
        step: usize,
        /// The trace's line.
        expected: String,
        /// What the step did now, or that there is none.
        got: String,
    },
    /// The steps are as written, and do not lead back to where their loop begins.
    #[error("ran to its end as written, and is not there where step {step} began: it does not go on for ever")]
    NoLoop {
        /// The first step of the loop, counted from 1.
        step: usize,
    },
    /// The steps are as written, and at their end the property holds.
    #[error("ran to its end as written, and there {property} is not violated")]
    NotViolated {
        /// The property that the trace should break.
        property: Property,
    },
    /// A token's steps can be taken, and at their end every property holds.
    #[error("ran to its end, and there nothing is violated")]
    NothingViolated,
}

/// A trace that ran as it is written.
#[derive(Debug)]
pub(super) struct Rerun<'a> {
    pub(super) run: Run<'a>,
    pub(super) taken: Vec<Taken>,
}

impl Trace {
    /// Runs the trace again, over `protocol` as it is now, step by step. One with a loop is run through it once, which
    /// has to lead back to where it began, be fair to all, and serve nobody whom the property is about.
    ///
    /// # Errors
    ///
    /// [`Divergence::OtherCode`] when the trace names code that is not [`Code::CURRENT`]; otherwise at the first step
    /// that is not as written, or when at the end the property is not broken.
    pub fn replay(&self, protocol: &dyn Protocol) -> Result<(), Divergence> {
        self.rerun(protocol).map(|_| ())
    }

    /// Runs the trace again although other code made it, and finds each step by what it is rather than by its place
    /// among the possible ones.
    ///
    /// # Errors
    ///
    /// [`Divergence`], but not for the code.
    ///
    /// ```
    /// use lockwright_sim::{Divergence, Limits, Verdict, catalogue, check};
    ///
    /// let entry = catalogue::find("dotlock.empty_is_live").expect("it is in the catalogue");
    /// let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
    /// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
    /// let mut trace = violation.trace.expect("a run shows it");
    ///
    /// trace.code = "00000000c0ffee00".parse().ok();
    /// assert!(matches!(trace.replay(entry.protocol()), Err(Divergence::OtherCode { .. })));
    /// assert_eq!(trace.replay_anyway(entry.protocol()), Ok(()));
    /// ```
    pub fn replay_anyway(&self, protocol: &dyn Protocol) -> Result<(), Divergence> {
        let choose = |run: &mut Run<'_>, step: usize| {
            let step = &self.steps[step];
            run.choice_of(&step.text).unwrap_or(step.choice)
        };
        self.walk(protocol, choose).map(|_| ())
    }

    pub(super) fn rerun<'a>(&'a self, protocol: &'a dyn Protocol) -> Result<Rerun<'a>, Divergence> {
        if let Some(made_by) = self.code.filter(|code| *code != Code::CURRENT) {
            return Err(other_code(&made_by, &Code::CURRENT));
        }
        self.walk(protocol, |_, step| self.steps[step].choice)
    }

    fn walk<'a>(
        &'a self,
        protocol: &'a dyn Protocol,
        choose: impl Fn(&mut Run<'_>, usize) -> u16,
    ) -> Result<Rerun<'a>, Divergence> {
        can_be_run(&self.scenario)?;
        let mut run = Run::new(protocol, &self.scenario);
        let mut taken = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let choice = choose(&mut run, at);
            let done = run.step(choice);
            let got = done.as_ref().map_or("(no such step)", |done| &done.text);
            if got != step.text {
                return Err(Divergence::Step { step: at + 1, expected: step.text.clone(), got: got.into() });
            }
            taken.extend(done);
        }
        let is_broken = match self.loop_from {
            None => violates(&mut run.world, &run.state, self.property),
            Some(from) if !closes(&mut run, &taken, from) => return Err(Divergence::NoLoop { step: from + 1 }),
            Some(from) => run.round(&taken, from).breaks(self.property),
        };
        if !is_broken {
            return Err(Divergence::NotViolated { property: self.property });
        }
        Ok(Rerun { run, taken })
    }
}

/// True when there are steps from `from` on, and they lead back to where they begin.
fn closes(run: &mut Run<'_>, taken: &[Taken], from: usize) -> bool {
    let begin = match from.checked_sub(1) {
        Some(before) => taken.get(before).map(|taken| taken.state.clone()),
        None => Some(run.world.initial()),
    };
    from < taken.len() && begin.as_ref() == taken.last().map(|taken| &taken.state)
}

pub(super) fn other_code(made_by: &impl ToString, current: &impl ToString) -> Divergence {
    Divergence::OtherCode { made_by: made_by.to_string(), current: current.to_string() }
}

/// A text may name more clients than have names, or none.
pub(super) fn can_be_run(scenario: &Scenario) -> Result<(), Divergence> {
    if (1..=Scenario::CLIENTS_MAX).contains(&scenario.clients) {
        return Ok(());
    }
    Err(Divergence::Clients(scenario.clients))
}
