//! shuttle: some interleavings of many clients, drawn at random or by PCT, with kills drawn as well.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, Once},
};

use ::shuttle::{
    Config, FailurePersistence, Runner,
    rand::{Rng, thread_rng},
    scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId},
    sync, thread,
};

use crate::{
    client::execute,
    engine::{Body, Engine, Finding, Report, Setup, Tally, Verdict, report},
};

/// The engine.
pub(crate) struct Shuttle;

impl Engine for Shuttle {
    type Gate = sync::Mutex<()>;

    const KILLS_BY_THREAD: bool = false;

    fn gate() -> Self::Gate {
        sync::Mutex::new(())
    }

    fn pass<R>(gate: &Self::Gate, act: impl FnOnce() -> R) -> R {
        let guard = gate.lock();
        let done = act();
        drop(guard);
        done
    }

    fn run(_gate: &Self::Gate, bodies: Vec<Body>) {
        let threads: Vec<_> = bodies.into_iter().map(thread::spawn).collect();
        for thread in threads {
            thread.join().expect("panics do not get this far");
        }
    }

    fn choose(_client: usize, _nth: usize, bound: u32) -> u32 {
        thread_rng().gen_range(0..bound)
    }

    fn kills_now() -> bool {
        thread_rng().gen_range(0..KILL_ONE_IN) == 0
    }

    fn cut() {}

    fn stop(finding: Finding) {
        FOUND.set(Some(finding));
    }

    fn points() -> usize {
        POINTS.get()
    }
}

/// At so many points on average a process is killed, while kills are left. An attempt has about half as many.
const KILL_ONE_IN: u32 = 24;

/// How executions are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draw {
    /// At each point anybody may go on, each as likely as the next.
    Random,
    /// Who goes on is a matter of priorities, which change at a few points.
    Pct,
}

/// Changes of priority, and one.
const DEPTH: usize = 4;

/// Lets shuttle set its panic hook now, if it has not yet.
///
/// loom's coroutines end by a panic that their own hook keeps from being told, if that was set after shuttle's.
pub(crate) fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Runner::new(RandomScheduler::new_from_seed(0, 1), Config::new()).run(|| {});
    });
}

/// Runs `executions` of `setup`, the same ones each time.
pub(crate) fn explore<E: Engine>(setup: Setup, draw: Draw, seed: u64, executions: usize) -> Report {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let inside = Arc::clone(&tally);
    let scheduler: Box<dyn Scheduler + Send> = match draw {
        Draw::Random => Box::new(RandomScheduler::new_from_seed(seed, executions)),
        Draw::Pct => Box::new(PctScheduler::new_from_seed(seed, DEPTH, executions)),
    };
    report(&tally, || {
        let mut config = Config::new();
        config.failure_persistence = FailurePersistence::None;
        config.stack_size = 0x2_0000;
        FOUND.set(None);
        Runner::new(Counting(scheduler), config).run(move || execute::<E>(setup, 0, None, &inside));
        FOUND.take().map_or(Verdict::Sampled, Verdict::Found)
    })
}

thread_local! {
    // One OS thread runs all executions.
    static POINTS: Cell<usize> = const { Cell::new(0) };
    static FOUND: RefCell<Option<Finding>> = const { RefCell::new(None) };
}

/// Counts how often a scheduler is asked, and stops at a finding.
struct Counting(Box<dyn Scheduler + Send>);

impl Scheduler for Counting {
    fn new_execution(&mut self) -> Option<Schedule> {
        POINTS.set(0);
        if FOUND.with_borrow(Option::is_some) {
            // A scheduler that is dropped before its end takes that for a failure, and tells.
            while self.0.new_execution().is_some() {}
        }
        self.0.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        POINTS.set(POINTS.get() + 1);
        self.0.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
