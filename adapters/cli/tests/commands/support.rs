//! The command as a process: started, talked to, killed, and never left behind.

use std::{
    io::{BufRead, BufReader, Write},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    time::Duration,
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, geteuid},
};

/// What is to happen in a test happens in milliseconds. One that waits for so long waits for ever.
const GUARD: Duration = Duration::from_mins(1);

/// A directory to hold locks, and the way to use them.
pub(crate) struct Dir {
    dir: tempfile::TempDir,
    _guard: Sender<()>,
}

impl Dir {
    pub(crate) fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// The same on the file system of `place`.
    pub(crate) fn within(place: &Path) -> Self {
        let dir = tempfile::tempdir_in(place).expect("a directory for the test");
        Self { dir, _guard: guard() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The names in the directory.
    pub(crate) fn entries(&self) -> Vec<String> {
        entries(self.path())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_lockwright"));
        command.args(args);
        command
    }

    /// Some other program in this directory.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.current_dir(self.path()).stdin(Stdio::null());
        // The tests themselves may run under a lock.
        command.env_remove("LOCKWRIGHT_HELD").env_remove("LOCKWRIGHT_HELD_AT");
        command
    }

    /// The same by somebody to whom permissions apply. Root may do anything; without its capabilities it may do what others
    /// may.
    pub(crate) fn unprivileged(&self, args: &[&str]) -> Command {
        if !geteuid().is_root() {
            return self.command(args);
        }
        let mut command = Command::new("setpriv"); // Of util-linux.
        command.args(["--bounding-set", "-all", "--inh-caps", "-all", "--", env!("CARGO_BIN_EXE_lockwright")]);
        command.current_dir(self.path()).args(args).stdin(Stdio::null());
        command
    }

    /// A shell in this directory.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = self.program("sh");
        command.args(["-c", script]);
        command
    }

    /// Runs the command to its end.
    pub(crate) fn lockwright(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("it was built for this test")
    }

    /// `lockwright run` with the shell script `script`, which can be talked to.
    pub(crate) fn start(&self, options: &[&str], script: &str) -> Process {
        let args = [&["run"], options, &["lock", "--", "sh", "-c", script]].concat();
        Process::start(self.command(&args))
    }

    /// A process that holds the lock until it is sent a line.
    pub(crate) fn holder(&self) -> Process {
        let mut holder = self.start(&[], "echo in; read x");
        assert_eq!(holder.line(), "in");
        holder
    }

    /// A process that waits for the lock, which somebody holds, to run `script`.
    pub(crate) fn waiter(&self, script: &str) -> Process {
        let mut waiter = self.start(&[], script);
        waiter.waits("fast");
        waiter
    }
}

/// The names in a directory, sorted.
pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A running process with all its pipes. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, stdin, stdout, stderr }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its output, without the end; empty at the end of the output.
    pub(crate) fn line(&mut self) -> String {
        line(&mut self.stdout)
    }

    /// Where its output comes from.
    pub(crate) fn output(&self) -> BorrowedFd<'_> {
        self.stdout.get_ref().as_fd()
    }

    /// The next line of its standard error.
    pub(crate) fn complaint(&mut self) -> String {
        line(&mut self.stderr)
    }

    /// Takes in that it waits for `lock`, which is of that kind and has one holder, and gives what it is told.
    pub(crate) fn waits(&mut self, kind: &str) -> String {
        let told = [(); 3].map(|()| self.complaint()).join("\n");
        assert!(told.starts_with(&format!("lockwright: waiting for lock ({kind})")), "{told}");
        assert!(told.contains("\n  held by  ") && told.contains("alive"), "{told}");
        told
    }

    /// The last line of its standard error.
    pub(crate) fn last_complaint(&mut self) -> String {
        let mut last = String::new();
        loop {
            match self.complaint() {
                line if line.is_empty() => return last,
                line => last = line,
            }
        }
    }

    pub(crate) fn send(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(text.as_bytes()).expect("somebody reads");
    }

    /// Ends its input.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// Waits until it is stopped.
    pub(crate) fn stopped(&self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let status = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("a child");
        assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it runs");
    }

    /// Waits for its end, and says how it ended.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("a child")
    }

    /// Waits for its end, and gives the exit code.
    pub(crate) fn code(&mut self) -> i32 {
        self.end().code().expect("no signal ended it")
    }

    /// Kills it, as nothing can prevent.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child");
    }

    /// Kills it, and waits until nobody writes to its output any more.
    pub(crate) fn kill_and_drain(&mut self) {
        self.kill();
        self.end();
        while !self.line().is_empty() {}
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("UTF-8");
    line.trim_end().to_owned()
}

/// Ends the test program if what is returned is not dropped in time.
pub(crate) fn guard() -> Sender<()> {
    let (guard, test) = channel();
    std::thread::spawn(move || {
        if test.recv_timeout(GUARD) == Err(RecvTimeoutError::Timeout) {
            // Not by the macro, whose output is shown for failed tests only.
            let _ = std::io::stderr().write_all(b"a test waits for ever\n");
            std::process::abort();
        }
    });
    guard
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ended it")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What it said of a lock that it did not get: a line, and below it who is in the way.
pub(crate) fn told(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert!(text.starts_with("lockwright: ") && text.lines().skip(1).all(|line| line.starts_with("  ")), "{text:?}");
    text
}

/// What it said, in the one line that a failure is.
pub(crate) fn one_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert!(text.starts_with("lockwright: ") && text.lines().count() == 1, "{text:?}");
    text.trim_end().to_owned()
}
