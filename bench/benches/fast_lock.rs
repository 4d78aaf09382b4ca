//! What an uncontended fast lock costs, beside its own system calls and beside `flock(2)`.
//!
//! | contender | what |
//! |---|---|
//! | `lock+unlock` | [`PathLock`], one handle kept, with either kind of leaf, and with directories that stay |
//! | `same calls` | the very same system calls in the same order, see [`Reach::Checked`] |
//! | `floor` | the calls of the procedure alone, by whole paths, see [`Reach::WholePath`] |
//! | `flock` | `flock(2)` on a file that stays open |
//! | `open+flock` | the same, where the file is opened and closed each time |
//!
//! Criterion estimates each on its own, some seconds apart. Ratios are told by the comparison of locks, which takes the
//! contenders in turn.

use std::{error::Error, fs::File, time::Duration};

use criterion::Criterion;
use lockwright_bench::{
    floor::{Floor, Pair, Reach, Way},
    place::{Place, places},
};
use lockwright_kernel::{fast_lock::Leaf, id::Id};
use lockwright_posix::lock::PathLock;

/// How long criterion warms up, and how long it measures, each contender.
const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_secs(2);

type Answer = Result<(), Box<dyn Error>>;

/// One way to take and give back a lock.
struct Contender {
    name: String,
    round: Box<dyn Fn() -> Answer>,
}

fn main() -> Answer {
    let places = places(env!("CARGO_TARGET_TMPDIR"))?;
    let mut criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).configure_from_args();
    let mut group = criterion.benchmark_group("fast_lock");
    for place in &places {
        for contender in contenders(place)? {
            let name = format!("{}/{}", place.name(), contender.name);
            group.bench_function(name, |bencher| {
                bencher.iter(|| (contender.round)().expect("nobody else uses this directory"));
            });
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn contenders(place: &Place) -> Result<Vec<Contender>, Box<dyn Error>> {
    let mut contenders = Vec::new();
    let mut add = |name: String, round: Box<dyn Fn() -> Answer>| contenders.push(Contender { name, round });
    for (leaf, keeps, kind) in [(Leaf::File, false, "file"), (Leaf::Dir, false, "dir"), (Leaf::File, true, "kept")] {
        let lock = PathLock::open(place.dir().join(format!("{kind}.lock")))?.with_leaf(leaf);
        let lock = if keeps { lock.keeping() } else { lock };
        let id = Id::from(&lock.this_process().fresh_id()?);
        for (reach, name) in [(Reach::Checked, "same calls"), (Reach::WholePath, "floor")] {
            let way = if keeps { Way::Kept(leaf) } else { Way::Fast(leaf) };
            let pair = Pair { lock: format!("{kind}.floor").parse()?, way, id: id.clone() };
            let floor = Floor::new(place.dir(), &pair, reach)?;
            add(format!("{name}, {kind}"), Box::new(move || floor.run()));
        }
        add(format!("lock+unlock, {kind}"), Box::new(move || Ok(lock.lock()?.unlock()?)));
    }
    // The standard library locks by flock(2) on Linux.
    let path = place.dir().join("flock");
    let opened = File::create(&path)?;
    add("flock".into(), Box::new(move || Ok(opened.lock().and_then(|()| opened.unlock())?)));
    let round = move || {
        let file = File::options().write(true).create(true).truncate(false).open(&path)?;
        file.lock()?;
        Ok(file.unlock()?)
    };
    add("open+flock".into(), Box::new(round));
    Ok(contenders)
}
