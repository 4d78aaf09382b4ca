//! What the peers of Python have in common: a program that is a party, and where their packages are.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::{Command, Stdio},
    sync::Mutex,
};

/// The environment variable that says which Python has the packages, where that is not the `python3` of the search path.
pub(super) const PYTHON: &str = "LOCKWRIGHT_BENCH_PYTHON";

/// `setup` is to bind `take` and `give` for the lock at `path`.
pub(super) fn program(setup: &str) -> Vec<String> {
    let python = python().to_string_lossy().into_owned();
    vec![python, "-c".into(), PARTY.replace("SETUP", setup)]
}

/// Whether the module can be imported; or else how to get it.
pub(super) fn find(module: &str, package: &str) -> Result<(), String> {
    static FOUND: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let is_there = *found.entry(module.to_owned()).or_insert_with(|| {
        let mut import = Command::new(python());
        import.args(["-c", &format!("import {module}")]).stdout(Stdio::null()).stderr(Stdio::null());
        import.status().is_ok_and(|status| status.success())
    });
    let get = || format!("python3 -m venv DIR && DIR/bin/pip install {package}, and {PYTHON}=DIR/bin/python");
    if is_there { Ok(()) } else { Err(get()) }
}

fn python() -> OsString {
    std::env::var_os(PYTHON).unwrap_or_else(|| "python3".into())
}

/// As `worker` has it, in Python.
const PARTY: &str = r#"
import os, sys, time
path = sys.argv[1]
SETUP
def say(word):
    print(word, flush=True)
say(os.getpid())
for line in iter(sys.stdin.readline, ""):
    words = line.split()
    if words[0] == "lock":
        take()
        say(time.monotonic_ns())
        sys.stdin.readline()
        start = time.monotonic_ns()
        give()
        say(start)
    else:
        start = time.monotonic_ns()
        for _ in range(int(words[1])):
            take()
            give()
        say(time.monotonic_ns() - start)
"#;
