//! Stands between the command and whoever sends signals, until the command has ended.

use std::io;

use nix::sys::signal::{Signal, raise};

use super::{
    child::{Change, HeldBack, Running, Told},
    terminal,
};
use crate::signals::Signals;

/// Runs the command, which is `told` of the lock, and answers with its exit code.
pub(super) fn supervise(child: HeldBack, told: &Told, signals: &Signals) -> io::Result<u8> {
    terminal::hand_over(child.group());
    let command = child.go(told);
    let ended = pass_on(&command, signals);
    terminal::take_back(command.group());
    ended
}

fn pass_on(command: &Running, signals: &Signals) -> io::Result<u8> {
    loop {
        match signals.wait()? {
            Signal::SIGCHLD => match command.change()? {
                Some(Change::Ended(code)) => return Ok(code),
                Some(Change::Stopped(Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)) => stop_too(command)?,
                // Stopped by somebody who means the command alone, and will continue it alone.
                Some(Change::Stopped(_)) | None => {}
            },
            Signal::SIGCONT => {
                terminal::hand_over(command.group());
                command.signal(Signal::SIGCONT);
            }
            signal => command.signal(signal),
        }
    }
}

/// The shell is to see that its job has stopped. What continues this process comes in as a signal, as any other.
fn stop_too(command: &Running) -> io::Result<()> {
    terminal::take_back(command.group());
    Ok(raise(Signal::SIGSTOP)?)
}
