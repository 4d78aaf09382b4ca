//! Places in line: numbers, and how they are written so that names sort in the order of the line.

use alloc::format;
use core::num::NonZeroU64;

use crate::path::Name;

/// What a contender wants when its turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// To be alone: a writer. Also what every contender wants of a queue that knows no readers.
    Alone,
    /// To be there with others of its kind: a reader.
    Shared,
}

/// A place in line. Earlier places are smaller, and so are their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number, from 1. A writer and a reader may have the same; then the writer comes first.
    pub number: u64,
    /// What its owner wants.
    pub want: Want,
}

const SHARED: &str = "-shared";

impl Place {
    /// The entry that stands for this place in a queue whose highest number is `last`.
    pub(super) fn name(self, last: NonZeroU64) -> Name {
        let suffix = if self.want == Want::Shared { SHARED } else { "" };
        let text = format!("{:0width$}{suffix}", self.number, width = width(last));
        text.parse().unwrap_or_else(|_| unreachable!("digits, and perhaps a word, make a name"))
    }

    /// The place that an entry stands for, if any. No other name than its own stands for a place.
    pub(super) fn read(name: &Name, last: NonZeroU64) -> Option<Self> {
        let text = name.as_str();
        let (digits, want) = match text.strip_suffix(SHARED) {
            Some(digits) => (digits, Want::Shared),
            None => (text, Want::Alone),
        };
        let number = digits.parse().ok().filter(|number| (1..=last.get()).contains(number))?;
        let place = Self { number, want };
        (place.name(last) == *name).then_some(place)
    }
}

/// How many digits the highest number has.
fn width(last: NonZeroU64) -> usize {
    last.ilog10() as usize + 1
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn names_read_back_and_sort_as_places_do() {
        for last in [9, 10, 99, 100, u64::MAX].map(|last| NonZeroU64::new(last).unwrap()) {
            let numbers = [1, 2, 9, 10, 11, 99, 100, u64::MAX].into_iter().filter(|number| *number <= last.get());
            let places: Vec<Place> =
                numbers.flat_map(|number| [Want::Alone, Want::Shared].map(|want| Place { number, want })).collect();
            let names: Vec<Name> = places.iter().map(|place| place.name(last)).collect();
            assert!(places.is_sorted() && names.is_sorted(), "{names:?}");
            for (place, name) in places.iter().zip(&names) {
                assert_eq!(Place::read(name, last), Some(*place));
            }
        }
    }

    #[test]
    fn other_names_stand_for_no_place() {
        let last = NonZeroU64::new(100).unwrap();
        for name in ["door", "1", "0001", "+01", "000", "001-", "001-shared-shared", "-shared", "1000"] {
            assert_eq!(Place::read(&name.parse().unwrap(), last), None, "{name}");
        }
    }
}
