//! How costs grow: with those who wait, with what the dead have left, and with slots.
//!
//! A table has a row for each size, all measured in turn. From its medians follows an exponent: with twice the size, an
//! operation takes two to the power of that as long. It is fitted to all sizes, so where a cost is flat first and steep in the
//! end, the ratios of the rows say more.

use std::time::{Duration, Instant};

use super::{
    Options,
    measured::{Row, Table},
    progress::Progress,
    report::Compared,
    turns::{self, Contender, Plan},
};
use crate::{
    Answer,
    place::{Place, places_or},
};

pub mod line;
mod slots;
mod stale;
mod wakes;

const PLAN: Plan = Plan { rounds: 31, enough: Duration::from_secs(3) };
const TO_TRY: Plan = Plan { rounds: 1, enough: Duration::from_secs(1) };

/// How many wait, or have died.
const MANY: [u64; 5] = [1, 10, 100, 1_000, 10_000];
const MANY_TO_TRY: [u64; 3] = [1, 2, 5];
const SLOTS: [u32; 4] = [1, 10, 100, 1_000];
const SLOTS_TO_TRY: [u32; 3] = [1, 2, 5];

/// Measures all of it.
///
/// # Errors
///
/// When ours fails.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("scale");
    let (many, slots) = if options.quick { (&MANY_TO_TRY[..], &SLOTS_TO_TRY[..]) } else { (&MANY[..], &SLOTS[..]) };
    for place in &places_or(options.dir.as_deref())? {
        let measured = Sizes { options, place };
        measured.waiters(many, &mut compared)?;
        let stale = |size| stale::Leavings::new(place, size).map(|mut all| move || all.pair());
        let sizes: Vec<u64> = [0].into_iter().chain(many.iter().copied()).collect();
        measured.table("fast: a pair beside so many tries of the dead", &sizes, &mut compared, stale)?;
        let free = |size| slots::Slots::new(place, size, false).map(|all| move || all.pair());
        measured.table("sem=N: a pair with all slots free", slots, &mut compared, free)?;
        let taken = |size| slots::Slots::new(place, size, true).map(|all| move || all.pair());
        measured.table("sem=N: a pair with one slot free", slots, &mut compared, taken)?;
        if options.takes("wake-ups") {
            compared.add(wakes::measure(place, options.quick));
        }
    }
    Ok(compared)
}

struct Sizes<'a> {
    options: &'a Options,
    place: &'a Place,
}

impl Sizes<'_> {
    /// One table for each step of a waiter.
    fn waiters(&self, sizes: &[u64], compared: &mut Compared) -> Answer {
        use line::Line;
        type Step = fn(&mut Line) -> Answer;
        let steps: [(&str, Step); 3] = [
            ("queue: join behind so many", Line::join),
            ("queue: the last of so many looks", Line::turn),
            ("queue: hand-over before so many", Line::hand_over),
        ];
        if !steps.iter().any(|(title, _)| self.options.takes(title)) {
            return Ok(());
        }
        let mut lines = sizes.iter().map(|size| Line::new(self.place, *size)).collect::<Answer<Vec<_>>>()?;
        let rounds = if self.options.quick { 1 } else { PLAN.rounds };
        let progress = Progress::of("lines");
        progress.expect(rounds * sizes.len());
        let mut samples = vec![vec![Vec::new(); steps.len()]; sizes.len()];
        for _ in 0..rounds {
            for (size, (line, samples)) in sizes.iter().zip(lines.iter_mut().zip(&mut samples)) {
                progress.step(&format!("{size} wait"));
                // The steps of one round leave as many as there were.
                for ((_, step), samples) in steps.iter().zip(samples) {
                    samples.push(timed(|| step(line))?);
                }
            }
        }
        for (index, (title, _)) in steps.iter().enumerate() {
            let rows = sizes.iter().zip(&mut samples).filter_map(|(size, samples)| {
                let spread = super::measured::Spread::of(std::mem::take(&mut samples[index]))?;
                Some(Row { name: size.to_string(), about: String::new(), spread, more: Vec::new() })
            });
            compared.tables.push(self.sized(title, rows.collect()));
        }
        Ok(())
    }

    fn table<S: Copy + ToString, R: FnMut() -> Answer>(
        &self,
        title: &str,
        sizes: &[S],
        compared: &mut Compared,
        make: impl Fn(S) -> Answer<R>,
    ) -> Answer {
        if !self.options.takes(title) {
            return Ok(());
        }
        let mut contenders = Vec::new();
        for size in sizes {
            let mut round = make(*size)?;
            // The first one finds caches cold.
            round()?;
            let round = Box::new(move || timed(&mut round));
            contenders.push(Contender { name: size.to_string(), about: String::new(), round });
        }
        let plan = if self.options.quick { TO_TRY } else { PLAN };
        let (rows, failures) = turns::measure(contenders, plan, &Progress::of(title));
        compared.tables.push(self.sized(title, rows));
        compared.failures.extend(failures);
        Ok(())
    }

    fn sized(&self, title: &str, rows: Vec<Row>) -> Table {
        let point = |row: &Row| Some((row.name.parse::<f64>().ok().filter(|size| *size > 0.0)?, row.spread.median));
        let fitted = exponent(&rows.iter().filter_map(point).collect::<Vec<_>>());
        let against = rows.first().map(|row| row.name.clone()).into_iter().collect();
        let notes = fitted.map(|exponent| format!("grows as the size to the power of {exponent:.2}"));
        let title = format!("{title}, on {}", self.place.name());
        Table { title, unit: "microseconds", more: Vec::new(), against, rows, notes: notes.into_iter().collect() }
    }
}

/// In microseconds.
fn timed(run: impl FnOnce() -> Answer) -> Answer<f64> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64() * 1e6)
}

/// The slope of the straight line through the logarithms that leaves the least squares.
fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logarithms: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logarithms.iter().fold(0.0, |count, _| count + 1.0);
    let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = logarithms.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let under: f64 = logarithms.iter().map(|point| (point.0 - x).powi(2)).sum();
    (under > 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_found_again() {
        let points = [1.0, 10.0, 100.0, 1000.0_f64].map(|size| (size, 3.0 * size.powf(1.5)));
        assert!((exponent(&points).unwrap() - 1.5).abs() < 1e-9);
        let flat = [(1.0, 5.0), (10.0, 5.0)];
        assert!(exponent(&flat).unwrap().abs() < 1e-9);
        assert_eq!(exponent(&flat[..1]), None);
    }
}
