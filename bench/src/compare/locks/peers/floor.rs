//! The floor of the fast lock: the fewest system calls that its procedure can be gone through with.

use std::path::Path;

use lockwright_kernel::{fast_lock::Leaf, id::Id};
use lockwright_posix::process::ThisProcess;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::{
    Answer,
    floor::{Floor, Reach},
};

pub(super) struct OfFast {
    name: &'static str,
    leaf: Leaf,
}

pub(super) const FILE: OfFast = OfFast { name: "floor of fast", leaf: Leaf::File };
pub(super) const DIR: OfFast = OfFast { name: "floor of fast, of directories", leaf: Leaf::Dir };

impl Peer for OfFast {
    fn name(&self) -> &'static str {
        self.name
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Nothing
    }

    fn open(&self, path: &Path) -> Answer<Box<dyn Holds>> {
        let dir = path.parent().ok_or("a lock has a directory")?;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a lock has a name")?;
        let id = Id::from(&ThisProcess::new()?.fresh_id()?);
        Ok(Box::new(Floor::new(dir, name.parse()?, self.leaf, &id, Reach::WholePath)?))
    }
}

impl Holds for Floor {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.run()?;
        held()
    }
}
