//! What the client's caches answer that was so before, and is so no longer: counted by kind.
//!
//! Each round asks the first mount, twice, so that its cache knows and has come to trust what it knows; changes that through
//! the second; and asks the first again. So it is done with a file system that believes the cache, and with the one that locks
//! are given, which does not.

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::Path,
};
use lockwright_posix::fs::PosixFs;

use crate::mounts::Mounts;

/// How often each kind is tried.
const ROUNDS: usize = 5;

/// A kind of answer, and whether one such was late in a round whose names begin with these.
type Kind = (&'static str, fn(&PosixFs, &PosixFs, &str) -> bool);

const KINDS: [Kind; 9] = [
    ("a lookup that finds what was removed", found_after_removal),
    ("a lookup that misses what was made", missed_after_creation),
    ("a lookup through a directory that was replaced", through_the_old_directory),
    ("a listing that has what was removed", listed_after_removal),
    ("a listing that lacks what was made", unlisted_after_creation),
    ("a creation refused for what was removed", refused_after_removal),
    ("a removal that misses what was made", removal_missed),
    ("a rename that misses what was made", rename_missed),
    ("contents of a file that was replaced", old_contents),
];

/// The counts: from memory, and as locks are answered.
pub(crate) fn count(mounts: &Mounts) -> String {
    let [near, far] = mounts.room("stale");
    let believing = near.clone().from_memory();
    let told = KINDS.map(|(name, is_late)| {
        let late = |near: &PosixFs, how: &str| {
            let name = |round| format!("{}-{how}-{round}", name.replace(' ', "-"));
            (0..ROUNDS).filter(|round| is_late(near, &far, &name(*round))).count()
        };
        format!("{name} {}/{ROUNDS}, asked {}/{ROUNDS}", late(&believing, "believing"), late(&near, "asking"))
    });
    told.join("; ")
}

fn at(name: &str) -> Path {
    name.parse().unwrap()
}

/// Asks, and asks again: the answer to the first is kept, and the second sees that it was kept.
fn know<T>(ask: impl Fn() -> Result<T, FsError>) {
    for _ in 0..2 {
        assert!(ask().is_ok(), "nothing came to be known");
    }
}

fn found_after_removal(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    far.create_file(&at(name), b"").unwrap();
    know(|| near.exists(&at(name)));
    far.remove_file(&at(name)).unwrap();
    near.exists(&at(name)).unwrap()
}

fn missed_after_creation(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    know(|| near.exists(&at(name)));
    far.create_file(&at(name), b"").unwrap();
    !near.exists(&at(name)).unwrap()
}

fn through_the_old_directory(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    let (dir, entry, other) = (at(name), at(&format!("{name}/entry")), at(&format!("{name}.other")));
    far.create_dir(&dir).unwrap();
    far.create_file(&entry, b"").unwrap();
    know(|| near.exists(&entry));
    far.rename(&dir, &other).unwrap();
    far.create_dir(&dir).unwrap();
    near.exists(&entry) == Ok(true)
}

fn listed_after_removal(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    let (dir, entry) = (at(name), at(&format!("{name}/entry")));
    far.create_dir(&dir).unwrap();
    far.create_file(&entry, b"").unwrap();
    know(|| near.list(&dir));
    far.remove_file(&entry).unwrap();
    !near.list(&dir).unwrap().is_empty()
}

fn unlisted_after_creation(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    let dir = at(name);
    far.create_dir(&dir).unwrap();
    know(|| near.list(&dir));
    far.create_file(&at(&format!("{name}/entry")), b"").unwrap();
    near.list(&dir).unwrap().is_empty()
}

fn refused_after_removal(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    far.create_dir(&at(name)).unwrap();
    know(|| near.exists(&at(name)));
    far.remove_dir(&at(name)).unwrap();
    near.create_dir(&at(name)) == Err(FsError::AlreadyExists)
}

fn removal_missed(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    know(|| near.exists(&at(name)));
    far.create_file(&at(name), b"").unwrap();
    near.remove_file(&at(name)) == Err(FsError::NotFound)
}

fn rename_missed(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    know(|| near.exists(&at(name)));
    far.create_file(&at(name), b"").unwrap();
    near.rename(&at(name), &at(&format!("{name}.moved"))) == Err(FsError::NotFound)
}

fn old_contents(near: &PosixFs, far: &PosixFs, name: &str) -> bool {
    let other = at(&format!("{name}.other"));
    far.create_file(&at(name), b"old").unwrap();
    know(|| near.read(&at(name)));
    far.create_file(&other, b"new").unwrap();
    far.rename(&other, &at(name)).unwrap();
    near.read(&at(name)).is_ok_and(|contents| contents == b"old")
}
