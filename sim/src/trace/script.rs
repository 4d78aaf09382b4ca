//! A run as a shell script, which makes the same calls on a real file system and says whether they are answered alike.

mod command;

use super::{
    Divergence, Fault, Trace,
    event::{Deed, Event},
    replay::Rerun,
    run::{Run, Taken},
};
use crate::{protocol::Protocol, world::World};
use command::Command;

/// Why a run is no script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The trace does not run as it is written.
    #[error(transparent)]
    Diverged(#[from] Divergence),
    /// Something goes wrong in it that a script cannot bring about.
    #[error("step {step} has a fault, which a script cannot bring about: {}", .fault.name())]
    Fault {
        /// Counted from 1.
        step: usize,
        /// What goes wrong.
        fault: Fault,
    },
    /// A call has no command, or none that gives this answer.
    #[error("step {step} is no command of the shell: {why}")]
    NoCommand {
        /// Counted from 1.
        step: usize,
        /// What stands against it.
        why: &'static str,
    },
}

const HEAD: &str = r#"
set -u
LC_ALL=C
export LC_ALL
dir=$(mktemp -d) || exit 2
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 2

# make FILE: the file is new, and empty.
make() { (set -C; : >"$1"); }
# lists DIR NAMES, has DIR NAME, reads FILE CONTENTS: true when that is what is there.
lists() { found=$(ls -A "$1") && [ "$found" = "$2" ]; }
has() { [ -e "$1/$2" ]; }
reads() { found=$(cat "$1" && echo .) && [ "$found" = "$(printf "$2" && echo .)" ]; }

differs() {
    printf 'differs at %s\n' "$*"
    exit 1
}

# step NUMBER WHO done|fails COMMAND...
step() {
    number=$1 who=$2 expected=$3
    shift 3
    if "$@" >/dev/null 2>&1 </dev/null; then got=done; else got=fails; fi
    [ "$got" = "$expected" ] || differs "step $number: $who $* - expected: $expected, got: $got"
}
"#;

const FOOT: &str = r#"found=$({ find . -type d | sed 's|$|/|'; find . ! -type d; } | sort)
[ "$found" = "$expected" ] || differs "the end, in what is there. Expected:
$expected
and there is:
$found"
"#;

impl Trace {
    /// Source text of a POSIX shell script (with `mv -T` and `mktemp -d`, as GNU and busybox have them) that makes the
    /// calls of this run in a new temporary directory, looks after each whether it did what it did here, and at the
    /// end whether the same entries are there.
    ///
    /// It prints one line and exits with 0 when all agrees, with 1 at the first difference. Questions that are not
    /// the file system's (who is alive, random numbers) are remarks in it.
    ///
    /// # Errors
    ///
    /// [`ScriptError`], for a run with a crash or a parted walk, and for a few calls that no command makes.
    ///
    /// ```
    /// use lockwright_sim::{Limits, Verdict, catalogue, check};
    ///
    /// let entry = catalogue::find("dotlock.empty_is_stale").expect("it is in the catalogue");
    /// let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
    /// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
    /// let script = violation.trace.expect("a run shows it").to_script(entry.protocol())?;
    /// assert!(script.contains("step 1 A1 done make './lock'"), "{script}");
    /// # Ok::<(), lockwright_sim::ScriptError>(())
    /// ```
    pub fn to_script(&self, protocol: &dyn Protocol) -> Result<String, ScriptError> {
        let Rerun { run: Run { world, .. }, taken } = self.rerun(protocol)?;
        let trees: Vec<Vec<String>> = taken.iter().map(|taken| world.spell_tree(&taken.state)).collect();
        let commands: Vec<String> = commands(&world, &taken, &trees)?.into_iter().flatten().collect();
        let entries = trees.last().into_iter().flatten().map(|entry| format!("./{}\n", command::bare(entry)));
        Ok(format!(
            "#!/bin/sh\n# {}: {}\n# {}\n{HEAD}\n{}\n\nexpected=$(cat <<'END'\n./\n{}END\n)\n{FOOT}echo 'agrees: {} steps'\n",
            self.property,
            self.what,
            self.token(),
            commands.join("\n"),
            entries.collect::<String>(),
            taken.len(),
        ))
    }
}

/// The lines of each step.
fn commands(world: &World<'_>, taken: &[Taken], trees: &[Vec<String>]) -> Result<Vec<Vec<String>>, ScriptError> {
    let mut lines = vec![Vec::new(); taken.len()];
    for (at, Taken { event, act, .. }) in taken.iter().enumerate() {
        let step = at + 1;
        if let Some(&fault) = event.faults.first() {
            return Err(ScriptError::Fault { step, fault });
        }
        let refused = |why| ScriptError::NoCommand { step, why };
        let (who, call) = act.split_once("  ").unwrap_or(("", act));
        match Command::of(world, event).map_err(refused)? {
            Command::Remark => lines[at].push(format!("# {step}: {who} {call}")),
            Command::Shell(shell) => lines[at].extend(shell.iter().map(|line| spelled(step, who, event, line))),
            Command::Listing(doubt) => {
                let began = began(taken, at);
                let moment = (began..=at).rev().find(|&moment| doubt.agrees(&trees[moment]));
                let why = "its listing shows what stood there at no single moment";
                let line = spelled(step, who, event, &doubt.command());
                lines[moment.ok_or_else(|| refused(why))?].push(line);
            }
        }
    }
    Ok(lines)
}

/// A line of the script. What the shell does itself (`exec`) has no answer to be looked at.
fn spelled(step: usize, who: &str, event: &Event, line: &str) -> String {
    if line.starts_with("exec ") || line.starts_with("printf ") {
        return line.to_owned();
    }
    let expected = if event.error.is_none() { "done" } else { "fails" };
    format!("step {step} {who} {expected} {line}")
}

/// The step in which the call began that ends with the step `at`.
fn began(taken: &[Taken], at: usize) -> usize {
    let is_begin = |before: &usize| {
        let event = &taken[*before].event;
        event.client == taken[at].event.client && event.deed == Deed::Begin
    };
    (0..at).rev().find(is_begin).unwrap_or(at)
}
