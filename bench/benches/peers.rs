//! What the verdict on the lock costs: our checker, stateright and tla-checker, in one run. See [`peers`] for what each
//! of them explores, and at which grain.
//!
//! The contenders take turns, so that whatever else the machine does meets all of them alike; each one's median counts.
//! tla-checker takes part where it is installed, see [`tla`].
//!
//! [`peers`]: lockwright_bench::peers
//! [`tla`]: lockwright_bench::peers::tla

use std::{error::Error, time::Duration};

use lockwright_bench::{
    is_measuring,
    peers::{
        Answer, Bounds, Order, Reduction, Search,
        model::Grain,
        ours, stateright,
        tla::{self, TlaChecker},
    },
};
use lockwright_sim::scenario::Walk;

const BOUNDS: [Bounds; 6] = [[2, 0], [2, 1], [2, 2], [3, 0], [3, 1], [3, 2]];
const BOUNDS_TO_TRY: [Bounds; 2] = [[2, 0], [2, 1]];

/// So many turns, of which one that has taken so long already has enough.
const TURNS: usize = 7;
const LONG: Duration = Duration::from_secs(3);

/// A way to the verdict.
struct Contender {
    name: &'static str,
    grain: &'static str,
    search: Box<dyn Fn(Bounds) -> Answer>,
    /// The last of [`BOUNDS`] that its end can be waited for.
    up_to: Bounds,
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() -> Result<(), Box<dyn Error>> {
    let contenders = contenders();
    let bounds: &[Bounds] = if is_measuring() { &BOUNDS } else { &BOUNDS_TO_TRY };
    for &[clients, crashes] in bounds {
        let who: Vec<_> = contenders.iter().filter(|contender| reaches(contender, [clients, crashes])).collect();
        let searches = medians(&who, [clients, crashes])?;
        println!("\n{clients} clients, {crashes} crashes");
        table(&who, &searches);
        same_grain(&who, &searches)?;
        // Unoptimised, they would say nothing.
        if is_measuring() {
            ratios(&who, &searches);
        }
    }
    if TlaChecker::find().is_none() {
        println!("\ntla-checker is not installed: no `tla` on the search path, and {} names none.", tla::PROGRAM);
    }
    Ok(())
}

fn contenders() -> Vec<Contender> {
    let (all, most) = ([3, 2], [3, 1]);
    let mut contenders = vec![
        Contender {
            name: OURS,
            grain: "split walks",
            search: Box::new(|at| ours(at, Walk::Split, Reduction::All)),
            up_to: all,
        },
        Contender {
            name: "ours, no symmetry",
            grain: "split walks",
            search: Box::new(|at| ours(at, Walk::Split, Reduction::Merge)),
            up_to: most,
        },
        Contender {
            name: OURS_UNMERGED,
            grain: "split walks",
            search: Box::new(|at| ours(at, Walk::Split, Reduction::None)),
            up_to: [3, 0],
        },
        Contender {
            name: OURS_ATOMIC,
            grain: "atomic walks",
            search: Box::new(|at| ours(at, Walk::Atomic, Reduction::Merge)),
            up_to: most,
        },
        Contender {
            name: STATERIGHT,
            grain: "atomic walks",
            search: Box::new(|at| stateright(at, Grain::Ours, Order::BreadthFirst)),
            up_to: all,
        },
        Contender {
            name: STATERIGHT_SYMMETRIC,
            grain: "atomic walks",
            search: Box::new(|at| stateright(at, Grain::Ours, Order::DepthFirstSymmetric)),
            up_to: all,
        },
        Contender {
            name: STATERIGHT_PLAIN,
            grain: "plain",
            search: Box::new(|at| stateright(at, Grain::Plain, Order::BreadthFirst)),
            up_to: all,
        },
    ];
    if let Some(checker) = TlaChecker::find() {
        let search = Box::new(move |at| checker.check(at));
        contenders.push(Contender { name: TLA_CHECKER, grain: "plain", search, up_to: [3, 0] });
    }
    contenders
}

const OURS: &str = "ours";
const OURS_UNMERGED: &str = "ours, unmerged";
const OURS_ATOMIC: &str = "ours, atomic walks";
const STATERIGHT: &str = "stateright";
const STATERIGHT_SYMMETRIC: &str = "stateright, symmetric DFS";
const STATERIGHT_PLAIN: &str = "stateright, plain";
const TLA_CHECKER: &str = "tla-checker";

/// Pairs that explore the same.
const SAME_GRAIN: [(&str, &str); 2] = [(OURS_ATOMIC, STATERIGHT), (STATERIGHT_PLAIN, TLA_CHECKER)];

fn reaches(contender: &Contender, bounds: Bounds) -> bool {
    let place = |bounds| BOUNDS.iter().position(|row| *row == bounds);
    place(bounds) <= place(contender.up_to)
}

/// Each contender's search, with the median of its times. The sizes are the same every time, or that is an error.
fn medians(contenders: &[&Contender], bounds: Bounds) -> Result<Vec<Search>, Box<dyn Error>> {
    let mut runs: Vec<Vec<Search>> = vec![Vec::new(); contenders.len()];
    for turn in 0..if is_measuring() { TURNS } else { 1 } {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            let taken: Duration = runs.iter().map(|run| run.time).sum();
            if turn == 0 || taken < LONG {
                runs.push((contender.search)(bounds)?);
            }
        }
    }
    let median = |(mut runs, contender): (Vec<Search>, &&Contender)| {
        runs.sort_by_key(|run| run.time);
        let search = runs[runs.len() / 2];
        if runs.iter().any(|run| Search { time: search.time, ..*run } != search) {
            return Err(format!("{} came to another size each time: {runs:?}", contender.name).into());
        }
        Ok(search)
    };
    runs.into_iter().zip(contenders).map(median).collect()
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn table(contenders: &[&Contender], searches: &[Search]) {
    let [who, grain, states, transitions] = ["who", "grain", "states", "transitions"];
    let [depth, seconds, states_a_second, a_second] = ["depth", "seconds", "states/s", "transitions/s"];
    println!(
        "{who:<26}{grain:<14}{states:>10}{transitions:>13}{depth:>7}{seconds:>10}{states_a_second:>12}{a_second:>15}"
    );
    for (Contender { name, grain, .. }, &search) in contenders.iter().zip(searches) {
        let Search { states, transitions, depth, time } = search;
        let [states_a_second, a_second] = [states, transitions].map(|count| rate(count, time));
        let seconds = time.as_secs_f64();
        println!(
            "{name:<26}{grain:<14}{states:>10}{transitions:>13}{depth:>7}{seconds:>10.4}{states_a_second:>12.0}\
             {a_second:>15.0}"
        );
    }
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "a rate is printed in a few digits")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Searches of one grain have one size, whoever makes them: two people's ideas of the lock agree, or a checker is wrong.
fn same_grain(contenders: &[&Contender], searches: &[Search]) -> Result<(), Box<dyn Error>> {
    for (mine, other) in SAME_GRAIN {
        let [Some(a), Some(b)] = [mine, other].map(|name| named(name, contenders, searches)) else { continue };
        if [a.states, a.transitions, a.depth] != [b.states, b.transitions, b.depth] {
            return Err(format!("at one grain, {mine} came to {a:?} and {other} to {b:?}").into());
        }
    }
    Ok(())
}

/// The times to one verdict: at one grain, and of ours as it comes, whose grain is the finest; and the transitions a
/// second, at any grain.
#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn ratios(contenders: &[&Contender], searches: &[Search]) {
    let pair = |mine, other| named(mine, contenders, searches).zip(named(other, contenders, searches));
    let as_it_comes = [STATERIGHT, STATERIGHT_SYMMETRIC, STATERIGHT_PLAIN, TLA_CHECKER].map(|other| (OURS, other));
    for (pairs, grain) in [(&SAME_GRAIN[..], "at the same grain"), (&as_it_comes, "each as it comes")] {
        for &(mine, other) in pairs {
            let Some((a, b)) = pair(mine, other) else { continue };
            let ratio = a.time.as_secs_f64() / b.time.as_secs_f64();
            println!("time to the verdict, {grain}: `{mine}` takes {ratio:.4} times that of `{other}`");
        }
    }
    for mine in [OURS, OURS_UNMERGED] {
        for other in [STATERIGHT, TLA_CHECKER] {
            let Some((a, b)) = pair(mine, other) else { continue };
            let [a, b] = [a, b].map(|search| rate(search.transitions, search.time));
            println!("transitions a second: `{mine}` makes {:.2} times those of `{other}`", a / b);
        }
    }
}

fn named(name: &str, contenders: &[&Contender], searches: &[Search]) -> Option<Search> {
    let mut both = contenders.iter().zip(searches);
    both.find_map(|(contender, search)| (contender.name == name).then_some(*search))
}
