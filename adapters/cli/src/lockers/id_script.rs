//! `local_id.sh`, `ssh_id.sh` and `k8s_id.sh`: ids by hand.

use std::{ffi::OsString, process::ExitCode};

use lockwright_kernel::{id::Id, ids::Verdict};

use super::{
    answer::{BAD_ID, print, says, usage},
    id_helper::{Helper, Judge, MISSING, NOT_RUNNING, code},
    words::Words,
};
use crate::exit::Failure;

pub(super) const LOCAL: &str = "  NAME uid <pid|uid>     prints the uid; 1: no such process runs
  NAME pid <pid|uid>     prints the pid if it runs; 1: it does not
  NAME is_stale <uid>    0: stale, 1: live, more: cannot tell
  NAME is_valid_uid <uid>";

pub(super) const SSH: &str =
    "  NAME uid <pid|uid>     prints the uid of a process here; 1: no such process runs, 12: cannot be read
  NAME [--on-check-fail <command|arg>]... is_stale <uid>
  NAME pid|host|hostid|sshdest <uid>
  NAME is_valid_uid <uid>
  NAME is_host_compatible <host>
is_stale exits with 0: stale, 1: live, 10: the host cannot be reached or asked, 11: it has another name,
12: the own id cannot be read, 13: the answer does not tell, 20: no such uid, 127: nothing to ask about.
From 10 on the command is run with the asking host, the uid and the reason. ssh has to get in without a
password, and to know the host's key.";

pub(super) const K8S: &str =
    "  NAME uid <pid|uid>     prints the uid of a process here; 1: no such process runs, 30: this is no pod
  NAME [--on-check-fail <command|arg>]... is_stale <uid>
  NAME pid|hostid <uid>
  NAME is_valid_uid <uid>
  NAME is_host_compatible <any>
POD_NODE, POD_NAMESPACE, POD_NAME and POD_UID say which pod this is. is_stale exits as that of ssh_id, and may
wait 310 seconds for a node to report. It looks into the default container of a pod.";

pub(super) fn run(mut words: Words, helper: &Helper) -> Result<ExitCode, Failure> {
    let mut notifier: Vec<OsString> = Vec::new();
    loop {
        if words.talk_or_help()? {
            continue;
        }
        if words.peek() != Some("--on-check-fail") {
            break;
        }
        words.next();
        notifier.push(words.next().ok_or_else(|| usage("--on-check-fail takes an argument"))?);
    }
    let action = words.text("<action>")?;
    let word = words.next().ok_or_else(|| usage("<pid|uid> is missing"))?;
    let word = word.into_string().map_err(|_| Failure::new(BAD_ID, "not UTF-8"))?;
    if word.is_empty() {
        return Err(Failure::new(MISSING, "nothing to ask about"));
    }
    let judge = Judge { helper: helper.clone(), notifier };
    match action.as_str() {
        "uid" => print([helper.uid(&word)?]),
        "pid" if matches!(helper, Helper::Local) => running(helper, &word),
        "pid" => print([helper.pid(&id(&word)?)?]),
        "host" | "hostid" | "sshdest" if !matches!(helper, Helper::Local) => print([helper.hostid(&id(&word)?)?]),
        "is_valid_uid" => Ok(says(id(&word).is_ok_and(|id| helper.pid(&id).is_ok()))),
        "is_host_compatible" => helper.is_host_compatible(&word).map(|()| ExitCode::SUCCESS),
        "is_stale" => Ok(code(judge.verdict(&id(&word)?)).into()),
        other => Err(usage(format!("no such action: {other}"))),
    }
}

/// Prints the number of a process that runs.
fn running(helper: &Helper, word: &str) -> Result<ExitCode, Failure> {
    let running = helper.uid(word).ok().filter(|id| helper.verdict(id) == Verdict::Alive);
    match running {
        Some(id) => print([helper.pid(&id)?]),
        None => Ok(NOT_RUNNING.into()),
    }
}

fn id(word: &str) -> Result<Id, Failure> {
    word.parse().map_err(|error| Failure::new(BAD_ID, format!("{word}: {error}")))
}
