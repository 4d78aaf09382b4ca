//! A semaphore of many slots, of which all are free, or all but one taken.

use lockwright_posix::lock::{Guard, PathLock};

use crate::{Answer, place::Place};

pub(super) struct Slots {
    lock: PathLock,
    _taken: Vec<Guard>,
}

impl Slots {
    pub(super) fn new(place: &Place, slots: u32, is_taken: bool) -> Answer<Self> {
        let path = place.dir().join(format!("slots-{slots}-{is_taken}"));
        let lock = PathLock::open_kind(path, format!("sem={slots}").parse()?)?;
        let taken = if is_taken { slots - 1 } else { 0 };
        let taken = (0..taken).map(|_| Ok(lock.try_lock()?)).collect::<Answer<_>>()?;
        Ok(Self { lock, _taken: taken })
    }

    pub(super) fn pair(&self) -> Answer {
        Ok(self.lock.lock()?.unlock()?)
    }
}
