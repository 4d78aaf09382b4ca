//! The safety matrix is whole, the README has it, and its small cells are as it says. All of them are searched by
//! `lockwright verify --matrix`, which takes minutes.

use std::{collections::BTreeSet, fs};

use lockwright_sim::{
    Limits,
    catalogue::{
        ALGORITHMS,
        matrix::{self, Cell, Finding},
    },
    check,
    scenario::Profile,
};

/// A search of so many states takes a second or two here.
const STATES_MAX: usize = 75_000;

#[test]
fn of_every_algorithm_in_every_profile_that_it_is_for_it_is_known_what_is_found() {
    let cells = matrix::cells();
    for entry in ALGORITHMS {
        for profile in Profile::ALL {
            let of_it = |cell: &&Cell| cell.entry.name == entry.name && cell.scenario.profile == profile;
            let count = cells.iter().filter(of_it).count();
            assert_eq!(count, usize::from(entry.is_for(profile)), "{} in {profile}", entry.name);
        }
    }
    let unknown: Vec<String> =
        cells.iter().filter(|cell| cell.expected.is_none()).map(|cell| cell.scenario.to_string()).collect();
    assert!(unknown.is_empty(), "nobody has said what is to be found: {unknown:#?}");
    assert_eq!(matrix::strays(), [], "something is said of cells that there are not, or twice");
}

#[test]
fn a_cell_has_no_fault_that_its_profile_does_not_know() {
    for Cell { scenario, .. } in matrix::cells() {
        assert_eq!(scenario.beyond_its_profile(), None, "{scenario}");
    }
}

#[test]
fn every_violation_is_a_known_limit_with_a_reason() {
    let violated: Vec<Cell> =
        matrix::cells().into_iter().filter(|cell| cell.expected.and_then(Finding::violated).is_some()).collect();
    for cell in &violated {
        assert!(cell.limit().is_some(), "{}: {:?}", cell.scenario, cell.expected);
    }
    let profiles: BTreeSet<Profile> = violated.iter().map(|cell| cell.scenario.profile).collect();
    assert!(profiles.contains(&Profile::Operator) && profiles.contains(&Profile::Notify), "{profiles:?}");
}

#[test]
fn small_cells_are_as_they_are_known_to_be() {
    let is_small =
        |cell: &Cell| cell.expected.is_some_and(|expected| expected.states() <= STATES_MAX) && !is_long(cell);
    let (small, large): (Vec<Cell>, Vec<Cell>) = matrix::cells().into_iter().partition(is_small);
    assert!(small.len() > large.len(), "{} of {} cells are searched", small.len(), small.len() + large.len());
    for Cell { entry, scenario, expected, .. } in small {
        let report = check(entry.protocol(), &scenario, Limits::default(), &mut |_| {});
        assert_eq!(Finding::of(&report), expected, "{scenario}: {:?}", report.verdict);
    }
}

/// Their states are few and their histories many.
fn is_long(cell: &Cell) -> bool {
    ["check_bid_check+whole", "fair_lock+tries", "fair_lock+waiting", "fair_lock+polling"].contains(&cell.entry.name)
}

const BEGIN: &str = "<!-- The matrix: sim/tests/matrix.rs says what is to stand here. -->\n";
const END: &str = "<!-- The end of the matrix. -->";

#[test]
fn the_readme_has_the_matrix() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(file).expect("it is there");
    let table = readme.split_once(BEGIN).and_then(|(_, rest)| Some(rest.split_once(END)?.0));
    let (table, right) = (table.expect("the marks are there"), matrix::markdown());
    assert!(table == right, "between its marks the README should have:\n\n{right}");
}
