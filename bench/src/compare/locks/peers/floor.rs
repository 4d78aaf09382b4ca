//! What a kind cannot be quicker than: its own system calls without the logic, and the fewest with which its procedure can be
//! gone through.

use std::path::Path;

use lockwright_kernel::{fast_lock::Leaf, id::Id};
use lockwright_posix::process::ThisProcess;

use super::{super::super::worker::Holds, AfterDeath, Peer};
use crate::{
    Answer,
    floor::{self, Floor, Pair, Reach, Way},
};

pub(super) struct Of {
    name: &'static str,
    way: Way,
    reach: Reach,
}

pub(super) const SAME: Of = same("same calls as fast", Way::Fast(Leaf::File));
pub(super) const SAME_DIR: Of = same("same calls as fast, of directories", Way::Fast(Leaf::Dir));
pub(super) const SAME_KEPT: Of = same("same calls as fast, kept", Way::Kept(Leaf::File));
pub(super) const SAME_QUEUE: Of = same("same calls as queue", floor::QUEUE);
pub(super) const SAME_BID: Of = same("same calls as bid", Way::Bid);
pub(super) const SAME_READ: Of = same("same calls as rw-read", floor::READ);
pub(super) const SAME_WRITE: Of = same("same calls as rw-write", floor::WRITE);
pub(super) const SAME_SEMAPHORE: Of = same("same calls as sem=1", floor::SEMAPHORE);
pub(super) const SAME_FAIR_SEMAPHORE: Of = same("same calls as fair-sem=1", floor::FAIR_SEMAPHORE);
pub(super) const FILE: Of = fewest("floor of fast", Way::Fast(Leaf::File));
pub(super) const DIR: Of = fewest("floor of fast, of directories", Way::Fast(Leaf::Dir));
pub(super) const KEPT: Of = fewest("floor of fast, kept", Way::Kept(Leaf::File));
pub(super) const QUEUE: Of = fewest("floor of queue", floor::QUEUE);
pub(super) const BID: Of = fewest("floor of bid", Way::Bid);
pub(super) const READ: Of = fewest("floor of rw-read", floor::READ);
pub(super) const WRITE: Of = fewest("floor of rw-write", floor::WRITE);
pub(super) const SEMAPHORE: Of = fewest("floor of sem=1", floor::SEMAPHORE);
pub(super) const FAIR_SEMAPHORE: Of = fewest("floor of fair-sem=1", floor::FAIR_SEMAPHORE);

const fn same(name: &'static str, way: Way) -> Of {
    Of { name, way, reach: Reach::Checked }
}

const fn fewest(name: &'static str, way: Way) -> Of {
    Of { name, way, reach: Reach::WholePath }
}

impl Peer for Of {
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
        let pair = Pair { lock: name.parse()?, way: self.way, id };
        Ok(Box::new(Floor::new(dir, &pair, self.reach)?))
    }
}

impl Holds for Floor {
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer {
        self.run()?;
        held()
    }
}
