//! `run` under a lock of the default kind: what it is told, waits for, leaves and refuses.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use lockwright_kernel::{
    fs::Fs,
    path::{Name, Path as At},
};
use lockwright_nfs::{
    NfsFs,
    serve::{Fault, Plan, Server},
};

use crate::support::{code, empty_dir, lockwright, out, refusal};

fn serve(plan: Plan) -> (Server, String) {
    let server = Server::start("127.0.0.1:0", plan).expect("a port is free");
    let lock = format!("{}job.lock", server.address());
    (server, lock)
}

fn names(server: &Server, dir: &str) -> Vec<String> {
    let fs = NfsFs::open(server.address()).expect("it is served");
    let dir: At = dir.parse().expect("a path");
    fs.list(&dir).unwrap_or_default().iter().map(Name::to_string).collect()
}

/// A `run` whose command has begun, and says so.
fn holder(lock: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.args(["run", lock, "--", "sh", "-c", "echo in; exec cat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is there");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it can be read");
    assert_eq!(line, "in\n");
    child
}

#[test]
fn a_command_runs_under_the_lock_and_leaves_nothing() {
    let (dir, (server, lock)) = (empty_dir(), serve(Plan::none()));
    let asks = "\"$1\" owner \"$LOCKWRIGHT_LOCK\"; echo \"$LOCKWRIGHT_ID\"; exit 7";
    let binary = env!("CARGO_BIN_EXE_lockwright");
    let output = lockwright(dir.path(), &["run", &lock, "--", "sh", "-c", asks, "sh", binary]);
    assert_eq!(code(&output), 7, "{output:?}");
    let told = out(&output);
    let (owner, id) = told.trim_end().split_once('\n').expect("two lines");
    assert_eq!(owner, id);
    assert_eq!(code(&lockwright(dir.path(), &["owner", &lock])), 1);
    assert_eq!(names(&server, ""), [""; 0]);
}

#[test]
fn a_lock_that_is_held_is_waited_for_or_not() {
    let (dir, (_server, lock)) = (empty_dir(), serve(Plan::none()));
    let mut first = holder(&lock);
    for more in [&["--nonblock"][..], &["--wait", "0.2"]] {
        let output = lockwright(dir.path(), &[&["run"], more, &[&lock, "true"]].concat());
        assert_eq!(code(&output), 75);
        assert!(refusal(&output).contains(&format!("held by pid {}", first.id())), "{output:?}");
    }
    let mut second = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    let mut second = second.args(["run", &lock, "true"]).spawn().expect("it is there");
    drop(first.stdin.take());
    assert!(first.wait().expect("mine").success());
    assert!(second.wait().expect("mine").success(), "it was waiting, or came later");
}

#[test]
fn the_lock_of_a_killed_holder_goes_to_the_next() {
    let (dir, (server, lock)) = (empty_dir(), serve(Plan::none()));
    let mut first = holder(&lock);
    first.kill().expect("mine");
    first.wait().expect("mine");
    let output = lockwright(dir.path(), &["run", "--wait", "60", &lock, "true"]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(names(&server, ""), [""; 0]);
}

#[test]
fn a_command_whose_lock_is_taken_away_is_stopped() {
    let (server, lock) = serve(Plan::none());
    let mut first = holder(&lock);
    let [id] = &names(&server, "job.lock/owner")[..] else { panic!("one owner") };
    let fs = NfsFs::open(server.address()).expect("it is served");
    fs.remove_file(&format!("job.lock/owner/{id}").parse().expect("a path")).expect("it is there");
    assert_eq!(first.wait().expect("mine").code(), Some(81));
}

#[test]
fn what_there_is_not_over_nfs_is_refused() {
    let (dir, (server, lock)) = (empty_dir(), serve(Plan::none()));
    for (args, wanted, word) in [
        (&["run", "--kind", "bid", &lock, "true"][..], 82, "kind bid"),
        (&["run", "--fence", &lock, "true"], 64, "--fence"),
        (&["run", "--kind", "queue", "--cut", "--reason", "now", &lock, "true"], 64, "--cut"),
        (&["run", "nfs://localhost", "true"], 64, "path is missing"),
        (&["explain", &lock], 64, "only `run`, `status` and `owner`"),
        (&["lock", &lock], 64, "only `run`, `status` and `owner`"),
    ] {
        let output = lockwright(dir.path(), args);
        assert_eq!(code(&output), wanted, "{args:?}: {output:?}");
        assert!(refusal(&output).contains(word), "{output:?}");
    }
    let gone = format!("{}no/such/job.lock", server.address());
    assert_eq!(code(&lockwright(dir.path(), &["run", &gone, "true"])), 73);
}

/// Adds one to the number in a file, without a care for others.
const ADD_ONE: &str = "read n < count; echo $((n + 1)) > count";

fn add(dir: &Path, lock: &str, times: usize) {
    for _ in 0..times {
        let output = lockwright(dir, &["run", lock, "--", "sh", "-c", ADD_ONE]);
        assert_eq!(code(&output), 0, "{output:?}");
    }
}

#[test]
fn commands_exclude_each_other_where_replies_are_lost_and_executed_twice() {
    let plan = Plan::none().seeded(4).without_replies().with(Fault::LoseReply, 20).with(Fault::LoseCall, 20);
    let (dir, (server, lock)) = (empty_dir(), serve(plan.with(Fault::CutReply, 20)));
    fs::write(dir.path().join("count"), "0\n").expect("room");
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| add(dir.path(), &lock, 6));
        }
    });
    assert_eq!(fs::read_to_string(dir.path().join("count")).expect("it is there"), "24\n");
    assert!(server.figures().faults > 50, "{:?}", server.figures());
    // What a lost reply left of a try is of the dead, and is swept one by one.
    add(dir.path(), &lock, 6);
    assert_eq!(names(&server, ""), [""; 0], "{:?}", names(&server, "job.lock/build"));
}
