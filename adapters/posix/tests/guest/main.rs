//! The NFS server and client of Linux, in a guest that is emulated: the promises, chance, a storm and a wait on mounts that
//! have caches of their own.
//!
//! This program is two: on the host it [boots](machine) a guest and reads what the guest says on its console; in the guest it
//! is started again and does the work ([`inside`]), and again for each child of the storm.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

mod command;
#[path = "../differences/mod.rs"]
mod differences;
#[path = "../ledger/mod.rs"]
mod ledger;
mod machine;
mod mounts;
mod silly;
mod stale;
mod storm;
#[path = "../storms/mod.rs"]
mod storms;
mod tries;
mod waiting;

use std::io::Write;

use machine::Machine;
use mounts::{Mounts, Version};

/// Set for the program in the guest.
const INSIDE: &str = "LOCKWRIGHT_TEST_GUEST";

/// What is done on two mounts, which tells how that went.
type Step = fn(&Mounts) -> String;

/// What is done on each version, in this order.
const STEPS: [(&str, Step); 7] = [
    ("command", command::refuses),
    ("stale", stale::count),
    ("silly", silly::kept),
    ("waiting", waiting::served),
    ("storm", storm::stands),
    ("chance", tries::chance),
    ("contract", tries::contract),
];

#[test]
fn the_locks_stand_on_the_client_of_linux() {
    let Some(machine) = Machine::at_hand() else { return };
    let told = machine.run();
    for version in Version::ALL {
        for (name, _) in STEPS {
            let line = format!("{version} {name}: ");
            assert!(told.iter().any(|told| told.starts_with(&line)), "the guest left out {line}\n{}", told.join("\n"));
        }
    }
    let told = told.join("\n") + "\n";
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

/// Not a test of its own: what the guest does.
#[test]
fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    for version in Version::ALL {
        let mounts = Mounts::new(version);
        for (name, step) in STEPS {
            let begin = std::time::Instant::now();
            let told = step(&mounts);
            machine::tell(&format!("{version} {name}: {told} ({:.1?})", begin.elapsed()));
        }
    }
}

/// Not a test of its own: one child of the storm.
#[test]
fn child() {
    if let Some(task) = storms::Task::of_this_process() {
        storm::child(task);
    }
}
