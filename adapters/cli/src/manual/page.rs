//! One manual page, in the language of `man`.

use std::io;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use super::{
    name,
    tables::{ENVIRONMENT, EXIT_CODES},
};

/// The page of a command that was built.
pub(super) fn text(command: &Command) -> io::Result<Vec<u8>> {
    let is_program = name(command) == "lockwright";
    let source = concat!("lockwright ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name(command)).source(source).manual("Lockwright");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    after_help(&mut rest, &after.map(ToString::to_string).unwrap_or_default());
    if is_program {
        table(&mut rest, "EXIT STATUS", &EXIT_CODES);
        table(&mut rest, "ENVIRONMENT", &ENVIRONMENT);
    } else {
        rest.control("SH", ["SEE ALSO"]);
        rest.text([bold("lockwright"), roman("(1), for all exit codes and the environment.")]);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// What follows the options in the help: examples, and notes.
fn after_help(page: &mut Roff, text: &str) {
    let (examples, notes) = match text.strip_prefix("Examples:\n") {
        Some(text) => text.split_once("\n\n").unwrap_or((text, "")),
        None => ("", text),
    };
    for (heading, text) in [("EXAMPLES", examples), ("NOTES", notes)] {
        if text.is_empty() {
            continue;
        }
        page.control("SH", [heading]);
        for line in text.lines() {
            indented_as_it_is(page, line);
        }
    }
}

/// A line of examples, or of a list, stays a line; others are text, which is filled.
fn indented_as_it_is(page: &mut Roff, line: &str) {
    match line.strip_prefix("  ") {
        Some(line) => page.control("nf", []).text([roman(line)]).control("fi", []),
        None if line.is_empty() => page.control("PP", []),
        None => page.text([roman(line)]),
    };
}

/// The backquotes of the README are bold here.
fn table(page: &mut Roff, heading: &str, rows: &[(&str, &str)]) {
    page.control("SH", [heading]);
    for (key, about) in rows {
        page.control("TP", []).text([bold(*key)]);
        let parts = about.split('`').enumerate();
        let parts: Vec<_> = parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part) }).collect();
        page.text(parts);
    }
}
