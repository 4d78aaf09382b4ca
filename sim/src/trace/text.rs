//! The text of a trace, written and read back.

use std::{fmt, num::ParseIntError, str::FromStr};

use super::{Trace, TraceStep};
use crate::{protocol::Property, scenario::ScenarioError};

const HEADER: &str = "lockwright trace 1";
const LOOP: &str = "and then, for ever:";
const REMARK: char = '#';

/// Why a text is no [`Trace`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The first line is another one.
    #[error("not a trace: its first line is not `{HEADER}`")]
    Header,
    /// A line of the head is missing.
    #[error("the line that begins with `{0}` is missing")]
    Missing(&'static str),
    /// The code has not the form of a [`Code`](super::Code).
    #[error("`{0}` is no code: it should be 16 hexadecimal digits")]
    Code(String),
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
    /// A loop is announced, and no step follows.
    #[error("line {line} announces a loop, and no step of it follows")]
    EmptyLoop {
        /// Counted from 1.
        line: usize,
    },
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, scenario, property, what, steps, loop_from } = self;
        writeln!(f, "{HEADER}")?;
        if let Some(code) = code {
            writeln!(f, "code {code}")?;
        }
        writeln!(f, "scenario {scenario}\nviolates {property}\nbecause {what}\n")?;
        for (at, step) in steps.iter().enumerate() {
            if *loop_from == Some(at) {
                let gap = if at == 0 { "" } else { "\n" };
                writeln!(f, "{gap}{LOOP}\n")?;
            }
            let place = format!("{}.{}", at + 1, step.choice);
            writeln!(f, "{place:>7}  {}", step.text)?;
        }
        Ok(())
    }
}

impl FromStr for Trace {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let is_meant = |(_, line): &(usize, &str)| !line.starts_with(REMARK);
        let mut lines = (1..).zip(text.lines()).filter(is_meant).peekable();
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(TraceError::Header);
        }
        let code = lines.next_if(|(_, line)| line.starts_with("code "));
        let code = code.map(|(_, line)| line["code ".len()..].parse().map_err(|_| TraceError::Code(line[5..].into())));
        let mut head = |key: &'static str| {
            let (_, line) = lines.next().ok_or(TraceError::Missing(key))?;
            line.strip_prefix(key).and_then(|rest| rest.strip_prefix(' ')).ok_or(TraceError::Missing(key))
        };
        let scenario = head("scenario")?.parse()?;
        let property = property(head("violates")?)?;
        let what = head("because")?.to_owned();
        let (steps, loop_from) = steps(lines)?;
        Ok(Self { code: code.transpose()?, scenario, property, what, steps, loop_from })
    }
}

fn property(name: &str) -> Result<Property, TraceError> {
    let known = Property::ALL.into_iter().find(|known| known.name() == name);
    known.ok_or_else(|| TraceError::Property(name.into()))
}

fn steps<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<(Vec<TraceStep>, Option<usize>), TraceError> {
    let (mut steps, mut loop_begin) = (Vec::new(), None);
    for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        if text.trim() == LOOP && loop_begin.is_none() {
            loop_begin = Some((line, steps.len()));
            continue;
        }
        let step = step(text, steps.len() + 1);
        steps.push(step.map_err(|_| TraceError::Step { line, text: text.into() })?);
    }
    match loop_begin {
        Some((line, from)) if from == steps.len() => Err(TraceError::EmptyLoop { line }),
        _ => Ok((steps, loop_begin.map(|(_, from)| from))),
    }
}

fn step(line: &str, number: usize) -> Result<TraceStep, Option<ParseIntError>> {
    let (place, text) = line.trim().split_once("  ").ok_or(None)?;
    let (step, choice) = place.split_once('.').ok_or(None)?;
    if step.parse::<usize>()? != number {
        return Err(None);
    }
    Ok(TraceStep { choice: choice.parse()?, text: text.to_owned() })
}
