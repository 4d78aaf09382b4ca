//! Orders to give a lock back, as they are given and as they are told.

use std::fmt;

use lockwright_kernel::ids::process::ProcessId;
use lockwright_posix::lock::{Order, PathLock};
use nix::unistd::geteuid;

use crate::{
    exit::{Failure, failed},
    users,
};

/// An order by whoever runs this, for that reason.
pub(crate) fn order(lock: &PathLock, why: &str) -> Result<Order, Failure> {
    let me = lock.this_process().fresh_id().map_err(failed("cannot tell who this process is"))?;
    Ok(Order::new(&by(&me), why))
}

/// As `ann@node7, pid 4312`.
fn by(me: &ProcessId) -> String {
    let user = geteuid();
    let name = users::name_of(user.as_raw()).unwrap_or_else(|| user.to_string());
    format!("{name}@{}, pid {}", me.host.as_str(), me.pid)
}

/// An order, as it is told to the one whom it hits.
pub(crate) struct Told<'a>(pub(crate) &'a Order);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken by {}: {}", or_unknown(self.0.by()), or_unknown(self.0.why()))
    }
}

/// The same, told to one who waits and was asked to let somebody pass.
pub(crate) struct MadeWay<'a>(pub(crate) &'a Order);

impl fmt::Display for MadeWay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "made way, as {} asked: {}", or_unknown(self.0.by()), or_unknown(self.0.why()))
    }
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}
