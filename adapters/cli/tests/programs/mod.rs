//! Programs that a test makes for itself.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// Writes a shell script that can be executed. Another process writes it: who is started by another thread while this
/// one has it open keeps it open for a moment, and what is open for writing cannot be executed.
pub(crate) fn write(path: &Path, text: &str) {
    let mut command = Command::new("install");
    let mut child =
        command.args(["-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn().expect("coreutils");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).expect("it reads");
    drop(input);
    assert!(child.wait().expect("my child").success(), "{}", path.display());
}
