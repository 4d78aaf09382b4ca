//! Contenders in another pid namespace, where the numbers of processes mean others: nobody is taken for dead that cannot be
//! seen, and never are two inside.

use std::process::Command;

use nix::unistd::geteuid;

use crate::{
    places,
    support::{Dir, Process, code, out},
};

/// Those that let in one.
const KINDS: [&str; 6] = ["fast", "bid", "queue", "rw-write", "sem=1", "fair-sem=1"];

const HOLD: &str = "echo in; read x";
const SECTION: &str = "set -C; true >witness || exit 99; echo in >>ledger; rm witness";

/// How `run` and `unlock` end when somebody has the lock who may be alive.
const BUSY: i32 = 75;
const REFUSED: i32 = 82;

/// How `status` ends when none of the holders is known to be alive.
const CANNOT_TELL: i32 = 3;

/// In how many namespaces contenders take turns, beside this one, and how often each does.
const NAMESPACES: usize = 2;
const TURNS: usize = 12;

/// Where a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Here,
    /// In a pid namespace of its own, with its own `/proc`. It ends with the process that is seen from here.
    Elsewhere,
}

use Where::{Elsewhere, Here};

impl Where {
    fn command(self, dir: &Dir, program: &str) -> Command {
        if self == Here {
            return dir.program(program);
        }
        let mut command = dir.program("unshare");
        command.args(["--pid", "--mount-proc", "--fork", "--kill-child", program]);
        command
    }

    fn lockwright(self, dir: &Dir, args: &[&str]) -> Command {
        let mut command = self.command(dir, env!("CARGO_BIN_EXE_lockwright"));
        command.args(args);
        command
    }

    fn code(self, dir: &Dir, args: &[&str]) -> i32 {
        code(&self.lockwright(dir, args).output().expect("a process"))
    }
}

/// Only root can make pid namespaces.
fn cannot() -> bool {
    if !geteuid().is_root() {
        places::skip("other pid namespaces: only root can make them");
    }
    !geteuid().is_root()
}

#[test]
fn who_holds_in_another_namespace_is_not_taken_for_dead() {
    if cannot() {
        return;
    }
    for (holds, wants) in [(Here, Elsewhere), (Elsewhere, Here), (Elsewhere, Elsewhere)] {
        for kind in KINDS {
            let dir = Dir::new();
            let mut holder = Process::start(holds.lockwright(&dir, &["run", "--kind", kind, "lock", "sh", "-c", HOLD]));
            assert_eq!(holder.line(), "in", "{kind}");
            let id = out(&dir.lockwright(&["owner", "lock"])).trim_end().to_owned();
            let keeps_out = |when: &str| {
                let what = format!("{kind}, held {holds:?} and wanted {wants:?}, {when}");
                let try_once = ["run", "-n", "--kind", kind, "lock", "touch", "ran"];
                assert_eq!(wants.code(&dir, &try_once), BUSY, "{what}");
                assert_eq!(wants.code(&dir, &["unlock", "lock"]), REFUSED, "{what}");
                assert_eq!(wants.code(&dir, &["status", "lock"]), CANNOT_TELL, "{what}");
                assert_eq!(out(&dir.lockwright(&["owner", "lock"])).trim_end(), id, "{what}");
            };
            keeps_out("alive");
            holder.kill_and_drain();
            keeps_out("dead"); // Which cannot be seen from there.
            // Who can see it finds it dead; for those who cannot, a person says so.
            if holds == Elsewhere {
                assert_eq!(wants.code(&dir, &["unlock", "--force", &id, "lock"]), 0, "{kind}");
            }
            assert_eq!(Here.code(&dir, &["run", "-n", "--kind", kind, "lock", "true"]), 0, "{kind}, {holds:?}");
            assert!(!dir.path().join("ran").exists());
        }
    }
}

/// A witness is a file that one at a time can make.
#[test]
fn contenders_in_several_namespaces_are_never_inside_together() {
    if cannot() {
        return;
    }
    for kind in KINDS {
        let dir = Dir::new();
        let turns = format!(
            "turn=0; while [ $turn -lt {TURNS} ]; do turn=$((turn + 1))
             \"$0\" run -q --kind {kind} lock sh -c '{SECTION}' || exit; done"
        );
        let lanes = [Here].into_iter().chain([Elsewhere; NAMESPACES]).map(|place| {
            let mut lane = place.command(&dir, "sh");
            lane.args(["-c", &turns, env!("CARGO_BIN_EXE_lockwright")]);
            Process::start(lane)
        });
        for mut lane in lanes.collect::<Vec<_>>() {
            assert_eq!(lane.code(), 0, "{kind}: {}", lane.complaint());
        }
        let ledger = std::fs::read_to_string(dir.path().join("ledger")).expect("a file");
        assert_eq!(ledger.lines().count(), (1 + NAMESPACES) * TURNS, "{kind}");
    }
}
