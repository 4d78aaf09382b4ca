//! `tla-checker` from crates.io, on the specification in `peers/FastLock.tla`.
//!
//! `cargo install tla-checker --version 0.24.11` installs it, as `tla`. It is no dependency: where it is not installed
//! there is nothing to compare with.

use std::{
    env,
    error::Error,
    ffi::OsString,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Bounds, Search};

/// The environment variable that says which program it is, where that is not the `tla` of the search path.
pub const PROGRAM: &str = "LOCKWRIGHT_TLA_CHECKER";

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/FastLock.tla");
const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/MCFastLock.cfg");

/// More than any search here comes to. Without these it stops at a million states and a depth of 100.
const STATES_MAX: &str = "1000000000";
const DEPTH_MAX: &str = "1000000";

/// An installed tla-checker.
#[derive(Clone, Debug)]
pub struct TlaChecker {
    program: OsString,
}

impl TlaChecker {
    /// The one that [`PROGRAM`] names, or the `tla` of the search path; `None` when that is none or is another program.
    #[must_use]
    pub fn find() -> Option<Self> {
        let program = env::var_os(PROGRAM).unwrap_or_else(|| "tla".into());
        let version = Command::new(&program).arg("--version").output().ok()?;
        version.stdout.starts_with(b"tla ").then_some(Self { program })
    }

    /// Has it check the specification. The time is that of the whole program, which takes a few milliseconds to start.
    ///
    /// # Errors
    ///
    /// When it cannot be run, says something unexpected, or does not verify the lock.
    pub fn check(&self, [clients, crashes]: Bounds) -> Result<Search, Box<dyn Error>> {
        let mut command = Command::new(&self.program);
        command.arg(SPECIFICATION).args(["--config", CONFIGURATION, "--json", "--symbolic-integers"]);
        command.args(["--max-states", STATES_MAX, "--max-depth", DEPTH_MAX]);
        command.args(["--constant", &format!("Count={clients}"), "--constant", &format!("Crashes={crashes}")]);
        let start = Instant::now();
        let output = command.output()?;
        let time = start.elapsed();
        let said = String::from_utf8(output.stdout)?;
        read(&said, time).ok_or_else(|| format!("{command:?} did not verify the lock:\n{said}").into())
    }
}

/// Reads what it printed: the last line is a JSON object.
fn read(said: &str, time: Duration) -> Option<Search> {
    let report: Value = serde_json::from_str(said.trim_end().lines().next_back()?).ok()?;
    let number = |name: &str| usize::try_from(report["stats"][name].as_u64()?).ok();
    if report["status"] != "ok" {
        return None;
    }
    // It counts depth from 1.
    let depth = number("max_depth")?.checked_sub(1)?;
    Some(Search { states: number("states_explored")?, transitions: number("transitions")?, depth, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_search_that_came_to_its_end_without_a_violation_counts() {
        let said = |status| {
            let stats = r#""stats": {"states_explored": 7, "transitions": 14, "max_depth": 4, "elapsed_secs": 0.0}"#;
            format!("Checking spec: A.tla\n\n{{\"status\": \"{status}\", {stats}}}\n")
        };
        let time = Duration::from_secs(1);
        assert_eq!(read(&said("ok"), time), Some(Search { states: 7, transitions: 14, depth: 3, time }));
        for status in ["invariant_violation", "max_depth_exceeded", "deadlock"] {
            assert_eq!(read(&said(status), time), None);
        }
        assert_eq!(read("", time), None);
    }
}
