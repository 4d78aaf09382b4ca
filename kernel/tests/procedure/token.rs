//! The steps of a token: LOOK, RAISE, BUILD, BEGIN and TIDY; and of a sweep.

use std::cell::{Cell, RefCell};

use lockwright_kernel::{
    fs::{
        Entry, Fs, FsError, Halted, MemFs, Through,
        call::{Answer, Call, Value},
    },
    id::Id,
    probe::{Liveness, Probe},
    token::{TRIES_MAX, Token, TokenError, Tokens, Verdict},
};
use proptest::{collection::vec, prelude::*};

use crate::stage::{Fault, Log, before, failing, id, look_at, make, move_to, path, remove};

const HIGHEST: u64 = 999;

fn tokens<F: Fs>(fs: F) -> Tokens<F> {
    Tokens::new(fs, path("t")).up_to(token(HIGHEST))
}

fn token(number: u64) -> Token {
    Token::new(number).expect("not zero")
}

fn tree(disk: &MemFs) -> Vec<String> {
    assert!(disk.entries().iter().all(|(_, entry)| *entry == Entry::Dir), "there are directories only");
    disk.entries().into_iter().map(|(path, _)| path.to_string()).collect()
}

/// A disk on which this number was given last.
fn given(number: u64) -> MemFs {
    let disk = MemFs::new();
    for dir in ["t", "t/last", &format!("t/last/{number:03}")] {
        disk.create_dir(&path(dir)).expect("a new disk");
    }
    disk
}

#[test]
fn numbers_follow_each_other_from_one_whoever_asks() {
    let disk = MemFs::new();
    assert_eq!(tokens(&disk).last(), Ok(None));
    for number in 1..=5 {
        let me = if number % 2 == 0 { "ann" } else { "bob" };
        assert_eq!(tokens(&disk).next(&id(me)), Ok(token(number)));
        assert_eq!(tokens(&disk).last(), Ok(Some(token(number))));
    }
    assert_eq!(tree(&disk), ["t", "t/last", "t/last/005"]);
}

#[test]
fn build_is_whole_before_begin_makes_it_the_number_and_tidy_leaves_nothing_of_it() {
    let disk = MemFs::new();
    let seen = Cell::new(Vec::new());
    let fs = before(&disk, move_to("t/last"), || seen.set(tree(&disk)));
    assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(1)));
    assert_eq!(seen.take(), ["t", "t/build", "t/build/ann", "t/build/ann/000"]);
    assert_eq!(tree(&disk), ["t", "t/last", "t/last/001"]);
}

#[test]
fn begin_replaces_no_numbers_that_somebody_began_meanwhile() {
    let disk = MemFs::new();
    let fs = before(&disk, move_to("t/last"), || assert_eq!(tokens(&disk).next(&id("bob")), Ok(token(1))));
    assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(2)));
    assert_eq!(tree(&disk), ["t", "t/last", "t/last/002"]);
}

#[test]
fn a_beginning_whose_directories_are_tidied_away_is_made_again() {
    for step in ["t/build/ann", "t/build/ann/000"] {
        let disk = MemFs::new();
        let fs = before(&disk, make(step), || {
            let _ = disk.discard_dir(&path("t/build/ann"));
            let _ = disk.discard_dir(&path("t/build"));
        });
        assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(1)), "{step}");
        assert_eq!(tree(&disk), ["t", "t/last", "t/last/001"], "{step}");
    }
}

#[test]
fn raise_looks_again_where_somebody_was_faster() {
    let disk = given(7);
    let fs = before(&disk, move_to("t/last/008"), || assert_eq!(tokens(&disk).next(&id("bob")), Ok(token(8))));
    assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(9)));
}

#[test]
fn an_attempt_that_is_outrun_each_time_is_disturbed_and_takes_nothing() {
    let disk = given(0);
    let fs = Through(|call: &Call| {
        if matches!(call.effect(), Call::Rename(..)) {
            tokens(&disk).next(&id("bob")).expect("a number");
        }
        call.on(&disk)
    });
    assert_eq!(tokens(&fs).next(&id("ann")), Err(TokenError::Disturbed));
    assert_eq!(tokens(&disk).last(), Ok(Some(token(TRIES_MAX.into()))));
}

/// An entry that is moved during a listing may be in it under either name, under both, or under neither.
#[test]
fn look_believes_no_listing_that_an_entry_was_moved_in() {
    for shown in [&[][..], &["006"], &["007"], &["006", "007"], &["000", "006"]] {
        let disk = given(7);
        let first = Cell::new(true);
        let fs = Through(|call: &Call| match call.effect() {
            Call::List(_) if first.take() => Ok(Value::Names(shown.iter().map(|name| name.parse().unwrap()).collect())),
            _ => call.on(&disk),
        });
        assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(8)), "{shown:?}");
        assert_eq!(tree(&disk), ["t", "t/last", "t/last/008"], "{shown:?}");
    }
}

#[test]
fn last_says_that_it_missed_the_number() {
    let disk = given(7);
    let fs = Through(|call: &Call| match call.effect() {
        Call::List(_) => Ok(Value::Names(Vec::new())),
        _ => call.on(&disk),
    });
    assert_eq!(tokens(&fs).last(), Err(TokenError::Disturbed));
    assert_eq!(tokens(&disk).last(), Ok(Some(token(7))));
}

#[test]
fn one_try_is_disturbed_by_one_who_was_faster() {
    let disk = given(7);
    let fs = before(&disk, move_to("t/last/008"), || assert_eq!(tokens(&disk).next(&id("bob")), Ok(token(8))));
    assert_eq!(tokens(&fs).try_next(&id("ann"), 0), Err(TokenError::Disturbed));
    assert_eq!(tokens(&fs).try_next(&id("ann"), 0), Ok(token(9)));
}

#[test]
fn from_an_emptied_directory_no_number_is_given() {
    let disk = given(7);
    disk.remove_dir(&path("t/last/007")).unwrap();
    assert_eq!(tokens(&disk).next(&id("ann")), Err(TokenError::Disturbed));
    assert_eq!(tokens(&disk).last(), Err(TokenError::Disturbed));
    assert_eq!(tree(&disk), ["t", "t/last"]);
}

#[test]
fn other_names_are_no_numbers() {
    let disk = given(7);
    for name in ["8", "0008", "+08", "x", "008-shared"] {
        disk.create_file(&path(&format!("t/last/{name}")), b"").unwrap();
    }
    assert_eq!(tokens(&disk).next(&id("ann")), Ok(token(8)));
}

#[test]
fn beyond_the_highest_number_there_is_none_and_nothing_changes() {
    for highest in [HIGHEST, u64::MAX] {
        let disk = MemFs::new();
        let tokens = Tokens::new(&disk, path("t")).up_to(token(highest));
        assert_eq!(tokens.next_above(&id("ann"), highest - 1), Ok(token(highest)));
        let full = tree(&disk);
        assert_eq!(tokens.next(&id("ann")), Err(TokenError::UsedUp(token(highest))));
        assert_eq!(tokens.next_above(&id("ann"), u64::MAX), Err(TokenError::UsedUp(token(highest))));
        assert_eq!(tree(&disk), full);
        assert_eq!(tokens.last(), Ok(Some(token(highest))));
    }
}

#[test]
fn after_a_power_cut_numbers_go_on_above_what_the_resource_has_seen_and_never_down() {
    let disk = given(7);
    for (seen, next) in [(40, 41), (5, 42), (42, 43)] {
        assert_eq!(tokens(&disk).next_above(&id("ann"), seen), Ok(token(next)));
    }
}

#[test]
fn a_resource_admits_what_is_not_lower_than_the_highest_it_has_seen() {
    let disk = MemFs::new();
    let admit = |number| tokens(&disk).admit(&id("ann"), token(number));
    for (number, verdict) in [
        (5, Verdict::Admitted),
        (5, Verdict::Admitted),
        (4, Verdict::Refused(token(5))),
        (HIGHEST, Verdict::Admitted),
        (1, Verdict::Refused(token(HIGHEST))),
    ] {
        assert_eq!(admit(number), Ok(verdict), "{number}");
    }
    assert_eq!(admit(HIGHEST + 1), Err(TokenError::UsedUp(token(HIGHEST))));
    assert_eq!(tree(&disk), ["t", "t/last", &format!("t/last/{HIGHEST}")]);
}

/// Whatever another one is admitted with right before any call, also in the beginning.
#[test]
fn judge_refuses_a_number_below_one_that_was_admitted_meanwhile_and_admits_one_above() {
    for begun in [MemFs::new as fn() -> MemFs, || given(3)] {
        for at in 0.. {
            let mut over = false;
            for (mine, theirs) in [(5, 4), (5, 5), (5, 7)] {
                let (disk, calls, came) = (begun(), Cell::new(0), Cell::new(false));
                let fs = Through(|call: &Call| {
                    if calls.replace(calls.get() + 1) == at {
                        came.set(true);
                        assert_eq!(tokens(&disk).admit(&id("bob"), token(theirs)), Ok(Verdict::Admitted));
                    }
                    call.on(&disk)
                });
                let verdict = tokens(&fs).admit(&id("ann"), token(mine));
                let is_over = verdict == Ok(Verdict::Admitted) && !came.get();
                over |= is_over;
                let refused = Ok(Verdict::Refused(token(7)));
                assert_eq!(verdict, if theirs > mine && !is_over { refused } else { Ok(Verdict::Admitted) }, "{at}");
                let highest = if is_over { mine } else { mine.max(theirs) };
                assert_eq!(tree(&disk), ["t", "t/last", &format!("t/last/{highest:03}")], "{at}");
                let lower = tokens(&disk).admit(&id("cat"), token(highest - 1));
                assert_eq!(lower, Ok(Verdict::Refused(token(highest))), "{at}");
            }
            if over {
                assert!(at > 1, "there was nothing to come between");
                break;
            }
        }
    }
}

#[test]
fn a_number_is_outdated_once_and_only_while_it_is_the_last() {
    let disk = given(7);
    assert_eq!(tokens(&disk).outdate(token(7)), Ok(token(8)));
    assert_eq!(tokens(&disk).outdate(token(7)), Err(TokenError::Disturbed));
    assert_eq!(tree(&disk), ["t", "t/last", "t/last/008"]);
    assert_eq!(tokens(&disk).next(&id("bob")), Ok(token(9)));
    let disk = given(HIGHEST);
    assert_eq!(tokens(&disk).outdate(token(HIGHEST)), Err(TokenError::UsedUp(token(HIGHEST))));
    assert_eq!(tokens(MemFs::new()).outdate(token(1)), Err(TokenError::Disturbed));
}

#[test]
fn recover_removes_what_the_dead_left_and_no_number() {
    for steps in 0..=3 {
        let dirs = ["t/build", "t/build/dan", "t/build/dan/000"];
        let disk = given(7);
        for dir in &dirs[..steps] {
            disk.create_dir(&path(dir)).unwrap();
        }
        tokens(&disk).recover(&id("dan")).unwrap();
        assert_eq!(tree(&disk), ["t", "t/last", "t/last/007"]);
    }
}

#[test]
fn whichever_call_fails_at_most_one_number_is_lost_and_the_next_attempt_leaves_nothing() {
    for start in [None, Some(7)] {
        let disk = || start.map_or_else(MemFs::new, given);
        let (log, whole) = (Log::default(), disk());
        tokens(log.of(&whole)).next(&id("ann")).unwrap();
        for (number, takes_effect) in (0..log.len()).flat_map(|number| [(number, false), (number, true)]) {
            let disk = disk();
            let fs = failing(&disk, |call| call == number, Fault { error: FsError::Io, takes_effect });
            let before = start.unwrap_or(0);
            match tokens(&fs).next(&id("ann")) {
                Ok(got) => assert_eq!(got, token(before + 1), "call {number}"), // Nobody looks at what TIDY is told.
                Err(error) => assert_eq!(error, TokenError::Fs(FsError::Io), "call {number}"),
            }
            let next = tokens(&disk).next(&id("ann")).unwrap().get();
            assert!([before + 1, before + 2].contains(&next), "call {number}: {next}");
            let left = tree(&disk).into_iter().filter(|entry| !entry.starts_with("t/build"));
            assert_eq!(left.collect::<Vec<_>>(), ["t".to_owned(), "t/last".into(), format!("t/last/{next:03}")]);
            tokens(&disk).recover(&id("ann")).unwrap();
            assert_eq!(tree(&disk).len(), 3, "call {number}");
        }
    }
}

#[test]
fn a_beginning_for_which_there_is_no_room_leaves_nothing() {
    let made = ["t", "t/build", "t/build/ann", "t/build/ann/000", "t/last"];
    for number in 1..=made.len() {
        let disk = MemFs::new();
        let fs = failing(&disk, |call| call == number, Fault { error: FsError::NoSpace, takes_effect: false });
        assert_eq!(tokens(&fs).next(&id("ann")), Err(TokenError::Fs(FsError::NoSpace)), "{}", made[number - 1]);
        assert_eq!(tree(&disk), [""; 0], "{}", made[number - 1]);
    }
}

#[test]
fn who_has_no_room_to_begin_takes_no_number_away_that_others_begin_meanwhile() {
    for step in ["t/build", "t/build/ann", "t/build/ann/000", "t/last"] {
        let disk = MemFs::new();
        let fails = |call: &Call| make(step)(call) || move_to(step)(call);
        let fs = Through(|call: &Call| {
            if fails(call) {
                assert_eq!(tokens(&disk).next(&id("bob")), Ok(token(1)));
                return Err(FsError::NoSpace);
            }
            call.on(&disk)
        });
        assert_eq!(tokens(&fs).next(&id("ann")), Err(TokenError::Fs(FsError::NoSpace)), "{step}");
        assert_eq!(tree(&disk), ["t", "t/last", "t/last/001"], "{step}");
    }
}

#[test]
fn a_beginning_whose_directory_others_take_away_is_made_again() {
    for step in ["t/build", "t/build/ann", "t/build/ann/000"] {
        let disk = MemFs::new();
        let fs = before(&disk, make(step), || {
            for dir in ["t/build/ann", "t/build", "t"] {
                let _ = disk.discard_dir(&path(dir));
            }
        });
        assert_eq!(tokens(&fs).next(&id("ann")), Ok(token(1)), "{step}");
        assert_eq!(tree(&disk), ["t", "t/last", "t/last/001"], "{step}");
    }
}

#[test]
fn a_rename_that_is_carried_out_twice_gives_one_number() {
    let disk = given(7);
    let fs = Through(|call: &Call| {
        let answer = call.on(&disk);
        if let Call::Rename(..) = call.effect() {
            assert_eq!(call.on(&disk), Err(FsError::NotFound));
        }
        answer
    });
    assert_eq!([1, 2].map(|_| tokens(&fs).next(&id("ann")).unwrap().get()), [8, 9]);
}

#[test]
fn what_stands_in_the_way_is_told() {
    let disk = MemFs::new();
    disk.create_file(&path("t"), b"").unwrap();
    assert_eq!(tokens(&disk).next(&id("ann")), Err(TokenError::Fs(FsError::NotADirectory)));
    let nowhere = Tokens::new(&disk, path("no/t"));
    assert_eq!(nowhere.next(&id("ann")), Err(TokenError::Fs(FsError::NotFound)));
    assert_eq!(nowhere.last(), Ok(None));
}

/// What one attempt got, and between which moments.
struct Got {
    began: usize,
    ended: usize,
    number: u64,
}

/// At each call of an attempt others may make attempts of their own, at whose calls others may.
struct Crowd<'a> {
    disk: &'a MemFs,
    /// How many do so at the next call, taken from the end.
    plan: RefCell<Vec<usize>>,
    moment: Cell<usize>,
    got: RefCell<Vec<Got>>,
}

impl Crowd<'_> {
    const NAMES: [&'static str; 4] = ["ann", "bob", "cid", "dan"];

    fn now(&self) -> usize {
        self.moment.replace(self.moment.get() + 1)
    }

    fn next(&self, depth: usize) {
        let Some(name) = Self::NAMES.get(depth) else { return };
        let me: Id = id(name);
        let fs = Through(|call: &Call| -> Answer {
            let others = self.plan.borrow_mut().pop().unwrap_or(0);
            for _ in 0..others {
                self.next(depth + 1);
            }
            call.on(self.disk)
        });
        let began = self.now();
        if let Ok(number) = tokens(&fs).next(&me) {
            let ended = self.now();
            self.got.borrow_mut().push(Got { began, ended, number: number.get() });
        }
    }
}

proptest! {
    #[test]
    fn numbers_are_given_once_and_grow_from_attempt_to_attempt(plan in vec(0..3_usize, 0..60)) {
        let disk = MemFs::new();
        let crowd = Crowd { disk: &disk, plan: RefCell::new(plan), moment: Cell::new(0), got: RefCell::default() };
        while !crowd.plan.borrow().is_empty() {
            crowd.next(0);
        }
        let got = crowd.got.into_inner();
        for one in &got {
            for other in &got {
                prop_assert!(one.began == other.began || one.number != other.number);
                prop_assert!(one.ended >= other.began || one.number < other.number);
            }
        }
        prop_assert_eq!(tree(&disk).len(), if got.is_empty() { 0 } else { 3 });
    }
}

#[test]
fn each_step_makes_the_calls_it_says() {
    let (log, disk) = (Log::default(), MemFs::new());
    tokens(log.of(&disk)).next(&id("ann")).unwrap();
    let is: [&dyn Fn(&Call) -> bool; 11] = [
        &look_at("t/last"),
        &make("t"),
        &make("t/build"),
        &make("t/build/ann"),
        &make("t/build/ann/000"),
        &move_to("t/last"),
        &remove("t/build/ann/000"),
        &remove("t/build/ann"),
        &remove("t/build"),
        &move_to("t/last/001"),
        &|_| false,
    ];
    let calls = log.calls();
    assert_eq!(calls.len(), is.len() - 1);
    assert!(calls.iter().zip(is).all(|(call, is)| is(call)), "{calls:?}");
}

/// Those whose names begin with `dead`.
struct ByName;

impl Probe for ByName {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let name = id.name().as_str();
        Ok(if name.starts_with("dead") { Liveness::Dead } else { Liveness::Unknown })
    }
}

#[test]
fn sweep_removes_what_is_of_the_dead_and_of_me_and_nothing_else() {
    let left =
        ["t/build/ann", "t/build/ann/000", "t/build/bob", "t/build/bob/000", "t/build/dead1", "t/build/dead2/000"];
    for (me, mine_stays) in [(None, true), (Some(id("ann")), false)] {
        let disk = given(7);
        for dir in left {
            for at in ["t/build", dir.trim_end_matches("/000"), dir] {
                disk.ensure_dir(&path(at)).unwrap();
            }
        }
        assert_eq!(tokens(&disk).sweep(me.as_ref(), &ByName), Ok(()));
        let mut stays = vec!["t", "t/build"];
        if mine_stays {
            stays.extend(["t/build/ann", "t/build/ann/000"]);
        }
        stays.extend(["t/build/bob", "t/build/bob/000", "t/last", "t/last/007"]);
        assert_eq!(tree(&disk), stays);
    }
}

#[test]
fn sweep_leaves_no_build_where_all_are_dead_and_finds_none_where_there_is_none() {
    for left in [&["t/build"][..], &["t/build", "t/build/dead1", "t/build/dead1/000"]] {
        let disk = given(7);
        for dir in left {
            disk.create_dir(&path(dir)).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(tokens(&disk).sweep(None, &ByName), Ok(()));
            assert_eq!(tree(&disk), ["t", "t/last", "t/last/007"]);
        }
    }
    assert_eq!(tokens(MemFs::new()).sweep(None, &ByName), Ok(()));
}

/// It says so, and changes nothing.
#[test]
fn sweep_that_cannot_look_says_so() {
    let disk = given(7);
    disk.create_dir(&path("t/build")).unwrap();
    let fs = Through(|call: &Call| match call {
        Call::List(_) => Err(FsError::PermissionDenied),
        call => call.on(&disk),
    });
    assert_eq!(tokens(&fs).sweep(None, &ByName), Err(FsError::PermissionDenied));
    assert_eq!(tree(&disk), ["t", "t/build", "t/last", "t/last/007"]);
}
