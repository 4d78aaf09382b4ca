//! What goes wrong in the world when there is a budget for it, and what the shipped lock makes of it.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};
use lockwright_sim::{
    Fault, Limits, Need, Replay, Report, Verdict,
    catalogue::{self, LIMITS},
    check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Budget, Faults, Profile, Scenario},
    scenarios::{LockClients, fast_lock},
};

const ERROR: Faults = Faults { errors: 1, ..Faults::NONE };
const REMOVAL: Faults = Faults { removals: 1, ..Faults::NONE };
const CUT: Faults = Faults { cuts: 1, ..Faults::NONE };

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
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        self.sometimes.to_vec()
    }
}

fn explore(protocol: &dyn Protocol, clients: u8, profile: Profile, faults: Faults) -> Report {
    let scenario = Scenario { profile, faults, ..Scenario::new("made for this test", clients, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

/// Asserts that the attempts come to all of `can`, and to none of `cannot`.
fn comes_to(profile: Profile, faults: Faults, attempt: Attempt, can: &'static [&str], cannot: &'static [&str]) {
    let verdict = explore(&Script { attempt, sometimes: can }, 1, profile, faults).verdict;
    assert_eq!(verdict, Verdict::Verified);
    for at in 0..cannot.len() {
        let verdict = explore(&Script { attempt, sometimes: &cannot[at..=at] }, 1, profile, faults).verdict;
        let Verdict::Violated(violation) = verdict else { panic!("{}: {verdict:?}", cannot[at]) };
        assert_eq!(violation.property, Property::Sometimes, "{}", cannot[at]);
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

/// What a call answered; the error is that it was halted.
fn answer<T>(answer: Result<T, FsError>) -> Result<Result<T, FsError>, FsError> {
    match answer {
        Err(FsError::Halted) => Err(FsError::Halted),
        other => Ok(other),
    }
}

fn make_a_directory(world: &Replay<'_>) -> Result<&'static str, FsError> {
    let said = match (answer(world.create_dir(&path("a")))?, answer(world.exists(&path("a")))?) {
        (Ok(()), Ok(true)) => "made",
        (Err(FsError::Io), Ok(true)) => "EIO, and made",
        (Err(FsError::Io), Ok(false)) => "EIO, and not made",
        (Err(FsError::NoSpace), Ok(false)) => "ENOSPC, and not made",
        (Err(FsError::NoSpace), Ok(true)) => "ENOSPC, and made",
        (Ok(()), Err(FsError::Io)) => "cannot look",
        (Err(_), Err(_)) => "neither",
        _ => "something else",
    };
    world.discard_dir(&path("a"))?;
    world.discard_dir(&path("a"))?; // One of the two may fail.
    Ok(said)
}

#[test]
fn an_error_says_that_nothing_happened_but_for_eio_which_says_nothing() {
    let can = &["made", "EIO, and made", "EIO, and not made", "ENOSPC, and not made", "cannot look"];
    comes_to(Profile::Local, ERROR, make_a_directory, can, &["ENOSPC, and made", "something else", "neither"]);
}

#[test]
fn as_many_calls_fail_as_there_are_errors() {
    comes_to(Profile::Local, Faults { errors: 3, ..ERROR }, make_a_directory, &["neither"], &[]);
    comes_to(Profile::Local, Faults::NONE, make_a_directory, &["made"], &["EIO, and not made"]);
}

#[test]
fn a_file_that_could_not_be_written_may_be_there_empty_or_whole() {
    fn attempt(world: &Replay<'_>) -> Result<&'static str, FsError> {
        let said = match (answer(world.create_file(&path("f"), b"whole"))?, answer(world.read(&path("f")))?) {
            (Ok(()), Ok(_)) => "wrote it",
            (Ok(()), Err(_)) => "cannot read",
            (Err(FsError::NoSpace), Err(FsError::NotFound)) => "ENOSPC, and nothing",
            (Err(FsError::NoSpace), Ok(found)) if found.is_empty() => "ENOSPC, and empty",
            (Err(FsError::NoSpace), Ok(_)) => "ENOSPC, and whole",
            (Err(_), Err(FsError::NotFound)) => "EIO, and nothing",
            (Err(_), Ok(found)) if found.is_empty() => "EIO, and empty",
            (Err(_), Ok(_)) => "EIO, and whole",
            (Err(_), Err(_)) => "cannot do anything",
        };
        world.discard_file(&path("f"))?;
        world.discard_file(&path("f"))?;
        Ok(said)
    }
    let can = &[
        "wrote it",
        "cannot read",
        "ENOSPC, and nothing",
        "ENOSPC, and empty",
        "EIO, and nothing",
        "EIO, and empty",
        "EIO, and whole",
    ];
    comes_to(Profile::Local, ERROR, attempt, can, &["ENOSPC, and whole", "cannot do anything"]);
}

#[test]
fn a_removal_takes_a_file_or_an_empty_directory_and_nothing_else() {
    fn attempt(world: &Replay<'_>) -> Result<&'static str, FsError> {
        world.create_dir(&path("a"))?;
        match world.create_file(&path("a/x"), b"") {
            Ok(()) | Err(FsError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let [dir, file] = [world.exists(&path("a"))?, world.exists(&path("a/x"))?];
        world.discard_file(&path("a/x"))?;
        world.discard_dir(&path("a"))?;
        Ok(match (dir, file) {
            (true, true) => "both stayed",
            (true, false) => "the file went",
            (false, false) => "both went",
            (false, true) => "the directory went from around the file",
        })
    }
    // One removal takes the directory before the file is in it.
    let can = &["both stayed", "the file went", "both went"];
    let cannot = &["the directory went from around the file"];
    comes_to(Profile::Operator, REMOVAL, attempt, can, cannot);
    comes_to(Profile::Operator, Faults::NONE, attempt, &["both stayed"], &["the file went", "both went"]);
}

#[test]
fn a_power_cut_leaves_what_there_was_at_some_moment_before() {
    fn attempt(world: &Replay<'_>) -> Result<&'static str, FsError> {
        let found = [world.exists(&path("a"))?, world.exists(&path("b"))?];
        world.discard_dir(&path("a"))?;
        world.discard_dir(&path("b"))?;
        world.create_dir(&path("a"))?;
        world.create_dir(&path("b"))?;
        world.remove_dir(&path("b"))?;
        world.remove_dir(&path("a"))?;
        Ok(match found {
            [false, false] => "found nothing",
            [true, false] => "found a",
            [true, true] => "found both",
            [false, true] => "found b alone",
        })
    }
    let can = &["found nothing", "found a", "found both"];
    comes_to(Profile::Power, CUT, attempt, can, &["found b alone"]);
    comes_to(Profile::Power, Faults::NONE, attempt, &["found nothing"], &["found a"]);
}

/// The file is written before it gets its name, which helps against a crash.
fn write_and_publish(world: &Replay<'_>) -> Result<&'static str, FsError> {
    let found = answer(world.read(&path("g")))?;
    world.discard_file(&path("g"))?;
    world.discard_file(&path("f"))?;
    world.create_file(&path("f"), b"whole")?;
    world.rename(&path("f"), &path("g"))?;
    world.remove_file(&path("g"))?;
    Ok(match found {
        Err(_) => "found nothing",
        Ok(contents) if contents.is_empty() => "found it empty",
        Ok(_) => "found it whole",
    })
}

#[test]
fn a_power_cut_may_leave_a_name_without_the_contents_that_came_before_it() {
    let can = &["found nothing", "found it empty", "found it whole"];
    comes_to(Profile::Power, CUT, write_and_publish, can, &[]);
    let crash = Faults { crashes: 1, ..Faults::NONE };
    comes_to(Profile::Local, crash, write_and_publish, &["found nothing", "found it whole"], &["found it empty"]);
}

/// How many steps the shortest run has that shows a limit.
const STEPS: [usize; LIMITS.len()] = [
    11, 11, 19, 8, 48, 7, 8, 7, 11, 11, 11, 10, 10, 13, 7, 8, 8, 12, 18, 19, 14, 12, 12, 21, 20, 8, 8, 22, 35, 21, 6,
    12, 6, 6, 6, 20, 17, 16, 16, 20, 20, 26, 29, 25, 46, 54, 45, 25, 25, 28, 56, 22, 22, 22, 22, 22, 22, 19, 28, 10,
    19, 12, 22, 25, 30, 26, 22, 22, 25, 21, 20,
];

/// What the shipped lock does not promise, and the shortest run that shows it.
#[test]
fn the_limits_of_the_shipped_locks_are_where_they_were() {
    for (limit, steps) in LIMITS.into_iter().zip(STEPS) {
        let entry = catalogue::find(limit.name).unwrap();
        let verdict = check(entry.protocol(), &limit.scenario(), Limits::default(), &mut |_| {}).verdict;
        let Verdict::Violated(violation) = verdict else { panic!("{limit:?}: {verdict:?}") };
        assert_eq!((violation.property, violation.trace.unwrap().steps.len()), (limit.property, steps), "{limit:?}");
    }
}

/// Clients who do not mind that the lock is taken from them.
#[derive(Debug)]
struct Lenient(LockClients);

impl Protocol for Lenient {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        match self.0.attempt(client, phase, world) {
            Err(Stop::Broken(Property::NotDispossessed, _)) => Ok(Outcome { next: Phase::Idle, said: "lost it" }),
            other => other,
        }
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Whoever removes a live owner's leaf lets a second one in: nobody but the owner can tell that from an unlock.
#[test]
fn a_removed_leaf_costs_mutual_exclusion() {
    let verdict = explore(&Lenient(fast_lock::FILE_LEAF), 2, Profile::Operator, REMOVAL).verdict;
    let Verdict::Violated(violation) = verdict else { panic!("{verdict:?}") };
    assert_eq!((violation.property, violation.trace.unwrap().steps.len()), (Property::MutualExclusion, 21));
}

/// The first client removes empty directories, as cleaners of temporary folders do, and takes no part.
fn janitor(world: &Replay<'_>, lock: &dyn Lock) -> Result<(), LockError> {
    let [at, owner, build] = ["lock", "lock/owner", "lock/build"].map(path);
    let dirs = match lock.sample_proposal(world)? {
        Some(id) => {
            let proposal = build.join(id.name());
            let proposed = path(&format!("{proposal}/owner"));
            vec![proposed.join(id.name()), proposed, proposal]
        }
        None => vec![build, lock.owner()?.map_or_else(|| owner.clone(), |id| owner.join(id.name())), owner, at],
    };
    Ok(dirs.iter().try_for_each(|dir| world.discard_dir(dir))?)
}

#[test]
fn a_leaf_that_is_a_file_outlives_those_who_remove_empty_directories() {
    let swept = |clients: LockClients| LockClients { cleaner: Some(janitor), ..clients };
    for crashes in [0, 1] {
        let faults = Faults { crashes, ..Faults::NONE };
        let file = explore(&swept(fast_lock::FILE_LEAF), 2, Profile::Local, faults).verdict;
        assert_eq!(file, Verdict::Verified);
    }
    let dir = explore(&swept(fast_lock::DIR_LEAF), 2, Profile::Local, Faults::NONE).verdict;
    assert!(matches!(&dir, Verdict::Violated(found) if found.property == Property::NotDispossessed), "{dir:?}");
}

/// Protocol, profile, faults, and then states, transitions and depth, with two clients, and three where one only looks.
const PINNED: [(&str, Profile, Faults, [usize; 3]); 27] = {
    let both = Faults { crashes: 1, ..ERROR };
    [
        ("fast_lock", Profile::Local, ERROR, [3_697, 9_177, 56]),
        ("fast_lock", Profile::Local, both, [43_921, 125_276, 77]),
        ("fast_lock", Profile::Power, CUT, [48_415, 142_626, 77]),
        ("fast_lock-dir", Profile::Local, ERROR, [3_697, 9_177, 56]),
        ("fast_lock-dir", Profile::Local, both, [43_868, 125_142, 77]),
        ("fast_lock-dir", Profile::Power, CUT, [48_415, 142_626, 77]),
        ("fast_lock+cleaner", Profile::Local, ERROR, [2_097, 5_200, 37]),
        ("fast_lock+cleaner", Profile::Local, both, [21_038, 59_823, 61]),
        ("fast_lock+cleaner", Profile::Power, CUT, [7_547, 20_220, 47]),
        ("fast_lock-dir+cleaner", Profile::Local, ERROR, [2_097, 5_200, 37]),
        ("fast_lock-dir+cleaner", Profile::Local, both, [21_038, 59_823, 61]),
        ("fast_lock-dir+cleaner", Profile::Power, CUT, [7_547, 20_220, 47]),
        ("fast_lock+kept", Profile::Local, ERROR, [1_265, 3_919, 39]),
        ("fast_lock+kept", Profile::Local, both, [23_994, 76_504, 59]),
        ("fast_lock+kept", Profile::Power, CUT, [20_376, 62_507, 59]),
        ("fast_lock+one_keeps", Profile::Local, ERROR, [4_562, 12_458, 49]),
        ("fast_lock+one_keeps", Profile::Local, both, [72_087, 216_710, 74]),
        ("fast_lock+one_keeps", Profile::Power, CUT, [71_792, 215_077, 69]),
        ("fast_lock+observer", Profile::Local, ERROR, [391_323, 1_452_853, 106]),
        ("check_bid_check", Profile::Local, ERROR, [757, 2_412, 23]),
        ("check_bid_check", Profile::Local, both, [6_500, 25_908, 30]),
        ("token", Profile::Local, ERROR, [4_629, 14_053, 41]),
        ("token", Profile::Local, both, [19_915, 70_809, 47]),
        ("token", Profile::Power, CUT, [26_575, 85_830, 62]),
        ("token+admit", Profile::Local, ERROR, [1_507, 4_100, 29]),
        ("token+admit", Profile::Local, both, [5_769, 18_823, 35]),
        ("token+admit", Profile::Power, CUT, [5_721, 17_247, 32]),
    ]
};

#[test]
fn the_shipped_locks_hold_against_an_error_a_crash_with_it_and_a_power_cut() {
    let here = [Budget::Errors, Budget::Removals, Budget::Cuts];
    let are_of_here = |faults: Faults| {
        let of_here = |(budget, _)| here.contains(&budget);
        faults.nonzero().any(of_here) && faults.nonzero().all(|one| one.0 == Budget::Crashes || of_here(one))
    };
    let rows: Vec<_> = catalogue::rows().into_iter().filter(|(_, scenario)| are_of_here(scenario.faults)).collect();
    assert_eq!(rows.len(), PINNED.len());
    for ((entry, scenario), (name, profile, faults, size)) in rows.into_iter().zip(PINNED) {
        assert_eq!(scenario, Scenario { profile, faults, ..Scenario::new(name, scenario.clients, 0) });
        let report = check(entry.protocol(), &scenario, Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Verified, "{scenario}");
        assert_eq!([report.states, report.transitions, report.depth], size, "{scenario}");
    }
}

#[test]
fn a_trace_says_what_was_made_up_and_that_it_is_needed() {
    let needed = |name: &str, fault: Fault| {
        let entry = catalogue::find(name).unwrap();
        let verdict = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {}).verdict;
        let Verdict::Violated(violation) = verdict else { panic!("{name}: {verdict:?}") };
        let trace = violation.trace.unwrap();
        let marks = trace.marks(entry.protocol(), 100_000).unwrap();
        assert_eq!(
            marks.faults.iter().map(|mark| (mark.fault, &mark.need)).collect::<Vec<_>>(),
            [(fault, &Need::Needed)]
        );
        trace.to_string()
    };
    assert!(
        needed("dotlock.unreadable_is_stale", Fault::Counted(Budget::Errors))
            .contains(r#"B1  read("lock") = -1 EIO (injected)"#)
    );
    let moved = needed("fast_lock.error_means_no", Fault::Counted(Budget::Errors));
    assert!(moved.contains("= -1 EIO (injected, and it took effect)"), "{moved}");
    let cut = needed("fast_lock.signed_inside", Fault::Counted(Budget::Cuts));
    assert!(cut.contains("disk  all this is durable") && cut.contains(r#"and "lock/owner/A1" is empty"#), "{cut}");
}
