//! The steps of check-bid-check: CHECK, WRITE, BID, CHECK, HOLD and WITHDRAW, and those of a challenge.

use std::{cell::RefCell, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    check_bid_check::{Bidder, Bidders, CHALLENGES_MAX, LockFolder, guid},
    fs::{
        Fs, FsError, Halted, MemFs, Through,
        call::{Answer, Call},
    },
    id::Id,
    lock::{Lock, LockError},
    probe::Liveness,
};

use crate::stage::{Fault, Log, before, failing, id, look_at, move_to, path, remove};

/// The process of all contenders here. Its number is 4, and others are dead with 1, alive with 2, unknown with 3, and so is
/// whoever is called [`ELSEWHERE`].
const ME: Bidder = Bidder { pid: 4, created: 40 };

const ELSEWHERE: &str = "on-another-host";

/// Knows each by its number, and keeps who was asked about.
#[derive(Default)]
struct ByNumber(RefCell<Vec<u64>>);

impl Bidders for ByNumber {
    fn liveness(&self, id: &Id, bidder: &Bidder) -> Result<Liveness, Halted> {
        self.0.borrow_mut().push(bidder.pid);
        Ok(match bidder.pid {
            _ if id.name().as_str() == ELSEWHERE => Liveness::Unknown,
            1 => Liveness::Dead,
            3 => Liveness::Unknown,
            _ => Liveness::Alive,
        })
    }
}

const DEAD: &str = r#"{"PID": 1, "CREATED": 10}"#;
const ALIVE: &str = r#"{"PID": 2, "CREATED": 20}"#;
const UNKNOWN: &str = r#"{"PID": 3, "CREATED": 30}"#;
const MINE: &str = r#"{"PID": 4, "CREATED": 40}"#;

fn folder<F: Fs>(fs: F) -> LockFolder<F, ByNumber> {
    LockFolder::new(fs, path("f"), ME, ByNumber::default())
}

/// A disk with a folder of these files.
fn disk(files: &[(&str, &str)]) -> MemFs {
    let disk = MemFs::new();
    assert_eq!(disk.create_dir(&path("f")), Ok(()));
    for (name, contents) in files {
        assert_eq!(disk.create_file(&path(&format!("f/{name}")), contents.as_bytes()), Ok(()));
    }
    disk
}

fn files(disk: &MemFs) -> Vec<String> {
    disk.list(&path("f")).expect("it is there").iter().map(ToString::to_string).collect()
}

fn held_by(owner: &str) -> Result<(), LockError> {
    Err(LockError::Held { owner: Some(id(owner)) })
}

/// Picks the second look at the folder.
fn second_check() -> impl Fn(&Call) -> bool {
    let looks = std::cell::Cell::new(0);
    let is_look = look_at("f");
    move |call| {
        looks.set(looks.get() + u32::from(is_look(call)));
        looks.get() == 2
    }
}

#[test]
fn check_ends_at_a_bid_that_stands_and_bids_nothing() {
    for (what, contents) in [("alive", ALIVE), ("unknown", UNKNOWN), ("empty", ""), ("half", &ALIVE[..9])] {
        let (disk, log) = (disk(&[("ann.json", contents)]), Log::default());
        assert_eq!(folder(log.of(&disk)).try_lock(&id("bob")), held_by("ann"), "{what}");
        assert_eq!(files(&disk), ["ann.json"], "{what}");
        assert_eq!(log.len(), 2, "{what}");
    }
}

/// What the bid says would do, and the guid says otherwise.
#[test]
fn check_and_challenge_ask_for_a_bid_by_its_guid_too() {
    for (suffix, due) in [("json", held_by(ELSEWHERE)), ("1-10.new", Ok(()))] {
        let entry = format!("{ELSEWHERE}.{suffix}");
        let disk = disk(&[(&entry, DEAD)]);
        assert_eq!(folder(&disk).try_lock(&id("bob")), due);
        assert!(files(&disk).contains(&entry));
    }
}

#[test]
fn check_removes_the_bids_of_the_dead_and_passes_by_what_is_none() {
    let disk = disk(&[("ann.json", DEAD), ("eve.json", DEAD), ("readme", ALIVE), ("x.1.new", "")]);
    assert_eq!(folder(&disk).try_lock(&id("bob")), Ok(()));
    assert_eq!(files(&disk), ["bob.json", "readme", "x.1.new"]);
}

#[test]
fn check_removes_what_the_dead_left_unpublished_and_leaves_that_of_others() {
    let disk = disk(&[("ann.1-10.new", ""), ("liv.2-20.new", ""), ("una.3-30.new", UNKNOWN)]);
    assert_eq!(folder(&disk).try_lock(&id("bob")), Ok(()));
    assert_eq!(files(&disk), ["bob.json", "liv.2-20.new", "una.3-30.new"]);
}

#[test]
fn check_finds_a_bid_of_mine_and_says_that_the_lock_is_mine() {
    let disk = disk(&[("bob.json", MINE)]);
    assert_eq!(folder(&disk).try_lock(&id("bob")), Err(LockError::AlreadyOwner));
    assert_eq!(files(&disk), ["bob.json"]);
}

#[test]
fn check_of_more_than_it_may_challenge_makes_room_and_is_disturbed() {
    let names: Vec<String> = (0..CHALLENGES_MAX + 5).map(|number| format!("d{number:03}.json")).collect();
    let disk = disk(&names.iter().map(|name| (name.as_str(), DEAD)).collect::<Vec<_>>());
    let folder = folder(&disk);
    assert_eq!(folder.try_lock(&id("bob")), Err(LockError::Disturbed));
    assert_eq!(files(&disk).len(), 5);
    assert_eq!(folder.try_lock(&id("bob")), Ok(()));
    assert_eq!(files(&disk), ["bob.json"]);
}

#[test]
fn write_makes_an_entry_that_counts_for_nothing() {
    let disk = disk(&[]);
    let fs = before(&disk, move_to("f/bob.json"), || {
        assert_eq!(files(&disk), ["bob.4-40.new"]);
        assert_eq!(folder(&disk).in_use(&id("eve")), Ok(false));
        assert_eq!(folder(&disk).proposals(), Ok(vec![id("bob")]));
    });
    assert_eq!(folder(&fs).try_lock(&id("bob")), Ok(()));
}

#[test]
fn write_over_what_an_earlier_try_left_is_disturbed_and_clears_it() {
    let disk = disk(&[("bob.4-40.new", "{\"PI")]);
    assert_eq!(folder(&disk).try_lock(&id("bob")), Err(LockError::Disturbed));
    assert_eq!(files(&disk), Vec::<String>::new());
    assert_eq!(folder(&disk).try_lock(&id("bob")), Ok(()));
}

#[test]
fn bid_appears_whole() {
    let disk = disk(&[]);
    let fs = before(&disk, second_check(), || {
        assert_eq!(disk.read(&path("f/bob.json")), Ok(MINE.into()));
        assert_eq!(files(&disk), ["bob.json"]);
    });
    assert_eq!(folder(&fs).try_lock(&id("bob")), Ok(()));
}

#[test]
fn bid_that_somebody_took_back_before_it_was_one_is_disturbed() {
    let disk = disk(&[]);
    let fs = before(&disk, move_to("f/bob.json"), || assert_eq!(folder(&disk).clean(&id("bob")), Ok(())));
    assert_eq!(folder(&fs).try_lock(&id("bob")), Err(LockError::Disturbed));
    assert_eq!(files(&disk), Vec::<String>::new());
}

#[test]
fn check_again_finds_who_bid_meanwhile_and_withdraws() {
    let disk = disk(&[]);
    let fs = before(&disk, move_to("f/bob.json"), || {
        assert_eq!(disk.create_file(&path("f/ann.json"), ALIVE.as_bytes()), Ok(()));
    });
    assert_eq!(folder(&fs).try_lock(&id("bob")), held_by("ann"));
    assert_eq!(files(&disk), ["ann.json"]);
}

#[test]
fn check_again_misses_my_bid_where_somebody_removed_it() {
    let disk = disk(&[]);
    let fs = before(&disk, second_check(), || assert_eq!(disk.remove_file(&path("f/bob.json")), Ok(())));
    assert_eq!(folder(&fs).try_lock(&id("bob")), Err(LockError::Disturbed));
    assert_eq!(files(&disk), Vec::<String>::new());
}

#[test]
fn hold_lasts_whatever_others_try_clean_and_release() {
    let disk = disk(&[("bob.json", MINE)]);
    let folder = folder(&disk);
    assert_eq!(folder.clean(&id("bob")), Ok(()));
    assert_eq!(folder.unlock(&id("eve")), Err(LockError::NotOwner));
    assert_eq!(folder.recover(&id("eve")), Ok(()));
    assert_eq!(folder.try_lock(&id("eve")), held_by("bob"));
    assert_eq!([folder.have_lock(&id("bob")), folder.have_lock(&id("eve"))], [Ok(true), Ok(false)]);
    assert_eq!([folder.in_use(&id("bob")), folder.in_use(&id("eve"))], [Ok(false), Ok(true)]);
    assert_eq!(folder.owner(), Ok(Some(id("bob"))));
    assert_eq!(files(&disk), ["bob.json"]);
    assert_eq!(folder.unlock(&id("bob")), Ok(()));
    assert_eq!(folder.owner(), Ok(None));
}

#[test]
fn two_contenders_of_one_process_exclude_each_other() {
    let disk = disk(&[]);
    let folder = folder(&disk);
    assert_eq!(folder.try_lock(&id("bob")), Ok(()));
    assert_eq!(folder.try_lock(&id("eve")), held_by("bob"));
    assert_eq!(folder.unlock(&id("eve")), Err(LockError::NotOwner));
    assert_eq!(folder.unlock(&id("bob")), Ok(()));
    assert_eq!(folder.try_lock(&id("eve")), Ok(()));
}

#[test]
fn read_of_a_bid_that_is_gone_by_then_is_no_bid() {
    let disk = disk(&[("ann.json", ALIVE)]);
    let fs = before(
        &disk,
        |call| matches!(call, Call::Read(_)),
        || {
            assert_eq!(disk.remove_file(&path("f/ann.json")), Ok(()));
        },
    );
    assert_eq!(folder(&fs).try_lock(&id("bob")), Ok(()));
    assert_eq!(files(&disk), ["bob.json"]);
}

#[test]
fn read_that_fails_leaves_the_bid_standing() {
    for error in [FsError::Io, FsError::PermissionDenied, FsError::Stale, FsError::TooLarge] {
        let disk = disk(&[("ann.json", DEAD)]);
        let fs = Through(|call: &Call| -> Answer {
            if matches!(call, Call::Read(_)) { Err(error) } else { call.on(&disk) }
        });
        assert_eq!(folder(&fs).try_lock(&id("bob")), held_by("ann"));
        assert_eq!(files(&disk), ["ann.json"]);
    }
}

#[test]
fn remove_that_somebody_else_did_is_no_error_and_one_that_fails_is() {
    let disk = disk(&[("ann.json", DEAD)]);
    let fs = before(&disk, remove("f/ann.json"), || assert_eq!(folder(&disk).recover(&id("ann")), Ok(())));
    assert_eq!(folder(&fs).in_use(&id("bob")), Ok(false));
    let disk = self::disk(&[("ann.json", DEAD)]);
    let is_removal = remove("f/ann.json");
    let fs = Through(|call: &Call| -> Answer {
        if is_removal(call) { Err(FsError::PermissionDenied) } else { call.on(&disk) }
    });
    assert_eq!(folder(&fs).try_lock(&id("bob")), Err(LockError::Fs(FsError::PermissionDenied)));
    assert_eq!(files(&disk), ["ann.json"]);
}

#[test]
fn withdraw_leaves_no_bid_whichever_call_fails() {
    let (whole, log) = (disk(&[]), Log::default());
    assert_eq!(folder(log.of(&whole)).try_lock(&id("bob")), Ok(()));
    for (number, takes_effect) in (0..log.len()).flat_map(|number| [(number, false), (number, true)]) {
        let disk = disk(&[]);
        let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
        assert_eq!(folder(&fs).try_lock(&id("bob")), Err(LockError::Fs(FsError::Io)));
        assert_eq!(files(&disk), Vec::<String>::new(), "call {number}, takes effect {takes_effect}");
    }
}

#[test]
fn withdraw_tries_again_where_a_bid_could_not_be_removed() {
    let disk = disk(&[]);
    let (is_removal, failed) = (remove("f/bob.json"), std::cell::Cell::new(false));
    let rival = before(&disk, second_check(), || {
        assert_eq!(disk.create_file(&path("f/ann.json"), ALIVE.as_bytes()), Ok(()));
    });
    let fs = Through(|call: &Call| -> Answer {
        if is_removal(call) && !failed.replace(true) { Err(FsError::Io) } else { call.on(&rival) }
    });
    assert_eq!(folder(&fs).try_lock(&id("bob")), held_by("ann"));
    assert_eq!(files(&disk), ["ann.json"]);
}

#[test]
fn an_attempt_that_is_halted_makes_no_further_call() {
    let there = [("ann.json", DEAD), ("eve.1-10.new", "")];
    let (whole, log) = (disk(&there), Log::default());
    assert_eq!(folder(log.of(&whole)).try_lock(&id("bob")), Ok(()));
    for number in 0..log.len() {
        let (disk, log) = (disk(&there), Log::default());
        let fs = failing(&disk, |call| call >= number, Fault { error: FsError::Halted, takes_effect: false });
        let answer = folder(log.of(&fs)).try_lock(&id("bob"));
        assert_eq!((answer, log.len()), (Err(LockError::Fs(FsError::Halted)), number + 1));
    }
}

#[test]
fn a_folder_that_is_missing_is_an_error() {
    let disk = MemFs::new();
    assert_eq!(folder(&disk).try_lock(&id("bob")), Err(LockError::Fs(FsError::NotFound)));
}

#[test]
fn an_id_that_leaves_no_room_for_a_suffix_is_refused() {
    let disk = disk(&[]);
    let long = "x".repeat(255);
    assert_eq!(folder(&disk).try_lock(&id(&long)), Err(LockError::Fs(FsError::NameTooLong)));
    assert_eq!(files(&disk), Vec::<String>::new());
}

#[test]
fn a_guid_is_a_uuid_that_chance_makes() {
    struct Rolling(RefCell<u32>);
    impl Chance for Rolling {
        fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
            let drawn = self.0.replace_with(|drawn| drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
            Ok((drawn >> 8) % bound.get())
        }
    }
    let chance = Rolling(RefCell::new(7));
    let [first, second] = [guid(&chance).unwrap().to_string(), guid(&chance).unwrap().to_string()];
    assert_ne!(first, second);
    for guid in [first, second] {
        let fields: Vec<usize> = guid.split('-').map(str::len).collect();
        assert_eq!(fields, [8, 4, 4, 4, 12], "{guid}");
        assert_eq!(&guid[14..15], "4", "{guid}");
        assert!(matches!(&guid[19..20], "8" | "9" | "a" | "b"), "{guid}");
    }
}
