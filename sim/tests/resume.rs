//! A search that is broken off and resumed comes to what it comes to when it is left alone; and what was saved is
//! refused to everything else.

mod support;

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Limits, Replay, Report, ResumeError, SaveError, Saved, Session, Shard, Strategy, Verdict,
    catalogue::{self, Entry},
    check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Profile, Scenario},
};
use proptest::{
    prelude::{Just, any},
    test_runner::{Config, TestRunner},
};

use support::{ORDERED, REDUCED};

const SINGLE: Limits = Limits { partial_order: false, ..REDUCED };
const WHOLE: Limits = Limits { merge: false, ..REDUCED };

/// Small ones of all kinds: verified and violated in each way, in several worlds.
fn scenarios() -> Vec<(Entry, Scenario)> {
    let find = |name| catalogue::find(name).expect("it is in the catalogue");
    let own = |name| (find(name), find(name).scenario());
    let power = Scenario { faults: Profile::Power.default_faults(), profile: Profile::Power, ..own("fast_lock").1 };
    vec![
        (find("fast_lock"), Scenario::new("fast_lock", 2, 1)),
        (find("fast_lock+cleaner"), Scenario::new("fast_lock+cleaner", 2, 0)),
        (find("fast_lock"), power),
        own("fast_lock+waiting"),
        own("fast_lock.no_look"),
        own("fast_lock.no_recovery"),
        own("fast_lock.unlock_leaves_dirs"),
        own("dotlock.unreadable_is_stale"),
        own("lease.unfenced"),
        own("fast_lock.my_pid_is_stale"),
    ]
}

fn go_on<T>(_: T) -> ControlFlow<String> {
    ControlFlow::Continue(())
}

/// Breaks off when it is asked for the `last` time.
fn until<T>(last: usize) -> impl FnMut(T) -> ControlFlow<String> {
    let mut count = 0;
    move |_| {
        count += 1;
        if count >= last { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
    }
}

fn resume<'a>(
    protocol: &'a dyn Protocol,
    scenario: &'a Scenario,
    limits: Limits,
    file: &[u8],
) -> Result<Session<'a>, ResumeError> {
    Session::resume(protocol, scenario, limits, Saved::open(file)?)
}

fn saved(session: &mut Session<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    session.save(&mut file).expect("it is unfinished");
    file
}

/// A search of `scenario` that was broken off when it was asked for the `last` time, unless it had its verdict then.
fn broken_off(protocol: &dyn Protocol, scenario: &Scenario, limits: Limits, last: usize) -> Option<Vec<u8>> {
    let mut session = Session::new(protocol, scenario, limits).expect("it is breadth first");
    let report = session.run(&mut until(last));
    matches!(report.verdict, Verdict::Incomplete { .. }).then(|| saved(&mut session))
}

/// How many times whoever watches is asked. Once a violation is found, breaking off leaves no more than its length.
fn asked(protocol: &dyn Protocol, scenario: &Scenario, limits: Limits) -> usize {
    let mut count = 0;
    check(protocol, scenario, limits, &mut |_| count += 1);
    count
}

fn assert_same(resumed: &Report, whole: &Report, about: &str) {
    assert_eq!(resumed.verdict, whole.verdict, "{about}");
    let sizes = |report: &Report| [report.states, report.transitions, report.depth];
    assert_eq!(sizes(resumed), sizes(whole), "{about}");
    let (ours, theirs) = (&resumed.coverage, &whole.coverage);
    assert_eq!((ours.symmetric, &ours.symmetry_refused), (theirs.symmetric, &theirs.symmetry_refused), "{about}");
    assert_eq!(ours.shortest, theirs.shortest, "{about}");
}

#[test]
fn a_search_that_is_broken_off_anywhere_and_resumed_comes_to_what_it_comes_to_when_left_alone() {
    for (at, (entry, scenario)) in scenarios().into_iter().enumerate() {
        let protocol = entry.protocol();
        for means in [REDUCED, if at % 2 == 0 { ORDERED } else { SINGLE }] {
            let whole = check(protocol, &scenario, means, &mut |_| {});
            let asked = asked(protocol, &scenario, means);
            let mut cuts = 0;
            // Everywhere at the beginning, where searches are begun anew, and at the end; here and there between.
            for cut in (1..=asked).filter(|cut| *cut < 7 || cut % 13 == 0 || cut + 2 > asked) {
                let about = format!("{scenario} {means:?}, broken off at {cut} of {asked}");
                let Some(file) = broken_off(protocol, &scenario, means, cut) else { break };
                cuts += 1;
                let limits = Limits { threads: 1 + cut % 2, ..means };
                let mut session = resume(protocol, &scenario, limits, &file).expect(&about);
                let report = session.run(&mut go_on);
                assert_same(&report, &whole, &about);
                assert!(report.coverage.resumed.is_some_and(|before| before.states > 0), "{about}");
            }
            assert!(cuts > 5, "{scenario}: {cuts} of {asked}");
        }
    }
}

#[test]
fn an_unmerged_search_is_resumed_as_well() {
    for name in ["fast_lock", "fast_lock.no_look", "dotlock.empty_is_live"] {
        let entry = catalogue::find(name).expect("it is in the catalogue");
        let (protocol, scenario) = (entry.protocol(), entry.scenario());
        let whole = check(protocol, &scenario, WHOLE, &mut |_| {});
        for cut in (1..=asked(protocol, &scenario, WHOLE)).filter(|cut| cut % 5 == 1) {
            let Some(file) = broken_off(protocol, &scenario, WHOLE, cut) else { break };
            let mut session = resume(protocol, &scenario, Limits { threads: 2, ..WHOLE }, &file).expect(name);
            assert_same(&session.run(&mut go_on), &whole, name);
        }
    }
}

#[test]
fn a_search_may_be_broken_off_at_every_step_of_its_way() {
    for (entry, scenario) in scenarios().into_iter().step_by(3) {
        let protocol = entry.protocol();
        let whole = check(protocol, &scenario, REDUCED, &mut |_| {});
        let mut file = broken_off(protocol, &scenario, REDUCED, 1).expect("it is at its beginning");
        let mut rounds = 1;
        loop {
            let limits = Limits { threads: 1 + rounds % 2, ..REDUCED };
            let mut session = resume(protocol, &scenario, limits, &file).expect(entry.name);
            // It is asked when it begins, and once more.
            let report = session.run(&mut until(2));
            if !matches!(report.verdict, Verdict::Incomplete { .. }) {
                break;
            }
            let saved = saved(&mut session);
            // Of a judgement that was broken off there is nothing to be saved.
            if saved == file {
                break;
            }
            (file, rounds) = (saved, rounds + 1);
        }
        assert!(rounds > 5, "{scenario}: {rounds}");
        let mut session = resume(protocol, &scenario, REDUCED, &file).expect(entry.name);
        assert_same(&session.run(&mut go_on), &whole, &scenario.to_string());
    }
}

#[test]
fn a_search_that_came_to_a_limit_is_resumed_with_a_wider_one() {
    let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
    let (protocol, scenario) = (entry.protocol(), Scenario::new("fast_lock", 3, 0));
    let whole = check(protocol, &scenario, REDUCED, &mut |_| {});
    for threads in [1, 2] {
        for states_max in [1, 10, 500, 999, 1_000, 1_500, 2_500, 3_500, 5_000, whole.states - 1] {
            let narrow = Limits { states_max, threads, ..REDUCED };
            let mut session = Session::new(protocol, &scenario, narrow).expect("it is breadth first");
            let report = session.run(&mut go_on);
            let Verdict::Incomplete { reason, .. } = &report.verdict else { panic!("{states_max}: {report:?}") };
            assert_eq!(*reason, format!("more than {states_max} states"));
            let file = saved(&mut session);
            assert_eq!(session.run(&mut go_on), report, "it does not go on within the same limit");
            let mut session = resume(protocol, &scenario, narrow, &file).expect("it is whole");
            let again = session.run(&mut go_on);
            assert_eq!((again.states, again.verdict), (report.states, report.verdict), "nor when it is resumed");
            let mut session = resume(protocol, &scenario, REDUCED, &file).expect("it is whole");
            assert_same(&session.run(&mut go_on), &whole, &format!("{states_max} states"));
        }
    }
    for depth_max in [0, 1, 20, whole.depth - 1] {
        let narrow = Limits { depth_max, ..REDUCED };
        let mut session = Session::new(protocol, &scenario, narrow).expect("it is breadth first");
        let report = session.run(&mut go_on);
        assert!(matches!(report.verdict, Verdict::Incomplete { depth, .. } if depth == depth_max), "{report:?}");
        let mut session = resume(protocol, &scenario, REDUCED, &saved(&mut session)).expect("it is whole");
        assert_same(&session.run(&mut go_on), &whole, &format!("{depth_max} steps"));
    }
}

#[test]
fn a_session_goes_on_in_memory_too_and_is_done_when_it_is_done() {
    let entry = catalogue::find("fast_lock.sign_after_move").expect("it is in the catalogue");
    let (protocol, scenario) = (entry.protocol(), entry.scenario());
    let whole = check(protocol, &scenario, REDUCED, &mut |_| {});
    let mut session = Session::new(protocol, &scenario, REDUCED).expect("it is breadth first");
    let mut rounds = 0;
    let report = loop {
        let report = session.run(&mut until(2));
        if !matches!(report.verdict, Verdict::Incomplete { .. }) {
            break report;
        }
        rounds += 1;
    };
    assert!(rounds > 5, "{rounds}");
    assert!(matches!(report.verdict, Verdict::Violated(_)), "{report:?}");
    assert_eq!(report.coverage.resumed, None);
    assert_eq!(session.run(&mut go_on), report);
    assert!(matches!(session.save(&mut Vec::new()), Err(SaveError::Done)));
    let mut session = Session::new(protocol, &scenario, REDUCED).expect("it is breadth first");
    assert_eq!(session.run(&mut go_on), whole);
}

#[test]
fn the_same_search_is_the_same_file_on_any_number_of_threads() {
    let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
    let scenario = Scenario::new("fast_lock", 3, 1);
    let limits = Limits { states_max: 60_000, ..REDUCED };
    let file = |threads| {
        let mut session = Session::new(entry.protocol(), &scenario, Limits { threads, ..limits }).expect("bfs");
        session.run(&mut go_on);
        saved(&mut session)
    };
    let one = file(1);
    assert!(one == file(2), "the files differ");
    assert!(one.len() < 60_000 * 50, "{} bytes", one.len());
}

#[test]
fn whatever_became_of_a_file_it_is_refused() {
    let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
    let (protocol, scenario) = (entry.protocol(), Scenario::new("fast_lock", 2, 1));
    let file = broken_off(protocol, &scenario, REDUCED, 40).expect("it has more layers");
    assert!(resume(protocol, &scenario, REDUCED, &file).is_ok());
    let refused = |file: &[u8]| {
        let error = resume(protocol, &scenario, REDUCED, file).expect_err("it was altered");
        assert!(matches!(error, ResumeError::Damaged | ResumeError::Kind | ResumeError::Format(_)), "{error}");
    };
    // Each byte of what it is of, and any of the others.
    for at in 0..300 {
        let mut file = file.clone();
        file[at] ^= 1;
        refused(&file);
    }
    let altered = (0..file.len(), 1..=u8::MAX, any::<bool>(), Just(&file));
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let done = runner.run(&altered, |(at, flip, cut, file)| {
        let mut file = file.clone();
        if cut {
            file.truncate(at);
        } else {
            file[at] ^= flip;
        }
        refused(&file);
        Ok(())
    });
    done.unwrap();
    refused(&[&file[..], &[0]].concat());
    refused(b"");
    refused(b"lockwright saved search 2\n");
    refused(b"lockwright trace 1\ncode 6f1b0c9a54e07d23\n");
}

#[test]
fn a_file_is_refused_to_another_search() {
    let entry = catalogue::find("fast_lock").expect("it is in the catalogue");
    let (protocol, scenario) = (entry.protocol(), Scenario::new("fast_lock", 2, 1));
    let file = broken_off(protocol, &scenario, REDUCED, 9).expect("it has more layers");
    assert_eq!(*Saved::open(&file[..]).expect("it is whole").scenario(), scenario);
    let other = Scenario::new("fast_lock", 2, 2);
    let error = resume(protocol, &other, REDUCED, &file).expect_err("another scenario");
    assert_eq!(
        error.to_string(),
        "it is of `fast_lock clients=2 crashes=1 walk=split`, and not of `fast_lock clients=2 crashes=2 walk=split`"
    );
    for means in [ORDERED, SINGLE, WHOLE] {
        let error = resume(protocol, &scenario, means, &file).expect_err("other means");
        assert!(matches!(error, ResumeError::OtherMeans { .. }), "{error}");
    }
    let runs = Strategy::Random { seed: 1, runs: 1, steps: 1, shard: Shard::WHOLE };
    for strategy in [Strategy::Dfs, runs] {
        let limits = Limits { strategy, ..REDUCED };
        assert!(matches!(resume(protocol, &scenario, limits, &file), Err(ResumeError::Strategy(_))));
        assert!(Session::new(protocol, &scenario, limits).is_none());
    }
}

/// A lock that somebody can mend between two searches.
#[derive(Debug)]
struct Mkdir {
    looks_first: AtomicBool,
    promises: &'static [Property],
}

impl Protocol for Mkdir {
    fn attempt(&self, _: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let lock = self.evidence(&"x".parse().expect("a name"));
        if phase == Phase::Holding {
            world.remove_dir(&lock)?;
            return Ok(Outcome { next: Phase::Idle, said: "left" });
        }
        if self.looks_first.load(Ordering::Relaxed) && world.exists(&lock)? {
            return Ok(Outcome { next: Phase::Trying, said: "tries again" });
        }
        match world.create_dir(&lock) {
            Ok(()) => Ok(Outcome { next: Phase::Holding, said: "took it" }),
            Err(FsError::AlreadyExists) => Ok(Outcome { next: Phase::Trying, said: "tries again" }),
            Err(error) => Err(error.into()),
        }
    }

    fn evidence(&self, _: &Id) -> Path {
        "lock".parse().expect("a name")
    }

    fn promises(&self) -> &[Property] {
        self.promises
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec!["took it"]
    }
}

/// The code of this crate is the same, so it is by what attempts do that it is noticed.
#[test]
fn a_file_is_refused_to_a_protocol_that_does_something_else_now() {
    let protocol = Mkdir { looks_first: AtomicBool::new(false), promises: &[] };
    let scenario = Scenario::new("mkdir", 2, 0);
    let asked = asked(&protocol, &scenario, REDUCED);
    assert!(asked > 5, "{asked}");
    for cut in 1..=asked {
        let Some(file) = broken_off(&protocol, &scenario, REDUCED, cut) else { break };
        protocol.looks_first.store(true, Ordering::Relaxed);
        let error = resume(&protocol, &scenario, REDUCED, &file).expect_err("it looks first");
        assert!(matches!(error, ResumeError::Differs), "{error}");
        protocol.looks_first.store(false, Ordering::Relaxed);
    }
    let file = broken_off(&protocol, &scenario, REDUCED, asked).expect("it is verified");
    let promising = Mkdir { looks_first: AtomicBool::new(false), promises: &[Property::NoLivelock] };
    assert!(matches!(resume(&promising, &scenario, REDUCED, &file), Err(ResumeError::OtherMeans { .. })));
}

/// Who takes each step is kept where it is asked on which loops somebody starves.
#[test]
fn promises_are_judged_of_a_search_that_was_resumed() {
    for promise in [Property::NoLivelock, Property::NoStarvation] {
        let protocol =
            Mkdir { looks_first: AtomicBool::new(true), promises: std::slice::from_ref(Box::leak(Box::new(promise))) };
        let scenario = Scenario::new("mkdir", 2, 0);
        let whole = check(&protocol, &scenario, REDUCED, &mut |_| {});
        assert_eq!(matches!(whole.verdict, Verdict::Violated(_)), promise == Property::NoStarvation, "{whole:?}");
        for cut in 1..=asked(&protocol, &scenario, REDUCED) {
            let Some(file) = broken_off(&protocol, &scenario, REDUCED, cut) else { break };
            let mut session = resume(&protocol, &scenario, REDUCED, &file).expect("it is whole");
            assert_same(&session.run(&mut go_on), &whole, promise.name());
        }
    }
}
