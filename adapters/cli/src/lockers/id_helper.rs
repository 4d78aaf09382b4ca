//! The kinds of id: making one for a process, reading one, and judging its owner.

use std::{ffi::OsString, process::Command};

use lockwright_kernel::{
    fs::Halted,
    id::Id,
    ids::{Reason, Verdict, k8s::K8sId, local::LocalId, ssh::SshId},
    probe::{Liveness, Probe},
};
use lockwright_posix::lockers::{
    NoId,
    k8s::{self, Kubectl, NoPodId},
    local, ssh,
};

use super::{answer::BAD_ID, words};
use crate::exit::{Failure, say};

/// No such process runs.
pub(super) const NOT_RUNNING: u8 = 1;
/// The host cannot be reached or asked.
pub(super) const UNREACHABLE: u8 = 10;
/// The host answers with another name.
pub(super) const OTHER_HOST: u8 = 11;
/// The own id cannot be read.
const NO_OWN_ID: u8 = 12;
/// What was answered does not tell.
const INCOMPLETE: u8 = 13;
/// This is no pod, or none that tells who it is.
const NO_POD: u8 = 30;
/// An argument is missing.
pub(super) const MISSING: u8 = 127;

/// In these, a pod tells who it is.
const POD: [&str; 4] = ["POD_NODE", "POD_NAMESPACE", "POD_NAME", "POD_UID"];

/// Who makes and reads ids.
#[derive(Clone, Debug)]
pub(super) enum Helper {
    Local,
    Ssh,
    K8s,
    /// A command with the actions `uid`, `pid`, `hostid` and `is_host_compatible`.
    Command(Vec<OsString>),
}

impl Helper {
    /// The id of a process, given by its number; or the id that is given.
    pub(super) fn uid(&self, word: &str) -> Result<Id, Failure> {
        if let Self::Command(command) = self {
            return words::id(&said(command, "uid", word)?);
        }
        let Ok(pid) = word.parse() else {
            let id: Id = word.parse().map_err(|error| malformed(word, error))?;
            return self.fields(&id).map(|_| id);
        };
        match self {
            Self::Local => local::id_of(pid).map(|id| Id::from(&id)).map_err(|error| no_id(pid, &error)),
            Self::Ssh => ssh::id_of(pid).map(|id| Id::from(&id)).map_err(|error| no_id(pid, &error)),
            _ => {
                let pod = pod();
                k8s::id_of(pod.each_ref().map(String::as_str), pid).map(|id| Id::from(&id)).map_err(|error| match error
                {
                    NoPodId::Process(error) => no_id(pid, &error),
                    NoPodId::Place(_) => Failure::new(NO_POD, format!("{error}; {} say so", POD.join(", "))),
                })
            }
        }
    }

    /// The process number that an id names.
    pub(super) fn pid(&self, id: &Id) -> Result<String, Failure> {
        match self {
            Self::Command(command) => said(command, "pid", id.name().as_str()),
            _ => Ok(self.fields(id)?.1),
        }
    }

    /// The host that an id names; empty for local ids.
    pub(super) fn hostid(&self, id: &Id) -> Result<String, Failure> {
        match self {
            Self::Command(command) => said(command, "hostid", id.name().as_str()),
            _ => Ok(self.fields(id)?.0),
        }
    }

    /// Fails with the code that says why ids of this host, or of `host`, cannot be judged.
    pub(super) fn is_host_compatible(&self, host: &str) -> Result<(), Failure> {
        match self {
            Self::Local => Ok(()),
            Self::Ssh => {
                let named = |host: &str| {
                    ssh::name_of(host)
                        .ok_or_else(|| Failure::new(UNREACHABLE, format!("{host}: cannot be reached or asked")))
                };
                let name = named(host)?;
                if name == host || named(&name)? == name {
                    return Ok(());
                }
                Err(Failure::new(
                    OTHER_HOST,
                    format!("{host}: says that it is {name}, and as {name} another one answers"),
                ))
            }
            Self::K8s if pod().iter().all(|part| !part.is_empty()) => Ok(()),
            Self::K8s => {
                Err(Failure::new(NO_POD, format!("this is no pod that tells who it is; {} do", POD.join(", "))))
            }
            Self::Command(command) => said(command, "is_host_compatible", host).map(drop),
        }
    }

    /// What follows for the owner of `id`. A command says it with its exit code, see [`Judge`].
    pub(super) fn verdict(&self, id: &Id) -> Verdict {
        match self {
            Self::Local => LocalId::judge(id, local::observe),
            Self::Ssh => SshId::judge(id, ssh::ask),
            Self::K8s => K8sId::judge(id, |id| Kubectl::new("kubectl").ask(id)),
            Self::Command(_) => Verdict::Unknown(Reason::Unreachable),
        }
    }

    /// The name of this host, for people.
    fn here(&self) -> String {
        match self {
            Self::K8s => pod().join("+"),
            _ => ssh::fqdn().unwrap_or_default(),
        }
    }

    /// The host and the process number that stand in an id.
    fn fields(&self, id: &Id) -> Result<(String, String), Failure> {
        let wrong = |error| malformed(id.name().as_str(), error);
        Ok(match self {
            Self::Ssh => {
                let id = SshId::try_from(id).map_err(wrong)?;
                (id.host().to_owned(), id.process().pid.to_string())
            }
            Self::K8s => {
                let id = K8sId::try_from(id).map_err(wrong)?;
                let host = [id.node(), id.namespace(), id.pod(), id.pod_uid()].join("+");
                (host, id.process().pid.to_string())
            }
            _ => (String::new(), LocalId::try_from(id).map_err(wrong)?.pid.to_string()),
        })
    }
}

/// A helper as a checker, which tells somebody when it cannot tell.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    pub(super) helper: Helper,
    /// The command that is told the host that asks, the id and the reason, and what goes before them; none for standard
    /// error.
    pub(super) notifier: Vec<OsString>,
}

impl Judge {
    /// The verdict on an id. An unknown one was told.
    pub(super) fn verdict(&self, id: &Id) -> Verdict {
        let verdict = self.helper.verdict(id);
        if let Verdict::Unknown(reason) = verdict {
            self.tell(id, reason);
        }
        verdict
    }

    fn tell(&self, id: &Id, reason: Reason) {
        let here = self.helper.here();
        let line = format!("WARNING: {here} cannot tell whether {id} is stale: {reason}");
        let Some((program, args)) = self.notifier.split_first() else { return say(&line) };
        let status = Command::new(program).args(args).args([&here, id.name().as_str(), &line]).status();
        if let Err(error) = status {
            say(&format!("{}: {error}; {line}", program.display()));
        }
    }
}

impl Probe for Judge {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        Ok(self.verdict(id).into())
    }
}

/// The code for a verdict: 0 stale, 1 live, more for what cannot be told.
pub(super) fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Dead => 0,
        Verdict::Alive => 1,
        Verdict::Unknown(Reason::Unreachable) => UNREACHABLE,
        Verdict::Unknown(Reason::OtherHost) => OTHER_HOST,
        Verdict::Unknown(Reason::Malformed(_)) => BAD_ID,
        Verdict::Unknown(_) => INCOMPLETE,
    }
}

fn pod() -> [String; 4] {
    POD.map(|name| std::env::var(name).unwrap_or_default())
}

fn no_id(pid: u32, error: &NoId) -> Failure {
    let code = match error {
        NoId::NotRunning => NOT_RUNNING,
        NoId::Unreadable { .. } => NO_OWN_ID,
    };
    Failure::new(code, format!("process {pid}: {error}"))
}

fn malformed(text: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(BAD_ID, format!("{text}: {error}"))
}

/// The line that a command prints for `action` on `word`.
fn said(command: &[OsString], action: &str, word: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(BAD_ID, format!("the id helper, asked for the {action} of {word}, {why}"));
    let Some((program, args)) = command.split_first() else { return Err(failed("is missing".to_owned())) };
    let output = Command::new(program).args(args).args([action, word]).stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| failed(format!("answered: {error}")))?;
    Ok(text.trim_end_matches('\n').to_owned())
}
