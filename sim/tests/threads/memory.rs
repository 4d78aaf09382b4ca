//! States that were come to before, so that an exhaustive search covers what follows each of them once.
//!
//! loom has no notion of a state: it runs every interleaving, also when two lead to the same. With one gate for all
//! calls each of its scheduling points depends on every other, so that it goes through the interleavings in plain
//! depth-first order, and an execution that comes to a known state on another path can end there: what can follow was
//! covered, or violated something, under the path that came first. The path tells the two apart from loom's own coming
//! back to a state, on the same path, to go on differently from there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

/// Of a state, or of the path to one.
pub(crate) type Fingerprint = [u64; 2];

/// For each state, the path that first led to it.
#[derive(Debug)]
pub(crate) struct Memory {
    known: Mutex<Known>,
    cuts: bool,
}

#[derive(Debug, Default)]
struct Known {
    first: FxHashMap<Fingerprint, Fingerprint>,
    /// The paths that the last execution took, after each of its steps: most begin as the one before.
    last: Vec<Fingerprint>,
}

impl Memory {
    /// An empty one. It either says what it knows, or takes note only, so that nothing is left out.
    pub(crate) fn new(cuts: bool) -> Self {
        Self { known: Mutex::default(), cuts }
    }

    pub(crate) fn cuts(&self) -> bool {
        self.cuts
    }

    /// True when another path than `path`, which has `steps` steps, came to `state` before; else notes that this did.
    pub(crate) fn knows(&self, steps: usize, path: Fingerprint, state: impl FnOnce() -> Fingerprint) -> bool {
        let Known { first, last } = &mut *self.known();
        let at = steps - 1;
        if last.get(at) == Some(&path) {
            return false;
        }
        last.truncate(at);
        last.push(path);
        *first.entry(state()).or_insert(path) != path && self.cuts
    }

    /// How many states there are.
    pub(crate) fn states(&self) -> usize {
        self.known().first.len()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
