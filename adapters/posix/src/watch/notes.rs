//! What inotify has told, by watch.
//!
//! A directory may be removed or replaced while it is watched, and the kernel reports that late when somebody else has it
//! open. So a wait begins by asking whether the watched directory still stands where it stood: the kernel gives one
//! directory one watch number, and another directory another.

use std::{
    collections::BTreeMap,
    os::fd::{AsFd, BorrowedFd},
};

use lockwright_kernel::{fs::FsError, path::Path, watch::WatchId};
use nix::{
    errno::Errno,
    sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor},
};

use crate::fs::{PosixFs, shown_as};

/// An entry was removed or renamed, or the directory was. The last one says that another directory was renamed over it;
/// that it was removed is told unasked, by `IN_IGNORED`.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_DELETE
    .union(AddWatchFlags::IN_MOVED_FROM)
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_ATTRIB);

/// The directory was removed or moved.
const MOVES: AddWatchFlags = AddWatchFlags::IN_DELETE_SELF.union(AddWatchFlags::IN_MOVE_SELF);

/// The watch of a directory for which the kernel has none left.
const BLIND: WatchId = WatchId(u64::MAX);

/// An inotify instance, made when first needed, and what was read from it.
#[derive(Debug, Default)]
pub(super) struct Notes {
    inotify: Option<Inotify>,
    /// The watches that the kernel still keeps, by its number. Those of directories that are gone it drops by itself.
    kept: BTreeMap<i32, Watched>,
    /// Counts the watches taken, so that each can tell what came after it.
    taken: u32,
}

/// What of a directory is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// What goes from it.
    Entries,
    /// Where it stands.
    Place,
}

impl Aspect {
    fn mask(self) -> AddWatchFlags {
        match self {
            Self::Entries => CHANGES,
            Self::Place => MOVES,
        }
    }
}

#[derive(Clone, Debug)]
struct Watched {
    fs: PosixFs,
    dir: Path,
    aspect: Aspect,
    /// The watch that had been taken last when a change was read last.
    changed: Option<u32>,
}

impl Notes {
    pub(super) fn watch(&mut self, fs: &PosixFs, dir: &Path, aspect: Aspect) -> Result<WatchId, FsError> {
        let Some(number) = self.number(fs, dir, aspect)? else {
            return Ok(BLIND);
        };
        self.read(); // What was before this watch is no news to it.
        self.taken = self.taken.wrapping_add(1);
        let changed = self.kept.get(&number).and_then(|kept| kept.changed);
        self.kept.insert(number, Watched { fs: fs.clone(), dir: dir.clone(), aspect, changed });
        Ok(WatchId(u64::from(self.taken) << 32 | u64::from(number.cast_unsigned())))
    }

    pub(super) fn is_blind(watch: WatchId) -> bool {
        watch == BLIND
    }

    /// True when another directory than the watched one stands in its place, or none.
    pub(super) fn is_elsewhere(&mut self, watch: WatchId) -> bool {
        if watch == BLIND {
            return false;
        }
        let (number, _) = parts(watch);
        match self.kept.get(&number).cloned() {
            Some(Watched { fs, dir, aspect, .. }) => self.number(&fs, &dir, aspect) != Ok(Some(number)),
            None => true,
        }
    }

    /// True when a change that was [read](Notes::read) came after `watch` was taken. What was not read yet stays unread, and
    /// wakes whoever waits for the [handle](Notes::handle): were it read here, one watch could be looked at, then a change come
    /// to it and be read for another one that is looked at next, and nobody would be woken.
    pub(super) fn changed(&self, watch: WatchId) -> bool {
        if watch == BLIND {
            return false;
        }
        let (number, taken) = parts(watch);
        match self.kept.get(&number) {
            Some(watched) => watched.changed.is_some_and(|changed| changed >= taken),
            None => true, // The kernel dropped the watch, for its directory is gone.
        }
    }

    /// Becomes readable when there is more to be read.
    pub(super) fn handle(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// The kernel's number for the watch of `dir`, which it gives again for as long as it is the same directory; `None`
    /// when it cannot watch it, for want of watches or of the right to read the directory.
    fn number(&mut self, fs: &PosixFs, dir: &Path, aspect: Aspect) -> Result<Option<i32>, FsError> {
        let place = fs.place(dir)?;
        let inotify = match self.inotify.take().map_or_else(open, Ok) {
            Ok(inotify) => self.inotify.insert(inotify),
            Err(_) => return Ok(None),
        };
        let mask = aspect.mask() | AddWatchFlags::IN_ONLYDIR;
        let number = inotify.add_watch(shown_as(&place).as_str(), mask);
        Ok(number.ok().map(WatchDescriptor::as_raw))
    }

    /// Takes note of all that the kernel has told.
    pub(super) fn read(&mut self) {
        let Some(inotify) = &self.inotify else { return };
        loop {
            let events = match inotify.read_events() {
                Ok(events) => events,
                Err(Errno::EINTR) => continue,
                Err(_) => return, // Nothing more to read.
            };
            for event in events {
                let number = event.wd.as_raw();
                if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                    for watched in self.kept.values_mut() {
                        watched.changed = Some(self.taken);
                    }
                } else if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                    self.kept.remove(&number);
                } else if let Some(watched) = self.kept.get_mut(&number) {
                    watched.changed = Some(self.taken);
                }
            }
        }
    }
}

fn open() -> nix::Result<Inotify> {
    Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
}

/// The kernel's number, and which watch taken it is.
#[expect(clippy::cast_possible_truncation, reason = "each half is taken on its own")]
fn parts(watch: WatchId) -> (i32, u32) {
    ((watch.0 as u32).cast_signed(), (watch.0 >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn is_readable(notes: &Notes) -> bool {
        let mut fds = [PollFd::new(notes.handle().expect("it was opened"), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).expect("a poll") > 0
    }

    /// A wait looks at several watches, and then sleeps until the kernel tells more.
    #[test]
    fn what_comes_to_one_watch_while_another_is_looked_at_still_wakes() {
        let dir = tempfile::tempdir().expect("a place");
        let fs = PosixFs::open(dir.path()).expect("it is there");
        let paths = ["before", "mine"].map(|name| name.parse::<Path>().expect("a path"));
        for name in ["before", "before/entry", "mine"] {
            fs::create_dir(dir.path().join(name)).expect("room");
        }
        let mut notes = Notes::default();
        let [before, mine] = paths.map(|path| notes.watch(&fs, &path, Aspect::Entries).expect("a watch"));
        notes.read();
        assert!(!notes.changed(before));
        fs::remove_dir(dir.path().join("before/entry")).expect("it is empty");
        assert!(!notes.is_elsewhere(mine) && !notes.changed(mine));
        assert!(is_readable(&notes), "the wait would sleep over it");
        notes.read();
        assert!(notes.changed(before) && !notes.changed(mine) && !is_readable(&notes));
    }
}
