//! `status` and `owner`: who has a lock, who waits, and who is dead.

use std::collections::BTreeSet;

use lockwright_kernel::{fs::Fs, path::Path};
use serde_json::{Value, json};

use crate::{
    stage::{LAYOUTS, Stage, end, pids},
    support::{code, out},
};

fn keys(value: &Value) -> BTreeSet<&String> {
    value.as_object().expect("an object").keys().collect()
}

#[test]
fn it_tells_holders_and_waiters_in_order_with_the_keys_that_it_has_at_a_path() {
    let stage = Stage::new();
    let holder = stage.holder("queue");
    let mut waiters = [2, 3].map(|number| stage.waiter("queue", "true", number));
    let (exit, told) = stage.status();
    assert_eq!((exit, &told["state"], &told["kind"]), (1, &json!("held"), &json!("queue")));
    assert_eq!((&told["lock"], &told["fence"]), (&json!(stage.lock), &Value::Null));
    assert_eq!(pids(&told, "holders"), [u64::from(holder.id())]);
    assert_eq!(pids(&told, "waiters"), waiters.each_ref().map(|waiter| u64::from(waiter.id())));
    let numbers = ["holders", "waiters"].map(|role| told[role].as_array().expect("a list").clone()).concat();
    assert_eq!(numbers.iter().map(|entry| entry["number"].clone()).collect::<Vec<_>>(), [1, 2, 3].map(Value::from));
    let text = out(&stage.lockwright(&["status", &stage.lock]));
    assert_eq!(text.matches("\nwaits ").count(), 2, "{text}");
    assert!(text.starts_with(&format!("{}: held (queue)\n", stage.lock)) && text.contains("place 3"), "{text}");
    let mut at_a_path =
        crate::process::Process::start(stage.command(&["run", "here", "--", "sh", "-c", "echo in; read x"]));
    assert_eq!(at_a_path.line(), "in");
    let there: Value = serde_json::from_slice(&stage.lockwright(&["status", "--json", "here"]).stdout).expect("JSON");
    assert_eq!(keys(&told), keys(&there));
    assert_eq!(keys(&told["holders"][0]), keys(&there["holders"][0]));
    end(at_a_path);
    end(holder);
    for waiter in &mut waiters {
        assert_eq!(waiter.code(), 0);
    }
    assert_eq!(stage.status().0, 0);
}

#[test]
fn every_kind_is_found_and_its_owners_told() {
    for kind in LAYOUTS.into_iter().chain(["rw-read"]) {
        let stage = Stage::new();
        let mut holder = stage.holder(kind);
        let (exit, told) = stage.status();
        let layout = if kind.starts_with("rw-") { "rw" } else { kind };
        assert_eq!((exit, &told["kind"]), (1, &json!(layout)), "{told}");
        let entry = &told["holders"][0];
        assert_eq!((&entry["kind"], &entry["alive"]), (&json!(kind), &json!(true)), "{told}");
        assert_eq!(entry["slot"].is_number(), kind.starts_with("sem="), "{told}");
        let owner = stage.lockwright(&["owner", &stage.lock]);
        assert_eq!((code(&owner), out(&owner).trim_end()), (0, entry["id"].as_str().expect("a text")), "{kind}");
        assert_eq!(code(&stage.lockwright(&["status", "--kind", kind, &stage.lock])), 1, "{kind}");
        holder.kill_and_drain();
        let (exit, told) = stage.status();
        assert_eq!((exit, &told["state"]), (2, &json!("stale")), "{told}");
        assert_eq!(told["stale"], json!([entry["id"]]), "{told}");
    }
}

#[test]
fn of_an_owner_on_another_host_it_cannot_be_told_whether_it_lives_and_nobody_passes_it() {
    let stage = Stage::new();
    let away = "1:1:00000000000000000000000000000001:1:elsewhere:1";
    let ticket: Path = format!("job.lock/owner/queue/00000000000000000001/{away}").parse().expect("a path");
    let mut dir = Path::root();
    for name in ticket.names() {
        dir = dir.join(name);
        stage.fs().create_dir(&dir).expect("room");
    }
    let (exit, told) = stage.status();
    assert_eq!((exit, &told["state"]), (3, &json!("unknown")), "{told}");
    assert_eq!((&told["holders"][0]["host"], &told["holders"][0]["alive"]), (&json!("elsewhere"), &Value::Null));
    assert_eq!(code(&stage.run(&["--kind", "queue", "-n"], "true")), 75);
    assert_eq!(pids(&stage.status().1, "holders"), [1]);
}
