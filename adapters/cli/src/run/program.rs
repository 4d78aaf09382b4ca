//! A program that takes this process's place: its words and its environment, put together before it is time.
//!
//! [`std::process::Command`] collects the environment when it executes, and sorts it; here a lock is held meanwhile, and
//! somebody waits for the command to begin.

use std::{
    convert::Infallible,
    ffi::{CString, OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
};

use nix::{sys::signal::Signal, unistd::execvpe};

use crate::signals::by_default;

/// A program, its arguments and its environment.
#[derive(Debug)]
pub(super) struct Program {
    /// Never empty. The first is looked for in `PATH`, unless it is a path.
    words: Vec<CString>,
    /// `NAME=VALUE` each.
    environment: Vec<CString>,
}

impl Program {
    /// The program of a command line that is not empty, with the environment of this process.
    pub(super) fn new(line: &[OsString]) -> io::Result<Self> {
        let words = line.iter().map(|word| CString::new(word.as_bytes()));
        let environment = std::env::vars_os().map(|(name, value)| variable(name, &value));
        Ok(Self { words: words.collect::<Result<_, _>>()?, environment: environment.collect::<Result<_, _>>()? })
    }

    /// Takes a variable out of its environment.
    pub(super) fn unset(&mut self, name: &str) {
        let is_it = |variable: &CString| {
            variable.to_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
        };
        self.environment.retain(|variable| !is_it(variable));
    }

    /// Puts a variable into its environment, in place of one of that name.
    pub(super) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> io::Result<()> {
        self.unset(name);
        self.environment.push(variable(name.into(), value.as_ref())?);
        Ok(())
    }

    /// Executes it in place of this process, where that can be done.
    pub(super) fn execute(&self) -> io::Result<Infallible> {
        // This program was started to ignore it, by the library that it is written with.
        by_default(Signal::SIGPIPE)?;
        Ok(execvpe(&self.words[0], &self.words, &self.environment)?)
    }
}

fn variable(name: OsString, value: &OsStr) -> io::Result<CString> {
    let mut variable = name.into_vec();
    variable.push(b'=');
    variable.extend_from_slice(value.as_bytes());
    Ok(CString::new(variable)?)
}
