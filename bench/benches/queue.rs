//! What a place in a long line costs, beside one in a short line.
//!
//! | step | what |
//! |---|---|
//! | `join` | a ticket at the end of the line |
//! | `turn` | the last in line looks whether it is its turn, and is told whom to wait for |
//! | `hand-over` | the first leaves, and the second finds that it is its turn |
//!
//! Together they are what one waiter costs, who waits undisturbed: it is woken once, when its turn has come. Each step lists the
//! line, so it grows with those who stand there; how steeply is what the table of ratios tells. It comes from a loop that
//! takes the lines in turn, so that whatever else the machine does meets all of them alike.

use std::{
    collections::VecDeque,
    error::Error,
    time::{Duration, Instant},
};

use criterion::Criterion;
use lockwright_bench::{
    is_measuring,
    place::{Place, places},
};
use lockwright_kernel::{
    fs::Fs,
    id::Id,
    path::Name,
    wait_queue::{self, Admission, Door, Ticket, Turn, WaitQueue, Want},
};
use lockwright_posix::{chance::ThreadChance, fs::PosixFs, probe::ProcProbe, process::ThisProcess};

/// How many stand in the lines: a short one first, to which the others are compared.
const LENGTHS: [u64; 4] = [10, 100, 1_000, 10_000];
const LENGTHS_TO_TRY: [u64; 4] = [2, 3, 5, 8];

/// How long criterion warms up, and how long it measures, each line.
const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_secs(2);

/// The table: so many turns, of which the quickest counts, for what else the machine does only adds to the others.
const TURNS: usize = 41;

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let mut criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).configure_from_args();
    for place in places(env!("CARGO_TARGET_TMPDIR"))? {
        let lengths = if is_measuring() { LENGTHS } else { LENGTHS_TO_TRY };
        let mut lines = lengths.iter().map(|length| Line::new(&place, *length)).collect::<Answer<Vec<_>>>()?;
        let mut group = criterion.benchmark_group("queue");
        for (length, line) in lengths.iter().zip(&mut lines) {
            group.bench_function(format!("{}/{length} in line", place.name()), |bencher| {
                bencher.iter(|| line.pass().expect("nobody else uses this directory"));
            });
        }
        group.finish();
        table(&place, &lengths, &mut lines)?;
    }
    criterion.final_summary();
    Ok(())
}

/// A line in which so many stand, all of them this process under different ids.
struct Line {
    queue: WaitQueue<PosixFs, ProcProbe, ThreadChance>,
    process: ThisProcess,
    tickets: VecDeque<Ticket>,
}

impl Line {
    /// Each ticket is made as it would stand after a join, for the joins of a long line would list it as many times.
    fn new(place: &Place, length: u64) -> Answer<Self> {
        let fs = PosixFs::open(place.dir())?;
        let (probe, path) = (ProcProbe::new(&fs), format!("line-{length}").parse::<Name>()?.into());
        let queue = WaitQueue::new(fs.clone(), probe, ThreadChance, path, Admission::ONE);
        let mut line = Self { queue, process: ThisProcess::new()?, tickets: VecDeque::new() };
        line.join()?;
        for number in 2..=length {
            let place = wait_queue::Place { number, want: Want::Alone };
            let ticket = Ticket { id: line.id()?, place, door: Door::Passed };
            let leaf = line.queue.path_of(&ticket);
            fs.create_dir(&leaf.split_last().ok_or("a ticket stands in a place")?.0)?;
            fs.create_dir(&leaf)?;
            line.tickets.push_back(ticket);
        }
        Ok(line)
    }

    fn id(&self) -> Answer<Id> {
        Ok(Id::from(&self.process.fresh_id()?))
    }

    fn join(&mut self) -> Answer<()> {
        self.tickets.push_back(self.queue.join(&self.id()?, Want::Alone)?);
        Ok(())
    }

    fn turn(&mut self) -> Answer<()> {
        let last = self.tickets.back_mut().ok_or("somebody stands there")?;
        match self.queue.turn(last)? {
            Turn::Wait(_) => Ok(()),
            other => Err(format!("the last in line is told {other:?}").into()),
        }
    }

    fn hand_over(&mut self) -> Answer<()> {
        let first = self.tickets.pop_front().ok_or("somebody stands there")?;
        self.queue.leave(&first)?;
        let second = self.tickets.front_mut().ok_or("somebody stands there")?;
        match self.queue.turn(second)? {
            Turn::Holding => Ok(()),
            other => Err(format!("the first in line is told {other:?}").into()),
        }
    }

    /// What one waiter costs. Afterwards there are as many as before.
    fn pass(&mut self) -> Answer<()> {
        self.join()?;
        self.turn()?;
        self.hand_over()
    }
}

/// One step of a waiter.
type Step = fn(&mut Line) -> Answer<()>;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn table(place: &Place, lengths: &[u64], lines: &mut [Line]) -> Answer<()> {
    let steps: [(&str, Step); 3] = [("join", Line::join), ("turn", Line::turn), ("hand-over", Line::hand_over)];
    let times = least(lines, steps.map(|(_, step)| step))?;
    for (at, (name, _)) in steps.iter().enumerate() {
        for (length, of_line) in lengths.iter().zip(&times) {
            let [time, short] = [of_line, &times[0]].map(|of_line| of_line[at].as_secs_f64());
            println!(
                "{}, {name}, {length} in line: {:.3} ms, {:.1} times that with {}",
                place.name(),
                time * 1e3,
                time / short,
                lengths[0],
            );
        }
    }
    Ok(())
}

/// The times of each line, step by step.
fn least<const STEPS: usize>(lines: &mut [Line], steps: [Step; STEPS]) -> Answer<Vec<[Duration; STEPS]>> {
    let turns = if is_measuring() { TURNS } else { 1 };
    let mut times = vec![[Duration::MAX; STEPS]; lines.len()];
    for _ in 0..turns {
        for (line, times) in lines.iter_mut().zip(&mut times) {
            for (step, least) in steps.iter().zip(times) {
                let start = Instant::now();
                step(line)?;
                *least = start.elapsed().min(*least);
            }
        }
    }
    Ok(times)
}
