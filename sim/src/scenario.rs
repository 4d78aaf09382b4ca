//! Scenarios: a protocol, so many clients, and what may go wrong.

use std::{fmt, num::ParseIntError};

use lockwright_kernel::id::Id;

/// How a call finds the directory that holds its entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Walk {
    /// In a step of its own, before the effect: somebody may move the directory in between, and the effect follows it.
    /// Linux does this.
    #[default]
    Split,
    /// Together with the effect, as in a store that has transactions.
    Atomic,
}

/// What is explored: a protocol by its name in the [catalogue](crate::catalogue), and the bounds of its world.
///
/// Rounds are not bounded: each client goes on for ever, and the search ends when it comes to no new state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// The protocol's name.
    pub protocol: String,
    /// How many clients there are, at least 1 and at most [`Scenario::CLIENTS_MAX`].
    pub clients: u8,
    /// How many times a client may crash, in all.
    pub crashes: u8,
    /// How calls walk to their directories.
    pub walk: Walk,
}

impl Scenario {
    /// More clients than this have no names.
    pub const CLIENTS_MAX: u8 = 16;

    /// A scenario with the walk that Linux has.
    #[must_use]
    pub fn new(protocol: &str, clients: u8, crashes: u8) -> Self {
        Self { protocol: protocol.into(), clients, crashes, walk: Walk::Split }
    }
}

/// One line, as a trace file has it; [`Scenario::from_str`](std::str::FromStr::from_str) reads it back.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let walk = match self.walk {
            Walk::Split => "split",
            Walk::Atomic => "atomic",
        };
        let Self { protocol, clients, crashes, .. } = self;
        write!(f, "{protocol} clients={clients} crashes={crashes} walk={walk}")
    }
}

/// Why a line is no [`Scenario`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The line is not `PROTOCOL clients=N crashes=N walk=KIND`.
    #[error("`{0}` is no scenario: it should read `PROTOCOL clients=N crashes=N walk=split|atomic`")]
    Form(String),
    /// A number is none, or is too large.
    #[error("`{0}` is no count: {1}")]
    Count(String, ParseIntError),
}

impl std::str::FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(line: &str) -> Result<Self, ScenarioError> {
        let form = || ScenarioError::Form(line.into());
        let words: Vec<&str> = line.split_whitespace().collect();
        let [protocol, clients, crashes, walk] = words[..] else { return Err(form()) };
        let value = |word: &'_ str, key| word.strip_prefix(key).map(str::to_owned).ok_or_else(form);
        let count = |text: String| text.parse().map_err(|error| ScenarioError::Count(text, error));
        Ok(Self {
            protocol: protocol.into(),
            clients: count(value(clients, "clients=")?)?,
            crashes: count(value(crashes, "crashes=")?)?,
            walk: match walk {
                "walk=split" => Walk::Split,
                "walk=atomic" => Walk::Atomic,
                _ => return Err(form()),
            },
        })
    }
}

/// The letter that a client goes by.
pub(crate) fn letter(client: u8) -> char {
    char::from(b'A' + client % Scenario::CLIENTS_MAX)
}

/// The id of a client's process: a letter for the client, a number that each crash raises.
pub(crate) fn id(client: u8, incarnation: u8) -> Id {
    let text = format!("{}{}", letter(client), incarnation + 1);
    text.parse().unwrap_or_else(|_| unreachable!("a letter and a number make a name"))
}

/// Which client's process has this id, and which of its processes.
pub(crate) fn parse_id(id: &Id) -> Option<(u8, u8)> {
    let text = id.name().as_str();
    let client = text.bytes().next()?.checked_sub(b'A')?;
    let incarnation: u8 = text.get(1..)?.parse().ok()?;
    Some((client, incarnation.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads_back_what_it_writes() {
        for walk in [Walk::Split, Walk::Atomic] {
            let scenario = Scenario { walk, ..Scenario::new("fast_lock", 3, 1) };
            assert_eq!(scenario.to_string().parse(), Ok(scenario));
        }
        assert!("fast_lock clients=3".parse::<Scenario>().is_err());
        assert!("fast_lock clients=300 crashes=0 walk=split".parse::<Scenario>().is_err());
    }

    #[test]
    fn an_id_names_its_client_and_its_process() {
        for client in 0..Scenario::CLIENTS_MAX {
            for incarnation in [0, 1, 41] {
                assert_eq!(parse_id(&id(client, incarnation)), Some((client, incarnation)));
            }
        }
        assert_eq!(parse_id(&"somebody".parse().unwrap()), None);
    }
}
