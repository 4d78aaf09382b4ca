//! `SoftReadWriteLock` of the Python package `filelock`, whose holders renew a lease.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

pub(super) struct SoftReadWriteLock;

impl Peer for SoftReadWriteLock {
    fn name(&self) -> &'static str {
        "filelock SoftReadWrite"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Age
    }

    fn polls(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn find(&self) -> Result<(), String> {
        python::find("filelock", "filelock")
    }

    fn open(&self, _: &Path) -> Answer<Box<dyn Holds>> {
        Err("this is a lock of Python".into())
    }

    fn program(&self) -> Option<Vec<String>> {
        Some(python::program(SETUP))
    }
}

const SETUP: &str = r"
from filelock import SoftReadWriteLock
lock = SoftReadWriteLock(path)
take, give = lock.acquire_write, lock.release
";
