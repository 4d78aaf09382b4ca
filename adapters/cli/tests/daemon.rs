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
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
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
    /// The lines of a daemon's log.
    log: Receiver<String>,
    _guard: Sender<()>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is there");
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("a pipe")));
        Self { child, input, output, log: channel().1, _guard: guard() }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// The next line of the log that has this in it.
    fn until_log(&self, what: &str) -> String {
        self.log.iter().find(|line| line.contains(what)).expect("it has ended")
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
    let log = BufReader::new(child.stderr.take().expect("a pipe"));
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let (lines, told) = channel();
    let daemon = Running { child, input: None, output, log: told, _guard: guard() };
    // All is read, so that it does not wait for room; nobody need listen.
    std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
    daemon.until_log("listening");
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
    let json = out(&lockwright(dir.path(), &["status", "--json", LOCK]));
    assert!(json.starts_with(r#"{"lock":"unix:socket#a name","kind":"queue","state":"held","fence":null,"#), "{json}");
    assert!(json.contains(r#""holders":[{"id":"unix:1","token":null,"#), "{json}");
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
    // Its input stays, or the script could come to its end first.
    assert_eq!(ended.child.wait().expect("it is mine").code(), Some(128 + 15));
}

/// The kernel closes what a killed process has open before it kills its children, so there is a moment at which the command
/// runs and its supervisor is no more. Here that moment is long: the command does not want to be killed.
#[test]
fn a_command_that_outlives_its_supervisor_keeps_the_lock() {
    if lacks("python3", "a command that outlives its supervisor") {
        return;
    }
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &AT_SOCKET);
    let script = "import ctypes, sys; ctypes.CDLL(None).prctl(1, 0); print('in', flush=True); sys.stdin.read()";
    let mut holder = Running::start(&mut command(dir.path(), &["run", LOCK, "python3", "-c", script]));
    assert_eq!(holder.line(), "in");
    holder.signal(Signal::SIGKILL);
    let input = holder.input.take();
    assert_eq!(holder.child.wait().expect("it is mine").code(), None);
    assert_eq!(code(&lockwright(dir.path(), &["status", LOCK])), 1);
    drop(input);
    assert_eq!(code(&lockwright(dir.path(), &["run", "-w", "60", LOCK, "true"])), 0);
}

/// What a command leaves running has the connection open, and neither the lock nor a place at the daemon.
#[test]
fn what_a_command_leaves_behind_keeps_nothing() {
    let dir = empty_dir();
    let _daemon = serve(dir.path(), &[&AT_SOCKET[..], &["--connections", "1"]].concat());
    let mut first = Running::start(&mut command(dir.path(), &["run", LOCK, "-c", "sleep 60 & echo $!"]));
    let left: i32 = first.line().parse().expect("a number");
    assert_eq!(first.child.wait().expect("it is mine").code(), Some(0));
    assert_eq!(code(&lockwright(dir.path(), &["run", "-n", LOCK, "true"])), 0);
    kill(Pid::from_raw(left), Signal::SIGKILL).expect("it runs still");
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
        &["status", "--kind", "queue", LOCK],
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

/// A daemon for others, a client with a certificate, and what the rules allow to it.
#[test]
fn others_come_by_tls_and_may_what_the_rules_say() {
    let dir = empty_dir();
    certificates(dir.path());
    fs::write(dir.path().join("rules"), "dns:localhost hold ours/*\n").expect("room");
    let files = ["--tls-cert", "pem", "--tls-key", "key", "--tls-clients", "authority", "--rules", "rules"];
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("one is free").port();
    let port_text = port.to_string();
    let at = ["--listen", "0.0.0.0", "--port", &port_text, "--ws", "0"];
    let _daemon = serve(dir.path(), &[&at[..], &files].concat());
    let ask = |words: &[&str], has_files: bool| {
        let mut command = command(dir.path(), words);
        if has_files {
            command.envs([
                ("LOCKWRIGHT_TLS_CERT", "pem"),
                ("LOCKWRIGHT_TLS_KEY", "key"),
                ("LOCKWRIGHT_TLS_CA", "authority"),
            ]);
        }
        command.output().expect("it runs")
    };
    let [ours, theirs] = ["ours/a", "theirs"].map(|name| format!("tcps://localhost:{port}/{name}"));
    assert_eq!(out(&ask(&["run", &ours, "echo", "in"], true)), "in\n");
    assert_eq!(code(&ask(&["status", &ours], true)), 0);
    let forbidden = ask(&["run", &theirs, "true"], true);
    assert_eq!(code(&forbidden), 77, "{}", refusal(&forbidden));
    assert_eq!(code(&ask(&["wait", &theirs], true)), 77);
    let stranger = ask(&["run", &ours, "true"], false);
    assert_eq!(code(&stranger), 69);
    assert!(refusal(&stranger).contains("LOCKWRIGHT_TLS_CERT is not set"), "{}", refusal(&stranger));
    assert_eq!(code(&ask(&["run", &ours.replace("tcps", "tcp"), "true"], true)), 69);
    for (flag, told) in [("--tls-key", "TLS: rules"), ("--rules", "line 1")] {
        let mut wrong = files;
        let place = wrong.iter().position(|word| *word == flag).expect("it is one");
        wrong[place + 1] = if flag == "--rules" { "key" } else { "rules" };
        let refused = lockwright(dir.path(), &[&["serve"], &at[..], &wrong].concat());
        assert_eq!(code(&refused), 64);
        assert!(refusal(&refused).contains(told), "{}", refusal(&refused));
    }
    assert_eq!(code(&lockwright(dir.path(), &["serve", "--tls-cert", "pem"])), 64);
}

/// An authority, and a certificate by it with its key, which may be either side's.
fn certificates(dir: &Path) {
    let new_key = || rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::new([]).expect("no names");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let (its_key, key) = (new_key(), new_key());
    let its_own = authority.self_signed(&its_key).expect("a certificate");
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let issuer = rcgen::Issuer::new(authority, its_key);
    let signed = rcgen::CertificateParams::new(names).and_then(|params| params.signed_by(&key, &issuer));
    let files =
        [("authority", its_own.pem()), ("pem", signed.expect("a certificate").pem()), ("key", key.serialize_pem())];
    for (file, text) in files {
        fs::write(dir.join(file), text).expect("room");
    }
}

/// What a service manager is told, and when.
#[test]
fn whoever_started_it_is_told_how_it_goes() {
    let dir = empty_dir();
    let manager = std::os::unix::net::UnixDatagram::bind(dir.path().join("manager")).expect("a socket");
    manager.set_read_timeout(Some(GUARD)).expect("a socket");
    let told = || {
        let mut message = [0; 64];
        let count = manager.recv(&mut message).expect("told in time");
        String::from_utf8_lossy(&message[..count]).into_owned()
    };
    let mut daemon = command(dir.path(), &[&["serve"], &AT_SOCKET[..]].concat());
    daemon.env("NOTIFY_SOCKET", dir.path().join("manager")).env("WATCHDOG_USEC", "200000");
    let mut daemon = listening(daemon);
    assert_eq!(told(), "READY=1");
    assert_eq!(code(&lockwright(dir.path(), &["run", LOCK, "true"])), 0);
    assert_eq!([told(), told(), told()], ["WATCHDOG=1"; 3]);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.end(), 0);
    let last = std::iter::repeat_with(told).find(|message| message != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

#[test]
fn with_sighup_the_rules_are_read_again_and_what_is_no_rule_changes_nothing() {
    let dir = empty_dir();
    let manager = std::os::unix::net::UnixDatagram::bind(dir.path().join("manager")).expect("a socket");
    manager.set_read_timeout(Some(GUARD)).expect("a socket");
    let told = || {
        let mut message = [0; 64];
        let count = manager.recv(&mut message).expect("told in time");
        String::from_utf8_lossy(&message[..count]).into_owned()
    };
    let rules = |text: &str| fs::write(dir.path().join("rules"), text).expect("room");
    rules("anyone hold *\n");
    let mut daemon = command(dir.path(), &[&["serve", "--rules", "rules"], &AT_SOCKET[..]].concat());
    daemon.env("NOTIFY_SOCKET", dir.path().join("manager"));
    let daemon = listening(daemon);
    assert_eq!(told(), "READY=1");
    let reload = || {
        daemon.signal(Signal::SIGHUP);
        let (reloading, ready) = (told(), told());
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
        assert_eq!(ready, "READY=1");
    };
    rules("anyone hold *\nanyone may *\n");
    reload();
    let line = daemon.until_log("not reloaded");
    assert!(line.contains("--rules rules: line 2: it should be `hold` or `look`, not `may`"), "{line}");
    assert_eq!(code(&lockwright(dir.path(), &["run", LOCK, "true"])), 0);
    let mut holder = Running::start(&mut command(dir.path(), &["run", LOCK, "-c", "echo in; read x"]));
    assert_eq!(holder.line(), "in");
    rules("uid:4294967294 hold *\n");
    reload();
    let line = daemon.until_log("reloaded");
    assert!(line.contains("ended=1"), "{line}");
    assert_eq!(code(&lockwright(dir.path(), &["run", LOCK, "true"])), 77);
    assert_eq!(holder.child.wait().expect("it is mine").code(), Some(81), "its lock is lost");
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

/// Keeps a listening socket, and runs one daemon after the other at it, each when it is told to.
const KEEP: &str = "
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind('kept')
s.listen()
for line in sys.stdin:
    daemon = os.fork()
    if daemon == 0:
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[1], sys.argv[1:])
    print(daemon, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(daemon, 0)[1]), flush=True)
";

#[test]
fn whoever_comes_between_two_daemons_at_one_socket_is_served_by_the_next() {
    if lacks("python3", "keeping a socket") {
        return;
    }
    let dir = empty_dir();
    let mut keeper = Command::new("python3");
    keeper.current_dir(dir.path()).args(["-c", KEEP, env!("CARGO_BIN_EXE_lockwright"), "serve", "--state", "state"]);
    let mut keeper = Running::start(keeper.stderr(Stdio::null()));
    let next = |keeper: &mut Running| {
        keeper.input.as_mut().expect("a pipe").write_all(b"next\n").expect("it runs");
        Pid::from_raw(keeper.line().parse().expect("a number"))
    };
    let ask = |client: &mut BufReader<UnixStream>, lines: &str| {
        client.get_mut().write_all(lines.as_bytes()).expect("room");
        client.lines().take(lines.lines().count()).map(|line| line.expect("text")).collect::<Vec<_>>()
    };
    let old = next(&mut keeper);
    let come = || UnixStream::connect(dir.path().join("kept")).map(BufReader::new).expect("it is kept");
    let mut first = come();
    assert_eq!(ask(&mut first, "hello\ng a\nr a\nping\n")[..2], ["1 Hello 1 15 1 unix:1", "1 Got Lock"]);
    kill(old, Signal::SIGTERM).expect("it runs");
    assert_eq!(keeper.line(), "0");
    assert_eq!(first.read_line(&mut String::new()).expect("an end"), 0);
    let mut between = come();
    let new = next(&mut keeper);
    assert_eq!(ask(&mut between, "hello\ng a\n"), ["1 Hello 1 15 2 unix:1", "1 Got Lock"]);
    kill(new, Signal::SIGTERM).expect("it runs");
    assert_eq!(keeper.line(), "0");
}
