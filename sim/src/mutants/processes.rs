//! Who is dead, judged by less than a process is known by.

use lockwright_kernel::{
    ids::process::{Here, ProcessId, ProcessTable, Sighting},
    probe::Liveness,
};

use crate::{
    identity::Processes,
    scenarios::{
        ProcessClients,
        processes::{ONE_NAMESPACE, TWO_NAMESPACES},
    },
};

/// Whatever has the owner's number is taken for the owner, so a process that got the number of a dead owner, or that
/// comes back with its own, keeps the lock held for ever.
pub const PID_ALONE: ProcessClients = ProcessClients { judge: pid_alone, ..ONE_NAMESPACE };

/// An owner with one's own number must have been there before: true on one's own system, and in a container the numbers
/// are the same as in the next one.
pub const MY_PID_IS_STALE: ProcessClients = ProcessClients { judge: my_pid_is_stale, ..TWO_NAMESPACES };

/// An owner that cannot be seen from here is taken for dead.
pub const FOREIGN_IS_STALE: ProcessClients = ProcessClients { judge: foreign_is_stale, ..TWO_NAMESPACES };

fn pid_alone(owner: &ProcessId, _me: &ProcessId, _here: &Here, seen: &Processes<'_>) -> Liveness {
    match seen.process(owner.pid) {
        Sighting::Absent => Liveness::Dead,
        _ => Liveness::Alive,
    }
}

fn my_pid_is_stale(owner: &ProcessId, me: &ProcessId, here: &Here, seen: &Processes<'_>) -> Liveness {
    if owner.pid == me.pid { Liveness::Dead } else { owner.verdict(here, seen) }
}

fn foreign_is_stale(owner: &ProcessId, _me: &ProcessId, here: &Here, seen: &Processes<'_>) -> Liveness {
    if owner.is_visible(here) { owner.verdict(here, seen) } else { Liveness::Dead }
}
