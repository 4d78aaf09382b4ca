//! `semaphore_ssh.sh`: `semaphore.sh` over `lock_ssh.sh`.

use std::{ffi::OsString, process::ExitCode};

use super::{
    answer::usage,
    hostpid_lock::Settings,
    id_helper::Helper,
    semaphore::{Locker, act},
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME [<option>]... acquire|fast_acquire <semaphore> <max> <id>
  NAME [<option>]... acquire_slot <semaphore> <slot> <id>
  NAME [<option>]... release|slot <semaphore> <id>      release: 19 if it has no slot
  NAME [<option>]... owners <semaphore>
  NAME [<option>]... owner <semaphore> <slot>
  --grace-seconds <n>, --on-check-fail <command|arg>    as for lock_ssh; the command is told the semaphore first
  --locker-arg <arg>                                    an argument for lock_ssh";

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    let mut options: Vec<OsString> = Vec::new();
    let mut told_semaphore = false;
    loop {
        if words.talk_or_help()? {
            continue;
        }
        match words.peek() {
            Some("--locker-arg") => {
                words.next();
                options.push(words.next().ok_or_else(|| usage("--locker-arg takes an argument"))?);
            }
            Some("--grace-seconds" | "--on-check-fail") => {
                told_semaphore |= words.peek() == Some("--on-check-fail");
                options.extend(words.next());
                options.push(words.next().ok_or_else(|| usage("the option takes an argument"))?);
            }
            _ => break,
        }
    }
    let action = words.due("<action>")?;
    let semaphore = words.due("<semaphore>")?;
    if told_semaphore {
        options.extend(["--on-check-fail".into(), semaphore.clone()]);
    }
    let mut settings = Settings::new(Some(Helper::Ssh));
    let mut options = Words::new(options);
    settings.take(&mut options)?;
    if let Some(word) = options.next() {
        return Err(usage(format!("{}: no option of lock_ssh", word.display())));
    }
    words.put_back(semaphore);
    words.put_back(action);
    let helper = settings.helper()?.clone();
    act(words, &Locker::Hosts(settings, helper))
}
