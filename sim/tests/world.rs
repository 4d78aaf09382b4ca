//! What the world allows, and what it does not: seen through small protocols made for it.

use std::sync::atomic::{AtomicU32, Ordering};

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Limits, Replay, Report, Verdict, check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Scenario},
};

type Attempt = fn(&Client, &Replay<'_>) -> Result<&'static str, Stop>;

/// Clients that do one thing over and over, and take no lock.
#[derive(Debug)]
struct Script {
    attempt: Attempt,
    sometimes: &'static [&'static str],
}

impl Protocol for Script {
    fn attempt(&self, client: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: (self.attempt)(client, world)? })
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        self.sometimes.to_vec()
    }
}

fn run(clients: u8, crashes: u8, sometimes: &'static [&'static str], attempt: Attempt) -> Report {
    let scenario = Scenario::new("script", clients, crashes);
    check(&Script { attempt, sometimes }, &scenario, Limits::default(), &mut |_| {})
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

fn violated(report: &Report) -> Property {
    match &report.verdict {
        Verdict::Violated(violation) => violation.property,
        other => panic!("{other:?}"),
    }
}

/// Client 0 lists the root while the other one works in it.
fn listing(client: &Client, world: &Replay<'_>, work: Attempt) -> Result<&'static str, Stop> {
    if client.index > 0 {
        return work(client, world);
    }
    let names: Vec<String> = world.list(&Path::root())?.iter().map(ToString::to_string).collect();
    Ok(match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => "saw nothing",
        ["a"] => "saw a",
        ["b"] => "saw b",
        ["a", "b"] => "saw both",
        _ => "saw more",
    })
}

/// A file is renamed from a to b and back for ever: there is always exactly one.
fn rename_to_and_fro(_: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
    world.create_file(&path("a"), b"")?;
    world.rename(&path("a"), &path("b"))?;
    world.remove_file(&path("b"))?;
    Ok("renamed")
}

#[test]
fn a_listing_may_show_a_renamed_file_under_either_name_both_or_none() {
    let all = &["saw nothing", "saw a", "saw b", "saw both"];
    let report = run(2, 0, all, |client, world| listing(client, world, rename_to_and_fro));
    assert_eq!(report.verdict, Verdict::Verified);
}

#[test]
fn a_listing_never_shows_what_never_stood() {
    let report = run(2, 0, &["saw more"], |client, world| listing(client, world, rename_to_and_fro));
    assert_eq!(violated(&report), Property::Sometimes);
}

/// a stands, and b comes and goes.
fn one_stands(_: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
    if !world.exists(&path("a"))? {
        world.create_dir(&path("a"))?;
        return Ok("made a");
    }
    world.create_dir(&path("b"))?;
    world.remove_dir(&path("b"))?;
    Ok("b came and went")
}

#[test]
fn a_listing_never_misses_what_stands_through_it() {
    fn attempt(client: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
        if client.index > 0 {
            return one_stands(client, world);
        }
        if !world.exists(&path("a"))? {
            return Ok("not yet");
        }
        let names = world.list(&Path::root())?;
        let missed = !names.iter().any(|name| name.as_str() == "a");
        Ok(if missed { "missed a" } else { "saw a" })
    }
    // Something is left behind, so the verdict is about that; only which words were said matters here.
    let missed = run(2, 0, &["missed a"], attempt);
    assert_ne!(missed.verdict, Verdict::Verified);
    let clean = run(2, 0, &["saw a", "not yet", "b came and went"], attempt);
    assert_eq!(violated(&clean), Property::NothingLeftBehind);
}

fn writer_and_reader(client: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
    if client.index == 0 {
        return Ok(match world.read(&path("f")) {
            Ok(contents) if contents.is_empty() => "read nothing",
            Ok(contents) if contents == b"whole" => "read it whole",
            Err(FsError::NotFound) => "found no file",
            other => return Err(other.map_or_else(Stop::from, |_| Stop::Halted)),
        });
    }
    match world.create_file(&path("f"), b"whole") {
        Ok(()) | Err(FsError::AlreadyExists) => {}
        Err(error) => return Err(error.into()),
    }
    world.remove_file(&path("f"))?;
    Ok("wrote")
}

#[test]
fn contents_come_after_the_name() {
    let report = run(2, 0, &["read nothing", "read it whole", "found no file", "wrote"], writer_and_reader);
    assert_eq!(report.verdict, Verdict::Verified);
}

#[test]
fn a_crash_may_leave_a_name_without_contents_for_ever() {
    fn attempt(_: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
        match world.create_file(&path("f"), b"whole") {
            Ok(()) => {
                world.remove_file(&path("f"))?;
                return Ok("wrote");
            }
            Err(FsError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
        let empty = world.read(&path("f"))?.is_empty();
        world.remove_file(&path("f"))?;
        Ok(if empty { "found it empty" } else { "found it whole" })
    }
    let report = run(1, 1, &["wrote", "found it empty", "found it whole"], attempt);
    assert_eq!(report.verdict, Verdict::Verified);
}

#[test]
fn an_effect_follows_a_directory_that_moves_under_its_walk() {
    fn attempt(client: &Client, world: &Replay<'_>) -> Result<&'static str, Stop> {
        if client.index == 0 {
            world.discard_file(&path("a/x"))?;
            return Ok("removed a/x");
        }
        world.create_dir(&path("a"))?;
        world.create_file(&path("a/x"), b"")?;
        world.rename(&path("a"), &path("b"))?;
        let before = world.exists(&path("b/x"))?;
        let after = world.exists(&path("b/x"))?;
        world.discard_file(&path("b/x"))?;
        world.remove_dir(&path("b"))?;
        Ok(if before && !after { "b/x went" } else { "b/x stayed, or never came" })
    }
    let report = run(2, 0, &["b/x went", "b/x stayed, or never came"], attempt);
    assert_eq!(report.verdict, Verdict::Verified);
}

#[test]
fn an_attempt_that_goes_on_after_it_was_halted_is_told() {
    let report = run(1, 0, &[], |_, world| {
        let _ = world.create_dir(&path("a"));
        let _ = world.remove_dir(&path("a"));
        Ok("did not look")
    });
    assert_eq!(violated(&report), Property::Replayable);
}

#[test]
fn an_attempt_that_depends_on_more_than_its_answers_is_told() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let report = run(1, 0, &[], |_, world| {
        let name = if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { "even" } else { "odd" };
        world.create_dir(&path(name))?;
        world.remove_dir(&path(name))?;
        Ok("done")
    });
    assert_eq!(violated(&report), Property::Replayable);
}

#[test]
fn an_attempt_without_a_call_is_told() {
    assert_eq!(violated(&run(1, 0, &[], |_, _| Ok("nothing"))), Property::Replayable);
}

#[test]
fn an_error_that_nobody_answers_is_told() {
    let report = run(1, 0, &[], |_, world| {
        world.remove_dir(&path("missing"))?;
        Ok("removed")
    });
    assert_eq!(violated(&report), Property::AnswersAsDocumented);
}

#[test]
fn an_outcome_that_never_comes_is_no_pass() {
    let report = run(1, 0, &["never said"], |_, world| {
        world.exists(&path("a"))?;
        Ok("looked")
    });
    assert_eq!(violated(&report), Property::Sometimes);
}

#[test]
fn a_question_about_time_is_an_error_since_this_world_has_none() {
    let report = run(1, 0, &[], |_, world| {
        world.modified(&path("a"))?;
        Ok("asked")
    });
    assert!(matches!(report.verdict, Verdict::Error(_)), "{report:?}");
}

#[test]
fn a_search_that_ends_at_a_limit_is_incomplete_and_says_how_far_it_came() {
    let entry = lockwright_sim::catalogue::find("fast_lock").unwrap();
    let scenario = Scenario::new("fast_lock", 3, 1);
    for merge in [true, false] {
        let limits = Limits { states_max: 5_000, merge, ..Limits::default() };
        let report = check(entry.protocol(), &scenario, limits, &mut |_| {});
        match report.verdict {
            Verdict::Incomplete { depth, .. } => assert!(depth > 10, "{depth}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_layer_is_told_and_the_last_one_while_the_whole_is_judged() {
    let entry = lockwright_sim::catalogue::find("fast_lock").unwrap();
    let mut depths = Vec::new();
    let limits = Limits { merge: false, ..Limits::default() };
    let scenario = Scenario::new("fast_lock", 2, 0);
    let report = check(entry.protocol(), &scenario, limits, &mut |progress| depths.push(progress.depth));
    depths.dedup();
    assert_eq!(depths, (0..=report.depth).collect::<Vec<_>>());
}
