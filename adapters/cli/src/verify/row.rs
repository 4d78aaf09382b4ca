//! Rows: one a scenario, as a table for people, or as [`json`].

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use lockwright_sim::{
    Coverage, Limits, Report, Resumed, Runs, Shard, Strategy, Verdict, Violation,
    catalogue::{
        self, Entry, KNOWN_BAD, Limit,
        matrix::{Cell, Finding},
    },
    scenario::{Budget, Faults, Profile, Scenario},
};

use super::{json, part::Part};
use crate::args::VerifyArgs;

/// A scenario that was explored.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) scenario: Scenario,
    pub(super) limits: Limits,
    pub(super) report: Report,
    pub(super) took: Duration,
    /// Whether this is a mutant that is meant to be caught.
    pub(super) as_expected: bool,
    /// The file that the search was saved to, when it was broken off.
    pub(super) saved: Option<PathBuf>,
    /// The cell of the matrix that this is.
    pub(super) cell: Option<Cell>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    json: bool,
    mutants: Mutants,
    verbose: bool,
    part: Part,
}

/// Which mutants are to be caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutants {
    None,
    Named,
    All,
}

impl Table {
    pub(super) fn new(args: &VerifyArgs, part: Part) -> Self {
        let mutants = match (args.mutants, &args.protocol) {
            (false, _) => Mutants::None,
            (true, Some(_)) => Mutants::Named,
            (true, None) => Mutants::All,
        };
        Self { json: args.json, mutants, verbose: args.verbose, part }
    }

    pub(super) fn head(self) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let [clients, crashes, states, transitions, depth, time] =
            ["clients", "crashes", "states", "transitions", "depth", "time"];
        let name =
            if self.mutants == Mutants::None { "protocol".into() } else { format!("{:<54} {:>3}", "mutant", "no.") };
        writeln!(
            io::stdout(),
            "{name:<36} {clients:>7} {crashes:>7} {states:>11} {transitions:>11} {depth:>5} {time:>8}  verdict",
        )
    }

    pub(super) fn row(self, row: &Row, trace: Option<&Path>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", json::object(row, trace, self.part));
        }
        let Report { states, transitions, depth, verdict, coverage } = &row.report;
        let Scenario { clients, faults: Faults { crashes, .. }, .. } = &row.scenario;
        let (mut name, word) = (row.name(), row.word());
        if self.mutants != Mutants::None {
            name = format!("{name:<54} {:>3}", numbers(&row.entry));
        }
        let time = format!("{:.2} s", row.took.as_secs_f64());
        writeln!(
            out,
            "{name:<36} {clients:>7} {crashes:>7} {states:>11} {transitions:>11} {depth:>5} {time:>8}  {word}"
        )?;
        if let Some(why) = &coverage.symmetry_refused {
            writeln!(out, "  states that differ in names only were kept apart: {why}")?;
        }
        if self.verbose {
            writeln!(out, "  {}", row.means())?;
            if let Some(story) = row.entry.story() {
                writeln!(out, "  {}\n  {}", story.tells, story.source)?;
            }
        }
        match verdict {
            Verdict::Verified | Verdict::Violated(_) if row.as_expected => {}
            Verdict::Verified => {}
            Verdict::Violated(violation) => {
                if let Some(found) = row.found() {
                    writeln!(out, "  {found}")?;
                }
                if let Some(limit) = row.limit() {
                    writeln!(out, "  known limit: {}", limit.why)?;
                }
                tell(&mut out, violation, trace)?;
            }
            Verdict::Incomplete { depth, reason } => writeln!(out, "  {reason}; {}", row.covered(*depth))?,
            Verdict::Error(what) => writeln!(out, "  {what}")?,
        }
        if let Some(Resumed { states, .. }) = coverage.resumed {
            writeln!(out, "  resumed at {states} states")?;
        }
        match &row.saved {
            Some(file) => writeln!(out, "  saved; go on with: lockwright verify --resume {}", file.display()),
            None => Ok(()),
        }
    }

    /// What all rows come to, and how many scenarios have none.
    pub(super) fn foot(self, total: &Total, skipped: usize) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let Total { states, transitions, bytes, took, collision_odds, .. } = *total;
        let (size, rate) = (ratio(bytes, float(states)), ratio(transitions, took.as_secs_f64()));
        if total.scenarios() > 0 {
            writeln!(
                out,
                "\n{} in {:.2} s: {states} states of {size:.0} bytes, {rate:.0} transitions a second, odds below \
                 {collision_odds:.0e} that one was missed for its fingerprint",
                plural(total.scenarios(), "scenario"),
                took.as_secs_f64(),
            )?;
        }
        if skipped > 0 {
            writeln!(out, "{} not begun", plural(skipped, "scenario"))?;
        }
        if self.mutants == Mutants::All {
            tell_missing(&mut out)?;
        }
        self.told_of_others(&mut out)
    }

    /// What is done by other shards.
    fn told_of_others(self, out: &mut impl Write) -> io::Result<()> {
        let Part { shard: Some(shard), scenarios, elsewhere } = self.part else { return Ok(()) };
        let all = plural(scenarios, "scenario");
        match elsewhere {
            0 if shard == Shard::WHOLE => writeln!(out, "shard {shard}: that is all"),
            _ if elsewhere == scenarios => {
                writeln!(out, "shard {shard}: no scenario is for this one; {all} for the others")
            }
            0 => writeln!(out, "shard {shard}: its part of the runs; the others are for other shards"),
            _ => writeln!(out, "shard {shard}: {elsewhere} of {all} are for other shards"),
        }
    }
}

/// Which of the known-bad protocols it shows.
fn numbers(entry: &Entry) -> String {
    entry.numbers().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

/// The known-bad protocols that no mutant shows.
fn tell_missing(out: &mut impl Write) -> io::Result<()> {
    let missing = || KNOWN_BAD.iter().filter_map(|known| Some((known, known.missing()?)));
    let (all, shown) = (KNOWN_BAD.len(), KNOWN_BAD.len() - missing().count());
    writeln!(out, "\n{shown} of {all} known-bad protocols are among these, by their numbers; the others are not:")?;
    missing().try_for_each(|(known, why)| writeln!(out, "{:>4}  {}: {why}", known.number, known.what))
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

pub(super) fn tell(out: &mut impl Write, violation: &Violation, file: Option<&Path>) -> io::Result<()> {
    let Violation { property, what, trace } = violation;
    writeln!(out, "\n{property} is violated: {what}")?;
    if let Some(trace) = trace {
        writeln!(out, "\n{trace}")?;
        if let Some(file) = file {
            writeln!(out, "Run it again: lockwright replay {}", file.display())?;
        }
        writeln!(out, "In one line:  lockwright replay {}\n", trace.token())?;
    }
    Ok(())
}

impl Row {
    /// The protocol, and what else tells its scenario from others.
    pub(super) fn name(&self) -> String {
        let Scenario { protocol, profile, faults, rounds, .. } = &self.scenario;
        let mut name = protocol.clone();
        if *profile != Profile::Local {
            name = format!("{name} {profile}");
        }
        if *rounds > 0 {
            name = format!("{name} rounds={rounds}");
        }
        let others = faults.nonzero().filter(|(budget, _)| *budget != Budget::Crashes);
        others.fold(name, |name, (budget, count)| format!("{name} {}={count}", budget.name()))
    }

    /// What was covered before a search ended.
    pub(super) fn covered(&self, depth: usize) -> String {
        let Report { states, transitions, coverage, .. } = &self.report;
        match (self.limits.strategy, coverage.runs) {
            (_, Some(Runs { seed, runs, steps_max, shard })) => format!(
                "{}{} of up to {steps_max} steps, {transitions} steps in all, came to {states} different states with seed \
                 {seed}, and nothing is said of the rest",
                plural(runs, "run"),
                if shard == Shard::WHOLE { String::new() } else { format!(" (shard {shard})") },
            ),
            (Strategy::Bfs, _) => format!("every behaviour of up to {depth} steps was covered, nothing beyond"),
            _ => format!("{states} states were seen, and nothing is said of the rest"),
        }
    }

    /// How a counterexample was found that need not be a shortest one.
    fn found(&self) -> Option<String> {
        let strategy = self.limits.strategy;
        let Coverage { shrunk_from, runs, .. } = self.report.coverage;
        let by = match runs {
            Some(runs) => format!("found in run {} with seed {}", runs.last(), runs.seed),
            None if strategy.finds_shortest() => return self.is_longer().then(|| BROKEN_OFF.into()),
            None => format!("found by {}", strategy.name()),
        };
        let before = shrunk_from.map_or_else(String::new, |steps| format!(", made shorter from {steps} steps"));
        Some(format!("{by}{before}; there may be a shorter one"))
    }

    /// Whether the search for a shortest counterexample was broken off.
    fn is_longer(&self) -> bool {
        let Verdict::Violated(Violation { trace: Some(trace), .. }) = &self.report.verdict else { return false };
        self.limits.strategy.finds_shortest() && trace.loop_from.is_none() && !self.report.coverage.shortest
    }

    /// By which means the search was made, and how sure it is.
    fn means(&self) -> String {
        let Coverage { symmetric, collision_odds, .. } = self.report.coverage;
        format!(
            "{}, {}; histories {}, names {}, calls {}; {:.0} bytes a state, {:.0} transitions a second, odds of a collision below \
             {collision_odds:.0e}",
            self.limits.strategy.name(),
            plural(self.limits.threads, "thread"),
            if self.limits.merge && self.limits.strategy.is_complete() { "merged" } else { "kept apart" },
            if symmetric { "exchanged" } else { "kept apart" },
            if self.limits.partial_order && self.limits.strategy.is_complete() { "joined" } else { "one by one" },
            self.bytes_per_state(),
            self.rate(),
        )
    }

    /// The verdict; for a mutant, whether it was caught, and by which property in how many steps.
    fn word(&self) -> String {
        let Some(expected) = self.entry.expected.filter(|_| self.as_expected) else {
            return self.report.verdict.word().into();
        };
        match &self.report.verdict {
            Verdict::Violated(violation) => {
                let steps = violation.trace.as_ref().map_or(0, |trace| trace.steps.len());
                let property = violation.property;
                if property == expected.property {
                    format!("caught: {property}, {steps} steps")
                } else {
                    format!("WRONG REASON: {property}, and not {}", expected.property)
                }
            }
            Verdict::Verified => "SURVIVED".into(),
            other => other.word().into(),
        }
    }

    /// For a mutant that is meant to be caught, whether it was, by the property that it breaks.
    pub(super) fn is_caught(&self) -> Option<bool> {
        let expected = self.entry.expected.filter(|_| self.as_expected)?;
        Some(matches!(&self.report.verdict, Verdict::Violated(violation) if violation.property == expected.property))
    }

    /// The limit of the algorithm that a violation is, where it is a known one.
    pub(super) fn limit(&self) -> Option<Limit> {
        match &self.report.verdict {
            Verdict::Violated(violation) => catalogue::known(&self.scenario, violation.property),
            _ => None,
        }
    }

    /// For a cell of the matrix, whether that was found which is known of it, to the state.
    pub(super) fn is_as_known(&self) -> Option<bool> {
        let Cell { expected, .. } = self.cell.as_ref()?;
        Some(expected.is_some() && Finding::of(&self.report) == *expected)
    }

    /// Transitions a second, without those from before it was resumed.
    pub(super) fn rate(&self) -> f64 {
        ratio(self.new_transitions(), self.took.as_secs_f64())
    }

    fn new_transitions(&self) -> usize {
        let Report { transitions, coverage, .. } = &self.report;
        transitions.saturating_sub(coverage.resumed.map_or(0, |before| before.transitions))
    }

    pub(super) fn bytes_per_state(&self) -> f64 {
        ratio(self.report.coverage.bytes, float(self.report.states))
    }
}

const BROKEN_OFF: &str = "the search for a shortest one was broken off; there may be a shorter one";

/// All rows together.
#[derive(Debug, Default)]
pub(super) struct Total {
    verdicts: Vec<&'static str>,
    states: usize,
    transitions: usize,
    bytes: usize,
    took: Duration,
    collision_odds: f64,
}

impl Total {
    pub(super) fn add(&mut self, row: &Row) {
        let Report { states, verdict, coverage, .. } = &row.report;
        self.verdicts.push(verdict.word());
        self.states += states;
        self.transitions += row.new_transitions();
        self.bytes += coverage.bytes;
        self.took += row.took;
        self.collision_odds += coverage.collision_odds;
    }

    pub(super) fn scenarios(&self) -> usize {
        self.verdicts.len()
    }
}

fn ratio(count: usize, of: f64) -> f64 {
    if of > 0.0 { float(count) / of } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "for people, in a few digits")]
fn float(count: usize) -> f64 {
    count as f64
}
