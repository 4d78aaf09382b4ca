//! What `/proc` says, and whether it speaks of the caller's own namespaces.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use lockwright_kernel::ids::process::{Boot, Host, Namespace};
use nix::{
    fcntl::{self, AtFlags, OFlag},
    sys::{
        stat::{self, Mode},
        statfs,
    },
};
use rustix::system::uname;

/// The inode number that Linux gives the first time namespace.
const INITIAL_TIME_NAMESPACE: u64 = 4_026_531_834;

/// What the system hands out at once, in bytes: a page.
const PIECE: usize = 4096;

/// The fields of `/proc/PID/stat` that say whether a process still runs, and which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    /// The process group.
    pub(crate) group: i32,
    /// When it started, in clock ticks after boot.
    pub(crate) start: u64,
    /// True for a zombie without a living thread.
    pub(crate) ended: bool,
}

impl Stat {
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        Self::at(&format!("/proc/{pid}/stat"))
    }

    fn at(path: &str) -> io::Result<Self> {
        Self::told(&read(path)?, path)
    }

    /// A name may be any bytes; the numbers after it are ASCII.
    fn told(text: &str, path: &str) -> io::Result<Self> {
        Self::parse(text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("cannot read {path}")))
    }

    /// Reads `PID (NAME) STATE PPID PGRP ...`. The name is the process's to choose and may hold anything, also `)`, so
    /// the fields are counted from the last one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let pid = text.split_once(' ')?.0.parse().ok()?;
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // `rest` begins with field 3.
        let field = |number: usize| fields.get(number - 3);
        let (state, threads) = (field(3)?, field(20)?.parse::<u32>().ok()?);
        Some(Self {
            pid,
            group: field(5)?.parse().ok()?,
            start: field(22)?.parse().ok()?,
            // The first thread of a living process may have ended before the others.
            ended: matches!(*state, "Z" | "X" | "x") && threads <= 1,
        })
    }
}

/// The directory of the calling process in `/proc`, kept open.
///
/// A look whether it is that of the calling process still costs a quarter of reading `/proc/self/stat`, and says the same: the
/// inode number of a directory in `/proc` belongs to one process for as long as the directory is open, also when that
/// process is gone and its number is somebody else's.
#[derive(Debug)]
pub(crate) struct SelfDir {
    /// For as long as this is open, no other process gets the inode number.
    open: fs::File,
    device: u64,
    inode: u64,
}

impl SelfDir {
    pub(crate) fn open() -> io::Result<Self> {
        let open = fs::File::open(SELF)?;
        let (device, inode) = of(&open.metadata()?);
        Ok(Self { open, device, inode })
    }

    /// What is told of the process that opened it.
    pub(crate) fn stat(&self) -> io::Result<Stat> {
        let stat = fcntl::openat(&self.open, "stat", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        Stat::told(&read_all(stat.into())?, "/proc/self/stat")
    }

    /// The namespaces of the process that opened it.
    pub(crate) fn namespace(&self) -> io::Result<Namespace> {
        namespace_by(|name| Ok(stat::fstatat(&self.open, name, AtFlags::empty())?.st_ino))
    }

    /// Whether the calling process is the one that opened it.
    pub(crate) fn is_mine(&self) -> io::Result<bool> {
        Ok(of(&fs::metadata(SELF)?) == (self.device, self.inode))
    }
}

const SELF: &str = "/proc/self/";

fn of(status: &fs::Metadata) -> (u64, u64) {
    (status.dev(), status.ino())
}

/// The namespaces of the calling process.
pub(crate) fn namespace() -> io::Result<Namespace> {
    namespace_by(|name| Ok(fs::metadata(Path::new(SELF).join(name))?.ino()))
}

fn namespace_by(inode: impl Fn(&str) -> io::Result<u64>) -> io::Result<Namespace> {
    let time = match inode("ns/time") {
        Ok(INITIAL_TIME_NAMESPACE) => None,
        Ok(time) => Some(time),
        // Before Linux 5.6 there is but one.
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let pid = inode("ns/pid")?;
    Ok(Namespace { pid, time })
}

/// The id of this boot, or [`Boot::UNKNOWN`]: some container runtimes mount a file of their own over it.
pub(crate) fn boot() -> Boot {
    read_boot().unwrap_or(Boot::UNKNOWN)
}

fn read_boot() -> Option<Boot> {
    let file = fs::File::open("/proc/sys/kernel/random/boot_id").ok()?;
    if !is_procfs(&file) {
        return None;
    }
    let digits = read_all(file).ok()?.trim().replace('-', "");
    u128::from_str_radix(&digits, 16).ok().map(Boot)
}

/// When this host booted, in seconds since 1970 by its clock as it is set now.
pub(crate) fn btime() -> io::Result<u64> {
    let text = read("/proc/stat")?;
    let btime = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    btime.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/stat has no btime"))
}

/// The host's name, as far as an id can carry it.
pub(crate) fn host() -> Host {
    Host::cleaned(&uname().nodename().to_string_lossy())
}

/// True when `/proc` shows the caller's own pid namespace under the numbers that the caller's system calls use. It need
/// not: after `unshare --pid` without a mount of its own, it shows the outer one.
pub(crate) fn shows_own_namespace() -> bool {
    // One number for each namespace from the one that is shown inwards to the process's own.
    status_field("NSpid:").is_some_and(|numbers| numbers.split_ascii_whitespace().count() == 1)
}

/// The user that the process runs as, not the one whose rights it has for the moment.
pub(crate) fn uid(pid: u32) -> Option<u32> {
    status_field_of(&format!("/proc/{pid}/status"), "Uid:")?.split_ascii_whitespace().next()?.parse().ok()
}

fn status_field(name: &str) -> Option<String> {
    status_field_of("/proc/self/status", name)
}

fn status_field_of(path: &str, name: &str) -> Option<String> {
    let status = read(path).ok()?;
    let field = status.lines().find_map(|line| line.strip_prefix(name));
    field.map(str::to_owned)
}

/// True when `/proc` may leave out, or keep closed, the processes of other users.
pub(crate) fn hides_processes() -> bool {
    let Ok(mounts) = read("/proc/self/mountinfo") else {
        return true;
    };
    let hides = |line: &str| {
        let at_proc = line.split(' ').nth(4) == Some("/proc");
        let option = line.rsplit([' ', ',']).find_map(|word| word.strip_prefix("hidepid="));
        at_proc && option.is_some_and(|option| option != "0" && option != "off")
    };
    mounts.lines().any(hides)
}

/// The numbers of all processes that are shown, in ascending order, read from the system as they are asked for: one that
/// is started meanwhile comes too, if its number is higher than those that came.
pub(crate) fn pids() -> io::Result<impl Iterator<Item = io::Result<u32>>> {
    let pid = |entry: fs::DirEntry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
    Ok(fs::read_dir("/proc")?.filter_map(move |entry| entry.map(pid).transpose()))
}

/// The number that was given to a process last. The next one gets a higher number, until the highest was given and the
/// count begins again.
pub(crate) fn last_pid() -> Option<u32> {
    let file = fs::File::open("/proc/loadavg").ok()?;
    if !is_procfs(&file) {
        return None;
    }
    let text = read_all(file).ok()?;
    text.split_ascii_whitespace().last()?.parse().ok()
}

fn read(path: &str) -> io::Result<String> {
    read_all(fs::File::open(path)?)
}

/// What a file says. Most say it in one piece, and there is room for that from the start.
fn read_all(file: fs::File) -> io::Result<String> {
    let mut text = Vec::with_capacity(PIECE);
    file.take(u64::MAX).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// False when something else is mounted over the file.
fn is_procfs(file: &fs::File) -> bool {
    statfs::fstatfs(file).is_ok_and(|status| status.filesystem_type() == statfs::PROC_SUPER_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields after the name, of a real process: fields 3 to 52.
    const FIELDS: &str = "S 1 4312 4300 34816 4312 4194304 108 0 0 0 0 0 0 0 20 0 3 0 889123 2420736 227 \
        18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0";

    #[test]
    fn a_process_knows_its_own_directory_from_that_of_another() {
        let mine = SelfDir::open().unwrap();
        assert!(mine.is_mine().unwrap());
        // That of the process is meant, not of the thread.
        assert!(std::thread::scope(|scope| scope.spawn(|| mine.is_mine().unwrap()).join().unwrap()));
        let parent = fs::File::open(format!("/proc/{}/", std::os::unix::process::parent_id())).unwrap();
        let (device, inode) = of(&parent.metadata().unwrap());
        assert!(!SelfDir { open: parent, device, inode }.is_mine().unwrap());
    }

    #[test]
    fn the_fields_are_counted_from_behind_the_name() {
        let due = Stat { pid: 4313, group: 4312, start: 889_123, ended: false };
        for name in ["cat", "a) S 1 (b", "x) Z 1 1 1", "line\nfeed", ")", "", "\u{fffd}"] {
            assert_eq!(Stat::parse(&format!("4313 ({name}) {FIELDS}")), Some(due), "{name:?}");
        }
    }

    #[test]
    fn a_zombie_has_ended_when_no_thread_is_left() {
        let ended = |state: &str, threads: &str| {
            let fields = FIELDS.replacen('S', state, 1).replacen(" 20 0 3 ", &format!(" 20 0 {threads} "), 1);
            Stat::parse(&format!("1 (x) {fields}")).unwrap().ended
        };
        assert!(ended("Z", "1") && ended("Z", "0") && ended("X", "1"));
        assert!(!ended("Z", "2") && !ended("S", "1") && !ended("D", "1") && !ended("T", "1"));
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = format!("4313 (cat) {FIELDS}");
        let start = whole.find(" 889123").unwrap();
        for length in 0..=start {
            assert_eq!(Stat::parse(&whole[..length]), None, "{length}");
        }
    }
}
