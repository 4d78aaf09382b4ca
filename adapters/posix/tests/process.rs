//! Processes as the probe sees them: odd names, the dead, zombies, groups, other namespaces.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use lockwright_kernel::{
    id::Id,
    ids::process::{Boot, Group, ProcessId},
    probe::{Liveness, Probe},
};
use lockwright_posix::{fs::PosixFs, probe::ProcProbe, process::ThisProcess};
use nix::{
    sched::{CloneFlags, unshare},
    sys::wait::{Id as WaitId, WaitPidFlag, waitid},
    unistd::{Pid, geteuid},
};

#[expect(dead_code, reason = "only what says that something was not tried")]
mod places;

/// Set for a child that is to print its own id, and what it makes of the id given here.
const JUDGE: &str = "LOCKWRIGHT_TEST_JUDGE";

fn this() -> ProcessId {
    ThisProcess::new().unwrap().fresh_id().unwrap()
}

fn probe(dir: &str) -> ProcProbe {
    ProcProbe::new(&PosixFs::open(dir).unwrap())
}

fn liveness(id: &ProcessId) -> Liveness {
    probe("/dev/shm").liveness(&Id::from(id)).unwrap()
}

/// A process that lives until it is killed, as the leader of a group of its own.
fn start(program: impl AsRef<Path>) -> Child {
    Command::new(program.as_ref()).stdin(Stdio::piped()).process_group(0).spawn().unwrap()
}

fn group_of(child: &Child) -> Group {
    ThisProcess::new().unwrap().fresh_id_with_group(child.id()).unwrap().group.unwrap()
}

fn id_of(child: &Child) -> ProcessId {
    let Group { leader, start } = group_of(child);
    ProcessId { pid: leader, start, ..this() }
}

/// Kills a child and waits for its end, but leaves the zombie.
fn make_zombie(child: &mut Child) {
    child.kill().unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    waitid(WaitId::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn this_process_is_alive_under_each_of_its_ids() {
    let (first, second) = (this(), this());
    assert_ne!(first, second);
    assert_eq!([liveness(&first), liveness(&second)], [Liveness::Alive; 2]);
    assert_eq!(first.pid, std::process::id());
    assert_ne!(first.boot, Boot::UNKNOWN);
    assert_eq!(ProcessId::try_from(&Id::from(&first)), Ok(first));
}

#[test]
fn a_number_that_went_to_another_process_is_dead() {
    let me = this();
    assert_eq!(liveness(&ProcessId { start: me.start - 1, ..me }), Liveness::Dead);
}

#[test]
fn text_that_is_no_process_is_unknown() {
    let id: Id = "4312".parse().unwrap();
    assert_eq!(probe("/dev/shm").liveness(&id), Ok(Liveness::Unknown));
}

#[test]
fn a_process_may_call_itself_what_it_likes() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a) S 1 (b", "x) Z 1", "two words", "line\nfeed) Z", "(", ")"] {
        let program = dir.path().join(name);
        // By a process of its own: one that another thread starts meanwhile would inherit the handle it writes by.
        assert!(Command::new("cp").arg("/bin/cat").arg(&program).status().unwrap().success());
        let mut child = start(&program);
        let id = id_of(&child);
        assert_eq!(liveness(&id), Liveness::Alive, "{name:?}");
        make_zombie(&mut child);
        assert_eq!(liveness(&id), Liveness::Dead, "{name:?}, a zombie");
        end(child);
        assert_eq!(liveness(&id), Liveness::Dead, "{name:?}, gone");
    }
}

#[test]
fn a_process_whose_first_thread_ended_is_alive() {
    let script = "import ctypes, os, sys, threading\n\
        threading.Thread(target=sys.stdin.read).start()\n\
        os.write(1, b'x')\n\
        ctypes.CDLL(None).pthread_exit(None)";
    let python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn();
    let Ok(mut child) = python else {
        return places::skip("a process whose first thread ended: needs python3");
    };
    let mut byte = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut byte).unwrap();
    let id = id_of(&child);
    let stat = format!("/proc/{}/stat", child.id());
    while !fs::read_to_string(&stat).unwrap().contains(") Z ") {
        std::thread::yield_now();
    }
    assert_eq!(liveness(&id), Liveness::Alive);
    end(child);
    assert_eq!(liveness(&id), Liveness::Dead);
}

#[test]
fn a_group_outlives_its_supervisor_and_its_leader() {
    // The shell leads the group; `cat` is the member that stays, until its input ends.
    let mut shell = Command::new("sh")
        .args(["-c", "exec 3<&0; cat <&3 >/dev/null & echo $!; wait"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let stdin = shell.stdin.take();
    let mut member = String::new();
    let mut lines = std::io::BufReader::new(shell.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut member).unwrap();
    let supervisor = start("/bin/cat");
    let id = ProcessId { group: Some(group_of(&shell)), ..id_of(&supervisor) };
    assert_eq!(liveness(&id), Liveness::Alive);
    end(supervisor);
    assert_eq!(liveness(&id), Liveness::Alive, "the leader lives");
    end(shell);
    assert_eq!(liveness(&id), Liveness::Alive, "a member lives");
    drop(stdin);
    let member = format!("/proc/{}", member.trim());
    while Path::new(&member).exists() && liveness(&id) != Liveness::Dead {
        std::thread::yield_now();
    }
    assert_eq!(liveness(&id), Liveness::Dead);
}

#[test]
fn a_group_of_zombies_is_dead() {
    let supervisor = start("/bin/cat");
    let mut leader = start("/bin/cat");
    let id = ProcessId { group: Some(group_of(&leader)), ..id_of(&supervisor) };
    end(supervisor);
    assert_eq!(liveness(&id), Liveness::Alive);
    make_zombie(&mut leader);
    assert_eq!(liveness(&id), Liveness::Dead);
    end(leader);
    assert_eq!(liveness(&id), Liveness::Dead, "and so is one without members");
}

#[test]
fn a_group_of_zombies_is_dead_also_while_others_are_started() {
    let supervisor = start("/bin/cat");
    let mut leader = start("/bin/cat");
    let id = ProcessId { group: Some(group_of(&leader)), ..id_of(&supervisor) };
    end(supervisor);
    make_zombie(&mut leader);
    let over = AtomicBool::new(false);
    let verdicts = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                end(start("/bin/cat"));
            }
        });
        let verdicts: Vec<_> = (0..200).map(|_| liveness(&id)).collect();
        over.store(true, Ordering::Relaxed);
        verdicts
    });
    end(leader);
    assert_eq!(verdicts, [Liveness::Dead; 200]);
}

#[test]
fn who_leads_no_group_is_refused() {
    let child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().unwrap();
    let refused = ThisProcess::new().unwrap().fresh_id_with_group(child.id());
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    end(child);
}

/// Not a test of its own: what the children of the tests below do.
#[test]
fn judge() {
    if let Ok(id) = std::env::var(JUDGE) {
        let verdict = probe("/dev/shm").liveness(&id.parse().unwrap()).unwrap();
        println!("\nJUDGED {} {verdict:?}", this());
    }
}

/// Runs [`judge`] on `id` under `unshare` with `options`; its own id, and its verdict.
fn judge_under(options: &[&str], id: &ProcessId) -> Option<(ProcessId, String)> {
    let output = Command::new("unshare")
        .args(options)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "judge", "--nocapture"])
        .env(JUDGE, id.to_string())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("JUDGED "))?;
    let (own, verdict) = line.split_once(' ').unwrap();
    Some((own.parse().unwrap(), verdict.to_owned()))
}

#[test]
fn who_is_in_another_namespace_is_unknown_both_ways() {
    let gone = start("/bin/cat");
    let gone_id = id_of(&gone);
    end(gone);
    let cases: [&[&str]; 3] =
        [&["--pid", "--fork", "--mount-proc"], &["--pid", "--fork"], &["--time", "--fork", "--boottime", "100000"]];
    for options in cases {
        if !geteuid().is_root() {
            places::skip("other namespaces: only root can make them");
            continue;
        }
        for id in [this(), gone_id.clone()] {
            let Some((own, verdict)) = judge_under(options, &id) else {
                places::skip(&format!("unshare {options:?}"));
                break;
            };
            assert_eq!(verdict, "Unknown", "{options:?}, from inside");
            assert_eq!(own.boot, id.boot);
            assert_ne!(own.namespace, id.namespace, "{options:?}");
            // It has ended by now, and that cannot be seen from here either.
            assert_eq!(liveness(&own), Liveness::Unknown, "{options:?}, from outside");
        }
    }
}

#[test]
fn who_sees_the_numbers_of_another_namespace_says_nothing() {
    if !geteuid().is_root() {
        return places::skip("/proc of another namespace: only root can have it");
    }
    // /proc is that of this namespace, but the child's numbers count from 1: it asks about itself.
    let script = r#"exec "$0" --exact judge_myself --nocapture"#;
    let output = Command::new("unshare")
        .args(["--pid", "--fork", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(JUDGE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("JUDGED MYSELF Unknown, GONE Dead"), "{text}");
}

/// Not a test of its own: what the child of the test above does.
#[test]
fn judge_myself() {
    if std::env::var_os(JUDGE).is_some() {
        let me = this();
        // No process was started here but this one, and a system call is enough to see that.
        let gone = ProcessId { pid: 77, ..me.clone() };
        println!("\nJUDGED MYSELF {:?}, GONE {:?}", liveness(&me), liveness(&gone));
    }
}

#[test]
fn a_boot_id_made_up_for_a_container_is_not_believed() {
    if !geteuid().is_root() {
        return places::skip("a made-up boot id: only root can mount one");
    }
    let outside = this();
    let child = start("/bin/cat");
    let child_id = id_of(&child);
    // Seen by this thread only.
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let made_up = dir.path().join("boot_id");
    fs::write(&made_up, "00000000-0000-4000-8000-000000000001\n").unwrap();
    let mount = |arguments: &[&str]| assert!(Command::new("mount").args(arguments).status().unwrap().success());
    mount(&["--make-rprivate", "/"]);
    mount(&["--bind", made_up.to_str().unwrap(), "/proc/sys/kernel/random/boot_id"]);
    assert_eq!(fs::metadata("/proc/sys/kernel/random/boot_id").unwrap().ino(), fs::metadata(made_up).unwrap().ino());

    assert_eq!(this().boot, Boot::UNKNOWN);
    assert_eq!(liveness(&outside), Liveness::Alive, "its boot is another than the one shown here, and it lives");
    assert_eq!(probe("/proc").liveness(&Id::from(&outside)), Ok(Liveness::Unknown), "on a file system that is shared");
    end(child);
    assert_eq!(liveness(&child_id), Liveness::Dead);
}
