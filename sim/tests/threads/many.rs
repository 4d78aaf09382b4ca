//! The shipped algorithms with more clients than a search of all their behaviours can have.

use lockwright_sim::{
    catalogue::{ALGORITHMS, Entry},
    scenario::{Faults, Profile, Walk},
};

use crate::{
    agree::{gives_something_up, stands_in_line},
    engine::{Setup, Tally, Verdict},
    shuttle::{self, Draw, Shuttle},
};

/// For each number of clients and of crashes.
const EXECUTIONS: usize = 75;

#[test]
fn shuttle_finds_nothing_in_the_shipped_locks_with_two_to_eight_clients() {
    // The locks under two passes know nothing of the dead, and here every attempt begins with nothing: no second part of one.
    // In the end nothing is to be on disk, and who keeps directories leaves some.
    let is_for_threads = |entry: &Entry| {
        let is_local = entry.scenario().profile == Profile::Local;
        let is_whole = !stands_in_line(entry) && !gives_something_up(entry);
        let is_left_out =
            ["semaphore+passes", "check_bid_check", "fast_lock+kept", "fast_lock+one_keeps"].contains(&entry.name);
        is_local && is_whole && !is_left_out
    };
    for entry in ALGORITHMS.into_iter().filter(is_for_threads) {
        for draw in [Draw::Random, Draw::Pct] {
            let mut whole = Tally::default();
            for (clients, crashes) in (2..=8).flat_map(|clients| (0..=2).map(move |crashes| (clients, crashes))) {
                let protocol = entry.protocol();
                let setup = Setup { protocol, clients, crashes, walk: Walk::Split, attempts: 2, watched: None };
                let seed = u64::try_from(clients * 10 + crashes).expect("a small number");
                let report = shuttle::explore::<Shuttle>(setup, draw, seed, EXECUTIONS);
                assert_eq!(report.verdict, Verdict::Sampled, "{} {clients} {crashes} {draw:?}", entry.name);
                assert_eq!(report.tally.executions, EXECUTIONS);
                assert!(report.tally.kills > 0 || crashes == 0, "{} {clients} {crashes} {draw:?}", entry.name);
                whole.add(&report.tally);
            }
            for word in entry.protocol().sometimes(8, Faults { crashes: 2, ..Faults::NONE }) {
                assert!(whole.said.contains(word), "{} {draw:?}: nobody {word}", entry.name);
            }
            let Tally { executions, calls, points, kills, .. } = whole;
            println!(
                "{}, {draw:?}: no violation in {executions} executions, {calls} calls, {points} points, {kills} kills",
                entry.name
            );
        }
    }
}
