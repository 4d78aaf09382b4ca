//! Scratch.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]
use lockwright_sim::{Limits, Verdict, catalogue, check, scenario::Scenario};
fn main() {
    for e in catalogue::MUTANTS {
        let x = e.expected.unwrap();
        let s = Scenario { walk: x.walk, ..Scenario::new(e.name, x.clients, x.crashes) };
        let r = check(e.protocol(), &s, Limits::default(), &mut |_| {});
        println!("=== {s}: states {} {}", r.states, r.verdict.word());
        if let Verdict::Violated(v) = r.verdict {
            println!("{} (expected {}): {}", v.property, x.property, v.what);
            if let Some(t) = v.trace {
                println!(
                    "{} steps {:?} {}",
                    t.steps.len(),
                    t.replay(e.protocol()),
                    t.to_string().parse::<lockwright_sim::Trace>() == Ok(t.clone())
                );
                if std::env::args().nth(1).as_deref() == Some(e.name) {
                    println!("{t}");
                }
            }
        } else {
            println!("{:?}", r.verdict);
        }
    }
}
