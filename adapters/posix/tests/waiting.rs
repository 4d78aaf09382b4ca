//! Waiting ends with the event that it waits for: a release, a death, a deadline, a request to stop.
//!
//! Nothing here sleeps. A wait that misses its event never comes back, which [`soon`] turns into a failure.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use lockwright_kernel::{
    fs::Fs,
    id::Id,
    probe::{Liveness, Probe},
    watch::{Wake, Watch},
};
use lockwright_posix::{
    fs::PosixFs,
    lock::{AcquireErrorKind, Guard, PathLock},
    watch::PosixWorld,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid, gettid, pipe, write},
};
use tempfile::TempDir;

#[expect(dead_code, reason = "only what says that something was not tried")]
mod places;

/// The path of the lock that a child is to take.
const LOCK: &str = "LOCKWRIGHT_TEST_LOCK";

/// Set when the child is to hold the lock for a command of its own.
const SUPERVISE: &str = "LOCKWRIGHT_TEST_SUPERVISE";

/// Long after everything has happened.
const GUARD: Duration = Duration::from_mins(1);

fn lock_in(dir: &TempDir) -> PathLock {
    PathLock::open(dir.path().join("lock")).unwrap()
}

fn soon<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(GUARD).expect("it waits for something that has happened")
}

/// A thread that takes the lock, and hands over the guard once it has it. Comes back when that thread waits.
fn waiter(lock: &PathLock) -> Receiver<Guard> {
    let ((tell, told), (give, taken)) = (channel(), channel());
    let lock = lock.clone();
    thread::spawn(move || {
        tell.send(gettid()).unwrap();
        // Nobody is there to take it when the test has failed.
        let _ = give.send(lock.lock().unwrap());
    });
    wait_until_asleep(soon(&told));
    taken
}

/// Comes back once a thread of this process waits in the kernel for events.
fn wait_until_asleep(thread: Pid) {
    let wchan = format!("/proc/self/task/{thread}/wchan");
    while !fs::read_to_string(&wchan).unwrap().contains("poll") {
        thread::yield_now();
    }
}

/// A process that holds the lock until it is killed or its input ends.
struct Holder {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Holder {
    fn start(lock: &PathLock, supervise: bool) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "hold", "--nocapture"]).env(LOCK, lock.path());
        if supervise {
            command.env(SUPERVISE, "1");
        }
        Self::spawn(&mut command)
    }

    fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// What follows on `word` in the next line that has it.
    fn says(&mut self, word: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once(word) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the child ended before it said {word}");
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Not a test of its own: what a [`Holder`] does.
#[test]
fn hold() {
    let Ok(path) = std::env::var(LOCK) else { return };
    let lock = PathLock::open(path).unwrap();
    let until_told = || assert!(std::io::stdin().read_line(&mut String::new()).is_ok());
    if std::env::var_os(SUPERVISE).is_none() {
        println!("WANTS");
        let guard = lock.lock().unwrap();
        println!("HOLDS");
        until_told();
        return guard.unlock().unwrap();
    }
    #[expect(clippy::zombie_processes, reason = "it is to outlive this process, which ends by a kill")]
    let command = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
    let id = lock.this_process().fresh_id_with_group(command.id()).unwrap();
    lock.lock_as(&Id::from(&id), &lock.world(), None).unwrap();
    println!("HOLDS {}", command.id());
    until_told();
}

#[test]
fn a_release_by_a_thread_wakes_a_thread() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let guard = lock.lock().unwrap();
    let taken = waiter(&lock);
    guard.unlock().unwrap();
    soon(&taken).unlock().unwrap();
    assert!(!lock.path().exists(), "nothing is left of a free lock");
}

#[test]
fn a_release_by_a_process_wakes_a_thread() {
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let lock = lock_in(&dir);
    let mut holder = Holder::start(&lock, false);
    holder.says("HOLDS");
    let taken = waiter(&lock);
    drop(holder.process.stdin.take());
    soon(&taken).unlock().unwrap();
    holder.process.wait().unwrap();
}

#[test]
fn the_death_of_the_owner_wakes() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let mut holder = Holder::start(&lock, false);
    holder.says("HOLDS");
    let taken = waiter(&lock);
    holder.process.kill().unwrap(); // It stays a zombie until it is waited for, below.
    soon(&taken).unlock().unwrap();
    holder.kill();
}

#[test]
fn a_command_keeps_the_lock_for_its_dead_supervisor() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let mut holder = Holder::start(&lock, true);
    let command = Pid::from_raw(holder.says("HOLDS").parse().unwrap());
    let ((tell, told), (give, taken)) = (channel(), channel());
    let waits = lock.clone();
    thread::spawn(move || {
        tell.send(gettid()).unwrap();
        let _ = give.send(waits.lock().unwrap());
    });
    let thread = soon(&told);
    wait_until_asleep(thread);
    holder.kill();
    let owner = lock.owner().unwrap().unwrap();
    assert_eq!(lock.probe().liveness(&owner), Ok(Liveness::Alive));
    let refused = lock.try_lock().unwrap_err();
    assert!(matches!(refused.kind(), AcquireErrorKind::Held { owner: Some(by) } if *by == owner), "{refused}");
    wait_until_asleep(thread);
    assert!(taken.try_recv().is_err(), "the command runs, and somebody has its lock");
    kill(command, Signal::SIGKILL).unwrap();
    soon(&taken).unlock().unwrap();
}

#[test]
fn a_deadline_ends_a_wait_and_says_who_held_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let guard = lock.lock().unwrap();
    let late = lock.lock_for(Duration::from_millis(20)).unwrap_err();
    assert!(matches!(late.kind(), AcquireErrorKind::TimedOut { owner: Some(by) } if by == guard.id()), "{late}");
    let late = lock.lock_until(std::time::Instant::now()).unwrap_err();
    assert!(matches!(late.kind(), AcquireErrorKind::TimedOut { .. }), "{late}");
}

#[test]
fn a_request_to_stop_ends_a_wait_and_is_left_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let guard = lock.lock().unwrap();
    let (read, stop) = pipe().unwrap();
    let world = lock.world().interrupted_by(read.try_clone().unwrap());
    let (tell, told) = channel();
    let (path, me) = (lock.clone(), Id::from(&lock.this_process().fresh_id().unwrap()));
    let waits = thread::spawn(move || {
        tell.send(gettid()).unwrap();
        path.lock_as(&me, &world, None).unwrap_err()
    });
    wait_until_asleep(soon(&told));
    write(&stop, b"!").unwrap();
    let error = waits.join().unwrap();
    assert!(matches!(error.kind(), AcquireErrorKind::Interrupted), "{error}");
    assert_eq!(nix::unistd::read(&read, &mut [0; 8]), Ok(1), "the byte is still there");
    guard.unlock().unwrap();
}

#[test]
fn a_request_to_stop_comes_before_a_change() {
    let scene = Scene::new();
    let (read, stop) = pipe().unwrap();
    let world = PosixWorld::new(&scene.fs).interrupted_by(read);
    let dir = "watched".parse().unwrap();
    let watch = world.watch(&dir).unwrap();
    scene.fs.remove_dir(&dir).unwrap();
    write(&stop, b"!").unwrap();
    assert_eq!(world.wait(watch, None, None), Ok(Wake::Interrupted));
}

/// A world and a watch on the empty directory `dir/watched`, with another one beside it.
struct Scene {
    dir: TempDir,
    fs: PosixFs,
    world: PosixWorld,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["watched", "other"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let fs = PosixFs::open(dir.path()).unwrap();
        let world = PosixWorld::new(&fs);
        Self { dir, fs, world }
    }

    /// What a wait says that began before `change` was made, as long as it wants to wait.
    fn wakes(&self, change: impl FnOnce(&PosixFs)) {
        let watch = self.world.watch(&"watched".parse().unwrap()).unwrap();
        change(&self.fs);
        // Far away, but not never: a lost event is to fail the test.
        let until = self.world.after(GUARD);
        assert_eq!(self.world.wait(watch, None, Some(until)), Ok(Wake::Changed));
    }
}

#[test]
fn an_entry_that_goes_away_ends_a_wait() {
    let scene = Scene::new();
    for (make, take) in [
        (Fs::create_dir as fn(&PosixFs, &_) -> _, Fs::remove_dir as fn(&PosixFs, &_) -> _),
        (|fs: &PosixFs, path: &_| fs.create_file(path, b""), Fs::remove_file),
        (Fs::create_dir, |fs: &PosixFs, path: &_| fs.rename(path, &"moved".parse().unwrap())),
    ] {
        let entry = "watched/entry".parse().unwrap();
        make(&scene.fs, &entry).unwrap();
        scene.wakes(|fs| take(fs, &entry).unwrap());
    }
}

#[test]
fn the_end_of_the_directory_itself_ends_a_wait() {
    let watched = || "watched".parse().unwrap();
    let ends: [fn(&PosixFs); 3] = [
        |fs| fs.remove_dir(&"watched".parse().unwrap()).unwrap(),
        |fs| fs.rename(&"watched".parse().unwrap(), &"moved".parse().unwrap()).unwrap(),
        |fs| fs.rename(&"other".parse().unwrap(), &"watched".parse().unwrap()).unwrap(),
    ];
    for end in ends {
        Scene::new().wakes(end);
        let scene = Scene::new();
        scene.wakes(|fs| {
            // Somebody has it open, which makes the kernel report its end later, and another one takes its place.
            let path = scene.dir.path().join("watched");
            let open = fs::File::open(path).unwrap();
            end(fs);
            let _ = fs.create_dir(&watched());
            std::mem::forget(open);
        });
    }
}

#[test]
fn the_end_of_the_directory_ends_a_wait_that_is_under_way() {
    let watched = || "watched".parse().unwrap();
    let while_it_waits = |end: &dyn Fn(&PosixFs)| {
        let scene = Scene::new();
        let fs = scene.fs.clone();
        let (tell, told) = channel();
        let waits = thread::spawn(move || {
            let watch = scene.world.watch(&watched()).unwrap();
            tell.send(gettid()).unwrap();
            let until = scene.world.after(GUARD);
            (scene.world.wait(watch, None, Some(until)), scene.dir)
        });
        wait_until_asleep(soon(&told));
        end(&fs);
        assert_eq!(waits.join().unwrap().0, Ok(Wake::Changed));
    };
    while_it_waits(&|fs| fs.remove_dir(&watched()).unwrap());
    while_it_waits(&|fs| fs.rename(&watched(), &"moved".parse().unwrap()).unwrap());
}

/// The kernel reports the end of a directory late when somebody has it open, but at once that another took its place.
#[test]
fn replacing_an_open_directory_ends_a_wait_that_is_under_way() {
    let scene = Scene::new();
    let (fs, path) = (scene.fs.clone(), scene.dir.path().join("watched"));
    let (tell, told) = channel();
    let waits = thread::spawn(move || {
        let watch = scene.world.watch(&"watched".parse().unwrap()).unwrap();
        tell.send(gettid()).unwrap();
        let until = scene.world.after(GUARD);
        (scene.world.wait(watch, None, Some(until)), scene.dir)
    });
    wait_until_asleep(soon(&told));
    let open = fs::File::open(path).unwrap();
    fs.rename(&"other".parse().unwrap(), &"watched".parse().unwrap()).unwrap();
    assert_eq!(waits.join().unwrap().0, Ok(Wake::Changed));
    drop(open);
}

#[test]
fn what_is_no_change_does_not_end_a_wait() {
    let scene = Scene::new();
    scene.fs.create_file(&"watched/old".parse().unwrap(), b"").unwrap();
    scene.fs.remove_file(&"watched/old".parse().unwrap()).unwrap();
    scene.wakes(|fs| {
        fs.create_file(&"watched/old".parse().unwrap(), b"").unwrap();
        fs.remove_file(&"watched/old".parse().unwrap()).unwrap();
    });
    let watch = scene.world.watch(&"watched".parse().unwrap()).unwrap();
    scene.fs.create_file(&"watched/new".parse().unwrap(), b"").unwrap();
    scene.fs.remove_dir(&"other".parse().unwrap()).unwrap();
    let until = scene.world.after(Duration::from_millis(20));
    assert_eq!(scene.world.wait(watch, None, Some(until)), Ok(Wake::TimedOut));
}

#[test]
fn events_that_were_lost_end_a_wait() {
    let Ok(limit) = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events") else {
        return places::skip("lost events: no limit is shown");
    };
    let limit: usize = limit.trim().parse().unwrap();
    if limit > 100_000 {
        return places::skip("lost events: the queue is too long to fill");
    }
    let scene = Scene::new();
    let other = scene.world.watch(&"other".parse().unwrap()).unwrap();
    scene.wakes(|fs| {
        // Equal events in a row are one, so use two names.
        for _ in 0..=limit / 2 {
            for name in ["other/a", "other/b"] {
                fs.create_file(&name.parse().unwrap(), b"").unwrap();
                fs.remove_file(&name.parse().unwrap()).unwrap();
            }
        }
    });
    let until = scene.world.after(GUARD);
    assert_eq!(scene.world.wait(other, None, Some(until)), Ok(Wake::Changed));
}

#[test]
fn a_watch_that_another_wait_passed_over_is_not_forgotten() {
    let scene = Scene::new();
    let [first, second] = ["watched", "other"].map(|dir| scene.world.watch(&dir.parse().unwrap()).unwrap());
    for name in ["watched/a", "other/a"] {
        scene.fs.create_dir(&name.parse().unwrap()).unwrap();
        scene.fs.remove_dir(&name.parse().unwrap()).unwrap();
    }
    let until = scene.world.after(GUARD);
    for watch in [first, second] {
        assert_eq!(scene.world.wait(watch, None, Some(until)), Ok(Wake::Changed));
    }
}

#[test]
fn without_inotify_a_release_is_still_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let lock = lock_in(&dir);
    let limit = "/proc/sys/user/max_inotify_instances";
    if !geteuid().is_root() || !Path::new(limit).exists() {
        return places::skip("a limit of no inotify instance");
    }
    let guard = lock.lock().unwrap();
    // A user namespace has limits of its own.
    let script = format!("echo 0 > {limit} && exec \"$0\" --exact hold --nocapture");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let mut other = Holder::spawn(command.env(LOCK, lock.path()));
    other.says("WANTS");
    let wchan = format!("/proc/{}/task", other.process.id());
    let asleep = || {
        let mut threads = fs::read_dir(&wchan).unwrap();
        threads.any(|thread| {
            let wchan = fs::read_to_string(thread.unwrap().path().join("wchan"));
            wchan.is_ok_and(|wchan| wchan.contains("poll"))
        })
    };
    while !asleep() {
        thread::yield_now();
    }
    let handles = fs::read_dir(format!("/proc/{}/fd", other.process.id())).unwrap();
    let inotify = |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|link| link == Path::new("anon_inode:inotify"));
    assert!(!handles.flatten().any(inotify), "the limit did not hold");
    guard.unlock().unwrap();
    other.says("HOLDS");
    other.process.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(other.process.wait().unwrap().success());
}
