//! Locks that are an entry which one process alone can make, and which is removed. Nobody looks whether who made it lives.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{super::super::worker::Holds, AfterDeath, LOOK_AGAIN, Peer};
use crate::Answer;

/// A file that is made with `O_EXCL`. It says nothing of who made it.
pub(super) const CREATE: ByMaking = ByMaking {
    name: "O_EXCL+unlink",
    make: |path| fs::File::create_new(path).map(drop),
    remove: |path| fs::remove_file(path),
};

/// A directory, which says nothing either.
pub(super) const MKDIR: ByMaking =
    ByMaking { name: "mkdir+rmdir", make: |path| fs::create_dir(path), remove: |path| fs::remove_dir(path) };

/// The dotlock of old, for file systems without `O_EXCL`: a file of its own with the holder in it, and a second name for that.
pub(super) const LINK: ByMaking = ByMaking { name: "link+unlink", make: link, remove: |path| fs::remove_file(path) };

/// Such a lock.
pub(super) struct ByMaking {
    name: &'static str,
    /// Answers [`ErrorKind::AlreadyExists`] where it is held.
    make: fn(&Path) -> io::Result<()>,
    remove: fn(&Path) -> io::Result<()>,
}

impl Peer for ByMaking {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Stays
    }

    fn polls(&self) -> Duration {
        LOOK_AGAIN
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        let Self { make, remove, .. } = *self;
        Ok(Box::new(At { path: path.into(), make, remove }))
    }
}

struct At {
    path: PathBuf,
    make: fn(&Path) -> io::Result<()>,
    remove: fn(&Path) -> io::Result<()>,
}

impl Holds for At {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        loop {
            match (self.make)(&self.path) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => thread::sleep(LOOK_AGAIN),
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
