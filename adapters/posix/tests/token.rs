//! What a process leaves of the first fencing token that is killed while it makes it.

use std::{
    fs,
    io::{BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use lockwright_kernel::{
    fs::{
        Through,
        call::{Answer, Call},
    },
    id::Id,
    token::Tokens,
};
use lockwright_posix::lock::PathLock;

/// Tells a child where.
const TASK: &str = "LOCKWRIGHT_TEST_TOKEN";

fn open(dir: &Path) -> PathLock {
    PathLock::open(dir.join("lock")).expect("a lock")
}

/// Who has something in `build`.
fn building(dir: &Path) -> usize {
    fs::read_dir(dir.join("lock.token/build")).map_or(0, Iterator::count)
}

/// Makes a beginning, and stops before it is one.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(TASK) else { return };
    let lock = open(dir.as_ref());
    let disk = lock.fs();
    let stopping = Through(|call: &Call| -> Answer {
        if matches!(call, Call::Rename(..)) {
            let mut out = std::io::stdout().lock();
            out.write_all(b"!").and_then(|()| out.flush()).expect("somebody listens");
            loop {
                thread::park();
            }
        }
        call.on(disk)
    });
    let id = Id::from(&lock.this_process().fresh_id().expect("it knows itself"));
    let numbers = Tokens::new(stopping, "lock.token".parse().expect("a path"));
    panic!("it went on: {:?}", numbers.next(&id));
}

/// A child that stands before BEGIN.
fn beginner(dir: &Path) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", "child", "--nocapture"]).env(TASK, dir).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it can be run again");
    let mut said = BufReader::new(child.stdout.take().expect("a pipe")).bytes();
    assert!(said.any(|byte| byte.expect("it can be read") == b'!'), "it ended");
    child
}

#[test]
fn what_is_left_of_a_beginning_goes_with_the_next_token_once_its_maker_is_dead_and_not_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path());
    let mut child = beginner(dir.path());
    let first = lock.lock().expect("it is free").token().expect("a number");
    assert_eq!(building(dir.path()), 1, "it lives");
    child.kill().expect("it lives");
    child.wait().expect("it was killed");
    assert_eq!(building(dir.path()), 1);
    let second = lock.lock().expect("it is free").token().expect("a number");
    assert_eq!((first.get(), second.get()), (1, 2));
    assert!(!dir.path().join("lock.token/build").exists());
}

#[test]
fn what_is_left_of_a_beginning_goes_with_a_sweep_and_no_number_is_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let lock = open(dir.path());
    let mut child = beginner(dir.path());
    lock.sweep().expect("it can be swept");
    assert_eq!(building(dir.path()), 1, "it lives");
    child.kill().expect("it lives");
    child.wait().expect("it was killed");
    lock.sweep().expect("it can be swept");
    assert!(!dir.path().join("lock.token/build").exists());
    assert_eq!(lock.tokens().expect("a short name").last(), Ok(None));
}
