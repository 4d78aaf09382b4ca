//! Who wants a lock: the name under which a contender writes itself to disk.

use core::{fmt, str::FromStr};

use crate::path::{Name, NameError};

/// The identity of one contender, as it stands on disk.
///
/// An id is given to **one contender and never again**: two threads that use the same id at once are one contender to a
/// lock, and a lock cannot tell a reused id from its first owner. What the text says, and whether its owner still runs,
/// is known to an id kind such as [`ProcessId`](crate::ids::process::ProcessId); to a lock it is a name.
///
/// ```
/// # use lockwright_kernel::id::Id;
/// let id: Id = "alice".parse()?;
/// assert_eq!(id.name().as_str(), "alice");
/// # Ok::<(), lockwright_kernel::path::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Name);

impl Id {
    /// The entry that stands for this contender.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0
    }
}

impl From<Name> for Id {
    fn from(name: Name) -> Self {
        Self(name)
    }
}

impl FromStr for Id {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
