//! What a host answers from memory, and what it asks the server: the kinds of answers that `adapters/posix/tests/guest` counts
//! on the client of Linux. What that was seen to answer late can be late here, and here too nothing is late for who asks anew.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Limits, Replay, Verdict,
    catalogue::{self, Entry},
    check,
    mutants::remembered,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Profile, Scenario},
};

const STALE: Faults = Faults { stales: 1, ..Faults::NONE };

type Answer<T> = Result<T, FsError>;

/// Two clients, each once: *far* changes something, and leaves a sign; *near* sees the sign, and then asks about the change.
#[derive(Clone, Copy, Debug)]
struct Late {
    far: fn(&Replay<'_>) -> Answer<()>,
    /// Says whether it is answered what was before.
    near: fn(&Replay<'_>) -> Answer<bool>,
    believes: bool,
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

/// What a call answered; the error is that it was halted.
fn told<T>(answer: Answer<T>) -> Answer<Answer<T>> {
    match answer {
        Err(FsError::Halted) => Err(FsError::Halted),
        other => Ok(other),
    }
}

impl Late {
    fn step(self, client: &Client, world: &Replay<'_>) -> Answer<&'static str> {
        let (sign, seen) = (path("d/sign"), path("seen"));
        if client.index == 0 {
            if told(world.create_dir(&path("d")))?.is_err() {
                return Ok("rests");
            }
            (self.far)(world)?;
            world.create_dir(&sign)?;
            return Ok("changed it");
        }
        if !world.exists(&sign)? || told(world.create_dir(&seen))?.is_err() {
            return Ok("rests");
        }
        Ok(if (self.near)(world)? { "late" } else { "in time" })
    }
}

impl Protocol for Late {
    fn attempt(&self, client: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: self.step(client, world)? })
    }

    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }

    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }

    fn kind(&self, index: usize, _: usize) -> u8 {
        u8::from(index > 0)
    }

    fn believes_names(&self) -> bool {
        self.believes
    }

    /// What they make stays.
    fn gives_up(&self) -> &[Property] {
        &[Property::NothingLeftBehind]
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec!["late"]
    }
}

fn verdict(protocol: &dyn Protocol, profile: Profile, faults: Faults) -> Verdict {
    let scenario = Scenario { faults, profile, ..Scenario::new("made for this test", 2, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits { states_max: 1_000_000, ..Limits::default() }, &mut |_| {}).verdict
}

/// Whether it is ever late.
fn is_late(late: Late, profile: Profile, faults: Faults) -> bool {
    match verdict(&late, profile, faults) {
        Verdict::Verified => true,
        Verdict::Violated(found) if found.property == Property::Sometimes => false,
        other => panic!("{other:?}"),
    }
}

const MAKE: fn(&Replay<'_>) -> Answer<()> = |world| world.create_dir(&path("d/a"));

const REMOVE: fn(&Replay<'_>) -> Answer<()> = |world| {
    world.create_dir(&path("d/a"))?;
    world.remove_dir(&path("d/a"))
};

/// What is done, and whether that is late in `nfs4.1` and in `nfs-legacy` for who believes.
type Kind = (&'static str, [bool; 2], fn(&Replay<'_>) -> Answer<()>, fn(&Replay<'_>) -> Answer<bool>);

const KINDS: [Kind; 12] = [
    ("a lookup that finds what was removed", [true, true], REMOVE, |world| world.exists(&path("d/a"))),
    ("a lookup that misses what was made", [true, true], MAKE, |world| Ok(!world.exists(&path("d/a"))?)),
    (
        "a lookup through a directory that was replaced",
        [true, true],
        |world| {
            world.create_dir(&path("d/a"))?;
            world.create_dir(&path("d/a/entry"))?;
            world.rename(&path("d/a"), &path("d/b"))?;
            world.create_dir(&path("d/a"))
        },
        |world| world.exists(&path("d/a/entry")),
    ),
    ("a listing that has what was removed", [false, true], REMOVE, |world| {
        Ok(world.list(&path("d"))?.iter().any(|name| name.as_str() == "a"))
    }),
    ("a listing that lacks what was made", [false, true], MAKE, |world| {
        Ok(!world.list(&path("d"))?.iter().any(|name| name.as_str() == "a"))
    }),
    ("a creation refused for what was removed", [false, true], REMOVE, |world| {
        Ok(told(world.create_dir(&path("d/a")))? == Err(FsError::AlreadyExists))
    }),
    ("a removal that misses what was made", [true, true], MAKE, |world| {
        Ok(told(world.remove_dir(&path("d/a")))? == Err(FsError::NotFound))
    }),
    ("a rename that misses what was made", [true, true], MAKE, |world| {
        Ok(told(world.rename(&path("d/a"), &path("d/b")))? == Err(FsError::NotFound))
    }),
    (
        "contents of a file that was replaced",
        [true, true],
        |world| {
            world.create_file(&path("d/a"), b"old")?;
            world.create_file(&path("d/b"), b"new")?;
            world.rename(&path("d/b"), &path("d/a"))
        },
        |world| Ok(told(world.read(&path("d/a")))?.is_ok_and(|contents| contents == b"old")),
    ),
    ("a look at a name that the host has just asked about", [false, false], MAKE, |world| {
        told(world.create_dir(&path("d/a")))?.err();
        Ok(!world.exists(&path("d/a"))?)
    }),
    ("a look into a directory in which the host has just made something", [false, false], MAKE, |world| {
        world.create_dir(&path("d/mine"))?;
        Ok(!world.exists(&path("d/a"))?)
    }),
    ("a look into a directory that the host has just listed", [false, false], MAKE, |world| {
        world.list(&path("d"))?;
        Ok(!world.exists(&path("d/a"))?)
    }),
];

#[test]
fn who_believes_its_host_is_answered_late_where_the_client_of_linux_was_seen_to_be() {
    for (name, late, far, near) in KINDS {
        for (profile, late) in [Profile::Nfs41, Profile::NfsLegacy].into_iter().zip(late) {
            assert_eq!(is_late(Late { far, near, believes: true }, profile, STALE), late, "{name}, {profile}");
        }
    }
}

#[test]
fn who_asks_anew_is_never_late_and_nobody_is_without_a_memory() {
    for (name, _, far, near) in KINDS {
        let asks = Late { far, near, believes: false };
        assert!(!is_late(asks, Profile::Nfs41, Faults { stales: 2, ..Faults::NONE }), "{name}");
        assert!(!is_late(Late { believes: true, ..asks }, Profile::Nfs41, Faults::NONE), "{name}");
    }
}

#[test]
fn flags_that_are_asked_about_exclude_and_flags_that_are_remembered_do_not() {
    assert_eq!(verdict(&remembered::FLAGS, Profile::Nfs41, Faults { stales: 2, ..Faults::NONE }), Verdict::Verified);
    let believed = verdict(&remembered::BELIEVED_FLAGS, Profile::Nfs41, STALE);
    assert!(
        matches!(&believed, Verdict::Violated(found) if found.property == Property::MutualExclusion),
        "{believed:?}"
    );
}

fn named(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

#[test]
fn the_shipped_lock_stands_where_hosts_remember_and_other_things_go_wrong() {
    let lock = named("fast_lock").protocol();
    for faults in [
        Faults { stales: 2, ..Faults::NONE },
        Faults { crashes: 1, ..STALE },
        Faults { errors: 1, ..STALE },
        Faults { crashes: 1, duplicates: 1, ..Faults::NONE },
    ] {
        assert_eq!(verdict(lock, Profile::Nfs41, faults), Verdict::Verified, "{faults:?}");
    }
}
