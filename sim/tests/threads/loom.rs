//! loom: all interleavings of two clients, and of the threads that kill one of them.
//!
//! Without a bound on preemptions, and with a [`Memory`], so that loom goes through what follows a state once.
//!
//! loom chooses who goes on and nothing else. Where an attempt asks for a number, the [`Script`] of the run has it, and
//! there is a run for every script that can make a difference.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex},
};

use ::loom::{model::Builder, sync, thread};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{Interest, with_default},
};

use crate::{
    client::execute,
    engine::{Body, Engine, Finding, Report, Setup, Tally, Verdict, report},
    memory::Memory,
    shuttle,
};

/// The engine.
pub(crate) struct Loom;

impl Engine for Loom {
    type Gate = sync::Mutex<()>;

    const KILLS_BY_THREAD: bool = true;

    fn gate() -> Self::Gate {
        sync::Mutex::new(())
    }

    fn pass<R>(gate: &Self::Gate, act: impl FnOnce() -> R) -> R {
        let guard = gate.lock();
        let done = act();
        drop(guard);
        done
    }

    /// All threads come to the closed gate before it opens and the exploration begins, and nobody waits for their ends:
    /// starts and ends would be more things to happen in every order.
    fn run(gate: &Self::Gate, bodies: Vec<Body>) {
        let closed = gate.lock();
        for body in bodies {
            thread::Builder::new().stack_size(STACK_WORDS).spawn(body).expect("a loom thread");
            thread::yield_now();
        }
        ::loom::explore();
        drop(closed);
    }

    fn choose(client: usize, nth: usize, bound: u32) -> u32 {
        SCRIPT.with_borrow_mut(|script| script.number(client, nth, bound))
    }

    fn kills_now() -> bool {
        false
    }

    fn cut() {
        ::loom::skip_branch();
    }

    fn stop(finding: Finding) {
        // Not `panic!`, whose hook would print it though it may well be expected.
        std::panic::resume_unwind(Box::new(finding));
    }

    fn points() -> usize {
        POINTS.get()
    }
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The most executions of one model.
    pub(crate) executions: usize,
    pub(crate) preemptions: Option<usize>,
    pub(crate) memory: Recall,
}

/// What is done about states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recall {
    Off,
    /// They are counted.
    Notes,
    /// What follows each is gone through once. Not to be had together with a bound on preemptions: a state with few of
    /// them left is not covered by one with many.
    Cuts,
}

impl Bounds {
    /// Everything there is.
    pub(crate) const NONE: Self = Self { executions: usize::MAX, preemptions: None, memory: Recall::Cuts };

    /// Every execution in which threads that could go on are put aside up to `most` times.
    pub(crate) const fn preemptions(most: usize) -> Self {
        Self { executions: usize::MAX, preemptions: Some(most), memory: Recall::Off }
    }
}

/// Explores all of `setup`, with each client in turn as the one that is killed.
pub(crate) fn explore<E: Engine>(setup: Setup, bounds: Bounds) -> Report {
    shuttle::hook_panics();
    assert!(bounds.memory != Recall::Cuts || bounds.preemptions.is_none(), "see `Recall::Cuts`");
    let victims = if setup.crashes > 0 { setup.clients } else { 1 };
    let mut whole = Report { verdict: Verdict::Exhausted, tally: Tally::default() };
    for victim in 0..victims {
        let mut script = Some(Script::default());
        while let Some(run) = script {
            SCRIPT.set(run);
            let Report { verdict, tally } = one_model::<E>(setup, victim, bounds);
            whole.tally.add(&tally);
            match verdict {
                Verdict::Exhausted => {}
                Verdict::Found(_) => return Report { verdict, ..whole },
                incomplete => whole.verdict = incomplete,
            }
            script = SCRIPT.take().next();
        }
    }
    whole
}

fn one_model<E: Engine>(setup: Setup, victim: usize, bounds: Bounds) -> Report {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let recall = (bounds.memory != Recall::Off).then(|| Arc::new(Memory::new(bounds.memory == Recall::Cuts)));
    let (inside, memory) = (Arc::clone(&tally), recall.clone());
    let mut report = report(&tally, || {
        let builder = builder(bounds);
        with_default(PointCounter, || {
            builder.check(move || {
                POINTS.set(0);
                execute::<E>(setup, victim, memory.clone(), &inside);
            });
        });
        // loom returns from a search that it broke off as from one that it finished.
        let executions = tally.lock().map_or(0, |tally| tally.executions);
        match bounds {
            Bounds { executions: most, .. } if executions.saturating_add(1) >= most => {
                Verdict::Incomplete("a budget of executions".into())
            }
            Bounds { preemptions: Some(most), .. } => Verdict::Incomplete(format!("up to {most} preemptions")),
            _ => Verdict::Exhausted,
        }
    });
    report.tally.states = recall.map_or(0, |memory| memory.states());
    report
}

fn builder(bounds: Bounds) -> Builder {
    let mut builder = Builder::new();
    builder.max_threads = ::loom::MAX_THREADS;
    builder.max_branches = 2000;
    builder.max_permutations = Some(bounds.executions);
    builder.max_duration = None;
    // At its bound loom also keeps to one of several threads where none has to be put aside, so that it covers all
    // executions with fewer preemptions, and some with as many.
    builder.preemption_bound = bounds.preemptions.map(|most| most + 1);
    builder.checkpoint_file = None;
    builder.checkpoint_interval = 1; // The budget is looked at no more often than this.
    builder.expect_explicit_explore = true;
    builder.location = false;
    builder.log = false;
    builder
}

/// Stacks of loom's threads, in words.
const STACK_WORDS: usize = 0x4000;

thread_local! {
    // One OS thread runs all of a model.
    static POINTS: Cell<usize> = const { Cell::new(0) };
    static SCRIPT: RefCell<Script> = RefCell::default();
}

/// The numbers that attempts are given: for each client, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Script {
    numbers: Vec<Vec<Digit>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Digit {
    number: u32,
    /// The largest that was asked for.
    bound: u32,
}

impl Script {
    fn number(&mut self, client: usize, nth: usize, bound: u32) -> u32 {
        if self.numbers.len() <= client {
            self.numbers.resize(client + 1, Vec::new());
        }
        let digits = &mut self.numbers[client];
        if digits.len() <= nth {
            digits.resize(nth + 1, Digit::default());
        }
        digits[nth].bound = digits[nth].bound.max(bound);
        digits[nth].number % bound
    }

    /// The script to run after this one, counting up through all that were asked for.
    fn next(mut self) -> Option<Self> {
        for digit in self.numbers.iter_mut().flatten() {
            digit.number += 1;
            if digit.number < digit.bound {
                return Some(self);
            }
            digit.number = 0;
        }
        None
    }
}

/// Counts the branches of loom's own scheduler, which it traces.
struct PointCounter;

fn is_branch(metadata: &Metadata<'_>) -> bool {
    let fields = || metadata.fields().iter().map(|field| field.name());
    metadata.target() == "loom::rt"
        && fields().count() == 2
        && fields().all(|name| matches!(name, "message" | "switch"))
}

impl Subscriber for PointCounter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_branch(metadata) { Interest::always() } else { Interest::never() }
    }
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_branch(metadata)
    }
    fn event(&self, _: &Event<'_>) {
        POINTS.set(POINTS.get() + 1);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
