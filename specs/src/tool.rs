//! The model checker: finding it, running it on a module, and reading what it found.
//!
//! It is tla-checker, of the one version that the specifications were written for: what it supports of TLA+ differs from
//! one to the next. Who has TLC can have it check the same modules, and larger ones, with [`Tlc`](crate::tlc::Tlc).

use std::{
    env,
    ffi::OsString,
    fmt, io,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The version of tla-checker.
pub const VERSION: &str = "0.24.11";

/// Names the program, where it is not found as `tla`.
pub const TOOL_VARIABLE: &str = "LOCKWRIGHT_TLA";

/// Where it is set, a test that lacks the program fails.
pub const REQUIRE_VARIABLE: &str = "LOCKWRIGHT_REQUIRE_TLA";

/// No specification here has as many states or as long a shortest path. What comes to such a limit is
/// [`Verdict::Incomplete`].
const LIMITS: [&str; 4] = ["--max-states", "2000000", "--max-depth", "100000"];

/// The program, of the right version.
#[derive(Clone, Debug)]
pub struct Tool {
    program: OsString,
}

/// What is done beside checking what `module.cfg` says.
#[derive(Clone, Copy, Debug)]
pub enum And<'a> {
    /// Nothing.
    Nothing,
    /// It is checked whether the instance of this name is refined.
    Refines(&'a str),
    /// All states and the steps between them are written to this file, for Graphviz.
    Writes(&'a Path),
}

/// Why there is no model checker.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// It cannot be run.
    #[error(
        "cannot run {program:?}: {error}; `cargo install tla-checker --version ={VERSION}`, or name it in {TOOL_VARIABLE}"
    )]
    NotFound {
        /// What was tried.
        program: OsString,
        /// What came of it.
        error: io::Error,
    },
    /// It is another version.
    #[error("{program:?} is {found:?}, and the specifications are written for {VERSION}")]
    OtherVersion {
        /// What was tried.
        program: OsString,
        /// What it says of itself.
        found: String,
    },
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// How many different states were found.
    pub states: u64,
    /// How many steps between them.
    pub transitions: u64,
}

/// The answer of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was looked at, and everything that is claimed holds.
    Holds,
    /// This invariant, property or refinement does not hold; or `deadlock`.
    Violated(String),
    /// It came to a limit, and no violation before. No pass.
    Incomplete(String),
    /// The modules cannot be checked.
    Error(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => f.write_str("holds"),
            Self::Violated(what) => write!(f, "violated: {what}"),
            Self::Incomplete(why) => write!(f, "incomplete: {why}"),
            Self::Error(why) => write!(f, "error: {why}"),
        }
    }
}

impl Tool {
    /// The program that [`TOOL_VARIABLE`] names, or `tla`.
    ///
    /// # Errors
    ///
    /// [`Missing`].
    pub fn find() -> Result<Self, Missing> {
        let program = env::var_os(TOOL_VARIABLE).unwrap_or_else(|| "tla".into());
        match Command::new(&program).arg("--version").output() {
            Err(error) => Err(Missing::NotFound { program, error }),
            Ok(output) => {
                let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                if found.ends_with(&format!(" {VERSION}")) {
                    Ok(Self { program })
                } else {
                    Err(Missing::OtherVersion { program, found })
                }
            }
        }
    }

    /// The same for a test: `None`, with a word on it, where the program is missing and may be.
    ///
    /// # Panics
    ///
    /// Where it is missing and [`REQUIRE_VARIABLE`] is set.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "whoever runs the test has to see that it did nothing")]
    pub fn find_for_test() -> Option<Self> {
        match Self::find() {
            Ok(tool) => Some(tool),
            Err(missing) => {
                assert!(env::var_os(REQUIRE_VARIABLE).is_none(), "{missing}");
                eprintln!("SKIPPED, nothing was checked: {missing}");
                None
            }
        }
    }

    /// Checks `module` in `folder`, as `module.cfg` there says, and with `and` whether it refines the specification that
    /// it has an instance of by that name, or writing all its states to a file.
    ///
    /// # Errors
    ///
    /// When the program could not be run.
    pub fn check(&self, folder: &Path, module: &str, and: And<'_>) -> io::Result<Outcome> {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).arg(format!("{module}.tla")).args(["--config", &format!("{module}.cfg")]);
        command.args(["--symbolic-integers", "--json"]).args(LIMITS);
        match and {
            And::Nothing => {}
            And::Refines(instance) => drop(command.args(["--check-refinement", instance])),
            And::Writes(graph) => drop(command.arg("--export-dot").arg(graph).args(["--dot-mode", "full"])),
        }
        Ok(outcome(&command.output()?))
    }
}

/// The status decides, and what is not known is an error.
fn outcome(output: &Output) -> Outcome {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let line = stdout.lines().rev().find(|line| line.starts_with("{\"status\""));
    let report: Value = line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let text = |key: &str| report[key].as_str().unwrap_or("?").to_owned();
    let verdict = match report["status"].as_str() {
        Some("ok") if output.status.success() => Verdict::Holds,
        Some("invariant_violation") => Verdict::Violated(text("invariant_name")),
        Some("refinement_violation") => Verdict::Violated(text("alias")),
        Some("property_violation" | "liveness_violation") => Verdict::Violated(text("property")),
        Some("deadlock") => Verdict::Violated("deadlock".into()),
        Some(limit @ ("max_states_exceeded" | "max_depth_exceeded" | "max_time_exceeded")) => {
            Verdict::Incomplete(limit.into())
        }
        _ => Verdict::Error(format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))),
    };
    let count = |key: &str| report["stats"][key].as_u64().unwrap_or_default();
    Outcome { verdict, states: count("states_explored"), transitions: count("transitions") }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    use super::*;

    fn outcome_of(code: i32, report: &str) -> Outcome {
        let status = ExitStatus::from_raw(code << 8);
        outcome(&Output { status, stdout: format!("Checking\n{report}\n").into(), stderr: Vec::new() })
    }

    #[test]
    fn only_a_complete_check_holds() {
        let stats = r#""stats": {"states_explored": 7, "transitions": 9, "max_depth": 3}"#;
        let held = outcome_of(0, &format!(r#"{{"status": "ok", {stats}}}"#));
        assert_eq!(held, Outcome { verdict: Verdict::Holds, states: 7, transitions: 9 });
        for limit in ["max_states_exceeded", "max_depth_exceeded", "max_time_exceeded"] {
            let stopped = outcome_of(1, &format!(r#"{{"status": "{limit}", {stats}}}"#));
            assert_eq!(stopped.verdict, Verdict::Incomplete(limit.into()));
        }
        let broken = outcome_of(1, r#"{"status": "invariant_violation", "invariant_name": "Safe"}"#);
        assert_eq!(broken.verdict, Verdict::Violated("Safe".into()));
        for odd in ["", r#"{"status": "parse_error"}"#, r#"{"status": "something new"}"#] {
            assert!(matches!(outcome_of(0, odd).verdict, Verdict::Error(_)), "{odd}");
        }
        assert!(matches!(outcome_of(1, r#"{"status": "ok"}"#).verdict, Verdict::Error(_)));
    }
}
