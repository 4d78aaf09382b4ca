//! `fast_lock` under the grace policy: the kernel's own code, in a world whose clock ticks when it likes.
//!
//! What a contender remembers over the delay is handed to its next attempt by the kernel's own pause, within one attempt
//! here. The looks before it and the asking after it are each as they ship.

use std::time::Duration;

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    lock::Lock,
    policies::grace::GraceLock,
};

use super::{
    LockClients,
    fast_lock::{FILE_LEAF, lock_path},
};
use crate::replay::Replay;

/// The shipped policy.
pub const GRACE: LockClients = LockClients { make: grace, ..FILE_LEAF };

/// The same with no grace: whoever is noticed may be asked about at the next try.
pub const NO_GRACE: LockClients = LockClients { make: no_grace, ..FILE_LEAF };

/// Less than a tick. Half of it is a millisecond, so there is one delay to choose from.
pub const GRACE_TIME: Duration = Duration::from_millis(2);

fn grace<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    after(world, GRACE_TIME)
}

fn no_grace<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    after(world, Duration::ZERO)
}

fn after<'a>(world: &'a Replay<'a>, grace: Duration) -> Box<dyn Lock + 'a> {
    let lock = FastLock::new(world, lock_path(), Leaf::File);
    Box::new(GraceLock::new(world, lock_path(), lock, world, world, grace))
}
