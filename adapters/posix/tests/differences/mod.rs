//! Random sequences of calls, and whether a file system answers them as the one in memory does.

use std::collections::BTreeSet;

use lockwright_kernel::{
    fs::{
        Fs, MemFs,
        call::{Answer, Call, Value},
    },
    path::Path,
};
use proptest::{collection::vec, prelude::*, sample::select};

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

pub(crate) fn call() -> impl Strategy<Value = Call> {
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

/// Makes the calls on both, and compares all answers and then all that stands. `may_be` says of a call whether it may get this
/// answer instead of that of the file system in memory.
pub(crate) fn answer_the_same(
    real: &impl Fs,
    calls: &[Call],
    may_be: impl Fn(&Call, &Answer, &Answer) -> bool,
) -> Result<(), TestCaseError> {
    let exact = MemFs::new();
    for call in calls {
        let [expected, got] = [call.on(&exact), call.on(real)].map(without_stamp);
        if !may_be(call, &expected, &got) {
            prop_assert_eq!(expected, got, "{} in\n{}", call, exact);
        }
    }
    prop_assert_eq!(tree(&exact), tree(real), "afterwards, of\n{}", exact);
    Ok(())
}
