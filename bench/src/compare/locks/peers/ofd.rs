//! `fcntl(2)` on an open file description: `F_OFD_SETLKW`.

use std::{fs::File, path::Path};

use nix::{
    fcntl::{FcntlArg, fcntl},
    libc,
};

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct Ofd;

impl Peer for Ofd {
    fn name(&self) -> &'static str {
        "fcntl(2) OFD"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Freed
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(Opened(File::options().read(true).write(true).create(true).truncate(false).open(path)?)))
    }
}

struct Opened(File);

impl Opened {
    fn set(&self, kind: libc::c_int) -> Answer {
        let whole = libc::flock {
            l_type: kind.try_into()?,
            l_whence: libc::SEEK_SET.try_into()?,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        fcntl(&self.0, FcntlArg::F_OFD_SETLKW(&whole))?;
        Ok(())
    }
}

impl Holds for Opened {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.set(libc::F_WRLCK)?;
        held()?;
        self.set(libc::F_UNLCK)
    }
}
