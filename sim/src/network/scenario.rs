//! Scenarios: how many clients, what they ask for, and what may go wrong, each as often as is said here.

use std::fmt;

/// What is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// How many clients there are.
    pub clients: u8,
    /// The names of the locks.
    pub names: &'static [&'static str],
    /// What they ask for.
    pub asks: &'static [Kind],
    /// How many ticks they wait for a lock.
    pub wait: u8,
    /// Whether they say `hello` as they connect, and so lose their locks on their own clock when they hear nothing. Where they do not, a
    /// broken connection is noticed by the server after the client, which is all that can be promised to them.
    pub says_hello: bool,
    /// Whether signs of life take their time on the way, as all else does. Where they do not, a client that can be reached
    /// shows one as it is asked.
    pub signs_take_time: bool,
    /// How many commands each sends, beside `hello`, `ping` and `pong`.
    pub commands: u8,
    /// How many commands of one client may be unanswered at once.
    pub ahead: u8,
    /// How often each connects.
    pub connects: u8,
    /// How many times a client goes away, in all.
    pub quits: u8,
    /// How many connections break.
    pub breaks: u8,
    /// How often the server reads less than what has come, cut at any byte.
    pub cuts: u8,
    /// How often the server dies.
    pub ends: u8,
    /// How many ticks there are.
    pub ticks: u8,
    /// What is wrong, if anything.
    pub flaw: Option<Flaw>,
}

impl Scenario {
    /// Nobody asks for anything, and nothing happens.
    pub const QUIET: Self = Self {
        clients: 2,
        names: &["a"],
        asks: &[],
        wait: 1,
        says_hello: true,
        signs_take_time: false,
        commands: 2,
        ahead: 1,
        connects: 1,
        quits: 0,
        breaks: 0,
        cuts: 0,
        ends: 0,
        ticks: 0,
        flaw: None,
    };

    /// So many ticks without a sign of life, and a client is gone; by its own clock as well.
    pub const SILENCE: u8 = 2;
    /// After so many ticks it is asked for one.
    pub const PING: u8 = 1;
    /// How long a restarted server waits for those that held a lock.
    pub const GRACE: u8 = 3;
}

/// A kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `g`
    Get,
    /// `lg`
    Lock,
    /// `r`
    Release,
    /// `r`, for a lock that is another's.
    Stray,
    /// `sg`
    Join,
    /// `sr`
    Part,
    /// `back`
    Back,
    /// `ping`, when it holds something and has not asked in this tick.
    Ping,
}

/// What the search checks in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Property {
    /// No two clients may both take a lock for their own, by what each of them knows.
    MutualExclusion,
    /// Nobody holds a lock, or is granted one, whose connection the server knows to be gone.
    NoOrphan,
    /// Connections and holders are as many as are counted.
    Counts,
    /// Of those who wait, the first is served first.
    InOrder,
    /// Each command is answered, unless it waits for something.
    Answered,
    /// Answers are those to the commands that were sent, in their order.
    AnswersFit,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MutualExclusion => "mutual exclusion",
            Self::NoOrphan => "no orphan",
            Self::Counts => "counts are right",
            Self::InOrder => "first come, first served",
            Self::Answered => "each command is answered",
            Self::AnswersFit => "answers fit",
        })
    }
}

/// What can be wrong with a server, or with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// A waiter that goes stays in line.
    ServesTheGone,
    /// A lock is released by its name, whoever asks.
    ReleasesForAnybody,
    /// A holder of a shared lock that goes is counted still.
    KeepsCount,
    /// After its end a server knows nothing of what was.
    ForgetfulRestart,
    /// After an unclean end a server goes on as after a clean one.
    NoGrace,
    /// The time of grace is over before the holders know that their locks are lost.
    ShortGrace,
    /// Of what is read at once, only the first line is done.
    DropsSecondCommand,
    /// What is read is taken for a line, whether it has an end or not.
    TakesCutLine,
    /// A client is taken for gone before it can know.
    DropsTooSoon,
    /// A connection that breaks is taken for a client that is gone.
    TakesLossForEnd,
    /// A client counts its time from the answer, and not from what was answered.
    CountsFromAnswer,
}
