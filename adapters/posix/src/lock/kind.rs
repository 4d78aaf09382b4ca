//! The kinds of locks, and what each is called: by people, and on disk.

use std::{fmt, num::NonZeroU32, str::FromStr};

use lockwright_kernel::{
    path::Name,
    wait_queue::{Admission, Place, Want},
};

/// What a contender asks for. All who share a lock ask for the same kind, save that readers and writers share one.
///
/// Written as it is typed: `fast`, `bid`, `queue`, `rw-read`, `rw-write`, `sem=3`, `fair-sem=3`.
///
/// ```
/// use lockwright_posix::lock::Kind;
///
/// let kind: Kind = "sem=3".parse()?;
/// assert_eq!(kind, Kind::Semaphore(3.try_into()?));
/// assert_eq!(kind.to_string(), "sem=3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One holder, in no order: a [fast lock](lockwright_kernel::fast_lock), shared with the lockers' shell scripts.
    #[default]
    Fast,
    /// One holder, in no order: a [lock folder](lockwright_kernel::check_bid_check), shared with the Python package
    /// `lockfolder`. The folder stays when the lock is free. Share it with that package within one host and pid namespace: its
    /// bids name neither.
    Bid,
    /// One holder, in the order in which they came: a [fair lock](lockwright_kernel::fair_lock).
    Queue,
    /// A reader: as many as there are in line before the first writer hold at once.
    Read,
    /// A writer: alone, in the order in which they came.
    Write,
    /// So many holders, in no order: a [semaphore](lockwright_kernel::semaphore) of fast locks. At most
    /// [`Kind::SLOTS_MAX`].
    Semaphore(NonZeroU32),
    /// So many holders, in the order in which they came.
    FairSemaphore(NonZeroU32),
}

/// What stands on disk at the path of a lock. Of one layout there is one lock; two never meet at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// That of [`Kind::Fast`].
    Fast,
    /// That of [`Kind::Bid`].
    Bid,
    /// That of [`Kind::Queue`].
    Queue,
    /// That of [`Kind::Read`] and [`Kind::Write`].
    ReadWrite,
    /// That of [`Kind::Semaphore`] of so many slots.
    Semaphore(NonZeroU32),
    /// That of [`Kind::FairSemaphore`] of so many holders.
    FairSemaphore(NonZeroU32),
}

impl Kind {
    /// The most slots that a semaphore in no order can have: each attempt asks for one after the other.
    pub const SLOTS_MAX: u32 = 1024;

    /// What it has on disk.
    #[must_use]
    pub fn layout(self) -> Layout {
        match self {
            Self::Fast => Layout::Fast,
            Self::Bid => Layout::Bid,
            Self::Queue => Layout::Queue,
            Self::Read | Self::Write => Layout::ReadWrite,
            Self::Semaphore(slots) => Layout::Semaphore(slots.min(SLOTS_MAX)),
            Self::FairSemaphore(holders) => Layout::FairSemaphore(holders),
        }
    }

    /// What it wants of a line.
    #[must_use]
    pub fn want(self) -> Want {
        if self == Self::Read { Want::Shared } else { Want::Alone }
    }
}

const SLOTS_MAX: NonZeroU32 = NonZeroU32::new(Kind::SLOTS_MAX).expect("not zero");

impl Layout {
    /// How many may hold at once; `None` where that depends on what they ask for.
    #[must_use]
    pub fn holders_max(self) -> Option<NonZeroU32> {
        match self {
            Self::Fast | Self::Bid | Self::Queue => Some(NonZeroU32::MIN),
            Self::ReadWrite => None,
            Self::Semaphore(holders) | Self::FairSemaphore(holders) => Some(holders),
        }
    }

    /// The kind that a contender of this layout may ask for: of a reader and a writer, the writer.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Fast => Kind::Fast,
            Self::Bid => Kind::Bid,
            Self::Queue => Kind::Queue,
            Self::ReadWrite => Kind::Write,
            Self::Semaphore(slots) => Kind::Semaphore(slots),
            Self::FairSemaphore(holders) => Kind::FairSemaphore(holders),
        }
    }

    /// The kind of a contender in its line that wants that.
    #[must_use]
    pub fn kind_of(self, want: Want) -> Kind {
        match (self, want) {
            (Self::ReadWrite, Want::Shared) => Kind::Read,
            _ => self.kind(),
        }
    }

    /// By which rule those in its line hold; `None` where it has no line.
    #[must_use]
    pub fn admission(self) -> Option<Admission> {
        match self {
            Self::Fast | Self::Bid | Self::Semaphore(_) => None,
            Self::Queue => Some(Admission::ONE),
            Self::ReadWrite => Some(Admission::ReadWrite),
            Self::FairSemaphore(holders) => Some(Admission::First(holders)),
        }
    }

    /// How many of those in its line hold, the first of them; none where it has no line.
    ///
    /// ```
    /// use lockwright_kernel::wait_queue::{Place, Want};
    /// use lockwright_posix::lock::Layout;
    ///
    /// let line = [Want::Shared, Want::Shared, Want::Alone].map(|want| Place { number: 7, want });
    /// assert_eq!([Layout::ReadWrite, Layout::Queue, Layout::Fast].map(|layout| layout.holding(&line)), [2, 1, 0]);
    /// ```
    #[must_use]
    pub fn holding(self, line: &[Place]) -> usize {
        let readers = line.iter().take_while(|place| place.want == Want::Shared).count();
        match self.admission() {
            None => 0,
            Some(Admission::First(count)) => line.len().min(count.get() as usize),
            Some(Admission::ReadWrite) => readers.max(usize::from(!line.is_empty())),
        }
    }

    /// The layout of this name on disk; `None` for the id of an owner.
    ///
    /// ```
    /// use lockwright_posix::lock::Layout;
    ///
    /// assert_eq!(Layout::named(&"rw".parse()?), Some(Layout::ReadWrite));
    /// assert_eq!(Layout::named(&"4312:1:00:1:node7:1".parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn named(name: &Name) -> Option<Self> {
        let layout = match Kind::from_str(name.as_str()) {
            Ok(Kind::Read | Kind::Write | Kind::Fast) => None,
            Ok(kind) => Some(kind.layout()),
            Err(_) => (name.as_str() == RW).then_some(Self::ReadWrite),
        };
        layout.filter(|layout| layout.name() == *name)
    }

    /// Its name on disk: of any but a fast lock that of the home that it has below `owner`, see
    /// [`one_kind`](lockwright_kernel::one_kind).
    #[must_use]
    pub fn name(self) -> Name {
        self.to_string().parse().unwrap_or_else(|error| unreachable!("a word and a number are a name: {error}"))
    }
}

const RW: &str = "rw";

/// A text is no [`Kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("should be fast, bid, queue, rw-read, rw-write, sem=N with N from 1 to {}, or fair-sem=N", Kind::SLOTS_MAX)]
pub struct KindParseError;

impl FromStr for Kind {
    type Err = KindParseError;

    fn from_str(text: &str) -> Result<Self, KindParseError> {
        let number = |text: &str| text.parse().map_err(|_| KindParseError);
        match text.split_once('=') {
            Some(("sem", slots)) => {
                Some(number(slots)?).filter(|slots| *slots <= SLOTS_MAX).map(Self::Semaphore).ok_or(KindParseError)
            }
            Some(("fair-sem", holders)) => number(holders).map(Self::FairSemaphore),
            _ => match text {
                "fast" => Ok(Self::Fast),
                "bid" => Ok(Self::Bid),
                "queue" => Ok(Self::Queue),
                "rw-read" => Ok(Self::Read),
                "rw-write" => Ok(Self::Write),
                _ => Err(KindParseError),
            },
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("rw-read"),
            Self::Write => f.write_str("rw-write"),
            kind => kind.layout().fmt(f),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fast => f.write_str("fast"),
            Self::Bid => f.write_str("bid"),
            Self::Queue => f.write_str("queue"),
            Self::ReadWrite => f.write_str(RW),
            Self::Semaphore(slots) => write!(f, "sem={slots}"),
            Self::FairSemaphore(holders) => write!(f, "fair-sem={holders}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["fast", "bid", "queue", "rw-read", "rw-write", "sem=1", "sem=1024", "fair-sem=3"] {
            let kind: Kind = text.parse().unwrap();
            assert_eq!(kind.to_string(), text);
            assert_eq!(kind.layout().kind().layout(), kind.layout());
        }
        for text in ["", "Fast", "sem", "sem=", "sem=0", "sem=-1", "sem=1025", "fair-sem=x", "rw", "fast=1"] {
            assert_eq!(text.parse::<Kind>(), Err(KindParseError), "{text}");
        }
    }

    #[test]
    fn a_layout_on_disk_is_told_from_an_owner() {
        for layout in
            ["bid", "queue", "rw-write", "sem=3", "fair-sem=3"].map(|kind| kind.parse::<Kind>().unwrap().layout())
        {
            assert_eq!(Layout::named(&layout.name()), Some(layout));
        }
        for name in ["fast", "rw-read", "sem=03", "sem=+3", "4312:1:00:1:node7:1", "queue2"] {
            assert_eq!(Layout::named(&name.parse().unwrap()), None, "{name}");
        }
    }
}
