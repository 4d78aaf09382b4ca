//! Which lines of the kernel call the world, what they were answered, and what never, with the reason.

use std::ops::ControlFlow;

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Replay,
    protocol::{Client, Outcome, Phase, Protocol, Stop},
    scenario::{Faults, Scenario},
    sites::{self, Answers, CallSite, Seen, Sites},
};

const FAST_LOCK: (&str, &str) = ("kernel/src/fast_lock.rs", include_str!("../../kernel/src/fast_lock.rs"));
const CHECK: (&str, &str) = ("kernel/src/policies/check.rs", include_str!("../../kernel/src/policies/check.rs"));

/// What the lines of `fast_lock` are never answered: what stands in the line (any, where nothing is said), the answer, and
/// why.
const GAPS: [(&str, &str, &str); 7] = [
    ("", "NotADirectory", "nobody puts a file where the lock has a directory"),
    ("", "IsADirectory", "nobody puts a directory where the lock has a file"),
    ("", "IntoItself", "of the two paths of a move neither lies below the other"),
    ("exists(&self.owner_dir()", "NotFound", "no shipped cleaner empties a proposal in place; mutants do"),
    ("discard_dir(&leaf)", "NotEmpty", "a leaf holds nothing"),
    ("remove_dir(&leaf)", "NotEmpty", "a leaf holds nothing"),
    ("put_aside(", "NotEmpty", "`gone` was cleared, and only a clean of the same id fills it"),
];

/// The lines of `fast_lock` that no attempt comes to.
const UNREACHED: [(&str, &str); 7] = [
    ("self.fs.exists(&self.owner_dir().join(me.name()))", LATE),
    ("self.fs.discard_dir(&self.owner_dir())", LATE),
    ("let names = or_empty(self.fs.list(&self.owner_dir()))", KEPT),
    ("match or_empty(self.fs.any(&self.owner_dir()))", KEPT),
    ("self.fs.list(&self.gone(id))", KEPT),
    ("or_empty(self.fs.list(&self.owner_dir()))?.into_iter()", KEPT),
    ("self.fs.list(&self.build())", "for those who come to tidy up all at once"),
];

const LATE: &str = "for where calls are executed late, which no world here does";
const KEPT: &str = "for what a mount of NFS keeps of open files, which no world here does";

fn all() -> Sites {
    let cover = |(entry, scenario): (lockwright_sim::catalogue::Entry, Scenario)| {
        sites::cover(entry.protocol(), &scenario, 3_000_000, &mut |_| ControlFlow::Continue(()))
    };
    sites::scenarios().into_iter().map(cover).fold(Sites::default(), Sites::with)
}

/// Of the call sites in a file: the line's text, and what came there.
fn of<'a>(sites: &'a Sites, (file, text): (&str, &'a str)) -> Vec<(&'a CallSite, &'a str, &'a Answers)> {
    let here = sites.reached.iter().filter(|(site, _)| site.file.ends_with(file));
    here.map(|(site, answers)| {
        (site, text.lines().nth(site.line as usize - 1).expect("it is compiled from here"), answers)
    })
    .collect()
}

#[test]
fn every_line_of_the_fast_lock_is_reached_with_every_answer_or_it_is_said_why_not() {
    let sites = all();
    assert_eq!(sites.incomplete, []);
    assert_eq!(sites.unreached.keys().collect::<Vec<_>>(), Vec::<&CallSite>::new());
    let reached = of(&sites, FAST_LOCK);
    let calls =
        (1..).zip(FAST_LOCK.1.lines()).filter(|(_, line)| line.contains("self.fs.") && !line.contains("may_repeat"));
    let missing = calls.filter(|(number, _)| !reached.iter().any(|(site, ..)| site.line == *number));
    let missing: Vec<&str> = missing.map(|(_, line)| line).collect();
    assert_eq!(missing.len(), UNREACHED.len(), "{missing:?}");
    assert!(missing.iter().zip(UNREACHED).all(|(line, (known, _))| line.contains(known)), "{missing:?}");

    let mut unused = GAPS.to_vec();
    for (site, line, answers) in reached {
        for gap in answers.gaps().map(|seen| seen.to_string()) {
            let known = GAPS.iter().find(|(part, answer, _)| line.contains(part) && *answer == gap);
            let known = known.unwrap_or_else(|| panic!("{site} is never answered {gap}, and nobody knows why: {line}"));
            unused.retain(|gap| gap != known);
        }
    }
    assert_eq!(unused, [], "these came, or are no longer asked for");

    // The call site is the algorithm's, also where a default method or a reference stands between.
    assert!(sites.reached.keys().all(|site| !site.file.ends_with("kernel/src/fs.rs")));
    let of_check = of(&sites, CHECK);
    assert_eq!(of_check.len(), 2);
    for (site, line, answers) in of_check {
        assert!(line.contains("liveness") && answers.gaps().count() == 0, "{site}: {line}");
    }
}

/// A protocol with a branch that nothing leads to, and more behind it.
#[derive(Debug)]
struct Unreachable;

impl Protocol for Unreachable {
    fn attempt(&self, _: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let path = |name: &str| name.parse::<Path>().expect("it is spelled here");
        if world.exists(&path("never"))? {
            match world.remove_dir(&path("never")) {
                Err(FsError::NotEmpty) => world.discard_file(&path("never/ever"))?,
                other => other?,
            }
        }
        Ok(Outcome { next: Phase::Idle, said: "looked" })
    }
    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }
    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        false
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        Vec::new()
    }
}

#[test]
fn a_branch_that_nothing_leads_to_is_a_gap_and_so_is_what_is_behind_it() {
    let scenario = Scenario::new("made for this test", 1, 1);
    let sites = sites::cover(&Unreachable, &scenario, 1000, &mut |_| ControlFlow::Continue(()));
    let [(look, answers)] = sites.reached.iter().collect::<Vec<_>>()[..] else { panic!("{sites:?}") };
    assert_eq!(
        (answers.call, answers.came.keys().copied().collect()),
        ("exists", vec![Seen::Error(FsError::NotFound)])
    );
    assert_eq!(
        answers.gaps().collect::<Vec<_>>(),
        [Seen::Ok, Seen::Killed],
        "an attempt of one call is never cut short"
    );
    let behind: Vec<_> = sites.unreached.iter().map(|(site, from)| (site.line - look.line, from)).collect();
    let [(1, (from, Seen::Ok)), (2, (further, Seen::Error(FsError::NotEmpty)))] = &behind[..] else {
        panic!("{behind:?}")
    };
    assert_eq!((&from.file, from.line), (&look.file, look.line));
    assert_eq!(further.line, look.line + 1);
}

#[test]
fn what_was_not_gone_through_is_told() {
    let (entry, scenario) = sites::scenarios().swap_remove(0);
    let cut = sites::cover(entry.protocol(), &scenario, 100, &mut |_| ControlFlow::Continue(()));
    assert_eq!(cut.incomplete, [(scenario.clone(), "more than 100 states".to_owned())]);
    let mut told = 0;
    let stopped = sites::cover(entry.protocol(), &scenario, 1_000_000, &mut |states| {
        told = states;
        ControlFlow::Break("enough".into())
    });
    assert_eq!(stopped.incomplete, [(scenario, "enough".to_owned())]);
    assert!(told > 0 && stopped.states <= told + 100, "{told} states of {}", stopped.states);
}

/// What one scenario lacks another may have; together they lack neither.
#[test]
fn what_is_reached_in_one_scenario_is_reached() {
    let one = |clients: u8| {
        let (entry, scenario) = sites::scenarios().swap_remove(0);
        let scenario = Scenario { clients, faults: Faults::NONE, ..scenario };
        sites::cover(entry.protocol(), &scenario, 1_000_000, &mut |_| ControlFlow::Continue(()))
    };
    let (alone, two) = (one(1), one(2));
    let steps = |sites: &Sites| sites.reached.values().flat_map(|answers| answers.came.values()).sum::<usize>();
    assert!(alone.reached.len() < two.reached.len());
    assert!(!alone.unreached.is_empty(), "what a second client leads to is behind a gap");
    let both = alone.clone().with(two.clone());
    assert_eq!(both.reached.len(), two.reached.len());
    assert_eq!(steps(&both), steps(&alone) + steps(&two));
    assert!(both.unreached.keys().all(|site| !both.reached.contains_key(site)));
}
