//! What is found out about a file system, and that nothing is left of it.

use std::{cell::Cell, fs, path::Path, process::Command};

use lockwright_posix::{
    doctor::{DoctorErrorKind, Findings, Promises, examine},
    fs::Ground,
};

#[expect(dead_code, reason = "only those that need no mount")]
mod places;

/// Another process that answers nothing.
fn dumb(_: &Path) -> Command {
    Command::new("true")
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).expect("a directory").next().is_none()
}

fn kept(promises: &Promises) {
    assert_eq!(promises.breach, None);
    assert!(promises.count > 8, "{}", promises.count);
}

#[test]
fn a_local_file_system_is_found_to_be_one_and_nothing_is_left_there() {
    for place in places::at_hand() {
        let found: Findings = examine(&place.dir, dumb, || false).expect("room");
        assert_eq!(found.file_system.ground(), Ground::Local, "{}", place.name);
        kept(&found.one_handle);
        kept(&found.two_handles);
        assert!(found.names.takes_colons && found.names.longest_bytes > 200, "{:?}", found.names);
        assert!(found.notices.own && !found.notices.others, "{:?}", found.notices);
        assert!(found.mount.is_some_and(|mount| mount.options.iter().any(|option| option == "rw")));
        assert_eq!((found.untrusted, found.space.is_read_only), (None, false));
        assert!(is_empty(&place.dir), "{}", place.name);
    }
}

#[test]
fn a_process_that_answers_nothing_breaks_a_promise() {
    let dir = tempfile::tempdir().expect("room");
    let found = examine(dir.path(), dumb, || false).expect("room");
    let breach = found.two_processes.breach.expect("nothing came back");
    assert_eq!(breach.promise, "both handles begin with the same empty directory");
    let missing = |_: &Path| Command::new("/no/such/program");
    let error = examine(dir.path(), missing, || false).expect_err("there is no such program");
    assert!(matches!(error.kind(), DoctorErrorKind::Peer(_)), "{error}");
    assert!(is_empty(dir.path()));
}

#[test]
fn wherever_it_is_stopped_nothing_is_left() {
    let dir = tempfile::tempdir().expect("room");
    let calls = Cell::new(0);
    let stop_at = |last: u32| {
        calls.set(0);
        examine(dir.path(), dumb, || {
            calls.set(calls.get() + 1);
            calls.get() > last
        })
    };
    stop_at(u32::MAX).expect("it was never stopped");
    let whole = calls.get();
    assert!(whole > 100, "{whole}");
    for last in (0..20).chain((20..whole).step_by(331)) {
        let error = stop_at(last).expect_err("it was stopped");
        assert!(matches!(error.kind(), DoctorErrorKind::Stopped), "{last}: {error}");
        assert!(is_empty(dir.path()), "{last}");
    }
}
