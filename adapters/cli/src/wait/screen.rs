//! Where those who wait are told so: one block of lines after the other or, on a terminal, one in the place of the other.

use std::io::{self, IsTerminal, Write};

use nix::unistd::{getpgrp, tcgetpgrp};

/// What stands on standard error.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// How many rows the last block takes, if nobody else has written there since.
    rows: usize,
}

impl Screen {
    /// Writes a block of lines, in one piece.
    pub(super) fn show(&mut self, head: &str, lines: &[String]) {
        let lines: Vec<String> = std::iter::once(format!("lockwright: {head}\n"))
            .chain(lines.iter().map(|line| format!("  {line}\n")))
            .collect();
        let mut text = lines.concat();
        let columns = columns_in_front();
        if let (Some(_), 1..) = (columns, self.rows) {
            text.insert_str(0, &format!("\x1b[{}A\r\x1b[J", self.rows));
        }
        self.rows = columns.map_or(0, |columns| {
            let rows = |line: &String| (line.chars().count() - 1).div_ceil(columns).max(1);
            lines.iter().map(rows).sum()
        });
        // A standard error that is closed is nobody's to complain about.
        drop(io::stderr().write_all(text.as_bytes()));
    }

    /// Something else may have been written there.
    pub(super) fn forget(&mut self) {
        self.rows = 0;
    }
}

/// The width of the terminal, if there is one that can be written over, and this process is in front there: otherwise what stands
/// above may be somebody else's.
fn columns_in_front() -> Option<usize> {
    let stderr = io::stderr();
    let is_plain = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if is_plain || !stderr.is_terminal() || tcgetpgrp(&stderr) != Ok(getpgrp()) {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stderr).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
