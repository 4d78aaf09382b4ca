//! Commands that wait for each other in a circle: one of them is told so, and the others go on.

use std::fs;

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::support::{Dir, Process, entries};

const ME: &str = env!("CARGO_BIN_EXE_lockwright");

/// A command that holds the first lock and, once it is sent a line, wants the others inside of it, one in the other. It prints
/// `in` before, and `all` when it has all of them.
fn nest(dir: &Dir, locks: &[&str], options: &str) -> Process {
    let innermost = "echo all".to_owned();
    let inner = locks[1..].iter().rev().fold(innermost, |inner, lock| {
        format!("{ME} run -q {options} {lock} -- sh -c '{}'", inner.replace('\'', "'\\''"))
    });
    let script = format!(
        "{ME} run {options} {} -- sh -c '{}'",
        locks[0],
        format!("echo in; read x; {inner}").replace('\'', "'\\''")
    );
    let mut process = Process::start(dir.shell(&script));
    assert_eq!(process.line(), "in");
    process
}

/// Lets them all go for the next lock, and takes in that exactly one is refused and the others get through. Gives what the one
/// was told.
fn resolves(dir: &Dir, mut processes: Vec<Process>) -> String {
    for process in &mut processes {
        process.send("go\n");
    }
    let mut complaints = Vec::new();
    for mut process in processes {
        // The one that is refused prints nothing more.
        match process.line().as_str() {
            "all" => assert_eq!(process.code(), 0),
            "" => {
                assert_eq!(process.code(), 83);
                complaints.push(std::iter::repeat_with(|| process.complaint()).take(12).collect::<Vec<_>>().join("\n"));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(dir.entries().iter().all(|entry| !entry.contains('.')), "{:?}", dir.entries());
    complaints.remove(0)
}

#[test]
fn exit_code_83_of_two_that_wait_for_each_other_one_is_told_so_and_the_other_gets_both() {
    for kind in ["fast", "bid", "queue", "rw-write", "sem=1", "fair-sem=1"] {
        let dir = Dir::new();
        let processes = vec![
            nest(&dir, &["x", "y"], &format!("--kind {kind}")),
            nest(&dir, &["y", "x"], &format!("--kind {kind}")),
        ];
        let complaint = resolves(&dir, processes);
        let [x, y] = ["x", "y"].map(|name| dir.path().join(name).canonicalize().unwrap_or(dir.path().join(name)));
        assert!(
            complaint.contains(": a deadlock: those who hold it wait for this command; the command was not run\n"),
            "{complaint}"
        );
        for path in [x, y] {
            assert!(complaint.contains(path.to_str().expect("UTF-8")), "{complaint}");
        }
        assert!(complaint.contains("circle   ") && complaint.contains("--also"), "{complaint}");
    }
}

/// What nobody waits for makes no deadlock, and a command can say so of what it leaves in the background.
#[test]
fn what_is_started_as_if_no_lock_were_held_around_it_waits_for_as_long_as_it_takes() {
    for (env, is_told) in [("", true), ("env -u LOCKWRIGHT_HELD -u LOCKWRIGHT_HELD_AT", false)] {
        let dir = Dir::new();
        let script = format!("echo in; read a; {env} {ME} run y -- echo y & read b");
        let mut one = Process::start(dir.command(&["run", "x", "--", "sh", "-c", &script]));
        assert_eq!(one.line(), "in");
        let mut other = nest(&dir, &["y", "x"], "");
        other.send("go\n");
        while !dir.path().join("y.waits").exists() {}
        one.send("go\n");
        let told = one.complaint();
        assert_eq!(told.contains("a deadlock"), is_told, "{told}");
        assert_eq!(told.contains("waiting for y"), !is_told, "{told}");
        one.send("end\n");
        assert_eq!((one.code(), other.line(), other.code()), (0, "all".into(), 0));
        assert_eq!(one.line(), if is_told { "" } else { "y" });
        assert_eq!(one.line(), "", "it has ended as well");
        assert_eq!(dir.entries(), [""; 0]);
    }
}

#[test]
fn of_three_in_a_circle_one_is_told_so() {
    let dir = Dir::new();
    let processes = [["x", "y"], ["y", "z"], ["z", "x"]].map(|locks| nest(&dir, &locks, "")).into();
    let complaint = resolves(&dir, processes);
    assert_eq!(complaint.matches(" around it, and waits for ").count(), 2, "{complaint}");
}

#[test]
fn a_circle_through_several_locks_and_several_at_once_is_seen() {
    let dir = Dir::new();
    // In the order of the paths; the other one holds the last of them.
    let mut other = nest(&dir, &["z", "x", "a"], "");
    let mut several = Process::start(dir.command(&["run", "a", "--also", "z", "--", "sh", "-c", "echo all"]));
    assert!(several.complaint().contains("waiting for z"));
    other.send("go\n");
    // It waits for `a`, which `several` has while it waits for `z`.
    let both = [several.line(), other.line()];
    let codes = [several.code(), other.code()];
    assert!(
        (both == ["all", ""] && codes == [0, 83]) || (both == ["", "all"] && codes == [83, 0]),
        "{both:?} {codes:?}"
    );
}

/// Holds a slot of `s`, or `x`, and then wants the other.
fn takes_turns(dir: &Dir, first: &str, then: &str) -> Process {
    let script = format!("echo in; read x; {ME} run {then} echo all");
    let mut process = Process::start(dir.shell(&format!("exec {ME} run {first} sh -c '{script}'")));
    assert_eq!(process.line(), "in");
    process
}

#[test]
fn a_semaphore_of_which_one_holder_goes_on_is_waited_for() {
    let dir = Dir::new();
    let mut holder = takes_turns(&dir, "-N 2 s", "elsewhere");
    let mut one = takes_turns(&dir, "-N 2 s", "x");
    let mut other = takes_turns(&dir, "x", "-N 2 s");
    one.send("go\n");
    assert!(one.complaint().contains("waiting for x"));
    other.send("go\n");
    assert!(other.complaint().contains("waiting for s (sem=2)"));
    holder.send("go\n");
    for process in [&mut holder, &mut other, &mut one] {
        assert_eq!((process.line(), process.code()), ("all".into(), 0));
    }
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn a_semaphore_whose_holders_all_wait_for_the_same_one_is_a_circle() {
    let dir = Dir::new();
    let mut ones = [(); 2].map(|()| takes_turns(&dir, "-N 2 s", "x"));
    let mut other = takes_turns(&dir, "x", "-N 2 s");
    for process in ones.iter_mut().chain([&mut other]) {
        process.send("go\n");
    }
    let codes = ones.iter_mut().chain([&mut other]).map(Process::code).collect::<Vec<_>>();
    assert_eq!(codes.iter().filter(|code| **code == 83).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().sum::<i32>(), 83);
    assert_eq!(dir.entries(), [""; 0]);
}

#[test]
fn what_the_killed_wrote_of_their_waits_is_no_circle_and_goes() {
    let dir = Dir::new();
    let script = format!("echo $$; read x; {ME} run y echo all");
    let mut outer = Process::start(dir.command(&["run", "x", "sh", "-c", &script]));
    let group = Pid::from_raw(outer.line().parse().expect("a number"));
    let mut holder = takes_turns(&dir, "y", "x");
    outer.send("go\n");
    assert!(outer.complaint().contains("waiting for y"));
    assert_eq!(dir.entries(), ["x", "x.waits", "y"]);
    killpg(group, Signal::SIGKILL).expect("it runs");
    outer.kill_and_drain();
    assert_eq!(dir.entries(), ["x", "x.waits", "y"]);
    holder.send("go\n");
    assert_eq!((holder.line(), holder.code()), ("all".into(), 0));
    // The next one who waits with that lock in hand sweeps.
    let mut next = takes_turns(&dir, "x", "y");
    let mut holder = takes_turns(&dir, "y", "elsewhere");
    next.send("go\n");
    assert!(next.complaint().contains("waiting for y"));
    holder.send("go\n");
    assert_eq!((holder.code(), next.code(), dir.entries()), (0, 0, vec![]));
}

#[test]
fn who_does_not_wait_is_busy_and_who_waits_for_a_while_is_told_of_the_circle_before() {
    let dir = Dir::new();
    let mut one = takes_turns(&dir, "x", "y");
    let mut other = takes_turns(&dir, "y", "-n x");
    one.send("go\n");
    assert!(one.complaint().contains("waiting for y"));
    other.send("go\n");
    assert_eq!((other.code(), one.code()), (75, 0));
    let mut one = takes_turns(&dir, "x", "-w 1h y");
    let mut other = takes_turns(&dir, "y", "-w 1h x");
    one.send("go\n");
    other.send("go\n");
    let mut codes = [one.code(), other.code()];
    codes.sort_unstable();
    assert_eq!(codes, [0, 83]);
}

#[test]
fn of_those_who_have_not_settled_the_greatest_id_gives_up() {
    for (others, gives_up) in [
        (&["0.json"][..], true),
        (&["zz.json"], false),
        (&["zz.json", "zz.looked"], true),
        (&["0.json", "zz.json", "zz.looked"], true),
    ] {
        let dir = Dir::new();
        let mut holder = takes_turns(&dir, "y", "elsewhere");
        let id = entries(&dir.path().join("y/owner")).remove(0);
        let target = dir.path().canonicalize().expect("a directory").join("x");
        fs::create_dir(dir.path().join("y.waits")).expect("room");
        for name in others {
            let text = format!("{{\"held\": \"{id}\", \"for\": \"{}\"}}", target.display());
            fs::write(dir.path().join("y.waits").join(name), text).expect("room");
        }
        let mut one = takes_turns(&dir, "x", "y");
        one.send("go\n");
        let told = one.complaint();
        if gives_up {
            assert!(told.contains("a deadlock"), "{others:?}: {told}");
            assert_eq!(one.code(), 83);
        } else {
            assert!(told.contains("waiting for y"), "{others:?}: {told}");
            holder.send("go\n");
            assert_eq!((one.line(), one.code()), ("all".into(), 0));
        }
    }
}
