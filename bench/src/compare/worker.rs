//! The parties to a lock: somebody who takes and gives it back when told, in a process or a thread of its own.
//!
//! | told | does, and says |
//! |---|---|
//! | (nothing) | the number of its process or thread, once it is ready |
//! | `lock` | takes the lock, and says when it had it |
//! | `unlock` | gives it back, and says when it began to |
//! | `pairs N` | takes it and gives it back so many times, and says how long that took |
//!
//! A line each. Times are nanoseconds of the same clock everywhere, that of `CLOCK_MONOTONIC`. A line that begins with an
//! exclamation mark says what went wrong.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};

use super::{
    glockd,
    locks::{self, peers::Peer},
};
use crate::{
    Answer,
    daemon::load::{Asks, Load},
};

/// One who can hold a lock.
pub trait Holds {
    /// Takes it, waiting as long as it takes, calls `held`, and gives it back.
    ///
    /// # Errors
    ///
    /// Any, and those of `held`.
    fn hold(&mut self, held: &mut dyn FnMut() -> Answer) -> Answer;
}

/// Plays the part that the arguments say, in this process, until there is no more to do.
///
/// # Errors
///
/// An unknown part, and those of playing it.
pub fn run(role: &[String]) -> Answer {
    let words: Vec<&str> = role.iter().map(String::as_str).collect();
    match words[..] {
        ["lock", peer, path] => {
            let holds = locks::peers::named(peer)?.open(Path::new(path))?;
            let mut input = io::stdin().lock().lines();
            serve(holds, || input.next()?.ok(), &mut |line| say(&line))
        }
        ["serve", name] => glockd::servers::serve(name, |address| say(&address.to_string())),
        ["load", address, asks, connections, depth, millis] => {
            let asks = Asks::named(asks).ok_or("an unknown protocol")?;
            let time = Duration::from_millis(millis.parse()?);
            let load = Load { asks, connections: connections.parse()?, depth: depth.parse()?, time };
            let came = load.run(address.parse()?)?;
            say(&format!("{} {} {}", came.rate, came.median_us, came.p99_us))
        }
        _ => Err(format!("there is no part {role:?}").into()),
    }
}

fn say(line: &str) -> Answer {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Somebody in a process or thread of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Party {
    line: Line,
    /// The number of its process or thread.
    number: u64,
}

#[derive(Debug)]
enum Line {
    Process { child: Child, input: ChildStdin, output: BufReader<ChildStdout> },
    Thread { input: mpsc::Sender<String>, output: mpsc::Receiver<String> },
}

/// It counts as waiting when it slept at so many looks in a row, one each millisecond.
const LOOKS: u32 = 5;

/// No event says that somebody has begun to wait, so this looks until the process, or the thread, of that number sleeps and goes on
/// sleeping.
///
/// # Errors
///
/// When it has ended.
pub fn falls_asleep(number: u64) -> Answer {
    let path = format!("/proc/{number}/stat");
    let mut asleep = 0;
    while asleep < LOOKS {
        let stat = std::fs::read_to_string(&path)?;
        let (_, state) = stat.rsplit_once(") ").ok_or("an unknown form of /proc/PID/stat")?;
        match state.as_bytes().first() {
            Some(b'S') => asleep += 1,
            Some(b'Z' | b'X') => return Err("the waiter ended before it had the lock".into()),
            _ => asleep = 0,
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

impl Party {
    /// In a process of its own.
    ///
    /// # Errors
    ///
    /// When that does not start, or says that it cannot.
    pub fn process(mut command: Command) -> Answer<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no pipe to the process")?;
        let output = BufReader::new(child.stdout.take().ok_or("no pipe from the process")?);
        Self::ready(Line::Process { child, input, output })
    }

    /// In a thread of this process.
    ///
    /// # Errors
    ///
    /// What the peer says.
    pub fn thread(peer: &'static dyn Peer, path: &Path) -> Answer<Self> {
        let (input, told) = mpsc::channel::<String>();
        let (says, output) = mpsc::channel::<String>();
        let path = path.to_owned();
        thread::spawn(move || {
            let mut say = |line: String| Ok(says.send(line)?);
            let served = peer.open(&path).and_then(|holds| serve(holds, || told.recv().ok(), &mut say));
            if let Err(error) = served {
                // Where nobody listens there is nobody to tell.
                let _ = says.send(format!("!{error}"));
            }
        });
        Self::ready(Line::Thread { input, output })
    }

    fn ready(line: Line) -> Answer<Self> {
        let mut party = Self { line, number: 0 };
        [party.number] = party.hear()?;
        Ok(party)
    }

    /// Tells it to do something.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn tell(&mut self, what: &str) -> Answer {
        match &mut self.line {
            Line::Process { input, .. } => Ok(input.write_all(format!("{what}\n").as_bytes())?),
            Line::Thread { input, .. } => Ok(input.send(what.to_owned())?),
        }
    }

    /// Waits until it says something: so many numbers.
    ///
    /// # Errors
    ///
    /// What it says went wrong; and that it has ended.
    pub fn hear<const NUMBERS: usize>(&mut self) -> Answer<[u64; NUMBERS]> {
        let mut line = String::new();
        match &mut self.line {
            Line::Process { output, .. } => {
                output.read_line(&mut line)?;
            }
            Line::Thread { output, .. } => line = output.recv()?,
        }
        if line.is_empty() {
            return Err("it has ended".into());
        }
        if let Some(error) = line.strip_prefix('!') {
            return Err(error.trim_end().into());
        }
        let numbers: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        numbers.try_into().map_err(|numbers| format!("it said {numbers:?}, and no more").into())
    }

    /// Waits until it [waits](falls_asleep) itself.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn falls_asleep(&self) -> Answer {
        falls_asleep(self.number)
    }

    /// Whether a thread has said something, which is then taken for heard. Of a process that is not known.
    pub fn has_heard(&mut self) -> bool {
        match &mut self.line {
            Line::Thread { output, .. } => output.try_recv().is_ok(),
            Line::Process { .. } => false,
        }
    }

    /// How often it has left the processor.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn switches(&self) -> Answer<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.number))?;
        let count = |line: &str| line.split_once("ctxt_switches:")?.1.trim().parse::<u64>().ok();
        Ok(status.lines().filter_map(count).sum())
    }

    /// Ends it by `SIGKILL`, whatever it holds, and reaps it, for some take a process for alive until then; a thread cannot
    /// be ended so. Says when, on the clock of all.
    ///
    /// # Errors
    ///
    /// When it is a thread.
    pub fn kill(&mut self) -> Answer<u64> {
        match &mut self.line {
            Line::Process { child, .. } => {
                let time = now()?;
                child.kill()?;
                child.wait()?;
                Ok(time)
            }
            Line::Thread { .. } => Err("a thread cannot be killed".into()),
        }
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        if let Line::Process { child, .. } = &mut self.line {
            // Where it has ended already there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn serve(
    mut holds: Box<dyn Holds>,
    mut next: impl FnMut() -> Option<String>,
    say: &mut dyn FnMut(String) -> Answer,
) -> Answer {
    say(nix::unistd::gettid().to_string())?;
    while let Some(line) = next() {
        let done = match line.split_once(' ') {
            Some(("pairs", count)) => pairs(&mut *holds, count.parse()?),
            _ if line == "lock" => {
                let mut given_back = 0;
                let held = holds.hold(&mut || {
                    say(now()?.to_string())?;
                    next();
                    given_back = now()?;
                    Ok(())
                });
                held.map(|()| given_back)
            }
            _ => Err(format!("it does not know {line:?}").into()),
        };
        say(done.map_or_else(|error| format!("!{error}"), |number| number.to_string()))?;
    }
    Ok(())
}

fn pairs(holds: &mut dyn Holds, count: u32) -> Answer<u64> {
    let start = now()?;
    for _ in 0..count {
        holds.hold(&mut || Ok(()))?;
    }
    Ok(now()? - start)
}

/// The same clock in all processes, in nanoseconds.
fn now() -> Answer<u64> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?).as_nanos().try_into()?)
}
