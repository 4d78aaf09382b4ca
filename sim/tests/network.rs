//! The lock server in a simulated network: what holds, how much was seen of it, and that what is wrong is found.

use std::ops::ControlFlow;

use lockwright_sim::network::{ROWS, Report, Row, Verdict, check, check_while};

/// For each row, how many states it has; of what is wrong, how many steps the shortest run has that shows it.
const PINS: &[(&str, usize)] = &[
    ("compete", 545_803),
    ("queue", 77_722),
    ("count", 37_734),
    ("break", 123_281),
    ("signs", 218_043),
    ("restart", 391_549),
    ("pipeline", 10_206),
    ("serves_the_gone", 11),
    ("releases_for_anybody", 10),
    ("keeps_count", 6),
    ("forgetful_restart", 9),
    ("no_grace", 9),
    ("short_grace", 11),
    ("drops_second_command", 5),
    ("takes_cut_line", 3),
    ("drops_too_soon", 10),
    ("takes_loss_for_end", 11),
    ("counts_from_answer", 11),
];

#[test]
fn the_server_that_ships_does_what_it_promises() {
    for row in ROWS.iter().filter(|row| row.expected.is_none()) {
        let report = checked(row);
        assert_eq!(report.verdict, Verdict::Verified, "{}", row.name);
        for seen in row.sometimes {
            assert!(report.seen.contains(seen), "{}: nobody was ever told that it {seen}", row.name);
        }
        assert_eq!((row.name, report.states), pin(row), "how much there is to see");
    }
}

#[test]
fn what_is_wrong_is_found_for_the_reason_that_it_is_wrong() {
    for row in ROWS {
        let Some(expected) = row.expected else { continue };
        let Verdict::Violated(violation) = checked(row).verdict else { panic!("{} was not found", row.name) };
        assert_eq!(violation.property, expected, "{}: {}", row.name, violation.what);
        assert_eq!((row.name, violation.steps.len()), pin(row), "{:#?}", violation.steps);
    }
}

#[test]
fn a_search_that_did_not_come_to_its_end_is_no_pass() {
    let report = check(&ROWS[0].scenario, 1000);
    assert_eq!(report.verdict, Verdict::Incomplete("more than 1000 states".to_owned()));
    let stopped = check_while(&ROWS[0].scenario, 1_000_000, &mut |states| {
        if states < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break("stopped".to_owned()) }
    });
    assert_eq!(stopped.verdict, Verdict::Incomplete("stopped".to_owned()));
    assert!((100..200).contains(&stopped.states), "{}", stopped.states);
}

#[test]
fn a_search_comes_out_alike_twice() {
    let rows = ROWS.iter().filter(|row| matches!(row.name, "pipeline" | "forgetful_restart"));
    for row in rows {
        assert_eq!(check(&row.scenario, 100_000), check(&row.scenario, 100_000), "{}", row.name);
    }
}

fn pin(row: &Row) -> (&'static str, usize) {
    *PINS.iter().find(|(name, _)| *name == row.name).unwrap_or_else(|| panic!("{} has no pin", row.name))
}

fn checked(row: &Row) -> Report {
    check(&row.scenario, 2_000_000)
}
