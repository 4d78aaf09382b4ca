//! Long violating runs, made at random, become about as short as the shortest there are.

use super::*;
use crate::{
    Limits, Verdict,
    catalogue::{Entry, MUTANTS, find},
    check,
    protocol::Property,
    scenario::Scenario,
    trace::{run::Run, seen::is_seen},
};

/// A run is begun anew when it has come to so many steps.
const STEPS_MAX: usize = 400;

/// A linear congruential generator, with the factors of Knuth's MMIX.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// A violating run, in which faults are rare, and in which whoever makes a step goes on for a while.
fn random_run(entry: Entry, property: Property, chance: &mut Chance) -> (Scenario, Vec<u16>) {
    let scenario = entry.scenario();
    let mut run = Run::new(entry.protocol(), &scenario);
    loop {
        run.restart();
        let patience = [1, 4, 16, 64][chance.below(4)];
        let (mut choices, mut client) = (Vec::new(), None);
        let found = loop {
            let events = run.events();
            let stays = chance.below(patience) > 0 && events.iter().any(|event| Some(event.client) == client);
            let choice = chance.below(events.len());
            let is_strange = stays && Some(events[choice].client) != client;
            if is_strange || !events[choice].faults.is_empty() && chance.below(20) > 0 {
                continue;
            }
            client = Some(events[choice].client);
            run.go(choice);
            choices.push(u16::try_from(choice).unwrap());
            let broken = run.world.broken(&run.state);
            if broken.is_some() || choices.len() == STEPS_MAX {
                break is_seen(&mut run.world, &run.state, property);
            }
        };
        if found {
            return (scenario, choices);
        }
    }
}

#[test]
fn long_random_runs_of_every_mutant_become_nearly_as_short_as_the_shortest() {
    MUTANTS.into_iter().filter(is_met).step_by(2).for_each(assert_shrinks);
}

#[test]
fn long_random_runs_of_the_other_mutants_become_nearly_as_short_as_the_shortest() {
    MUTANTS.into_iter().filter(is_met).skip(1).step_by(2).for_each(assert_shrinks);
}

/// A run that is drawn meets those too seldom which take a second to go by, or a restart to come, at just one step; and it
/// ends, so it never shows that somebody starves.
fn is_met(entry: &Entry) -> bool {
    let protocol = entry.protocol();
    !protocol.has_resource() && protocol.promises().is_empty() && entry.scenario().faults.reboots == 0
}

fn assert_shrinks(entry: Entry) {
    let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
    let Verdict::Violated(violation) = report.verdict else { panic!("{} is caught", entry.name) };
    let shortest = violation.trace.unwrap().steps.len();
    for seed in [1, 2] {
        let (scenario, choices) = random_run(entry, violation.property, &mut Chance(seed));
        let trace = Trace::record(entry.protocol(), &scenario, violation.property, "", &choices);
        let shrunk = trace.shrink(entry.protocol(), Effort::default()).unwrap();
        let (before, after) = (choices.len(), shrunk.trace.steps.len());
        println!("{}: {before} steps became {after}; the shortest has {shortest}", entry.name);
        assert!(shrunk.finished && after <= before);
        assert!(after * 2 <= shortest * longer_by(entry.name), "{}: {after} of {shortest}", entry.name);
        assert_eq!(shrunk.trace.property, violation.property);
        assert_eq!(shrunk.trace.replay(entry.protocol()), Ok(()), "{}", entry.name);
        assert_eq!(trace.shrink(entry.protocol(), Effort::default()), Ok(shrunk), "the same every time");
    }
}

/// How many halves of the shortest a run may come down to.
fn longer_by(name: &str) -> usize {
    // Of one, shrinking ends at a run of twice the length, from which nothing that it tries leads on.
    if name == "fair_lock.line_before_door" { 5 } else { 3 }
}

#[test]
fn work_ends_at_its_bound_with_a_run_that_is_no_longer() {
    let entry = find("fast_lock.unlock_tree").unwrap();
    let (scenario, choices) = random_run(entry, Property::NotDispossessed, &mut Chance(1));
    let trace = Trace::record(entry.protocol(), &scenario, Property::NotDispossessed, "", &choices);
    for steps_max in [0, 10, 100, 1000, 10_000] {
        let shrunk = trace.shrink(entry.protocol(), Effort { steps_max }).unwrap();
        assert!(!shrunk.finished && shrunk.steps <= steps_max + choices.len(), "{steps_max}: {}", shrunk.steps);
        assert!(shrunk.trace.steps.len() <= choices.len());
        assert_eq!(shrunk.trace.replay(entry.protocol()), Ok(()));
    }
}
