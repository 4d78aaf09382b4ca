//! The scenarios that are checked: those of the server that ships, and those in which something is wrong.

use super::scenario::{Flaw, Kind, Property, Scenario};

/// A scenario, and what has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// What is explored.
    pub scenario: Scenario,
    /// What clients must have been told somewhere, or the run shows nothing.
    pub sometimes: &'static [&'static str],
    /// Whether it takes a fraction of a second, so that all who check anything can see it.
    pub is_short: bool,
    /// The property that does not hold, where something is wrong.
    pub expected: Option<Property>,
}

/// The row of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

const COMPETE: Scenario = Scenario {
    clients: 3,
    names: &["a", "b"],
    asks: &[Kind::Get, Kind::Release, Kind::Stray],
    says_hello: false,
    commands: 2,
    quits: 1,
    ..Scenario::QUIET
};

const QUEUE: Scenario = Scenario {
    clients: 3,
    asks: &[Kind::Lock, Kind::Release],
    says_hello: false,
    commands: 2,
    quits: 1,
    ticks: 1,
    ..Scenario::QUIET
};

const COUNT: Scenario = Scenario {
    clients: 3,
    asks: &[Kind::Join, Kind::Part],
    says_hello: false,
    commands: 2,
    quits: 1,
    breaks: 1,
    ..Scenario::QUIET
};

const BREAK: Scenario =
    Scenario { asks: &[Kind::Lock, Kind::Ping], commands: 1, breaks: 1, ticks: 3, ..Scenario::QUIET };

const SIGNS: Scenario =
    Scenario { asks: &[Kind::Lock, Kind::Ping], signs_take_time: true, commands: 1, ticks: 3, ..Scenario::QUIET };

const RESTART: Scenario = Scenario {
    asks: &[Kind::Lock, Kind::Back, Kind::Ping],
    wait: 4,
    commands: 2,
    connects: 2,
    ends: 1,
    ticks: 3,
    ..Scenario::QUIET
};

const PIPELINE: Scenario = Scenario {
    names: &["a", "ab"],
    asks: &[Kind::Get, Kind::Release],
    says_hello: false,
    commands: 2,
    ahead: 2,
    cuts: 2,
    ..Scenario::QUIET
};

/// All of them.
pub const ROWS: &[Row] = &[
    good("compete", "three clients, two locks", COMPETE, &["got", "did not get"]),
    short(good("queue", "three clients in one line", QUEUE, &["granted", "granted later", "timed out"])),
    short(good("count", "three holders of one shared lock", COUNT, &["joined"])),
    short(good(
        "break",
        "a connection breaks, and either side notices first, or never",
        BREAK,
        &["granted", "confirmed", "asked for a sign of life"],
    )),
    good(
        "signs",
        "signs of life that are asked for and given late",
        SIGNS,
        &["granted", "confirmed", "asked for a sign of life"],
    ),
    good("restart", "the server dies and comes back", RESTART, &["granted", "got back", "not got back", "confirmed"]),
    short(good("pipeline", "two commands at once, cut anywhere", PIPELINE, &["got", "did not get"])),
    bad("serves_the_gone", "a waiter that goes stays in line", QUEUE, Flaw::ServesTheGone, Property::NoOrphan),
    bad(
        "releases_for_anybody",
        "a lock is released by its name",
        COMPETE,
        Flaw::ReleasesForAnybody,
        Property::AnswersFit,
    ),
    bad("keeps_count", "who goes is counted still", COUNT, Flaw::KeepsCount, Property::Counts),
    bad(
        "forgetful_restart",
        "a server knows nothing of its last run",
        RESTART,
        Flaw::ForgetfulRestart,
        Property::MutualExclusion,
    ),
    bad("no_grace", "a server goes on at once after an unclean end", RESTART, Flaw::NoGrace, Property::MutualExclusion),
    bad("short_grace", "holders notice after the time of grace", RESTART, Flaw::ShortGrace, Property::MutualExclusion),
    bad(
        "drops_second_command",
        "of what is read at once only the first line is done",
        PIPELINE,
        Flaw::DropsSecondCommand,
        Property::Answered,
    ),
    bad(
        "takes_cut_line",
        "what is read is a line, whether it has an end or not",
        PIPELINE,
        Flaw::TakesCutLine,
        Property::Counts,
    ),
    bad(
        "drops_too_soon",
        "a client is taken for gone before it can know",
        BREAK,
        Flaw::DropsTooSoon,
        Property::MutualExclusion,
    ),
    bad(
        "takes_loss_for_end",
        "a broken connection is taken for a client that is gone",
        BREAK,
        Flaw::TakesLossForEnd,
        Property::MutualExclusion,
    ),
    bad(
        "counts_from_answer",
        "a client counts its time from the answer",
        SIGNS,
        Flaw::CountsFromAnswer,
        Property::MutualExclusion,
    ),
];

const fn good(name: &'static str, about: &'static str, scenario: Scenario, sometimes: &'static [&'static str]) -> Row {
    Row { name, about, scenario, sometimes, is_short: false, expected: None }
}

const fn short(row: Row) -> Row {
    Row { is_short: true, ..row }
}

const fn bad(name: &'static str, about: &'static str, scenario: Scenario, flaw: Flaw, expected: Property) -> Row {
    let scenario = Scenario { flaw: Some(flaw), ..scenario };
    Row { name, about, scenario, sometimes: &[], is_short: false, expected: Some(expected) }
}
