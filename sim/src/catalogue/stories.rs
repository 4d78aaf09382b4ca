//! Where the mistakes of the known-bad protocols were made, and what came of it.
//!
//! A source is a public report (`owner/repository#number`), a manual page or a paper that shows the mistake or warns of
//! it, or the lock that had it. A report speaks of its program, and the protocol here is the mistake alone.

mod fast_lock;
mod several;
mod single;

/// The story of a known-bad protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// What goes wrong, for somebody who has such a lock.
    pub tells: &'static str,
    /// Where it was seen, or can be read of.
    pub source: &'static str,
}

/// The story of the protocol called `name`, if it is a known-bad one.
pub(super) fn of(name: &str) -> Option<Story> {
    let mut told = fast_lock::STORIES.iter().chain(&several::STORIES).chain(&single::STORIES);
    told.find(|(of, ..)| *of == name).map(|&(_, tells, source)| Story { tells, source })
}

/// A protocol's name, what goes wrong, and the source.
type Told = (&'static str, &'static str, &'static str);

const _: () = {
    let stories = fast_lock::STORIES.len() + several::STORIES.len() + single::STORIES.len();
    assert!(stories == super::MUTANTS.len(), "each known-bad protocol has a story");
};
