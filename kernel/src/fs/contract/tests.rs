//! The suite bites: every clause but the first catches a file system that is wrong in just that.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Breach, clauses, clauses_two, contract, contract_two};
use crate::{
    fs::{
        Fs, MemFs, Through,
        call::{Answer, Call},
    },
    path::Path,
};

mod wrong;

use wrong::{WRONG, WRONG_SECOND};

#[test]
fn the_exact_file_system_keeps_every_promise() -> Result<(), Breach> {
    let fs = MemFs::new();
    contract(&fs, &Path::root())?;
    assert_eq!(fs.to_string(), "", "it leaves the directory empty");
    contract_two(&fs, &fs, &Path::root())?;
    assert_eq!(fs.to_string(), "");
    Ok(())
}

#[test]
fn the_suite_works_in_its_directory_only() -> Result<(), Breach> {
    let fs = MemFs::new();
    let room = path("a/room");
    for dir in [path("a"), path("b"), room.clone()] {
        assert_eq!(fs.create_dir(&dir), Ok(()));
    }
    let before = fs.to_string();
    let within = Through(|call: &Call| {
        assert!(call.to_string().contains("(\"a/room"), "{call}");
        call.on(&fs)
    });
    contract(&within, &room)?;
    assert_eq!(fs.to_string(), before);
    Ok(())
}

#[test]
fn no_two_clauses_have_one_name() {
    let mut names: Vec<_> = clauses().chain(clauses_two()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_directory_that_is_not_empty_is_refused_and_left_alone() {
    let fs = MemFs::new();
    assert_eq!(fs.create_file(&path("precious"), b""), Ok(()));
    let breach = contract(&fs, &Path::root()).map_err(|breach| breach.to_string());
    let said = "broken promise: the suite gets an empty directory\n  call:     readdir(\".\")\n  \
                expected: []\n  got:      [\"precious\"]";
    assert_eq!(breach, Err(said.to_owned()));
    assert_eq!(fs.to_string(), "precious\n");
}

#[test]
fn each_clause_catches_the_file_system_that_is_wrong_in_it() {
    let missed: Vec<String> = WRONG
        .iter()
        .filter_map(|(promise, wrong)| {
            let mem = MemFs::new();
            let broken = contract(&bent(&mem, *wrong), &Path::root());
            complaint(promise, broken)
        })
        .collect();
    assert_eq!(missed, Vec::<String>::new());
    let covered = WRONG.iter().map(|(promise, _)| *promise);
    assert!(covered.eq(clauses().skip(1)), "a wrong one for each clause");
}

#[test]
fn each_clause_on_two_handles_catches_the_second_that_is_wrong_in_it() {
    let missed: Vec<String> = WRONG_SECOND
        .iter()
        .filter_map(|(promise, wrong)| {
            let mem = MemFs::new();
            let broken = contract_two(&mem, &bent(&mem, *wrong), &Path::root());
            complaint(promise, broken)
        })
        .collect();
    assert_eq!(missed, Vec::<String>::new());
    let covered = WRONG_SECOND.iter().map(|(promise, _)| *promise);
    assert!(covered.eq(clauses_two()), "a wrong one for each clause");
}

/// `mem`, where `wrong` has no answer of its own.
fn bent(mem: &MemFs, wrong: wrong::Wrong) -> impl Fs {
    Through(move |call: &Call| -> Answer { wrong(mem, call).unwrap_or_else(|| call.on(mem)) })
}

fn complaint(promise: &str, broken: Result<(), Breach>) -> Option<String> {
    match broken {
        Err(breach) if breach.promise == promise => None,
        Err(breach) => Some(format!("{promise}: caught by another clause: {breach}")),
        Ok(()) => Some(format!("{promise}: not caught")),
    }
}

fn path(text: &str) -> Path {
    text.parse().unwrap()
}
