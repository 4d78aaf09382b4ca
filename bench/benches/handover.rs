//! How long a lock takes from one process to the next, after a kill and after a release, beside `flock(2)`.
//!
//! A holder has the lock and a waiter waits for it. The holder is killed with `SIGKILL`, or told to release; the time
//! runs from just before that until the waiter has the lock. Both are this program, started anew each time, and both
//! read the same clock.
//!
//! Nobody reaps the killed holder before the waiter has the lock: a parent that is slow to do so is the rule.

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use lockwright_bench::{
    is_measuring,
    place::{Place, places},
};
use lockwright_posix::lock::{Guard, PathLock};
use nix::time::{ClockId, clock_gettime};

const REPETITIONS: usize = 50;
const REPETITIONS_TO_TRY: usize = 2;

/// The first argument of a process that this program started.
const ROLE: &str = "--role";

/// A waiter counts as waiting when it slept at so many looks in a row, one each millisecond.
const LOOKS: u32 = 5;

type Answer<T> = Result<T, Box<dyn Error>>;

#[derive(Clone, Copy, Debug)]
enum End {
    Kill,
    Release,
}

fn main() -> Answer<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [ROLE, "holder", kind, path] => hold(kind, Path::new(path)),
        [ROLE, "waiter", kind, path] => wait(kind, Path::new(path)),
        _ => measure(),
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn measure() -> Answer<()> {
    println!("hand-over, in ms{:24}{:>8}{:>8}{:>8}{:>8}", "", "min", "median", "p99", "max");
    for place in places(env!("CARGO_TARGET_TMPDIR"))? {
        for end in [End::Kill, End::Release] {
            for kind in ["lockwright", "flock"] {
                let [min, median, p99, max] = spread(times(&place, end, kind)?);
                let what = format!("{}, {end:?}, {kind}", place.name());
                println!("{what:40}{min:8.3}{median:8.3}{p99:8.3}{max:8.3}");
            }
        }
    }
    Ok(())
}

fn times(place: &Place, end: End, kind: &str) -> Answer<Vec<Duration>> {
    let path = place.dir().join(kind);
    let repetitions = if is_measuring() { REPETITIONS } else { REPETITIONS_TO_TRY };
    (0..repetitions).map(|_| hand_over(&path, end, kind)).collect()
}

/// Least, median, 99th percentile and greatest, in milliseconds.
fn spread(mut times: Vec<Duration>) -> [f64; 4] {
    times.sort_unstable();
    let last = times.len() - 1;
    [0, last / 2, last * 99 / 100, last].map(|index| times[index].as_secs_f64() * 1e3)
}

fn hand_over(path: &Path, end: End, kind: &str) -> Answer<Duration> {
    let mut holder = Process::start("holder", kind, path)?;
    holder.hear()?; // It has the lock.
    let mut waiter = Process::start("waiter", kind, path)?;
    waiter.hear()?; // It is about to wait.
    waiter.falls_asleep()?;
    let start = match end {
        End::Kill => {
            let start = now()?;
            holder.child.kill()?;
            start
        }
        End::Release => {
            holder.tell()?;
            holder.hear()? // Just before it released.
        }
    };
    let acquired = waiter.hear()?;
    acquired.checked_sub(start).ok_or_else(|| "the waiter had the lock before its holder gave it up".into())
}

/// A process of this program in another role. It is ended and reaped when this is dropped.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(role: &str, kind: &str, path: &Path) -> Answer<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ROLE, role, kind]).arg(path);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no pipe to the process")?;
        let output = BufReader::new(child.stdout.take().ok_or("no pipe from the process")?);
        Ok(Self { child, input, output })
    }

    /// Waits for a line, which is a time.
    fn hear(&mut self) -> Answer<Duration> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(Duration::from_nanos(line.trim_end().parse()?))
    }

    fn tell(&mut self) -> io::Result<()> {
        self.input.write_all(b"\n")
    }

    /// No event says that a process has begun to wait, so look until it sleeps and goes on sleeping.
    fn falls_asleep(&self) -> Answer<()> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.child.id()));
        let mut asleep = 0;
        while asleep < LOOKS {
            let stat = std::fs::read_to_string(&path)?;
            let (_, state) = stat.rsplit_once(") ").ok_or("an unknown form of /proc/PID/stat")?;
            match state.as_bytes().first() {
                Some(b'S') => asleep += 1,
                Some(b'Z' | b'X') => return Err("the waiter ended before it had the lock".into()),
                _ => asleep = 0,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A lock that is held, of either kind.
enum Held {
    Path(Box<Guard>),
    Flock(File),
}

impl Held {
    fn take(kind: &str, path: &Path) -> Answer<Self> {
        if kind == "flock" {
            // The standard library locks by flock(2) on Linux.
            let file = File::create(path)?;
            file.lock()?;
            return Ok(Self::Flock(file));
        }
        Ok(Self::Path(Box::new(PathLock::open(path)?.lock()?)))
    }

    fn release(self) -> Answer<()> {
        match self {
            Self::Path(guard) => Ok(guard.unlock()?),
            Self::Flock(file) => Ok(file.unlock()?),
        }
    }
}

fn hold(kind: &str, path: &Path) -> Answer<()> {
    let held = Held::take(kind, path)?;
    say(now()?)?;
    io::stdin().read_line(&mut String::new())?;
    let start = now()?;
    held.release()?;
    say(start)
}

fn wait(kind: &str, path: &Path) -> Answer<()> {
    say(now()?)?;
    let held = Held::take(kind, path)?;
    say(now()?)?;
    held.release()
}

fn say(time: Duration) -> Answer<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{}", time.as_nanos())?;
    Ok(output.flush()?)
}

/// The same clock in all processes.
fn now() -> nix::Result<Duration> {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from)
}
