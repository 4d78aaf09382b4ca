//! How fast the checker is: the time of one search, and so transitions a second, which criterion shows as elements.
//!
//! The unmerged search of three clients is the one that a change of the checker's inner loop shows in: it has the most
//! states for the least work besides, and is made on two threads too. That with all reductions is what `lockwright verify` does.

use std::{error::Error, time::Duration};

use criterion::{Criterion, Throughput};
use lockwright_bench::peers::{Bounds, Reduction, ours_on};
use lockwright_sim::scenario::Walk;

const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(20);
const SAMPLES: usize = 10;

const THREE_CLIENTS: Bounds = [3, 0];

fn main() -> Result<(), Box<dyn Error>> {
    let criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).sample_size(SAMPLES);
    let mut criterion = criterion.configure_from_args();
    let mut group = criterion.benchmark_group("checker");
    let reductions = [
        ("unmerged", Reduction::None, 1),
        ("unmerged on two threads", Reduction::None, 2),
        ("merged", Reduction::Merge, 1),
        ("symmetric", Reduction::Symmetry, 1),
        ("all", Reduction::All, 1),
    ];
    for (name, reduction, threads) in reductions {
        let search = || ours_on(threads, THREE_CLIENTS, Walk::Split, reduction);
        let transitions = search()?.transitions;
        group.throughput(Throughput::Elements(transitions.try_into()?));
        group.bench_function(format!("{name}, 3 clients"), |bencher| {
            bencher.iter(|| search().expect("it was verified a moment ago"));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
