//! Saved searches: a search that was broken off, as a file.
//!
//! ```text
//! lockwright saved search 1
//! <a piece: lines that say what it is of>
//! <pieces: the search>
//! <an empty piece>
//! ```
//!
//! A *piece* is sealed with a checksum, see [`frames`]; what is in them is said in [`contents`]. It is written and read as
//! a stream, so it takes no memory besides that of the search. Other code, another scenario, or another way of searching
//! would give its numbers another meaning, so it is refused to these; how far the search may go and on how many threads
//! is free.
//!
//! A search that is broken off is whole only between two blocks of states, and that is the only place where it is.

mod contents;
mod frames;

use std::io::{self, ErrorKind, Read, Write};

use super::{Limits, Resumed, passes::Passes};
use crate::{scenario::Scenario, trace::Code};
use frames::{Flaw, Sealer, Unsealer};

/// What every file begins with, before the number of its format.
const KIND: &str = "lockwright saved search ";

/// The format that is written, and the only one that is read.
const FORMAT: &str = "2";

/// A saved search of which it was read what it is of.
#[derive(Debug)]
pub struct Saved<R> {
    scenario: Scenario,
    means: String,
    from: Unsealer<R>,
}

/// Why a search cannot be resumed. Nothing was searched.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Read(io::Error),
    /// It does not begin as a saved search does.
    #[error("it is no saved search")]
    Kind,
    /// It has a format that this code does not read.
    #[error("it has the format {0}, and this code reads format {FORMAT}")]
    Format(String),
    /// Its checksum is not that of its contents, or it ends too early.
    #[error("it is damaged: what is in it is not what was written")]
    Damaged,
    /// Other code wrote it.
    #[error("it was saved by code {made_by}, and this is code {current}: its numbers mean something else now")]
    OtherCode {
        /// The code that wrote it.
        made_by: String,
        /// The code that runs here.
        current: Code,
    },
    /// It is of another scenario.
    #[error("it is of `{saved}`, and not of `{asked}`")]
    OtherScenario {
        /// The scenario of the file.
        saved: Scenario,
        /// The scenario that was asked for.
        asked: Scenario,
    },
    /// Its search leaves out other things, or is one of another kind of machine.
    #[error("its search was made with {saved}, and not with {asked}")]
    OtherMeans {
        /// By which means the file's search was made.
        saved: String,
        /// Those that were asked for.
        asked: String,
    },
    /// The protocol's attempts do not do what they did, although this crate's code is the same.
    #[error("attempts do something else than they did when it was saved")]
    Differs,
    /// Only breadth-first searches are resumed.
    #[error("a search by {0} is not resumed, bfs is")]
    Strategy(&'static str),
}

/// Why a search was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Writing failed.
    #[error("{0}")]
    Write(io::Error),
    /// It has come to its verdict, so there is nothing to go on with.
    #[error("the search is done")]
    Done,
}

impl<R: Read> Saved<R> {
    /// Reads what a file is of. It should be buffered no more than the system does.
    ///
    /// # Errors
    ///
    /// [`ResumeError`], where it is told by the beginning of the file.
    pub fn open(mut from: R) -> Result<Self, ResumeError> {
        let head = first_line(&mut from)?;
        let format = head.strip_prefix(KIND).ok_or(ResumeError::Kind)?;
        if format != FORMAT {
            return Err(ResumeError::Format(format.into()));
        }
        let mut from = Unsealer::new(from, format!("{head}\n").as_bytes());
        let made_by = from.text()?;
        if made_by != Code::CURRENT.to_string() {
            return Err(ResumeError::OtherCode { made_by, current: Code::CURRENT });
        }
        let scenario = from.text()?.parse().map_err(|_| ResumeError::Damaged)?;
        let means = from.text()?;
        Ok(Self { scenario, means, from })
    }

    /// What is searched.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
}

/// Writes the search down.
pub(super) fn write(passes: &mut Passes<'_>, to: impl Write) -> io::Result<()> {
    let mut to = Sealer::new(to, format!("{KIND}{FORMAT}\n").as_bytes())?;
    to.text(&Code::CURRENT.to_string())?;
    to.text(&passes.search.world.scenario.to_string())?;
    to.text(&means(passes.search.limits))?;
    // Whoever only asks what it is of reads no more than this.
    to.end_piece()?;
    contents::write(passes, &mut to)?;
    to.finish()
}

/// Takes a search that has not begun to where `saved` was.
pub(super) fn read(passes: &mut Passes<'_>, saved: Saved<impl Read>) -> Result<Resumed, ResumeError> {
    let Saved { scenario, means: saved, mut from } = saved;
    let asked = passes.search.world.scenario;
    if scenario != *asked {
        return Err(ResumeError::OtherScenario { saved: scenario, asked: asked.clone() });
    }
    let asked = means(passes.search.limits);
    if saved != asked {
        return Err(ResumeError::OtherMeans { saved, asked });
    }
    let resumed = contents::read(passes, &mut from)?;
    from.finish()?;
    Ok(resumed)
}

/// What has a say in the numbers of a search, besides code and scenario.
fn means(limits: Limits) -> String {
    let Limits { merge, symmetry, partial_order, .. } = limits;
    let histories = if merge { "histories merged" } else { "histories kept apart" };
    let names = if symmetry { "names exchanged" } else { "names kept apart" };
    let calls = if partial_order { "calls joined" } else { "calls one by one" };
    format!("{histories}, {names}, {calls}, words of {} bits", usize::BITS)
}

/// The first line without its end; a file that has none soon is of another kind.
fn first_line(from: &mut impl Read) -> Result<String, ResumeError> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() < 2 * KIND.len() {
        match from.read_exact(&mut byte) {
            Ok(()) if byte[0] == b'\n' => return String::from_utf8(line).map_err(|_| ResumeError::Kind),
            Ok(()) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(ResumeError::Read(error)),
        }
    }
    Err(ResumeError::Kind)
}

impl From<Flaw> for ResumeError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Read(error) => Self::Read(error),
            Flaw::Damaged => Self::Damaged,
        }
    }
}
