//! Shards: one part of some work that several machines share, told by two numbers that each of them is given.

use std::{fmt, ops::RangeInclusive, str::FromStr};

/// The part `index` of `of`, counted from 1: whatever has the place p, counted from 0, is in the part p mod `of` + 1.
///
/// So each place is in exactly one part, and in the same however much follows it.
///
/// ```
/// use lockwright_sim::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!((0..9).filter(|place| shard.has(*place)).collect::<Vec<_>>(), [1, 4, 7]);
/// assert_eq!(shard.to_string(), "2/3");
/// assert!((0..9).all(|place| Shard::WHOLE.has(place)));
/// # Ok::<(), lockwright_sim::ShardError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    index: usize,
    of: usize,
}

/// Why a text or two numbers are no [`Shard`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no shard: it should be like 2/3, the second of three")]
pub struct ShardError(String);

impl Shard {
    /// The one part that is all.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// The part `index` of `of`, if there is one.
    #[must_use]
    pub fn new(index: usize, of: usize) -> Option<Self> {
        let all: RangeInclusive<usize> = 1..=of;
        all.contains(&index).then_some(Self { index, of })
    }

    /// Whether what has this place, counted from 0, is in it.
    #[must_use]
    pub const fn has(self, place: usize) -> bool {
        place % self.of == self.index - 1
    }

    /// The places below `end` that it has, in order.
    pub(super) fn places(self, end: usize) -> impl Iterator<Item = usize> {
        (self.index - 1..end).step_by(self.of)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

/// As `INDEX/OF`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        numbers.and_then(|(index, of)| Self::new(index, of)).ok_or_else(|| ShardError(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_in_exactly_one_part() {
        for of in 1..7 {
            for place in 0..40 {
                let having = (1..=of).filter(|index| Shard::new(*index, of).unwrap().has(place));
                assert_eq!(having.count(), 1);
            }
            for index in 1..=of {
                let shard = Shard::new(index, of).unwrap();
                assert!(shard.places(40).eq((0..40).filter(|place| shard.has(*place))));
                assert_eq!(shard.to_string().parse(), Ok(shard));
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/1", "2/1", "0/0", "1/0", "-1/2", "1/2/3", "a/b", "1 / 2", "1/99999999999999999999"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
