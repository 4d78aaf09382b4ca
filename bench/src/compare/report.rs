//! What a run came to: as text, as JSON, as a page and as plots.

use std::{fmt, fs, path::Path};

use serde::Serialize;

use super::{
    measured::{Table, short},
    plot,
};
use crate::Answer;

/// A peer that did not take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Who.
    pub name: String,
    /// How to get it.
    pub get: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What it is called.
    pub name: &'static str,
    /// The peers that took part.
    pub installed: Vec<String>,
    /// The peers that did not.
    pub missing: Vec<Missing>,
    /// What was measured.
    pub tables: Vec<Table>,
    /// Who failed, and how.
    pub failures: Vec<String>,
}

/// All groups, and where they were measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The system's name and version.
    pub system: String,
    /// How many processors it has.
    pub processors: usize,
    /// How many processes wanted them when it began, on the average of a minute.
    pub load: String,
    /// Optimised, or not: then nothing here says anything.
    pub is_optimised: bool,
    /// What was measured.
    pub groups: Vec<Compared>,
}

impl Compared {
    /// An empty one.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, installed: Vec::new(), missing: Vec::new(), tables: Vec::new(), failures: Vec::new() }
    }

    /// Adds a table, and who failed in it.
    pub fn add(&mut self, (table, failures): (Table, Vec<String>)) {
        self.tables.push(table);
        self.failures.extend(failures);
    }
}

impl Report {
    /// An empty one.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let name = rustix::system::uname();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            system: format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy()),
            processors: std::thread::available_parallelism().map_or(1, Into::into),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            is_optimised: !cfg!(debug_assertions),
            groups: Vec::new(),
        }
    }

    /// Where it was measured, in a line.
    #[must_use]
    pub fn head(&self) -> String {
        let Self { system, processors, load, is_optimised, .. } = self;
        let warning = if *is_optimised { "" } else { "; not optimised, so nothing here says anything" };
        format!("{system}, {processors} processors, load {load} at the beginning{warning}")
    }

    /// Whether no contender was measured, and none is missing that would have been.
    #[must_use]
    pub fn is_of_nobody(&self) -> bool {
        let is_of_nobody = |group: &Compared| {
            group.missing.is_empty()
                && group.failures.is_empty()
                && group.tables.iter().all(|table| table.rows.is_empty())
        };
        self.groups.iter().all(is_of_nobody)
    }

    /// How many failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.groups.iter().map(|group| group.failures.len()).sum()
    }

    /// Writes it to the files that are given: as JSON, as a page, as plots.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn write(&self, json: Option<&Path>, html: Option<&Path>, svg: Option<&Path>) -> Answer {
        if let Some(path) = json {
            fs::write(path, serde_json::to_string_pretty(self)? + "\n")?;
        }
        if let Some(path) = html {
            fs::write(path, plot::page(self))?;
        }
        if let Some(path) = svg {
            fs::write(path, plot::plots(self))?;
        }
        Ok(())
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n== {}", self.name)?;
        if !self.installed.is_empty() {
            writeln!(f, "peers here: {}", self.installed.join(", "))?;
        }
        for Missing { name, get } in &self.missing {
            writeln!(f, "not here: {name}: {get}")?;
        }
        self.tables.iter().try_for_each(|table| write!(f, "\n{table}"))?;
        self.failures.iter().try_for_each(|failure| writeln!(f, "{failure}"))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bases = self.bases();
        let width = self.rows.iter().map(|row| row.name.chars().count()).chain([24]).max().unwrap_or_default();
        writeln!(f, "{}, {}", self.title, self.unit)?;
        write!(f, "{:width$}", "")?;
        for head in ["min", "quarter", "median", "quarter", "max"].into_iter().chain(self.more.iter().copied()) {
            write!(f, " {head:>9}")?;
        }
        for (name, _) in &bases {
            write!(f, "  / {name}")?;
        }
        writeln!(f)?;
        for row in &self.rows {
            let spread = row.spread;
            let numbers = [spread.min, spread.low, spread.median, spread.high, spread.max];
            let numbers = numbers.into_iter().chain(row.more.iter().copied());
            write!(f, "{:width$}", row.name)?;
            for number in numbers {
                write!(f, " {:>9}", short(number))?;
            }
            for (name, base) in &bases {
                write!(f, "  {:>1$}", short(spread.median / base), name.chars().count() + 2)?;
            }
            let about = if row.about.is_empty() { String::new() } else { format!("  {}", row.about) };
            writeln!(f, "{about}")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}
