//! The words of a script's command line, taken one after the other.

use std::{collections::VecDeque, ffi::OsString, num::NonZeroU32, time::Duration};

use lockwright_kernel::id::Id;

use super::answer::usage;
use crate::exit::Failure;

/// The words that were not taken yet.
#[derive(Debug)]
pub(super) struct Words(VecDeque<OsString>);

impl Words {
    pub(super) fn new(words: impl IntoIterator<Item = OsString>) -> Self {
        Self(words.into_iter().collect())
    }

    /// The next word as text, empty where it is none; `None` at the end.
    pub(super) fn peek(&self) -> Option<&str> {
        self.0.front().map(|word| word.to_str().unwrap_or_default())
    }

    pub(super) fn next(&mut self) -> Option<OsString> {
        self.0.pop_front()
    }

    /// Makes `word` the next one.
    pub(super) fn put_back(&mut self, word: OsString) {
        self.0.push_front(word);
    }

    /// The next word, which has to be there and not be empty.
    pub(super) fn due(&mut self, what: &str) -> Result<OsString, Failure> {
        self.next().filter(|word| !word.is_empty()).ok_or_else(|| usage(format!("{what} is missing")))
    }

    /// The same, as text.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Failure> {
        self.due(what)?.into_string().map_err(|_| usage(format!("{what} is not UTF-8")))
    }

    /// The next word as an id, which is the name of a file.
    pub(super) fn id(&mut self) -> Result<Id, Failure> {
        id(&self.text("<id>")?)
    }

    /// The next word as a number of slots, or of a slot.
    pub(super) fn number(&mut self, what: &str) -> Result<NonZeroU32, Failure> {
        let text = self.text(what)?;
        let number = text.parse::<u16>().ok().and_then(|number| NonZeroU32::new(number.into()));
        number.ok_or_else(|| usage(format!("{what} is to be a number from 1 to {}, not {text}", u16::MAX)))
    }

    /// The next word as a number of seconds, if there is one.
    pub(super) fn seconds(&mut self) -> Result<Option<Duration>, Failure> {
        let Some(word) = self.next().filter(|word| !word.is_empty()) else { return Ok(None) };
        let seconds = word.to_str().and_then(|word| word.parse().ok());
        let seconds = seconds.ok_or_else(|| usage(format!("{} is no number of seconds", word.display())))?;
        Ok(Some(Duration::from_secs(seconds)))
    }

    /// Takes the options that every script has: those that make the lockers talk are taken and change nothing.
    pub(super) fn talk_or_help(&mut self) -> Result<bool, Failure> {
        match self.peek() {
            Some("-u" | "-h" | "--help") => Err(usage("asked for help")),
            Some("-d" | "--debug" | "-di" | "--info") => {
                self.next();
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// An id of this text.
pub(super) fn id(text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|error| usage(format!("no id: {error}")))
}
