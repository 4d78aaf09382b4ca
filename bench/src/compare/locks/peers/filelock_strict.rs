//! `StrictSoftFileLock` of the Python package `filelock`: claims, of which one wins.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

pub(super) struct StrictSoftFileLock;

impl Peer for StrictSoftFileLock {
    fn name(&self) -> &'static str {
        "filelock Strict"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Stays
    }

    fn polls(&self) -> Duration {
        Duration::from_millis(50)
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
from filelock import StrictSoftFileLock
lock = StrictSoftFileLock(path)
take, give = lock.acquire, lock.release
";
