//! A guest under qemu's software emulation, and what it says on its console.
//!
//! Where it cannot be had it is said on stderr, and is an error where [`REQUIRE`] is set to 1.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// Set to 1 where a missing guest is to fail the test.
const REQUIRE: &str = "LOCKWRIGHT_REQUIRE_GUEST";

/// The command in one file that needs no library, as `cargo build-static` makes it.
const COMMAND: &str = "LOCKWRIGHT_STATIC_COMMAND";

/// The guest is off long before.
const GUARD: Duration = Duration::from_mins(10);

/// The longest that it says nothing.
const SILENCE: Duration = Duration::from_mins(3);

/// With what each line begins that is for the host.
const MARK: &str = "guest: ";

/// Says a line to the host, from inside.
pub(crate) fn tell(line: &str) {
    let mut console = std::io::stdout().lock();
    writeln!(console, "{MARK}{line}").unwrap();
    console.flush().unwrap();
}

/// What it takes to boot a guest.
#[derive(Debug)]
pub(crate) struct Machine {
    /// What is brought along: this program, and the command.
    programs: [PathBuf; 2],
}

impl Machine {
    /// The one that this host can boot.
    pub(crate) fn at_hand() -> Option<Self> {
        let wanted = std::env::var(REQUIRE).as_deref() == Ok("1");
        if cfg!(not(target_arch = "x86_64")) {
            return skip("the packages of its kernel are for x86-64");
        }
        for tool in ["qemu-system-x86_64", "busybox", "cpio", "modprobe", "strip", "mkfs.ext4", "apt-get"] {
            let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
            let found = Command::new("which").arg(tool).env("PATH", path).stdout(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                return skip(&format!("{tool} is not installed"));
            }
        }
        let Some(command) = std::env::var_os(COMMAND) else {
            return skip(&format!("{COMMAND} does not say where the command is"));
        };
        let programs = [std::env::current_exe().unwrap(), command.into()];
        assert!(!wanted || programs[1].is_file(), "{} is not there", programs[1].display());
        Some(Self { programs })
    }

    /// Boots it and reads its console; what it told, when it has come to its end.
    pub(crate) fn run(&self) -> Vec<String> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
        let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/image.sh");
        let built = Command::new(image).arg(&dir).args(&self.programs).stdin(Stdio::null()).output().unwrap();
        assert!(built.status.success(), "no image: {}", String::from_utf8_lossy(&built.stderr));
        let console = read(boot(&dir), &dir.join("console"));
        let told: Vec<String> =
            console.iter().filter_map(|line| Some(line.split_once(MARK)?.1.trim_end().to_owned())).collect();
        let is_done = told.last().is_some_and(|line| line.starts_with("done "));
        assert!(is_done, "the guest did not come to its end; its console:\n{}", console.join("\n"));
        told
    }
}

/// A guest with two processors and no network but its own loopback.
fn boot(dir: &Path) -> Child {
    let at = |name: &str| dir.join(name).display().to_string();
    let [kernel, initrd] = ["kernel", "initrd"].map(at);
    let disk = format!("file={},format=raw,if=virtio,cache=unsafe", at("disk"));
    Command::new("qemu-system-x86_64")
        .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "768", "-nodefaults", "-no-user-config"])
        .args(["-display", "none", "-serial", "stdio", "-no-reboot", "-drive", &disk])
        .args(["-kernel", &kernel, "-initrd", &initrd, "-append", "console=ttyS0 quiet panic=-1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// All that a guest says until it is off, which is also written to a file as it comes. One that is silent for too long is
/// turned off.
fn read(mut guest: Child, file: &Path) -> Vec<String> {
    let mut file = fs::File::create(file).unwrap();
    let (output, (sender, receiver)) = (guest.stdout.take().unwrap(), mpsc::channel());
    let reader = thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
        }
    });
    let (begin, mut console) = (Instant::now(), Vec::new());
    loop {
        let patience = SILENCE.min(GUARD.saturating_sub(begin.elapsed()));
        let answer = receiver.recv_timeout(patience);
        let line = match &answer {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => "(nothing more was said in time)",
            Err(RecvTimeoutError::Disconnected) => "(off)",
        };
        console.push(format!("{:6.1} {line}", begin.elapsed().as_secs_f64()));
        writeln!(file, "{}", console[console.len() - 1]).unwrap();
        if answer.is_err() {
            break;
        }
    }
    guest.kill().unwrap();
    guest.wait().unwrap();
    reader.join().unwrap();
    console
}

/// Says loudly what was not tried.
fn skip<T>(why: &str) -> Option<T> {
    // Not by the macro, whose output is shown for failed tests only.
    writeln!(std::io::stderr(), "NOT TRIED: the client of Linux in a guest: {why}").unwrap();
    assert!(std::env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and not tried: {why}");
    None
}
