//! What people get wrong, and what the world denies them: one clear line, a fitting code, and nothing left on disk.

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::{Command, Output},
};

use nix::unistd::geteuid;

use crate::{
    places,
    support::{Dir, code, one_line},
};

/// `lockwright run LOCK touch ran` is refused with `wanted`, in a line that says `why`, and nothing changes.
fn refused(dir: &Dir, lock: impl AsRef<OsStr>, wanted: i32, why: &str) {
    let before = dir.entries();
    let output = dir.command(&["run"]).arg(lock).args(["touch", "ran"]).output().expect("it was built for this test");
    let line = one_line(&output);
    assert!(code(&output) == wanted && line.contains(why), "{wanted}, {why:?}: {output:?}");
    assert_eq!(dir.entries(), before);
}

#[test]
fn a_path_that_names_no_entry() {
    let dir = Dir::new();
    fs::create_dir(dir.path().join("sub")).expect("a directory");
    refused(&dir, "", 64, "a value is required for '<LOCK>'");
    for path in [".", "..", "/", "sub/", "sub/.", "sub/..", "new/"] {
        refused(&dir, path, 64, "names no entry");
    }
}

#[test]
fn a_name_that_no_lock_can_have() {
    let dir = Dir::new();
    refused(&dir, "x".repeat(300), 64, "no name for a lock");
    refused(&dir, "two\nlines", 64, "control characters");
    refused(&dir, "bell\u{7}", 64, "control characters");
    refused(&dir, OsStr::from_bytes(b"latin-\xe9"), 64, "UTF-8");
}

#[test]
fn a_parent_that_is_missing_or_no_directory() {
    let dir = Dir::new();
    fs::write(dir.path().join("file"), "").expect("a file");
    refused(&dir, "missing/lock", 73, "does not exist");
    refused(&dir, "file/lock", 73, "not a directory");
}

#[test]
fn something_else_stands_there() {
    let dir = Dir::new();
    fs::write(dir.path().join("file"), "text").expect("a file");
    fs::create_dir(dir.path().join("sub")).expect("a directory");
    std::os::unix::fs::symlink("sub", dir.path().join("link")).expect("a link");
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling")).expect("a link");
    nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    refused(&dir, "file", 73, "a file stands there");
    refused(&dir, "link", 73, "a symbolic link stands there");
    refused(&dir, "dangling", 73, "a symbolic link stands there");
    refused(&dir, "pipe", 73, "a pipe");
    assert_eq!(fs::read(dir.path().join("file")).expect("a file"), b"text");
    assert_eq!(fs::read_dir(dir.path().join("sub")).expect("a directory").count(), 0);
}

#[test]
fn somebody_put_other_things_into_the_lock() {
    let dir = Dir::new();
    let owner = dir.path().join("lock/owner");
    fs::create_dir_all(&owner).expect("a directory");
    fs::write(owner.join(OsStr::from_bytes(b"\xff")), "").expect("a file");
    refused(&dir, "lock", 73, "remove what no lock made");
    for command in [&["owner", "lock"][..], &["unlock", "lock"]] {
        let output = dir.lockwright(command);
        assert_eq!(code(&output), 73);
        one_line(&output);
    }
    assert_eq!(fs::read_dir(owner).expect("a directory").count(), 1);
}

#[test]
fn an_owner_that_is_a_link_or_a_file() {
    let dir = Dir::new();
    fs::create_dir_all(dir.path().join("lock")).expect("a directory");
    fs::write(dir.path().join("lock/owner"), "").expect("a file");
    refused(&dir, "lock", 73, "something else than a lock stands there");
    fs::remove_file(dir.path().join("lock/owner")).expect("a file");
    std::os::unix::fs::symlink("/", dir.path().join("lock/owner")).expect("a link");
    refused(&dir, "lock", 73, "something else than a lock stands there");
}

#[test]
fn a_command_that_cannot_be_executed() {
    let dir = Dir::new();
    fs::write(dir.path().join("text"), "echo in").expect("a file");
    fs::set_permissions(dir.path().join("text"), Permissions::from_mode(0o644)).expect("my file");
    for (command, wanted, why) in [
        ("no-such-command", 127, "no-such-command: not found"),
        ("./no-such-command", 127, "no-such-command: not found"),
        ("./text", 126, "./text: cannot be executed: Permission denied"),
        ("/", 126, "/: cannot be executed"),
        ("", 127, "not found"),
        ("no\nsuch", 127, "no\\nsuch: not found"),
    ] {
        // A search that passes a directory closed to the caller ends with another error.
        let output = dir.command(&["run", "lock", "--", command]).env("PATH", "/usr/bin").output().expect("a process");
        let line = one_line(&output);
        assert!(code(&output) == wanted && line.contains(why), "{wanted}, {why:?}: {output:?}");
        assert_eq!(dir.entries(), ["text"]);
    }
}

#[test]
fn a_command_line_that_makes_no_sense() {
    let dir = Dir::new();
    for args in [
        &["run"][..],
        &["run", "lock"],
        &["run", "lock", "--"],
        &["run", "--wait", "soon", "lock", "true"],
        &["run", "--wait", "-1", "lock", "true"],
        &["run", "--wait", "NaN", "lock", "true"],
        &["run", "--wait", "1", "--nonblock", "lock", "true"],
        &["run", "--no-such", "lock", "true"],
        &["owner"],
        &["unlock", "lock", "--force"],
    ] {
        let output = dir.lockwright(args);
        assert_eq!(code(&output), 64, "{args:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
        assert_eq!(dir.entries(), [""; 0]);
    }
}

#[test]
fn a_parent_that_may_not_be_written_to() {
    let dir = Dir::new();
    fs::create_dir(dir.path().join("sub")).expect("a directory");
    let sub = |mode| fs::set_permissions(dir.path().join("sub"), Permissions::from_mode(mode)).expect("my directory");
    sub(0o500);
    let output = dir.unprivileged(&["run", "sub/lock", "true"]).output().expect("setpriv");
    sub(0o700);
    assert_eq!(code(&output), 77, "{output:?}");
    assert!(one_line(&output).contains("write permission"));
    assert_eq!(fs::read_dir(dir.path().join("sub")).expect("a directory").count(), 0);
}

#[test]
fn a_file_system_that_is_read_only() {
    let Some(output) = on_tmpfs("size=1m", "mount -o remount,ro .", "lock", "true") else { return };
    assert_eq!(code(&output), 73, "{output:?}");
    assert!(one_line(&output).contains("can be written to"));
}

#[test]
fn a_file_system_that_is_full() {
    for (options, fill) in [
        // A directory of tmpfs takes no block, but the inode table is bounded.
        ("nr_inodes=4", "touch 1 2 3"),
        ("nr_inodes=4", "touch 1 2"),
        ("nr_inodes=4", "touch 1"),
        ("nr_inodes=6", "touch 1 2"),
    ] {
        let Some(output) = on_tmpfs(options, fill, "lock", NO_DIRECTORIES) else {
            return;
        };
        assert_eq!(code(&output), 73, "{output:?}");
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(text.starts_with("lockwright: lock: ") && text.contains("make room"), "{text}");
    }
}

#[test]
fn a_number_for_which_there_is_no_room_leaves_nothing_and_the_next_one_is_the_first() {
    let (mut without_lock, mut without_number) = (0, 0);
    for inodes in 2.. {
        let options = format!("nr_inodes={inodes}");
        let check = format!(
            "{NO_DIRECTORIES} && mount -o remount,nr_inodes=100 . &&
             test \"$({} run -f lock sh -c 'echo $LOCKWRIGHT_FENCE')\" = 1",
            env!("CARGO_BIN_EXE_lockwright")
        );
        let Some(output) = on_tmpfs(&options, "true", "--fence lock", &check) else { return };
        if output.stdout == b"ran\n" {
            break;
        }
        assert_eq!(code(&output), 73, "{options}: {output:?}");
        let line = one_line(&output);
        assert!(line.contains("make room"), "{options}: {line}");
        if line.contains("lock.token: no fencing token: ") {
            without_number += 1;
        } else {
            without_lock += 1;
        }
    }
    assert!(without_lock > 0 && without_number > 0, "{without_lock}, {without_number}");
}

const NO_DIRECTORIES: &str = "test -z \"$(find . -type d ! -name .)\"";

/// Mounts a tmpfs, prepares it, and tries to run a command, `echo ran`, under a lock there. Its exit code, or 99 if `check`
/// fails afterwards.
fn on_tmpfs(options: &str, prepare: &str, lock: &str, check: &str) -> Option<Output> {
    if !geteuid().is_root() {
        places::skip("a tmpfs: only root can mount it");
        return None;
    }
    let dir = Dir::new();
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs . && cd \"$PWD\" && {prepare} || exit 98
         {} run {lock} sh -c 'echo ran'; code=$?
         {check} || exit 99
         exit $code",
        env!("CARGO_BIN_EXE_lockwright")
    );
    let args = ["--mount", "sh", "-c", &script];
    let output = Command::new("unshare").current_dir(dir.path()).args(args).output().expect("unshare");
    Some(output)
}
