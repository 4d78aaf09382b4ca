//! The grace policy where time decides who is dead.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Halted,
    id::Id,
    lock::Lock,
    policies::grace::GraceLock,
    probe::{Liveness, Probe},
};

use crate::{
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{FILE_LEAF, lock_path},
        grace::GRACE_TIME,
    },
};

/// Whoever is noticed for long enough is taken for dead: the shipped policy with a probe that says so of everybody.
pub const OLD_IS_DEAD: LockClients = LockClients { make: old_is_dead, ..FILE_LEAF };

struct AllDead;

impl Probe for AllDead {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(Liveness::Dead)
    }
}

fn old_is_dead<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    let lock = FastLock::new(world, lock_path(), Leaf::File);
    Box::new(GraceLock::new(world, lock_path(), lock, AllDead, world, GRACE_TIME))
}
