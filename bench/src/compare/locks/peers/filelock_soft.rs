//! `SoftFileLock` of the Python package `filelock`: a file that names its holder.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

pub(super) struct SoftFileLock;

impl Peer for SoftFileLock {
    fn name(&self) -> &'static str {
        "filelock Soft"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Evidence
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
from filelock import SoftFileLock
lock = SoftFileLock(path)
take, give = lock.acquire, lock.release
";
