//! Locks that are an entry which one process alone can make, and which is removed. Nobody looks whether who made it lives.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::{super::super::worker::Holds, AfterDeath, LOOK_AGAIN, Peer};
use crate::Answer;

/// A file that is made with `O_EXCL`. It says nothing of who made it.
pub(super) const CREATE: ByMaking = ByMaking {
    name: "O_EXCL+unlink",
    make: |path| fs::File::create_new(path).map(drop),
    remove: |path| fs::remove_file(path),
    watches: false,
};

/// The same, whose waiters are woken by inotify: no lock made of files is handed over sooner, for it takes this and more.
pub(super) const WATCHED: ByMaking = ByMaking { name: "O_EXCL+unlink, inotify", watches: true, ..CREATE };

/// A directory, which says nothing either.
pub(super) const MKDIR: ByMaking =
    ByMaking { name: "mkdir+rmdir", make: |path| fs::create_dir(path), remove: |path| fs::remove_dir(path), ..CREATE };

/// The dotlock of old, for file systems without `O_EXCL`: a file of its own with the holder in it, and a second name for that.
pub(super) const LINK: ByMaking = ByMaking { name: "link+unlink", make: link, ..CREATE };

/// Such a lock.
pub(super) struct ByMaking {
    name: &'static str,
    /// Answers [`ErrorKind::AlreadyExists`] where it is held.
    make: fn(&Path) -> io::Result<()>,
    remove: fn(&Path) -> io::Result<()>,
    /// Waiters are told of a removal, and look again by the clock where this is not so.
    watches: bool,
}

impl Peer for ByMaking {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Stays
    }

    fn polls(&self) -> Duration {
        if self.watches { Duration::ZERO } else { LOOK_AGAIN }
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        let Self { make, remove, watches, .. } = *self;
        let removals = if watches { Some(removals(path)?) } else { None };
        Ok(Box::new(At { path: path.into(), make, remove, removals }))
    }
}

struct At {
    path: PathBuf,
    make: fn(&Path) -> io::Result<()>,
    remove: fn(&Path) -> io::Result<()>,
    /// Tells of each since it was opened, once. Looking comes after it, so none is missed.
    removals: Option<Inotify>,
}

impl At {
    fn wait(&self) -> Answer {
        if let Some(removals) = &self.removals {
            return Ok(removals.read_events().map(drop)?);
        }
        thread::sleep(LOOK_AGAIN);
        Ok(())
    }
}

/// What is removed from the directory that this is in.
fn removals(path: &Path) -> Answer<Inotify> {
    let removals = Inotify::init(InitFlags::IN_CLOEXEC)?;
    removals.add_watch(path.parent().ok_or("a lock has a directory")?, AddWatchFlags::IN_DELETE)?;
    Ok(removals)
}

impl Holds for At {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        loop {
            match (self.make)(&self.path) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => self.wait()?,
                Err(error) => return Err(error.into()),
            }
        }
        held()?;
        Ok((self.remove)(&self.path)?)
    }
}

fn link(path: &Path) -> io::Result<()> {
    let mine = path.with_extension(format!("{}", nix::unistd::gettid()));
    fs::write(&mine, std::process::id().to_string())?;
    let linked = fs::hard_link(&mine, path);
    fs::remove_file(&mine)?;
    linked
}
