//! The promises of the kernel's file system on a mount, and random calls beside the file system in memory.

use std::cell::Cell;

use lockwright_kernel::{
    fs::{
        Fs, FsError,
        call::{Answer, Call},
        contract::{clauses, clauses_two, contract as keep, contract_two},
    },
    path::Path,
};
use lockwright_posix::fs::PosixFs;
use proptest::{collection::vec, prelude::*};

use crate::{
    differences::{answer_the_same, call},
    mounts::Mounts,
};

/// How many sequences of random calls are made.
const CASES: u32 = 25;

/// One mount keeps every promise that is about one caller, and both every one that is about two.
pub(crate) fn contract(mounts: &Mounts) -> String {
    let [fs, other] = mounts.room("contract");
    let room: Path = "room".parse().unwrap();
    fs.create_dir(&room).unwrap();
    fs.create_dir(&"believing".parse::<Path>().unwrap()).unwrap();
    let kept = keep(&fs, &room).and_then(|()| contract_two(&fs, &other, &room));
    kept.unwrap_or_else(|breach| panic!("{}: {breach}", mounts.version()));
    // Of a file system that believes its cache not all are kept.
    let [fs, other] = [fs, other].map(PosixFs::from_memory);
    let broken = match contract_two(&fs, &other, &"believing".parse().unwrap()) {
        Ok(()) => "none".to_owned(),
        Err(breach) => breach.promise.to_owned(),
    };
    format!("{} promises kept, {} of two; from memory broken: {broken}", clauses().count(), clauses_two().count())
}

/// One mount answers random calls as the file system in memory does.
pub(crate) fn chance(mounts: &Mounts) -> String {
    let ([fs, _], count) = (mounts.room("chance"), Cell::new(0));
    let dir = mounts.dirs()[0].join(format!("{}-chance", mounts.version()));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    proptest!(config, |(calls in vec(call(), 1..40))| {
        count.set(count.get() + 1);
        let name = format!("case-{}", count.get());
        fs.create_dir(&name.parse::<Path>().unwrap()).unwrap();
        let case = PosixFs::open(dir.join(&name)).unwrap();
        // Of two reasons against a move, that nothing is there to be moved is looked for first.
        let is_other_reason = |call: &Call, expected: &Answer, got: &Answer| {
            matches!((call, expected, got), (Call::Rename(..), Err(_), Err(FsError::NotFound)))
        };
        answer_the_same(&case, &calls, is_other_reason)
            .map_err(|error| TestCaseError::fail(format!("{}: {error}", mounts.version())))?;
    });
    format!("{CASES} sequences of calls answered as in memory")
}
