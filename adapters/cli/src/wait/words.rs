//! What somebody is told who waits, or who does not get the lock.

use std::path::Path;

use lockwright_kernel::{id::Id, token::TokenError};
use lockwright_posix::lock::{Entry, Kind, Layout, PathLock, Standing};

use crate::{
    people,
    text::{shell_word, shown_path},
};

/// How many holders are told of one by one.
const HOLDERS_MAX: usize = 3;

/// Who has a lock that somebody else wants.
pub(super) struct Sight {
    standing: Standing,
    fence: Option<u64>,
}

impl Sight {
    /// What stands there now. Who cannot look has nothing to tell.
    pub(super) fn of(lock: &PathLock) -> Self {
        let standing = lock.standing().unwrap_or_default();
        let fence = lock.tokens().and_then(|tokens| match tokens.last() {
            Err(TokenError::Fs(error)) => Err(error),
            last => Ok(last.ok().flatten().map(Into::into)),
        });
        Self { standing, fence: fence.unwrap_or_default() }
    }

    /// How many wait before somebody in line: `, 2 ahead of you`. Those who hold are not counted.
    pub(super) fn place(&self, me: &Id) -> String {
        match self.standing.waiters.iter().position(|entry| entry.id == *me) {
            None | Some(0) => String::new(),
            Some(ahead) => format!(", {ahead} ahead of you"),
        }
    }

    /// A line or two for each holder.
    pub(super) fn holders(&self, lock: &PathLock, me: &Id) -> Vec<String> {
        // Who was served just now is not its own news.
        let holders: Vec<&Entry> = self.standing.holders.iter().filter(|entry| entry.id != *me).collect();
        if holders.is_empty() {
            return vec!["held by  somebody who cannot be told any more".to_owned()];
        }
        let in_line =
            matches!(self.standing.layout, Some(Layout::Queue | Layout::ReadWrite | Layout::FairSemaphore(_)));
        let mut lines = Vec::new();
        for entry in holders.iter().take(HOLDERS_MAX) {
            let (who, since) = (people::who(lock, &entry.id), people::since(entry.since, in_line));
            let fence = match self.fence {
                Some(fence) if holders.len() == 1 => format!(", last fence {fence}"),
                _ => String::new(),
            };
            lines.push(format!("held by  {who}, {since}{fence}"));
            lines.push(format!("alive    {}", people::alive(lock, entry)));
        }
        if let Some(more @ 1..) = holders.len().checked_sub(HOLDERS_MAX) {
            lines.push(format!("         and {more} more"));
        }
        lines
    }

    /// The two commands that help who did not get the lock.
    pub(super) fn advice(&self, path: &Path, me: &Id) -> Vec<String> {
        let word = shell_word(path);
        let mut lines = vec![format!("why      lockwright explain {word}")];
        if let Some(holder) = self.standing.holders.iter().find(|entry| entry.id != *me) {
            let id = shell_word(holder.id.name().as_str());
            lines.push(format!("by force lockwright break {word} --id {id} --reason TEXT"));
        }
        lines
    }
}

/// What is waited for.
pub(super) fn what(path: &Path, kind: Kind) -> String {
    format!("{} ({kind})", shown_path(path))
}
