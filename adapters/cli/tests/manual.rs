//! `lockwright man` and `completions`: everything that can be typed has its place in them.

#[expect(dead_code, reason = "other tests use more of it")]
mod support;
mod tools;

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use support::{code, empty_dir, entries, lockwright, out, refusal, run};
use tools::lacks;

/// The commands that the help of `command` names, each with what is above it.
fn below(dir: &Path, command: &[&str]) -> Vec<String> {
    let help = out(&lockwright(dir, &[command, &["--help"]].concat()));
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let list =
        list.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  ") && &line[2..3] != " ");
    let names = list.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(|name| [command, &[name]].concat().join(" ")).collect()
}

/// All commands, without the program's name; the program itself is the empty one.
fn commands(dir: &Path) -> Vec<String> {
    let mut commands = vec![String::new()];
    let mut at = 0;
    while let Some(command) = commands.get(at).cloned() {
        commands.extend(below(dir, &command.split_whitespace().collect::<Vec<_>>()));
        at += 1;
    }
    commands
}

/// All that can be called, by the words that its page is named by; `flock` and `setlock` are called by that name.
fn calls(dir: &Path) -> Vec<Vec<String>> {
    let program = |command: String| format!("lockwright {command}").split_whitespace().map(str::to_owned).collect();
    assert_eq!(code(&lockwright(dir, &["stand-in", "bin", "flock", "setlock"])), 0);
    commands(dir).into_iter().chain(entries(&dir.join("bin"))).map(program).collect()
}

fn help(dir: &Path, words: &[String]) -> String {
    let by_name = words.get(1).map(|name| dir.join("bin").join(name)).filter(|path| path.exists());
    let (command, args) = match by_name {
        Some(name) => (name, &[][..]),
        None => (env!("CARGO_BIN_EXE_lockwright").into(), &words[1..]),
    };
    out(&run(Command::new(command).args(args).arg("--help")))
}

/// A page as a reader sees its words.
fn plain(page: &str) -> String {
    let page = page.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "");
    page.replace("\\*(Aq", "'").replace("\\-", "-").replace("\\\\", "\\")
}

#[test]
fn every_command_has_a_page_with_the_options_and_examples_of_its_help() {
    let dir = empty_dir();
    assert_eq!(code(&lockwright(dir.path(), &["man", "share/man1"])), 0);
    let mut pages: BTreeSet<String> = entries(&dir.path().join("share/man1")).into_iter().collect();
    let mut options = 0;
    for words in calls(dir.path()) {
        let name = format!("{}.1", words.join("-"));
        assert!(pages.remove(&name), "{name} is missing");
        let page = plain(&fs::read_to_string(dir.path().join("share/man1").join(&name)).expect("UTF-8"));
        let help = help(dir.path(), &words);
        for line in help.lines().filter(|line| line.trim_start().starts_with('-')) {
            let line = line.trim_start();
            let found = line.split("  ").next().unwrap_or(line).split(", ");
            for option in found.filter_map(|part| part.split_whitespace().next()) {
                assert!(page.contains(option), "{name} has no {option}");
                options += 1;
            }
        }
        let examples = help.split_once("\nExamples:\n").map(|(_, text)| text).unwrap_or_default();
        for line in examples.lines().take_while(|line| !line.is_empty()) {
            assert!(page.contains(line.trim_start()), "{name} lacks the example {line}");
        }
    }
    assert_eq!(pages, BTreeSet::new(), "pages of no command");
    assert!(options > 60, "only {options} options were found");
}

#[test]
fn the_page_of_the_program_is_printed_and_man_has_nothing_to_complain_of() {
    let dir = empty_dir();
    let page = out(&lockwright(dir.path(), &["man"]));
    assert_eq!(code(&lockwright(dir.path(), &["man", "."])), 0);
    assert_eq!(page, fs::read_to_string(dir.path().join("lockwright.1")).expect("UTF-8"));
    for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT"] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}");
    }
    if lacks("groff", "typesetting the manual pages") {
        return;
    }
    for name in entries(dir.path()) {
        let output = run(Command::new("groff").current_dir(dir.path()).args(["-man", "-Tutf8", "-ww", "-z", &name]));
        assert_eq!((code(&output), String::from_utf8_lossy(&output.stderr).as_ref()), (0, ""), "{name}");
    }
}

#[test]
fn every_variable_that_a_command_gets_is_on_the_page_and_no_other() {
    let dir = empty_dir();
    let page = plain(&out(&lockwright(dir.path(), &["man"])));
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        words.filter(|word| word.starts_with("LOCKWRIGHT_")).map(str::to_owned).collect()
    };
    let mut run_env = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    run_env.env_clear().current_dir(dir.path()).args([
        "run",
        "--fence",
        "--lease",
        "1h",
        "--kind",
        "sem=2",
        "lock",
        "/usr/bin/env",
    ]);
    let given = words(&out(&run(&mut run_env)));
    assert_eq!(given.len(), 8);
    let read = ["LOCKWRIGHT_DIR", "LOCKWRIGHT_TLS_CERT", "LOCKWRIGHT_TLS_KEY", "LOCKWRIGHT_TLS_CA"];
    let told = given.into_iter().chain(read.map(str::to_owned)).collect();
    assert_eq!(words(&page), told);
}

#[test]
fn pages_that_cannot_be_written() {
    let dir = empty_dir();
    fs::write(dir.path().join("file"), "text").expect("room");
    let output = lockwright(dir.path(), &["man", "file"]);
    assert_eq!(code(&output), 73);
    assert!(refusal(&output).contains("file: "));
    fs::create_dir_all(dir.path().join("pages/lockwright-run.1")).expect("room");
    assert_eq!(code(&lockwright(dir.path(), &["man", "pages"])), 73);
}

#[test]
fn bash_takes_the_script_and_completes_by_it() {
    let dir = empty_dir();
    let script = dir.path().join("lockwright.bash");
    fs::write(&script, out(&lockwright(dir.path(), &["completions", "bash"]))).expect("room");
    assert_eq!(code(&run(Command::new("bash").arg("-n").arg(&script))), 0);
    for (line, wanted) in [
        ("lockwright ver", "verify "),
        ("lockwright run --non", "--nonblock "),
        ("lockwright replay --as it", "itf "),
        ("lockwright completions fi", "fish "),
    ] {
        let words = line.split(' ').collect::<Vec<_>>();
        // As bash does it: by the function that was registered for the command.
        let ask = "source \"$1\"; shift; declare -F \"$(complete -p lockwright | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" || exit 9; \
                   COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                   _lockwright lockwright \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
                   printf '%s ' \"${COMPREPLY[@]}\"";
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", ask, "bash"]).arg(&script).args(&words);
        let output = run(&mut bash);
        assert_eq!(out(&output), format!("_lockwright\n{wanted}"), "{line}: {output:?}");
    }
}

#[test]
fn each_shell_has_a_script_that_knows_every_command() {
    let dir = empty_dir();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = out(&lockwright(dir.path(), &["completions", shell]));
        for command in below(dir.path(), &[]) {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
    let output = lockwright(dir.path(), &["completions", "csh"]);
    assert_eq!(code(&output), 64);
    assert!(refusal(&output).contains("csh"));
}
