//! Another kind of lock at the same address.

use lockwright_kernel::fs::Fs;

use crate::{
    stage::{LAYOUTS, Stage, end},
    support::{code, out, refusal},
};

#[test]
fn another_kind_is_refused_and_takes_nothing_away() {
    for one in LAYOUTS {
        let stage = Stage::new();
        let holder = stage.holder(one);
        for other in LAYOUTS.into_iter().filter(|other| *other != one) {
            let output = stage.run(&["--kind", other], "touch ran");
            assert_eq!(code(&output), 78, "{other} under {one}: {output:?}");
            let stands = if one == "rw-write" { "rw" } else { one };
            let told = refusal(&output);
            assert!(told.contains(&format!("of kind {stands} stands there")) && told.contains(other), "{told}");
            assert_eq!(code(&stage.lockwright(&["status", "--kind", other, &stage.lock])), 78);
        }
        assert_eq!(stage.status().0, 1, "{one}");
        end(holder);
        assert!(stage.is_clean() && !stage.dir.path().join("ran").exists(), "{one}");
    }
}

#[test]
fn what_the_dead_have_left_of_another_kind_is_removed() {
    for (one, other) in LAYOUTS.into_iter().zip(LAYOUTS.into_iter().cycle().skip(1)) {
        let stage = Stage::new();
        stage.holder(one).kill_and_drain();
        let output = stage.run(&["--kind", other], "echo in");
        assert_eq!((code(&output), out(&output).as_str()), (0, "in\n"), "{other} after {one}: {output:?}");
        assert!(stage.is_clean(), "{other} after {one}");
    }
}

/// As a late copy of its making leaves it.
#[test]
fn the_empty_home_of_another_kind_keeps_nobody_out() {
    for kind in LAYOUTS {
        let stage = Stage::new();
        for dir in ["job.lock", "job.lock/owner", "job.lock/owner/fair-sem=7"] {
            stage.fs().create_dir(&dir.parse().expect("a path")).expect("room");
        }
        assert_eq!(stage.status().0, 0);
        assert_eq!(code(&stage.run(&["--kind", kind], "true")), 0, "{kind}");
        assert!(stage.is_clean(), "{kind}");
    }
}

#[test]
fn the_bids_of_a_lock_folder_keep_every_kind_out() {
    let stage = Stage::new();
    stage.fs().create_dir(&"job.lock".parse().expect("a path")).expect("room");
    let bid = "job.lock/0f8fad5b-d9cb-469f-a165-70867728950e.json".parse().expect("a path");
    stage.fs().create_file(&bid, b"{\"PID\": 1, \"CREATED\": 1}").expect("room");
    for kind in LAYOUTS {
        let output = stage.run(&["--kind", kind], "true");
        assert_eq!(code(&output), 78, "{kind}");
        assert!(refusal(&output).contains("of kind bid stands there"), "{output:?}");
    }
    for command in ["status", "owner"] {
        assert_eq!(code(&stage.lockwright(&[command, &stage.lock])), 78, "{command}");
    }
}
