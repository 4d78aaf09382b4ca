//! Sessions: a search that can be broken off and gone on with.

use std::{
    fmt,
    io::{Read, Write},
};

use super::{
    Limits, Report, Resumed, Strategy, Verdict, Violation,
    passes::{Passes, whole_reason},
    saved::{self, ResumeError, SaveError, Saved},
    strategy::{self, Observe},
};
use crate::{
    protocol::{Property, Protocol},
    scenario::Scenario,
};

/// A breadth-first search that can be broken off, saved, and gone on with later by another process.
///
/// Where and how often it was broken off makes no difference: it comes to the states, transitions, depth, verdict and
/// trace of a search that was left alone, on any number of threads.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use lockwright_sim::{Limits, Saved, Session, Verdict, catalogue, check};
///
/// let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
/// let (protocol, scenario) = (entry.protocol(), entry.scenario());
///
/// let few = Limits { states_max: 100, ..Limits::default() };
/// let mut session = Session::new(protocol, &scenario, few).expect("it is breadth first");
/// let report = session.run(&mut |_| ControlFlow::Continue(()));
/// assert!(matches!(report.verdict, Verdict::Incomplete { .. }));
/// let mut file = Vec::new();
/// session.save(&mut file)?;
///
/// let saved = Saved::open(&file[..])?;
/// let mut session = Session::resume(protocol, &scenario, Limits::default(), saved)?;
/// let report = session.run(&mut |_| ControlFlow::Continue(()));
/// assert_eq!(report.verdict, Verdict::Verified);
/// assert_eq!(report.states, check(protocol, &scenario, Limits::default(), &mut |_| {}).states);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Session<'a> {
    protocol: &'a dyn Protocol,
    scenario: &'a Scenario,
    limits: Limits,
    stage: Stage<'a>,
    resumed: Option<Resumed>,
}

enum Stage<'a> {
    UnderWay(Box<Passes<'a>>),
    Done(Box<Report>),
}

impl<'a> Session<'a> {
    /// A search that has not begun. `None` unless `limits` ask for [`Strategy::Bfs`]: the others are not resumed.
    #[must_use]
    pub fn new(protocol: &'a dyn Protocol, scenario: &'a Scenario, limits: Limits) -> Option<Self> {
        (limits.strategy == Strategy::Bfs).then(|| Self::begin(protocol, scenario, limits))
    }

    /// A search that goes on where a [saved](Session::save) one was. How far it may go, and on how many threads, may
    /// differ; by which means it is made may not.
    ///
    /// What the saved search had learned is learned again, one attempt after the other, and compared.
    ///
    /// # Errors
    ///
    /// [`ResumeError`]: what was saved is of something else, or damaged.
    pub fn resume(
        protocol: &'a dyn Protocol,
        scenario: &'a Scenario,
        limits: Limits,
        saved: Saved<impl Read>,
    ) -> Result<Self, ResumeError> {
        if limits.strategy != Strategy::Bfs {
            return Err(ResumeError::Strategy(limits.strategy.name()));
        }
        let mut session = Self::begin(protocol, scenario, limits);
        if let Stage::UnderWay(passes) = &mut session.stage {
            session.resumed = Some(saved::read(passes, saved)?);
        }
        Ok(session)
    }

    /// Searches until it is done or comes to a limit, for as long as `observe` lets it; see
    /// [`check_while`](crate::check_while). After [`Verdict::Incomplete`], another call goes on.
    pub fn run(&mut self, observe: Observe<'_>) -> Report {
        let (report, is_joined) = match &mut self.stage {
            Stage::Done(report) => return (**report).clone(),
            Stage::UnderWay(passes) => {
                let verdict = passes.run(observe);
                (passes.report(verdict), passes.search.limits.partial_order)
            }
        };
        let report = self.told(report);
        if matches!(report.verdict, Verdict::Incomplete { .. }) {
            return report;
        }
        // The memory is free before another search takes any.
        self.stage = Stage::Done(Box::new(report.clone()));
        let report = self.shortest(report, is_joined, observe);
        self.stage = Stage::Done(Box::new(report.clone()));
        report
    }

    /// Writes the search down, after [`Verdict::Incomplete`]: some 30 bytes a state, for whoever runs this very code.
    ///
    /// # Errors
    ///
    /// [`SaveError::Write`] when writing failed; what was written then is refused when it is read. [`SaveError::Done`]
    /// when the search has come to its verdict; nothing was written.
    pub fn save(&mut self, to: impl Write) -> Result<(), SaveError> {
        match &mut self.stage {
            Stage::UnderWay(passes) if self.limits.strategy == Strategy::Bfs => {
                saved::write(passes, to).map_err(SaveError::Write)
            }
            _ => Err(SaveError::Done),
        }
    }

    /// A session of any strategy that sees everything.
    pub(super) fn begin(protocol: &'a dyn Protocol, scenario: &'a Scenario, limits: Limits) -> Self {
        let limits = strategy::bounded(limits);
        let stage = Stage::UnderWay(Box::new(Passes::new(protocol, scenario, limits)));
        Self { protocol, scenario, limits, stage, resumed: None }
    }

    /// What joined calls found is found again without, for these make it longer.
    fn shortest(&self, mut report: Report, is_joined: bool, observe: Observe<'_>) -> Report {
        let Verdict::Violated(Violation { property, trace: Some(trace), .. }) = &report.verdict else { return report };
        let finds_shortest = self.limits.strategy.finds_shortest() && trace.loop_from.is_none();
        if is_joined && finds_shortest {
            let depth_max = match property {
                Property::CanBeTaken | Property::NothingLeftBehind => self.limits.depth_max,
                _ => self.limits.depth_max.min(trace.steps.len()),
            };
            let limits = Limits { partial_order: false, depth_max, ..self.limits };
            let mut again = Passes::new(self.protocol, self.scenario, limits);
            let verdict = again.run(observe);
            if !matches!(verdict, Verdict::Violated(_)) {
                return report;
            }
            report = self.told(again.report(verdict));
        }
        report.coverage.shortest = finds_shortest;
        report
    }

    fn told(&self, mut report: Report) -> Report {
        report.coverage.resumed = self.resumed;
        // No reduction is left out without a word.
        if let (true, Some(reason)) =
            (self.limits.merge && self.limits.symmetry, whole_reason(self.protocol, self.scenario.profile))
        {
            report.coverage.symmetry_refused.get_or_insert_with(|| reason.into());
        }
        report
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, limits, .. } = self;
        f.debug_struct("Session").field("scenario", scenario).field("limits", limits).finish_non_exhaustive()
    }
}
