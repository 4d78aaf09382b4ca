//! The checker is checked: every known-bad protocol is caught, for its own reason, by a trace that runs again.

use lockwright_sim::{
    Divergence, Limits, Report, Trace, Verdict, Violation,
    catalogue::{self, Entry, MUTANTS},
    check,
    scenario::{Budget, Faults, Scenario, Walk},
};

/// How many steps the shortest counterexample takes.
const STEPS: [(&str, usize); MUTANTS.len()] = [
    ("fast_lock.no_look", 12),
    ("fast_lock.clean_in_place", 13),
    ("fast_lock.recover_owner_dir", 37),
    ("fast_lock.recover_by_path", 51),
    ("fast_lock.sign_after_move", 18),
    ("fast_lock.unlock_tree", 28),
    ("fast_lock.unlock_leaves_dirs", 12),
    ("fast_lock.no_recovery", 8),
    ("dotlock.check_then_unlink", 13),
    ("dotlock.empty_is_stale", 5),
    ("dotlock.empty_is_live", 2),
    ("fast_lock.error_means_no", 7),
    ("fast_lock.unlock_unchecked", 16),
    ("dotlock.unreadable_is_stale", 5),
    ("dotlock.failed_write_is_fine", 1),
    ("fast_lock.signed_inside", 10),
    ("one_file.look_then_watch", 6),
    ("fast_lock.deaf_to_death", 15),
    ("fast_lock.no_polling", 22),
    ("lease.unfenced", 12),
    ("fast_lock.pid_alone", 8),
    ("fast_lock.my_pid_is_stale", 21),
    ("fast_lock.foreign_is_stale", 21),
    ("semaphore.count_then_enter", 12),
    ("semaphore.one_too_many", 36),
    ("semaphore.releases_any", 29),
    ("semaphore.never_asks", 10),
    ("check_bid_check.fill_after", 10),
    ("check_bid_check.no_second_check", 10),
    ("check_bid_check.unreadable_is_absent", 15),
    ("check_bid_check.vanished_is_error", 16),
    ("grace.old_is_dead", 45),
    ("fast_lock.proposal_is_owner", 15),
    ("fast_lock.unreadable_is_free", 11),
    ("fast_lock.releases_later", 13),
    ("fast_lock.remembers_owner", 40),
    ("fast_lock.proposal_holds", 19),
    ("fast_lock.recovers_unchecked", 22),
    ("fair_lock.no_doorway", 27),
    ("fair_lock.flag_down_first", 34),
    ("fair_lock.look_then_watch", 26),
    ("fair_lock.waits_without_ticket", 51),
    ("fair_lock.holds_without_ticket", 53),
    ("fair_lock.cut_stops_half_way", 30),
    ("fair_lock.cut_steals", 35),
    ("fair_lock.dead_block_the_line", 4),
    ("rw_lock.downgrade_by_rename", 22),
    ("rw_lock.look_then_register", 17),
    ("rw_lock.upgrade_in_place", 19),
    ("lease.no_token", 18),
    ("lease.random_token", 20),
    ("lease.stamp_token", 20),
    ("lease.wall_clock_token", 20),
    ("lease.stamps_to_the_second", 22),
    ("lease.stamp_against_wall_clock", 19),
    ("lease.sleeping_clock", 19),
    ("lease.gives_back_by_path", 30),
    ("lease.looks_and_gives_back", 30),
    ("fast_lock.started_by_the_wall_clock", 22),
    ("fast_lock.no_boot", 8),
    ("fast_lock.foreign_is_never_stale", 8),
    ("fast_lock.host_name_is_host", 22),
    ("fast_lock.foreign_host_is_stale", 21),
    ("owners.record_elsewhere", 6),
    ("dotlock.forbidden_is_stale", 5),
    ("dotlock.read_only_needs_no_lock", 1),
    ("lease.renewed_by_stamp", 25),
    ("lease.renewed_late", 23),
    ("lease.renewed_unheard", 24),
    ("dotlock.gone_is_fatal", 11),
    ("one_kind.look_then_sign", 15),
    ("one_kind.verify_then_sign", 25),
    ("one_kind.clears_the_living", 13),
];

fn explore(entry: Entry, scenario: &Scenario) -> Report {
    check(entry.protocol(), scenario, Limits::default(), &mut |_| {})
}

fn counterexample(entry: Entry) -> (Violation, Trace) {
    match explore(entry, &entry.scenario()).verdict {
        Verdict::Violated(violation) => {
            let trace = violation.trace.clone().expect("these properties have a run that breaks them");
            (violation, trace)
        }
        other => panic!("{} was not caught: {other:?}", entry.name),
    }
}

#[test]
fn every_mutant_is_caught_by_the_property_it_breaks_in_as_few_steps_as_ever() {
    for (entry, (name, steps)) in MUTANTS.into_iter().zip(STEPS) {
        assert_eq!(entry.name, name);
        let (violation, trace) = counterexample(entry);
        assert_eq!(violation.property, entry.expected.unwrap().property, "{name}");
        assert_eq!(trace.steps.len(), steps, "{name}");
    }
}

/// Those that other faults than crashes expose are fit for their work as long as nothing else goes wrong.
#[test]
fn what_an_error_or_a_power_cut_exposes_nothing_else_does() {
    let crash = Faults { crashes: 1, ..Faults::NONE };
    let exposed =
        MUTANTS.into_iter().filter(|entry| entry.scenario().faults.nonzero().any(|(of, _)| of != Budget::Crashes));
    for entry in exposed {
        let faults = if entry.name.starts_with("fast_lock.") { crash } else { Faults::NONE };
        let scenario = Scenario { faults, walk: Walk::Split, ..entry.scenario() };
        assert_eq!(explore(entry, &scenario).verdict, Verdict::Verified, "{scenario}");
    }
}

#[test]
fn a_counterexample_is_read_back_and_runs_again_as_it_is_written() {
    for entry in MUTANTS {
        let (_, trace) = counterexample(entry);
        let read: Trace = trace.to_string().parse().unwrap();
        assert_eq!(read, trace);
        assert_eq!(read.replay(entry.protocol()), Ok(()), "{}", entry.name);
    }
}

#[test]
fn the_shipped_lock_does_not_go_the_way_of_its_broken_variants() {
    let shipped = catalogue::find("fast_lock").unwrap().protocol();
    for entry in MUTANTS.into_iter().filter(|entry| entry.name.starts_with("fast_lock.")) {
        let (_, trace) = counterexample(entry);
        assert!(trace.replay(shipped).is_err(), "{}", entry.name);
    }
}

#[test]
fn a_counterexample_without_its_last_step_violates_nothing() {
    for entry in MUTANTS {
        let (_, mut trace) = counterexample(entry);
        trace.steps.pop();
        let property = trace.property;
        assert_eq!(trace.replay(entry.protocol()), Err(Divergence::NotViolated { property }), "{}", entry.name);
    }
}

#[test]
fn a_changed_line_is_a_divergence_at_that_line() {
    let entry = catalogue::find("dotlock.check_then_unlink").unwrap();
    let (_, mut trace) = counterexample(entry);
    trace.steps[3].text.push('!');
    assert!(matches!(trace.replay(entry.protocol()), Err(Divergence::Step { step: 4, .. })));
}

/// What VERIFY is worth: with it, cleaning in place is safe where a call walks and takes effect in one step, and only
/// there; without it, not even there.
#[test]
fn the_look_for_the_leaf_is_enough_only_where_calls_are_atomic() {
    let (look, no_look) = ("fast_lock.clean_in_place", "fast_lock.no_look");
    let verdict = |name, walk, clients, crashes| {
        let scenario = Scenario { walk, ..Scenario::new(name, clients, crashes) };
        explore(catalogue::find(name).unwrap(), &scenario).verdict.word()
    };
    for (clients, crashes) in [(2, 0), (2, 1), (3, 0)] {
        assert_eq!(verdict(look, Walk::Atomic, clients, crashes), "Verified");
        assert_eq!(verdict(look, Walk::Split, clients, crashes), "Violated");
        assert_eq!(verdict(no_look, Walk::Atomic, clients, crashes), "Violated");
    }
}
