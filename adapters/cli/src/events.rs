//! What happens during a `run`, told to programs as it happens: one JSON object a line, on standard error.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use lockwright_kernel::id::Id;

use crate::exit::Failure;

/// In what form it is told what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Voice {
    /// In lines for people.
    #[default]
    Text,
    /// In events, and in nothing else.
    Json,
}

/// Something that happened to a lock, or to the command that runs under it.
#[derive(Debug, serde::Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event<'a> {
    Waiting { lock: Shown<'a>, kind: String, ahead: Option<usize>, holders: Vec<&'a str>, waited_ms: u64 },
    Recovered { lock: Shown<'a>, id: &'a str },
    Acquired { lock: Shown<'a>, id: &'a str, waited_ms: u64 },
    Lost { lock: Shown<'a>, id: &'a str, gone: bool, by: Option<&'a str>, reason: Option<&'a str> },
    TooLong { held_ms: u64 },
    Ended { child: Option<u8> },
    Released { lock: Shown<'a>, id: &'a str, held_ms: u64 },
    NotReleased { lock: Shown<'a>, id: &'a str, message: String },
    Failed { exit: u8, message: &'a str, more: &'a [String] },
}

/// Every event, its keys, and when it is told.
const EVENTS: [(&str, &[&str], &str); 9] = [
    ("waiting", &["lock", "kind", "ahead", "holders", "waited_ms"], "after 400 ms, and again at times"),
    ("recovered", &["lock", "id"], "it was taken away from somebody dead"),
    ("acquired", &["lock", "id", "waited_ms"], "of each lock; CMD runs now"),
    (
        "lost",
        &["lock", "id", "gone", "by", "reason"],
        "it was taken away, or is to be given back by an operator's word",
    ),
    ("too-long", &["held_ms"], "--max-hold is over, and CMD is stopped"),
    ("ended", &["child"], "CMD ended with that exit code; null if that is not known"),
    ("released", &["lock", "id", "held_ms"], "of each lock that was not lost"),
    ("not-released", &["lock", "id", "message"], "it was not given back"),
    ("failed", &["exit", "message", "more"], "CMD was not run, or lockwright failed"),
];

/// The part of `run --help` that is about events.
pub(crate) fn help() -> String {
    let lines = EVENTS.map(|(event, keys, about)| format!("\n  {event:<13} {about}: {}", keys.join(", "))).concat();
    format!(
        "With --json, an object a line on standard error, whose key `event` is one of these, with these keys, which stay:{lines}"
    )
}

impl Voice {
    /// Tells it, if events are told. A standard error that is closed is nobody's to complain about.
    pub(crate) fn tell(self, event: &Event<'_>) {
        if self == Self::Json
            && let Ok(text) = serde_json::to_string(event)
        {
            drop(io::stderr().write_all((text + "\n").as_bytes()));
        }
    }

    /// Says it, if that is for people.
    pub(crate) fn say(self, line: &str) {
        if self == Self::Text {
            crate::exit::say(line);
        }
    }

    /// A failure that is told: what is left of it is the exit code.
    pub(crate) fn told(self, failure: Failure) -> Failure {
        if self == Self::Text {
            return failure;
        }
        self.tell(&Event::Failed { exit: failure.code(), message: failure.line(), more: failure.more() });
        Failure::quiet(failure.code())
    }
}

/// The path of a lock. JSON is UTF-8, so a path that is not is told with what stands for the rest.
#[derive(Debug)]
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl serde::Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string_lossy())
    }
}

/// An id, as it stands on disk.
pub(crate) fn text(id: &Id) -> &str {
    id.name().as_str()
}

/// Milliseconds, as they are told.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_event_and_its_keys() {
        let (id, held_ms, waited_ms) = ("a", 1, 2);
        let lock = || Shown(Path::new("lock"));
        let events = [
            Event::Waiting { lock: lock(), kind: "fast".into(), ahead: None, holders: Vec::new(), waited_ms },
            Event::Recovered { lock: lock(), id },
            Event::Acquired { lock: lock(), id, waited_ms },
            Event::Lost { lock: lock(), id, gone: true, by: None, reason: None },
            Event::TooLong { held_ms },
            Event::Ended { child: None },
            Event::Released { lock: lock(), id, held_ms },
            Event::NotReleased { lock: lock(), id, message: String::new() },
            Event::Failed { exit: 75, message: "", more: &[] },
        ];
        for (event, (name, keys, _)) in events.iter().zip(EVENTS) {
            let text = serde_json::to_string(event).expect("JSON");
            let told: Vec<&str> = text.split(',').filter_map(|pair| pair.split('"').nth(1)).collect();
            assert_eq!(told[0], "event");
            assert!(text.starts_with(&format!("{{\"event\":\"{name}\"")), "{text}");
            assert_eq!(told[1..], *keys);
        }
    }
}
