//! A call that an NFS server executes twice: what its caller makes of the refusal, with and without a look.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Settled,
    lock::Lock,
    policies::check::CheckLock,
};
use lockwright_sim::{
    Limits, Replay, Verdict, check,
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
    scenarios::{LockClients, fast_lock},
};

fn settled<'a>(world: &'a Replay<'a>, leaf: Leaf) -> Box<dyn Lock + 'a> {
    Box::new(CheckLock::new(FastLock::new(Settled::new(world), fast_lock::lock_path(), leaf), world, world))
}

fn settled_file<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    settled(world, Leaf::File)
}

fn settled_dir<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    settled(world, Leaf::Dir)
}

fn verdict(clients: &LockClients, count: u8, faults: Faults) -> Verdict {
    let scenario = Scenario { faults, profile: Profile::NfsReplay, ..Scenario::new("settled", count, 0) };
    let report = check(clients, &scenario, Limits { states_max: 4_000_000, ..Limits::default() }, &mut |_| {});
    report.verdict
}

const REPLAY: Faults = Faults { replays: 1, ..Faults::NONE };

#[test]
fn a_release_that_was_executed_twice_looks_like_a_loss_to_who_does_not_look() {
    for raw in [fast_lock::FILE_LEAF, fast_lock::DIR_LEAF] {
        let Verdict::Violated(violation) = verdict(&raw, 2, REPLAY) else { panic!("it is told that it was lost") };
        assert_eq!(violation.property, Property::NotDispossessed);
    }
}

#[test]
fn who_looks_knows_a_release_from_a_loss() {
    let file = LockClients { make: settled_file, ..fast_lock::FILE_LEAF };
    let dir = LockClients { make: settled_dir, ..fast_lock::DIR_LEAF };
    for lock in [file, dir] {
        for (clients, faults) in [
            (2, REPLAY),
            (2, Faults { replays: 2, crashes: 1, ..Faults::NONE }),
            (2, Faults { errors: 1, ..REPLAY }),
            (3, REPLAY),
        ] {
            assert_eq!(verdict(&lock, clients, faults), Verdict::Verified, "{clients} {faults:?}");
        }
    }
}
