//! Rows: one a scenario, as a table for people or as JSON.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use lockwright_sim::{
    Report, Verdict, Violation,
    catalogue::Entry,
    scenario::{Faults, Scenario},
};
use serde_json::json;

/// A scenario that was explored.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) scenario: Scenario,
    pub(super) report: Report,
    pub(super) took: Duration,
    /// Whether this is a mutant that is meant to be caught.
    pub(super) as_expected: bool,
}

/// How rows are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    json: bool,
    mutants: bool,
}

impl Table {
    pub(super) fn new(json: bool, mutants: bool) -> Self {
        Self { json, mutants }
    }

    pub(super) fn head(self) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let [clients, crashes, states, transitions, depth, time] =
            ["clients", "crashes", "states", "transitions", "depth", "time"];
        writeln!(
            io::stdout(),
            "{:<28} {clients:>7} {crashes:>7} {states:>11} {transitions:>11} {depth:>5} {time:>8}  verdict",
            if self.mutants { "mutant" } else { "protocol" },
        )
    }

    pub(super) fn row(self, row: &Row, trace: Option<&Path>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", row.json(trace));
        }
        let Report { states, transitions, depth, verdict, .. } = &row.report;
        let Scenario { protocol, clients, faults: Faults { crashes, .. }, .. } = &row.scenario;
        let time = format!("{:.2} s", row.took.as_secs_f64());
        let word = row.word();
        writeln!(
            out,
            "{protocol:<28} {clients:>7} {crashes:>7} {states:>11} {transitions:>11} {depth:>5} {time:>8}  {word}"
        )?;
        match verdict {
            Verdict::Verified | Verdict::Violated(_) if row.as_expected => Ok(()),
            Verdict::Verified => Ok(()),
            Verdict::Violated(violation) => tell(&mut out, violation, trace),
            Verdict::Incomplete { depth, reason } => {
                writeln!(out, "  {reason}; every behaviour of up to {depth} steps was covered, nothing beyond")
            }
            Verdict::Error(what) => writeln!(out, "  {what}"),
        }
    }
}

fn tell(out: &mut impl Write, violation: &Violation, file: Option<&Path>) -> io::Result<()> {
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

    fn json(&self, trace: Option<&Path>) -> serde_json::Value {
        let Report { states, transitions, depth, verdict, .. } = &self.report;
        let mut row = json!({
            "protocol": self.scenario.protocol,
            "clients": self.scenario.clients,
            "crashes": self.scenario.faults.crashes,
            "states": states,
            "transitions": transitions,
            "depth": depth,
            "seconds": self.took.as_secs_f64(),
            "verdict": verdict.word(),
        });
        let more = match verdict {
            Verdict::Verified => json!({}),
            Verdict::Violated(Violation { property, what, trace: run }) => json!({
                "property": property.name(),
                "what": what,
                "steps": run.as_ref().map(|run| run.steps.len()),
                "token": run.as_ref().map(|run| run.token().to_string()),
                "trace": trace.map(|file| file.display().to_string()),
                "expected": self.entry.expected.map(|expected| expected.property.name()),
            }),
            Verdict::Incomplete { depth, reason } => json!({ "covered_depth": depth, "reason": reason }),
            Verdict::Error(what) => json!({ "reason": what }),
        };
        if let (Some(row), Some(more)) = (row.as_object_mut(), more.as_object()) {
            row.extend(more.clone());
        }
        row
    }
}
