//! What somebody is told who waits, or who does not get the lock.

use std::time::Duration;

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Glance, PathLock};

use crate::{
    events::{self, Event, Shown},
    lease,
    notes::{self, Note},
    people,
    text::{shell_word, shown, shown_path},
};

/// How many holders are told of one by one.
const HOLDERS_MAX: usize = 3;
/// How many characters of what somebody said are shown.
const REASON_CHARS_MAX: usize = 200;

/// What somebody sees who wants a lock that others have.
pub(super) struct Sight<'a> {
    lock: &'a PathLock,
    glance: Glance,
    fence: Option<u64>,
}

impl<'a> Sight<'a> {
    /// What `me`, whose place in line is `number`, sees now. Who cannot look has nothing to tell.
    pub(super) fn of(lock: &'a PathLock, me: Option<&Id>, number: Option<u64>) -> Self {
        let glance = lock.glance(me, number, HOLDERS_MAX).unwrap_or_default();
        let last = lock.tokens().ok().and_then(|tokens| tokens.last().ok().flatten());
        Self { lock, glance, fence: last.map(Into::into) }
    }

    /// What is waited for, and how many wait before somebody in line: `db.lock (queue), 2 ahead of you`. Those who hold are
    /// not counted.
    pub(super) fn what(&self) -> String {
        let ahead = match self.glance.ahead {
            None | Some(0) => String::new(),
            Some(ahead) => format!(", {ahead} ahead of you"),
        };
        format!("{} ({}){ahead}", shown_path(self.lock.path()), self.lock.kind())
    }

    /// A line or two for each holder.
    pub(super) fn holders(&self) -> Vec<String> {
        let Glance { holders, more, layout, .. } = &self.glance;
        if holders.is_empty() {
            return vec!["held by  somebody who cannot be told any more".to_owned()];
        }
        let in_line = people::is_in_line(*layout);
        let mut lines = Vec::new();
        for entry in holders {
            let (who, since) = (people::who(self.lock, &entry.id), people::since(entry.since, in_line));
            let fence = match self.fence {
                Some(fence) if holders.len() == 1 => format!(", last fence {fence}"),
                _ => String::new(),
            };
            lines.push(format!("held by  {who}, {since}{fence}"));
            let alive = format!("{}{}", people::alive(self.lock.probe(), entry), lease::told(entry));
            lines.push(match reason(self.lock, &entry.id) {
                Some(reason) => format!("reason   {reason}; alive: {alive}"),
                None => format!("alive    {alive}"),
            });
        }
        if *more > 0 {
            lines.push(format!("         and {more} more"));
        }
        lines
    }

    /// The same for programs.
    pub(super) fn event(&self, waited: Duration) -> Event<'_> {
        Event::Waiting {
            lock: Shown(self.lock.path()),
            kind: self.lock.kind().to_string(),
            ahead: self.glance.ahead,
            holders: self.glance.holders.iter().map(|holder| events::text(&holder.id)).collect(),
            waited_ms: events::millis(waited),
        }
    }

    /// The two commands that help who did not get the lock.
    pub(super) fn advice(&self) -> Vec<String> {
        advice(self.lock, self.glance.holders.first().map(|holder| &holder.id))
    }
}

/// The same where somebody stands in the way.
pub(super) fn advice(lock: &PathLock, holder: Option<&Id>) -> Vec<String> {
    let word = shell_word(lock.path());
    let by_force = holder
        .map(|id| format!("by force lockwright break {word} --id {} --reason TEXT", shell_word(id.name().as_str())));
    [format!("why      lockwright explain {word}")].into_iter().chain(by_force).collect()
}

/// What a holder said of itself.
fn reason(lock: &PathLock, id: &Id) -> Option<String> {
    let Note { who, why } = notes::of(lock, id)?;
    let quoted = |text: String| format!("\"{}\"", shown(&text, REASON_CHARS_MAX));
    match (why.map(quoted), who.map(quoted)) {
        (Some(why), Some(who)) => Some(format!("{why}, for {who}")),
        (Some(why), None) => Some(why),
        (None, who) => who.map(|who| format!("none told, for {who}")),
    }
}
