//! The verdict on the fast lock: our checker beside others. [`peers`](crate::peers) says what each of them explores, and at
//! which grain.
//!
//! SPIN is given `peers/FastLock.pml`, which it makes a C program of; the time is that of the search, without making it.
//! loom runs the kernel's own code as threads, as [`by_loom`] says; it knows no states and no crashes, and tells the
//! executions it took, within a bound on preemptions, so its row is no verdict for lock and unlock for ever.

use super::{
    Options,
    measured::{Row, Table},
    progress::Progress,
    report::{Compared, Missing},
    turns::{self, Contender, Plan},
};
use crate::{
    Answer,
    peers::{Bounds, Order, Reduction, Search, model::Grain, ours, ours_on, spin::Spin, stateright, tla::TlaChecker},
};
use lockwright_sim::scenario::Walk;
use std::{cell::Cell, rc::Rc, time::Duration};

mod by_loom;

const BOUNDS: [Bounds; 6] = [[2, 0], [2, 1], [2, 2], [3, 0], [3, 1], [3, 2]];
const BOUNDS_TO_TRY: [Bounds; 2] = [[2, 0], [2, 1]];

/// One that has taken so long already has enough.
const PLAN: Plan = Plan { rounds: 7, enough: Duration::from_secs(3) };
const TO_TRY: Plan = Plan { rounds: 1, enough: Duration::from_secs(1) };

const OURS: &str = "ours, split walks";
const OURS_ATOMIC: &str = "ours, atomic walks";
const OURS_UNMERGED: &str = "ours, split walks, unmerged";
const OURS_ON_TWO: &str = "ours, split walks, unmerged, two threads";
const STATERIGHT: &str = "stateright, atomic walks";
const STATERIGHT_PLAIN: &str = "stateright, plain";
const TLA_CHECKER: &str = "tla-checker, plain";
const SPIN: &str = "SPIN, plain";

/// Who explores the same, to the last state: what two people make of the lock agrees, or a checker is wrong.
const SAME_GRAIN: [(&str, &str); 4] = [
    (OURS_ATOMIC, STATERIGHT),
    (OURS_UNMERGED, OURS_ON_TWO),
    (STATERIGHT_PLAIN, TLA_CHECKER),
    (STATERIGHT_PLAIN, SPIN),
];

type Searches = Box<dyn Fn(Bounds) -> Answer<Search>>;

/// States, steps and depth, once they are known.
type Size = Rc<Cell<Option<[usize; 3]>>>;

/// A way to the verdict.
struct Way {
    name: &'static str,
    search: Searches,
    /// The last of [`BOUNDS`] whose end can be waited for.
    up_to: Bounds,
}

/// Compares them all.
///
/// # Errors
///
/// When ours does not verify the lock, and when two that explore the same do not come to the same size.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("checker");
    compared.installed.extend(["stateright", "loom"].map(str::to_owned));
    let mut ways = ways();
    match TlaChecker::find() {
        Some(checker) => {
            compared.installed.push("tla-checker".to_owned());
            let search = Box::new(move |at| checker.check(at));
            ways.push(Way { name: TLA_CHECKER, search, up_to: [3, 0] });
        }
        None => compared.missing.push(Missing {
            name: "tla-checker".to_owned(),
            get: "cargo install tla-checker --version 0.24.11".to_owned(),
        }),
    }
    match Spin::find() {
        Ok(()) => {
            compared.installed.push("SPIN".to_owned());
            let spin = Spin::default();
            ways.push(Way { name: SPIN, search: Box::new(move |at| spin.check(at)), up_to: [3, 1] });
        }
        Err(get) => compared.missing.push(Missing { name: "SPIN".to_owned(), get }),
    }
    ways.retain(|way| options.takes(way.name));
    for bounds in if options.quick { &BOUNDS_TO_TRY[..] } else { &BOUNDS } {
        compared.add(table(&ways, *bounds, options.quick)?);
    }
    if options.takes("loom") {
        compared.add(by_loom::table(options.quick));
    }
    Ok(compared)
}

fn ways() -> Vec<Way> {
    let (all, most) = ([3, 2], [3, 1]);
    let ours =
        |name, walk, reduction, up_to| Way { name, search: Box::new(move |at| ours(at, walk, reduction)), up_to };
    let other = |name, grain, order| Way { name, search: Box::new(move |at| stateright(at, grain, order)), up_to: all };
    vec![
        ours(OURS, Walk::Split, Reduction::All, all),
        ours("ours, split walks, no symmetry", Walk::Split, Reduction::Merge, most),
        ours(OURS_UNMERGED, Walk::Split, Reduction::None, [3, 0]),
        Way { name: OURS_ON_TWO, search: Box::new(|at| ours_on(2, at, Walk::Split, Reduction::None)), up_to: [3, 0] },
        ours(OURS_ATOMIC, Walk::Atomic, Reduction::Merge, most),
        other(STATERIGHT, Grain::Ours, Order::BreadthFirst),
        other("stateright, atomic walks, symmetric", Grain::Ours, Order::DepthFirstSymmetric),
        other(STATERIGHT_PLAIN, Grain::Plain, Order::BreadthFirst),
    ]
}

fn table(ways: &[Way], bounds: Bounds, quick: bool) -> Answer<(Table, Vec<String>)> {
    let [clients, crashes] = bounds;
    let title = format!("{clients} clients, {crashes} crashes");
    let place = |bounds| BOUNDS.iter().position(|row| *row == bounds);
    let who: Vec<&Way> = ways.iter().filter(|way| place(bounds) <= place(way.up_to)).collect();
    let sizes: Vec<Size> = who.iter().map(|_| Rc::default()).collect();
    let contenders = who.iter().zip(&sizes).map(|(way, size)| contender(way, size, bounds)).collect();
    let (mut rows, failures) = turns::measure(contenders, if quick { TO_TRY } else { PLAN }, &Progress::of(&title));
    let came: Vec<_> = who.iter().zip(&sizes).filter_map(|(way, size)| Some((way.name, size.get()?))).collect();
    for row in &mut rows {
        let size = came.iter().find_map(|(name, size)| (*name == row.name).then_some(*size));
        row.more = size.map_or_else(Vec::new, |size| numbers(size, row));
    }
    same_grain(&came)?;
    let more = vec!["states", "steps", "depth", "states/s", "steps/s"];
    let against = vec![STATERIGHT.to_owned()];
    let notes = on_two_threads(&rows).into_iter().collect();
    Ok((Table { title, unit: "milliseconds", more, against, rows, notes }, failures))
}

/// How much longer one thread takes than two.
fn on_two_threads(rows: &[Row]) -> Option<String> {
    let time = |name| rows.iter().find_map(|row| (row.name == name).then_some(row.spread.median));
    let times = time(OURS_UNMERGED)? / time(OURS_ON_TWO)?;
    Some(format!("unmerged, ours takes {times:.2} times as long on one thread as on two"))
}

fn contender<'a>(way: &'a Way, size: &Size, bounds: Bounds) -> Contender<'a> {
    let size = Rc::clone(size);
    let round = move || {
        let Search { states, transitions, depth, time } = (way.search)(bounds)?;
        let now = [states, transitions, depth];
        match size.replace(Some(now)) {
            Some(before) if before != now => Err(format!("it came to {before:?} and then to {now:?}").into()),
            _ => Ok(time.as_secs_f64() * 1e3),
        }
    };
    Contender { name: way.name.to_owned(), about: String::new(), round: Box::new(round) }
}

#[expect(clippy::cast_precision_loss, reason = "they are printed in a few digits")]
fn numbers(size: [usize; 3], row: &Row) -> Vec<f64> {
    let [states, steps, depth] = size.map(|count| count as f64);
    let seconds = row.spread.median / 1e3;
    vec![states, steps, depth, states / seconds, steps / seconds]
}

fn same_grain(sized: &[(&str, [usize; 3])]) -> Answer {
    let size = |name| sized.iter().find_map(|(way, size)| (*way == name).then_some(size));
    for (one, other) in SAME_GRAIN {
        let (Some(a), Some(b)) = (size(one), size(other)) else { continue };
        if a != b {
            return Err(format!("at one grain, {one} came to {a:?} and {other} to {b:?}").into());
        }
    }
    Ok(())
}
