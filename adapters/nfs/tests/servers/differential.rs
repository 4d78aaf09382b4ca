//! Random sequences of calls get the same answers from the file system in memory and from a server.

use std::{cell::Cell, collections::BTreeSet};

use lockwright_kernel::{
    fs::{
        Fs, FsError, MemFs,
        call::{Answer, Call, Value},
    },
    path::Path,
};
use lockwright_nfs::{
    Address, NfsFs,
    serve::{Plan, Server},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::ganesha::Ganesha;

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
    let path_or_root = || prop_oneof![path(), Just(Path::root())];
    prop_oneof![
        3 => path().prop_map(Call::CreateDir),
        2 => (path(), vec(any::<u8>(), 0..4)).prop_map(|(path, contents)| Call::CreateFile(path, contents)),
        1 => path().prop_map(Call::RemoveFile),
        1 => path().prop_map(Call::RemoveDir),
        3 => (path(), path()).prop_map(|(from, to)| Call::Rename(from, to)),
        1 => path_or_root().prop_map(Call::List),
        1 => path().prop_map(Call::Read),
        1 => path().prop_map(Call::Touch),
        1 => path_or_root().prop_map(Call::Modified),
        1 => path().prop_map(Call::Exists),
        1 => path().prop_map(Call::EnsureDir),
        1 => path().prop_map(Call::DiscardFile),
        1 => path().prop_map(Call::DiscardDir),
        1 => (path(), path()).prop_map(|(from, to)| Call::PutAside(from, to)),
    ]
}

/// Two file systems read two clocks, so stamps are not compared. The contract suite holds each to the order of its own.
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

/// How close the answers of a server are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The same.
    Same,
    /// The same, where a refusal may be [`FsError::Io`] instead: the client cannot tell what was refused.
    RefusalsUnknown,
    /// The same, where that may also be so of a directory that was made: the client cannot tell by whom.
    MakersUnknown,
}

fn answer_the_same(real: &NfsFs, calls: &[Call], likeness: Likeness) -> Result<(), TestCaseError> {
    let exact = MemFs::new();
    for call in calls {
        let [expected, got] = [call.on(&exact), call.on(real)].map(without_stamp);
        let may_be_unknown = match likeness {
            Likeness::Same => false,
            Likeness::RefusalsUnknown => expected.is_err(),
            Likeness::MakersUnknown => expected.is_err() || matches!(call, Call::CreateDir(_)),
        };
        if may_be_unknown && got == Err(FsError::Io) {
            continue;
        }
        prop_assert_eq!(expected, got, "{} in\n{}", call, exact);
    }
    prop_assert_eq!(tree(&exact), tree(real), "afterwards, of\n{}", exact);
    Ok(())
}

/// Each case has a directory of its own, mounted below the export.
pub(crate) fn compare(address: &Address, cases: u32, likeness: Likeness) {
    let (root, count) = (NfsFs::open(address).expect("the server is there"), Cell::new(0));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(calls in vec(call(), 1..40))| {
        count.set(count.get() + 1);
        let name = format!("case-{}", count.get());
        root.ensure_dir(&name.parse().expect("a path")).expect("a directory for the case");
        let address = Address { path: format!("{}/{name}", address.path.trim_end_matches('/')), ..address.clone() };
        answer_the_same(&NfsFs::open(&address).expect("the server is there"), &calls, likeness)?;
    });
}

#[test]
fn ganesha_answers_as_the_file_system_in_memory() {
    if let Some(server) = Ganesha::start() {
        compare(&server.address, 200, Likeness::Same);
    }
}

#[test]
fn our_own_server_answers_as_the_file_system_in_memory() {
    let server = Server::start("127.0.0.1:0", Plan::none()).expect("a port is free");
    compare(server.address(), 200, Likeness::Same);
}
