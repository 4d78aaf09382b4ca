//! Bids: how their files are named, what is written in them, and what follows for their bidders.

use alloc::{format, string::String, vec::Vec};

use crate::{id::Id, path::Name, probe::Liveness};

/// What the name of a bid ends in.
pub(super) const SUFFIX: &str = ".json";

/// What the name of a bid ends in that is not published.
const UNPUBLISHED: &str = ".new";

/// The process that made a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bidder {
    /// Its number.
    pub pid: u64,
    /// When it was created, in whole seconds since 1970-01-01 UTC, rounded down: its start counted from a boot time that
    /// moves when the clock is set.
    pub created: u64,
}

/// What can be seen of the number of a bidder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sighting {
    /// No process has it.
    Absent,
    /// A process has it.
    Present {
        /// When that one was created, as [`Bidder::created`] counts.
        created: u64,
        /// True when it is a zombie without a living thread.
        ended: bool,
    },
    /// A process may have it, and more cannot be seen.
    Hidden,
}

/// By how many seconds the time of one process may differ between two looks: a boot time is rounded anew each time.
const SLACK: u64 = 1;

impl Bidder {
    /// What follows from what can be seen of the bidder's number.
    ///
    /// | the process with that number | verdict |
    /// |---|---|
    /// | none, or a zombie | dead |
    /// | created later, by more than a second | dead |
    /// | created at that time, give or take a second | alive |
    /// | created earlier | unknown: who came before cannot have come after; the clock was set |
    /// | cannot be seen | unknown |
    ///
    /// The second row is wrong where the clock was set forward while the bidder ran. What a bid says leaves nothing to
    /// tell that by.
    #[must_use]
    pub fn verdict(&self, seen: Sighting) -> Liveness {
        match seen {
            Sighting::Absent | Sighting::Present { ended: true, .. } => Liveness::Dead,
            Sighting::Present { created, .. } if created.abs_diff(self.created) <= SLACK => Liveness::Alive,
            Sighting::Present { created, .. } if created > self.created => Liveness::Dead,
            Sighting::Present { .. } | Sighting::Hidden => Liveness::Unknown,
        }
    }

    /// The contents of a bid of this one, as Python's `json` writes them.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        format!("{{\"PID\": {}, \"CREATED\": {}}}", self.pid, self.created).into()
    }

    /// What the contents of a bid say: a JSON object of the two whole numbers `PID` and `CREATED`, in any order and with
    /// any white space. Everything else is `None`, half a bid for one.
    #[must_use]
    pub fn read(contents: &[u8]) -> Option<Self> {
        let mut text = Text(contents);
        text.expect(b'{')?;
        let first = text.member()?;
        text.expect(b',')?;
        let second = text.member()?;
        text.expect(b'}')?;
        text.end()?;
        match (first, second) {
            ((Key::Pid, pid), (Key::Created, created)) | ((Key::Created, created), (Key::Pid, pid)) => {
                Some(Self { pid, created })
            }
            _ => None,
        }
    }
}

/// What an entry of the folder is, by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Bid(Id),
    Unpublished(Id, Bidder),
    Foreign,
}

impl Entry {
    pub(super) fn of(name: &Name) -> Self {
        let name = name.as_str();
        let bid = name.strip_suffix(SUFFIX).and_then(|id| id.parse().ok());
        bid.map(Self::Bid).or_else(|| Self::unpublished(name)).unwrap_or(Self::Foreign)
    }

    fn unpublished(name: &str) -> Option<Self> {
        let (id, bidder) = name.strip_suffix(UNPUBLISHED)?.rsplit_once('.')?;
        let (pid, created) = bidder.split_once('-')?;
        let (pid, created) = (number(pid.as_bytes())?, number(created.as_bytes())?);
        Some(Self::Unpublished(id.parse().ok()?, Bidder { pid, created }))
    }
}

/// The name of a bid that is not published. Who made it can be told although nothing is written in it yet.
pub(super) fn unpublished(id: &Id, Bidder { pid, created }: Bidder) -> String {
    format!("{id}.{pid}-{created}{UNPUBLISHED}")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Pid,
    Created,
}

/// What is left to be read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn member(&mut self) -> Option<(Key, u64)> {
        self.skip_space();
        let (key, rest) = [(Key::Pid, &b"\"PID\""[..]), (Key::Created, b"\"CREATED\"")]
            .into_iter()
            .find_map(|(key, name)| Some((key, self.0.strip_prefix(name)?)))?;
        self.0 = rest;
        self.expect(b':')?;
        self.skip_space();
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        Some((key, number(digits)?))
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }

    fn end(mut self) -> Option<()> {
        self.skip_space();
        self.0.is_empty().then_some(())
    }

    fn skip_space(&mut self) {
        let length = self.0.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.0 = &self.0[length..];
    }
}

/// A whole number as JSON has it: digits, and no zero before them.
fn number(digits: &[u8]) -> Option<u64> {
    let is_plain =
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && (digits[0] != b'0' || digits.len() == 1);
    is_plain.then(|| str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
