//! The kernel's own fast lock under loom: threads that each try the lock once and give it back where they got it.
//!
//! The disk is in memory, behind a mutex that loom knows, so loom decides at each call who goes next. Nobody is killed.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::{Halted, MemFs, Through, call::Call},
    id::Id,
    lock::Lock,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};

use super::super::{
    measured::Table,
    progress::Progress,
    turns::{self, Contender, Plan},
};
use crate::Answer;

const PLAN: Plan = Plan { rounds: 5, enough: Duration::from_secs(10) };
const TO_TRY: Plan = Plan { rounds: 1, enough: Duration::from_secs(1) };

/// Preemptions, at most.
const BOUNDS: [usize; 3] = [1, 2, 3];
const BOUNDS_TO_TRY: [usize; 1] = [1];

pub(super) fn table(quick: bool) -> (Table, Vec<String>) {
    let title = "loom: 2 clients, one try each".to_owned();
    let bounds = if quick { &BOUNDS_TO_TRY[..] } else { &BOUNDS };
    let executions: Vec<Arc<AtomicU32>> = bounds.iter().map(|_| Arc::default()).collect();
    let contender = |(bound, executions): (&usize, &Arc<AtomicU32>)| {
        let (bound, executions) = (*bound, Arc::clone(executions));
        let round = Box::new(move || explore(bound, &executions));
        Contender { name: format!("loom, {bound} preemptions"), about: String::new(), round }
    };
    let contenders = bounds.iter().zip(&executions).map(contender).collect();
    let (mut rows, failures) = turns::measure(contenders, if quick { TO_TRY } else { PLAN }, &Progress::of(&title));
    for (row, executions) in rows.iter_mut().zip(&executions) {
        let count = f64::from(executions.load(Ordering::Relaxed));
        row.more = vec![count, count / row.spread.median * 1e3];
    }
    let more = vec!["executions", "a second"];
    (Table { title, unit: "milliseconds", more, against: Vec::new(), rows, notes: Vec::new() }, failures)
}

/// How long it took, in milliseconds.
fn explore(preemptions: usize, executions: &Arc<AtomicU32>) -> Answer<f64> {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    executions.store(0, Ordering::Relaxed);
    let (counter, taken) = (Arc::clone(executions), Arc::new(AtomicU32::new(0)));
    let seen = Arc::clone(&taken);
    let start = Instant::now();
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let disk = loom::sync::Arc::new(loom::sync::Mutex::new(MemFs::new()));
        let inside = loom::sync::Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let other = {
            let (disk, inside, taken) = (disk.clone(), inside.clone(), Arc::clone(&taken));
            loom::thread::spawn(move || client("bob", &disk, &inside, &taken))
        };
        client("ann", &disk, &inside, &taken);
        other.join().expect("nobody panics");
    });
    let time = start.elapsed().as_secs_f64() * 1e3;
    if seen.load(Ordering::Relaxed) == 0 { Err("nobody ever got the lock".into()) } else { Ok(time) }
}

fn client(name: &str, disk: &loom::sync::Mutex<MemFs>, inside: &loom::sync::atomic::AtomicU32, taken: &AtomicU32) {
    let fs = Through(|call: &Call| call.on(&*disk.lock().expect("nobody panics")));
    let path = "lock".parse().expect("it is a path");
    let id: Id = name.parse().expect("it is a name");
    let lock = CheckLock::new(FastLock::new(fs, path, Leaf::File), AllLive, First);
    if lock.try_lock(&id).is_ok() {
        taken.fetch_add(1, Ordering::Relaxed);
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
        inside.fetch_sub(1, Ordering::SeqCst);
        lock.unlock(&id).expect("it is the owner");
    }
}

struct AllLive;

impl Probe for AllLive {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(Liveness::Alive)
    }
}

struct First;

impl Chance for First {
    fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
        Ok(0)
    }
}
