//! Speed.
#![allow(missing_docs)]
use lockwright_sim::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let entry = catalogue::find(&a[1]).unwrap();
    let s = scenario::Scenario::new(&a[1], a[2].parse().unwrap(), a[3].parse().unwrap());
    let mut l = Limits { threads: a[4].parse().unwrap(), ..Limits::default() };
    if a.get(5).is_some_and(|x| x == "plain") {
        l.merge = false;
    }
    let t = std::time::Instant::now();
    let mut last = 0;
    let r = check(entry.protocol(), &s, l, &mut |p| {
        if p.states > last + 2_000_000 || p.states < last {
            last = p.states;
            eprintln!("{} {} {} d{} {}MB", p.states, p.transitions, p.frontier, p.depth, p.bytes >> 20);
        }
    });
    let e = t.elapsed().as_secs_f64();
    println!(
        "{} {} trans, {} depth, {:.2} s, {:.2} M/s {:.1} B/state {:?} {:?}",
        r.states,
        r.transitions,
        r.depth,
        e,
        r.transitions as f64 / e / 1e6,
        r.coverage.bytes as f64 / r.states as f64,
        r.verdict.word(),
        r.coverage.symmetry_refused
    );
}
