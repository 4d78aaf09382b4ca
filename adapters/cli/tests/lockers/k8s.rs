//! `k8s_id.sh` and `lock_k8s.sh`, with a `kubectl` that answers from files and looks into "pods" on this host.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use crate::names::{Did, Names, Sleeper, did};

/// Answers what the scripts ask. `pod` holds the uid of the pod, `node` the state of the node; who is not there has no
/// file. A heartbeat is a new one each time. With `down` no request is answered, and with `cut` a pod says but little.
const KUBECTL: &str = r#"echo "$*" >> asked
[ -e down ] && exit 1
case "$*" in
    *' pod web-0 '*) [ -e pod ] && cat pod ;;
    'get node n1 '*) [ -e node ] && { echo x >> beats ; echo "$(cat node) $(wc -l < beats)" ; } ;;
    *' exec web-0 -- '*)
        while [ "$1" != -- ] ; do shift ; done
        shift
        if [ -e cut ] ; then "$@" | head -n 3 ; else "$@" ; fi ;;
    *) exit 9 ;;
esac
exit 0"#;

const POD: [(&str, &str); 4] =
    [("POD_NODE", "n1"), ("POD_NAMESPACE", "default"), ("POD_NAME", "web-0"), ("POD_UID", "0b5c-9b6e")];

fn cluster() -> Names {
    let names = Names::new();
    names.write_script("bin/kubectl", KUBECTL);
    fs::write(names.path().join("pod"), "0b5c-9b6e").expect("room");
    fs::write(names.path().join("node"), "True").expect("room");
    names
}

fn run(names: &Names, script: &str, args: &[&str]) -> Did {
    did(&names.command(script, args).envs(POD).output().expect("a process"))
}

fn uid(names: &Names, pid: &str) -> String {
    let (code, uid) = run(names, "k8s_id.sh", &["uid", pid]);
    assert_eq!(code, 0);
    uid.trim_end().to_owned()
}

/// A process that has ended and was not waited for.
fn zombie() -> Child {
    let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a process");
    child.kill().expect("a child");
    let stat = || fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it is there until it is waited for");
    while !stat().contains(") Z ") {
        std::thread::yield_now();
    }
    child
}

#[test]
fn each_verdict_has_its_code() {
    let names = cluster();
    let mut process = Sleeper::start();
    let id = uid(&names, &process.pid());
    assert!(id.starts_with(&format!("n1+default+web-0+0b5c-9b6e:{}:", process.pid())), "{id}");
    let is_stale = |id: &str| run(&names, "k8s_id.sh", &["is_stale", id]).0;
    let other_uid = id.replacen("0b5c-9b6e", "ffff", 1);
    assert_eq!(is_stale(&id), 1);
    assert_eq!(is_stale(&id.replacen(':', ":1", 1)), 0, "no such process");
    assert_eq!((is_stale("malformed"), is_stale("")), (20, 127));
    assert_eq!(is_stale(&other_uid), 0, "another uid has the name, and the node reports");
    fs::write(names.path().join("node"), "Unknown").expect("room");
    assert_eq!((is_stale(&other_uid), is_stale(&id)), (13, 1), "the node does not report");
    fs::remove_file(names.path().join("node")).expect("a file");
    assert_eq!(is_stale(&other_uid), 13, "the node is gone");
    fs::write(names.path().join("cut"), "").expect("room");
    assert_eq!(is_stale(&id), 13, "the answer is cut short");
    fs::remove_file(names.path().join("cut")).expect("a file");
    let mut ended = zombie();
    let start = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is there");
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        fields.split(' ').nth(19).expect("the start").to_owned()
    };
    let [place, _, _, btime] = id.split(':').collect::<Vec<_>>()[..] else { panic!("{id}") };
    assert_eq!(is_stale(&format!("{place}:{}:{}:{btime}", ended.id(), start(ended.id()))), 0, "a zombie");
    ended.wait().expect("a child");
    process.kill();
    assert_eq!(is_stale(&id), 0);
    fs::write(names.path().join("down"), "").expect("room");
    assert_eq!(is_stale(&id), 10, "the cluster does not answer");
    fs::remove_file(names.path().join("down")).expect("a file");
    fs::remove_file(names.path().join("pod")).expect("a file");
    assert_eq!(is_stale(&id), 13, "the pod is gone, and its node too");
    fs::write(names.path().join("node"), "True").expect("room");
    assert_eq!(is_stale(&id), 0, "the pod is gone, and its node reports");
}

#[test]
fn the_other_actions() {
    let names = cluster();
    let process = Sleeper::start();
    let id = uid(&names, &process.pid());
    assert_eq!(run(&names, "k8s_id.sh", &["pid", &id]), (0, format!("{}\n", process.pid())));
    assert_eq!(run(&names, "k8s_id.sh", &["hostid", &id]), (0, "n1+default+web-0+0b5c-9b6e\n".to_owned()));
    assert_eq!(run(&names, "k8s_id.sh", &["is_valid_uid", &id]).0, 0);
    assert_eq!(run(&names, "k8s_id.sh", &["is_valid_uid", "a:1:2:3"]).0, 1);
    assert_eq!(run(&names, "lock_k8s.sh", &["is_host_compatible"]).0, 0);
    assert_eq!(names.run("lock_k8s.sh", ["is_host_compatible"]).0, 30);
    assert_eq!(names.run("k8s_id.sh", ["uid", &process.pid()]).0, 30);
    assert_eq!(run(&names, "k8s_id.sh", &["uid", "2147483647"]).0, 1);
    assert_eq!(run(&names, "k8s_id.sh", &["uid"]).0, 10);
}

#[test]
fn the_lock_of_a_killed_holder_is_recovered_and_of_one_on_a_silent_node_is_not() {
    let names = cluster();
    let (mut holder, next) = (Sleeper::start(), Sleeper::start());
    let id = uid(&names, &holder.pid());
    let lock = |args: &[&str]| run(&names, "lock_k8s.sh", args);
    assert_eq!(lock(&["lock", "l", &holder.pid()]).0, 0);
    assert_eq!(lock(&["owner", "l"]), (0, format!("{id}\n")));
    assert_eq!(lock(&["lock_check", "l", &next.pid()]).0, 1);
    holder.kill();
    fs::remove_file(names.path().join("pod")).expect("a file");
    fs::write(names.path().join("node"), "Unknown").expect("room");
    assert_eq!(lock(&["lock_check", "l", &next.pid()]).0, 1);
    fs::write(names.path().join("pod"), "0b5c-9b6e").expect("room");
    assert_eq!(lock(&["lock_check", "l", &next.pid()]).0, 0);
    assert_eq!(lock(&["unlock", "l", &next.pid()]).0, 0);
    assert!(!names.path().join("l").exists());
}
