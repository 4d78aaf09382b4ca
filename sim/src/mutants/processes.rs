//! Who is dead, judged by less than a process is known by.

use lockwright_kernel::{
    ids::process::{Here, ProcessId, ProcessTable, Sighting},
    probe::Liveness,
};

use crate::{
    identity::{BOOTED, Processes},
    scenarios::{
        ProcessClients,
        processes::{ONE_NAMESPACE, TWO_HOSTS, TWO_NAMESPACES},
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

/// The same, of an owner on another host.
pub const FOREIGN_HOST_IS_STALE: ProcessClients = ProcessClients { judge: foreign_is_stale, ..TWO_HOSTS };

/// Whoever wrote this host's name is looked for on this host; and two hosts may have the same.
pub const HOST_NAME_IS_HOST: ProcessClients = ProcessClients { judge: host_name_is_host, ..TWO_HOSTS };

/// The start is worked out from the wall clock, which gives another one now and then.
pub const STARTED_BY_THE_WALL_CLOCK: ProcessClients =
    ProcessClients { judge: started_by_the_wall_clock, ..ONE_NAMESPACE };

/// A number and a start are taken for a process, on whichever boot.
pub const NO_BOOT: ProcessClients = ProcessClients { judge: no_boot, ..ONE_NAMESPACE };

/// An owner of another boot may be on another host, for all one knows, and is never taken for dead; there is no lease
/// either.
pub const FOREIGN_IS_NEVER_STALE: ProcessClients = ProcessClients { judge: foreign_is_never_stale, ..ONE_NAMESPACE };

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

fn host_name_is_host(owner: &ProcessId, me: &ProcessId, _here: &Here, seen: &Processes<'_>) -> Liveness {
    if owner.host == me.host { number_and_start(owner, seen) } else { Liveness::Unknown }
}

fn no_boot(owner: &ProcessId, _me: &ProcessId, _here: &Here, seen: &Processes<'_>) -> Liveness {
    number_and_start(owner, seen)
}

fn number_and_start(owner: &ProcessId, seen: &Processes<'_>) -> Liveness {
    match seen.process(owner.pid) {
        Sighting::Present { start, ended: false } if start == owner.start => Liveness::Alive,
        Sighting::Hidden => Liveness::Unknown,
        _ => Liveness::Dead,
    }
}

fn started_by_the_wall_clock(owner: &ProcessId, _me: &ProcessId, _here: &Here, seen: &Processes<'_>) -> Liveness {
    let is_owner = seen.started(owner.pid) == Some(BOOTED + owner.start);
    if is_owner { Liveness::Alive } else { Liveness::Dead }
}

fn foreign_is_never_stale(owner: &ProcessId, _me: &ProcessId, here: &Here, seen: &Processes<'_>) -> Liveness {
    if owner.boot == here.boot { owner.verdict(here, seen) } else { Liveness::Unknown }
}
