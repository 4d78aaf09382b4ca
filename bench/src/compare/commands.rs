//! A command under a lock, as a whole process: one that nobody else wants, and one that another waits for.
//!
//! Who is alone runs `true`, so what is measured is everything else: to start the program, to take the lock, to start the command,
//! and to give the lock back. How a lock goes to [the next](handed) is measured of those whose waiters are woken.
//!
//! | contender | what |
//! |---|---|
//! | `ours, static` | `lockwright run`, as `cargo build-static` makes it |
//! | `ours` | the same, as `cargo build --release` makes it |
//! | `flock` | util-linux |
//! | `setlock`, `with-lock-ex` | daemontools and chiark-utils; they replace themselves by the command |
//! | `dotlockfile` | liblockfile, which waits for the command as ours does, and leaves a file where it is killed |
//! | `true` | no lock at all |

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Options,
    installed::is_installed,
    measured::Table,
    progress::Progress,
    report::{Compared, Missing},
    turns::{self, Contender, Plan},
};
use crate::{Answer, place::places_or};

use handed::Way;

mod handed;

/// A contender: its name, and the words that run `true` under a lock.
type Line = (&'static str, Vec<OsString>);

const PLAN: Plan = Plan { rounds: 301, enough: Duration::from_secs(5) };
const TO_TRY: Plan = Plan { rounds: 2, enough: Duration::from_secs(1) };

/// Who does not look again and again while it waits.
const WAKES: [&str; 5] = ["ours, static", "ours", "flock", "setlock", "with-lock-ex"];

/// The others: the words, and how to get the program. The lock's file is the word that ends in `.lock`.
const OTHERS: [(&[&str], &str); 5] = [
    (&["flock", "flock.lock", "true"], "apt-get install util-linux"),
    (&["setlock", "setlock.lock", "true"], "apt-get install daemontools"),
    (&["with-lock-ex", "-w", "with-lock-ex.lock", "true"], "apt-get install chiark-utils-bin"),
    (&["dotlockfile", "-l", "-p", "dotlockfile.lock", "true"], "apt-get install liblockfile-bin"),
    (&["true"], "apt-get install coreutils"),
];

/// Compares them all.
///
/// # Errors
///
/// When ours cannot be built, or there is no place to measure in.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("commands");
    let places = places_or(options.dir.as_deref())?;
    let built = tempfile::tempdir()?;
    let mut lines = ours(options, built.path())?;
    for (words, get) in OTHERS {
        match is_installed(words[0], get) {
            Ok(()) if words.len() > 1 => compared.installed.push(words[0].to_owned()),
            Ok(()) => {}
            Err(get) => {
                compared.missing.push(Missing { name: words[0].to_owned(), get });
                continue;
            }
        }
        lines.push((words[0], words.iter().map(OsString::from).collect()));
    }
    lines.retain(|(name, _)| options.takes(name));
    let wakes: Vec<Line> = lines.iter().filter(|(name, _)| WAKES.contains(name)).cloned().collect();
    let plan = if options.quick { TO_TRY } else { PLAN };
    let mut measure = |title: String, lines: &[Line], against: &[&str], round: &dyn Fn(&[OsString]) -> Answer<f64>| {
        let contender = |(name, words): &Line| {
            let (name, words) = ((*name).to_owned(), words.clone());
            Contender { name, about: String::new(), round: Box::new(move || round(&words)) }
        };
        let (rows, failures) = turns::measure(lines.iter().map(contender).collect(), plan, &Progress::of(&title));
        let against = against.iter().map(|name| (*name).to_owned()).collect();
        compared.tables.push(Table { title, unit: "milliseconds", more: Vec::new(), against, rows, notes: Vec::new() });
        compared.failures.extend(failures);
    };
    for place in &places {
        measure(format!("run true on {}", place.name()), &lines, &["flock", "true"], &|words| run(words, place.dir()));
        for way in Way::ALL {
            let title = format!("{} on {}", way.title(), place.name());
            measure(title, &wakes, &["flock"], &|words| handed::measure(words, place.dir(), way));
        }
    }
    Ok(compared)
}

/// The command in its two forms, built into `dir`; where it is only a try, as this program was built.
fn ours(options: &Options, dir: &Path) -> Answer<Vec<Line>> {
    const MEASURED: [(&str, &[&str], &str); 2] = [
        ("ours, static", &["build-static"], "release"),
        ("ours", &["build", "--release", "-p", "lockwright"], "release"),
    ];
    const DEBUG: [(&str, &[&str], &str); 1] = [("ours", &["build", "-p", "lockwright"], "debug")];
    let ways = match (options.quick, cfg!(debug_assertions)) {
        (false, _) => &MEASURED[..],
        (true, false) => &MEASURED[1..],
        (true, true) => &DEBUG,
    };
    let mut lines = Vec::new();
    for (name, args, profile) in ways.iter().filter(|(name, ..)| options.takes(name)) {
        let program = dir.join(name);
        std::fs::copy(build(options, args, profile)?, &program)?;
        let rest = ["run", "lockwright.lock", "true"].map(OsString::from);
        lines.push((*name, [program.into()].into_iter().chain(rest).collect()));
    }
    Ok(lines)
}

/// Builds the command, and says where it is. Where it is only a try, one that is there will do.
fn build(options: &Options, args: &[&str], profile: &str) -> Answer<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Below the target directory there is one for each profile, and this program is in one of them.
    let target = options.program.ancestors().nth(2).ok_or("this program is not in a target directory")?;
    let built = target.join(profile).join("lockwright");
    if options.quick && built.is_file() {
        return Ok(built);
    }
    let mut command = Command::new(cargo);
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
    if !command.stdout(Stdio::null()).status()?.success() {
        return Err(format!("cargo {args:?} failed").into());
    }
    Ok(built)
}

/// How long that takes, in milliseconds.
fn run(words: &[OsString], dir: &Path) -> Answer<f64> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(dir).stdin(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    if status.success() { Ok(time.as_secs_f64() * 1e3) } else { Err(status.to_string().into()) }
}
