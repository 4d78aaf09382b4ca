//! The lock, as it is watched while the command runs.

use std::time::Duration;

use lockwright_kernel::{
    blocking::World,
    clock::Instant,
    fs::Halted,
    id::Id,
    lock::LockError,
    path::Path,
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_posix::{
    lock::{Loss, Vigil},
    probe::ProcProbe,
    process::ThisProcess,
    watch::PosixWorld,
};

use crate::{
    nfs::{NfsPlace, NfsWorld},
    run::supervise::Hold,
};

/// How often it is looked whether the lock is still held.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Held<'a> {
    /// Over a connection of its own, so that a server that says nothing does not keep signals from the command; none where
    /// there was no other connection to be had.
    pub(super) place: Option<NfsPlace>,
    /// What stands there for as long as it is held.
    pub(super) evidence: Path,
    pub(super) id: &'a Id,
    pub(super) process: &'a ThisProcess,
    pub(super) world: &'a NfsWorld,
}

impl Hold for Held<'_> {
    fn wait_for_loss(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(Vigil, usize), LockError> {
        loop {
            let look = world.after(LOOK_EVERY);
            let wake = self.world.pause(until.map_or(look, |until| until.min(look)))?;
            if wake == Wake::Interrupted {
                return Ok((Vigil::Interrupted, 0));
            }
            if until.is_some_and(|until| world.after(Duration::ZERO) >= until) {
                return Ok((Vigil::TimedOut, 0));
            }
            // A look that failed tells nothing.
            if let Some(Ok(false)) = self.place.as_ref().map(|place| place.has(&self.evidence)) {
                return Ok((Vigil::Lost(Loss { is_gone: true, order: None }), 0));
            }
        }
    }

    fn id(&self) -> &Id {
        self.id
    }

    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        ProcProbe::shared().liveness(id)
    }

    fn this_process(&self) -> &ThisProcess {
        self.process
    }
}
