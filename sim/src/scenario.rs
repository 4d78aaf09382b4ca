//! Scenarios: a protocol, so many clients, the world they live in, and what may go wrong.

mod faults;
mod profile;

use std::{fmt, num::ParseIntError};

use lockwright_kernel::id::Id;

pub use faults::{Budget, Faults};
pub use profile::{Profile, UnknownProfile};

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
/// Unless [`Scenario::rounds`] says otherwise, each client goes on for ever, and the search ends when it comes to no new
/// state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// The protocol's name.
    pub protocol: String,
    /// How many clients there are, at least 1 and at most [`Scenario::CLIENTS_MAX`].
    pub clients: u8,
    /// How many times each thing may go wrong, in all.
    pub faults: Faults,
    /// How calls walk to their directories.
    pub walk: Walk,
    /// The world.
    pub profile: Profile,
    /// How many times each client takes the lock and gives it back before it rests; 0 for no end. Attempts in vain do not
    /// count, and a client that is killed has the rounds left that it had. Once everybody rests, one after the other may
    /// go on alone, without an end, so that what the dead left is cleared away.
    pub rounds: u8,
}

impl Scenario {
    /// More clients than this have no names.
    pub const CLIENTS_MAX: u8 = 16;

    /// Rounds are counted up to this.
    pub const ROUNDS_MAX: u8 = 31;

    /// A scenario of the profile [`Profile::Local`], with the walk that Linux has.
    #[must_use]
    pub fn new(protocol: &str, clients: u8, crashes: u8) -> Self {
        let faults = Faults { crashes, ..Faults::NONE };
        Self { protocol: protocol.into(), clients, faults, walk: Walk::Split, profile: Profile::Local, rounds: 0 }
    }

    /// A kind of fault that this scenario has a budget for and its profile does not know.
    #[must_use]
    pub fn beyond_its_profile(&self) -> Option<Budget> {
        self.faults.nonzero().map(|(budget, _)| budget).find(|budget| !self.profile.budgets().contains(budget))
    }
}

/// One line, as a trace file has it; [`Scenario::from_str`](std::str::FromStr::from_str) reads it back.
///
/// First what every scenario has, then the profile unless it is `local`, the rounds if they are counted, and the budgets
/// that are not zero.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let walk = match self.walk {
            Walk::Split => "split",
            Walk::Atomic => "atomic",
        };
        let Self { protocol, clients, faults, profile, .. } = self;
        write!(f, "{protocol} clients={clients} crashes={} walk={walk}", faults.crashes)?;
        if *profile != Profile::Local {
            write!(f, " profile={profile}")?;
        }
        if self.rounds > 0 {
            write!(f, " rounds={}", self.rounds)?;
        }
        for (budget, count) in faults.nonzero().filter(|(budget, _)| *budget != Budget::Crashes) {
            write!(f, " {}={count}", budget.name())?;
        }
        Ok(())
    }
}

/// Why a line is no [`Scenario`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The line is not `PROTOCOL clients=N crashes=N walk=KIND` with further words of this form, each key once.
    #[error("`{0}` is no scenario: it should read `PROTOCOL clients=N crashes=N walk=split|atomic ...`")]
    Form(String),
    /// A number is none, or is too large.
    #[error("`{0}` is no count: {1}")]
    Count(String, ParseIntError),
    /// There is no such profile.
    #[error(transparent)]
    Profile(#[from] UnknownProfile),
    /// Rounds are not counted that far.
    #[error("rounds are counted up to {max}, not up to {0}", max = Scenario::ROUNDS_MAX)]
    Rounds(u8),
    /// The profile does not know this kind of fault.
    #[error("the profile `{0}` has no {name}", name = .1.name())]
    Beyond(Profile, Budget),
}

/// The words after the protocol's name may stand in any order. A budget that is not named is none.
impl std::str::FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(line: &str) -> Result<Self, ScenarioError> {
        let form = || ScenarioError::Form(line.into());
        let count = |text: &str| text.parse().map_err(|error| ScenarioError::Count(text.into(), error));
        let mut words = line.split_whitespace();
        let mut scenario = Self::new(words.next().ok_or_else(form)?, 0, 0);
        let mut seen: Vec<&str> = Vec::new();
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(form)?;
            if seen.contains(&key) {
                return Err(form());
            }
            seen.push(key);
            match (key, value) {
                ("clients", _) => scenario.clients = count(value)?,
                ("walk", "split") => scenario.walk = Walk::Split,
                ("walk", "atomic") => scenario.walk = Walk::Atomic,
                ("profile", _) => scenario.profile = value.parse()?,
                ("rounds", _) => scenario.rounds = count(value)?,
                _ => *scenario.faults.of_mut(Budget::named(key).ok_or_else(form)?) = count(value)?,
            }
        }
        match scenario.beyond_its_profile() {
            Some(budget) => Err(ScenarioError::Beyond(scenario.profile, budget)),
            None if scenario.rounds > Self::ROUNDS_MAX => Err(ScenarioError::Rounds(scenario.rounds)),
            None if ["clients", "crashes", "walk"].iter().all(|key| seen.contains(key)) => Ok(scenario),
            None => Err(form()),
        }
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
            for profile in Profile::ALL {
                for &budget in profile.budgets() {
                    let mut scenario = Scenario { walk, profile, ..Scenario::new("fast_lock", 3, 1) };
                    *scenario.faults.of_mut(budget) += 1;
                    assert_eq!(scenario.to_string().parse(), Ok(scenario));
                }
            }
        }
    }

    #[test]
    fn rounds_that_are_counted_are_written_and_read_back() {
        let scenario = Scenario { rounds: 2, ..Scenario::new("fast_lock", 3, 1) };
        assert_eq!(scenario.to_string(), "fast_lock clients=3 crashes=1 walk=split rounds=2");
        assert_eq!(scenario.to_string().parse(), Ok(scenario));
        let line = "fast_lock clients=3 crashes=1 walk=split rounds=32";
        assert_eq!(line.parse::<Scenario>(), Err(ScenarioError::Rounds(32)));
    }

    #[test]
    fn a_line_reads_in_any_order() {
        let line = "fast_lock errors=1 walk=atomic profile=operator removals=2 crashes=0 clients=3";
        let faults = Faults { errors: 1, removals: 2, ..Faults::NONE };
        let profile = Profile::Operator;
        let read = Scenario { faults, profile, walk: Walk::Atomic, ..Scenario::new("fast_lock", 3, 0) };
        assert_eq!(line.parse(), Ok(read));
    }

    #[test]
    fn a_line_that_is_no_scenario_is_refused() {
        let lines = [
            "",
            "fast_lock",
            "fast_lock crashes=1 walk=split",
            "fast_lock clients=3 crashes=1",
            "fast_lock clients=3 crashes=1 walk=split clients=3",
            "fast_lock clients=3 crashes=1 walk=split accidents=1",
            "fast_lock clients=3 crashes=1 walk=slow",
            "fast_lock clients=300 crashes=1 walk=split",
            "fast_lock clients=3 crashes=1 walk=split profile=none",
            "fast_lock clients=3 crashes=1 walk=split cuts=1",
        ];
        for line in lines {
            assert!(line.parse::<Scenario>().is_err(), "{line}");
        }
        let beyond = ScenarioError::Beyond(Profile::Local, Budget::Cuts);
        assert_eq!("fast_lock clients=3 crashes=1 walk=split cuts=1".parse::<Scenario>(), Err(beyond));
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
