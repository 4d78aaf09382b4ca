//! A file that is made with `O_EXCL`, and removed. It says nothing of who made it.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{super::super::worker::Holds, AfterDeath, LOOK_AGAIN, Peer};
use crate::Answer;

pub(super) struct CreateUnlink;

impl Peer for CreateUnlink {
    fn name(&self) -> &'static str {
        "O_EXCL+unlink"
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
        loop {
            match fs::File::create_new(&self.0) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => thread::sleep(LOOK_AGAIN),
                Err(error) => return Err(error.into()),
            }
        }
        held()?;
        Ok(fs::remove_file(&self.0)?)
    }
}
