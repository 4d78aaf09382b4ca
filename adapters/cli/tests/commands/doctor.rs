//! `lockwright doctor`, and what `run` and `lock` make of a file system that nothing is known of.

use std::process::{Command, Output};

use nix::{sys::signal::Signal, unistd::geteuid};
use serde_json::Value;

use crate::{
    places,
    support::{Dir, Process, code, one_line, out},
};

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).expect("JSON")
}

fn is_whole(output: &Output, name: &str) {
    assert_eq!(code(output), 0, "{name}: {output:?}");
    let found = json(output);
    for key in ["breach", "breach_two_handles", "breach_two_processes"] {
        assert_eq!(found[key], Value::Null, "{name}: {key}");
    }
    for key in ["notices_own", "notices_others", "takes_colons", "tells_case"] {
        assert_eq!(found[key], true, "{name}: {key}");
    }
    assert_eq!(found["ground"], "local", "{name}");
    let kinds = found["kinds"].as_array().expect("kinds");
    assert_eq!(kinds.len(), 6);
    assert!(kinds.iter().all(|kind| kind["verdict"] == "Verified" && kind["why"].is_null()), "{name}: {kinds:?}");
    let bid = &kinds[1];
    let cut = if name == "tmpfs" { Value::Null } else { "by nature not".into() };
    assert_eq!((&bid["kind"], &bid["power_cut"]), (&"bid".into(), &cut), "{name}");
}

#[test]
fn every_kind_is_verified_on_the_file_systems_of_one_kernel() {
    for place in places::at_hand().into_iter().chain(places::mounted(&["ext4", "xfs", "btrfs", "overlay"])) {
        let dir = Dir::within(&place.dir);
        is_whole(&dir.lockwright(&["doctor", "--json"]), place.name);
        assert_eq!(dir.entries(), [""; 0], "{}", place.name);
    }
}

#[test]
fn people_are_told_what_was_found_and_where_a_kind_ends() {
    let dir = Dir::new();
    let output = dir.lockwright(&["doctor", "."]);
    let text = out(&output);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()), "{text}");
    for part in
        ["all 54 kept", "kept through two handles", "kept by two processes", "KIND ", "rw-read, rw-write  Verified"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("bid after a power cut: ") || text.starts_with(".: tmpfs"), "{text}");
    let output = dir.lockwright(&["doctor", "--kind", "sem=7"]);
    assert!(code(&output) == 0 && out(&output).contains("\nsem=7  Verified"), "{output:?}");
}

#[test]
fn a_directory_in_which_nothing_can_be_tried_is_told_in_one_line() {
    let dir = Dir::new();
    std::fs::write(dir.path().join("file"), "").expect("room");
    for (place, wanted, why) in [
        ("missing", 73, "No such file or directory"),
        ("file", 73, "Not a directory"),
        ("/proc", 73, "no directory can be made there"),
        ("two\nlines", 73, "two\\nlines: "),
    ] {
        let output = dir.lockwright(&["doctor", place]);
        let line = one_line(&output);
        assert!(code(&output) == wanted && line.contains(why), "{output:?}");
    }
    assert_eq!(code(&dir.lockwright(&["doctor", "--kind", "sem=0", "."])), 64);
    assert_eq!(dir.entries(), ["file"]);
}

/// The signal comes while it is at work, but for a test that is too slow to send it; then it is tried again.
#[test]
fn a_signal_leaves_nothing_behind() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let dir = Dir::new();
        let came = (0..20).any(|_| {
            let mut doctor = Process::start(dir.command(&["doctor"]));
            while dir.entries().is_empty() {}
            doctor.signal(Signal::SIGSTOP);
            doctor.signal(signal);
            doctor.signal(Signal::SIGCONT);
            let (line, code) = (doctor.complaint(), doctor.code());
            assert_eq!(dir.entries(), [""; 0]);
            let came = code == 128 + signal as i32 && line.ends_with(": interrupted; what was made there is removed");
            assert!(came || code == 0, "{code}: {line}");
            came
        });
        assert!(came, "{signal}");
    }
}

/// Of huge pages, which is a file system of this kernel that nothing is known of here: directories and empty files it has,
/// but no contents.
fn on_huge_pages(script: &str) -> Option<Output> {
    let script =
        format!("mount -t hugetlbfs none . || {{ echo cannot mount >&2; exit 98; }}; cd \"$PWD\"; {COMMAND}{script}");
    mounted("a file system that is not known (hugetlbfs)", &script)
}

/// The binary under its name, and what follows.
const COMMAND: &str = concat!("lockwright() { ", env!("CARGO_BIN_EXE_lockwright"), " \"$@\"; }\n");

/// Runs a script in an empty directory, with mounts of its own; it ends with 98 where it cannot have them. `None`, and that is said
/// aloud, where `what` cannot be tried.
fn mounted(what: &str, script: &str) -> Option<Output> {
    if !geteuid().is_root() {
        places::skip(&format!("{what}: only root can mount it here"));
        return None;
    }
    let dir = Dir::new();
    let mut command = Command::new("unshare");
    let output = command.current_dir(dir.path()).args(["--mount", "sh", "-c", script]).output().expect("unshare");
    if output.status.code() == Some(98) {
        places::skip(&format!("{what}: it cannot be mounted"));
        return None;
    }
    Some(output)
}

#[test]
fn rule_7_a_file_system_that_is_not_known_is_refused_before_anything_is_made() {
    for (command, path) in [
        ("run lock echo ran", "lock"),
        ("run --kind sem=2 lock echo ran", "lock"),
        ("lock --pid $$ lock", "lock"),
        ("run ./lock echo ran", "./lock"),
    ] {
        let Some(output) = on_huge_pages(&format!("lockwright {command}; code=$?; ls -A; exit $code")) else { return };
        let line = one_line(&output);
        assert!(code(&output) == 82 && output.stdout.is_empty(), "{output:?}");
        for part in
            [&format!("lockwright: {path}: "), "not verified on unknown: ", "--unverified", "lockwright doctor ."]
        {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let script = "lockwright run --unverified lock echo ran && ls -A";
    let Some(output) = on_huge_pages(script) else { return };
    assert_eq!((out(&output).as_str(), code(&output)), ("ran\n", 0), "{output:?}");
}

/// On a file system for which a program answers: bindfs(1), which hands on what it is asked.
fn on_fuse(script: &str) -> Option<Output> {
    let script = format!(
        "mkdir back mnt && bindfs back mnt || {{ echo cannot mount >&2; exit 98; }}
         {COMMAND}cd mnt; {script}; code=$?; cd ..; umount mnt; ls -A back; exit $code"
    );
    mounted("a file system of a program (bindfs)", &script)
}

#[test]
fn rule_7_a_file_system_of_a_program_is_refused_whatever_it_promises() {
    for command in ["run lock echo ran", "run --kind queue lock echo ran", "acquire --pid $$ lock"] {
        let Some(output) = on_fuse(&format!("lockwright {command}")) else { return };
        let line = one_line(&output);
        assert!(code(&output) == 82 && output.stdout.is_empty(), "{output:?}");
        assert!(line.contains("not verified on fuse: ") && line.contains("--unverified"), "{line}");
    }
    let Some(output) = on_fuse("lockwright run --unverified lock echo ran") else { return };
    assert_eq!((out(&output).as_str(), code(&output)), ("ran\n", 0), "{output:?}");
    let Some(output) = on_fuse("lockwright doctor --json") else { return };
    let found = json(&output);
    assert_eq!((code(&output), &found["file_system"], &found["breach"]), (82, &"fuse".into(), &Value::Null));
}

#[test]
fn what_such_a_file_system_does_is_told_all_the_same() {
    let Some(output) = on_huge_pages("lockwright doctor --json; code=$?; ls -A; exit $code") else { return };
    assert_eq!(code(&output), 82, "{output:?}");
    let found = json(&output);
    assert_eq!((&found["file_system"], &found["ground"]), (&"unknown".into(), &"unknown".into()));
    assert_eq!(found["mount"]["kind"], "hugetlbfs");
    // It has no contents.
    assert!(found["breach"].is_string(), "{found}");
    assert!(found["kinds"][0]["why"].as_str().is_some_and(|why| why.contains("nothing is known")), "{found}");
    let Some(output) = on_huge_pages("lockwright doctor") else { return };
    assert!(out(&output).contains("BROKEN: "), "{output:?}");
}
