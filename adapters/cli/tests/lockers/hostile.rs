//! Paths and ids that are hard to handle: what can be a file's name works, and what cannot is refused and leaves nothing.

use crate::names::Names;

const HARD: [&str; 7] = ["a b", " ", "-n", "--help", "two\nlines", "*", "$(touch x)"];

#[test]
fn paths_and_ids_with_spaces_line_feeds_and_dashes_work() {
    let names = Names::new();
    for path in HARD.into_iter().chain(["-d/-e f", "./-n/", "sub/../up"]) {
        if path == "sub/../up" {
            std::fs::create_dir(names.path().join("sub")).expect("room");
        }
        for id in HARD {
            let call = |action: &str| names.run("fast_lock.sh", [action, path, id]);
            assert_eq!(call("lock").0, 0, "{path:?} {id:?}");
            assert_eq!(names.run("fast_lock.sh", ["owner", path]), (0, format!("{id}\n")));
            assert_eq!((call("lock").0, call("is_mine").0), (20, 0), "{path:?} {id:?}");
            assert_eq!(names.run("fast_lock.sh", ["lock", path, "other"]).0, 1);
            assert_eq!(names.run("check_lock.sh", ["true", "lock", path, "other"]).0, 0, "a stale one is recovered");
            assert_eq!(names.run("grace_lock.sh", ["true", "lock_check", path, id]).0, 0);
            assert_eq!(call("unlock").0, 0, "{path:?} {id:?}");
        }
    }
    assert!(!names.path().join("x").exists(), "nothing was executed");
    let left: Vec<_> =
        names.entries(".").into_iter().filter(|name| name != "bin" && name != "sub" && name != "-d").collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn what_cannot_be_an_id_is_refused() {
    let names = Names::new();
    let long = "x".repeat(256);
    for id in ["", ".", "..", "../../x", "a/b", &long] {
        for action in ["lock", "unlock", "is_mine", "clean_stale_ids"] {
            assert_eq!(names.run("fast_lock.sh", [action, "l", id]).0, 10, "{action} {id:?}");
        }
        let local = names.run("local_id.sh", ["is_stale", id]).0;
        assert_eq!(local, if id.is_empty() { 127 } else { 20 }, "{id:?}");
    }
    assert_eq!(names.run("fast_lock.sh", ["lock", "", "ann"]).0, 10);
    assert_eq!(names.entries("."), ["bin"]);
}

#[test]
fn a_path_that_names_no_entry_is_the_directory_itself() {
    let names = Names::new();
    let here = names.path().join("here");
    std::fs::create_dir(&here).expect("room");
    let run = |args: &[&str]| {
        let output = names.command("fast_lock.sh", args).current_dir(&here).output().expect("a process");
        output.status.code()
    };
    assert_eq!(run(&["lock", ".", "ann"]), Some(0));
    assert_eq!(names.run("fast_lock.sh", ["owner", "here"]), (0, "ann\n".to_owned()));
    assert_eq!(names.run("fast_lock.sh", ["owner", "here/owner/.."]), (0, "ann\n".to_owned()));
    assert_eq!(run(&["unlock", "../here/.", "ann"]), Some(0));
    std::fs::create_dir_all(&here).expect("room");
    std::os::unix::fs::symlink("here", names.path().join("link")).expect("room");
    assert_eq!(names.run("fast_lock.sh", ["lock", "link", "ann"]).0, 0);
    assert_eq!(names.run("fast_lock.sh", ["owner", "here"]), (0, "ann\n".to_owned()));
}
