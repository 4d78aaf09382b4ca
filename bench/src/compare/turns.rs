//! Contenders in turn: one round of each, in an order that chance picks anew each time.

use std::time::{Duration, Instant};

use super::{
    measured::{Row, Spread},
    progress::Progress,
};
use crate::Answer;

/// Somebody to be measured.
pub(super) struct Contender<'a> {
    pub(super) name: String,
    pub(super) about: String,
    /// One sample, in the unit of the table.
    pub(super) round: Box<dyn FnMut() -> Answer<f64> + 'a>,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// At most so many samples of each.
    pub(super) rounds: usize,
    /// Whoever has taken so long already has enough.
    pub(super) enough: Duration,
}

/// Measures them all. The second part says who failed, and how.
pub(super) fn measure(contenders: Vec<Contender<'_>>, plan: Plan, progress: &Progress) -> (Vec<Row>, Vec<String>) {
    struct Running<'a> {
        contender: Contender<'a>,
        samples: Vec<f64>,
        taken: Duration,
        failed: Option<String>,
    }
    let run = |contender| Running { contender, samples: Vec::new(), taken: Duration::ZERO, failed: None };
    let mut running: Vec<_> = contenders.into_iter().map(run).collect();
    let mut order: Vec<usize> = (0..running.len()).collect();
    progress.expect(plan.rounds * running.len());
    for _ in 0..plan.rounds {
        fastrand::shuffle(&mut order);
        for index in &order {
            let Running { contender, samples, taken, failed } = &mut running[*index];
            progress.step(&contender.name);
            if failed.is_some() || (*taken >= plan.enough && !samples.is_empty()) {
                continue;
            }
            let start = Instant::now();
            match (contender.round)() {
                Ok(sample) => samples.push(sample),
                Err(error) => *failed = Some(format!("FAILED: {}: {error}", contender.name)),
            }
            *taken += start.elapsed();
        }
    }
    let failures = running.iter_mut().filter_map(|running| running.failed.take()).collect();
    let rows =
        running.into_iter().filter_map(|Running { contender: Contender { name, about, .. }, samples, .. }| {
            Some(Row { name, about, spread: Spread::of(samples)?, more: Vec::new() })
        });
    (rows.collect(), failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_named_and_the_others_go_on() {
        let mut count = 0.0;
        let counts = Box::new(|| {
            count += 1.0;
            Ok(count)
        });
        let fails = Box::new(|| Err("no luck".into()));
        let contender = |name: &str, round| Contender { name: name.into(), about: String::new(), round };
        let plan = Plan { rounds: 3, enough: Duration::MAX };
        let (rows, failures) =
            measure(vec![contender("counts", counts), contender("fails", fails)], plan, &Progress::default());
        assert_eq!(failures, ["FAILED: fails: no luck"]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].spread.count, rows[0].spread.max), (3, 3.0));
    }

    #[test]
    fn who_takes_long_has_one_sample_at_least() {
        let plan = Plan { rounds: 3, enough: Duration::ZERO };
        let contender = Contender { name: "slow".into(), about: String::new(), round: Box::new(|| Ok(1.0)) };
        let (rows, _) = measure(vec![contender], plan, &Progress::default());
        assert_eq!(rows[0].spread.count, 1);
    }
}
