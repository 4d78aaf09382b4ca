//! `lockwright man`: the manual pages, made from what can be typed.
//!
//! Each command, and each command that can be stood in for, has a page that says what its `--help` says; examples and lists of keys keep their lines. The page of the
//! program has the exit codes and the environment too, see [`tables`].

mod page;
mod tables;

use std::{fs, io, path::Path, process::ExitCode};

use clap::{Command, CommandFactory};

use crate::{
    args::Args,
    exit::{CANNOT_CREATE, FAILED, Failure, failed},
    owner::print,
    stand_in,
};

/// Writes all pages into `dir`, which is made if it is missing, or that of the program to standard output.
pub(crate) fn man(dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let program = program();
    let Some(dir) = dir else {
        let text = page::text(&program).map_err(failed("the manual page"))?;
        print(&String::from_utf8(text).map_err(|error| Failure::new(FAILED, error))?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let wrong = |path: &Path, error: io::Error| Failure::new(CANNOT_CREATE, format!("{}: {error}", path.display()));
    fs::create_dir_all(dir).map_err(|error| wrong(dir, error))?;
    let stand_ins = stand_in::commands().map(|command| {
        let name = format!("lockwright-{}", command.get_name());
        let mut command = command.display_name(name);
        command.build();
        command
    });
    for command in with_those_below(&program).into_iter().chain(&stand_ins) {
        let path = dir.join(format!("{}.1", name(command)));
        let text = page::text(command).map_err(failed("a manual page"))?;
        fs::write(&path, text).map_err(|error| wrong(&path, error))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The program, with the full name of each command below it.
fn program() -> Command {
    let mut program = Args::command().disable_help_subcommand(true);
    program.build();
    program
}

fn with_those_below(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(with_those_below)).collect()
}

/// What the page of a command is called, as `lockwright-lockers-install`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

#[cfg(test)]
mod tests {
    use super::{program, tables};

    const README: &str = include_str!("../../../README.md");

    #[test]
    fn the_readme_lists_the_exit_codes_and_the_environment() {
        for (what, table) in [("exit codes", tables::exit_codes()), ("environment", tables::environment())] {
            assert!(README.contains(&table), "the README's {what} are to be\n{table}");
        }
    }

    #[test]
    fn every_code_that_a_help_speaks_of_is_listed() {
        let listed: Vec<&str> = tables::EXIT_CODES.iter().map(|(code, _)| *code).collect();
        let mut checked = 0;
        for command in program().get_subcommands() {
            let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            let Some((_, codes)) = about.split_once("Exit code") else { continue };
            let numbers = codes.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
            for number in numbers.filter(|number| *number != "128") {
                assert!(listed.contains(&number), "{}: {number} is not listed", command.get_name());
                checked += 1;
            }
        }
        assert!(checked > 20, "only {checked} codes were found");
    }
}
