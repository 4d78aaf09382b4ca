//! What was measured: rows of a table, with medians and how far the samples spread.

use serde::Serialize;

/// Samples, in short. All in the unit of their table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many samples there were.
    pub count: usize,
    /// The least.
    pub min: f64,
    /// A quarter of them are less.
    pub low: f64,
    /// Half of them are less.
    pub median: f64,
    /// A quarter of them are more.
    pub high: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these samples; `None` where there are none.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let last = samples.len().checked_sub(1)?;
        let at = |quarters: usize| samples[last * quarters / 4];
        Some(Self { count: samples.len(), min: at(0), low: at(1), median: at(2), high: at(3), max: at(4) })
    }
}

/// A contender, and how it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Who.
    pub name: String,
    /// What has to be known about it, in a few words; empty where that is nothing.
    pub about: String,
    /// What was measured.
    pub spread: Spread,
    /// What else was, in the order of [`Table::more`].
    pub more: Vec<f64>,
}

/// Contenders that were measured in turn, and can be compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// What was measured, and where.
    pub title: String,
    /// In what unit.
    pub unit: &'static str,
    /// What else was measured of each.
    pub more: Vec<&'static str>,
    /// The rows that all are compared with, by their names.
    pub against: Vec<String>,
    /// The contenders.
    pub rows: Vec<Row>,
    /// What follows from it, and what kept somebody from taking part.
    pub notes: Vec<String>,
}

impl Table {
    /// The median of a row.
    #[must_use]
    pub fn median(&self, name: &str) -> Option<f64> {
        self.rows.iter().find_map(|row| (row.name == name).then_some(row.spread.median))
    }

    /// The rows that all are compared with, as far as they were measured: names and medians.
    #[must_use]
    pub fn bases(&self) -> Vec<(&str, f64)> {
        self.against.iter().filter_map(|name| Some((name.as_str(), self.median(name)?))).collect()
    }
}

/// A number in four digits or so.
#[must_use]
pub fn short(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_its_quarters_in_order() {
        let spread = Spread::of(vec![5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        let Spread { count, min, low, median, high, max } = spread;
        assert_eq!((count, [min, low, median, high, max]), (5, [1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(Spread::of(vec![7.0]).map(|spread| (spread.min, spread.max)), Some((7.0, 7.0)));
    }

    #[test]
    fn a_number_is_short() {
        let numbers = [0.0, 0.012_34, 1.234, 56.78, 1_234.5].map(short);
        assert_eq!(numbers, ["0", "0.012", "1.23", "56.8", "1234"]);
    }
}
