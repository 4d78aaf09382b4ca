//! The checker is checked: every known-bad protocol is caught, for its own reason, by a trace that runs again.

use std::sync::LazyLock;

use lockwright_sim::{
    Divergence, Limits, Report, Trace, Verdict, Violation,
    catalogue::{self, ALGORITHMS, Entry, KNOWN_BAD, KNOWN_GOOD, MUTANTS, REFERENCES, Shown},
    check,
    scenario::{Faults, Profile, Scenario, Walk},
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
    ("check_bid_check.half_read_is_error", 6),
    ("check_bid_check.same_backoff", 48),
    ("grace.old_is_dead", 45),
    ("fast_lock.proposal_is_owner", 15),
    ("fast_lock.unreadable_is_free", 11),
    ("fast_lock.releases_later", 13),
    ("fast_lock.remembers_owner", 40),
    ("fast_lock.proposal_holds", 37),
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
    ("fair_lock.line_before_door", 31),
    ("fair_lock.gone_is_waited_for", 30),
    ("fair_lock.lease_by_the_wall_clock", 26),
    ("fair_lock.comes_again", 30),
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
    ("token.read_then_create", 14),
    ("token.rewritten", 12),
    ("token.empty_is_new", 24),
    ("token.begun_in_two_steps", 22),
    ("token.not_looked_after", 31),
    ("token.admits_lower", 13),
    ("token.gone_is_admitted", 17),
    ("mkdir_lock.reply_lost", 1),
    ("mkdir_lock.removed_twice", 5),
    ("file_lock.overwrites_stale", 15),
    ("file_lock.aside_unseen", 14),
    ("file_lock.aside_and_back", 16),
    ("file_lock.aside_by_stamp", 21),
    ("file_lock.sleeps_after_break", 14),
    ("file_lock.rename_over", 6),
    ("file_lock.host_is_me", 4),
    ("file_lock.looks_at_the_lock", 4),
    ("file_lock.stamped_by_its_writer", 8),
    ("mkdir_lock.rmdir_stale", 8),
    ("mkdir_lock.kill_stale", 19),
    ("mkdir_lock.exists_is_held", 1),
    ("mkdir_lock.first_listed", 8),
    ("mkdir_lock.one_listing", 14),
    ("lease.heartbeat_resurrects", 22),
    ("lease.counted_from_the_grant", 20),
    ("lease.heartbeat_not_started", 23),
    ("one_kind.look_then_sign", 15),
    ("one_kind.verify_then_sign", 25),
    ("one_kind.clears_the_living", 13),
    ("leased.nonce_ignored", 43),
    ("leased.not_claimed", 42),
    ("leased.not_rechecked", 45),
    ("leased.outlives_release", 34),
    ("fast_lock.moves_owner_back", 20),
    ("fast_lock.empties_owner", 24),
    ("fast_lock.keeps_where_calls_repeat", 21),
    ("fair_lock.believes_names", 26),
    ("two_flags.believes_names", 6),
    ("mkdir_lock.false_success", 2),
    ("fast_lock.kept_leaf_is_owner", 15),
    ("mkdir_lock.record_inside", 4),
];

fn explore(entry: Entry, scenario: &Scenario) -> Report {
    check(entry.protocol(), scenario, Limits::default(), &mut |_| {})
}

/// Each mutant is searched once, whichever test comes first.
fn counterexample(entry: Entry) -> (Violation, Trace) {
    static FOUND: LazyLock<Vec<(&str, Verdict)>> = LazyLock::new(|| {
        MUTANTS.into_iter().map(|entry| (entry.name, explore(entry, &entry.scenario()).verdict)).collect()
    });
    match FOUND.iter().find(|(name, _)| *name == entry.name) {
        Some((_, Verdict::Violated(violation))) => {
            let trace = violation.trace.clone().expect("these properties have a run that breaks them");
            (violation.clone(), trace)
        }
        other => panic!("{} was not caught: {other:?}", entry.name),
    }
}

#[test]
fn every_mutant_is_caught_by_the_property_it_breaks_in_as_few_steps_as_ever() {
    let mut others = Vec::new();
    for (entry, (name, steps)) in MUTANTS.into_iter().zip(STEPS) {
        assert_eq!(entry.name, name);
        let (violation, trace) = counterexample(entry);
        let found = (violation.property, trace.steps.len());
        if found != (entry.expected.unwrap().property, steps) {
            others.push(format!("{name}: {found:?}"));
        }
    }
    assert_eq!(others, [""; 0]);
}

/// Each takes all of the faults that it is given: with one less of any kind nothing is found.
#[test]
fn no_mutant_is_caught_with_one_fault_less() {
    let mut caught = Vec::new();
    for entry in MUTANTS {
        for (budget, count) in entry.scenario().faults.nonzero() {
            let mut scenario = Scenario { walk: Walk::Split, ..entry.scenario() };
            *scenario.faults.of_mut(budget) = count - 1;
            match explore(entry, &scenario).verdict {
                Verdict::Verified => {}
                Verdict::Violated(Violation { property, .. }) => caught.push(format!("{scenario}: {property}")),
                other => panic!("{scenario}: {other:?}"),
            }
        }
    }
    assert_eq!(caught, [""; 0]);
}

#[test]
fn every_mutant_has_a_story_and_a_source_and_no_algorithm_has() {
    for entry in MUTANTS {
        let story = entry.story().unwrap_or_else(|| panic!("{} has no story", entry.name));
        assert!(story.tells.ends_with('.') && story.source.len() > 8, "{}: {story:?}", entry.name);
    }
    assert!(ALGORITHMS.into_iter().chain(REFERENCES).all(|entry| entry.story().is_none()));
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

/// Whatever is done there leaves something behind, so it is lost from the first step on.
const LOST_AT_ONCE: &str = "leased.outlives_release";

#[test]
fn a_counterexample_without_its_last_step_violates_nothing() {
    for entry in MUTANTS.into_iter().filter(|entry| entry.name != LOST_AT_ONCE) {
        let (_, mut trace) = counterexample(entry);
        trace.steps.pop();
        let divergence = match (trace.loop_from, trace.property) {
            (Some(from), _) => Divergence::NoLoop { step: from + 1 },
            (None, property) => Divergence::NotViolated { property },
        };
        assert_eq!(trace.replay(entry.protocol()), Err(divergence), "{trace}");
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

#[test]
fn what_is_known_is_numbered_and_shown_by_what_there_is() {
    let names = |entries: &[Entry]| entries.iter().map(|entry| entry.name).collect::<Vec<_>>();
    let right = [names(&ALGORITHMS), names(&REFERENCES)].concat();
    for (list, entries) in [(&KNOWN_BAD[..], names(&MUTANTS)), (&KNOWN_GOOD[..], right)] {
        for (known, number) in list.iter().zip(1..) {
            assert_eq!(known.number, number, "{}", known.what);
            match known.shown {
                Shown::By(shown) => {
                    assert!(!shown.is_empty() && shown.iter().all(|name| entries.contains(name)), "{known:?}");
                }
                Shown::Not(why) => assert!(why.len() > 20, "{known:?}"),
            }
        }
    }
    assert_eq!(KNOWN_BAD.iter().filter(|known| known.missing().is_none()).count(), 51);
}

/// The positive set: in their smallest scenarios with anything to go wrong, which `lockwright verify` has among others.
#[test]
fn what_is_known_to_be_right_is_verified() {
    let shown = KNOWN_GOOD.iter().filter_map(|known| match known.shown {
        Shown::By(names) => Some(names),
        Shown::Not(_) => None,
    });
    for name in shown.flatten() {
        let rows = catalogue::rows().into_iter().filter(|(entry, _)| entry.name == *name);
        let mut small: Vec<_> = rows.filter(|(_, scenario)| scenario.clients == 2).take(2).collect();
        assert!(!small.is_empty(), "{name} has no rows");
        for (entry, scenario) in small.drain(..) {
            let report = explore(entry, &scenario);
            assert!(matches!(report.verdict, Verdict::Verified), "{scenario}: {:?}", report.verdict);
        }
    }
}

/// The profile of each is the weakest in which it is caught: the local world, with the same faults as far as it has them,
/// does not show its mistake, or cannot answer what it asks.
#[test]
fn no_mutant_of_another_world_is_caught_in_the_local_one() {
    let mut caught = Vec::new();
    for entry in MUTANTS.into_iter().filter(|entry| entry.home() != Profile::Local && entry.name != TWO_OF_ONE_NUMBER) {
        let mut faults = Faults::NONE;
        for &budget in Profile::Local.budgets() {
            *faults.of_mut(budget) = entry.scenario().faults.of(budget);
        }
        let scenario = Scenario { profile: Profile::Local, faults, ..entry.scenario() };
        match explore(entry, &scenario).verdict {
            Verdict::Verified => {}
            Verdict::Error(what) if what.contains("what this world cannot answer") => {}
            other => caught.push(format!("{scenario}: {other:?}")),
        }
    }
    assert_eq!(caught, [""; 0]);
}

/// It is the protocol that gives two clients one number. Without that it is not caught; `tests/identity.rs` has it so.
const TWO_OF_ONE_NUMBER: &str = "fast_lock.my_pid_is_stale";
