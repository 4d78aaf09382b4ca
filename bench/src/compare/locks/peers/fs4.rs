//! The crate `fs4`.

use std::{fs::File, path::Path};

use fs4::FileExt;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::Answer;

pub(super) struct Fs4;

impl Peer for Fs4 {
    fn name(&self) -> &'static str {
        "fs4"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Freed
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        Ok(Box::new(Opened(File::create(path)?)))
    }
}

struct Opened(File);

impl Holds for Opened {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        FileExt::lock(&self.0)?;
        held()?;
        Ok(FileExt::unlock(&self.0)?)
    }
}
