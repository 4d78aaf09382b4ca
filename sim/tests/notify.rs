//! Waiting to be told: what a watch notices and what not, and which order of looking and watching loses nothing.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
    watch::{Wake, Watch},
};
use lockwright_sim::{
    Limits, Replay, Report, Verdict, check,
    mutants::waiting,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Profile, Scenario},
    scenarios::{Waiters, fast_lock},
};

type Change = fn(&Replay<'_>) -> Result<(), FsError>;

/// One client that watches `p/d`, in which there is a file `x`, makes a change itself, and waits.
#[derive(Debug)]
struct Watcher(Change);

impl Protocol for Watcher {
    fn attempt(&self, _: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        world.create_dir(&path("p"))?;
        world.create_dir(&path("p/d"))?;
        world.create_file(&path("p/d/x"), b"")?;
        let watch = world.watch(&path("p/d"))?;
        (self.0)(world)?;
        assert_eq!(world.wait(watch, None, None)?, Wake::Changed);
        for left in ["p/d/x", "p/d/y", "p/y", "p/e/x", "q/d/x"] {
            world.discard_file(&path(left))?;
        }
        for left in ["p/d", "p/e", "p", "q/d", "q"] {
            world.discard_dir(&path(left))?;
        }
        Ok(Outcome { next: Phase::Idle, said: "woken" })
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec!["woken"]
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

fn explore(protocol: &dyn Protocol, clients: u8, faults: Faults) -> Report {
    let scenario = Scenario { profile: Profile::Notify, faults, ..Scenario::new("it", clients, 0) };
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

fn waits_in_vain(report: &Report) -> bool {
    match &report.verdict {
        Verdict::Violated(violation) => violation.property == Property::NobodyWaitsInVain,
        Verdict::Verified => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_promised_to_end_a_wait_does() {
    let changes: [Change; 5] = [
        |world| world.remove_file(&path("p/d/x")),
        |world| world.rename(&path("p/d/x"), &path("p/d/y")),
        |world| world.rename(&path("p/d/x"), &path("p/y")),
        |world| world.rename(&path("p/d"), &path("p/e")),
        |world| {
            // The watch stays with the directory when that is moved as a part of another.
            world.rename(&path("p"), &path("q"))?;
            world.remove_file(&path("q/d/x"))
        },
    ];
    for change in changes {
        assert_eq!(explore(&Watcher(change), 1, Faults::NONE).verdict, Verdict::Verified);
    }
}

#[test]
fn what_is_not_promised_to_end_a_wait_does_not() {
    let changes: [Change; 4] = [
        |_| Ok(()),
        |world| world.create_file(&path("p/d/y"), b""),
        |world| world.rename(&path("p"), &path("q")),
        |world| {
            world.create_file(&path("p/y"), b"")?;
            world.rename(&path("p/y"), &path("p/d/y"))
        },
    ];
    for change in changes {
        assert!(waits_in_vain(&explore(&Watcher(change), 1, Faults::NONE)));
    }
}

#[test]
fn what_a_process_was_to_be_told_of_may_be_lost_once_for_each_loss() {
    let faults = Faults { losses: 1, ..Faults::NONE };
    let once = Watcher(|world| world.remove_file(&path("p/d/x")));
    assert!(waits_in_vain(&explore(&once, 1, faults)));
}

#[test]
fn nothing_that_is_not_there_can_be_watched() {
    #[derive(Debug)]
    struct Missing;
    impl Protocol for Missing {
        fn attempt(&self, _: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
            match world.watch(&path("missing")) {
                Err(FsError::NotFound) => Ok(Outcome { next: Phase::Idle, said: "not there" }),
                other => {
                    Err(other.map_or_else(Stop::from, |_| Stop::Broken(Property::AnswersAsDocumented, "?".into())))
                }
            }
        }
        fn evidence(&self, _: &Id) -> Path {
            Path::root()
        }
        fn takes_the_lock(&self, _: usize, _: usize) -> bool {
            false
        }
        fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
            vec!["not there"]
        }
    }
    assert_eq!(explore(&Missing, 1, Faults::NONE).verdict, Verdict::Verified);
}

/// The verdict with so many crashes and losses.
fn is_verified(waiters: &Waiters, crashes: u8, losses: u8) -> bool {
    let report = explore(waiters, 2, Faults { crashes, losses, ..Faults::NONE });
    report.verdict == Verdict::Verified || !waits_in_vain(&report) && panic!("{:?}", report.verdict)
}

#[test]
fn a_watch_before_the_look_loses_nothing_and_one_after_it_does() {
    assert!(is_verified(&waiting::ONE_FILE_BLOCKING, 0, 0));
    assert!(!is_verified(&waiting::LOOK_THEN_WATCH, 0, 0));
    assert!(!is_verified(&waiting::LOOK_THEN_WATCH, 1, 0));
    assert!(is_verified(&fast_lock::BLOCKING, 0, 0));
    assert!(is_verified(&fast_lock::BLOCKING, 1, 0));
}

#[test]
fn a_release_of_the_shipped_lock_is_noticed_by_a_watch_that_comes_late() {
    assert!(is_verified(&waiting::FAST_LOCK_LOOK_THEN_WATCH, 0, 0));
    assert!(is_verified(&waiting::FAST_LOCK_LOOK_THEN_WATCH, 1, 0));
}

#[test]
fn who_waits_for_a_crashed_owner_has_to_hear_of_its_death() {
    assert!(is_verified(&waiting::DEAF_TO_DEATH, 0, 0));
    assert!(!is_verified(&waiting::DEAF_TO_DEATH, 1, 0));
}

#[test]
fn where_notices_are_lost_only_looking_again_helps() {
    assert!(!is_verified(&fast_lock::BLOCKING, 0, 1));
    assert!(is_verified(&fast_lock::POLLING, 0, 1));
    assert!(is_verified(&fast_lock::POLLING, 1, 1));
}
