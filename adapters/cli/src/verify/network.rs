//! `lockwright verify --network`: the lock daemon in a simulated network, see [`mod@network`]. Plain `verify` ends with those rows that
//! take no time to speak of.
//!
//! Its searches are of another kind than those of locks on file systems, and so are its counterexamples: they are told step
//! by step, and cannot be handed to `replay`.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use lockwright_sim::network::{self, ROWS, Report, Row, Verdict, Violation};
use serde_json::Value;

use super::{INCOMPLETE, VERIFIED, VIOLATED, json, stop::Interrupt, worse};
use crate::{
    args::VerifyArgs,
    exit::{FAILED, Failure, USAGE},
};

/// A row that was explored.
#[derive(Debug)]
struct Done {
    row: &'static Row,
    report: Report,
    took: Duration,
}

/// Explores the rows of the server that ships; with `--mutants`, of those in which something is wrong.
pub(super) fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let rows = rows(args)?;
    let interrupt =
        Interrupt::on_signals().map_err(|error| Failure::new(FAILED, format!("cannot be told of signals: {error}")))?;
    Ok(ExitCode::from(explore(args, &rows, &interrupt)))
}

/// Explores, after locks on file systems, the rows that take no time to speak of, and says which those are.
pub(super) fn verify_short(args: &VerifyArgs, interrupt: &Interrupt) -> u8 {
    let rows: Vec<_> = ROWS.iter().filter(|row| row.is_short).collect();
    if !args.json {
        drop(writeln!(io::stdout()));
    }
    let code = explore(args, &rows, interrupt);
    let longer = ROWS.iter().filter(|row| row.expected.is_none() && !row.is_short).map(|row| row.name);
    let longer = longer.collect::<Vec<_>>().join(", ");
    if !args.json {
        drop(writeln!(io::stdout(), "\n{longer} take longer: lockwright verify --network"));
    }
    code
}

fn explore(args: &VerifyArgs, rows: &[&'static Row], interrupt: &Interrupt) -> u8 {
    // Whoever closes the pipe has read enough; no further row is worked out for him.
    let mut is_read = args.json || head(args).is_ok();
    let (mut code, mut done) = (VERIFIED, 0);
    for row in rows {
        if !is_read || interrupt.came() {
            break;
        }
        let began = Instant::now();
        let may_go_on = &mut |_| interrupt.may_go_on(began, args.time);
        let report = network::check_while(&row.scenario, args.states, may_go_on);
        let explored = Done { row, report, took: began.elapsed() };
        is_read = explored.tell(args).is_ok();
        code = worse(code, explored.code(args.mutants));
        done += 1;
    }
    let skipped = rows.len() - done;
    if skipped > 0 {
        code = worse(code, INCOMPLETE);
        if is_read && !args.json {
            drop(writeln!(io::stdout(), "\n{skipped} rows not begun"));
        }
    }
    code
}

/// Those that were asked for. A row with something wrong that is named without `--mutants` is a violation.
fn rows(args: &VerifyArgs) -> Result<Vec<&'static Row>, Failure> {
    let name = args.protocol.as_deref().unwrap_or_default();
    let is_meant = |row: &&Row| {
        let is_good = row.expected.is_none();
        row.name.starts_with(name) && (is_good != args.mutants || (row.name == name && !args.mutants))
    };
    let rows: Vec<_> = ROWS.iter().filter(is_meant).collect();
    if rows.is_empty() {
        let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        return Err(Failure::new(USAGE, format!("there is no `{name}` of the daemon; there are {}", known.join(", "))));
    }
    Ok(rows)
}

fn head(args: &VerifyArgs) -> io::Result<()> {
    let name = if args.mutants { "mutant of the daemon" } else { "of the daemon" };
    let [clients, states, transitions, depth, time] = ["clients", "states", "transitions", "depth", "time"];
    writeln!(io::stdout(), "{name:<22} {clients:>7} {states:>9} {transitions:>11} {depth:>5} {time:>8}  verdict")
}

impl Done {
    fn tell(&self, args: &VerifyArgs) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if args.json {
            return writeln!(out, "{}", self.object(args.mutants));
        }
        let Self { row, report, took } = self;
        let Report { states, transitions, depth, verdict, .. } = report;
        let (name, clients, time) = (row.name, row.scenario.clients, format!("{:.2} s", took.as_secs_f64()));
        let word = self.word(args.mutants);
        writeln!(out, "{name:<22} {clients:>7} {states:>9} {transitions:>11} {depth:>5} {time:>8}  {word}")?;
        if args.verbose {
            writeln!(out, "  {}", row.about)?;
        }
        match verdict {
            Verdict::Verified => self
                .missing()
                .iter()
                .try_for_each(|what| writeln!(out, "  no client was ever told that it {what}, so this shows little")),
            Verdict::Violated(_) if self.is_caught(args.mutants) && !args.verbose => Ok(()),
            Verdict::Violated(Violation { property, what, steps }) => {
                writeln!(out, "\n{property} is violated: {what}\n")?;
                let mut numbered = (1..).zip(steps);
                numbered.try_for_each(|(number, step)| writeln!(out, "{number:>4}. {step}"))?;
                writeln!(
                    out,
                    "\nNo run of the daemon has fewer steps and shows it; `replay` is for locks on file systems.\n"
                )
            }
            Verdict::Incomplete(reason) => {
                writeln!(out, "  {reason}; every behaviour of up to {depth} steps was covered, nothing beyond")
            }
        }
    }

    /// What should have been seen somewhere, and was not.
    fn missing(&self) -> Vec<&'static str> {
        self.row.sometimes.iter().filter(|seen| !self.report.seen.contains(*seen)).copied().collect()
    }

    fn is_caught(&self, is_meant: bool) -> bool {
        let Verdict::Violated(Violation { property, .. }) = &self.report.verdict else { return false };
        is_meant && self.row.expected == Some(*property)
    }

    fn word(&self, is_meant: bool) -> String {
        match (&self.report.verdict, self.row.expected.filter(|_| is_meant)) {
            (Verdict::Violated(Violation { property, steps, .. }), Some(expected)) if *property == expected => {
                format!("caught: {property}, {} steps", steps.len())
            }
            (Verdict::Violated(Violation { property, .. }), Some(expected)) => {
                format!("WRONG REASON: {property}, and not {expected}")
            }
            (Verdict::Verified, Some(_)) => "SURVIVED".into(),
            (verdict, _) => verdict_word(verdict).into(),
        }
    }

    fn code(&self, is_meant: bool) -> u8 {
        match &self.report.verdict {
            Verdict::Violated(_) if self.is_caught(is_meant) => VERIFIED,
            Verdict::Verified if !is_meant && self.missing().is_empty() => VERIFIED,
            Verdict::Incomplete(_) => INCOMPLETE,
            Verdict::Verified | Verdict::Violated(_) => VIOLATED,
        }
    }

    /// With the keys of the other rows.
    fn object(&self, is_meant: bool) -> Value {
        let Self { row, report, took } = self;
        let mut object = json::blank();
        let mut set = |key: &str, value: Value| object[key] = value;
        set("protocol", row.name.into());
        set("profile", "network".into());
        set("clients", row.scenario.clients.into());
        set("ticks", row.scenario.ticks.into());
        set("strategy", "bfs".into());
        set("threads", 1.into());
        set("states", report.states.into());
        set("transitions", report.transitions.into());
        set("depth", report.depth.into());
        set("seconds", took.as_secs_f64().into());
        set("symmetric", true.into());
        set("verdict", verdict_word(&report.verdict).into());
        set("expected", row.expected.map(|expected| expected.to_string()).into());
        set("caught", row.expected.filter(|_| is_meant).map(|_| self.is_caught(is_meant)).into());
        match &report.verdict {
            Verdict::Verified => {}
            Verdict::Violated(Violation { property, what, steps }) => {
                set("property", property.to_string().into());
                set("what", what.as_str().into());
                set("steps", steps.len().into());
                set("shortest", true.into());
            }
            Verdict::Incomplete(reason) => {
                set("covered_depth", report.depth.into());
                set("reason", reason.as_str().into());
            }
        }
        object
    }
}

fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "Verified",
        Verdict::Violated(_) => "Violated",
        Verdict::Incomplete(_) => "Incomplete",
    }
}
