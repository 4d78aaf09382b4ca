//! Commands of one kind or two at once, where calls and replies are lost, come late and again: never too many are inside, all
//! are served, and little is left.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
};

use lockwright_nfs::serve::Server;
use nix::sys::stat::Mode;

use crate::{
    ganesha::{Ganesha, MOUNT, NFS},
    stage::{LAYOUTS, Stage, end, weather},
    support::code,
};

/// How many at once.
const THREADS: u32 = 4;

/// How many in all. It is even, as those inside meet in pairs.
const RUNS: u32 = 16;

/// Adds one to the number in a file, without a care for others.
const ADD_ONE: &str = "read n < count; echo $((n + 1)) > count";

/// Who has slot 1 waits for the one in slot 2, and the other way round.
const MEET: &str = "if [ $LOCKWRIGHT_SLOT = 1 ]; then echo x > meet; else read x < meet; fi";

/// Lets runs of these kinds, by turns, do `inside`; what each wrote when it came and went.
fn storm(stage: &Stage, kinds: &[&str], inside: &str) -> Vec<String> {
    fs::write(stage.dir.path().join("count"), "0\n").expect("room");
    let script = format!("echo in $LOCKWRIGHT_MODE >> log; {inside}; echo out $LOCKWRIGHT_MODE >> log");
    let next = AtomicU32::new(0);
    thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                while let Some(number) = Some(next.fetch_add(1, Relaxed)).filter(|number| *number < RUNS) {
                    let kind = kinds[number as usize % kinds.len()];
                    let output = stage.run(&["--kind", kind], &script);
                    assert_eq!(code(&output), 0, "{kind}: {output:?}");
                }
            });
        }
    });
    assert!(stage.server.figures().faults > 50, "{:?}", stage.server.figures());
    let log = fs::read_to_string(stage.dir.path().join("log")).expect("it was written");
    let log: Vec<String> = log.lines().map(str::to_owned).collect();
    assert_eq!(log.len(), 2 * RUNS as usize);
    log
}

/// The most that were inside at once, of those whose kind begins so.
fn most(log: &[String], kind: &str) -> i32 {
    let mut inside = 0;
    let counts = log.iter().map(|line| {
        let (what, of) = line.split_once(' ').expect("two words");
        inside += if of.starts_with(kind) { if what == "in" { 1 } else { -1 } } else { 0 };
        inside
    });
    counts.max().unwrap_or_default()
}

/// What a call that came late has left is of the dead, and who comes next removes it, one by one.
fn is_swept(stage: &Stage, kind: &str) {
    stage.server.calm();
    for _ in 0..RUNS {
        assert_eq!(code(&stage.run(&["--kind", kind], "true")), 0, "{kind}");
        if stage.is_clean() {
            return;
        }
    }
    panic!("{kind}: {:?} {:?} is left", stage.names("job.lock"), stage.names("job.lock/owner"));
}

fn count(stage: &Stage) -> String {
    fs::read_to_string(stage.dir.path().join("count")).expect("it is there").trim_end().to_owned()
}

#[test]
fn one_is_inside_at_a_time_of_those_in_a_queue() {
    let stage = Stage::rough(21);
    let log = storm(&stage, &["queue"], ADD_ONE);
    assert_eq!((most(&log, ""), count(&stage)), (1, RUNS.to_string()));
    is_swept(&stage, "queue");
}

#[test]
fn two_are_inside_at_once_of_those_in_two_slots_and_never_three() {
    let stage = Stage::rough(22);
    nix::unistd::mkfifo(&stage.dir.path().join("meet"), Mode::S_IRWXU).expect("a pipe");
    assert_eq!(most(&storm(&stage, &["sem=2"], MEET), ""), 2);
    is_swept(&stage, "sem=2");
}

#[test]
fn two_are_inside_at_most_of_the_first_in_line() {
    let stage = Stage::rough(23);
    let log = storm(&stage, &["fair-sem=2"], "true");
    assert!((1..=2).contains(&most(&log, "")), "{log:?}");
    is_swept(&stage, "fair-sem=2");
}

#[test]
fn writers_are_alone() {
    let stage = Stage::rough(24);
    let log = storm(
        &stage,
        &["rw-write", "rw-read"],
        "[ $LOCKWRIGHT_MODE = rw-read ] || { read n < count; echo $((n + 1)) > count; }",
    );
    assert_eq!((most(&log, "rw-write"), count(&stage)), (1, (RUNS / 2).to_string()));
    let mut inside = 0;
    for line in &log {
        inside += if line.starts_with("in") { 1 } else { -1 };
        assert!(inside <= 1 || !line.ends_with("rw-write"), "{log:?}");
    }
    is_swept(&stage, "rw-write");
}

#[test]
fn each_kind_keeps_the_next_one_out_over_ganesha_behind_a_wire_that_loses() {
    let Some(server) = Ganesha::start() else { return };
    let stage = Stage::before(Server::before(MOUNT, NFS, &server.address.path, weather(25)).expect("a port is free"));
    for kind in LAYOUTS {
        let count = kind.split_once('=').map_or(1, |(_, count)| count.parse().expect("a number"));
        let holders: Vec<_> = (0..count).map(|_| stage.holder(kind)).collect();
        assert_eq!(stage.status().0, 1, "{kind}");
        assert_eq!(code(&stage.run(&["-n", "--kind", kind], "true")), 75, "{kind}");
        let mut next = stage.start(kind, "echo in");
        holders.into_iter().for_each(end);
        assert_eq!((next.line(), next.code()), ("in".into(), 0), "{kind}");
    }
    assert!(stage.server.figures().faults > 10, "{:?}", stage.server.figures());
    is_swept(&stage, "fast");
}
