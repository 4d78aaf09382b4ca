//! Runs that go on for ever: what is found on them, and what fairness excludes.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Fault, Limits, Need, Replay, Report, Strategy, Trace, Verdict, check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Budget, Faults, Scenario},
};

/// Two clients that raise a flag each, and go in when the other's is not up.
#[derive(Debug)]
struct Flags {
    /// What a client does that sees the other's flag.
    meeting: Meeting,
    promises: &'static [Property],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Meeting {
    /// It takes its own down, and tries again.
    Retreat,
    /// The second takes its own down and tries again, and the first waits.
    SecondRetreats,
    /// It waits for the other, unless that has said after it that it waits: Peterson's algorithm.
    Peterson,
}

const TOOK: &str = "took it";
const TRIES: &str = "tries again";

impl Protocol for Flags {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let (own, other) = (flag(client.index), flag(1 - client.index));
        let retreats = match self.meeting {
            Meeting::Retreat => true,
            Meeting::SecondRetreats => client.index == 1,
            Meeting::Peterson => false,
        };
        if phase == Phase::Holding {
            if client.index == 1 {
                world.discard_dir(&last())?;
            }
            world.remove_dir(&own)?;
            return Ok(Outcome { next: Phase::Idle, said: "left" });
        }
        if phase == Phase::Idle || retreats {
            world.create_dir(&own)?;
            if self.meeting == Meeting::Peterson {
                came_last(world, client.index)?;
            }
        }
        let is_first = self.meeting == Meeting::Peterson;
        if !world.exists(&other)? || is_first && world.exists(&last())? != (client.index == 1) {
            return Ok(Outcome { next: Phase::Holding, said: TOOK });
        }
        if retreats {
            world.remove_dir(&own)?;
        }
        Ok(Outcome { next: Phase::Trying, said: TRIES })
    }

    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }

    fn kind(&self, index: usize, _: usize) -> u8 {
        u8::from(index > 0)
    }

    fn promises(&self) -> &[Property] {
        self.promises
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec![TOOK, TRIES]
    }
}

fn flag(index: usize) -> Path {
    ["flag0", "flag1"][index].parse().expect("a name")
}

/// Stands when the second came last.
fn last() -> Path {
    "second_came_last".parse().expect("a name")
}

fn came_last(world: &Replay<'_>, index: usize) -> Result<(), Stop> {
    if index == 1 {
        return Ok(world.ensure_dir(&last())?);
    }
    Ok(world.discard_dir(&last())?)
}

const NEITHER: &[Property] = &[];
const BOTH: &[Property] = &[Property::NoLivelock, Property::NoStarvation];

fn verdict(meeting: Meeting, promises: &'static [Property]) -> Verdict {
    report(meeting, promises, Strategy::Bfs).verdict
}

fn report(meeting: Meeting, promises: &'static [Property], strategy: Strategy) -> Report {
    let limits = Limits { strategy, ..Limits::default() };
    check(&Flags { meeting, promises }, &Scenario::new("flags", 2, 0), limits, &mut |_| {})
}

fn lasso(verdict: Verdict, property: Property) -> Trace {
    match verdict {
        Verdict::Violated(violation) if violation.property == property => violation.trace.expect("a loop shows it"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mutual_retreat_is_a_livelock_and_its_loop_is_fair_and_replays() {
    let flags = Flags { meeting: Meeting::Retreat, promises: BOTH };
    let trace = lasso(verdict(Meeting::Retreat, BOTH), Property::NoLivelock);
    let round = &trace.steps[trace.loop_from.expect("it is a loop")..];
    for client in ["A1", "B1"] {
        assert!(round.iter().any(|step| step.text.starts_with(client)), "{trace}");
    }
    assert!(trace.what.contains("A takes 3 steps, B takes 3 steps"), "{}", trace.what);
    assert_eq!(trace.replay(&flags), Ok(()));
    assert_eq!(trace.to_string().parse(), Ok(trace));
}

#[test]
fn mutual_retreat_breaks_nothing_that_is_not_promised() {
    assert_eq!(verdict(Meeting::Retreat, NEITHER), Verdict::Verified);
}

/// The first waits with its flag up, and the second retreats from it again and again: each look of the first may come
/// just when the second's flag is up. A fair run owes the first a step, and no lucky one.
#[test]
fn a_client_that_looks_again_and_again_may_always_look_at_the_wrong_time() {
    for promise in BOTH {
        let trace = lasso(verdict(Meeting::SecondRetreats, std::slice::from_ref(promise)), *promise);
        assert!(trace.what.ends_with("A takes 1 steps, B takes 3 steps"), "{}", trace.what);
    }
}

/// In Peterson's algorithm a client that is not scheduled starves, and so does one whose peer stops in its critical
/// section. Neither is fair.
#[test]
fn starvation_that_fairness_excludes_is_not_reported() {
    assert_eq!(verdict(Meeting::Peterson, BOTH), Verdict::Verified);
}

#[test]
fn depth_first_finds_the_same_promises_broken() {
    for meeting in [Meeting::Retreat, Meeting::SecondRetreats, Meeting::Peterson] {
        let [breadth, depth] = [Strategy::Bfs, Strategy::Dfs].map(|strategy| report(meeting, BOTH, strategy));
        assert_eq!(depth.verdict.word(), breadth.verdict.word());
        if let Verdict::Violated(violation) = breadth.verdict {
            let trace = lasso(depth.verdict, violation.property);
            assert_eq!(trace.replay(&Flags { meeting, promises: BOTH }), Ok(()));
        }
    }
}

#[test]
fn that_names_are_kept_apart_for_a_promise_is_told() {
    let refused = |promises| report(Meeting::Peterson, promises, Strategy::Bfs).coverage.symmetry_refused;
    assert_eq!(refused(BOTH), Some("who starves on a loop is told by name".into()));
    assert_eq!(refused(NEITHER), None);
}

/// Where rounds are counted, who has had all of them rests, and that is no wrong done to it.
#[test]
fn who_rests_is_neither_starved_nor_in_a_livelock() {
    let once = |meeting| {
        let scenario = Scenario { rounds: 1, ..Scenario::new("flags", 2, 0) };
        check(&Flags { meeting, promises: BOTH }, &scenario, Limits::default(), &mut |_| {}).verdict
    };
    assert_eq!(once(Meeting::Peterson), Verdict::Verified);
    lasso(once(Meeting::Retreat), Property::NoLivelock);
}

/// A directory that is the lock, and nobody takes it from the dead.
#[derive(Debug)]
struct Kept;

impl Protocol for Kept {
    fn attempt(&self, _: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let lock: Path = "lock".parse().expect("a name");
        if phase == Phase::Holding {
            world.remove_dir(&lock)?;
            return Ok(Outcome { next: Phase::Idle, said: "left" });
        }
        match world.create_dir(&lock) {
            Ok(()) => Ok(Outcome { next: Phase::Holding, said: TOOK }),
            Err(FsError::AlreadyExists) => Ok(Outcome { next: Phase::Trying, said: TRIES }),
            Err(error) => Err(error.into()),
        }
    }

    fn evidence(&self, _: &Id) -> Path {
        "lock".parse().expect("a name")
    }

    fn promises(&self) -> &[Property] {
        &[Property::NoLivelock]
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::CanBeTaken, Property::NothingLeftBehind]
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec![TOOK, TRIES]
    }
}

/// Whether the switches of a loop are needed is not told; whether its faults are is searched as for any run.
#[test]
fn the_fault_that_a_loop_needs_is_marked() {
    let report = check(&Kept, &Scenario::new("kept", 2, 1), Limits::default(), &mut |_| {});
    let trace = lasso(report.verdict, Property::NoLivelock);
    let marks = trace.marks(&Kept, 10_000).expect("it runs as it is written");
    let [crash] = &marks.faults[..] else { panic!("one kind of fault: {marks}") };
    assert_eq!((crash.fault, &crash.need), (Fault::Counted(Budget::Crashes), &Need::Needed), "{marks}");
    assert!(marks.switches.iter().all(|switch| switch.need == Need::Unknown), "{marks}");
}
