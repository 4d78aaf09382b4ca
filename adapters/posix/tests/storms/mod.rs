//! Storms: children of a test program fight for something while some of them are killed and started again.
//!
//! A child is this program once more, with a [`Task`]; the test `child` of the program does it. It reports each of its rounds
//! while it is inside. Of those that report, and of those that wait meanwhile, some are killed.

use std::{
    io::{Read, StdoutLock, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

mod reports;
pub(crate) mod seats;

use seats::OVERLAP;

/// Tells a child what to do.
const TASK: &str = "LOCKWRIGHT_TEST_STORM";

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(3);

/// What a child is to do: where, as which one, and what.
pub(crate) struct Task {
    pub(crate) dir: PathBuf,
    pub(crate) number: u32,
    pub(crate) what: String,
    reports: StdoutLock<'static>,
}

impl Task {
    /// The task of this process, if it is a child.
    pub(crate) fn of_this_process() -> Option<Self> {
        let task = std::env::var(TASK).ok()?;
        let [dir, number, what] = task.split('|').collect::<Vec<_>>().try_into().expect("three parts");
        let (dir, number) = (dir.into(), number.parse().expect("a number"));
        Some(Self { dir, number, what: what.to_owned(), reports: std::io::stdout().lock() })
    }

    /// Says that a round is under way.
    pub(crate) fn report(&mut self) {
        self.reports.write_all(b"!").expect("somebody listens");
        self.reports.flush().expect("somebody listens");
    }
}

/// Who fights, and how they fare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm<'a> {
    /// The seats are there, and perhaps the lock.
    pub(crate) dir: &'a Path,
    /// What each child does.
    pub(crate) what: &'a str,
    pub(crate) children: u32,
    /// One in so many reports ends with a kill.
    pub(crate) kill_every: u32,
    /// Tells who has the lock, of a storm that does not end.
    pub(crate) standing: fn(&Path) -> String,
}

/// How a storm went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) kills: u32,
    /// Children that found no seat.
    pub(crate) overlaps: u32,
    pub(crate) took: Duration,
}

/// One storm at a time, so that each has the machine.
static TURN: Mutex<()> = Mutex::new(());

impl Storm<'_> {
    /// Lets it run until every child has ended well, or one has found no seat.
    pub(crate) fn run(self) -> Outcome {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seats::make(self.dir);
        let begin = Instant::now();
        let mut outcome = Outcome::default();
        let mut chance = fastrand::Rng::with_seed(7);
        let mut runners: Vec<_> = (0..self.children).map(|number| Some(self.start(number))).collect();
        while runners.iter().any(Option::is_some) && outcome.overlaps == 0 {
            let pipes = runners.iter().map(|runner| Some(runner.as_ref()?.reports.as_fd()));
            let Some(ready) = reports::wait(pipes, GUARD.saturating_sub(begin.elapsed())) else {
                let standing = (self.standing)(self.dir);
                runners.iter_mut().flatten().for_each(Runner::stop);
                panic!("somebody waits for ever: {standing}");
            };
            for number in ready {
                let Some(runner) = &mut runners[number] else { continue };
                if runner.reports.read(&mut [0; 64]).expect("a pipe") == 0 {
                    outcome.note(runner.process.wait().expect("my child"));
                    runners[number] = None;
                } else if chance.u32(..self.kill_every) == 0 {
                    // The one that reported is inside, or was just now; the others mostly wait.
                    let victim = if chance.bool() { number } else { chance.usize(..runners.len()) };
                    if let Some(runner) = &mut runners[victim] {
                        outcome.note(runner.kill());
                        runners[victim] = Some(self.start(u32::try_from(victim).expect("few children")));
                    }
                }
            }
        }
        runners.iter_mut().flatten().for_each(Runner::stop);
        outcome.took = begin.elapsed();
        outcome
    }

    fn start(self, number: u32) -> Runner {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child", "--nocapture"])
            .env(TASK, format!("{}|{number}|{}", self.dir.display(), self.what))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let reports = process.stdout.take().expect("a pipe");
        Runner { process, reports }
    }
}

impl Outcome {
    fn note(&mut self, status: ExitStatus) {
        match status.code() {
            None => self.kills += 1,
            Some(0) => {}
            Some(OVERLAP) => self.overlaps += 1,
            Some(_) => panic!("a child failed: {status}"),
        }
    }
}

/// A running child, and where it reports its rounds.
struct Runner {
    process: Child,
    reports: ChildStdout,
}

impl Runner {
    /// How it ended: by this, unless it had ended before.
    fn kill(&mut self) -> ExitStatus {
        self.process.kill().expect("my child");
        self.process.wait().expect("my child")
    }

    fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
