//! What clients' hosts remember of names that is not so any more.

use smallvec::SmallVec;

use super::{Naming, byte, late::place_of, next, write_list};
use crate::{miss::Miss, names::PathId, tree::Node};

/// Nearly always there is nothing of it, and a vector that is empty is copied at once.
pub(crate) type Memory = Vec<Remembered>;

/// What a client's host may remember of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Remembered {
    pub(crate) client: u8,
    pub(crate) path: PathId,
    pub(crate) was: Was,
}

/// What stood under a name, and where that is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Was {
    /// Nothing.
    Absent,
    /// What has this name now.
    Moved(PathId),
    /// This, which is no more.
    Gone(Node),
}

/// Each as its numbers, in their order.
pub(super) fn write_memory(memory: &Memory, naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
    let mut written: SmallVec<[[u16; 4]; 4]> = SmallVec::new();
    for &Remembered { client, path, was } in memory {
        let [kind, what] = match was {
            Was::Absent => [0, 0],
            Was::Moved(to) => [1, naming.path(to)?],
            Was::Gone(node) => match naming.node(node) {
                Node::Dir => [2, 0],
                Node::File(contents) => [3, contents],
            },
        };
        written.push([place_of(naming, client), naming.path(path)?, kind, what]);
    }
    written.sort_unstable();
    write_list(out, &written, |out, remembered| out.extend(remembered));
    Ok(())
}

pub(super) fn read_remembered(input: &mut impl Iterator<Item = u16>) -> Remembered {
    let (client, path) = (byte(next(input)), next(input));
    let was = match (next(input), next(input)) {
        (0, _) => Was::Absent,
        (1, to) => Was::Moved(to),
        (2, _) => Was::Gone(Node::Dir),
        (_, contents) => Was::Gone(Node::File(contents)),
    };
    Remembered { client, path, was }
}
