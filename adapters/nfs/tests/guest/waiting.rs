//! Who waits on one mount is served after a release through the other, of which nobody tells it.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use lockwright_posix::lock::{AcquireErrorKind, PathLock};

use crate::mounts::Mounts;

/// How long it waits while the lock is held, and its mount comes to know that.
const HELD: Duration = Duration::from_millis(1500);

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(2);

pub(crate) fn served(mounts: &Mounts) -> String {
    let [holder, waiter] = mounts.dirs().map(|dir| PathLock::open(dir.join("waited.lock")).unwrap());
    let guard = holder.lock().unwrap();
    let (tell, told) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let error = waiter.lock_for(HELD).unwrap_err();
        assert!(matches!(error.kind(), AcquireErrorKind::TimedOut { .. }), "{error}");
        tell.send(()).unwrap();
        let guard = waiter.lock_for(GUARD).unwrap();
        let now = Instant::now();
        guard.unlock().unwrap();
        now
    });
    told.recv().unwrap();
    guard.unlock().unwrap();
    let released = Instant::now();
    let served = waiter.join().unwrap();
    format!("served {:.1?} after the release", served.saturating_duration_since(released))
}
