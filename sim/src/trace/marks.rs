//! Which of a run's faults and switches the violation needs, found by checking again without them.

use std::{collections::BTreeMap, fmt};

use super::{
    Divergence, Fault, Trace,
    event::Event,
    replay::Rerun,
    shrink::{Courses, swapped, switches},
};
use crate::{
    Limits, Verdict, Violation, check,
    protocol::{Property, Protocol},
    scenario::{Budget, Faults, Scenario, Walk},
};

/// Whether a violation needs something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Without it no violation was found, and everything was searched that is said to have been.
    Needed,
    /// There is a violation of the same property without it.
    Unneeded,
    /// The search came to no end, or to another one.
    Unknown,
}

/// The faults of one kind in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultMark {
    /// The kind.
    pub fault: Fault,
    /// The steps that have such a fault, counted from 1; one that has two is there twice.
    pub steps: Vec<usize>,
    /// Whether as many are needed.
    pub need: Need,
    /// What was searched, and what came of it.
    pub searched: String,
}

/// A change from one client's steps to another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchMark {
    /// The first step of the other client, counted from 1.
    pub step: usize,
    /// Whether the same steps break the property also when the blocks of steps around it change places.
    pub need: Need,
}

/// What a run needs and what it does not. `Display` writes remarks that can stand below a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// A mark for each kind of fault that the run has.
    pub faults: Vec<FaultMark>,
    /// A mark for each switch, in their order.
    pub switches: Vec<SwitchMark>,
}

impl Trace {
    /// Finds out which faults and switches the violation needs.
    ///
    /// For the faults of a kind, the whole scenario is searched with fewer of them than the run has, up to `states_max`
    /// states. For a switch, the same steps are run with the blocks around it exchanged; whether quite other steps
    /// could do without it is not searched; nor is it tried with a run without an end, whose loop would be another one.
    ///
    /// # Errors
    ///
    /// [`Divergence`], when the trace does not run as it is written.
    ///
    /// ```
    /// use lockwright_sim::{Fault, Limits, Need, Verdict, catalogue, check, scenario::Budget};
    ///
    /// let entry = catalogue::find("dotlock.empty_is_live").expect("it is in the catalogue");
    /// let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
    /// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
    /// let marks = violation.trace.expect("a run shows it").marks(entry.protocol(), 100_000)?;
    ///
    /// let [crash] = &marks.faults[..] else { panic!("one kind of fault: {marks}") };
    /// assert_eq!((crash.fault, &crash.steps[..], &crash.need), (Fault::Counted(Budget::Crashes), &[2][..], &Need::Needed));
    /// # Ok::<(), lockwright_sim::Divergence>(())
    /// ```
    pub fn marks(&self, protocol: &dyn Protocol, states_max: usize) -> Result<Marks, Divergence> {
        let Rerun { run, taken } = self.rerun(protocol)?;
        let events: Vec<Event> = taken.into_iter().map(|taken| taken.event).collect();
        let faults = kinds(&events).into_iter().map(|(fault, steps)| {
            let fewer = fewer(&self.scenario, fault, steps.len());
            let (need, searched) = without(protocol, (&fewer, &told(&self.scenario)), self.property, states_max);
            FaultMark { fault, steps, need, searched }
        });
        let faults = faults.collect();
        let mut courses = Courses::new(run, self.property, usize::MAX);
        let mut switch = |(number, at): (usize, usize)| {
            let need = match self.loop_from {
                None => unswitched(&mut courses, &events, number),
                Some(_) => Need::Unknown,
            };
            SwitchMark { step: at + 1, need }
        };
        let switches = switches(&events).into_iter().enumerate().map(&mut switch).collect();
        Ok(Marks { faults, switches })
    }
}

/// The kinds of faults in a run, and for each the steps that have such a fault.
fn kinds(events: &[Event]) -> BTreeMap<Fault, Vec<usize>> {
    let mut kinds: BTreeMap<Fault, Vec<usize>> = BTreeMap::new();
    for (step, event) in (1..).zip(events) {
        for &fault in &event.faults {
            kinds.entry(fault).or_default().push(step);
        }
    }
    kinds
}

/// The scenario with fewer faults of a kind than a run that has `count`. What a scenario does not count goes as a whole.
fn fewer(scenario: &Scenario, fault: Fault, count: usize) -> Scenario {
    let mut fewer = scenario.clone();
    match fault {
        Fault::Counted(budget) => *fewer.faults.of_mut(budget) = u8::try_from(count - 1).unwrap_or(u8::MAX),
        Fault::HadWalked => fewer.walk = Walk::Atomic,
    }
    fewer
}

/// The kinds of faults of which it is told how many there may be: those that are particular to the world or that the
/// scenario has.
fn told(Scenario { profile, faults, .. }: &Scenario) -> Vec<Budget> {
    let always = Faults { errors: 1, crashes: 1, ..profile.default_faults() };
    let is_told = |budget: &Budget| faults.of(*budget) + always.of(*budget) > 0;
    profile.budgets().iter().copied().filter(is_told).collect()
}

/// Searches a scenario for a violation of `property`.
fn without(
    protocol: &dyn Protocol,
    (scenario, told): (&Scenario, &[Budget]),
    property: Property,
    states_max: usize,
) -> (Need, String) {
    let report = check(protocol, scenario, Limits { states_max, ..Limits::default() }, &mut |_| {});
    let states = report.states;
    let budgets: Vec<String> =
        told.iter().map(|&budget| format!("{} {}", scenario.faults.of(budget), budget.name())).collect();
    let walk = match scenario.walk {
        Walk::Split => "parted walks",
        Walk::Atomic => "no parted walks",
    };
    let within = format!("with at most {} and {walk}", budgets.join(", "));
    match report.verdict {
        Verdict::Violated(Violation { property: found, trace, .. }) if found == property => {
            let steps = trace.map_or(0, |trace| trace.steps.len());
            (Need::Unneeded, format!("{within} it is violated in {steps} steps"))
        }
        // An outcome that should be possible is looked for last, when all that can happen was seen.
        Verdict::Verified | Verdict::Violated(Violation { property: Property::Sometimes, .. }) => {
            (Need::Needed, format!("{within} it is not violated in any of {states} states"))
        }
        Verdict::Violated(Violation { property: found, .. }) => {
            (Need::Unknown, format!("{within} {found} is violated first, and nothing was searched beyond"))
        }
        Verdict::Incomplete { reason, .. } => (Need::Unknown, format!("{within} the search was left: {reason}")),
        Verdict::Error(reason) => (Need::Unknown, format!("{within} nothing can be searched: {reason}")),
    }
}

fn unswitched(courses: &mut Courses<'_>, events: &[Event], number: usize) -> Need {
    let before = switches(events).len();
    match courses.follow(&swapped(events, number)) {
        Some(course) if switches(&course.events).len() < before => Need::Unneeded,
        _ => Need::Needed,
    }
}

impl Need {
    /// The answer in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Unneeded => "unneeded",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for FaultMark { fault, steps, need, searched } in &self.faults {
            writeln!(f, "# {} at {}: {}; {searched}", fault.name(), list(steps.iter().copied()), need.word())?;
        }
        for need in [Need::Needed, Need::Unneeded, Need::Unknown] {
            let mut switches = self.switches.iter().filter(|mark| mark.need == need).map(|mark| mark.step).peekable();
            if switches.peek().is_some() {
                writeln!(f, "# switch at {}: {}", list(switches), need.word())?;
            }
        }
        if !self.switches.is_empty() {
            writeln!(f, "# a switch is tried by running the same steps with the blocks before and after it exchanged")?;
        }
        Ok(())
    }
}

fn list(steps: impl Iterator<Item = usize>) -> String {
    let steps: Vec<String> = steps.map(|step| step.to_string()).collect();
    let word = if steps.len() == 1 { "step" } else { "steps" };
    format!("{word} {}", steps.join(", "))
}
