//! Files that are removed while somebody has them open: what a mount of NFS shows of them, and what the shipped locks make of
//! that.

use lockwright_kernel::{
    fs::{Fs, FsError, silly::is_silly},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Limits, Replay, Verdict,
    catalogue::{self, Entry},
    check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Budget, Faults, Profile, Scenario},
};

const OPEN: Faults = Faults { opens: 1, ..Faults::NONE };

type Attempt = fn(&Replay<'_>) -> Result<&'static str, FsError>;

/// One client that does the same over and over, and takes no lock. What it leaves is not looked at.
#[derive(Debug)]
struct Script {
    attempt: Attempt,
    sometimes: &'static [&'static str],
}

impl Protocol for Script {
    fn attempt(&self, _: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: (self.attempt)(world)? })
    }

    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }

    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::NothingLeftBehind]
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        self.sometimes.to_vec()
    }
}

fn verdict(protocol: &dyn Protocol, clients: u8, profile: Profile, faults: Faults) -> Verdict {
    let scenario = Scenario { profile, faults, ..Scenario::new("made for this test", clients, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits { states_max: 2_000_000, ..Limits::default() }, &mut |_| {}).verdict
}

/// Asserts that the attempts come to all of `can`, and to none of `cannot`.
fn comes_to(faults: Faults, attempt: Attempt, can: &'static [&str], cannot: &'static [&str]) {
    for profile in [Profile::Nfs41, Profile::NfsLegacy] {
        assert_eq!(verdict(&Script { attempt, sometimes: can }, 1, profile, faults), Verdict::Verified, "{profile}");
        for at in 0..cannot.len() {
            let verdict = verdict(&Script { attempt, sometimes: &cannot[at..=at] }, 1, profile, faults);
            let is_never =
                matches!(&verdict, Verdict::Violated(violation) if violation.property == Property::Sometimes);
            assert!(is_never, "{profile}, {}: {verdict:?}", cannot[at]);
        }
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

/// What a call answered; the error is that it was halted.
fn told<T>(answer: Result<T, FsError>) -> Result<Result<T, FsError>, FsError> {
    match answer {
        Err(FsError::Halted) => Err(FsError::Halted),
        other => Ok(other),
    }
}

/// A file in a directory of its own is removed, and then the directory.
fn remove_a_file(world: &Replay<'_>) -> Result<&'static str, FsError> {
    told(world.create_dir(&path("d")))?.err();
    told(world.create_file(&path("d/f"), b"mine"))?.err();
    world.remove_file(&path("d/f"))?;
    if world.exists(&path("d/f"))? {
        return Ok("is there still");
    }
    let names = world.list(&path("d"))?;
    let Some(name) = names.first() else {
        return Ok(match told(world.remove_dir(&path("d")))? {
            Ok(()) => "is gone",
            Err(_) => "is gone, and in the way",
        });
    };
    if names.len() > 1 || !is_silly(name) {
        return Ok("is something else");
    }
    Ok(match (told(world.remove_file(&path("d").join(name)))?, told(world.remove_dir(&path("d")))?) {
        (Err(FsError::Io), Err(FsError::NotEmpty)) => "is open, and in the way",
        (Err(FsError::Io), Ok(())) => "was open, and is closed",
        (Ok(()), Ok(())) => "was closed, or is removed from another host",
        (Ok(()), Err(_)) => "is removed, and in the way",
        (Err(_), _) => "is refused",
    })
}

#[test]
fn an_open_file_that_is_removed_stands_under_another_name_until_it_is_closed() {
    let can = &[
        "is gone",
        "is open, and in the way",
        "was open, and is closed",
        "was closed, or is removed from another host",
    ];
    let never = &["is there still", "is something else", "is removed, and in the way", "is gone, and in the way"];
    comes_to(OPEN, remove_a_file, can, never);
}

#[test]
fn nothing_is_open_where_there_is_no_budget_for_it() {
    comes_to(Faults::NONE, remove_a_file, &["is gone"], &["is open, and in the way", "is something else"]);
}

#[test]
fn an_open_file_that_another_is_moved_over_stands_beside_it() {
    fn attempt(world: &Replay<'_>) -> Result<&'static str, FsError> {
        told(world.create_file(&path("old"), b"old"))?.err();
        told(world.create_file(&path("new"), b"new"))?.err();
        world.rename(&path("new"), &path("old"))?;
        let read = world.read(&path("old"))?;
        let names = world.list(&Path::root())?;
        let kept = names.iter().filter(|name| is_silly(name)).count();
        Ok(match (&read[..], names.len(), kept) {
            (b"new", 1, 0) => "moved",
            (b"new", 2, 1) => "moved, and the old one is kept",
            _ => "something else",
        })
    }
    comes_to(OPEN, attempt, &["moved", "moved, and the old one is kept"], &["something else"]);
    comes_to(Faults::NONE, attempt, &["moved"], &["moved, and the old one is kept"]);
}

#[test]
fn directories_and_what_is_kept_are_never_kept_again() {
    fn attempt(world: &Replay<'_>) -> Result<&'static str, FsError> {
        told(world.create_dir(&path("d")))?.err();
        told(world.create_file(&path("f"), b""))?.err();
        told(world.remove_dir(&path("d")))?.err();
        told(world.remove_file(&path("f")))?.err();
        let names = world.list(&Path::root())?;
        let Some(kept) = names.iter().find(|name| is_silly(name)) else { return Ok("none") };
        told(world.remove_file(&Path::from(kept.clone())))?.err();
        Ok(match names.len() {
            1 => "the file",
            _ => "more",
        })
    }
    comes_to(Faults { opens: 3, ..Faults::NONE }, attempt, &["none", "the file", "more"], &[]);
    comes_to(OPEN, attempt, &["none", "the file"], &["more"]);
}

fn named(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

#[test]
fn the_shipped_locks_stand_where_files_are_open_and_other_things_go_wrong() {
    let crash = Faults { crashes: 1, ..OPEN };
    for (name, profile, faults) in [
        ("fast_lock", Profile::Nfs41, Faults { opens: 2, ..OPEN }),
        ("fast_lock", Profile::NfsLegacy, OPEN),
        ("fast_lock+cleaner", Profile::Nfs41, crash),
        ("semaphore", Profile::Nfs41, OPEN),
        ("check_bid_check", Profile::Nfs41, crash),
        ("check_bid_check", Profile::NfsLegacy, Faults { stales: 1, ..OPEN }),
    ] {
        let verdict = verdict(named(name).protocol(), 2, profile, faults);
        assert_eq!(verdict, Verdict::Verified, "{name} {profile} {faults:?}");
    }
}

/// The shipped locks, over a mount whose refusals are believed: as if it were a disk.
#[derive(Debug)]
struct AsOnADisk(&'static dyn Protocol);

impl Protocol for AsOnADisk {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }

    fn evidence(&self, id: &Id) -> Path {
        self.0.evidence(id)
    }

    fn takes_the_lock(&self, index: usize, clients: usize) -> bool {
        self.0.takes_the_lock(index, clients)
    }

    fn kind(&self, index: usize, clients: usize) -> u8 {
        self.0.kind(index, clients)
    }

    fn believes_refusals(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}

#[test]
fn who_does_not_look_for_what_is_kept_of_a_try_leaves_it() {
    let verdict = verdict(&AsOnADisk(named("fast_lock+cleaner").protocol()), 2, Profile::Nfs41, OPEN);
    assert!(
        matches!(&verdict, Verdict::Violated(found) if found.property == Property::NothingLeftBehind),
        "{verdict:?}"
    );
}

#[test]
fn the_known_wedges_take_an_open_file() {
    for name in ["fast_lock.kept_leaf_is_owner", "mkdir_lock.record_inside"] {
        let entry = named(name);
        assert_eq!(entry.scenario().faults.nonzero().collect::<Vec<_>>(), [(Budget::Opens, 1)]);
        let clients = entry.scenario().clients;
        assert_eq!(verdict(entry.protocol(), clients, Profile::Nfs41, Faults::NONE), Verdict::Verified, "{name}");
        let found = verdict(entry.protocol(), clients, Profile::Nfs41, OPEN);
        assert!(matches!(&found, Verdict::Violated(found) if found.property == Property::CanBeTaken), "{found:?}");
    }
}
