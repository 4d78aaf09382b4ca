//! What a waiter costs in a long line, beside one in a short line; see [`Line`] for the steps. How it grows is told by the
//! comparison of scale, which takes the lines in turn.

use std::{error::Error, time::Duration};

use criterion::Criterion;
use lockwright_bench::{compare::scale::line::Line, is_measuring, place::places};

/// How many wait.
const LENGTHS: [u64; 4] = [10, 100, 1_000, 10_000];
const LENGTHS_TO_TRY: [u64; 4] = [2, 3, 5, 8];

/// How long criterion warms up, and how long it measures, each line.
const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).configure_from_args();
    for place in places(env!("CARGO_TARGET_TMPDIR"))? {
        let mut group = criterion.benchmark_group("queue");
        for length in if is_measuring() { LENGTHS } else { LENGTHS_TO_TRY } {
            let mut line = Line::new(&place, length)?;
            group.bench_function(format!("{}/{length} wait", place.name()), |bencher| {
                bencher.iter(|| line.pass().expect("nobody else uses this directory"));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
