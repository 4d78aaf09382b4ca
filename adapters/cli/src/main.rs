//! The command `lockwright`: the way in.
//!
//! [`args`] says what can be typed; each command has a module of its name, which answers with an exit code. What goes
//! wrong is one line on standard error, see [`exit`].

mod args;
mod exit;
mod lock;
mod look;
mod owner;
mod replay;
mod run;
mod shrink;
mod signals;
mod status;
mod unlock;
mod verify;
mod wait;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    let done = match args.command {
        Command::Verify(args) => verify::verify(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Shrink(args) => shrink::shrink(&args),
        Command::Run(args) => run::run(&args),
        Command::Lock(args) => lock::lock(&args),
        Command::Status(args) => status::status(&args),
        Command::Owner(args) => owner::owner(&args),
        Command::Unlock(args) => unlock::unlock(&args),
    };
    done.unwrap_or_else(exit::Failure::report)
}
