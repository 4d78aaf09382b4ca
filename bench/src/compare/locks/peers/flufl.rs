//! The Python package `flufl.lock`: a second name for a file of its own, and a lifetime.

use std::{path::Path, time::Duration};

use super::{super::super::worker::Holds, AfterDeath, Peer, python};
use crate::Answer;

pub(super) struct Flufl;

impl Peer for Flufl {
    fn name(&self) -> &'static str {
        "flufl.lock"
    }

    fn after_death(&self) -> AfterDeath {
        AfterDeath::Age
    }

    fn polls(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn find(&self) -> Result<(), String> {
        python::find("flufl.lock", "flufl.lock")
    }

    fn open(&self, _: &Path) -> Answer<Box<dyn Holds>> {
        Err("this is a lock of Python".into())
    }

    fn program(&self) -> Option<Vec<String>> {
        Some(python::program(SETUP))
    }
}

const SETUP: &str = r"
from flufl.lock import Lock
lock = Lock(path)
take, give = lock.lock, lock.unlock
";
