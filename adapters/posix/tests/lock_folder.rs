//! Processes of the Python package `lockfolder` and of our own fight for one folder while some of both are killed, and
//! never are two inside.
//!
//! Who is inside makes a witness, a symbolic link that says its process number: that is made at most once and has its
//! contents at once, so that one left by a killed process can be told from one of somebody who is inside now.
//!
//! The package comes from its registry, into a virtual environment of this test's own. Where that cannot be had, the test
//! says so; in CI (`CI=true`, or as [`places::skip`] has it) that is a failure.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs, io,
    io::{Read, Write},
    num::NonZeroU32,
    os::{fd::AsFd, unix::fs::symlink},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    blocking::World,
    chance::Chance,
    check_bid_check::{LockFolder, guid},
    lock::{Lock, LockError},
    path::Path as LockPath,
};
use lockwright_posix::{bids::this_bidder, chance::ThreadChance, fs::PosixFs, probe::ProcProbe, watch::PosixWorld};

#[expect(dead_code, reason = "this test mounts nothing")]
mod places;
#[path = "storms/reports.rs"]
mod reports;

/// What a child needs to know: the directory of the test, and whether it locks at all.
const CHILD: &str = "LOCKWRIGHT_TEST_LOCK_FOLDER";

const PACKAGE: &str = "lockfolder==1.0.2";

/// What a child exits with when somebody else was inside.
const OVERLAP: i32 = 3;

/// What a child says when it is inside.
const INSIDE: u8 = 1;

/// So many of each kind.
const CHILDREN: usize = 8;
const SECTIONS: u32 = 1000;
/// The least that each kind has to do of these, so that none was kept out.
const SECTIONS_EACH: u32 = 200;
/// One in so many sections ends with a kill.
const KILL_EVERY: u32 = 24;

/// The longest pause of a contender that was refused, in microseconds.
const PAUSE_US: NonZeroU32 = NonZeroU32::new(8000).unwrap();

/// Everything is over long before.
const GUARD: Duration = Duration::from_mins(5);

/// The places of one storm.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir_in("/dev/shm").unwrap());
        fs::create_dir(scene.folder()).unwrap();
        scene
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("folder")
    }
}

fn witness(dir: &Path) -> PathBuf {
    dir.join("witness")
}

fn stop(dir: &Path) -> PathBuf {
    dir.join("stop")
}

fn open(folder: &Path) -> LockFolder<PosixFs, ProcProbe> {
    let fs = PosixFs::open(folder).unwrap();
    let probe = ProcProbe::new(&fs);
    LockFolder::new(fs, LockPath::root(), this_bidder().unwrap(), probe)
}

/// Not a test of its own: one of our processes.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (dir, kind) = task.rsplit_once('|').unwrap();
    let dir = Path::new(dir);
    let lock = open(&dir.join("folder"));
    let world = PosixWorld::new(&PosixFs::open(dir).unwrap());
    let mut stdout = io::stdout().lock();
    stdout.write_all(b"\n!").unwrap(); // After what the test harness has to say.
    stdout.flush().unwrap();
    while !stop(dir).exists() {
        let me = guid(&ThreadChance).unwrap();
        match if kind == "none" { Ok(()) } else { lock.try_lock(&me) } {
            Ok(()) => {}
            Err(LockError::Held { .. } | LockError::Disturbed) => {
                let pause = Duration::from_micros(world.below(PAUSE_US).unwrap().into());
                world.pause(world.after(pause)).unwrap(); // What keeps contenders apart.
                continue;
            }
            Err(error) => panic!("{error}"),
        }
        enter(&witness(dir));
        stdout.write_all(&[INSIDE]).unwrap();
        stdout.flush().unwrap();
        fs::remove_file(witness(dir)).unwrap_or_else(|_| std::process::exit(OVERLAP));
        if kind != "none" {
            lock.unlock(&me).unwrap();
        }
    }
}

fn enter(witness: &Path) {
    while let Err(error) = symlink(std::process::id().to_string(), witness) {
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{error}");
        match fs::read_link(witness) {
            Ok(pid) if has_ended(&pid) => fs::remove_file(witness).unwrap(),
            _ => std::process::exit(OVERLAP),
        }
    }
}

fn has_ended(pid: &Path) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.map_or(true, |stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X'])))
}

/// What a process runs.
#[derive(Clone, Debug)]
enum Kind {
    Ours,
    /// Ours without a lock, to see whether the storm would notice.
    None,
    /// The package, by this interpreter.
    Package(PathBuf),
}

struct Runner {
    kind: Kind,
    process: Child,
    reports: ChildStdout,
    /// What came before the reports: a process of the package tells its guid.
    told: Vec<u8>,
    begun: bool,
}

impl Runner {
    fn start(kind: Kind, dir: &Path) -> Self {
        let mut command = match &kind {
            Kind::Ours | Kind::None => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                let task = if matches!(kind, Kind::None) { "none" } else { "ours" };
                command.args(["--exact", "child", "--nocapture"]).env(CHILD, format!("{}|{task}", dir.display()));
                command
            }
            Kind::Package(python) => {
                let mut command = Command::new(python);
                command.arg("-c").arg(include_str!("lock_folder.py"));
                command.args([dir.join("folder"), witness(dir), stop(dir)]);
                command
            }
        };
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let reports = process.stdout.take().unwrap();
        Self { kind, process, reports, told: Vec::new(), begun: false }
    }

    /// How many sections it reports; `None` at its end.
    fn read(&mut self) -> Option<u32> {
        let mut bytes = [0; 256];
        let count = self.reports.read(&mut bytes).unwrap();
        let mut news = &bytes[..count];
        if !self.begun {
            let begin = news.iter().position(|byte| *byte == b'!');
            self.told.extend(&news[..begin.unwrap_or(count)]);
            news = begin.map_or(&[], |begin| &news[begin + 1..]);
            self.begun = begin.is_some();
        }
        let sections = news.split(|byte| *byte == INSIDE).count() - 1;
        (count > 0).then(|| u32::try_from(sections).unwrap())
    }

    /// Kills it, and removes what it left where that is what only a person can judge: a bid of the package that was made
    /// and not written.
    fn kill(&mut self, folder: &Path) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        // It may have told its guid when nobody had listened yet.
        while !self.begun && self.read().is_some() {}
        if let (Kind::Package(_), Ok(guid)) = (&self.kind, str::from_utf8(&self.told)) {
            let bid = folder.join(format!("{}.json", guid.trim()));
            if fs::metadata(&bid).is_ok_and(|bid| bid.len() == 0) {
                fs::remove_file(bid).unwrap();
            }
        }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    ours: u32,
    package: u32,
    kills: u32,
    overlaps: u32,
    took: Duration,
}

fn storm(scene: &Scene, kinds: &[Kind]) -> Outcome {
    let (dir, begin) = (scene.0.path(), Instant::now());
    let mut outcome = Outcome::default();
    let mut runners: Vec<_> = kinds.iter().map(|kind| Some(Runner::start(kind.clone(), dir))).collect();
    let mut chance = fastrand::Rng::with_seed(7);
    let has_package = kinds.iter().any(|kind| matches!(kind, Kind::Package(_)));
    while runners.iter().any(Option::is_some) {
        for number in wait_for_report(&runners, begin) {
            let Some(runner) = &mut runners[number] else { continue };
            let Some(sections) = runner.read() else {
                let status = runner.process.wait().unwrap();
                assert!(status.success() || status.code() == Some(OVERLAP), "{:?} failed: {status}", runner.kind);
                outcome.overlaps += u32::from(!status.success());
                runners[number] = None;
                continue;
            };
            match runner.kind {
                Kind::Package(_) => outcome.package += sections,
                Kind::Ours | Kind::None => outcome.ours += sections,
            }
            let enough = outcome.ours.min(if has_package { outcome.package } else { SECTIONS }) >= SECTIONS_EACH;
            if outcome.overlaps > 0 || enough && outcome.ours + outcome.package >= SECTIONS {
                fs::write(stop(dir), b"").unwrap();
            } else if chance.u32(..KILL_EVERY) < sections {
                // The one that reported is inside, or was just now; the others mostly wait.
                let victim = if chance.bool() { number } else { chance.usize(..runners.len()) };
                if let Some(runner) = &mut runners[victim] {
                    runner.kill(&scene.folder());
                    let kind = runner.kind.clone();
                    runners[victim] = Some(Runner::start(kind, dir));
                    outcome.kills += 1;
                }
            }
        }
    }
    outcome.took = begin.elapsed();
    outcome
}

/// The numbers of the runners that have something to say.
fn wait_for_report(runners: &[Option<Runner>], begin: Instant) -> Vec<usize> {
    let pipes = runners.iter().map(|runner| Some(runner.as_ref()?.reports.as_fd()));
    reports::wait(pipes, GUARD.saturating_sub(begin.elapsed())).expect("somebody tries for ever")
}

/// An interpreter that has the package, installed once for all tests here.
fn python() -> Result<PathBuf, String> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PYTHON.get_or_init(install).clone()
}

fn install() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE);
    let python = root.join("bin/python");
    if runs(&python, &["-c", "import lockfolder.lockfolder"]).is_err() {
        let _ = fs::remove_dir_all(&root);
        runs(Path::new("python3"), &["-m", "venv", root.to_str().unwrap()])?;
        runs(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE])?;
        runs(&python, &["-c", "import lockfolder.lockfolder"])?;
    }
    Ok(python)
}

fn runs(program: &Path, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or_else(|| format!("{} {args:?}: {text}", program.display()))
}

#[test]
fn the_package_and_our_processes_exclude_each_other() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            places::skip(&format!("the Python package {PACKAGE}: {why}"));
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not tried");
            return;
        }
    };
    let scene = Scene::new();
    let kinds = [vec![Kind::Ours; CHILDREN], vec![Kind::Package(python); CHILDREN]].concat();
    let outcome = storm(&scene, &kinds);
    assert_eq!(outcome.overlaps, 0, "two were inside: {outcome:?}");
    assert!(outcome.kills > 0, "nobody was killed, so nothing was tried");
    // What the killed left is removed by whoever comes next.
    let (lock, me) = (open(&scene.folder()), guid(&ThreadChance).unwrap());
    assert_eq!(lock.try_lock(&me), Ok(()));
    assert_eq!(lock.have_lock(&me), Ok(true));
    assert_eq!(lock.unlock(&me), Ok(()));
    assert_eq!(fs::read_dir(scene.folder()).unwrap().count(), 0, "something is left in the folder");
    writeln!(io::stderr(), "{outcome:?}").unwrap();
}

#[test]
fn the_storm_notices_that_there_is_no_lock() {
    let outcome = storm(&Scene::new(), &vec![Kind::None; CHILDREN]);
    assert!(outcome.overlaps > 0, "{outcome:?}");
}

/// Our bids are what the package makes of the same process, and it understands them.
#[test]
fn the_package_reads_our_bids_and_writes_what_we_would() {
    let Ok(python) = python() else { return };
    let scene = Scene::new();
    let (lock, me) = (open(&scene.folder()), guid(&ThreadChance).unwrap());
    assert_eq!(lock.try_lock(&me), Ok(()));
    let script = "import json, pathlib, sys, psutil\nfrom lockfolder import lockfolder\nlockfolder.setup()\n\
        folder = pathlib.Path(sys.argv[1])\nassert lockfolder.in_use(folder)\n\
        bid = json.loads(next(folder.iterdir()).read_text())\n\
        assert bid == {'PID': int(sys.argv[2]), 'CREATED': int(psutil.Process(bid['PID']).create_time())}, bid\n";
    let (folder, pid) = (scene.folder(), std::process::id().to_string());
    assert_eq!(runs(&python, &["-c", script, folder.to_str().unwrap(), &pid]), Ok(()));
    assert_eq!(lock.unlock(&me), Ok(()));
}
