//! The lockers' local id: made for a process of this host, and judged by what `/proc` shows.

use std::io;

use lockwright_kernel::ids::{
    local::{LocalId, Observed},
    process::{ProcessTable, Sighting},
};

use super::NoId;
use crate::{probe::Table, procfs};

/// The id of the process with this number.
///
/// # Errors
///
/// [`NoId`].
pub fn id_of(pid: u32) -> Result<LocalId, NoId> {
    let start = match Table::new().process(pid) {
        Sighting::Present { start, ended: false } => start,
        Sighting::Present { .. } | Sighting::Absent => return Err(NoId::NotRunning),
        Sighting::Hidden => {
            let error = io::Error::new(io::ErrorKind::PermissionDenied, "it cannot be seen from here");
            return Err(NoId::Unreadable { what: "when the process started", error });
        }
    };
    let btime = procfs::btime().map_err(|error| NoId::Unreadable { what: "when this host booted", error })?;
    Ok(LocalId { pid, start, btime })
}

/// What is seen of the process of `id`. What cannot be read is hidden.
#[must_use]
pub fn observe(id: &LocalId) -> Observed {
    match procfs::btime() {
        Ok(btime) => Observed { process: Table::new().process(id.pid), btime },
        Err(_) => Observed { process: Sighting::Hidden, btime: id.btime },
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use lockwright_kernel::ids::{Reason, Verdict};

    use super::*;

    fn started() -> Child {
        Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a process")
    }

    #[test]
    fn a_process_is_alive_until_it_has_ended_also_as_a_zombie() {
        let mut child = started();
        let id = id_of(child.id()).expect("it runs");
        assert_eq!(id.verdict(observe(&id)), Verdict::Alive);
        child.kill().expect("a child");
        // Nobody has waited for it: a zombie at most, once it is dead.
        while id.verdict(observe(&id)) == Verdict::Alive {
            std::thread::yield_now();
        }
        assert!(matches!(id_of(child.id()), Err(NoId::NotRunning)));
        child.wait().expect("a child");
        assert_eq!(id.verdict(observe(&id)), Verdict::Dead);
    }

    #[test]
    fn another_start_is_another_process_and_another_boot_time_is_unknown() {
        let me = id_of(std::process::id()).expect("it runs");
        let other = LocalId { start: me.start + 1, ..me };
        assert_eq!(other.verdict(observe(&other)), Verdict::Dead);
        let jittered = LocalId { btime: me.btime + 1, ..me };
        assert_eq!(jittered.verdict(observe(&jittered)), Verdict::Alive);
        let set = LocalId { btime: me.btime + 2, ..me };
        assert_eq!(set.verdict(observe(&set)), Verdict::Unknown(Reason::BootTime));
    }

    #[test]
    fn numbers_that_no_process_has() {
        for pid in [0, u32::MAX, i32::MAX.unsigned_abs() + 1] {
            assert!(matches!(id_of(pid), Err(NoId::Unreadable { .. })), "{pid}");
        }
        assert!(matches!(id_of(i32::MAX.unsigned_abs()), Err(NoId::NotRunning)));
    }
}
