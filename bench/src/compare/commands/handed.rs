//! A lock goes from one command to the next: the first one holds, the second sleeps, and the sample runs from just before the
//! first one gives way until the command of the second has said something.
//!
//! Both commands are `cat`, which says what it is told. The first gives way
//!
//! * by *release*: its input ends, and with that `cat`;
//! * by *SIGKILL*, of its whole process group: where the kernel holds the lock, it holds it for `cat` as well.

use std::{
    ffi::OsString,
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{Answer, compare::worker};

/// How the first one gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Release,
    Kill,
}

impl Way {
    pub(super) const ALL: [Self; 2] = [Self::Release, Self::Kill];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Release => "hand-off",
            Self::Kill => "hand-off by SIGKILL",
        }
    }
}

/// How long it takes, in milliseconds. `words` run a command that has one word, the last one.
pub(super) fn measure(words: &[OsString], dir: &Path, way: Way) -> Answer<f64> {
    let words = [&words[..words.len() - 1], &["cat".into()]].concat();
    let mut first = Cat::start(&words, dir)?;
    first.says()?;
    let mut second = Cat::start(&words, dir)?;
    worker::falls_asleep(second.child.id().into())?;
    let start = Instant::now();
    match way {
        Way::Release => drop(first.input.take()),
        Way::Kill => first.kill()?,
    }
    second.says()?;
    let time = start.elapsed();
    drop((first, second));
    Ok(time.as_secs_f64() * 1e3)
}

/// A `cat` under a lock. It ends when this is dropped.
struct Cat {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Cat {
    /// In a group of its own.
    fn start(words: &[OsString], dir: &Path) -> Answer<Self> {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(dir).process_group(0);
        // Ours tells people of each whom it found dead.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut input = child.stdin.take().ok_or("no pipe to the process")?;
        let output = child.stdout.take().ok_or("no pipe from the process")?;
        input.write_all(b"x")?;
        Ok(Self { child, input: Some(input), output })
    }

    /// Waits until it has said what it was told at its start.
    fn says(&mut self) -> Answer {
        Ok(self.output.read_exact(&mut [0])?)
    }

    fn kill(&self) -> Answer {
        let group = Pid::from_raw(self.child.id().cast_signed()).ok_or("a process without a number")?;
        Ok(kill_process_group(group, Signal::KILL)?)
    }
}

impl Drop for Cat {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends with its input, or is dead.
        let _ = self.child.wait();
    }
}
