//! What the fast lock cannot be quicker than: its own system calls without the logic, and the fewest with which its
//! procedure can be gone through.

use std::path::Path;

use lockwright_kernel::{fast_lock::Leaf, id::Id};
use lockwright_posix::process::ThisProcess;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::{
    Answer,
    floor::{Floor, Pair, Reach},
};

pub(super) struct OfFast {
    name: &'static str,
    leaf: Leaf,
    keeps: bool,
    reach: Reach,
}

pub(super) const SAME: OfFast = of("same calls as fast", Leaf::File, Reach::Checked);
pub(super) const SAME_DIR: OfFast = of("same calls as fast, of directories", Leaf::Dir, Reach::Checked);
pub(super) const SAME_KEPT: OfFast =
    OfFast { keeps: true, ..of("same calls as fast, kept", Leaf::File, Reach::Checked) };
pub(super) const FILE: OfFast = of("floor of fast", Leaf::File, Reach::WholePath);
pub(super) const DIR: OfFast = of("floor of fast, of directories", Leaf::Dir, Reach::WholePath);
pub(super) const KEPT: OfFast = OfFast { keeps: true, ..of("floor of fast, kept", Leaf::File, Reach::WholePath) };

const fn of(name: &'static str, leaf: Leaf, reach: Reach) -> OfFast {
    OfFast { name, leaf, keeps: false, reach }
}

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
        let pair = Pair { lock: name.parse()?, leaf: self.leaf, keeps: self.keeps, id };
        Ok(Box::new(Floor::new(dir, &pair, self.reach)?))
    }
}

impl Holds for Floor {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.run()?;
        held()
    }
}
