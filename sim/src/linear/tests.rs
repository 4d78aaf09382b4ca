//! The tester against a search that guesses: each operation takes effect at some moment, and sees then what it answers.

use proptest::prelude::*;

use super::*;

const CLIENTS: u8 = 3;

/// What one client may do next: call something, or return from it with one of the answers.
#[derive(Clone, Copy, Debug)]
struct Move {
    client: u8,
    what: u8,
}

/// What is going on in one guess: the owner, and of each client its operation and the answer it is to give.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Guess {
    owner: Option<Id>,
    operations: Vec<Option<(Operation, Stage)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stage {
    Called,
    /// It will answer that.
    Decided(Answered),
    /// It took the lock and gave it back, so that it can only fail.
    TookItBack,
}

fn id(client: u8) -> Id {
    scenario::id(client, 0)
}

/// All that may come about at this moment, after any number of operations took effect.
fn closed(guesses: Vec<Guess>) -> Vec<Guess> {
    let mut all: Vec<Guess> = Vec::new();
    let mut waiting = guesses;
    while let Some(guess) = waiting.pop() {
        if all.contains(&guess) {
            continue;
        }
        for client in 0..guess.operations.len() {
            waiting.extend(steps(&guess, client));
        }
        all.push(guess);
    }
    all
}

fn steps(guess: &Guess, client: usize) -> Vec<Guess> {
    let Some((operation, stage)) = guess.operations[client].clone() else { return Vec::new() };
    let to = |owner: Option<Id>, stage: Stage| {
        let mut next = Guess { owner, ..guess.clone() };
        next.operations[client] = Some((operation.clone(), stage));
        next
    };
    let owner = guess.owner.clone();
    match (&operation, stage) {
        (Operation::TryLock(me), Stage::Called) => match &owner {
            None => vec![to(Some(me.clone()), Stage::Decided(Answered::Done))],
            Some(is) if is == me => vec![to(owner, Stage::Decided(Answered::AlreadyOwner))],
            Some(_) => [owner.clone(), None].map(|told| to(owner.clone(), Stage::Decided(Answered::Held(told)))).into(),
        },
        (Operation::TryLock(me), Stage::Decided(Answered::Done)) if owner.as_ref() == Some(me) => {
            vec![to(None, Stage::TookItBack)]
        }
        (Operation::Unlock(me), Stage::Called) if owner.as_ref() == Some(me) => {
            vec![to(None, Stage::Decided(Answered::Done))]
        }
        (Operation::Unlock(_), Stage::Called) => vec![to(owner, Stage::Decided(Answered::NotOwner))],
        (Operation::Recover(of), Stage::Called) => {
            let after = owner.filter(|is| is != of);
            vec![to(after, Stage::Decided(Answered::Done))]
        }
        (Operation::Owner, Stage::Called) => vec![to(owner.clone(), Stage::Decided(Answered::Owner(owner)))],
        _ => Vec::new(),
    }
}

fn hear(guesses: Vec<Guess>, client: u8, event: &Event) -> Vec<Guess> {
    let at = usize::from(client);
    let mut after = Vec::new();
    for mut guess in closed(guesses) {
        match event {
            Event::Call(operation) => guess.operations[at] = Some((operation.clone(), Stage::Called)),
            Event::Return(answer) => match guess.operations[at].take() {
                Some((_, Stage::Decided(decided))) if decided == *answer => {}
                Some(_) if *answer == Answered::Failed => {}
                _ => continue,
            },
        }
        after.push(guess);
    }
    after
}

/// The event that a move is where `pending` is under way.
fn event(Move { client, what }: Move, pending: Option<&Operation>) -> Event {
    let other = id((client + 1) % CLIENTS);
    Event::Call(match pending {
        None => match what % 5 {
            0 | 1 => Operation::TryLock(id(client)),
            2 => Operation::Unlock(id(client)),
            3 => Operation::Recover(other),
            _ => Operation::Owner,
        },
        Some(operation) => {
            let answers = match operation {
                Operation::TryLock(_) => {
                    vec![Answered::Done, Answered::Held(Some(other)), Answered::Held(None), Answered::AlreadyOwner]
                }
                Operation::Unlock(_) => vec![Answered::Done, Answered::NotOwner],
                Operation::Recover(_) => vec![Answered::Done],
                Operation::Owner => {
                    vec![Answered::Owner(None), Answered::Owner(Some(other)), Answered::Owner(Some(id(client)))]
                }
            };
            let answers = [answers, vec![Answered::Failed]].concat();
            return Event::Return(answers[usize::from(what) % answers.len()].clone());
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tester_finds_an_order_where_a_search_that_guesses_finds_one(
        moves in prop::collection::vec((0..CLIENTS, 0_u8..60).prop_map(|(client, what)| Move { client, what }), 1..14)
    ) {
        let mut testers = Testers::default();
        let mut tester = testers.get_first();
        let mut guesses = vec![Guess { owner: None, operations: vec![None; usize::from(CLIENTS)] }];
        let mut pending: Vec<Option<Operation>> = vec![None; usize::from(CLIENTS)];
        for step in moves {
            let event = event(step, pending[usize::from(step.client)].as_ref());
            pending[usize::from(step.client)] = match &event {
                Event::Call(operation) => Some(operation.clone()),
                Event::Return(_) => None,
            };
            tester.tell(step.client, &event);
            guesses = hear(guesses, step.client, &event);
            prop_assert_eq!(tester.broken.is_some(), guesses.is_empty(), "{:?} by {}", event, step.client);
            if guesses.is_empty() {
                break;
            }
        }
    }
}

impl Testers {
    fn get_first(&mut self) -> Tester {
        let first = self.first(CLIENTS);
        self.get(first).clone()
    }
}

/// What `events` break, each by the client of that number.
fn broken(events: &[(u8, Event)]) -> Option<String> {
    let mut tester = Testers::default().get_first();
    for (client, event) in events {
        tester.tell(*client, event);
    }
    tester.broken.map(|broken| broken.words())
}

fn call(operation: Operation) -> Event {
    Event::Call(operation)
}

#[test]
fn an_answer_from_before_the_call_is_explained_by_nothing() {
    let (a, b) = (id(0), id(1));
    let before = [
        (0, call(Operation::TryLock(a.clone()))),
        (0, Event::Return(Answered::Done)),
        (0, call(Operation::Unlock(a.clone()))),
        (0, Event::Return(Answered::Done)),
    ];
    let look = [(1, call(Operation::Owner)), (1, Event::Return(Answered::Owner(Some(a.clone()))))];
    assert_eq!(
        broken(&[&before[..], &look].concat()).as_deref(),
        Some(
            "answers that no order of the operations explains: owner() answered that A1 owns the lock, and while it \
             ran the lock was nobody's"
        )
    );
    let meanwhile = [&before[..3], &look[..1], &before[3..], &look[1..]].concat();
    assert_eq!(broken(&meanwhile), None);
    let taken = [(1, call(Operation::TryLock(b))), (1, Event::Return(Answered::Held(Some(a))))];
    assert!(broken(&[&before[..], &taken].concat()).is_some());
}

#[test]
fn what_was_killed_took_effect_before_or_never_does() {
    let (a, b) = (id(0), id(1));
    for is_taken in [false, true] {
        let mut tester = Testers::default().get_first();
        tester.tell(0, &call(Operation::TryLock(a.clone())));
        tester.forget(0);
        tester.tell(1, &call(Operation::TryLock(b.clone())));
        let answer = if is_taken { Answered::Held(Some(a.clone())) } else { Answered::Done };
        tester.tell(1, &Event::Return(answer));
        assert_eq!(tester.broken, None);
        // By now it is known which.
        tester.tell(2, &call(Operation::Owner));
        let other = if is_taken { b.clone() } else { a.clone() };
        tester.tell(2, &Event::Return(Answered::Owner(Some(other))));
        assert!(tester.broken.is_some());
    }
}

#[test]
fn an_operation_within_an_operation_is_told() {
    let operation = call(Operation::Owner);
    assert!(broken(&[(0, operation.clone()), (0, operation)]).unwrap().contains("told of Call(Owner) during owner()"));
    assert!(broken(&[(0, Event::Return(Answered::Done))]).unwrap().contains("during no operation"));
}
