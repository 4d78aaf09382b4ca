//! `lockwright replay`: runs a counterexample again, over the code as it is now.

use std::{
    ffi::OsStr,
    fmt, fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use lockwright_sim::{
    Divergence, ScriptError, Token, Trace,
    catalogue::{self, Entry},
};

use crate::{
    args::{Form, ReplayArgs},
    exit::{Failure, USAGE},
};

/// The run went as written, and breaks the property.
const VIOLATED: u8 = 1;
/// The run did not go as written.
const DIVERGED: u8 = 3;

pub(crate) fn replay(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let source = Source::of(&args.run)?;
    let (trace, done) = source.run(args.anyway)?;
    let protocol = source.entry.protocol();
    if let Some(form) = args.form {
        done.map_err(|divergence| source.diverged(&divergence))?;
        let text = written(&trace, form, source.entry).map_err(|error| match error {
            ScriptError::Diverged(divergence) => source.diverged(&divergence),
            error => source.failure(USAGE, error),
        })?;
        print(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let marks = match (&done, args.marks) {
        (Ok(()), true) => {
            let marks = trace.marks(protocol, args.states).map_err(|divergence| source.diverged(&divergence))?;
            format!("\n{marks}")
        }
        _ => String::new(),
    };
    print(&format!("{trace}{marks}\n"));
    Ok(match done {
        Ok(()) => {
            print(&match trace.loop_from {
                None => format!("Ran as written: {} is violated.\n", trace.property),
                Some(from) => format!("Ran as written: it can go on for ever from step {}.\n", from + 1),
            });
            ExitCode::from(VIOLATED)
        }
        Err(divergence) => {
            print(&format!("The code does something else now: {divergence}\n"));
            ExitCode::from(DIVERGED)
        }
    })
}

/// A counterexample that somebody has, before it was run.
pub(crate) struct Source {
    /// How it was named on the command line.
    name: String,
    pub(crate) entry: Entry,
    form: Given,
}

enum Given {
    Token(Token),
    Trace(Trace),
}

impl Source {
    /// What `argument` names: a token, or a file that holds a trace.
    pub(crate) fn of(argument: &OsStr) -> Result<Self, Failure> {
        let name = Path::new(argument).display().to_string();
        let refuse = |why: &dyn fmt::Display| Failure::new(USAGE, format!("{name}: {why}"));
        let form = if let Some(text) = argument.to_str().filter(|text| Token::is_meant(text)) {
            Given::Token(text.parse().map_err(|error| refuse(&error))?)
        } else {
            let text = fs::read_to_string(argument).map_err(|error| refuse(&error))?;
            Given::Trace(text.parse().map_err(|error| refuse(&error))?)
        };
        let protocol = match &form {
            Given::Token(token) => &token.scenario.protocol,
            Given::Trace(trace) => &trace.scenario.protocol,
        };
        let entry =
            catalogue::find(protocol).ok_or_else(|| refuse(&format!("there is no protocol `{protocol}` any more")))?;
        Ok(Self { name, entry, form })
    }

    /// Runs it. A token has no trace to be told when it does not run; nor is anything told of a run of other code, unless
    /// it is to be tried `anyway`.
    pub(crate) fn run(&self, anyway: bool) -> Result<(Trace, Result<(), Divergence>), Failure> {
        let protocol = self.entry.protocol();
        match &self.form {
            Given::Token(token) => {
                let token = if anyway { Token { code: None, ..token.clone() } } else { token.clone() };
                let trace = token.trace(protocol).map_err(|divergence| self.diverged(&divergence))?;
                Ok((trace, Ok(())))
            }
            Given::Trace(trace) if anyway => {
                let done = trace.replay_anyway(protocol);
                Ok((Trace { code: None, ..trace.clone() }, done))
            }
            Given::Trace(trace) => match trace.replay(protocol) {
                Err(other @ Divergence::OtherCode { .. }) => Err(self.diverged(&other)),
                done => Ok((trace.clone(), done)),
            },
        }
    }

    /// How a command ends that cannot go on without the run.
    pub(crate) fn diverged(&self, divergence: &Divergence) -> Failure {
        let hint = match divergence {
            Divergence::OtherCode { .. } => "; lockwright replay --anyway runs it as far as it goes",
            _ => "",
        };
        let line = divergence.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        self.failure(DIVERGED, format!("{line}{hint}"))
    }

    fn failure(&self, code: u8, why: impl fmt::Display) -> Failure {
        Failure::new(code, format!("{}: {why}", self.name))
    }
}

fn written(trace: &Trace, form: Form, entry: Entry) -> Result<String, ScriptError> {
    Ok(match form {
        Form::Trace => trace.to_string(),
        Form::Token => format!("{}\n", trace.token()),
        Form::Test => trace.to_test(),
        Form::Itf => trace.to_itf(entry.protocol())?,
        Form::Sh => trace.to_script(entry.protocol())?,
    })
}

/// A reader that has seen enough may close the pipe; the exit code says the rest.
pub(crate) fn print(text: &str) {
    drop(io::stdout().write_all(text.as_bytes()));
}
