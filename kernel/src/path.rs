//! Names and paths that cannot lead out of the directory they start from.
//!
//! A [`Path`] is relative to the root that an adapter opened and is made of [`Name`]s, each of which was checked when
//! it was made. So the kernel never joins a user's string, and no algorithm can reach `..`.

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::{fmt, str::FromStr};

/// One entry's name: a checked path component.
///
/// Not empty, not `.` or `..`, without `/` and NUL, at most [`Name::BYTES_MAX`] bytes of UTF-8. `Display` writes it as
/// it is on disk.
///
/// ```
/// # use lockwright_kernel::path::{Name, NameError};
/// let name: Name = "deploy.lock".parse()?;
/// assert_eq!(name.as_str(), "deploy.lock");
/// assert_eq!("..".parse::<Name>(), Err(NameError::Dots));
/// # Ok::<(), NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

/// Why a string is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The empty string.
    #[error("a name cannot be empty")]
    Empty,
    /// `.` or `..`, which name no entry of their own.
    #[error("a name cannot be `.` or `..`")]
    Dots,
    /// A `/` or a NUL byte, which no file system takes.
    #[error("a name cannot hold a slash or a NUL byte")]
    Forbidden,
    /// More than [`Name::BYTES_MAX`] bytes.
    #[error("a name cannot be longer than {} bytes", Name::BYTES_MAX)]
    TooLong,
}

impl Name {
    /// The longest name that Linux file systems take, in bytes.
    pub const BYTES_MAX: usize = 255;

    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "" => Err(NameError::Empty),
            "." | ".." => Err(NameError::Dots),
            _ if text.contains(['/', '\0']) => Err(NameError::Forbidden),
            _ if text.len() > Self::BYTES_MAX => Err(NameError::TooLong),
            _ => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an entry is, counted from the root that the adapter opened. The path of no names is that root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Name>);

impl Path {
    /// The root itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The entry `name` of this directory.
    #[must_use]
    pub fn join(&self, name: &Name) -> Self {
        let mut names = self.0.clone();
        names.push(name.clone());
        Self(names)
    }

    /// The entry called `name`, a word that the algorithm's source spells out.
    ///
    /// # Panics
    ///
    /// When `name` is no [`Name`]: a fault of the source, since no input reaches this call.
    #[must_use]
    pub(crate) fn word(&self, name: &'static str) -> Self {
        match name.parse() {
            Ok(name) => self.join(&name),
            Err(error) => panic!("{name:?} stands in the source: {error}"),
        }
    }

    /// The names on the way from the root.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// The directory that holds this entry, and its name there. The root has neither.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Name)> {
        let (name, parent) = self.0.split_last()?;
        Some((Self(parent.to_owned()), name))
    }

    /// True when this is `ancestor` or lies below it.
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.0.starts_with(&ancestor.0)
    }

    /// This path with its beginning `from` replaced by `to`, as a rename of `from` does; `None` when it does not
    /// begin so.
    #[must_use]
    pub fn rebase(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(from.0.as_slice())?;
        Some(Self([&to.0, rest].concat()))
    }
}

impl From<Name> for Path {
    fn from(name: Name) -> Self {
        Self(Vec::from([name]))
    }
}

impl FromIterator<Name> for Path {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

/// Reads names parted by `/`; the empty string is the root.
impl FromStr for Path {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        text.split('/').map(str::parse).collect()
    }
}

/// Names parted by `/`; the root is written `.`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        let names: Vec<&str> = self.0.iter().map(Name::as_str).collect();
        let text: String = names.join("/");
        f.write_str(&text)
    }
}
