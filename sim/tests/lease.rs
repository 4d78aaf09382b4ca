//! Time that is counted: what stamps say, how it goes by between any two steps, and what that does to a lease.

use lockwright_kernel::{
    clock::Clock,
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Limits, Replay, Verdict, catalogue, check,
    mutants::lease,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Profile, Scenario},
};

type Attempt = fn(&Replay<'_>) -> Result<&'static str, FsError>;

/// One client that does the same over and over.
#[derive(Debug)]
struct Script(Attempt, &'static [&'static str]);

impl Protocol for Script {
    fn attempt(&self, _: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: (self.0)(world)? })
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        self.1.to_vec()
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

fn verdict(protocol: &dyn Protocol, clients: u8, ticks: u8) -> Verdict {
    let faults = Faults { ticks, ..Faults::NONE };
    let scenario = Scenario { profile: Profile::Lease, faults, ..Scenario::new("it", clients, 0) };
    check(protocol, &scenario, Limits::default(), &mut |_| {}).verdict
}

/// Asserts that an attempt comes to all of `can` and to none of `cannot`.
fn comes_to(ticks: u8, attempt: Attempt, can: &'static [&'static str], cannot: &'static [&'static str]) {
    assert_eq!(verdict(&Script(attempt, can), 1, ticks), Verdict::Verified);
    for at in 0..cannot.len() {
        match verdict(&Script(attempt, &cannot[at..=at]), 1, ticks) {
            Verdict::Violated(violation) => assert_eq!(violation.property, Property::Sometimes),
            other => panic!("{}: {other:?}", cannot[at]),
        }
    }
}

/// A file is made, read, renamed, and touched; the directory it is in goes on its own.
fn stamps(world: &Replay<'_>) -> Result<&'static str, FsError> {
    world.create_dir(&path("d"))?;
    world.create_file(&path("d/a"), b"a")?;
    let made = world.modified(&path("d/a"))?;
    world.rename(&path("d/a"), &path("d/b"))?;
    let (moved, dir) = (world.modified(&path("d/b"))?, world.modified(&path("d"))?);
    world.touch(&path("d/b"))?;
    let touched = world.modified(&path("d/b"))?;
    world.remove_file(&path("d/b"))?;
    world.remove_dir(&path("d"))?;
    Ok(match (moved == made, dir > made, touched > made) {
        (false, ..) => "a move changed the stamp",
        (true, true, _) => "the directory is younger",
        (true, false, true) => "the touch made it younger",
        (true, false, false) => "all are as old",
    })
}

#[test]
fn stamps_change_as_the_file_system_promises() {
    comes_to(
        1,
        stamps,
        &["the directory is younger", "the touch made it younger", "all are as old"],
        &["a move changed the stamp"],
    );
    comes_to(0, stamps, &["all are as old"], &["the directory is younger", "the touch made it younger"]);
}

#[test]
fn the_clock_goes_forward_between_any_two_calls_and_as_often_as_there_are_ticks() {
    let attempt: Attempt = |world| {
        let [first, second] = [world.now()?, world.now()?];
        Ok(match second.saturating_since(first).as_secs() {
            0 if second < first => "went back",
            0 => "stood",
            1 => "one second",
            2 => "two seconds",
            _ => "more",
        })
    };
    comes_to(2, attempt, &["stood", "one second", "two seconds"], &["went back", "more"]);
}

#[test]
fn a_stamp_of_nothing_is_not_found() {
    let attempt: Attempt = |world| {
        let stamp = match world.modified(&path("a")) {
            Err(FsError::NotFound) => None,
            other => Some(other?),
        };
        match world.touch(&path("a")) {
            Err(FsError::NotFound) if stamp.is_none() => Ok("nothing there"),
            other => other.map(|()| "something there"),
        }
    };
    comes_to(0, attempt, &["nothing there"], &["something there"]);
}

#[test]
fn a_lease_excludes_as_long_as_nobody_outsleeps_it() {
    assert_eq!(verdict(&lease::UNFENCED, 2, 0), Verdict::Verified);
    let entry = catalogue::find("lease.unfenced").expect("it is in the catalogue");
    let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
    let Verdict::Violated(violation) = report.verdict else { panic!("{report:?}") };
    assert_eq!(violation.property, Property::MutualExclusion);
    let trace = violation.trace.expect("a run shows it").to_string();
    assert_eq!(trace.matches("a second goes by").count(), 1, "{trace}");
}
