//! Scratch.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]
use lockwright_sim::{Limits, Verdict, catalogue, check, scenario::Scenario};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let s = Scenario::new(&a[1], a[2].parse().unwrap(), a[3].parse().unwrap());
    let t = std::time::Instant::now();
    let r = check(
        catalogue::find(&a[1]).unwrap().protocol(),
        &s,
        Limits { merge: a.len() < 5, ..Limits::default() },
        &mut |_| {},
    );
    println!(
        "{s}: states {} transitions {} depth {} {:?} {}",
        r.states,
        r.transitions,
        r.depth,
        t.elapsed(),
        r.verdict.word()
    );
    if let Verdict::Violated(v) = r.verdict {
        println!("{}: {}", v.property, v.what);
        if let Some(t) = v.trace {
            println!("{t}");
            println!("{:?}", t.replay(catalogue::find(&a[1]).unwrap().protocol()));
        }
    } else {
        println!("{:?}", r.verdict);
    }
}
