//! The command `lockwright` as a process that runs to its end, and what it left.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Runs the command in `dir`, with nothing to read.
pub(crate) fn lockwright(dir: &Path, args: &[&str]) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_lockwright")).current_dir(dir).args(args))
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it is there")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ends it")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it writes UTF-8")
}

/// The one line that a refusal is.
pub(crate) fn refusal(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("it writes UTF-8");
    assert_eq!((text.lines().count(), out(output).as_str()), (1, ""), "{text}");
    text
}

/// The objects that `--json` writes, one a line.
pub(crate) fn json(output: &Output) -> Vec<Value> {
    out(output).lines().map(|row| serde_json::from_str(row).expect("JSON")).collect()
}

pub(crate) fn empty_dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

/// The names in `dir`.
pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).expect("it is there").map(|entry| entry.expect("it can be read").file_name());
    names.map(|name| name.into_string().expect("it was named by us")).collect()
}
