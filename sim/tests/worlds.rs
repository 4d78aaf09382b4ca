//! What further goes wrong in the worlds, each for itself: what it may do, and what not even it does.

use std::num::NonZeroU32;

use lockwright_kernel::{
    chance::Chance,
    clock::Clock,
    fs::{Fs, FsError},
    id::Id,
    path::Path,
    watch::Watch,
};
use lockwright_sim::{
    Limits, Replay, Report, Verdict, catalogue, check,
    identity::{BOOTED, Namespaces},
    mutants::lease,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Budget, Faults, Profile, Scenario},
    scenarios::{Leases, leases::FENCED},
};

const NONE: Faults = Faults::NONE;
const TWO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

type Attempt = fn(&Replay<'_>, &Client) -> Result<&'static str, Stop>;

/// Clients that do the same over and over, and take no lock.
#[derive(Clone, Copy, Debug)]
struct Script {
    attempt: Attempt,
    sometimes: &'static [&'static str],
    gives_up: &'static [Property],
    has_resource: bool,
}

impl Protocol for Script {
    fn attempt(&self, client: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        Ok(Outcome { next: Phase::Idle, said: (self.attempt)(world, client)? })
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }
    fn gives_up(&self) -> &[Property] {
        self.gives_up
    }
    fn has_resource(&self) -> bool {
        self.has_resource
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        self.sometimes.to_vec()
    }
}

fn script(attempt: Attempt) -> Script {
    Script { attempt, sometimes: &[], gives_up: &[], has_resource: false }
}

fn explore(protocol: &dyn Protocol, clients: u8, profile: Profile, faults: Faults) -> Report {
    let scenario = Scenario { profile, faults, ..Scenario::new("made for this test", clients, 0) };
    assert_eq!(scenario.beyond_its_profile(), None);
    check(protocol, &scenario, Limits::default(), &mut |_| {})
}

fn broken(protocol: &dyn Protocol, clients: u8, profile: Profile, faults: Faults) -> Option<Property> {
    match explore(protocol, clients, profile, faults).verdict {
        Verdict::Verified => None,
        Verdict::Violated(violation) => Some(violation.property),
        other => panic!("{other:?}"),
    }
}

/// Asserts that a client's attempts come to all of `can`, and to none of `cannot`.
fn comes_to(profile: Profile, faults: Faults, attempt: Attempt, can: &'static [&str], cannot: &'static [&str]) {
    let script = script(attempt);
    assert_eq!(explore(&Script { sometimes: can, ..script }, 1, profile, faults).verdict, Verdict::Verified);
    for at in 0..cannot.len() {
        let found = broken(&Script { sometimes: &cannot[at..=at], ..script }, 1, profile, faults);
        assert_eq!(found, Some(Property::Sometimes), "{}", cannot[at]);
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("it is spelled in this file")
}

/// How far the wall clock is ahead of the kernel's clock, where no time goes by between the two.
fn ahead(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
    let (now, wall) = (world.now()?.since_start().as_secs(), world.wall_clock()?.since_epoch().as_secs());
    Ok(match wall.checked_sub(now) {
        Some(0) => "none",
        Some(1) => "one",
        Some(2) => "two",
        Some(3) => "three",
        _ => "behind",
    })
}

#[test]
fn a_wall_clock_is_set_forward_or_back_as_often_as_there_are_jumps() {
    comes_to(Profile::Lease, NONE, ahead, &["none"], &["one", "behind"]);
    // It starts ahead by as much as it may be set back.
    let jump = Faults { jumps: 1, ..NONE };
    comes_to(Profile::Lease, jump, ahead, &["none", "one", "two"], &["three", "behind"]);
}

#[test]
fn the_clock_of_the_kernel_is_set_by_nobody() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        Ok(if world.now()? == world.now()? { "stood" } else { "moved" })
    }
    comes_to(Profile::Lease, Faults { jumps: 2, roundings: 1, ..NONE }, attempt, &["stood"], &["moved"]);
}

#[test]
fn stamps_are_of_a_clock_that_is_set_on_its_own() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        world.create_file(&path("a"), b"")?;
        let (stamp, wall) = (world.modified(&path("a"))?, world.wall_clock()?);
        world.remove_file(&path("a"))?;
        Ok(match stamp.cmp(&wall) {
            std::cmp::Ordering::Less => "older",
            std::cmp::Ordering::Equal => "alike",
            std::cmp::Ordering::Greater => "younger",
        })
    }
    comes_to(Profile::Lease, NONE, attempt, &["alike"], &["older", "younger"]);
    comes_to(Profile::Lease, Faults { jumps: 1, ..NONE }, attempt, &["alike", "older", "younger"], &[]);
}

#[test]
fn one_clock_stands_still_while_the_host_sleeps_and_the_other_goes_on() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        let (slept, awake) = (world.now()?, world.uptime()?);
        Ok(match slept.saturating_since(awake).as_secs() {
            0 => "awake",
            1 => "slept",
            _ => "slept for longer",
        })
    }
    let ticks = Faults { ticks: 2, ..NONE };
    comes_to(Profile::Lease, ticks, attempt, &["awake"], &["slept"]);
    let sleeps = Faults { suspends: 1, ..ticks };
    comes_to(Profile::Lease, sleeps, attempt, &["awake", "slept"], &["slept for longer"]);
    // Sleep takes time.
    comes_to(Profile::Lease, Faults { suspends: 1, ..NONE }, attempt, &["awake"], &["slept"]);
}

#[test]
fn stamps_are_rounded_from_the_beginning_or_never() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        world.create_dir(&path("a"))?;
        let (made, stamp) = (world.now()?, world.modified(&path("a"))?);
        world.touch(&path("a"))?;
        let (touched, now) = (world.modified(&path("a"))?, world.now()?);
        world.remove_dir(&path("a"))?;
        let exact = |stamp: lockwright_kernel::clock::Timestamp, at: lockwright_kernel::clock::Instant| {
            stamp.since_epoch() == at.since_start()
        };
        Ok(match (now == made && now.since_start().as_secs() == 1, exact(stamp, made), exact(touched, now)) {
            (false, ..) => "no matter",
            (true, true, true) => "exact",
            (true, false, false) => "rounded",
            (true, ..) => "changed",
        })
    }
    let tick = Faults { ticks: 1, ..NONE };
    comes_to(Profile::Lease, tick, attempt, &["exact"], &["rounded"]);
    comes_to(Profile::Lease, Faults { roundings: 1, ..tick }, attempt, &["exact", "rounded"], &[]);
}

/// Everybody has the lock at once.
fn no_lock(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
    world.holds()?;
    world.write(None)?;
    Ok("wrote")
}

#[test]
fn a_late_write_is_told_by_the_world_and_takes_two() {
    let script = Script { has_resource: true, ..script(no_lock) };
    assert_eq!(broken(&script, 1, Profile::Local, NONE), None);
    let Verdict::Violated(violation) = explore(&script, 2, Profile::Local, NONE).verdict else { panic!("it is late") };
    assert_eq!((violation.property, violation.trace.unwrap().steps.len()), (Property::Fenced, 4));
}

#[test]
fn there_is_a_resource_only_where_a_protocol_says_so() {
    let verdict = explore(&script(no_lock), 1, Profile::Local, NONE).verdict;
    assert!(matches!(&verdict, Verdict::Error(reason) if reason.contains("cannot answer")), "{verdict:?}");
}

/// Everybody takes it.
#[derive(Debug)]
struct NoLock(&'static [Property]);
impl Protocol for NoLock {
    fn attempt(&self, _: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        world.exists(&path("a"))?;
        let next = if phase == Phase::Idle { Phase::Holding } else { Phase::Idle };
        Ok(Outcome { next, said: "went on" })
    }
    fn evidence(&self, _: &Id) -> Path {
        path("missing")
    }
    fn gives_up(&self) -> &[Property] {
        self.0
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        Vec::new()
    }
}

#[test]
fn what_a_protocol_gives_up_is_not_asked_of_it() {
    fn litter(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        world.ensure_dir(&path("mark"))?;
        Ok("left a mark")
    }
    let litter = script(litter);
    assert_eq!(broken(&litter, 1, Profile::Local, NONE), Some(Property::NothingLeftBehind));
    let kept = Script { gives_up: &[Property::NothingLeftBehind], ..litter };
    assert_eq!(broken(&kept, 1, Profile::Local, NONE), None);

    let found = |gives_up| broken(&NoLock(gives_up), 2, Profile::Local, NONE);
    assert_eq!(found(&[]), Some(Property::NotDispossessed));
    assert_eq!(found(&[Property::NotDispossessed]), Some(Property::MutualExclusion));
    assert_eq!(found(&[Property::MutualExclusion, Property::NotDispossessed]), None);
}

/// The same lock without its token: its holders do overlap, and the token is what makes up for it.
#[test]
fn a_lease_does_not_exclude_and_its_token_fences() {
    let late = Faults { ticks: 2, ..NONE };
    assert_eq!(broken(&FENCED, 2, Profile::Lease, late), None);
    assert_eq!(broken(&lease::NO_TOKEN, 2, Profile::Lease, late), Some(Property::Fenced));
    assert_eq!(broken(&lease::NO_TOKEN, 2, Profile::Lease, Faults { ticks: 1, ..NONE }), None);
    // How a lease is measured has nothing to do with it.
    let hasty = Leases { is_over: |world, _, _, _| Ok(world.below(TWO)? == 0), seconds: 0, ..FENCED };
    assert_eq!(broken(&hasty, 2, Profile::Lease, NONE), None);
}

#[test]
fn stamps_with_a_margin_hold_as_long_as_nobody_sets_the_clock_of_the_file_system() {
    let ticks = |ticks| Faults { ticks, ..NONE };
    assert_eq!(broken(&lease::STAMPS_WITH_A_MARGIN, 2, Profile::Lease, Faults { roundings: 1, ..ticks(3) }), None);
    let set = Faults { jumps: 2, ..ticks(1) };
    let found = broken(&lease::STAMPS_WITH_A_MARGIN, 2, Profile::Lease, set);
    assert_eq!(found, Some(Property::NotDispossessed));
}

#[test]
fn a_renewal_shows_in_a_stamp_unless_that_is_rounded_away() {
    let found = |leases, faults| broken(&leases, 2, Profile::Lease, faults);
    let ticks = |ticks| Faults { ticks, ..NONE };
    assert_eq!(found(lease::RENEWED_BY_STAMP, ticks(2)), None);
    assert_eq!(found(lease::RENEWED_BY_STAMP, Faults { roundings: 1, ..ticks(2) }), Some(Property::NotDispossessed));
    assert_eq!(found(lease::RENEWED_WITH_A_MARGIN, Faults { roundings: 1, ..ticks(3) }), None);
    assert_eq!(found(lease::RENEWED_WITH_A_MARGIN, Faults { errors: 1, ..ticks(3) }), None);
    assert_eq!(found(lease::RENEWED_LATE, ticks(2)), Some(Property::NotDispossessed));
}

#[test]
fn a_start_by_the_wall_clock_is_a_second_off_as_often_as_there_are_jitters() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        let off = |started: Option<u64>| started.map(|started| started.abs_diff(BOOTED + 1000));
        Ok(match (off(world.started(0, 2)?), off(world.started(0, 2)?), world.started(0, 3)?) {
            (Some(0), Some(0), None) => "right",
            (Some(1), Some(0), None) | (Some(0), Some(1), None) => "off once",
            (Some(1), Some(1), None) => "off twice",
            _ => "something else",
        })
    }
    comes_to(Profile::Identity, NONE, attempt, &["right"], &["off once"]);
    let jitter = Faults { jitters: 1, ..NONE };
    comes_to(Profile::Identity, jitter, attempt, &["right", "off once"], &["off twice", "something else"]);
}

#[test]
fn a_restart_leaves_the_disk_and_gives_the_same_number_again() {
    fn attempt(world: &Replay<'_>, me: &Client) -> Result<&'static str, Stop> {
        let process = Namespaces::ONE.process(me).expect("it is one");
        let found = world.exists(&path("a"))?;
        world.discard_dir(&path("a"))?;
        world.create_dir(&path("a"))?;
        world.remove_dir(&path("a"))?;
        Ok(match (process.boot.0, (process.pid, process.start), found) {
            (1, (2, 1000), false) => "first boot",
            (2, (2, 1000), false) => "second boot",
            (2, (2, 1000), true) => "second boot, and found what was left",
            _ => "something else",
        })
    }
    let all = &["first boot", "second boot", "second boot, and found what was left"];
    comes_to(Profile::Identity, Faults { reboots: 1, ..NONE }, attempt, all, &["something else"]);
    comes_to(Profile::Identity, NONE, attempt, &["first boot"], &["second boot"]);
}

#[test]
fn more_deaths_than_there_are_numbers_for_are_no_pass() {
    for faults in [Faults { reboots: 4, ..NONE }, Faults { crashes: 8, ..NONE }] {
        let report = explore(&script(|_, _| unreachable!("nothing is run")), 1, Profile::Identity, faults);
        assert!(matches!(report.verdict, Verdict::Error(_)), "{report:?}");
    }
}

/// Makes one directory and then another, and takes both away, the second first. What it finds is what a cut left.
fn one_by_one(world: &Replay<'_>, [first, second]: [&str; 2]) -> Result<&'static str, Stop> {
    let [first, second] = [first, second].map(path);
    let found = [world.exists(&first)?, world.exists(&second)?];
    for old in [&first, &second, &path("d")] {
        world.discard_dir(old)?;
    }
    world.create_dir(&path("d"))?;
    world.create_dir(&first)?;
    world.create_dir(&second)?;
    for made in [&second, &first, &path("d")] {
        world.remove_dir(made)?;
    }
    Ok(match found {
        [false, false] => "found nothing",
        [true, false] => "found the first",
        [true, true] => "found both",
        [false, true] => "found the second alone",
    })
}

#[test]
fn a_name_overtakes_those_in_other_directories_alone() {
    let (cut, overtakes) = (Faults { cuts: 1, ..NONE }, Faults { cuts: 1, reorders: 1, ..NONE });
    let (usual, odd): (&[_], &[_]) = (&["found nothing", "found the first", "found both"], &["found the second alone"]);
    comes_to(Profile::Power, cut, |world, _| one_by_one(world, ["d/a", "b"]), usual, odd);
    comes_to(Profile::Power, overtakes, |world, _| one_by_one(world, ["d/a", "b"]), odd, &[]);
    comes_to(Profile::Power, overtakes, |world, _| one_by_one(world, ["a", "b"]), usual, odd);
}

/// Moves an entry, once: what was moved stays there.
#[test]
fn a_move_overtakes_as_a_whole() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        let found = [world.exists(&path("d/x"))?, world.exists(&path("e/x"))?];
        if !found[1] {
            for new in ["d", "e", "d/x", "other"] {
                world.ensure_dir(&path(new))?;
            }
            world.rename(&path("d/x"), &path("e/x"))?;
        }
        Ok(match found {
            [false, false] => "neither",
            [true, false] => "not moved",
            [false, true] => "moved",
            [true, true] => "both",
        })
    }
    let overtakes = Faults { cuts: 1, reorders: 1, ..NONE };
    let usual: &[_] = &["neither", "not moved", "moved"];
    let script = Script { gives_up: &[Property::NothingLeftBehind], ..script(attempt) };
    let found = |sometimes| broken(&Script { sometimes, ..script }, 1, Profile::Power, overtakes);
    assert_eq!([found(usual), found(&["both"])], [None, Some(Property::Sometimes)]);
}

#[test]
fn a_refused_call_did_nothing_and_says_why() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        let made = world.create_dir(&path("a"));
        if made == Err(FsError::Halted) {
            return Err(Stop::Halted);
        }
        let looked = match world.exists(&path("a")) {
            Err(FsError::Halted) => return Err(Stop::Halted),
            other => other,
        };
        world.discard_dir(&path("a"))?;
        world.discard_dir(&path("a"))?; // One of the two may be refused.
        Ok(match (made, looked) {
            (Ok(()), Ok(true)) => "made",
            (Err(FsError::PermissionDenied), Ok(false)) => "EACCES",
            (Err(FsError::ReadOnly), Ok(false)) => "EROFS",
            (Err(FsError::Exhausted), Ok(false)) => "EMFILE",
            (Err(FsError::Stale), Ok(false)) => "ESTALE",
            (Ok(()), Err(FsError::ReadOnly)) => "EROFS for a look",
            (Ok(()), Err(_)) => "cannot look",
            (Err(_), Ok(true)) => "refused, and made",
            _ => "something else",
        })
    }
    let can = &["made", "EACCES", "EROFS", "EMFILE", "ESTALE", "cannot look"];
    let cannot = &["refused, and made", "EROFS for a look", "something else"];
    comes_to(Profile::Local, Faults { refusals: 1, ..NONE }, attempt, can, cannot);
    comes_to(Profile::Local, NONE, attempt, &["made"], &["EACCES", "cannot look"]);
}

#[test]
fn a_watch_may_be_refused_too() {
    fn attempt(world: &Replay<'_>, _: &Client) -> Result<&'static str, Stop> {
        Ok(match world.watch(&Path::root()) {
            Ok(_) => "watches",
            Err(FsError::Halted) => return Err(Stop::Halted),
            Err(FsError::Exhausted) => "has too many",
            Err(_) => "something else",
        })
    }
    let refusal = Faults { refusals: 1, ..NONE };
    comes_to(Profile::Notify, refusal, attempt, &["watches", "has too many"], &["something else"]);
    comes_to(Profile::Notify, NONE, attempt, &["watches"], &["has too many"]);
}

#[test]
fn several_changes_before_a_wait_are_one_piece_of_news() {
    fn wait(world: &Replay<'_>, times: usize) -> Result<&'static str, Stop> {
        for new in ["a", "b"] {
            world.create_dir(&path(new))?;
        }
        let watch = world.watch(&Path::root())?;
        for old in ["a", "b"] {
            world.remove_dir(&path(old))?;
        }
        for _ in 0..times {
            world.wait(watch, None, None)?;
        }
        Ok("was told")
    }
    assert_eq!(broken(&script(|world, _| wait(world, 1)), 1, Profile::Notify, NONE), None);
    let twice = broken(&script(|world, _| wait(world, 2)), 1, Profile::Notify, NONE);
    assert_eq!(twice, Some(Property::NobodyWaitsInVain));
}

/// Protocol, clients, profile, faults, and then states, transitions and depth.
const PINNED: [(&str, u8, Profile, Faults, [usize; 3]); 16] = {
    const LATE: Faults = Faults { ticks: 2, ..NONE };
    const REFUSAL: Faults = Faults { refusals: 1, ..NONE };
    const OVERTAKES: Faults = Faults { cuts: 1, reorders: 1, ..NONE };
    const REBOOT: Faults = Faults { reboots: 1, ..NONE };
    [
        ("fast_lock", 2, Profile::Local, REFUSAL, [3_635, 9_771, 56]),
        ("fast_lock", 2, Profile::Local, Faults { crashes: 1, ..REFUSAL }, [43_003, 131_827, 77]),
        ("fast_lock-dir", 2, Profile::Local, REFUSAL, [3_635, 9_771, 56]),
        ("fast_lock", 2, Profile::Power, OVERTAKES, [103_486, 313_722, 98]),
        ("fast_lock-dir", 2, Profile::Power, OVERTAKES, [103_486, 313_722, 98]),
        ("fast_lock+waiting", 2, Profile::Notify, REFUSAL, [11_648, 31_311, 77]),
        ("fast_lock+polling", 2, Profile::Notify, Faults { losses: 1, ..REFUSAL }, [37_778, 105_118, 99]),
        ("fast_lock+processes", 2, Profile::Identity, REBOOT, [54_749, 118_723, 93]),
        ("fast_lock+containers", 2, Profile::Identity, REBOOT, [51_447, 111_957, 92]),
        ("lease+token", 2, Profile::Lease, LATE, [4_366, 13_070, 28]),
        ("lease+token", 2, Profile::Lease, Faults { crashes: 1, ..LATE }, [11_372, 41_514, 30]),
        (
            "lease+token",
            2,
            Profile::Lease,
            Faults { jumps: 1, suspends: 1, roundings: 1, ..LATE },
            [193_710, 764_699, 30],
        ),
        ("lease+margin", 2, Profile::Lease, Faults { ticks: 3, roundings: 1, ..NONE }, [17_732, 52_346, 32]),
        ("lease+token", 3, Profile::Lease, LATE, [77_079, 355_333, 32]),
        ("token", 2, Profile::Local, REFUSAL, [4_161, 14_023, 41]),
        ("token+admit", 2, Profile::Local, REFUSAL, [1_436, 4_614, 29]),
    ]
};

#[test]
fn every_row_of_these_worlds_is_verified_in_a_search_of_the_size_it_had() {
    let new = [Budget::Jumps, Budget::Suspends, Budget::Roundings, Budget::Reboots, Budget::Reorders, Budget::Refusals];
    // Those of a policy, of the line and of numbers are pinned beside those of the lock, the line and numbers.
    let elsewhere = ["fast_lock+grace", "fast_lock+lease", "fast_lock+fence", "fair_lock", "token"];
    let is_elsewhere =
        |row: &Scenario| row.faults.refusals == 0 && elsewhere.iter().any(|name| row.protocol.starts_with(name));
    let is_new = |row: &Scenario| row.faults.nonzero().any(|(budget, _)| new.contains(&budget));
    let are_of_here = |row: &Scenario| (row.profile == Profile::Lease || is_new(row)) && !is_elsewhere(row);
    let rows: Vec<_> = catalogue::rows().into_iter().filter(|(_, row)| are_of_here(row)).collect();
    assert_eq!(rows.len(), PINNED.len(), "{:?}", rows.iter().map(|(_, row)| row.to_string()).collect::<Vec<_>>());
    for ((entry, scenario), (name, clients, profile, faults, size)) in rows.into_iter().zip(PINNED) {
        assert_eq!(scenario, Scenario { profile, faults, ..Scenario::new(name, clients, 0) });
        let report = check(entry.protocol(), &scenario, Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Verified, "{scenario}");
        assert_eq!([report.states, report.transitions, report.depth], size, "{scenario}");
    }
}
