//! The steps of a lease: PUBLISH, RENEW, WITHDRAW, SWEEP; and of its judge: ASK, LOOK, TIME, MARK, CLAIM, OUTDATE.

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU32,
    time::Duration,
};

use lockwright_kernel::{
    chance::Chance,
    clock::{Clock, Instant},
    fast_lock::Leaf,
    fs::{Fs, FsError, Halted, MemFs},
    id::Id,
    policies::lease::{Judge, Lease, LeaseError, Leases, MARGIN, Record, SEEN_MAX, Sightings, Term, outlasted_after},
    probe::{Liveness, Probe},
    token::{Token, Tokens},
};

use crate::stage::{Fault, before, disk, failing, id, look_at, make, move_to, path, remove, tree};

const LENGTH: Duration = Duration::from_secs(8);
const RUNS: [&str; 3] = ["lease/", "lease/ann/", "lease/ann/8000.0/"];

/// A clock that goes when it is told to.
#[derive(Default)]
struct Hands(Cell<Duration>);

impl Hands {
    fn go(&self, on: Duration) {
        self.0.set(self.0.get() + on);
    }
}

impl Clock for Hands {
    fn now(&self) -> Result<Instant, Halted> {
        Ok(Instant::new(self.0.get()))
    }
}

/// Says of everybody the same.
#[derive(Clone, Copy)]
struct Says(Liveness);

impl Probe for Says {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(self.0)
    }
}

struct First;

impl Chance for First {
    fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
        Ok(0)
    }
}

fn leases<F: Fs>(fs: F) -> Leases<F> {
    Leases::new(fs, path("lease"))
}

fn tokens<F: Fs>(fs: F) -> Tokens<F> {
    Tokens::new(fs, path("token"))
}

fn publish(fs: &impl Fs, clock: &Hands) -> Lease {
    leases(fs).publish(&id("ann"), LENGTH, clock).expect("room")
}

/// Judges ann where nobody can tell whether she lives.
fn judge(fs: &dyn Fs, clock: &Hands, seen: &RefCell<Sightings>) -> Liveness {
    let judge = Judge::new(leases(fs), Some(tokens(fs)), Says(Liveness::Unknown), clock, seen);
    judge.liveness(&id("ann")).expect("nothing halts")
}

fn stands(disk: &MemFs) -> Vec<String> {
    tree(disk, Leaf::Dir).into_iter().filter(|path| path.starts_with("lease")).collect()
}

#[test]
fn a_lease_counts_from_before_it_was_asked_for_and_is_whole_in_one_step() {
    let (disk, clock) = (MemFs::new(), Hands::default());
    let slow = before(&disk, make("lease/ann/8000.0"), || {
        assert_eq!(stands(&disk), RUNS[..2], "there is no record before it is whole");
        clock.go(LENGTH);
    });
    let lease = leases(&slow).publish(&id("ann"), LENGTH, &clock).expect("room");
    assert_eq!(stands(&disk), RUNS);
    assert_eq!((lease.began(), lease.length()), (Instant::new(Duration::ZERO), LENGTH));
    assert_eq!(lease.ends(), Instant::new(LENGTH));
    leases(&disk).withdraw(&id("ann"), &lease).expect("nothing halts");
    assert_eq!(tree(&disk, Leaf::Dir), [""; 0]);
}

#[test]
fn who_publishes_begins_again_where_others_remove_the_directory_around_it() {
    let (disk, clock) = (MemFs::new(), Hands::default());
    let tidied = before(&disk, make("lease/ann"), || disk.remove_dir(&path("lease")).expect("it is empty"));
    assert_eq!(leases(&tidied).try_publish(&id("ann"), LENGTH, &clock), Err(LeaseError::Disturbed));
    let tidied = before(&disk, make("lease/ann/8000.0"), || disk.remove_dir(&path("lease/ann")).expect("it is empty"));
    assert!(leases(&tidied).publish(&id("ann"), LENGTH, &clock).is_ok());
    assert_eq!(stands(&disk), RUNS);
}

#[test]
fn what_could_not_be_published_leaves_nothing() {
    for at in 0..3 {
        for takes_effect in [false, true] {
            let disk = MemFs::new();
            let fs = failing(&disk, |number| number == at, Fault { error: FsError::Io, takes_effect });
            let answer = leases(&fs).publish(&id("ann"), LENGTH, &Hands::default());
            assert_eq!(answer, Err(LeaseError::Fs(FsError::Io)), "{at}");
            assert_eq!(tree(&disk, Leaf::Dir), [""; 0], "{at}");
        }
    }
}

#[test]
fn a_renewal_counts_from_before_the_call_and_goes_on_from_what_others_have_renewed() {
    let (disk, clock) = (MemFs::new(), Hands::default());
    let lease = publish(&disk, &clock);
    clock.go(Duration::from_secs(3));
    let slow = before(&disk, move_to("lease/ann/8000.1"), || clock.go(Duration::from_secs(1)));
    let renewed = leases(&slow).renew(&id("ann"), &lease, &clock).expect("it runs");
    assert_eq!(renewed.ends(), Instant::new(Duration::from_secs(11)));
    assert_eq!(stands(&disk)[2], "lease/ann/8000.1/");
    // By what it knew before, as where somebody else has renewed it.
    let again = leases(&disk).renew(&id("ann"), &lease, &clock).expect("it runs");
    assert_eq!((stands(&disk)[2].as_str(), again.ends()), ("lease/ann/8000.2/", Instant::new(Duration::from_secs(12))));
    leases(&disk).renew_found(&id("ann"), &clock).expect("it runs");
    assert_eq!(stands(&disk)[2], "lease/ann/8000.3/");
}

#[test]
fn a_lease_that_has_lapsed_or_is_gone_is_not_renewed() {
    let clock = Hands::default();
    for tree in [&["lease/", "lease/ann/", "lease/ann/lapsed.7/"][..], &["lease/", "lease/ann/"], &[]] {
        let lease = publish(&MemFs::new(), &clock);
        let disk = disk(Leaf::Dir, tree);
        assert_eq!(leases(&disk).renew(&id("ann"), &lease, &clock), Err(LeaseError::Over), "{tree:?}");
        assert_eq!(leases(&disk).renew_found(&id("ann"), &clock), Err(LeaseError::Over), "{tree:?}");
        assert_eq!(stands(&disk), tree);
    }
}

#[test]
fn a_lease_is_over_once_it_was_seen_unchanged_for_its_length_and_the_margin_and_not_before() {
    let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
    publish(&disk, &clock);
    clock.go(LENGTH * 100); // Nobody saw that time go by.
    assert_eq!(judge(&disk, &clock, &seen), Liveness::Unknown);
    let margin = LENGTH / MARGIN;
    clock.go((LENGTH + margin).saturating_sub(Duration::from_millis(1)));
    assert_eq!(judge(&disk, &clock, &seen), Liveness::Unknown);
    assert_eq!(stands(&disk), RUNS);
    clock.go(Duration::from_millis(1));
    assert_eq!(judge(&disk, &clock, &seen), Liveness::Dead);
    assert_eq!(stands(&disk)[2], "lease/ann/lapsed.0/");
    assert_eq!(seen.borrow_mut().take_lapsed(), [id("ann")]);
    // Another, who comes for the first time.
    assert_eq!(judge(&disk, &clock, &RefCell::default()), Liveness::Dead);
}

#[test]
fn a_renewed_lease_is_timed_anew_however_long_its_owner_is_known() {
    let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
    let mut lease = publish(&disk, &clock);
    for _ in 0..10 {
        assert_eq!(judge(&disk, &clock, &seen), Liveness::Unknown);
        clock.go(LENGTH);
        lease = leases(&disk).renew(&id("ann"), &lease, &clock).expect("it runs");
    }
    assert_eq!(judge(&disk, &clock, &seen), Liveness::Unknown);
}

#[test]
fn of_a_renewal_and_a_claim_one_takes_effect() {
    let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
    let lease = publish(&disk, &clock);
    judge(&disk, &clock, &seen);
    clock.go(outlasted_after(LENGTH));
    // The owner wakes when all has been looked at, and before the claim.
    let renews = || assert!(leases(&disk).renew(&id("ann"), &lease, &clock).is_ok());
    assert_eq!(judge(&before(&disk, move_to("lease/ann/lapsed.0"), renews), &clock, &seen), Liveness::Unknown);
    assert_eq!(stands(&disk)[2], "lease/ann/8000.1/");
    // And the other way round.
    let lease = leases(&disk).renew(&id("ann"), &lease, &clock).expect("it runs");
    judge(&disk, &clock, &seen);
    clock.go(outlasted_after(LENGTH));
    let claims = || assert_eq!(judge(&disk, &clock, &seen), Liveness::Dead);
    let answer = leases(&before(&disk, move_to("lease/ann/8000.3"), claims)).renew(&id("ann"), &lease, &clock);
    assert_eq!(answer, Err(LeaseError::Over));
}

#[test]
fn the_number_of_who_was_given_up_is_outdated_and_that_of_a_successor_is_not() {
    let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
    publish(&disk, &clock);
    let number = tokens(&disk).next(&id("ann")).expect("room");
    judge(&disk, &clock, &seen);
    clock.go(outlasted_after(LENGTH));
    assert_eq!(judge(&disk, &clock, &seen), Liveness::Dead);
    assert_eq!(stands(&disk)[2], format!("lease/ann/lapsed.{number}/"));
    assert_eq!(tokens(&disk).last(), Ok(number.checked_add(1)));
    // Others who find that it has lapsed say so again, and nothing is changed by it.
    let later = tokens(&disk).next(&id("bob")).expect("room");
    assert_eq!(judge(&disk, &clock, &RefCell::default()), Liveness::Dead);
    assert_eq!(tokens(&disk).last(), Ok(Some(later)));
}

#[test]
fn who_died_after_the_claim_leaves_the_rest_to_the_next() {
    let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
    publish(&disk, &clock);
    tokens(&disk).next(&id("ann")).expect("room");
    judge(&disk, &clock, &seen);
    clock.go(outlasted_after(LENGTH));
    let stops = before(&disk, move_to("token/last/00000000000000000002"), || panic!("killed"));
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge(&stops, &clock, &seen)));
    assert!(killed.is_err());
    assert_eq!((stands(&disk)[2].as_str(), tokens(&disk).last()), ("lease/ann/lapsed.1/", Ok(Some(Token::MIN))));
    assert_eq!(judge(&disk, &clock, &RefCell::default()), Liveness::Dead);
    assert_eq!(tokens(&disk).last(), Ok(Token::new(2)));
}

#[test]
fn evidence_comes_first_and_the_dead_leave_no_record() {
    let (disk, clock) = (MemFs::new(), Hands::default());
    for (evidence, left) in [(Liveness::Alive, 3), (Liveness::Unknown, 3), (Liveness::Dead, 0)] {
        publish(&disk, &clock);
        let judge = Judge::new(leases(&disk), None, Says(evidence), &clock, RefCell::new(Sightings::default()));
        assert_eq!(judge.liveness(&id("ann")), Ok(evidence));
        assert_eq!(stands(&disk).len(), left);
    }
    let judge = Judge::new(leases(&disk), None, Says(Liveness::Alive), &clock, RefCell::new(Sightings::default()));
    assert_eq!(judge.liveness(&id("ann")), Ok(Liveness::Alive), "without a record");
}

#[test]
fn a_lease_that_cannot_be_looked_at_or_claimed_is_not_over() {
    let error = Fault { error: FsError::PermissionDenied, takes_effect: false };
    for at in 0..4 {
        let (disk, clock, seen) = (MemFs::new(), Hands::default(), RefCell::default());
        publish(&disk, &clock);
        tokens(&disk).next(&id("ann")).expect("room");
        judge(&disk, &clock, &seen);
        clock.go(outlasted_after(LENGTH));
        let fs = failing(&disk, |number| number == at, error);
        assert_eq!(judge(&fs, &clock, &seen), Liveness::Unknown, "{at}");
        assert_eq!(judge(&disk, &clock, &seen), Liveness::Dead, "{at}");
        assert_eq!(tokens(&disk).last(), Ok(Token::new(2)));
    }
}

#[test]
fn names_that_are_no_record_are_none() {
    for name in ["8000.00", "08000.0", "8000", ".", "lapsed", "lapsed.01", "8000.0.0", "-1.0", "x.1"] {
        let at = format!("lease/ann/{name}x");
        let at = if name == "." { "lease/ann/..." } else { at.trim_end_matches('x') };
        let disk = disk(Leaf::Dir, &["lease/", "lease/ann/", &format!("{at}/")]);
        assert_eq!(leases(&disk).record(&id("ann")), Ok(None), "{at}");
    }
    let term = Term { length: LENGTH, renewals: u64::MAX };
    let disk = disk(Leaf::Dir, &["lease/", "lease/ann/", &format!("lease/ann/8000.{}/", u64::MAX)]);
    assert_eq!(leases(&disk).record(&id("ann")), Ok(Some(Record::Runs(term))));
}

#[test]
fn a_sweep_takes_what_is_of_use_to_nobody_and_nothing_else() {
    let (alive, dead) = (Says(Liveness::Alive), Says(Liveness::Dead));
    let lapsed = ["lease/", "lease/ann/", "lease/ann/lapsed.0/"];
    for (tree, probe, holds, left) in [
        (&RUNS[..], alive, false, 3),
        (&RUNS, dead, false, 0),
        (&lapsed, alive, true, 3),
        (&lapsed, alive, false, 0),
        (&RUNS[..2], alive, false, 0),
        (&RUNS[..1], alive, false, 0),
        (&[], alive, false, 0),
    ] {
        let disk = disk(Leaf::Dir, tree);
        assert_eq!(leases(&disk).sweep(&probe, &First, |_| Ok(holds)), Ok(()), "{tree:?}");
        assert_eq!(stands(&disk).len(), left, "{tree:?} {holds}");
    }
}

#[test]
fn a_sweep_that_misses_a_record_which_is_being_renewed_leaves_it() {
    let disk = disk(Leaf::Dir, &RUNS[..2]);
    // The look was before the record, and the removal is after.
    let renews = before(&disk, remove("lease/ann"), || disk.create_dir(&path("lease/ann/8000.1")).expect("room"));
    assert_eq!(leases(&renews).sweep(&Says(Liveness::Alive), &First, |_| Ok(true)), Ok(()));
    assert_eq!(stands(&disk)[2], "lease/ann/8000.1/");
    let watched = before(&disk, look_at("lease/ann"), || {});
    assert!(leases(&watched).renew_found(&id("ann"), &Hands::default()).is_ok());
}

#[test]
fn who_waits_is_told_when_to_look_again() {
    let (mut seen, term) = (Sightings::default(), Term { length: Duration::from_secs(9), renewals: 0 });
    let at = |seconds| Instant::new(Duration::from_secs(seconds));
    assert_eq!(seen.look_at(&id("ann")), None);
    assert_eq!(seen.since(&id("ann"), term, at(1)), at(1));
    assert_eq!(seen.look_at(&id("ann")), Some(at(4)), "after a third");
    assert_eq!(seen.since(&id("ann"), term, at(10)), at(1));
    assert_eq!(seen.look_at(&id("ann")), Some(at(1).saturating_add(outlasted_after(term.length))), "when it is over");
    let renewed = Term { renewals: 1, ..term };
    assert_eq!(seen.since(&id("ann"), renewed, at(11)), at(11));
    for other in 0..SEEN_MAX {
        seen.since(&id(&format!("other{other}")), term, at(12));
    }
    assert_eq!(seen.look_at(&id("ann")), None, "the one that was looked at the longest ago is forgotten");
    assert_eq!(seen.look_at(&id("other0")), Some(at(15)));
}
