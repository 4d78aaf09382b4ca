//! `hostpid_lock.sh`: the lock under the grace policy, for processes of several hosts, which an id helper knows.
//! `lock_ssh.sh` and `lock_k8s.sh` are it with a helper of their own.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
    time::Duration,
};

use lockwright_kernel::{
    fs::Halted,
    id::Id,
    lock::Lock,
    probe::{Liveness, Probe},
};
use lockwright_posix::lockers::checker::CommandProbe;

use super::{
    answer::{BAD_ID, HELD, failed, print, usage},
    grace_lock,
    id_helper::{Helper, Judge},
    place::Place,
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME [<option>]... lock|unlock <lock> <pid|uid> [<n>]
  NAME [<option>]... lock_check|lock_nocheck|fast_lock|is_mine <lock> <pid|uid>
  NAME [<option>]... owner|owner_pid|owner_hostid|owner_host <lock>
  NAME [<option>]... is_host_compatible <host>
  --grace-seconds <n>              as for grace_lock; 10 if not given
  --on-check-fail <command|arg>    run with the lock, the asking host, the uid and the reason when it cannot be
                                   told whether an owner is stale; give it again for more arguments
  --idhelper <command|arg>         makes and reads uids (hostpid_lock only; lock_ssh and lock_k8s have theirs)
  --checker <command|arg>          tells stale uids, if the helper is not to";

/// The grace where none is given.
const GRACE: Duration = Duration::from_secs(10);

/// How locks of several hosts are judged.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) helper: Option<Helper>,
    pub(super) checker: Vec<OsString>,
    pub(super) notifier: Vec<OsString>,
    pub(super) grace: Duration,
}

impl Settings {
    pub(super) fn new(helper: Option<Helper>) -> Self {
        Self { helper, checker: Vec::new(), notifier: Vec::new(), grace: GRACE }
    }

    /// Takes the options at the beginning of `words`.
    pub(super) fn take(&mut self, words: &mut Words) -> Result<(), Failure> {
        loop {
            if words.talk_or_help()? {
                continue;
            }
            let Some(option) = words.peek().map(str::to_owned) else { return Ok(()) };
            if !matches!(&*option, "--grace-seconds" | "--on-check-fail" | "--idhelper" | "--checker") {
                return Ok(());
            }
            words.next();
            let due = || usage(format!("{option} takes an argument"));
            match &*option {
                "--grace-seconds" => self.grace = words.seconds()?.ok_or_else(due)?,
                "--on-check-fail" => self.notifier.push(words.next().ok_or_else(due)?),
                "--checker" => self.checker.push(words.next().ok_or_else(due)?),
                _ => {
                    let word = words.next().ok_or_else(due)?;
                    match &mut self.helper {
                        Some(Helper::Command(command)) => command.push(word),
                        _ => self.helper = Some(Helper::Command(vec![word])),
                    }
                }
            }
        }
    }

    pub(super) fn helper(&self) -> Result<&Helper, Failure> {
        self.helper.as_ref().ok_or_else(|| usage("--idhelper is missing"))
    }

    /// The id of the process that `word` names.
    pub(super) fn uid(&self, word: &str) -> Result<Id, Failure> {
        self.helper()?.uid(word).map_err(|error| Failure::new(BAD_ID, format!("no uid for {word}: {}", error.line())))
    }

    /// The checker for the lock at `lock`: `helper`, or a command.
    pub(super) fn checker(&self, helper: &Helper, lock: &OsStr) -> Checker {
        let mut notifier = self.notifier.clone();
        if !notifier.is_empty() {
            notifier.push(lock.to_owned());
        }
        let mut words = match (helper, self.checker.as_slice()) {
            (Helper::Command(command), []) => command.clone(),
            (helper, []) => return Checker::Judge(Judge { helper: helper.clone(), notifier }),
            (_, command) => command.to_vec(),
        };
        words.extend(notifier.into_iter().flat_map(|word| ["--on-check-fail".into(), word]));
        words.push("is_stale".into());
        let program = words.remove(0);
        Checker::Command(CommandProbe::new(program, words))
    }
}

/// Who tells stale ids.
#[derive(Clone, Debug)]
pub(super) enum Checker {
    Judge(Judge),
    Command(CommandProbe),
}

impl Probe for Checker {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        match self {
            Self::Judge(judge) => judge.liveness(id),
            Self::Command(command) => command.liveness(id),
        }
    }
}

pub(super) fn run(mut words: Words, helper: Option<Helper>) -> Result<ExitCode, Failure> {
    let mut settings = Settings::new(helper);
    settings.take(&mut words)?;
    let action = words.text("<action>")?;
    if action == "is_host_compatible" {
        // In a pod there is no host to name.
        let host = words.next().and_then(|host| host.into_string().ok()).unwrap_or_default();
        return settings.helper()?.is_host_compatible(&host).map(|()| ExitCode::SUCCESS);
    }
    let lock = words.due("<lock>")?;
    match action.as_str() {
        "owner" => super::fast_lock::owner(&Place::at(lock)?),
        "owner_pid" => of_owner(lock, |owner| settings.helper()?.pid(owner)),
        "owner_hostid" | "owner_host" => of_owner(lock, |owner| settings.helper()?.hostid(owner)),
        "lock" | "unlock" | "lock_check" | "lock_nocheck" | "fast_lock" | "is_mine" => {
            let id = settings.uid(&words.text("<pid|uid>")?)?;
            words.put_back(id.name().as_str().into());
            {
                let checker = settings.checker(settings.helper()?, &lock);
                grace_lock::act_on(&action, lock, &mut words, &checker, settings.grace)
            }
        }
        other => Err(usage(format!("no such action: {other}"))),
    }
}

/// Prints what `part` says of the owner; code 1 if there is none.
pub(super) fn of_owner(lock: OsString, part: impl FnOnce(&Id) -> Result<String, Failure>) -> Result<ExitCode, Failure> {
    let place = Place::at(lock)?;
    match place.fast().owner().map_err(|error| failed(format!("{}: {error}", place.given.display())))? {
        Some(owner) => print([part(&owner)?]),
        None => Ok(HELD.into()),
    }
}
