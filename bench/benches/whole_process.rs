//! What it costs to run a command under a lock that nobody else wants, as a whole process, beside `flock(1)` and its like.
//!
//! Each runs `true`, so what is measured is everything else: to start the program, to take the lock, to start the command,
//! and to give the lock back. All take turns, so that whatever else the machine does meets all of them alike.
//!
//! | contender | what |
//! |---|---|
//! | `lockwright, static` | `lockwright run`, as `cargo build-static` makes it |
//! | `lockwright` | the same, as `cargo build --release` makes it |
//! | `flock` | util-linux |
//! | `setlock`, `with-lock-ex` | daemontools and chiark-utils, where they are installed; they replace themselves by the command |
//! | `true` | no lock at all |

use std::{
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use lockwright_bench::{
    is_measuring,
    place::{Place, places},
};

/// So many turns, of which the median counts.
const TURNS: usize = 301;

type Answer<T> = Result<T, Box<dyn Error>>;

/// A command line, run in the directory of a place.
struct Contender {
    name: &'static str,
    words: Vec<OsString>,
}

fn main() -> Answer<()> {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = tempfile::tempdir_in(tmp)?;
    let mut contenders = lockwrights(built.path())?;
    for (name, line) in [
        ("flock", &["flock", "flock.lock", "true"][..]),
        ("setlock", &["setlock", "setlock.lock", "true"]),
        ("with-lock-ex", &["with-lock-ex", "-w", "with-lock-ex.lock", "true"]),
        ("true", &["true"]),
    ] {
        contenders.push(Contender { name, words: line.iter().map(OsString::from).collect() });
    }
    for place in places(tmp)? {
        table(&place, &contenders)?;
    }
    Ok(())
}

/// The command in its two forms, built into `dir`; where nothing is measured, the one that is built for tests.
fn lockwrights(dir: &Path) -> Answer<Vec<Contender>> {
    const MEASURED: [(&str, &[&str], &str); 2] = [
        ("lockwright, static", &["build-static"], "release"),
        ("lockwright", &["build", "--release", "-p", "lockwright"], "release"),
    ];
    const TRIED: [(&str, &[&str], &str); 1] = [("lockwright", &["build", "-p", "lockwright"], "debug")];
    let ways = if is_measuring() { &MEASURED[..] } else { &TRIED };
    let mut contenders = Vec::new();
    for (name, args, profile) in ways {
        let program = dir.join(name);
        std::fs::copy(build(args, profile)?, &program)?;
        let rest = ["run", "lockwright.lock", "true"].map(OsString::from);
        contenders.push(Contender { name, words: [program.into()].into_iter().chain(rest).collect() });
    }
    Ok(contenders)
}

/// Builds the command, and says where it is.
fn build(args: &[&str], profile: &str) -> Answer<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    if !Command::new(cargo).args(args).status()?.success() {
        return Err(format!("cargo {args:?} failed").into());
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("a target directory has a parent")?;
    Ok(target.join(profile).join("lockwright"))
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn table(place: &Place, contenders: &[Contender]) -> Answer<()> {
    let mut times = Vec::new();
    for contender in contenders {
        match contender.run(place) {
            Ok(_) => times.push((contender, Vec::new())),
            Err(error) if error.is::<Missing>() => println!("{error}"),
            Err(error) => return Err(error),
        }
    }
    for _ in 0..if is_measuring() { TURNS } else { 1 } {
        for (contender, times) in &mut times {
            times.push(contender.run(place)?);
        }
    }
    for (_, times) in &mut times {
        times.sort_unstable();
    }
    let median = |times: &[Duration]| times[times.len() / 2].as_secs_f64() * 1e3;
    let flock = times.iter().find(|(contender, _)| contender.name == "flock").map(|(_, times)| median(times));
    let flock = flock.ok_or("flock(1) is to be compared with, and missing")?;
    println!("{:32}{:>8}{:>8}{:>12}", format!("run true on {}, in ms", place.name()), "min", "median", "of flock");
    for (contender, times) in &times {
        let (min, median) = (times[0].as_secs_f64() * 1e3, median(times));
        println!("{:32}{min:8.3}{median:8.3}{:12.2}", contender.name, median / flock);
    }
    Ok(())
}

impl Contender {
    fn run(&self, place: &Place) -> Answer<Duration> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).current_dir(place.dir()).stdin(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().map_err(|_| Missing(self.name))?;
        let status = child.wait()?;
        let time = start.elapsed();
        status.success().then_some(time).ok_or_else(|| format!("{}: {status}", self.name).into())
    }
}

/// Somebody to compare with is not installed.
#[derive(Debug)]
struct Missing(&'static str);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not installed", self.0)
    }
}

impl Error for Missing {}
