//! The semaphore: what the code does is what the specification allows, and the other way round.

use std::num::NonZeroU32;

use lockwright_kernel::{
    fs::{Fs, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    semaphore::Semaphore,
};
use lockwright_sim::{
    Replay,
    protocol::Protocol,
    scenario::Scenario,
    scenarios::{
        SlotClients,
        semaphore::{TWO_PASSES, TWO_SLOTS, semaphore_path, slot_lock},
    },
    unfold::Unfolding,
};
use lockwright_specs::{
    conform::{self, Conformance},
    modules::{self, Modules},
    runs,
    tool::Tool,
};

/// A release that takes away the first file, whoever's that is.
const RELEASES_FIRST: SlotClients = SlotClients { release: release_first, ..TWO_PASSES };

/// Everybody believes in three slots.
const ONE_TOO_MANY: SlotClients = SlotClients {
    acquire: |world, slots, me| (TWO_PASSES.acquire)(world, slots.saturating_add(1), me),
    release: |world, slots, me| (TWO_PASSES.release)(world, slots.saturating_add(1), me),
    ..TWO_PASSES
};

fn release_first(world: &Replay<'_>, _: NonZeroU32, _: &Id) -> Result<(), LockError> {
    let first = "1".parse().unwrap_or_else(|error| unreachable!("{error}"));
    world.discard_file(&semaphore_path().join(&first))?;
    Ok(world.discard_dir(&semaphore_path())?)
}

fn walk(modules: &Modules, tool: &Tool, unfoldings: &[Unfolding]) -> Conformance {
    conform::walk(modules, tool, ["TraceSlotSemaphore", "SlotSemaphoreCode"], unfoldings).expect("it comes to an end")
}

fn some_runs(protocol: &dyn Protocol, clients: u8) -> Vec<Unfolding> {
    runs::random(protocol, &Scenario::new("passes", clients, 0), 10, 150)
}

#[test]
fn the_code_and_the_specification_have_the_same_states_and_steps() {
    let Some(tool) = Tool::find_for_test() else { return };
    let modules = Modules::gather().expect("they are copied");
    let code = Unfolding::of(&TWO_PASSES, &Scenario::new("passes", 2, 0), 50_000).expect("it is small");
    let walked = walk(&modules, &tool, &[code]);
    assert_eq!((walked.refused.first(), walked.unreached()), (None, 0));
    let alone = modules.graph(&tool, "MCSlotSemaphoreFair").expect("it comes to an end");
    assert_eq!(walked.unmatched(&alone), None);
    assert_eq!(walked.unmatched_step(&alone), None);
}

/// With more contenders than slots, so that there is a second pass.
#[test]
fn what_three_contenders_do_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let walked = walk(&Modules::gather().expect("they are copied"), &tool, &some_runs(&TWO_PASSES, 3));
    assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None);
    let positions: String = walked.values("pc").into_iter().collect();
    let steps = ["LOOK", "START", "PASS", "PASS AGAIN", "WRITE", "TIDY", "FIND", "REMOVE"];
    let missing = steps.into_iter().find(|step| !positions.contains(&format!("|-> \"{step}\"")));
    assert_eq!(missing, None);
}

#[test]
fn broken_semaphores_are_refused_where_they_differ() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (broken, call, path) in [(RELEASES_FIRST, "discard_file", "pool/1"), (ONE_TOO_MANY, "read", "pool/3")] {
        let walked = walk(&Modules::gather().expect("they are copied"), &tool, &some_runs(&broken, 2));
        let first = walked.refused.first().expect("it is broken");
        assert_eq!((first.step.call.as_str(), first.step.paths[0].to_string().as_str()), (call, path), "{first}");
    }
}

/// The specification with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_specification_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (old, new) in [
        (r#"[] OTHER -> Goes(p, "START", 1, 0)"#, r#"[] OTHER -> Goes(p, "PASS", 1, 1)"#),
        (r#"[] pc[p] = "PASS" -> Goes(p, "PASS AGAIN", start[p], start[p])"#, ""),
    ] {
        let modules = Modules::gather().expect("they are copied");
        modules.alter("SlotSemaphore.tla", old, new).expect("it is there");
        assert!(!walk(&modules, &tool, &some_runs(&TWO_PASSES, 3)).refused.is_empty(), "{new}");
    }
}

/// The shipped semaphore over the shipped lock.
const OVER_LOCKS: SlotClients = SlotClients { acquire: acquire_a_lock, ..TWO_SLOTS };

/// The second pass asks nobody either.
const NEVER_ASKS: SlotClients = SlotClients { acquire: acquire_unasked, ..TWO_SLOTS };

/// Who finds a slot held takes it for one of the dead.
const TAKES_FOR_DEAD: SlotClients = SlotClients { acquire: acquire_from_anybody, ..TWO_SLOTS };

fn acquire_a_lock(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    Semaphore::new(world, semaphore_path(), slots, |at| slot_lock(world, at), world).acquire(me).map(drop)
}

fn acquire_unasked(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    Semaphore::new(world, semaphore_path(), slots, |at| slot_lock(world, at), world).acquire_unasked(me).map(drop)
}

fn acquire_from_anybody(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    let make = |at| TakenFromAnybody(slot_lock(world, at));
    Semaphore::new(world, semaphore_path(), slots, make, world).acquire(me).map(drop)
}

/// A lock that recovers from its owner, whoever that is.
struct TakenFromAnybody<L>(L);

impl<L: Lock> Lock for TakenFromAnybody<L> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.0.try_lock_unasked(me) {
            Err(LockError::Held { owner: Some(owner) }) => self.0.recover(&owner)?,
            answer => return answer,
        }
        self.0.try_lock_unasked(me)
    }

    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        self.0.try_lock_unasked(me)
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.0.unlock(me)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.0.owner()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.0.proposals()
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.0.clean(id)
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.0.recover(id)
    }

    fn waits_on(&self) -> Path {
        self.0.waits_on()
    }
}

fn walk_among_the_dead(modules: &Modules, tool: &Tool, protocol: &dyn Protocol, runs: u64) -> Conformance {
    let code = runs::random(protocol, &Scenario::new("slots", 3, 2), runs, 300);
    conform::walk(modules, tool, ["TraceSlotRecovery", "SlotRecoveryCode"], &code).expect("it comes to an end")
}

/// With deaths, each slot a `fast_lock` under the check policy: runs that chance picks.
#[test]
fn what_contenders_do_who_die_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let walked = walk_among_the_dead(&Modules::gather().expect("they are copied"), &tool, &OVER_LOCKS, 20);
    assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None);
    assert_eq!(walked.unreached(), 0);
    let positions: String = walked.values("pc").into_iter().collect();
    let steps = [
        "LOOK",
        "START",
        "PASS",
        "PASS AGAIN",
        "ASK",
        "RECOVER",
        "AGAIN",
        "TRY AGAIN",
        "HOLD",
        "FIND",
        "SWEEP",
        "SWEEP ASK",
        "SWEEP RECOVER",
        "TIDY",
        "dead",
    ];
    let missing: Vec<&str> = steps.into_iter().filter(|step| !positions.contains(&format!("|-> \"{step}\""))).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn who_never_asks_and_who_asks_nobody_are_refused_where_they_differ() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (broken, call) in [(NEVER_ASKS, "discard_dir(pool)"), (TAKES_FOR_DEAD, "discard_file")] {
        let modules = Modules::gather().expect("they are copied");
        let walked = walk_among_the_dead(&modules, &tool, &broken, 5);
        let first = walked.refused.first().expect("it is broken").to_string();
        assert!(first.contains(call), "{first}");
    }
}

/// The specification of recovery with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_recovery_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (old, new) in [
        (r#"IF pc[p] = "PASS AGAIN" THEN Goes"#, "IF TRUE THEN Goes"),
        (r#"[] pc[p] = "PASS" -> Goes(p, "PASS AGAIN", start[p], start[p], p)"#, ""),
    ] {
        let modules = Modules::gather().expect("they are copied");
        modules.alter("SlotRecovery.tla", old, new).expect("it is there");
        assert!(!walk_among_the_dead(&modules, &tool, &OVER_LOCKS, 5).refused.is_empty(), "{new}");
    }
}

/// The semaphore's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/semaphore.rs")).expect("it is there");
    assert!(code.contains("specs/semaphore/SlotSemaphore.tla") && code.contains("specs/semaphore/SlotRecovery.tla"));
}
