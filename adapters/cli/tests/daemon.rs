//! `lockwright serve` and `glockd` as processes, and `run` under a lock of theirs.

#[expect(dead_code, reason = "other tests use more of it")]
mod support;
mod tools;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::symlink, net::UnixStream},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use support::{code, empty_dir, lockwright, out, refusal};
use tools::lacks;

/// A test that takes longer waits for something that does not come.
const GUARD: Duration = Duration::from_mins(2);

/// Flags of a daemon that is at a unix socket alone.
const AT_SOCKET: [&str; 5] = ["--no-port", "--ws", "0", "--unix", "socket"];

const LOCK: &str = "unix:socket#a name";

/// A process that is killed in the end.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    _guard: Sender<()>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is there");
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("a pipe")));
        Self { child, input, output, _guard: guard() }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it runs");
    }

    /// The end of its input, and its own.
    fn end(&mut self) -> i32 {
        drop(self.input.take());
        self.child.wait().expect("it is mine").code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ends the whole test program when this is not dropped in time.
fn guard() -> Sender<()> {
    let (alive, ended) = channel::<()>();
    std::thread::spawn(move || {
        if ended.recv_timeout(GUARD) == Err(RecvTimeoutError::Timeout) {
            eprintln!("a test waits for ever");
            std::process::abort();
        }
    });
    alive
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
    command.current_dir(dir).args(args);
    command
}

/// A daemon that listens.
fn serve(dir: &Path, flags: &[&str]) -> Running {
    listening(command(dir, &[&["serve"], flags].concat()))
}

/// Starts it, and comes back when it listens.
fn listening(mut command: Command) -> Running {
    let mut child =
        command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is there");
    let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let daemon = Running { child, input: None, output, _guard: guard() };
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert!(log.read_line(&mut line).expect("text") > 0, "it has ended");
    }
    // What it logs later is read, so that it does not wait for room.
    std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));
    daemon
}

/// `run` with a shell script that says `in`, and holds the lock until its input ends.
fn holder(dir: &Path, flags: &[&str]) -> Running {
    let args = [&["run"], flags, &[LOCK, "--", "sh", "-c", "echo in; read x; echo out"]].concat();
    let mut holder = Running::start(&mut command(dir, &args));
    assert_eq!(holder.line(), "in");
    holder
}

#[test]
fn a_command_runs_under_a_lock_of_a_daemon() {
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &AT_SOCKET);
    let script = "echo $LOCKWRIGHT_LOCK / $LOCKWRIGHT_ID / ${LOCKWRIGHT_FENCE-none}; exit 7";
    let done = lockwright(dir.path(), &["run", "--report", "out.json", LOCK, "-c", script]);
    assert_eq!((code(&done), out(&done).as_str()), (7, "unix:socket#a name / unix:1@socket / none\n"));
    let report = fs::read_to_string(dir.path().join("out.json")).expect("written");
    assert!(report.contains(r#""ran":true,"child":7,"lock":"released""#), "{report}");
    let fences: Vec<u64> = [1, 2]
        .map(|_| out(&lockwright(dir.path(), &["run", "--fence", LOCK, "-c", "echo $LOCKWRIGHT_FENCE"])))
        .map(|text| text.trim().parse().expect("a number"))
        .into();
    assert!(fences[0] < fences[1]);
}

#[test]
fn a_lock_that_is_held_is_waited_for_or_refused() {
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &AT_SOCKET);
    let mut first = holder(dir.path(), &[]);
    let refused = lockwright(dir.path(), &["run", "-n", LOCK, "true"]);
    assert_eq!(code(&refused), 75);
    let told = String::from_utf8(refused.stderr).expect("text");
    assert!(told.contains("busy; the command was not run\n  held by unix:1\n"), "{told}");
    assert_eq!(code(&lockwright(dir.path(), &["run", "-q", "-w", "0.1", LOCK, "true"])), 75);
    let status = lockwright(dir.path(), &["status", LOCK]);
    assert_eq!((code(&status), out(&status).as_str()), (1, "unix:socket#a name: held by unix:1\n"));
    assert_eq!(code(&lockwright(dir.path(), &["wait", "-n", LOCK])), 75);
    let mut second = Running::start(&mut command(dir.path(), &["run", "-q", LOCK, "echo", "mine"]));
    assert_eq!(first.end(), 0);
    assert_eq!((second.line().as_str(), second.end()), ("mine", 0));
    assert_eq!(code(&lockwright(dir.path(), &["wait", LOCK])), 0);
    assert_eq!(code(&lockwright(dir.path(), &["status", LOCK])), 0);
}

#[test]
fn a_command_is_stopped_when_its_daemon_is_gone() {
    let dir = empty_dir();
    let daemon = serve(dir.path(), &AT_SOCKET);
    let script = "trap 'echo stopped; exit' TERM; echo in; while :; do sleep 0.01; done";
    let mut holder = Running::start(&mut command(dir.path(), &["run", LOCK, "-c", script]));
    assert_eq!(holder.line(), "in");
    drop(daemon);
    assert_eq!((holder.line().as_str(), holder.end()), ("stopped", 81));
    assert_eq!(code(&lockwright(dir.path(), &["run", LOCK, "true"])), 69);
}

#[test]
fn a_lock_ends_with_whoever_holds_it() {
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &AT_SOCKET);
    let first = holder(dir.path(), &[]);
    first.signal(Signal::SIGKILL);
    assert_eq!(code(&lockwright(dir.path(), &["run", "-w", "60", LOCK, "true"])), 0);
    let mut long = Running::start(&mut command(dir.path(), &["run", "--max-hold", "0.2", LOCK, "sleep", "60"]));
    assert_eq!(long.end(), 124);
    let mut ended = holder(dir.path(), &[]);
    ended.signal(Signal::SIGTERM);
    assert_eq!(ended.end(), 128 + 15);
}

#[test]
fn what_a_daemons_lock_cannot_do_is_refused() {
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &AT_SOCKET);
    for words in [
        &["lock", LOCK][..],
        &["acquire", LOCK],
        &["unlock", LOCK],
        &["owner", LOCK],
        &["queue", LOCK],
        &["run", "--kind", "sem=2", LOCK, "true"],
        &["run", "--shared", LOCK, "true"],
        &["run", "--reentrant", LOCK, "true"],
        &["run", "--why", "so", LOCK, "true"],
        &["run", "--if-busy", "replace", LOCK, "true"],
        &["run", "tcp://127.0.0.1/name", "true"],
        &["status", "--json", LOCK],
    ] {
        let refused = lockwright(dir.path(), words);
        assert_eq!(code(&refused), 64, "{words:?}: {}", refusal(&refused));
    }
    let nested = format!("exec {} run '{LOCK}' true", env!("CARGO_BIN_EXE_lockwright"));
    assert_eq!(code(&lockwright(dir.path(), &["run", LOCK, "-c", &nested])), 83);
}

#[test]
fn a_daemon_that_is_ended_leaves_nothing_but_its_state() {
    let dir = empty_dir();
    let flags = [&AT_SOCKET[..], &["--pidfile", "pid", "--state", "state"]].concat();
    let mut daemon = serve(dir.path(), &flags);
    let second = lockwright(dir.path(), &["serve", "--no-port", "--ws", "0", "--unix", "other", "--pidfile", "pid"]);
    assert_eq!(code(&second), 73, "{}", refusal(&second));
    assert_eq!(fs::read_to_string(dir.path().join("pid")).expect("there"), format!("{}\n", daemon.child.id()));
    assert_eq!(fs::read_to_string(dir.path().join("state")).expect("there"), "glockd epoch 1 since 1 open\n");
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.end(), 0);
    assert_eq!(support::entries(dir.path()), ["state"]);
    assert_eq!(fs::read_to_string(dir.path().join("state")).expect("there"), "glockd epoch 1 since 1 clean\n");
    // After a crash the next one grants nothing for a while, and says so.
    drop(serve(dir.path(), &flags));
    let _daemon = serve(dir.path(), &flags);
    assert_eq!(code(&lockwright(dir.path(), &["run", "-n", LOCK, "true"])), 75);
    fs::write(dir.path().join("state"), "something else").expect("room");
    let confused = lockwright(dir.path(), &["serve", "--no-port", "--ws", "0", "--unix", "third", "--state", "state"]);
    assert_eq!(code(&confused), 125, "{}", refusal(&confused));
}

#[test]
fn called_glockd_it_takes_the_old_flags() {
    let dir = empty_dir();
    symlink(env!("CARGO_BIN_EXE_lockwright"), dir.path().join("glockd")).expect("a link");
    let mut glockd = Command::new(dir.path().join("glockd"));
    glockd.current_dir(dir.path());
    glockd.args([
        "-port",
        "0",
        "-ws",
        "0",
        "-unix",
        "socket",
        "-pidfile",
        "my.pid",
        "-dump=false",
        "-registry",
        "-verbose",
    ]);
    let _daemon = listening(glockd);
    let socket = UnixStream::connect(dir.path().join("socket")).expect("it listens");
    (&socket).write_all(b"g foo\nd foo\niam me\nme\n").expect("it listens");
    let told: Vec<String> = BufReader::new(&socket).lines().take(4).map(|line| line.expect("text")).collect();
    assert_eq!(told[..2], ["1 Got Lock", "0 disabled"]);
    assert_eq!(told[3], "1 unix:1 me");
}

#[test]
fn what_others_could_reach_is_asked_for_twice() {
    let dir = empty_dir();
    for words in [&["--listen", "0.0.0.0"][..], &["--listen", "::"], &["--no-port", "--ws", "0"], &["--grace", "1"]] {
        let refused = lockwright(dir.path(), &[&["serve"], words].concat());
        assert_eq!(code(&refused), 64, "{words:?}: {}", refusal(&refused));
    }
    drop(serve(dir.path(), &["--port", "0", "--ws", "0", "--listen", "0.0.0.0", "--insecure"]));
}

/// Hands over a listening socket as systemd does.
const HAND_OVER: &str = "
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind('handed')
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='lines')
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn sockets_that_are_handed_over_are_served_and_stay() {
    if lacks("python3", "handing over a socket") {
        return;
    }
    let dir = empty_dir();
    for _ in 0..2 {
        let mut handing = Command::new("python3");
        handing.current_dir(dir.path()).args(["-c", HAND_OVER, env!("CARGO_BIN_EXE_lockwright"), "serve"]);
        let mut daemon = listening(handing);
        assert_eq!(code(&lockwright(dir.path(), &["run", "unix:handed#name", "true"])), 0);
        daemon.signal(Signal::SIGTERM);
        assert_eq!(daemon.end(), 0);
        fs::remove_file(dir.path().join("handed")).expect("whose it is may remove it");
    }
}
