//! Calls that an NFS server executes twice, late, or before a restart: what becomes of locks that look before they
//! believe a refusal, and of those that do not.

use lockwright_sim::{
    Limits, Replay, Verdict,
    catalogue::{self, Entry},
    check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Budget, Faults, Profile, Scenario},
    scenarios::{LockClients, fast_lock},
};

use lockwright_kernel::{id::Id, path::Path};

/// A lock that believes what it is told.
#[derive(Debug)]
struct Believing(LockClients);

impl Protocol for Believing {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }

    fn evidence(&self, id: &Id) -> Path {
        self.0.evidence(id)
    }

    fn believes_refusals(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}

fn verdict(protocol: &dyn Protocol, profile: Profile, faults: Faults) -> Verdict {
    let scenario = Scenario { faults, profile, ..Scenario::new("a lock", 2, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits { states_max: 1_000_000, ..Limits::default() }, &mut |_| {}).verdict
}

fn named(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

const REPLAY: Faults = Faults { replays: 1, ..Faults::NONE };
const COPY: Faults = Faults { duplicates: 1, ..Faults::NONE };

#[test]
fn who_believes_a_refusal_takes_a_release_that_was_executed_twice_for_a_loss() {
    for lock in [fast_lock::FILE_LEAF, fast_lock::DIR_LEAF] {
        let Verdict::Violated(violation) = verdict(&Believing(lock), Profile::Nfs3Nodrc, REPLAY) else {
            panic!("it is told that it was lost")
        };
        assert_eq!(violation.property, Property::NotDispossessed);
        let drc = verdict(&Believing(lock), Profile::Nfs3Drc, Faults { restarts: 1, ..Faults::NONE });
        assert!(matches!(drc, Verdict::Violated(violation) if violation.property == Property::NotDispossessed));
    }
}

#[test]
fn who_believes_that_a_release_is_over_is_the_owner_again_when_a_copy_comes() {
    let verdict = verdict(&Believing(fast_lock::FILE_LEAF), Profile::Nfs3Nodrc, COPY);
    assert!(matches!(verdict, Verdict::Violated(_)), "{verdict:?}");
}

#[test]
fn who_looks_knows_a_release_from_a_loss() {
    for name in ["fast_lock", "fast_lock-dir", "fast_lock+cleaner"] {
        let lock = named(name);
        for (profile, faults) in [
            (Profile::Nfs3Nodrc, REPLAY),
            (Profile::Nfs3Nodrc, Faults { replays: 2, ..Faults::NONE }),
            (Profile::Nfs3Nodrc, Faults { guards: 1, ..REPLAY }),
            (Profile::Nfs3Nodrc, Faults { errors: 1, ..REPLAY }),
            (Profile::Nfs3Nodrc, Faults { replays: 1, ..COPY }),
            (Profile::Nfs3Drc, Faults { restarts: 2, ..Faults::NONE }),
            (Profile::Nfs3Drc, Faults { restarts: 1, crashes: 1, ..Faults::NONE }),
        ] {
            assert_eq!(verdict(lock.protocol(), profile, faults), Verdict::Verified, "{name} {profile} {faults:?}");
        }
    }
}

#[test]
fn a_call_of_a_dead_client_that_is_executed_late_does_no_harm() {
    let faults = Faults { crashes: 1, ..COPY };
    assert_eq!(verdict(named("fast_lock").protocol(), Profile::Nfs3Drc, faults), Verdict::Verified);
}

#[test]
fn a_server_that_knows_its_replies_executes_no_copy_of_a_call_that_it_answered() {
    let theft = named("mkdir_lock.removed_twice");
    let verdict = |profile| verdict(theft.protocol(), profile, COPY);
    assert!(
        matches!(verdict(Profile::Nfs3Nodrc), Verdict::Violated(found) if found.property == Property::NotDispossessed)
    );
    assert_eq!(verdict(Profile::Nfs3Drc), Verdict::Verified);
}

#[test]
fn the_known_theft_and_the_known_wedge_take_their_fault() {
    for (name, fault) in [("mkdir_lock.removed_twice", Budget::Duplicates), ("mkdir_lock.reply_lost", Budget::Replays)]
    {
        let entry = named(name);
        assert_eq!(entry.scenario().faults.nonzero().collect::<Vec<_>>(), [(fault, 1)]);
        assert_eq!(verdict(entry.protocol(), Profile::Nfs3Nodrc, Faults::NONE), Verdict::Verified, "{name}");
    }
}
