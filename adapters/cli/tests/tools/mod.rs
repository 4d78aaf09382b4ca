//! Tools of the system that a part of a test needs.

use std::{io::Write as _, process::Command};

/// Where the environment says so, a missing tool is a failure.
const REQUIRE: &str = "LOCKWRIGHT_REQUIRE_TOOLS";

/// True where a part of a test, `what`, is skipped since there is no such tool; then that is said on standard error.
pub(crate) fn lacks(tool: &str, what: &str) -> bool {
    let lacks = Command::new(tool).arg("--version").output().is_err();
    if lacks {
        assert!(std::env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and there is no {tool}");
        // Past the capture of the test harness.
        drop(std::io::stderr().write_all(format!("SKIPPED: {what}: {tool} is missing\n").as_bytes()));
    }
    lacks
}
