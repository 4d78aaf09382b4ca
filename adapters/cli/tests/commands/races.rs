//! A breaker that stands still between its look and its removal takes nothing from those who came after.
//!
//! Somebody died with the lock, and somebody else about to take it. A first breaker is held right before one of its removals
//! or renames, before each of them in turn. Meanwhile a second one breaks the lock, has it and gives it back, and a newcomer
//! takes it and holds it. Then the first one goes on.
//!
//! `strace` holds it, where the call is made and has not begun, so that all that goes before a removal is done: the look, the
//! walk to the directory, the handle for it. It is let go by an event and not by a clock. Who is inside makes a
//! witness, a file that one at a time can make.

use std::{
    fs::{self, File},
    io::{Read, Write},
    process::Command,
};

use nix::{
    sys::{
        signal::{Signal, kill},
        stat::Mode,
    },
    unistd::{Pid, mkfifo},
};

use crate::{
    leavings::{self, cannot_trace},
    support::{Dir, Process, code, out},
};

/// The calls that remove or rename.
const CALLS: [&str; 2] = ["unlinkat", "renameat"];

/// More than any of them is made.
const CALLS_MAX: usize = 100;

/// Longer than a test takes, in microseconds.
const HELD_US: u64 = 1_000_000_000;

/// The least number of removals, of those that a breaker of any kind makes, at which others can pass it.
const PASSED_MIN: usize = 3;

/// How `run` and `unlock` end when somebody alive has the lock.
const BUSY: i32 = 75;
const REFUSED: i32 = 82;

/// Sections that fail when somebody else is inside.
const SECTION: &str = "set -C; true >witness || exit 99; rm witness";
const HOLD: &str = "set -C; true >witness || exit 99; echo $LOCKWRIGHT_ID; read x; rm witness";

/// A lock of the dead, as a tree that can be copied.
pub(crate) struct Scene {
    kind: &'static str,
    dir: Dir,
    /// Who has the other slot of a semaphore, so that there is one to fight for.
    _neighbour: Option<Process>,
}

impl Scene {
    pub(crate) fn new(kind: &'static str) -> Self {
        let dir = Dir::new();
        // About to take it, while it is free.
        assert!(leavings::dies(&dir, kind, "renameat", 1), "{kind}");
        let hold = || {
            let mut holder = dir.start(&["--kind", kind], "echo in; read x");
            assert_eq!(holder.line(), "in", "{kind}");
            holder
        };
        let neighbour = (kind == "sem=2").then(hold);
        hold().kill_and_drain();
        Self { kind, dir, _neighbour: neighbour }
    }

    /// The same lock in a directory of its own.
    pub(crate) fn again(&self) -> Dir {
        let again = Dir::new();
        let copied = Command::new("cp").arg("-a").arg(self.dir.path().join("lock")).arg(again.path()).status();
        assert!(copied.expect("cp").success());
        again
    }
}

/// A process that `strace` holds right before a system call.
struct Held {
    process: Process,
    /// What strace writes, kept open for it.
    _log: File,
}

impl Held {
    /// Holds `lockwright` with these arguments right before its call of that number; `None` when it ended before.
    fn start(dir: &Dir, args: &[&str], call: &str, number: usize) -> Option<Self> {
        let path = dir.path().join("log");
        mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        let mut command = dir.program("strace");
        command.args(["-D", "-I1", "-qq", "-o", "log", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:delay_enter={HELD_US}:when={number}")]);
        command.arg(env!("CARGO_BIN_EXE_lockwright")).args(args);
        let process = Process::start(command);
        let mut log = File::open(&path).expect("a pipe");
        fs::remove_file(&path).expect("my pipe");
        let (mut told, mut bytes) = (String::new(), [0; 4096]);
        // It tells of a call when that is about to begin.
        while told.matches(&format!("{call}(")).count() < number {
            let length = log.read(&mut bytes).expect("a pipe");
            if length == 0 {
                return None;
            }
            told.push_str(str::from_utf8(&bytes[..length]).expect("ASCII"));
        }
        Some(Self { process, _log: log })
    }

    /// Lets it go on, and gives its exit code.
    fn go_on(mut self) -> i32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it is held");
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).expect("a field");
        let tracer = tracer.trim().parse().expect("a number");
        kill(Pid::from_raw(tracer), Signal::SIGTERM).expect("it holds");
        self.process.code()
    }
}

/// What happened while the first breaker was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    /// Others had the lock.
    Passed,
    /// It had the lock already, or stood in line before the others.
    Refused,
}

/// Lets a second breaker and a newcomer come while the first one, `breaker`, is held before its call of that number. `None` when
/// it does not make so many.
fn race(scene: &Scene, breaker: &[&str], call: &str, number: usize) -> Option<Meanwhile> {
    let (dir, what) = (scene.again(), format!("{}, {} held before {call} {number}", scene.kind, breaker[0]));
    let first = Held::start(&dir, breaker, call, number)?;
    let run = |script| dir.lockwright(&["run", "-n", "--kind", scene.kind, "lock", "sh", "-c", script]);
    let second = run(SECTION);
    let meanwhile = match code(&second) {
        0 => {
            let mut newcomer = dir.start(&["-n", "--kind", scene.kind], HOLD);
            let id = newcomer.line();
            assert!(!id.is_empty(), "{what}: the newcomer was refused: {}", newcomer.complaint());
            let due: &[i32] = match breaker[0] {
                "run" if dir.path().join("ran").exists() => &[0],
                "run" => &[BUSY],
                _ => &[0, REFUSED], // Of what it found at first, or of the newcomer.
            };
            let first = first.go_on();
            assert!(due.contains(&first), "{what}: then it ended with {first}");
            let owners = out(&dir.lockwright(&["owner", "lock"]));
            assert!(owners.lines().any(|owner| owner == id), "{what}: {id} holds, and {owners:?} are told");
            assert_eq!(code(&run(SECTION)), BUSY, "{what}: somebody got past the newcomer");
            newcomer.send("end\n");
            assert_eq!(newcomer.code(), 0, "{what}");
            Meanwhile::Passed
        }
        BUSY => {
            assert_eq!(first.go_on(), 0, "{what}: nobody else was there");
            Meanwhile::Refused
        }
        _ => panic!("{what}: {second:?}"),
    };
    let last = run(SECTION);
    assert_eq!(code(&last), 0, "{what}: whoever comes next: {last:?}");
    Some(meanwhile)
}

/// Holds `breaker` before each of its calls in turn. How often others had the lock meanwhile.
fn races(scene: &Scene, breaker: &[&str]) -> usize {
    let mut passed = 0;
    for call in CALLS {
        let races = (1..CALLS_MAX).map_while(|number| race(scene, breaker, call, number));
        passed += races.filter(|meanwhile| *meanwhile == Meanwhile::Passed).count();
    }
    passed
}

fn late_breakers_take_nothing_away(kind: &'static str) {
    if cannot_trace("breakers that are late") {
        return;
    }
    let scene = Scene::new(kind);
    let script = format!("{SECTION}; true >ran");
    for breaker in [&["run", "-n", "--kind", kind, "lock", "sh", "-c", &script][..], &["unlock", "lock"]] {
        let passed = races(&scene, breaker);
        writeln!(std::io::stderr(), "{kind}, {}: others had the lock meanwhile {passed} times", breaker[0])
            .expect("stderr");
        assert!(passed >= PASSED_MIN, "{kind}, {}: {passed}", breaker[0]);
    }
}

#[test]
fn of_a_fast_lock() {
    late_breakers_take_nothing_away("fast");
}

#[test]
fn of_a_lock_folder() {
    late_breakers_take_nothing_away("bid");
}

#[test]
fn of_a_queue() {
    late_breakers_take_nothing_away("queue");
}

#[test]
fn of_readers_and_writers() {
    late_breakers_take_nothing_away("rw-write");
}

#[test]
fn of_a_semaphore() {
    late_breakers_take_nothing_away("sem=2");
}
