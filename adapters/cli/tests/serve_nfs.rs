//! `lockwright sim serve-nfs`: a server that other programs can be tried on.

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use lockwright_kernel::fs::{Fs, FsError};
use lockwright_nfs::NfsFs;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use support::{code, empty_dir, lockwright, refusal};

#[test]
fn it_serves_until_it_is_told_to_end_and_tells_what_happened() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    // Of a thousand calls a thousand: the first MKDIR is executed, its repetition as well, and so on.
    command.args(["sim", "serve-nfs", "--repeat", "1000", "--after", "0", "--replies", "none"]);
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it is there");
    let mut told = BufReader::new(server.stdout.take().expect("it is piped"));
    let mut address = String::new();
    told.read_line(&mut address).expect("it can be read");
    let fs = NfsFs::open(&address.trim_end().parse().expect("an address")).expect("it can be reached");
    let dir = "d".parse().expect("a path");
    assert_eq!(fs.create_dir(&dir), Ok(()));
    assert_eq!(fs.remove_dir(&dir), Ok(()), "a copy of the former call is executed before this one");
    assert_eq!(fs.remove_dir(&dir), Err(FsError::NotFound));
    kill(Pid::from_raw(server.id().cast_signed()), Signal::SIGTERM).expect("it runs");
    let mut figures = String::new();
    told.read_to_string(&mut figures).expect("it can be read");
    assert!(server.wait().expect("it ends").success());
    let hit =
        figures.split_once(" calls, ").and_then(|(calls, rest)| Some((calls, rest.split_once(" of them hit; ")?)));
    let (calls, (hit, rest)) = hit.expect(&figures);
    assert!(calls.parse::<u64>().expect(&figures) > hit.parse().expect(&figures), "MOUNT is not hit: {figures}");
    assert!(rest.ends_with(" executed late, 0 answered from kept replies; 0 restarts\n"), "{figures}");
}

#[test]
fn what_cannot_be_served() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["sim", "serve-nfs", "--late", "600", "--repeat", "401"]);
    assert_eq!(code(&output), 64);
    assert!(refusal(&output).contains("1001 of a thousand"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = taken.local_addr().expect("it is bound").to_string();
    let output = lockwright(dir.path(), &["sim", "serve-nfs", "--at", &at]);
    assert_eq!(code(&output), 73);
    assert!(refusal(&output).contains(&at));
}
