//! What people get wrong, and what others put in their way, as one table: each gives one line that names the thing, a fitting
//! exit code, and leaves every entry as it was.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::{self, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use nix::{sys::stat::Mode, unistd::geteuid, unistd::mkfifo};

use crate::support::{Dir, Process, code, one_line, told as told_of};

/// Everything that is no place for a lock, and one lock that is held.
struct Zoo {
    dir: Dir,
    _holder: Process,
    _socket: UnixListener,
}

impl Zoo {
    fn new() -> Self {
        let dir = Dir::new();
        let at = |name: &str| dir.path().join(name);
        for made in ["sub", "readonly", "closed", "open", "odd/owner", "filed", "linked", "piped"] {
            fs::create_dir_all(at(made)).expect("room");
        }
        fs::write(at("file"), "text").expect("room");
        fs::write(at("filed/owner"), "").expect("room");
        fs::write(at("odd/owner").join(OsStr::from_bytes(b"\xff")), "").expect("room");
        for (target, link) in [("sub", "link"), ("nowhere", "dangling"), ("loop", "loop"), ("/", "linked/owner")] {
            symlink(target, at(link)).expect("room");
        }
        for pipe in ["pipe", "piped/owner", "piped/build"] {
            mkfifo(&at(pipe), Mode::S_IRWXU).expect("room");
        }
        let socket = UnixListener::bind(at("socket")).expect("room");
        let mut holder =
            Process::start(dir.command(&["run", "--kind=queue", "taken", "--", "sh", "-c", "echo in; read x"]));
        assert_eq!(holder.line(), "in");
        // Who is refused takes away what the holder left of its coming.
        assert_eq!(code(&dir.lockwright(&["run", "taken", "true"])), 78);
        for (mode, closed) in [(0o500, "readonly"), (0o777, "open"), (0, "closed")] {
            fs::set_permissions(at(closed), Permissions::from_mode(mode)).expect("it is mine");
        }
        Self { dir, _holder: holder, _socket: socket }
    }

    /// `lockwright` with these words, without what root may do beyond others.
    fn lockwright(&self, words: &[OsString]) -> Output {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set", "-all", "--inh-caps", "-all", "--"]).arg(env!("CARGO_BIN_EXE_lockwright"));
        if !geteuid().is_root() {
            command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        }
        // A search that passes a directory closed to the caller ends with another error.
        command.args(words).current_dir(self.dir.path()).stdin(Stdio::null()).env("PATH", "/usr/bin:/bin");
        command.output().expect("setpriv, of util-linux")
    }
}

impl Drop for Zoo {
    fn drop(&mut self) {
        // So that they can be removed by who is not root.
        for closed in ["readonly", "closed"] {
            drop(fs::set_permissions(self.dir.path().join(closed), Permissions::from_mode(0o700)));
        }
    }
}

/// Every entry, with its mode, and what is in it or where it leads.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    // A directory that is closed to this user stays so.
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let status = path.symlink_metadata().expect("it stays");
        let contents = match status.file_type() {
            kind if kind.is_symlink() => fs::read_link(&path).expect("a link").into_os_string().as_bytes().into(),
            kind if kind.is_file() => fs::read(&path).unwrap_or_default(),
            _ => Vec::new(),
        };
        if status.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path, (status.mode(), contents));
    }
    found
}

struct Case {
    words: Vec<OsString>,
    code: i32,
    /// What the line has in it.
    told: String,
}

/// The commands that are given a path, each with `LOCK` where it goes.
const ON_LOCKS: [&str; 13] = [
    "run LOCK touch ran",
    "lock LOCK",
    "acquire LOCK",
    "wait -n LOCK",
    "explain LOCK",
    "queue LOCK",
    "fence advance LOCK",
    "fence show LOCK",
    "fence check LOCK 3",
    "status LOCK",
    "owner LOCK",
    "unlock LOCK",
    "break LOCK --id 1:2:a --reason why --yes",
];

/// Those that take it.
const TAKERS: [&str; 3] = ["run LOCK touch ran", "lock LOCK", "acquire LOCK"];

fn case(line: &str, value: impl AsRef<OsStr>, code: i32, told: &str) -> Case {
    let word = |word: &str| match word {
        "LOCK" | "VALUE" => value.as_ref().to_owned(),
        word => match word.strip_suffix("=VALUE") {
            Some(option) => {
                let mut whole = OsString::from(format!("{option}="));
                whole.push(&value);
                whole
            }
            None => word.into(),
        },
    };
    Case { words: line.split(' ').map(word).collect(), code, told: told.to_owned() }
}

/// Paths at which there can be no lock, whoever asks.
fn paths() -> Vec<Case> {
    let no_entry = "names no entry of a directory";
    let control = "cannot hold control characters";
    let (long, deep) = ("x".repeat(300), "a/".repeat(3000) + "lock");
    let under_long = long.clone() + "/lock";
    let special = "a pipe, a socket or a device stands there";
    let link = "a symbolic link stands there";
    let parent = "the parent of the lock is not a directory";
    let rows: [(&[u8], i32, &str); 35] = [
        (b"", 64, "a value is required for '<"),
        (b".", 64, no_entry),
        (b"..", 64, no_entry),
        (b"/", 64, no_entry),
        (b"//", 64, no_entry),
        (b"sub/", 64, no_entry),
        (b"sub/.", 64, no_entry),
        (b"sub/..", 64, no_entry),
        (b"new/", 64, no_entry),
        (long.as_bytes(), 64, "no name for a lock"),
        (b"two\nlines", 64, "two\\nlines: "),
        (b"two\nlines", 64, control),
        (b"bell\x07", 64, control),
        (b"\x1b[31mred", 64, control),
        (b"tab\t", 64, control),
        (b"\xff", 64, "must be UTF-8"),
        (b"latin-\xe9", 64, "must be UTF-8"),
        (b"missing/lock", 73, "missing/lock: the directory to hold the lock does not exist"),
        (b"missing/../lock", 73, "does not exist"),
        (b"dangling/lock", 73, "does not exist"),
        (b"file/lock", 73, parent),
        (b"file/../lock", 73, parent),
        (b"pipe/lock", 73, parent),
        (b"socket/lock", 73, parent),
        (b"/dev/null/lock", 73, parent),
        (b"loop/lock", 73, "cannot open the directory that holds the lock"),
        (under_long.as_bytes(), 73, "cannot open the directory that holds the lock"),
        (deep.as_bytes(), 73, "cannot open the directory that holds the lock"),
        (b"closed/lock", 77, "no permission to enter the directory"),
        (b"file", 73, "file: a file stands there"),
        (b"pipe", 73, special),
        (b"socket", 73, special),
        (b"/dev/null", 73, special),
        (b"link", 73, link),
        (b"dangling", 73, link),
    ];
    let every =
        |(path, code, told): &(&[u8], i32, &str)| ON_LOCKS.map(|line| case(line, OsStr::from_bytes(path), *code, told));
    rows.iter().flat_map(every).collect()
}

/// Places that only those who want to take the lock are refused.
fn places() -> Vec<Case> {
    let rows = [
        ("readonly/lock", 77, "permission denied; ask for write permission"),
        ("open/lock", 77, "can be written to by everybody"),
        ("odd", 73, "not UTF-8; remove what no lock made"),
        ("filed", 73, "something else than a lock stands there"),
        ("linked", 73, "something else than a lock stands there"),
        ("piped", 73, "piped: "),
        ("taken", 78, "taken: a lock of kind queue stands there, and not of kind fast"),
    ];
    rows.iter().flat_map(|(path, code, told)| TAKERS.map(|line| case(line, path, *code, told))).collect()
}

/// Values of options.
fn values() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |line: &str, option: &str, values: &[&str], why: &str| {
        for value in values {
            let told = format!("invalid value '{value}' for '{option}");
            cases.push(case(line, value, 64, if why.is_empty() { &told } else { why }));
        }
    };
    let kinds =
        ["", "FAST", "fast ", "mutex", "rw", "queue=1", "sem", "sem=", "sem=0", "sem=-1", "sem=1025", "sem=3.5"];
    add("run --kind=VALUE lock touch ran", "--kind", &kinds, "");
    let more = ["sem=99999999999999999999", "fair-sem=0", "fair-sem=4294967296", "../fast", "sem=\u{663}"];
    add("lock --kind VALUE lock", "--kind", &more, "");
    add("status --kind=VALUE lock", "--kind", &["x"], "");
    add("unlock --kind=VALUE lock", "--kind", &["x"], "");
    add("doctor --kind=VALUE", "--kind", &["x", "sem=0"], "");
    let waits =
        ["", "soon", "-1", "NaN", "inf", "1e400", "1d", "1 s", "0x10", "1,5", "99999999999999999999h", "\u{661}"];
    add("run --wait=VALUE lock touch ran", "--wait", &waits, "");
    add("break --wait=VALUE lock --id a --reason why --yes", "--wait", &["soon"], "");
    add("lock --pid=VALUE lock", "--pid", &["", "0", "-1", "x", "1.5", "2147483648", "4294967296"], "");
    add("lock --pid=VALUE lock", "", &["4194305", "2147483647"], "cannot hold a lock: No such file");
    add("unlock lock --id=VALUE", "--id", &["", "../x", "a/b", ".", ".."], "");
    add("break lock --reason why --yes --id=VALUE", "--id", &["", "../x", "/", ".", ".."], "");
    add("break lock --id a --yes --reason=VALUE", "--reason", &[""], "");
    add("run --shared-with=VALUE lock touch ran", "--shared-with", &["me", "Group"], "");
    add("run --shared-with VALUE lock touch ran", "--shared-with", &["everybody"], "");
    add("acquire --pid=VALUE lock", "--pid", &["0", "x"], "");
    add("wait --kind=VALUE lock", "--kind", &["x", "sem=0"], "");
    add("wait --wait=VALUE lock", "--wait", &["soon"], "");
    add("release VALUE", "<TOKEN>", &["", "x", "@", "a@b", "a@./b", "a/b@/x", "..@/x", "@/x"], "");
    add("fence check guard VALUE", "<N>", &["", "0", "x", "1.5", "18446744073709551616"], "");
    add("queue lock --drop 1 --reason=VALUE", "--reason", &["", " "], "");
    let long = "x".repeat(1001);
    add("run --why=VALUE lock touch ran", "--why", &["", &long], "");
    add("run --who=VALUE lock touch ran", "--who", &["", &long], "");
    add("run --slots=VALUE lock touch ran", "--slots", &["0", "-1", "x", "4294967296"], "");
    add("run --conflict-exit-code=VALUE lock touch ran", "--conflict-exit-code", &["256", "-1", "x"], "");
    add("run --if-busy=VALUE lock touch ran", "--if-busy", &["x", "Wait"], "");
    add("run --on-lost=VALUE lock touch ran", "--on-lost", &["x"], "");
    add("run --max-hold=VALUE lock touch ran", "--max-hold", &["soon", "-1"], "");
    add("run --kill-after=VALUE lock touch ran", "--kill-after", &["soon", "-1"], "");
    add("run --signal=VALUE lock touch ran", "--signal", &["NOSUCH", "99", ""], "");
    add("run --status-fd=VALUE lock touch ran", "--status-fd", &["x", "-1"], "");
    add("run --status-fd=VALUE lock touch ran", "", &["99"], "--status-fd 99: Bad file descriptor");
    add("completions VALUE", "<SHELL>", &["csh"], "");
    add("stand-in sub VALUE", "<NAME>...", &["flok"], "");
    cases
}

fn plain(rows: &[(&str, i32, &str)]) -> Vec<Case> {
    rows.iter().map(|(line, code, told)| case(line, "", *code, told)).collect()
}

/// Command lines that make no sense.
fn usage() -> Vec<Case> {
    plain(&[
        ("run", 64, "required arguments were not provided"),
        ("run lock", 64, "required arguments were not provided: <CMD>..."),
        ("run lock --", 64, "required arguments were not provided"),
        ("run --no-such lock touch ran", 64, "unexpected argument '--no-such'"),
        ("run --wait 1 --nonblock lock touch ran", 64, "cannot be used with"),
        ("run --wait", 64, "--wait"),
        ("lock", 64, "required arguments were not provided: <LOCK>"),
        ("status", 64, "required arguments were not provided: <LOCK>"),
        ("status lock other", 64, "unexpected argument 'other'"),
        ("unlock --id a --force b lock", 64, "cannot be used with"),
        ("break lock --id a --yes", 64, "required arguments were not provided"),
        ("no-such-command", 64, "unrecognized subcommand 'no-such-command'"),
    ])
}

/// Commands that cannot be executed, and names that are no words.
fn programs() -> Vec<Case> {
    let mut cases = plain(&[
        ("run lock no-such-program", 127, "no-such-program: not found"),
        ("run lock ./no-such-program", 127, "./no-such-program: not found"),
        ("run lock ./file", 126, "./file: cannot be executed"),
        ("run lock ./sub", 126, "./sub: cannot be executed"),
        ("run lock ./pipe", 126, "./pipe: cannot be executed"),
        ("run lock ./loop", 126, "./loop: cannot be executed"),
    ]);
    cases.extend([
        case("run lock VALUE", "", 127, ": not found"),
        case("run lock VALUE", "no\nsuch", 127, "no\\nsuch: not found"),
        case("doctor VALUE", "two\nlines", 73, "two\\nlines: cannot be opened"),
        case("doctor VALUE", "", 64, "a value is required"),
        case("unlock lock --id=VALUE", "a\nb", 1, "a\\nb neither holds"),
        case("VALUE", "no\nsuch", 64, "unrecognized subcommand"),
    ]);
    cases
}

/// What is not there, or not as it was said to be.
fn findings() -> Vec<Case> {
    let not_there = "neither holds the lock nor waits for it";
    let (other, same_kind) = ("taken: a lock of kind queue stands there", "--kind=fast taken");
    plain(&[
        ("run -n --kind=queue taken touch ran", 75, "taken (queue): busy"),
        ("run --wait 0 --kind=queue taken touch ran", 75, "taken (queue): not free in time"),
        ("run --kind=fair-sem=2 taken touch ran", 78, other),
        (&format!("status {same_kind}"), 78, other),
        (&format!("unlock {same_kind}"), 78, other),
        ("unlock taken", 82, "taken: the owner may be alive: pid "),
        ("unlock taken --force a", 82, "taken: the owner is another one: pid "),
        ("unlock taken --id 1:2:a", 1, not_there),
        ("unlock lock --id 1:2:a", 1, not_there),
        ("break taken --id 1:2:a --reason why --yes", 1, not_there),
        ("release", 64, "required arguments were not provided: <TOKEN>"),
        ("release a@/", 64, "/: the path names no entry"),
        (
            "release a@/no-such-directory/lock",
            73,
            "/no-such-directory/lock: the directory to hold the lock does not exist",
        ),
        ("release a@/dev/null", 73, "/dev/null: a pipe, a socket or a device stands there"),
        ("acquire --pid 4194305 lock", 64, "process 4194305 cannot hold a lock"),
        ("list missing", 73, "missing: cannot be listed"),
        ("list file", 73, "file: cannot be listed"),
        ("list closed", 77, "closed: cannot be listed"),
        ("list sub sub", 64, "unexpected argument 'sub'"),
        ("queue lock --drop 1", 64, "required arguments were not provided: --reason"),
        ("queue lock --drop 1 --reason why", 1, "nobody stands in line at 1"),
        ("queue taken --drop 1 --reason why", 82, "taken: "),
        ("fence check guard", 64, "required arguments were not provided: <N>"),
        ("fence no-such-command", 64, "unrecognized subcommand 'no-such-command'"),
        ("wait -n --wait 1 lock", 64, "cannot be used with"),
        ("explain --kind=fast taken", 78, "taken: a lock of kind queue stands there"),
        ("doctor missing", 73, "missing: cannot be opened"),
        ("doctor file", 73, "file: cannot be opened"),
        ("doctor pipe", 73, "pipe: cannot be opened"),
        ("doctor closed", 77, "closed: no directory can be made there"),
        ("doctor readonly", 77, "readonly: no directory can be made there"),
        ("doctor sub sub", 64, "unexpected argument 'sub'"),
        ("man file", 73, "file: "),
        ("stand-in file flock", 73, "file/flock: something else stands there"),
        ("lockers install file", 73, "file/lib/"),
        ("replay missing", 64, "missing: No such file"),
        ("replay file", 64, "file: not a trace"),
        ("shrink file", 64, "file: not a trace"),
        ("verify no-such-lock", 64, "there is no protocol `no-such-lock`"),
    ])
}

#[test]
fn each_gives_one_line_and_its_code_and_changes_nothing() {
    let zoo = Zoo::new();
    let before = tree(zoo.dir.path());
    let cases: Vec<Case> =
        [paths(), places(), values(), usage(), programs(), findings()].into_iter().flatten().collect();
    for Case { words, code: wanted, told } in &cases {
        let output = zoo.lockwright(words);
        // Of a busy lock the lines below the first say who is in the way.
        let line = match wanted {
            75 => told_of(&output).lines().next().unwrap_or_default().to_owned(),
            _ => one_line(&output),
        };
        assert!(code(&output) == *wanted && line.contains(told), "{words:?}: {wanted}, {told:?}: {output:?}");
        assert_eq!(output.stdout, b"", "{words:?}");
        let is_plain = line.chars().all(|char| !char.is_control());
        assert!(is_plain && line.len() < 8000, "{words:?}: {line}");
        assert_eq!(tree(zoo.dir.path()), before, "{words:?}");
    }
    assert!(cases.len() > 600, "{}", cases.len());
}

/// Whoever cannot be told does not keep what it got.
#[test]
fn an_output_that_takes_nothing_is_told_and_leaves_nothing() {
    let dir = Dir::new();
    for command in [
        "lock --pid $$ lock",
        "acquire --pid $$ lock",
        "acquire --json --pid $$ lock",
        "explain lock",
        "status lock",
        "status --json lock",
        "owner --json lock",
        "doctor --kind fast",
        "man",
        "completions bash",
    ] {
        let script = format!("{} {command} >/dev/full", env!("CARGO_BIN_EXE_lockwright"));
        let output = dir.shell(&script).output().expect("a shell");
        let line = one_line(&output);
        assert!(code(&output) == 125 && line.contains("standard output: No space left"), "{command}: {output:?}");
        assert_eq!(dir.entries(), [""; 0], "{command}");
    }
}

/// The code tells, where the line cannot.
#[test]
fn a_standard_error_that_takes_nothing_does_not_change_the_code() {
    let dir = Dir::new();
    for to in ["2>/dev/full", "2>&-", "</dev/null >&- 2>&-"] {
        for (command, wanted) in [
            ("run missing/lock true", 73),
            ("run lock sh -c 'exit 7'", 7),
            ("run lock no-such", 127),
            ("status ''", 64),
        ] {
            let script = format!("{} {command} {to}", env!("CARGO_BIN_EXE_lockwright"));
            let output = dir.shell(&script).output().expect("a shell");
            assert_eq!((code(&output), output.stderr.as_slice()), (wanted, b"".as_slice()), "{command} {to}");
            assert_eq!(dir.entries(), [""; 0], "{command} {to}");
        }
    }
}

/// As many as the program itself needs to begin with, and then one more each time until it works. With too few open files
/// to remove what it made, it leaves a try of a dead process, which goes with the next sweep.
#[test]
fn a_process_without_room_for_another_open_file_is_told_so() {
    for kind in ["fast", "queue", "rw-read", "sem=2", "bid"] {
        let dir = Dir::new();
        let mut refused = 0;
        for files in 4.. {
            assert!(files < 64, "{kind}: it never works");
            let lockwright = env!("CARGO_BIN_EXE_lockwright");
            let script = format!("ulimit -n {files}; exec {lockwright} run --kind {kind} lock true");
            let output = dir.shell(&script).output().expect("a shell");
            if output.status.success() {
                break;
            }
            // With fewer still the program is not even loaded.
            if output.stderr.starts_with(b"lockwright: ") {
                refused += 1;
                let line = one_line(&output);
                assert!([73, 125].contains(&code(&output)), "{kind} {files}: {output:?}");
                assert!(line.contains("open files"), "{kind} {files}: {line}");
            }
        }
        assert!(refused > 0, "{kind}");
        // It may have got another slot than the one with the try in it.
        assert_eq!(code(&dir.lockwright(&["unlock", "lock"])), 0);
        assert_eq!(dir.entries(), [""; 0], "{kind}");
    }
}

#[test]
fn a_working_directory_that_is_gone_is_told() {
    let dir = Dir::new();
    for (command, wanted) in
        [("run lock true", 73), ("lock --pid $$ lock", 73), ("doctor", 73), ("run ../lock true", 73)]
    {
        let script = format!("mkdir gone; cd gone; rmdir ../gone; exec {} {command}", env!("CARGO_BIN_EXE_lockwright"));
        let output = dir.shell(&script).output().expect("a shell");
        let line = one_line(&output);
        assert!([wanted, 125].contains(&code(&output)), "{command}: {output:?}");
        assert!(line.to_lowercase().contains("no such file or directory") || line.contains("does not exist"), "{line}");
        assert_eq!(dir.entries(), [""; 0], "{command}");
    }
}
