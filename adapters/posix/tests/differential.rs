//! Random sequences of calls get the same answers from the file system in memory and from a real one.

use std::collections::BTreeSet;

use lockwright_kernel::{
    fs::{
        Fs, MemFs,
        call::{Answer, Call, Value},
    },
    path::Path,
};
use lockwright_posix::fs::PosixFs;
use proptest::{collection::vec, prelude::*, sample::select};

mod places;

use places::Place;

/// All paths of up to three names out of two. Not the root: systems differ in what they say of calls on it.
fn paths() -> Vec<Path> {
    let mut paths = BTreeSet::from([Path::root()]);
    for _ in 0..3 {
        let deeper = |path: &Path| ["a", "b"].map(|name| path.join(&name.parse().expect("a name")));
        paths.extend(paths.clone().iter().flat_map(deeper));
    }
    paths.remove(&Path::root());
    paths.into_iter().collect()
}

fn call() -> impl Strategy<Value = Call> {
    let path = || select(paths());
    prop_oneof![
        3 => path().prop_map(Call::CreateDir),
        2 => (path(), vec(any::<u8>(), 0..4)).prop_map(|(path, contents)| Call::CreateFile(path, contents)),
        1 => path().prop_map(Call::RemoveFile),
        1 => path().prop_map(Call::RemoveDir),
        3 => (path(), path()).prop_map(|(from, to)| Call::Rename(from, to)),
        1 => prop_oneof![path(), Just(Path::root())].prop_map(Call::List),
        1 => path().prop_map(Call::Read),
        1 => path().prop_map(Call::Touch),
        1 => prop_oneof![path(), Just(Path::root())].prop_map(Call::Modified),
        1 => path().prop_map(Call::Exists),
        1 => path().prop_map(Call::EnsureDir),
        1 => path().prop_map(Call::DiscardFile),
        1 => path().prop_map(Call::DiscardDir),
        1 => (path(), path()).prop_map(|(from, to)| Call::PutAside(from, to)),
    ]
}

/// Two file systems read two clocks, of which one may stand still for a while, so stamps are not compared. The contract
/// suite holds each to the order of its own.
fn without_stamp(answer: Answer) -> Answer {
    match answer {
        Ok(Value::Stamp(_)) => Ok(Value::Done),
        answer => answer,
    }
}

/// What stands where, as seen through calls.
fn tree(fs: &impl Fs) -> Vec<Answer> {
    let look = |path| [Call::List(Path::clone(path)).on(fs), Call::Read(Path::clone(path)).on(fs)];
    paths().iter().flat_map(look).collect()
}

fn answer_the_same(real: &PosixFs, calls: &[Call]) -> Result<(), TestCaseError> {
    let exact = MemFs::new();
    for call in calls {
        let [expected, got] = [call.on(&exact), call.on(real)].map(without_stamp);
        prop_assert_eq!(expected, got, "{} in\n{}", call, exact);
    }
    prop_assert_eq!(tree(&exact), tree(real), "afterwards, of\n{}", exact);
    Ok(())
}

fn compare(place: &Place, stepwise: bool, cases: u32) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(calls in vec(call(), 1..40))| {
        let dir = tempfile::tempdir_in(&place.dir).expect("a directory for the test");
        let fs = PosixFs::open(dir.path()).expect("the directory is there");
        let outcome = answer_the_same(&if stepwise { fs.stepwise() } else { fs }, &calls);
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
