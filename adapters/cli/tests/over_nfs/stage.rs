//! A server of the test's own, and locks on it as processes use them.

use std::{
    process::{Command, Output, Stdio},
    sync::mpsc::Sender,
};

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::{Name, Path as At},
};
use lockwright_nfs::{
    NfsFs,
    serve::{Fault, Plan, Server},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    process::{Process, guard},
    support::{code, empty_dir},
};

/// One of each layout, and a semaphore of another size.
pub(crate) const LAYOUTS: [&str; 6] = ["fast", "queue", "rw-write", "sem=2", "sem=3", "fair-sem=2"];

/// Those that let in one.
pub(crate) const EXCLUSIVE: [&str; 3] = ["fast", "queue", "rw-write"];

/// A lock on a server.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) dir: TempDir,
    pub(crate) lock: String,
    _guard: Sender<()>,
}

impl Stage {
    /// Where nothing goes wrong.
    pub(crate) fn new() -> Self {
        Self::before(Server::start("127.0.0.1:0", Plan::none()).expect("a port is free"))
    }

    /// Where calls and replies are lost and cut, no reply is kept, and calls come late and again.
    pub(crate) fn rough(seed: u64) -> Self {
        Self::before(Server::start("127.0.0.1:0", weather(seed)).expect("a port is free"))
    }

    pub(crate) fn before(server: Server) -> Self {
        let lock = format!("{}/job.lock", server.address().to_string().trim_end_matches('/'));
        Self { server, dir: empty_dir(), lock, _guard: guard() }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        command.current_dir(self.dir.path()).args(args).stdin(Stdio::null());
        // The tests themselves may run under a lock.
        command.env_remove("LOCKWRIGHT_HELD").env_remove("LOCKWRIGHT_HELD_AT");
        command
    }

    pub(crate) fn lockwright(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("it is there")
    }

    /// `run` to its end, with the shell script `script`.
    pub(crate) fn run(&self, options: &[&str], script: &str) -> Output {
        self.lockwright(&self.run_args(options, script))
    }

    /// The same, to be talked to.
    pub(crate) fn start(&self, kind: &str, script: &str) -> Process {
        Process::start(self.command(&self.run_args(&["--kind", kind], script)))
    }

    fn run_args<'a>(&'a self, options: &[&'a str], script: &'a str) -> Vec<&'a str> {
        [&["run"], options, &[self.lock.as_str(), "--", "sh", "-c", script]].concat()
    }

    /// A process that holds the lock, as that kind, until it is sent a line.
    pub(crate) fn holder(&self, kind: &str) -> Process {
        let mut holder = self.start(kind, "echo in; read x");
        assert_eq!(holder.line(), "in", "{kind}");
        holder
    }

    /// A process that waits in line, at place `number`, to run `script`.
    pub(crate) fn waiter(&self, kind: &str, script: &str, number: usize) -> Process {
        let waiter = self.start(kind, script);
        self.stands_in_line(kind, number);
        waiter
    }

    /// Waits until somebody stands at that place.
    pub(crate) fn stands_in_line(&self, kind: &str, number: usize) {
        let home = if kind.starts_with("rw-") { "rw" } else { kind };
        let place = format!("{number:020}");
        let stands = |name: &String| name.strip_suffix("-shared").unwrap_or(name) == place;
        while !self.names(&format!("job.lock/owner/{home}")).iter().any(stands) {}
    }

    pub(crate) fn fs(&self) -> NfsFs {
        NfsFs::open(self.server.address()).expect("it is served")
    }

    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        let dir: At = dir.parse().expect("a path");
        self.fs().list(&dir).unwrap_or_default().iter().map(Name::to_string).collect()
    }

    /// What `status --json` tells, and its exit code.
    pub(crate) fn status(&self) -> (i32, Value) {
        let output = self.lockwright(&["status", "--json", &self.lock]);
        (code(&output), serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// Nothing is left of the lock.
    pub(crate) fn is_clean(&self) -> bool {
        self.names("").is_empty()
    }
}

/// Sends a holder its line, and waits for its end.
pub(crate) fn end(mut process: Process) {
    process.send("end\n");
    assert_eq!(process.code(), 0);
}

/// The entries of a role, by their pids.
pub(crate) fn pids(status: &Value, role: &str) -> Vec<u64> {
    let entries = status[role].as_array().expect("a list");
    entries.iter().map(|entry| entry["pid"].as_u64().expect("a number")).collect()
}

/// `rm -r`, by somebody who knows nothing of the lock.
pub(crate) fn remove_all(fs: &impl Fs, at: &At) {
    match fs.list(at) {
        Ok(names) => {
            for name in &names {
                remove_all(fs, &at.join(name));
            }
            // Whoever looks after its lock may be at work there.
            let _ = fs.remove_dir(at);
        }
        Err(FsError::NotADirectory) => fs.remove_file(at).expect("it is there"),
        Err(error) => assert_eq!(error, FsError::NotFound),
    }
}

pub(crate) fn weather(seed: u64) -> Plan {
    let plan = Plan::none().seeded(seed).without_replies();
    let plan = plan.with(Fault::LoseReply, 15).with(Fault::LoseCall, 15).with(Fault::CutReply, 15);
    plan.with(Fault::Repeat { after: 40 }, 5).with(Fault::Late { after: 40 }, 5)
}
