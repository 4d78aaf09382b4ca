//! Try.
use lockwright_sim::{scenario::*, *};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n = |i: usize| args.get(i).and_then(|a| a.parse::<u8>().ok()).unwrap_or(0);
    let entry = catalogue::find(&args[1]).unwrap();
    let faults = Faults { crashes: n(3), ticks: n(4), errors: n(5), jumps: n(6), roundings: n(7), ..Faults::NONE };
    let profile = match args.get(8).map(String::as_str) {
        Some("local") => Profile::Local,
        Some("power") => Profile::Power,
        _ => Profile::Lease,
    };
    let scenario = Scenario {
        faults,
        profile,
        walk: if args.get(9).is_some() { Walk::Atomic } else { Walk::Split },
        ..Scenario::new(entry.name, n(2), 0)
    };
    let t = std::time::Instant::now();
    let report = check(entry.protocol(), &scenario, Limits::default(), &mut |_| {});
    match &report.verdict {
        Verdict::Violated(v) => {
            println!("{:?} {}", v.property, v.what);
            if let Some(t) = &v.trace {
                println!("{t}");
            }
        }
        v => println!("{v:?}"),
    }
    println!("{} {} {} {:?}", report.states, report.transitions, report.depth, t.elapsed());
}
