//! The Python package `lockfolder`, which tries once; who waits here tries again each millisecond. Where it fails since a
//! rival's bid went away, or is not whole, while it looked, that is a try that found the lock held.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

pub(super) struct LockFolder;

impl Peer for LockFolder {
    fn name(&self) -> &'static str {
        "lockfolder"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Evidence
    }

    fn polls(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn find(&self) -> Result<(), String> {
        python::find("lockfolder", "lockfolder")
    }

    fn open(&self, _: &Path) -> Answer<Box<dyn Holds>> {
        Err("this is a lock of Python".into())
    }

    fn program(&self) -> Option<Vec<String>> {
        Some(python::program(SETUP))
    }
}

const SETUP: &str = r#"
import pathlib, lockfolder
if not hasattr(lockfolder, "setup"):
    from lockfolder import lockfolder
folder = pathlib.Path(path)
folder.mkdir(exist_ok=True)
lockfolder.setup()
def attempt():
    try:
        return lockfolder.lock(folder)
    except (FileNotFoundError, ValueError):
        if lockfolder.have_lock(folder):
            lockfolder.unlock(folder)
        return False
def take():
    while not attempt():
        time.sleep(0.001)
def give():
    lockfolder.unlock(folder)
"#;
