//! Random sequences of calls get the same answers from the file system in memory and from a real one.

use lockwright_posix::fs::PosixFs;
use proptest::{collection::vec, prelude::*};

mod differences;
mod places;

use differences::{answer_the_same, call};
use places::Place;

fn compare(place: &Place, stepwise: bool, cases: u32) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(calls in vec(call(), 1..40))| {
        let dir = tempfile::tempdir_in(&place.dir).expect("a directory for the test");
        let fs = PosixFs::open(dir.path()).expect("the directory is there");
        let outcome = answer_the_same(&if stepwise { fs.stepwise() } else { fs }, &calls, |_, _, _| false);
        outcome.map_err(|error| TestCaseError::fail(format!("{}, stepwise {stepwise}: {error}", place.name)))?;
    });
}

#[test]
fn file_systems_at_hand_answer_as_the_one_in_memory() {
    for place in places::at_hand() {
        compare(&place, false, 400);
        compare(&place, true, 200);
    }
}

#[test]
fn mounted_file_systems_answer_as_the_one_in_memory() {
    for place in places::mounted(&["ext4", "xfs", "btrfs", "overlay"]) {
        compare(&place, false, 400);
    }
}
