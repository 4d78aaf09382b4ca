//! Each script's exit codes, its output and what it leaves on disk, as a table of calls made one after the other.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::names::{Names, Sleeper};

/// Makes the calls in order. Each is a command line, its exit code, and its output with spaces for line ends.
fn table(names: &Names, script: &str, calls: &[(&str, i32, &str)]) {
    for (line, code, out) in calls {
        let output = names.output(script, line.split(' ').filter(|word| !word.is_empty()));
        let did = (output.status.code(), String::from_utf8_lossy(&output.stdout).trim_end().replace('\n', " "));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(did, (Some(*code), (*out).to_owned()), "{script} {line}: {said}");
        assert!(*code < 2 || !said.is_empty(), "{script} {line}: a failure is told");
    }
}

#[test]
fn fast_lock() {
    let names = Names::new();
    fs::write(names.path().join("file"), "").expect("room");
    table(
        &names,
        "fast_lock.sh",
        &[
            ("", 10, ""),
            ("--help", 10, ""),
            ("lock", 10, ""),
            ("lock l", 10, ""),
            ("steal l ann", 10, ""),
            ("owner l", 0, ""),
            ("ids_in_use l", 0, ""),
            ("is_mine l ann", 1, ""),
            ("unlock l ann", 1, ""),
            ("lock l ann", 0, ""),
            ("lock l ann", 20, ""),
            ("lock l bob", 1, ""),
            ("owner l", 0, "ann"),
            ("is_mine l ann", 0, ""),
            ("is_mine l bob", 1, ""),
            ("unlock l bob", 1, ""),
            ("--debug unlock l ann", 0, ""),
            ("owner l", 0, ""),
            ("lock file/l ann", 2, ""),
            ("lock file ann", 2, ""),
            ("-di lock new/deep/l ann", 0, ""),
            ("owner new/deep/l/", 0, "ann"),
        ],
    );
    assert_eq!(names.entries("l"), [""; 0], "nothing is left of a lock");
    fs::create_dir_all(names.path().join("l/build/eve/owner")).expect("room");
    fs::write(names.path().join("l/build/eve/owner/eve"), "").expect("room");
    fs::create_dir_all(names.path().join("l/build/dan/owner")).expect("room");
    table(
        &names,
        "fast_lock.sh",
        &[
            ("lock l ann", 0, ""),
            ("ids_in_use l", 0, "ann dan eve"),
            ("clean_stale_ids l dan eve", 0, ""),
            ("ids_in_use l", 0, "ann"),
            ("clean_stale_ids l ann", 0, ""),
            ("clean_stale_ids l", 0, ""),
            ("owner l", 0, ""),
        ],
    );
    assert!(!names.path().join("l").exists());
}

#[test]
fn the_layout_is_that_of_the_lockers() {
    let names = Names::new();
    names.run("fast_lock.sh", ["lock", "l", "ann"]);
    assert_eq!(names.entries("l"), ["owner"]);
    assert_eq!(names.entries("l/owner"), ["ann"]);
    assert!(names.path().join("l/owner/ann").is_file());
    let mode = |path: &str| fs::metadata(names.path().join(path)).expect("it is there").permissions().mode() & 0o777;
    fs::create_dir(names.path().join("as the umask has it")).expect("room");
    assert_eq!(mode("l/owner"), mode("as the umask has it"));
}

#[test]
fn check_lock_asks_its_checker() {
    let names = Names::new();
    // ann is dead, una unknown, others live. What comes before the id is one argument.
    names.write_script("judge", "echo \"$@\" >> asked; case $2 in ann) exit 0 ;; una) exit 20 ;; *) exit 1 ;; esac");
    let asked = || fs::read_to_string(names.path().join("asked")).unwrap_or_default();
    table(
        &names,
        "check_lock.sh",
        &[
            ("", 10, ""),
            ("./judge", 10, ""),
            ("./judge -s", 10, ""),
            ("lock_nocheck l ann", 0, ""),
            ("owner_nocheck l", 0, "ann"),
            ("is_mine l ann", 0, ""),
        ],
    );
    assert_eq!(asked(), "");
    table(&names, "check_lock.sh", &[("./judge -s x lock l bob", 0, "")]);
    assert_eq!(asked(), "x ann\n");
    table(
        &names,
        "check_lock.sh",
        &[
            ("./judge -s x lock l cat", 1, ""),
            ("./judge --checker-arg x owner l", 0, "bob"),
            ("./judge -s x lock l bob", 20, ""),
            ("./judge -s x unlock l bob", 0, ""),
            ("lock_nocheck l una", 0, ""),
            ("./judge -s x lock l bob", 1, ""),
            ("./judge -s x owner l", 0, "una"),
            ("/no/such/checker lock l bob", 1, ""),
            ("./judge -s x steal l bob", 10, ""),
            ("./judge -s x unlock l una", 0, ""),
            ("lock_nocheck l ann", 0, ""),
            ("./judge -s x owner l", 0, ""),
        ],
    );
    assert!(!names.path().join("l").exists());
}

#[test]
fn a_release_cleans_every_stale_proposal() {
    let names = Names::new();
    names.write_script("judge", "case $1 in dead*) exit 0 ;; unknown) exit 2 ;; *) exit 1 ;; esac");
    for id in ["dead1", "dead2", "dead3", "unknown", "live"] {
        fs::create_dir_all(names.path().join(format!("l/build/{id}/owner"))).expect("room");
        fs::write(names.path().join(format!("l/build/{id}/owner/{id}")), "").expect("room");
    }
    table(&names, "check_lock.sh", &[("./judge lock l ann", 0, ""), ("./judge unlock l ann", 0, "")]);
    assert_eq!(names.entries("l/build"), ["live", "unknown"]);
}

#[test]
fn grace_lock_waits_before_it_asks() {
    let names = Names::new();
    names.write_script("judge", "echo \"$1\" >> asked; case $1 in ann) exit 0 ;; una) exit 20 ;; *) exit 1 ;; esac");
    let asked = || fs::read_to_string(names.path().join("asked")).unwrap_or_default();
    table(
        &names,
        "grace_lock.sh",
        &[
            ("", 10, ""),
            ("./judge", 10, ""),
            ("--grace-seconds x ./judge lock l ann", 10, ""),
            ("lock_nocheck l ann", 0, ""),
            ("owner l", 0, "ann"),
            ("is_mine l ann", 0, ""),
            ("fast_lock l bob", 1, ""),
            ("--grace-seconds 600 ./judge lock l bob", 1, ""),
            ("./judge lock l bob 600", 1, ""),
            ("./judge --grace-seconds 600 lock l bob", 1, ""),
        ],
    );
    assert_eq!((asked(), names.entries("l/in_use")), (String::new(), vec!["ann".to_owned()]));
    // A directory that is older than the grace.
    let noticed = fs::File::open(names.path().join("l/in_use/ann")).expect("a directory");
    noticed.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(700)).expect("my directory");
    table(
        &names,
        "grace_lock.sh",
        &[
            ("--grace-seconds 1 ./judge lock l bob", 0, ""),
            ("owner l", 0, "bob"),
            ("./judge lock_check l cat", 1, ""),
            ("./judge unlock l bob", 0, ""),
            ("lock_nocheck l ann", 0, ""),
            ("./judge lock_check l bob", 0, ""),
            ("./judge lock_check l bob", 20, ""),
            ("./judge unlock l bob 5", 0, ""),
            ("./judge unlock l bob", 1, ""),
            ("lock_nocheck l una", 0, ""),
            ("./judge lock_check l bob", 1, ""),
        ],
    );
    assert_eq!(asked(), "ann\nbob\nann\nuna\n");
    assert_eq!(names.entries("l"), ["owner"], "who is not in use any more is forgotten");
}

#[test]
fn hostpid_lock_joins_an_id_helper_and_a_checker() {
    let names = Names::new();
    let helper = "[ \"$1\" = --on-check-fail ] && { echo \"$@\" >> asked; exit 10; }
case $1 in
    uid) case $2 in x) exit 1 ;; *) echo \"u-$2\" ;; esac ;;
    pid) echo \"${2#u-}\" ;;
    hostid) echo host ;;
    is_host_compatible) [ \"$2\" = host ] ;;
    is_stale) [ \"$2\" = u-1 ] ;;
esac";
    names.write_script("helper", helper);
    names.write_script("judge", "echo \"$@\" >> asked; exit 2");
    let asked = || fs::read_to_string(names.path().join("asked")).unwrap_or_default();
    table(
        &names,
        "hostpid_lock.sh",
        &[
            ("", 10, ""),
            ("lock l 1", 10, ""),
            ("--idhelper ./helper steal l 1", 10, ""),
            ("--idhelper ./helper lock l x", 20, ""),
            ("--idhelper ./helper lock l 1", 0, ""),
            ("owner l", 0, "u-1"),
            ("--idhelper ./helper owner_pid l", 0, "1"),
            ("--idhelper ./helper owner_hostid l", 0, "host"),
            ("--idhelper ./helper is_mine l 1", 0, ""),
            ("--idhelper ./helper is_mine l 2", 1, ""),
            ("--idhelper ./helper lock l 2", 1, ""),
            ("--idhelper ./helper lock_check l 2", 0, ""),
            ("--idhelper ./helper is_host_compatible host", 0, ""),
            ("--idhelper ./helper is_host_compatible other", 20, ""),
        ],
    );
    assert_eq!(asked(), "");
    table(
        &names,
        "hostpid_lock.sh",
        &[
            ("--idhelper ./helper --on-check-fail tell --on-check-fail me lock_check l 3", 1, ""),
            ("--idhelper ./helper --checker ./judge --checker a lock_check l 3", 1, ""),
            ("--idhelper ./helper unlock l 2", 0, ""),
            ("--idhelper ./helper owner_pid l", 1, ""),
        ],
    );
    let told = "--on-check-fail tell --on-check-fail me --on-check-fail l is_stale u-2\n";
    assert_eq!(asked(), format!("{told}a is_stale u-2\n"));
}

#[test]
fn local_id_and_lock_local() {
    let names = Names::new();
    let (one, mut two) = (Sleeper::start(), Sleeper::start());
    let uid = |of: &Sleeper| names.run("local_id.sh", ["uid", &of.pid()]).1.trim_end().to_owned();
    let (first, second) = (uid(&one), uid(&two));
    let (pid1, pid2) = (one.pid(), two.pid());
    assert!(first.starts_with(&format!("{pid1}:")) && first.split(':').count() == 3, "{first}");
    table(
        &names,
        "local_id.sh",
        &[
            ("", 10, ""),
            ("uid", 10, ""),
            ("uid 2147483647", 1, ""),
            ("uid bob", 20, ""),
            (&format!("pid {first}"), 0, &pid1),
            (&format!("is_stale {first}"), 1, ""),
            (&format!("is_stale {first}1"), 13, ""),
            (&format!("is_valid_uid {first}"), 0, ""),
            ("is_valid_uid bob", 1, ""),
            ("is_stale bob", 20, ""),
            (&format!("is_stale {pid1}:1:1"), 0, ""),
        ],
    );
    table(
        &names,
        "lock_local.sh",
        &[
            ("", 10, ""),
            ("steal l 1", 10, ""),
            (&format!("lock l {pid1}"), 0, ""),
            ("owner l", 0, &first),
            ("owner_nocheck l", 0, &first),
            ("owner_pid l", 0, &pid1),
            (&format!("is_mine l {pid1}"), 0, ""),
            (&format!("is_mine l {pid2}"), 1, ""),
            (&format!("lock l {pid1}"), 20, ""),
            (&format!("lock l {pid2}"), 1, ""),
            (&format!("fast_lock l {pid2}"), 1, ""),
            (&format!("unlock l {pid1}"), 0, ""),
            ("owner_pid l", 1, ""),
            (&format!("lock l {pid2}"), 0, ""),
        ],
    );
    two.kill();
    table(
        &names,
        "local_id.sh",
        &[(&format!("is_stale {second}"), 0, ""), (&format!("pid {second}"), 1, ""), (&format!("uid {pid2}"), 1, "")],
    );
    table(
        &names,
        "lock_local.sh",
        &[
            (&format!("lock_nocheck l {pid1}"), 1, ""),
            ("owner_nocheck l", 0, &second),
            ("owner_pid_nocheck l", 0, &pid2),
            (&format!("lock l {pid1}"), 0, ""),
            (&format!("unlock l {first}"), 0, ""),
            (&format!("lock l {pid2}"), 20, ""),
        ],
    );
    assert!(!names.path().join("l").exists());
}

#[test]
fn semaphore_over_the_local_locker() {
    let names = Names::new();
    let (one, two, three) = (Sleeper::start(), Sleeper::start(), Sleeper::start());
    let uid = |of: &Sleeper| names.run("local_id.sh", ["uid", &of.pid()]).1.trim_end().to_owned();
    let (pid1, pid2, pid3) = (one.pid(), two.pid(), three.pid());
    table(
        &names,
        "semaphore.sh",
        &[
            ("", 10, ""),
            ("-l", 10, ""),
            ("-l acquire s", 10, ""),
            (&format!("-l acquire s 0 {pid1}"), 10, ""),
            ("-l acquire s 1", 10, ""),
            ("-l owners s", 0, ""),
            (&format!("-l release s {pid1}"), 19, ""),
            (&format!("-l slot s {pid1}"), 0, ""),
            (&format!("--local acquire s 1 {pid1}"), 0, ""),
            (&format!("-l slot s {pid1}"), 0, "1"),
            ("-l owner s 1", 0, &uid(&one)),
            ("-l owner s 2", 0, ""),
            (&format!("-l acquire s 1 {pid1}"), 20, ""),
            (&format!("-l acquire s 1 {pid2}"), 1, ""),
            (&format!("-l fast_acquire s 1 {pid2}"), 1, ""),
            (&format!("-l fast_acquire s 2 {pid2}"), 0, ""),
            ("-l owners s", 0, &format!("{} {}", uid(&one), uid(&two))),
            (&format!("-l acquire_slot s 2 {pid3}"), 1, ""),
            (&format!("-l acquire_slot s 3 {pid3}"), 0, ""),
            (&format!("-l release s {pid3}"), 0, ""),
            (&format!("-l release s {pid1}"), 0, ""),
            (&format!("-l release s {pid2}"), 0, ""),
            (&format!("-l steal s {pid2}"), 10, ""),
        ],
    );
    assert!(!names.path().join("s").exists());
}

#[test]
fn semaphore_over_a_command() {
    let names = Names::new();
    let fast = names.script("fast_lock.sh").display().to_string();
    names.write_script(
        "locker",
        &format!("case $2 in fast_lock) a=lock ;; *) a=$2 ;; esac; shift 2; exec {fast} $a \"$@\""),
    );
    names.write_script("broken", "exit 12");
    table(
        &names,
        "semaphore.sh",
        &[
            ("./locker acquire s 1 ann", 10, ""),
            ("./locker -a x acquire s 1 ann", 0, ""),
            ("./locker --locker-arg x owners s", 0, "ann"),
            ("./locker -a x slot s ann", 0, "1"),
            ("./locker -a x acquire s 1 ann", 20, ""),
            ("./locker -a x acquire s 1 bob", 1, ""),
            ("./locker -a x acquire s 2 bob", 0, ""),
            ("./locker -a x slot s bob", 0, "2"),
            ("./locker -a x release s eve", 19, ""),
            ("./locker -a x release s ann", 0, ""),
            ("./locker -a x owners s", 0, "bob"),
            ("./locker -a x release s bob", 0, ""),
        ],
    );
    assert!(!names.path().join("s").exists());
    assert_eq!(names.run("semaphore.sh", ["./broken", "acquire", "s", "3", "ann"]), (12, String::new()));
}

#[test]
fn the_names_are_laid_out_as_the_lockers_are_and_nothing_is_overwritten() {
    let names = Names::new();
    let top = ["k8s_id", "local_id", "lock_k8s", "lock_local", "lock_ssh", "semaphore", "semaphore_ssh", "ssh_id"];
    let lib = ["check_lock", "fast_lock", "grace_lock", "hostpid_lock"];
    let mut due: Vec<_> = top.iter().map(|name| format!("{name}.sh")).collect();
    due.push("lib".to_owned());
    due.sort();
    assert_eq!(names.entries("bin"), due);
    assert_eq!(names.entries("bin/lib"), lib.map(|name| format!("{name}.sh")));
    let install = |dir: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lockwright"));
        command.args(["lockers", "install"]).arg(names.path().join(dir)).output().expect("a process")
    };
    assert!(install("bin").status.success(), "again");
    fs::create_dir(names.path().join("other")).expect("room");
    fs::write(names.path().join("other/ssh_id.sh"), "mine").expect("room");
    let refused = install("other");
    assert_eq!(refused.status.code(), Some(73));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("ssh_id.sh: something else stands there"));
    assert_eq!(names.entries("other"), ["ssh_id.sh"]);
    // Also without the suffix.
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lockwright"), names.path().join("fast_lock")).expect("room");
    let output = std::process::Command::new(names.path().join("fast_lock")).output().expect("a process");
    assert_eq!(output.status.code(), Some(10));
}
