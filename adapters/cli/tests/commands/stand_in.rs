//! `flock` and `setlock` by name, as processes, and `run --quiet`, which they need.

use std::{
    ffi::OsStr,
    fs,
    process::{Command, Output, Stdio},
};

use nix::sys::signal::Signal;

use crate::support::{Dir, Process, code, entries, one_line, out, told};

/// A directory to hold locks, with the names in `bin`.
struct Names {
    dir: Dir,
}

impl Names {
    fn new() -> Self {
        let dir = Dir::new();
        assert_eq!(code(&dir.lockwright(&["stand-in", "bin", "flock", "setlock"])), 0);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lockwright"), dir.path().join("bin/lockfile")).expect("a link");
        Self { dir }
    }

    fn command<A: AsRef<OsStr>>(&self, name: &str, args: &[A]) -> Command {
        let mut command = Command::new(self.dir.path().join("bin").join(name));
        command.current_dir(self.dir.path()).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, name: &str, args: &[&str]) -> Output {
        self.command(name, args).output().expect("it was built for this test")
    }

    /// A process that holds `lock` until it is sent a line.
    fn holder(&self, name: &str, options: &[&str]) -> Process {
        let mut holder =
            Process::start(self.command(name, &[options, &["lock", "sh", "-c", "echo in; read x"]].concat()));
        assert_eq!(holder.line(), "in");
        holder
    }

    /// It ends with that code, says nothing, and has not run its command.
    fn silent(&self, wanted: i32, name: &str, args: &[&str]) {
        let output = self.run(name, &[args, &["touch", "ran"]].concat());
        assert_eq!((code(&output), &*output.stderr), (wanted, &b""[..]), "{name} {args:?}: {output:?}");
        assert!(!self.dir.path().join("ran").exists(), "{name} {args:?}");
    }

    /// It is refused with that code in a line that says `why`; nothing is changed.
    fn refused(&self, wanted: i32, why: &str, name: &str, args: &[&str]) {
        let before = self.dir.entries();
        let output = self.run(name, args);
        assert!(code(&output) == wanted && told(&output).contains(why), "{name} {args:?}: {output:?}");
        assert_eq!(self.dir.entries(), before, "{name} {args:?}");
    }
}

fn end(mut process: Process) {
    process.send("end\n");
    assert_eq!(process.code(), 0);
}

#[test]
fn the_command_gets_its_words_and_its_exit_code_is_passed_on() {
    let names = Names::new();
    for (name, options) in [("flock", &["-x", "-o"][..]), ("flock", &["-s"]), ("setlock", &["-NX"])] {
        let words = names.run(name, &[options, &["lock", "printf", "%s|", "-n", "a b", "-s", "-x"]].concat());
        assert_eq!((code(&words), &*out(&words)), (0, "-n|a b|-s|-x|"), "{name}");
        for wanted in [0, 1, 7, 75, 83, 111] {
            let output = names.run(name, &[options, &["lock", "sh", "-c", &format!("exit {wanted}")]].concat());
            assert_eq!((code(&output), &*output.stderr), (wanted, &b""[..]), "{name}");
        }
        assert_eq!(code(&names.run(name, &["lock", "sh", "-c", "kill -TERM $$"])), 143);
    }
    assert_eq!(names.dir.entries(), ["bin"]);
}

#[test]
fn a_line_for_the_shell() {
    let names = Names::new();
    for option in ["-c", "--command"] {
        let output = names.run("flock", &["lock", option, "echo $((1 + 1)); ls lock; exit 5"]);
        assert_eq!((code(&output), &*out(&output)), (5, "2\nowner\n"));
    }
    let shell = names.command("flock", &["lock", "-c", "a line"]).env("SHELL", "/bin/echo").output();
    assert_eq!(out(&shell.expect("it was built for this test")), "-c a line\n");
    names.refused(64, "one line", "flock", &["lock", "-c"]);
    names.refused(64, "one line", "flock", &["lock", "-c", "two", "words"]);
}

#[test]
fn all_of_them_meet_in_one_lock() {
    for (holds, options) in [("flock", &["-n"][..]), ("flock", &["-x"]), ("setlock", &["-n"])] {
        let names = Names::new();
        let holder = names.holder(holds, options);
        names.silent(1, "flock", &["-n", "lock"]);
        names.silent(1, "flock", &["-s", "--nb", "lock"]);
        names.silent(1, "flock", &["-w", "0.02", "lock"]);
        names.silent(75, "flock", &["-n", "-E", "75", "lock"]);
        names.silent(0, "flock", &["-w", "0", "--conflict-exit-code", "0", "lock"]);
        names.silent(0, "setlock", &["-nx", "lock"]);
        names.refused(111, "in line since ", "setlock", &["-n", "lock", "touch", "ran"]);
        names.refused(1, "in line since ", "flock", &["-n", "--verbose", "lock", "touch", "ran"]);
        let other = names.dir.lockwright(&["run", "-qn", "--kind", "rw-write", "lock", "touch", "ran"]);
        assert_eq!((code(&other), &*other.stderr), (75, &b""[..]));
        end(holder);
        assert_eq!(names.dir.entries(), ["bin"]);
    }
}

#[test]
fn shared_locks_are_held_together_and_keep_writers_out() {
    let names = Names::new();
    let readers = [names.holder("flock", &["-s"]), names.holder("flock", &["-xs"])];
    names.silent(1, "flock", &["-n", "lock"]);
    names.silent(1, "flock", &["-sxn", "lock"]);
    names.silent(0, "setlock", &["-xn", "lock"]);
    readers.into_iter().for_each(end);
    end(names.holder("flock", &["-n"]));
}

#[test]
fn who_waits_gets_the_lock_at_its_release() {
    let names = Names::new();
    let holder = names.holder("setlock", &[]);
    let mut waiter = Process::start(names.command("flock", &["--verbose", "-w", "600", "lock", "echo", "in"]));
    waiter.waits("rw-write");
    end(holder);
    assert_eq!((waiter.line(), waiter.code(), waiter.complaint()), ("in".into(), 0, String::new()));
}

#[test]
fn a_killed_holder_is_no_holder() {
    let names = Names::new();
    let mut holder = names.holder("setlock", &[]);
    holder.kill_and_drain();
    assert_eq!(out(&names.run("flock", &["-w", "60", "lock", "echo", "in"])), "in\n");
}

#[test]
fn signals_reach_the_program_and_end_a_wait() {
    let names = Names::new();
    let script = "trap 'echo TERM' TERM; echo in; while ! read x; do kill -0 $PPID || exit 6; done; exit 5";
    let mut holder = Process::start(names.command("setlock", &["-x", "lock", "sh", "-c", script]));
    assert_eq!(holder.line(), "in");
    holder.signal(Signal::SIGTERM);
    assert_eq!(holder.line(), "TERM");
    for (name, options) in [("flock", &["--verbose"][..]), ("setlock", &["-x"])] {
        let mut waiter = Process::start(names.command(name, &[options, &["lock", "touch", "ran"]].concat()));
        while !out(&names.dir.lockwright(&["status", "lock"])).contains("\nwaits ") {
            std::thread::yield_now();
        }
        waiter.signal(Signal::SIGTERM);
        assert_eq!(waiter.code(), 143, "{name}");
    }
    holder.send("end\n");
    assert_eq!(holder.code(), 5);
    assert_eq!(names.dir.entries(), ["bin"]);
}

#[test]
fn nobody_waits_for_itself() {
    let names = Names::new();
    let flock = names.dir.path().join("bin/flock");
    let flock = flock.to_str().expect("UTF-8");
    for (options, wanted) in [(&[][..], 83), (&["-n"], 1), (&["-w", "600", "-E", "9"], 9)] {
        let nested = [&["lock", flock], options, &["lock", "touch", "ran"]].concat();
        names.refused(wanted, "held around this command", "flock", &nested);
    }
}

#[test]
fn what_these_locks_cannot_do_is_told_in_a_line() {
    let names = Names::new();
    for args in [&["9"][..], &["-n", "9"], &["-s", "-w", "5", "200"], &["-u", "9"], &["lock"], &["-u", "lock", "true"]]
    {
        names.refused(64, "locks of open descriptors", "flock", args);
    }
    names.refused(64, "no --no-fork", "flock", &["-F", "lock", "true"]);
    names.refused(64, "see flock --help", "flock", &[]);
    names.refused(64, "0..=255", "flock", &["-E", "600", "lock", "true"]);
    names.refused(64, "number of seconds", "flock", &["-w", "soon", "lock", "true"]);
    names.refused(100, "see setlock --help", "setlock", &["lock"]);
    names.refused(100, "'-z'", "setlock", &["-z", "lock", "true"]);
    for args in [&["lock"][..], &["-r", "3", "lock"], &[]] {
        names.refused(64, "rm -f", "lockfile", args);
    }
}

#[test]
fn what_flock_2_could_lock_too_is_refused_and_left_alone() {
    let names = Names::new();
    let path = |name: &str| names.dir.path().join(name);
    fs::write(path("file"), "text").expect("room");
    fs::create_dir(path("tree")).expect("room");
    fs::write(path("tree/file"), "").expect("room");
    std::os::unix::fs::symlink("file", path("link")).expect("a link");
    for (name, what) in [("file", "a file"), ("tree", "other things"), ("link", "a file"), (".", "other things")] {
        for options in [&[][..], &["-s"], &["-n"]] {
            names.refused(73, what, "flock", &[options, &[name, "touch", "ran"]].concat());
        }
        for options in [&[][..], &["-nx"], &["-x"]] {
            names.refused(111, what, "setlock", &[options, &[name, "touch", "ran"]].concat());
        }
    }
    assert_eq!(fs::read(path("file")).expect("a file"), b"text");
    assert_eq!(entries(&path("tree")), ["file"]);
    names.refused(73, "does not exist", "flock", &["missing/lock", "true"]);
    names.refused(111, "does not exist", "setlock", &["missing/lock", "true"]);
    names.silent(0, "setlock", &["-x", "missing/lock"]);
}

#[test]
fn only_the_names_that_were_asked_for_are_made() {
    let dir = Dir::new();
    assert_eq!(code(&dir.lockwright(&["lockers", "install", "lockers"])), 0);
    let made = [entries(&dir.path().join("lockers")), entries(&dir.path().join("lockers/lib"))].concat();
    assert!(
        made.len() == 13 && !made.iter().any(|name| name.contains("flock") || name.contains("setlock")),
        "{made:?}"
    );
    for _ in 0..2 {
        assert_eq!(code(&dir.lockwright(&["stand-in", "a/b", "setlock"])), 0);
        assert_eq!(entries(&dir.path().join("a/b")), ["setlock"]);
    }
    fs::write(dir.path().join("a/b/flock"), "somebody's").expect("room");
    let output = dir.lockwright(&["stand-in", "a/b", "flock"]);
    assert!(code(&output) == 73 && one_line(&output).contains("something else stands there"));
    assert_eq!(fs::read(dir.path().join("a/b/flock")).expect("a file"), b"somebody's");
    let output = dir.lockwright(&["stand-in", "c", "flock", "lockfile"]);
    assert!(code(&output) == 64 && one_line(&output).contains("rm -f"));
    assert_eq!(code(&dir.lockwright(&["stand-in", "c", "sem"])), 64);
    assert_eq!(code(&dir.lockwright(&["stand-in", "c"])), 64);
    assert!(!dir.path().join("c").exists());
}

#[test]
fn each_help_says_whom_it_does_not_keep_out() {
    let names = Names::new();
    for name in ["flock", "setlock"] {
        let help = out(&names.run(name, &["--help"])).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("does not keep out a process that uses the real flock(2) on the same file."), "{help}");
    }
}

#[test]
fn a_quiet_run_says_nothing_of_waiting() {
    let names = Names::new();
    let holder = names.dir.holder();
    for options in [&["-q", "--nonblock"][..], &["--quiet", "--wait", "0.5"]] {
        let output = names.dir.lockwright(&[&["run"], options, &["lock", "touch", "ran"]].concat());
        assert_eq!((code(&output), &*output.stderr), (75, &b""[..]));
    }
    // Of what is no waiting it does speak.
    let output = names.dir.lockwright(&["run", "-q", "--kind", "queue", "lock", "touch", "ran"]);
    assert_eq!(code(&output), 78);
    one_line(&output);
    end(holder);
    assert_eq!(names.dir.entries(), ["bin"]);
}
