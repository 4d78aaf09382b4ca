//! Who may read from the terminal, and whom its keys reach.
//!
//! The command is in a process group of its own, so the terminal has to be told that this is the one in front. That is
//! done only where this process's group was in front and the terminal is both its standard input and output; in a
//! pipeline others of the group need the terminal, and its signals come in here and are passed on.

use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use rustix::{
    stdio::{stdin, stdout},
    termios::isatty,
};

/// Puts the process group `group` in front, if this process's own is.
pub(super) fn hand_over(group: Pid) {
    if isatty(stdout()) {
        replace(getpgrp(), group);
    }
}

/// Puts this process's group in front again, if `group` still is.
pub(super) fn take_back(group: Pid) {
    replace(group, getpgrp());
}

/// Where that fails the command reads from the background, and is stopped for it as any other would be.
fn replace(from: Pid, to: Pid) {
    if tcgetpgrp(stdin()) == Ok(from) {
        let _ = tcsetpgrp(stdin(), to);
    }
}
