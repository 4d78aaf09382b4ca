//! Those who wait in line: their order, and what becomes of it when one of them is killed or stopped.

use std::fs;

use nix::sys::signal::Signal;

use crate::{
    process::Process,
    stage::{Stage, end, pids},
    support::code,
};

/// Waiters of that kind, behind so many holders, each of which writes its number down when it is its turn.
fn waiters(stage: &Stage, kind: &str, holders: usize, count: usize) -> Vec<Process> {
    let scripts = (1..=count).map(|number| (number, format!("echo {number} >> order")));
    scripts.map(|(number, script)| stage.waiter(kind, &script, holders + number)).collect()
}

fn order(stage: &Stage) -> String {
    fs::read_to_string(stage.dir.path().join("order")).expect("it was written").replace('\n', " ").trim_end().to_owned()
}

#[test]
fn they_are_served_in_the_order_of_their_tickets_where_calls_come_late_and_replies_are_lost() {
    for (kind, seed) in [("queue", 11), ("rw-write", 12), ("fair-sem=1", 13)] {
        let stage = Stage::rough(seed);
        let holder = stage.holder(kind);
        let waiters = waiters(&stage, kind, 1, 4);
        end(holder);
        for mut waiter in waiters {
            assert_eq!(waiter.code(), 0, "{kind}: {}", waiter.last_complaint());
        }
        assert_eq!(order(&stage), "1 2 3 4", "{kind}");
    }
}

#[test]
fn one_that_is_killed_in_the_middle_of_the_line_is_passed() {
    for (kind, count) in [("queue", 1), ("rw-write", 1), ("fair-sem=2", 2)] {
        let stage = Stage::new();
        let holders: Vec<Process> = (0..count).map(|_| stage.holder(kind)).collect();
        let mut waiters = waiters(&stage, kind, count, 3);
        waiters[1].kill_and_drain();
        holders.into_iter().for_each(end);
        for waiter in [0, 2] {
            assert_eq!(waiters[waiter].code(), 0, "{kind}");
        }
        let mut order: Vec<String> = order(&stage).split(' ').map(str::to_owned).collect();
        if count > 1 {
            order.sort(); // They were in at once.
        }
        assert_eq!(order, ["1", "3"], "{kind}");
        assert!(stage.is_clean(), "{kind}: {:?}", stage.status());
    }
}

#[test]
fn who_does_not_wait_passes_all_the_dead_before_it() {
    let stage = Stage::new();
    let mut holder = stage.holder("queue");
    let mut waiters = waiters(&stage, "queue", 1, 2);
    waiters.iter_mut().for_each(Process::kill_and_drain);
    holder.kill_and_drain();
    assert_eq!(code(&stage.run(&["-n", "--kind", "queue"], "true")), 0);
    assert!(stage.is_clean(), "{:?}", stage.status());
}

#[test]
fn one_that_is_stopped_for_a_while_keeps_its_place() {
    let stage = Stage::new();
    let holder = stage.holder("queue");
    let mut waiter = stage.waiter("queue", "echo $LOCKWRIGHT_ID", 2);
    let id = stage.status().1["waiters"][0]["id"].clone();
    // It stops itself when it has taken the signal in.
    waiter.signal(Signal::SIGTSTP);
    waiter.stopped();
    let mut behind = stage.waiter("queue", "true", 3);
    waiter.signal(Signal::SIGCONT);
    assert_eq!(pids(&stage.status().1, "waiters"), [waiter.id(), behind.id()].map(u64::from));
    end(holder);
    assert_eq!((waiter.line(), waiter.code(), behind.code()), (id.as_str().expect("a text").to_owned(), 0, 0));
}

#[test]
fn readers_wait_for_the_writer_that_came_before_them() {
    let stage = Stage::new();
    let reader = stage.holder("rw-read");
    let mut writer = stage.waiter("rw-write", "echo w >> order", 2);
    let mut late = stage.waiter("rw-read", "echo r >> order", 3);
    assert_eq!(code(&stage.run(&["-n", "--kind", "rw-read"], "true")), 75);
    end(reader);
    assert_eq!((writer.code(), late.code()), (0, 0));
    assert_eq!(order(&stage), "w r");
    assert!(stage.is_clean());
}
