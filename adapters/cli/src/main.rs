//! The command `lockwright`: the way in.
//!
//! [`args`] says what can be typed; each command has a module of its name, which answers with an exit code. What goes
//! wrong is one line on standard error, see [`exit`]. Called by the name of one of the lockers' scripts, it is that script,
//! see [`lockers`], and called `flock` or `setlock` it stands in for that: [`stand_in`]. Called `glockd`, it is the lock daemon:
//! [`serve`].

mod acquire;
mod args;
mod around;
mod breaking;
mod completions;
mod cut;
mod daemon;
mod deadlock;
mod doctor;
mod events;
mod exit;
mod explain;
mod fence;
mod held;
mod json;
mod lease;
mod links;
mod list;
mod lock;
mod lockers;
mod look;
mod manual;
mod nfs;
mod notes;
mod order;
mod owner;
mod people;
mod queue;
mod replay;
mod report;
mod run;
mod serve;
mod shrink;
mod signals;
mod sim;
mod stand_in;
mod status;
mod table;
mod text;
mod times;
mod unlock;
mod users;
mod verified;
mod verify;
mod wait;

use std::{ffi::OsString, process::ExitCode};

use args::{Command, LockersCommand};

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    let name = line.first().map(OsString::as_os_str);
    if let Some(script) = name.and_then(lockers::called_as) {
        return script.run();
    }
    if name.is_some_and(run::guardian::called_as) {
        let word = |at| line.get(at).map(OsString::as_os_str).unwrap_or_default();
        return run::guardian::stand(word(1), word(2));
    }
    if let Some(stand_in) = name.and_then(stand_in::called_as) {
        return stand_in.run();
    }
    if name.is_some_and(serve::is_glockd) {
        return serve::glockd(&line);
    }
    let args = match args::parse(&line) {
        Ok(args) => args,
        Err(error) => return exit::usage(&error, "lockwright"),
    };
    let done = match args.command {
        Command::Verify(args) => verify::verify(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Shrink(args) => shrink::shrink(&args),
        Command::Run(args) => run::run(&args),
        Command::Lock(args) => lock::lock(&args),
        Command::Acquire(args) => acquire::acquire(&args),
        Command::Release(args) => acquire::release(&args),
        Command::Renew(args) => lease::renew(&args),
        Command::Wait(args) => wait::free::wait(&args),
        Command::List(args) => list::list(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Queue(args) => queue::queue(&args),
        Command::Fence(command) => fence::fence(&command),
        Command::Status(args) => status::status(&args),
        Command::Owner(args) => owner::owner(&args),
        Command::Break(args) => breaking::break_hold(&args),
        Command::Unlock(args) => unlock::unlock(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Lockers(LockersCommand::Install { dir }) => lockers::install(&dir),
        Command::Sim(command) => sim::sim(&command),
        Command::StandIn { dir, names } => stand_in::install(&dir, &names),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { dir } => manual::man(dir.as_deref()),
    };
    done.unwrap_or_else(exit::Failure::report)
}
