//! What a file system denies: one clear line, a fitting code, and nothing left on disk. What people get wrong is in
//! [`bad_inputs`](super::bad_inputs).

use std::process::{Command, Output};

use nix::unistd::geteuid;

use crate::{
    places,
    support::{Dir, code, one_line},
};

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

/// Directories take no block of tmpfs, but the contents of a bid do.
#[test]
fn a_file_system_without_room_for_contents() {
    let fill = "dd if=/dev/zero of=full bs=4096 2>/dev/null; true";
    let Some(output) = on_tmpfs("size=64k", fill, "--kind bid lock", "test -z \"$(find . -name '*.json')\"") else {
        return;
    };
    assert_eq!(code(&output), 73, "{output:?}");
    assert!(one_line(&output).contains("make room"), "{output:?}");
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

#[test]
fn wherever_the_room_ends_nothing_is_left() {
    for lock in ["lock", "--kind queue lock", "--kind sem=2 lock", "--lease 5s lock", "--why why lock"] {
        let mut refused = 0;
        for inodes in 2.. {
            let left = "test -z \"$(find . -mindepth 1)\"";
            let Some(output) = on_tmpfs(&format!("nr_inodes={inodes}"), "true", lock, left) else { return };
            match code(&output) {
                // A note that could not be written is not missed.
                0 if output.stderr.is_empty() => break,
                0 => assert_eq!(output.stdout, b"ran\n"),
                73 => refused += 1,
                _ => panic!("{lock}, {inodes}: {output:?}"),
            }
        }
        assert!(refused > 0, "{lock}");
    }
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
