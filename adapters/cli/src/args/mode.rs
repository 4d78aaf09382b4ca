//! Short forms of kinds, as flock(1) and sem(1) have them.

use std::num::NonZeroU32;

use lockwright_posix::lock::Kind;

/// Short forms of `--kind`.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct ModeArgs {
    /// As --kind rw-write: alone. It shares its lock with those who say --shared.
    #[arg(short = 'x', visible_short_alias = 'e', long, conflicts_with_all = ["kind", "shared", "slots"])]
    pub(crate) exclusive: bool,
    /// As --kind rw-read: together with others who say so.
    #[arg(short, long, conflicts_with_all = ["kind", "slots"])]
    pub(crate) shared: bool,
    /// As --kind sem=N: N at a time.
    #[arg(short = 'N', long, value_name = "N", conflicts_with = "kind",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(Kind::SLOTS_MAX)))]
    pub(crate) slots: Option<u32>,
    /// In the order in which they come: as --kind queue, with --slots as --kind fair-sem=N. Those who share are always in order.
    #[arg(long, conflicts_with = "kind")]
    pub(crate) fair: bool,
}

impl ModeArgs {
    /// The kind that was meant, where `said` is what --kind says.
    pub(crate) fn kind(self, said: Kind) -> Kind {
        match (self.slots.and_then(NonZeroU32::new), self.fair) {
            _ if self.exclusive => Kind::Write,
            _ if self.shared => Kind::Read,
            (Some(slots), true) => Kind::FairSemaphore(slots),
            (Some(slots), false) => Kind::Semaphore(slots),
            (None, true) => Kind::Queue,
            (None, false) => said,
        }
    }
}
