//! The other model checker: TLC, which is faster and takes Java. It checks the same models, and the larger ones.
//!
//! Its versions differ in what they print and not in what they say, so any will do.

use std::{
    env, fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread::available_parallelism,
};

use crate::tool::{Outcome, Verdict};

/// Names the jar of TLC.
pub const TLC_VARIABLE: &str = "TLA2TOOLS";

/// Where it is set, a test that lacks TLC fails.
pub const REQUIRE_TLC_VARIABLE: &str = "LOCKWRIGHT_REQUIRE_TLC";

/// What TLC says of a property that speaks of more than one step is violated without its name.
pub const TEMPORAL: &str = "temporal properties";

/// What a configuration says of deadlocks.
const DEADLOCK: &str = "CHECK_DEADLOCK";

/// TLC, where somebody has it.
#[derive(Clone, Debug)]
pub struct Tlc {
    jar: PathBuf,
}

/// How many threads look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// As many as there are processors.
    All,
    /// One, so that of several violations it is always the same that is found.
    One,
}

/// Why there is no TLC.
#[derive(Debug, thiserror::Error)]
pub enum NoTlc {
    /// Nobody said where it is.
    #[error("TLC is not there: name its jar in {TLC_VARIABLE}; specs/README.md says where to get it")]
    NotNamed,
    /// There is no such file.
    #[error("{TLC_VARIABLE} names {0:?}, and there is no such file; specs/README.md says where to get the jar of TLC")]
    NoFile(PathBuf),
}

impl Tlc {
    /// The jar that [`TLC_VARIABLE`] names.
    ///
    /// # Errors
    ///
    /// [`NoTlc`].
    pub fn find() -> Result<Self, NoTlc> {
        let jar: PathBuf = env::var_os(TLC_VARIABLE).filter(|name| !name.is_empty()).ok_or(NoTlc::NotNamed)?.into();
        // It is run in another folder.
        match jar.canonicalize() {
            Ok(jar) if jar.is_file() => Ok(Self { jar }),
            _ => Err(NoTlc::NoFile(jar)),
        }
    }

    /// The same for a test: `None`, with a word on it, where it is missing and may be.
    ///
    /// # Panics
    ///
    /// Where it is missing and [`REQUIRE_TLC_VARIABLE`] is set.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "whoever runs the test has to see that it did nothing")]
    pub fn find_for_test() -> Option<Self> {
        match Self::find() {
            Ok(tlc) => Some(tlc),
            Err(missing) => {
                assert!(env::var_os(REQUIRE_TLC_VARIABLE).is_none(), "{missing}");
                eprintln!("SKIPPED, nothing was checked: {missing}");
                None
            }
        }
    }

    /// Checks `module` in `folder`, as `module.cfg` there says, and whether `refined` holds, a property of the module.
    /// Steps between states it counts in another way than tla-checker, with those that lead back.
    ///
    /// # Errors
    ///
    /// When Java could not be run.
    pub fn check(&self, folder: &Path, module: &str, refined: Option<&str>, workers: Workers) -> io::Result<Outcome> {
        let config = folder.join(format!("{module}.cfg"));
        let text = fs::read_to_string(&config)?;
        // Versions before 2.16 know this as an option only, and the others know the option as well.
        let lines = text.lines().filter(|line| !line.starts_with(DEADLOCK));
        let asked: Vec<String> =
            lines.map(str::to_owned).chain(refined.map(|refined| format!("PROPERTY {refined}"))).collect();
        fs::write(&config, asked.join("\n"))?;
        let mut command = Command::new("java");
        command.current_dir(folder);
        // It puts its own modules where temporary files are, under their names, and leaves them there.
        command.arg(format!("-Djava.io.tmpdir={}", folder.display())).arg("-XX:+UseParallelGC");
        command.arg("-cp").arg(&self.jar).arg("tlc2.TLC");
        // What comes about in time is looked at once, when all states are known, and not again and again before.
        command.args(["-lncheck", "final"]);
        if text.contains(&format!("{DEADLOCK} FALSE")) {
            command.arg("-deadlock");
        }
        let workers = match workers {
            Workers::All => available_parallelism().map_or(1, NonZeroUsize::get),
            Workers::One => 1,
        };
        command.args(["-workers", &workers.to_string(), "-config", &format!("{module}.cfg"), module]);
        let output = command.output().map_err(|error| {
            io::Error::other(format!("cannot run java: {error}; TLC takes Java, Debian's default-jre-headless"))
        })?;
        Ok(outcome(&output))
    }
}

/// Its exit codes: 10 to 13 are violations, of an assumption, by deadlock, of safety and of liveness.
fn outcome(output: &Output) -> Outcome {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let counts = stdout.lines().rev().find(|line| line.contains(" states generated, "));
    let count = |what: &str| {
        let found = counts?.split(", ").find_map(|count| count.split_once(what));
        found?.0.chars().filter(char::is_ascii_digit).collect::<String>().parse::<u64>().ok()
    };
    let (states, left) = (count(" distinct states found"), count(" states left on queue"));
    let verdict = match output.status.code() {
        Some(0) if states > Some(0) && left == Some(0) => Verdict::Holds,
        Some(0) if states > Some(0) => Verdict::Incomplete("states are left to be looked at".into()),
        None => Verdict::Incomplete("TLC was ended".into()),
        Some(10..=13) => Verdict::Violated(stdout.lines().find_map(violated).unwrap_or("see TLC's output").to_owned()),
        Some(_) => Verdict::Error(format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))),
    };
    let transitions = count(" states generated").unwrap_or_default();
    Outcome { verdict, states: states.unwrap_or_default(), transitions }
}

/// What a line says is violated: an invariant or a property by its name, or a step of a specification that is refined by
/// that one's module.
fn violated(line: &str) -> Option<&str> {
    let error = line.strip_prefix("Error: ")?;
    if let Some(invariant) = error.strip_prefix("Invariant ") {
        return invariant.split_once(" is violated").map(|(name, _)| name);
    }
    if let Some(step) = error.strip_prefix("Action property ") {
        return step.strip_suffix(" is violated.")?.rsplit(' ').next();
    }
    if error.starts_with("Temporal properties were violated") {
        return Some(TEMPORAL);
    }
    error.starts_with("Deadlock reached").then_some("deadlock")
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    use super::*;

    const TOLD: &str =
        "Finished\n11,402 states generated, 5,157 distinct states found, 0 states left on queue.\nThe depth\n";

    /// The status of who was ended by this signal.
    const KILLED: i32 = 9;

    fn of_status(status: i32, text: &str) -> Outcome {
        outcome(&Output { status: ExitStatus::from_raw(status), stdout: text.into(), stderr: Vec::new() })
    }

    fn of(code: i32, text: &str) -> Outcome {
        of_status(code << 8, text)
    }

    #[test]
    fn what_it_says_is_read() {
        assert_eq!(of(0, TOLD), Outcome { verdict: Verdict::Holds, states: 5157, transitions: 11402 });
        assert!(matches!(of(12, TOLD).verdict, Verdict::Violated(_)));
        assert!(matches!(of(150, "Error: Parsing failed").verdict, Verdict::Error(_)));
        assert!(matches!(of(0, "").verdict, Verdict::Error(_)), "without a count nothing was checked");
    }

    #[test]
    fn what_is_broken_off_is_no_pass() {
        let left = TOLD.replace(" 0 states left", " 7 states left");
        assert!(matches!(of(0, &left).verdict, Verdict::Incomplete(_)));
        assert!(matches!(of_status(KILLED, TOLD).verdict, Verdict::Incomplete(_)));
    }

    #[test]
    fn what_is_violated_is_told_by_its_name() {
        let told = [
            ("Error: Invariant Inv is violated.", 12, "Inv"),
            ("Error: Invariant TypeOK is violated by the initial state:", 12, "TypeOK"),
            ("Error: Action property Refines is violated.", 13, "Refines"),
            ("Error: Action property line 32, col 17 to line 32, col 29 of module Lock is violated.", 13, "Lock"),
            ("Error: Temporal properties were violated.", 13, TEMPORAL),
            ("Error: Deadlock reached.", 11, "deadlock"),
        ];
        for (line, code, name) in told {
            let outcome = of(code, &format!("Starting\n{line}\nError: The behavior up to this point is:\n{TOLD}"));
            assert_eq!(outcome.verdict, Verdict::Violated(name.into()), "{line}");
        }
    }
}
