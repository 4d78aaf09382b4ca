//! The files in `recipes`: each command in them is run as its program would, with scripts in place of what it locks.

mod programs;
#[expect(dead_code, reason = "other tests use more of it")]
mod support;
mod tools;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use support::{code, empty_dir, entries, lockwright, out, run};
use tools::lacks;

const README: &str = include_str!("../../../README.md");

/// A home, with `lockwright` and some scripts in `bin`. Each of those writes its name, its words and its lock into `log`.
struct Home(tempfile::TempDir);

impl Home {
    fn new(scripts: &[&str]) -> Self {
        let home = Self(empty_dir());
        fs::create_dir(home.bin()).expect("room");
        symlink(env!("CARGO_BIN_EXE_lockwright"), home.bin().join("lockwright")).expect("a link");
        for script in scripts {
            home.write(&format!("bin/{script}"), "echo \"${0##*/} $* ${LOCKWRIGHT_LOCK##*/}\" >> \"$HOME/log\"");
        }
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn bin(&self) -> PathBuf {
        self.path().join("bin")
    }

    fn write(&self, name: &str, script: &str) {
        programs::write(&self.path().join(name), script);
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/bin:/bin", self.bin().display());
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path()).env("PATH", path);
        command
    }

    fn shell(&self, line: &str) -> Output {
        run(&mut self.command("/bin/sh", &["-c", line]))
    }

    /// What the scripts wrote, sorted.
    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path().join("log")).unwrap_or_default();
        let mut lines: Vec<_> = log.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Takes a lock for this process, as one of that kind, and gives its id.
    fn take(&self, kind: &str, lock: &str) -> String {
        let pid = std::process::id().to_string();
        out(&lockwright(self.path(), &["lock", "--pid", &pid, "--kind", kind, lock])).trim().to_owned()
    }
}

fn recipe(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes").join(name);
    fs::read_to_string(path).expect("a recipe")
}

/// The lines that run lockwright, from its name on. The README shows each.
fn calls(name: &str) -> Vec<String> {
    let calls: Vec<_> = recipe(name)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.find("lockwright run").map(|at| line[at..].to_owned()))
        .collect();
    for call in &calls {
        assert!(README.contains(call), "the README lacks {call}, of {name}");
    }
    calls
}

#[test]
fn cron() {
    let home = Home::new(&["sync-mail", "backup"]);
    let [sync, backup] = calls("crontab").try_into().expect("two jobs");
    for line in [&sync, &backup] {
        let output = home.shell(line);
        assert_eq!((code(&output), &*output.stdout, &*output.stderr), (0, &b""[..], &b""[..]), "{line}");
    }
    assert_eq!(home.log(), ["backup  backup.lock", "sync-mail  sync.lock"]);
    // While the one before goes on, there is nothing that could be mailed.
    let id = home.take("fast", "sync.lock");
    let skipped = home.shell(&sync);
    assert_eq!((code(&skipped), &*skipped.stdout, &*skipped.stderr), (75, &b""[..], &b""[..]));
    assert_eq!(code(&lockwright(home.path(), &["unlock", "--id", &id, "sync.lock"])), 0);
    assert_eq!(home.log().len(), 2);
}

#[test]
fn systemd() {
    let home = Home::new(&["backup"]);
    fs::create_dir(home.path().join("backup")).expect("room");
    let place = |text: String| {
        let text = text.replace("%S", home.path().to_str().expect("UTF-8"));
        text.replace("/usr/local/bin", home.bin().to_str().expect("UTF-8"))
    };
    let [_] = calls("backup.service").try_into().expect("one call");
    let service = place(recipe("backup.service"));
    let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    assert_eq!(code(&home.shell(line)), 0);
    assert_eq!(home.log(), ["backup  backup.lock"]);
    // That it may not be had in time is code 75.
    let id = home.take("fast", "backup/backup.lock");
    assert_eq!(code(&home.shell(&line.replace("30m", "0.01"))), 75);
    assert!(!id.is_empty() && service.contains("\nSuccessExitStatus=75\n"));

    let units = ["backup.service", "backup.timer"];
    for unit in units {
        fs::write(home.path().join(unit), place(recipe(unit))).expect("room");
    }
    if lacks("systemd-analyze", "reading the units") {
        return;
    }
    let output =
        run(&mut home.command("systemd-analyze", &["verify", "--man=no", "./backup.service", "./backup.timer"]));
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("backup.")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn the_daemons_units_can_be_read() {
    let home = Home::new(&[]);
    let units = ["glockd.service", "glockd.socket"];
    for unit in units {
        let text = recipe(unit).replace("/usr/local/bin", home.bin().to_str().expect("UTF-8"));
        fs::write(home.path().join(unit), text).expect("room");
    }
    if lacks("systemd-analyze", "reading the daemon's units") {
        return;
    }
    let output =
        run(&mut home.command("systemd-analyze", &["verify", "--man=no", "./glockd.service", "./glockd.socket"]));
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("glockd.")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn make() {
    let home = Home::new(&[]);
    if lacks("make", "a Makefile with locks") {
        return;
    }
    let [_, _] = calls("Makefile").try_into().expect("two calls");
    fs::write(home.path().join("Makefile"), recipe("Makefile")).expect("room");
    // Nobody else may be in the slot, and there are two.
    let in_slot = "mkdir \"slot.$LOCKWRIGHT_SLOT\" && echo \"check $1 $LOCKWRIGHT_SLOT\" >> log && rmdir \"slot.$LOCKWRIGHT_SLOT\"";
    home.write("check", in_slot);
    home.write("deploy", "mkdir deploying && echo deploy >> log && rmdir deploying");
    let output = run(&mut home.command("make", &["-j8", "-s", "deploy"]));
    assert_eq!(code(&output), 0, "{output:?}");
    let (suites, slots): (Vec<_>, Vec<_>) =
        home.log().iter().filter_map(|line| line.rsplit_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).unzip();
    assert_eq!(suites, ["check disk", "check memory", "check network", "check screen"]);
    assert!(slots.iter().all(|slot| ["1", "2"].contains(&slot.as_str())), "{slots:?}");
    assert!(home.log().contains(&"deploy".to_owned()));
    assert_eq!(entries(home.path()).len(), 5, "{:?}", entries(home.path()));
}

#[test]
fn ci() {
    let home = Home::new(&["make"]);
    let [call] = calls("ci.yml").try_into().expect("one call");
    assert_eq!(code(&run(&mut home.command("bash", &["-e", "-c", &call]))), 0);
    assert_eq!(home.log(), ["make test-board board.lock"]);
}
