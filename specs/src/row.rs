//! What came of one check, as a line of the table or an object of JSON.

use std::fmt;

use lockwright_specs::{
    models::{Model, Twin},
    tool::{Outcome, Verdict},
};
use serde_json::json;

/// What came of one check.
pub(crate) struct Row<'a> {
    model: &'a str,
    twin: Option<&'a str>,
    tool: &'a str,
    /// Whether the line before is of the same model.
    is_again: bool,
    states: u64,
    steps: u64,
    verdict: String,
    pub(crate) is_as_known: bool,
    seconds: f64,
}

impl<'a> Row<'a> {
    pub(crate) const HEAD: &'static str = "model                      states       steps     time  verdict";

    pub(crate) fn of_model(model: &'a Model, outcome: &Outcome, surprise: Option<&str>, seconds: f64) -> Self {
        let (model, states, steps) = (model.module, outcome.states, outcome.transitions);
        let verdict = surprise.map_or_else(|| outcome.verdict.to_string(), str::to_owned);
        let is_as_known = surprise.is_none();
        Self { model, twin: None, tool: "tla-checker", is_again: false, states, steps, verdict, is_as_known, seconds }
    }

    /// A twin is as known where it is caught, for the reason that is known.
    pub(crate) fn of_twin(model: &'a Model, twin: &'a Twin, outcome: &Outcome, seconds: f64) -> Self {
        let (model, states, steps) = (model.module, outcome.states, outcome.transitions);
        let is_as_known = outcome.verdict == Verdict::Violated(twin.violates.into());
        let (twin, verdict) = (Some(twin.what), outcome.verdict.to_string());
        Self { model, twin, tool: "tla-checker", is_again: true, states, steps, verdict, is_as_known, seconds }
    }

    /// The same, by TLC.
    pub(crate) fn by_tlc(self) -> Self {
        Self { tool: "TLC", ..self }
    }

    /// The same model as in the line before, whose states TLC is to find again.
    pub(crate) fn again_by_tlc(self) -> Self {
        Self { is_again: true, ..self.by_tlc() }
    }

    pub(crate) fn json(&self) -> String {
        let Self { model, twin, tool, states, steps, verdict, is_as_known, seconds, .. } = self;
        json!({
            "model": model, "twin": twin, "tool": tool, "states": states, "steps": steps, "seconds": seconds,
            "verdict": verdict, "as_known": is_as_known,
        })
        .to_string()
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, twin, tool: _, is_again, states, steps, verdict, is_as_known, seconds } = self;
        let name = match (twin, is_again) {
            (Some(_), _) => "  broken",
            (None, true) => "  by TLC",
            (None, false) => model,
        };
        write!(f, "{name:<24} {states:>8} {steps:>11} {seconds:>6.1} s  ")?;
        if !is_as_known {
            f.write_str("NOT AS KNOWN: ")?;
        }
        f.write_str(verdict)?;
        twin.map_or(Ok(()), |twin| write!(f, " ({twin})"))
    }
}
