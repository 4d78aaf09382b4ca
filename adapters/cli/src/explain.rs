//! `lockwright explain`: why a lock is busy, who is ahead and by which evidence they live, what would make it free, and which
//! commands help.

use std::process::ExitCode;

use lockwright_kernel::{ids::process::ProcessId, probe::Liveness};
use lockwright_posix::lock::{Entry, Kind, Layout, PathLock, Standing};

use crate::{
    args::LookArgs,
    exit::{FAILED, Failure},
    json, lease, look,
    notes::{self, Note},
    owner::print,
    people,
    report::{Report, State, last_token},
    text::{shell_word, shown, shown_path},
};

/// How many characters of what somebody said are shown.
const REASON_CHARS_MAX: usize = 200;

/// The codes are those of [`State`].
pub(crate) fn explain(args: &LookArgs) -> Result<ExitCode, Failure> {
    let (lock, standing) = look::open(&args.lock, args.kind)?;
    let explained = Explained { lock: &lock, standing: &standing, state: State::of(&standing) };
    print(&if args.json { explained.json()? } else { explained.text()? })?;
    Ok(ExitCode::from(explained.state as u8))
}

/// Every key that stands beside those of `status`.
const KEYS: [(&str, &str); 3] = [
    ("ends", "what would make room, for people"),
    ("next", "who would come in then, for people"),
    ("helps", "the commands that help, each with what it does"),
];

/// The part of `explain --help` that is about JSON.
pub(crate) fn help() -> String {
    json::help("With --json, an object with the keys of status --json, and these:", &KEYS)
}

#[derive(serde::Serialize)]
struct Explanation {
    #[serde(flatten)]
    report: Report,
    ends: Vec<String>,
    next: String,
    helps: Vec<(String, &'static str)>,
}

struct Explained<'a> {
    lock: &'a PathLock,
    standing: &'a Standing,
    state: State,
}

impl Explained<'_> {
    fn json(&self) -> Result<String, Failure> {
        let report = Report::new(self.lock, self.standing)?;
        let explanation = Explanation { report, ends: self.ends(), next: self.next(), helps: self.helps() };
        serde_json::to_string(&explanation).map(|text| text + "\n").map_err(|error| Failure::new(FAILED, error))
    }

    fn text(&self) -> Result<String, Failure> {
        let kind = self.standing.layout.map_or_else(String::new, |layout| format!(" ({layout})"));
        let path = shown_path(self.lock.path());
        let mut lines = vec![format!("{path}{kind}: {}", self.state.word())];
        if let Some(fence) = last_token(self.lock)? {
            lines.push(format!("  the last fence that was given is {fence}"));
        }
        for holder in &self.standing.holders {
            lines.extend(self.entry("held by", holder));
        }
        for (ahead, waiter) in self.standing.waiters.iter().enumerate() {
            lines.extend(self.entry(&format!("waits, {ahead} of those who wait ahead"), waiter));
        }
        lines.extend(self.ends().into_iter().map(|end| format!("  it comes free {end}")));
        lines.push(format!("  {}", self.next()));
        let helps = self.helps();
        let width = helps.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
        lines.extend(helps.iter().map(|(command, what)| format!("  {command:width$}  # {what}")));
        Ok(lines.join("\n") + "\n")
    }

    fn entry(&self, role: &str, entry: &Entry) -> Vec<String> {
        let in_line = people::is_in_line(self.standing.layout);
        let slot = entry.slot.map_or_else(String::new, |slot| format!(", slot {slot}"));
        let kind = if entry.kind == Kind::Read { ", to read" } else { "" };
        let since = people::since(entry.since, in_line);
        let mut lines = vec![
            format!("  {role}: {}, {since}{slot}{kind}", people::who(self.lock, &entry.id)),
            format!("    alive: {}{}", people::alive(self.lock.probe(), entry), lease::told(entry)),
        ];
        let Note { who, why } = notes::of(self.lock, &entry.id).unwrap_or_default();
        for (what, text) in [("reason", why), ("for", who)] {
            lines.extend(text.map(|text| format!("    {what}: \"{}\"", shown(&text, REASON_CHARS_MAX))));
        }
        lines.push(format!("    id: {}", shown(entry.id.name().as_str(), usize::MAX)));
        lines
    }

    /// For each holder, when it has the lock no more.
    fn ends(&self) -> Vec<String> {
        self.standing.holders.iter().map(when).collect()
    }

    fn next(&self) -> String {
        let waiting = self.standing.waiters.len();
        let busy = !self.standing.holders.is_empty();
        match (self.standing.layout, waiting) {
            _ if !busy => "whoever comes next has it".to_owned(),
            (layout, 0) if people::is_in_line(layout) => "nobody waits in line".to_owned(),
            (layout, _) if people::is_in_line(layout) => format!("then who waits first; {waiting} in line"),
            (Some(Layout::Bid), _) => {
                "then whoever bids first; those who wait leave nothing that can be seen".to_owned()
            }
            _ => "then any one of those who wait, in no order; they leave nothing that can be seen".to_owned(),
        }
    }

    fn helps(&self) -> Vec<(String, &'static str)> {
        let word = shell_word(self.lock.path());
        let mut helps = Vec::new();
        if self.state == State::Free {
            return helps;
        }
        helps.push((format!("lockwright wait {word}"), "comes back when there is room, and takes nothing"));
        if self.standing.stale().next().is_some() {
            helps.push((format!("lockwright unlock {word}"), "takes away what the dead have left"));
        }
        for holder in &self.standing.holders {
            if let (Liveness::Alive, Ok(process)) = (holder.liveness, ProcessId::try_from(&holder.id)) {
                helps.push((format!("kill {}", process.pid), "asks the holder to stop, which gives the lock back"));
            }
            let id = shell_word(holder.id.name().as_str());
            let what = "takes it away by force: the holder is stopped, and its fence refused";
            helps.push((format!("lockwright break {word} --id {id} --reason TEXT"), what));
        }
        helps
    }
}

/// When an owner loses what it has.
fn when(holder: &Entry) -> String {
    let process = ProcessId::try_from(&holder.id);
    if let Some(lease) = lease::ends(holder) {
        return lease;
    }
    match (holder.liveness, process) {
        (Liveness::Dead, _) => "now: whoever wants it next takes it from the dead".to_owned(),
        (Liveness::Alive, Ok(id)) => match id.group {
            Some(group) => format!(
                "when pid {} gives it back, or when it and all of process group {} have ended",
                id.pid, group.leader
            ),
            None => format!("when it is given back, or when pid {} has ended", id.pid),
        },
        (Liveness::Alive, Err(_)) => "when it is given back, or when its owner has ended".to_owned(),
        (Liveness::Unknown, Ok(id)) => format!(
            "when it is given back; nobody here takes it away, for whether pid {} on {} lives cannot be told from here",
            id.pid,
            id.host.as_str()
        ),
        (Liveness::Unknown, Err(_)) => {
            "when it is given back; nobody takes it away, for whether its owner lives cannot be told".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_key() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PathLock::open(dir.path().join("lock")).unwrap();
        let _guard = lock.lock().unwrap();
        let standing = lock.standing().unwrap();
        let explained = Explained { lock: &lock, standing: &standing, state: State::of(&standing) };
        let mut value: serde_json::Value = serde_json::from_str(&explained.json().unwrap()).unwrap();
        let report = serde_json::to_value(Report::new(&lock, &standing).unwrap()).unwrap();
        for key in report.as_object().unwrap().keys() {
            assert!(value.as_object_mut().unwrap().remove(key).is_some(), "{key}");
        }
        json::has_keys(&value, &KEYS);
    }
}
