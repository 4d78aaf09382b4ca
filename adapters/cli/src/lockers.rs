//! The lockers' scripts, by their names: called as one of them, this binary does what that script does.
//!
//! Each script has a module of its name; [`hostpid_lock`] is also `lock_ssh` and `lock_k8s`, which are it with an id helper.
//! What they share: [`words`] reads the command line, [`place`] finds the lock, [`answer`] gives exit codes, [`id_helper`]
//! knows the three kinds of id. [`mod@install`] lays out the names.
//!
//! | exit code | of a lock |
//! |---|---|
//! | 0 | done |
//! | 1 | held by another; not held by this id |
//! | 2 | the proposal could not be built, or another call failed |
//! | 10 | usage: callers stop trying |
//! | 19 | no slot of the semaphore is held by this id |
//! | 20 | this id has the lock already; no id for that process: callers stop trying |

mod answer;
mod check_lock;
mod fast_lock;
mod grace_lock;
mod hostpid_lock;
mod id_helper;
mod id_script;
mod install;
mod lock_local;
mod place;
mod semaphore;
mod semaphore_ssh;
mod words;

use std::{ffi::OsStr, io::Write, path::Path, process::ExitCode};

pub(crate) use install::install;

use crate::exit::Failure;
use id_helper::Helper;
use words::Words;

/// A script: its name without `.sh`, whether it is a building block that stands in `lib`, what can be typed, and what it does.
pub(crate) struct Script {
    name: &'static str,
    in_lib: bool,
    usage: &'static str,
    run: fn(Words) -> Result<ExitCode, Failure>,
}

const SCRIPTS: [Script; 12] = [
    Script { name: "fast_lock", in_lib: true, usage: fast_lock::USAGE, run: fast_lock::run },
    Script { name: "check_lock", in_lib: true, usage: check_lock::USAGE, run: check_lock::run },
    Script { name: "grace_lock", in_lib: true, usage: grace_lock::USAGE, run: grace_lock::run },
    Script {
        name: "hostpid_lock",
        in_lib: true,
        usage: hostpid_lock::USAGE,
        run: |words| hostpid_lock::run(words, None),
    },
    Script {
        name: "local_id",
        in_lib: false,
        usage: id_script::LOCAL,
        run: |words| id_script::run(words, &Helper::Local),
    },
    Script { name: "ssh_id", in_lib: false, usage: id_script::SSH, run: |words| id_script::run(words, &Helper::Ssh) },
    Script { name: "k8s_id", in_lib: false, usage: id_script::K8S, run: |words| id_script::run(words, &Helper::K8s) },
    Script { name: "lock_local", in_lib: false, usage: lock_local::USAGE, run: lock_local::run },
    Script {
        name: "lock_ssh",
        in_lib: false,
        usage: hostpid_lock::USAGE,
        run: |words| hostpid_lock::run(words, Some(Helper::Ssh)),
    },
    Script {
        name: "lock_k8s",
        in_lib: false,
        usage: hostpid_lock::USAGE,
        run: |words| hostpid_lock::run(words, Some(Helper::K8s)),
    },
    Script { name: "semaphore", in_lib: false, usage: semaphore::USAGE, run: semaphore::run },
    Script { name: "semaphore_ssh", in_lib: false, usage: semaphore_ssh::USAGE, run: semaphore_ssh::run },
];

/// The script that is meant by the name under which this binary was called, with or without `.sh`.
pub(crate) fn called_as(command: &OsStr) -> Option<&'static Script> {
    let name = Path::new(command).file_name()?.to_str()?;
    let name = name.strip_suffix(".sh").unwrap_or(name);
    SCRIPTS.iter().find(|script| script.name == name)
}

impl Script {
    /// Does what the script does with the arguments that follow its name.
    pub(crate) fn run(&self) -> ExitCode {
        (self.run)(Words::new(std::env::args_os().skip(1))).unwrap_or_else(|failure| {
            if failure.code() == answer::USAGE {
                drop(writeln!(std::io::stderr(), "usage, where NAME is {}:\n{}", self.name, self.usage));
            }
            failure.report()
        })
    }
}
