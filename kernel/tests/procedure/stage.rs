//! What these tests act on: a disk whose tree they can name, and ways to act or fail between two calls.

use std::cell::{Cell, RefCell};

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::{
        Entry, Fs, FsError, MemFs, Through,
        call::{Answer, Call},
    },
    id::Id,
    path::Path,
};

pub(crate) const LEAVES: [Leaf; 2] = [Leaf::File, Leaf::Dir];

pub(crate) fn path(text: &str) -> Path {
    text.parse().expect("a path or an id")
}

pub(crate) fn id(text: &str) -> Id {
    text.parse().expect("a path or an id")
}

/// The lock that all tests contend for.
pub(crate) fn lock<F: Fs>(fs: F, leaf: Leaf) -> FastLock<F> {
    FastLock::new(fs, path("lock"), leaf)
}

/// A disk that holds `tree`, written as [`tree`] gives it.
pub(crate) fn disk(leaf: Leaf, tree: &[&str]) -> MemFs {
    let disk = MemFs::new();
    for entry in tree {
        let made = match (entry.strip_suffix('*'), entry.strip_suffix('/'), leaf) {
            (Some(at), _, Leaf::File) => disk.create_file(&path(at), b""),
            (Some(at), _, Leaf::Dir) | (None, Some(at), _) => disk.create_dir(&path(at)),
            (None, None, _) => disk.create_file(&path(entry), b""),
        };
        assert_eq!(made, Ok(()), "{entry}");
    }
    disk
}

/// Every path on disk, sorted; a directory ends in `/`. A leaf, of the kind that this lock has, ends in `*`.
pub(crate) fn tree(disk: &MemFs, leaf: Leaf) -> Vec<String> {
    let shown = |(path, entry): (Path, Entry)| {
        let names = path.names();
        let in_owner_or_gone = names.iter().rev().nth(1).is_some_and(|dir| matches!(dir.as_str(), "owner" | "gone"));
        let leaf_kind = if leaf == Leaf::Dir { Entry::Dir } else { Entry::File(Vec::new()) };
        match entry {
            entry if in_owner_or_gone && entry == leaf_kind => format!("{path}*"),
            Entry::Dir => format!("{path}/"),
            Entry::File(_) => format!("{path}"),
        }
    };
    disk.entries().into_iter().map(shown).collect()
}

/// Lets `act` act once, right before the first call that `is` picks.
pub(crate) fn before(
    disk: &MemFs,
    is: impl Fn(&Call) -> bool,
    act: impl FnOnce(),
) -> Through<impl Fn(&Call) -> Answer> {
    let act = Cell::new(Some(act));
    Through(move |call: &Call| {
        if is(call)
            && let Some(act) = act.take()
        {
            act();
        }
        call.on(disk)
    })
}

/// The tree as it is right before the first call that `is` picks, while `work` works on the disk.
pub(crate) fn seen_before(
    disk: &MemFs,
    leaf: Leaf,
    is: impl Fn(&Call) -> bool,
    work: impl FnOnce(FastLock<&dyn Fs>),
) -> Vec<String> {
    let seen = RefCell::new(None);
    work(lock(&before(disk, is, || *seen.borrow_mut() = Some(tree(disk, leaf))), leaf));
    seen.into_inner().expect("the step was reached")
}

/// Calls that were made, and how many.
#[derive(Default)]
pub(crate) struct Log(RefCell<Vec<Call>>);

impl Log {
    pub(crate) fn of<'a>(&'a self, fs: &'a impl Fs) -> Through<impl Fn(&Call) -> Answer> {
        Through(move |call: &Call| {
            self.0.borrow_mut().push(call.clone());
            call.on(&fs)
        })
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.borrow().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// How a call fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) error: FsError,
    /// The call takes effect all the same, as an answer of [`FsError::Io`] leaves open.
    pub(crate) takes_effect: bool,
}

/// Fails the calls whose number, counted from 0, `is` picks.
pub(crate) fn failing(disk: &MemFs, is: impl Fn(usize) -> bool, fault: Fault) -> Through<impl Fn(&Call) -> Answer> {
    let count = Cell::new(0);
    Through(move |call: &Call| {
        let number = count.replace(count.get() + 1);
        if !is(number) {
            return call.on(disk);
        }
        if fault.takes_effect {
            let _ = call.on(disk);
        }
        Err(fault.error)
    })
}

/// Picks the making of `at`, of either kind.
pub(crate) fn make(at: &str) -> impl Fn(&Call) -> bool {
    let at = path(at);
    move |call| match call.effect() {
        Call::CreateDir(made) | Call::CreateFile(made, _) => made == at,
        _ => false,
    }
}

/// Picks the removal of `at`, of either kind.
pub(crate) fn remove(at: &str) -> impl Fn(&Call) -> bool {
    let at = path(at);
    move |call| match call.effect() {
        Call::RemoveDir(removed) | Call::RemoveFile(removed) => removed == at,
        _ => false,
    }
}

/// Picks a rename to `to`.
pub(crate) fn move_to(to: &str) -> impl Fn(&Call) -> bool {
    let to = path(to);
    move |call| matches!(call.effect(), Call::Rename(_, target) if target == to)
}

/// Picks a look at `at`.
pub(crate) fn look_at(at: &str) -> impl Fn(&Call) -> bool {
    let at = path(at);
    move |call| match call.effect() {
        Call::List(seen) | Call::Modified(seen) => seen == at,
        _ => false,
    }
}
