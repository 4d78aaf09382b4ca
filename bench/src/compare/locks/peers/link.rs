//! The dotlock of old, for file systems without `O_EXCL`: a file of its own with the holder in it, and a second name for that.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{super::super::worker::Holds, AfterDeath, LOOK_AGAIN, Peer};
use crate::Answer;

pub(super) struct LinkDotlock;

impl Peer for LinkDotlock {
    fn name(&self) -> &'static str {
        "link+unlink"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Stays
    }

    fn polls(&self) -> Duration {
        LOOK_AGAIN
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(At(path.into())))
    }
}

struct At(PathBuf);

impl Holds for At {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        let mine = self.0.with_extension(format!("{}", nix::unistd::gettid()));
        loop {
            fs::write(&mine, std::process::id().to_string())?;
            let linked = fs::hard_link(&mine, &self.0);
            fs::remove_file(&mine)?;
            match linked {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => thread::sleep(LOOK_AGAIN),
                Err(error) => return Err(error.into()),
            }
        }
        held()?;
        Ok(fs::remove_file(&self.0)?)
    }
}
