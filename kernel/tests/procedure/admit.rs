//! Numbers that a resource admits, in every order in which the calls of several checks can come: none is admitted once a higher
//! one was.
//!
//! A check is replayed from its beginning, with the answers that its calls have had so far, and stopped after one more.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use lockwright_kernel::{
    fs::{
        Fs, FsError, MemFs, Through,
        call::{Answer, Call},
    },
    path::Path,
    token::{Token, TokenError, Tokens, Verdict},
};

use crate::stage::{id, path};

/// Somebody who checks a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Check {
    name: &'static str,
    number: Token,
    /// What its calls were answered so far; none before it begins.
    answers: Vec<Answer>,
    /// The highest number that was admitted when it began.
    bound: Option<Token>,
    /// What it was told.
    verdict: Option<Told>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Admitted,
    Refused(Token),
}

/// All directories on disk, the checks, and the highest number that was admitted.
type State = (Vec<Path>, Vec<Check>, Option<Token>);

#[derive(Default)]
struct Explored {
    states: BTreeSet<State>,
    admitted: usize,
    refused: usize,
}

fn disk(tree: &[Path]) -> MemFs {
    let disk = MemFs::new();
    for dir in tree {
        disk.create_dir(dir).expect("parents come first");
    }
    disk
}

fn tokens<F: Fs>(fs: F) -> Tokens<F> {
    Tokens::new(fs, path("t")).up_to(Token::new(9).expect("not zero"))
}

/// The next call of a check, on that disk. What the check comes to, if it is over then.
fn step(check: &mut Check, disk: &MemFs) -> Option<Result<Verdict, TokenError>> {
    let recorded = RefCell::new(std::mem::take(&mut check.answers).into_iter());
    let (answers, is_new) = (RefCell::new(Vec::new()), Cell::new(true));
    let fs = Through(|call: &Call| {
        let answer = match recorded.borrow_mut().next() {
            Some(answer) => answer,
            None if is_new.replace(false) => call.on(disk),
            None => return Err(FsError::Halted),
        };
        answers.borrow_mut().push(answer.clone());
        answer
    });
    let answer = tokens(&fs).admit(&id(check.name), check.number);
    check.answers = answers.take();
    (answer != Err(FsError::Halted.into())).then_some(answer)
}

fn explore(state: State, explored: &mut Explored) {
    if !explored.states.insert(state.clone()) {
        return;
    }
    let (tree, checks, highest) = state;
    for at in (0..checks.len()).filter(|at| checks[*at].verdict.is_none()) {
        let (mut checks, disk) = (checks.clone(), disk(&tree));
        let check = &mut checks[at];
        if check.answers.is_empty() {
            check.bound = highest;
        }
        let mut highest = highest;
        match step(check, &disk) {
            None => {}
            Some(Ok(Verdict::Admitted)) => {
                assert!(check.bound <= Some(check.number), "{:?} is admitted after {:?}", check.number, check.bound);
                explored.admitted += 1;
                check.verdict = Some(Told::Admitted);
                highest = highest.max(Some(check.number));
            }
            Some(Ok(Verdict::Refused(seen))) => {
                assert!(seen > check.number);
                explored.refused += 1;
                check.verdict = Some(Told::Refused(seen));
            }
            Some(Err(error)) => panic!("{error}"),
        }
        let tree = disk.entries().into_iter().map(|(path, _)| path).collect();
        explore((tree, checks, highest), explored);
    }
}

#[test]
fn in_no_order_of_their_calls_is_a_number_admitted_after_a_higher_one() {
    let begun = ["t", "t/last", "t/last/3"].map(path).to_vec();
    for (tree, numbers) in [
        (begun.clone(), vec![5, 4]),
        (begun.clone(), vec![5, 4, 7]),
        (begun, vec![5, 5, 2]),
        (Vec::new(), vec![5, 4]),
        (Vec::new(), vec![5, 5]),
        (Vec::new(), vec![5, 4, 7]),
    ] {
        let number = |number: u64| Token::new(number).expect("not zero");
        let check = |(name, of): (_, &u64)| Check {
            name,
            number: number(*of),
            answers: Vec::new(),
            bound: None,
            verdict: None,
        };
        let checks = ["ann", "bob", "cat"].into_iter().zip(&numbers).map(check).collect();
        let mut explored = Explored::default();
        explore((tree, checks, None), &mut explored);
        let is_over = |(_, checks, _): &&State| checks.iter().all(|check| check.verdict.is_some());
        let highest = *numbers.iter().max().expect("some");
        for (tree, _, highest_admitted) in explored.states.iter().filter(is_over) {
            assert_eq!(*highest_admitted, Some(number(highest)));
            assert_eq!(*tree, ["t", "t/last", &format!("t/last/{highest}")].map(path));
        }
        assert!(explored.states.iter().filter(is_over).count() > 0 && explored.admitted > 0);
        assert_eq!(explored.refused > 0, numbers.iter().any(|number| *number < highest), "{numbers:?}");
    }
}
