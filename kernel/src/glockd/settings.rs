//! What a server is set to: how it answers, its limits and times, and what it was told of its last run.

use core::time::Duration;

/// In which words the commands of the original are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Replies {
    /// `1 Got Lock`, as the first versions did.
    #[default]
    Words,
    /// `1 Lock Get Success: foo`, as later versions did.
    Named,
}

/// How a server is set up. Each limit has an answer of its own, see [`Reply`](super::Reply).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// In which words it answers.
    pub replies: Replies,
    /// Whether `d`, `sd` and `dump` are answered, and `who`.
    pub dump: bool,
    /// Whether clients may give themselves names with `iam`, and be found with `who`.
    pub registry: bool,
    /// How many clients may be connected at once.
    pub connections: usize,
    /// How many locks a client may hold or claim, exclusive and shared together.
    pub locks_each: usize,
    /// How many clients may wait at once.
    pub waiters: usize,
    /// The longest line, in bytes, without its end.
    pub line: usize,
    /// How many bytes a client may send ahead while an earlier command of it waits.
    pub ahead: usize,
    /// The longest wait that `lg` takes; a longer one is as long as this.
    pub wait: Duration,
    /// How long a client that said `hello` may be silent before it is asked for a sign of life.
    pub ping: Duration,
    /// How long a client that said `hello` may be silent before it is taken for gone.
    pub silence: Duration,
    /// How long a client that holds nothing and waits for nothing may be silent; for ever where there is none.
    pub idle: Option<Duration>,
    /// How long after an unclean end nobody is granted anything but what was theirs. It has to be longer than
    /// [`silence`](Self::silence), so that whoever comes too late knows by then that its lock is lost.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            replies: Replies::Words,
            dump: true,
            registry: true,
            connections: 20_000,
            locks_each: 100_000,
            waiters: 10_000,
            line: 4096,
            ahead: 64 * 1024,
            wait: Duration::from_hours(24),
            ping: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            idle: None,
            grace: Duration::from_secs(20),
        }
    }
}

/// What has to be remembered from one run of a server to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Saved {
    /// The number of the run, from 1. Fences begin with it.
    pub epoch: u32,
    /// Grants of this run and later ones may have holders still.
    pub since: u32,
    /// Whether the run ended with nothing held.
    pub is_clean: bool,
}
