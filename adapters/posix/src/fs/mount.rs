//! Where a file system is mounted, and how.

use std::{fs, os::fd::AsRawFd};

use super::PosixFs;

/// A mount, as `/proc` tells of it. Bytes that are not UTF-8 are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The type, as `mount -t` has it: of FUSE with the program, as `fuse.sshfs`.
    pub kind: String,
    /// What is mounted: a device, `host:/path`, or any word.
    pub source: String,
    /// Where.
    pub at: String,
    /// The options of the mount, and those of the file system that it does not have.
    pub options: Vec<String>,
}

impl PosixFs {
    /// The mount that it is on; `None` where `/proc` does not tell.
    #[must_use]
    pub fn mount(&self) -> Option<Mount> {
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", self.handle().as_raw_fd())).ok()?;
        let number: u64 = info.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().parse().ok()?;
        let mounts = fs::read("/proc/self/mountinfo").ok()?;
        find(&String::from_utf8_lossy(&mounts), number)
    }
}

/// Lines are `ID PARENT MAJOR:MINOR ROOT AT OPTIONS [TAG]... - TYPE SOURCE OPTIONS`.
pub(super) fn find(mounts: &str, number: u64) -> Option<Mount> {
    let parse = |line: &str| {
        let (mount, system) = line.split_once(" - ")?;
        let mount: Vec<&str> = mount.split(' ').collect();
        let mut system = system.split(' ');
        (mount.first()?.parse() == Ok(number)).then_some(())?;
        let (kind, source) = (plain(system.next()?), plain(system.next()?));
        let mut options: Vec<String> = mount.get(5)?.split(',').map(str::to_owned).collect();
        for option in system.next().unwrap_or_default().split(',').filter(|option| !option.is_empty()) {
            if !options.iter().any(|known| known == option) {
                options.push(plain(option));
            }
        }
        Some(Mount { kind, source, at: plain(mount.get(4)?), options })
    };
    mounts.lines().find_map(parse)
}

/// The kernel writes blanks and backslashes as three octal digits.
fn plain(text: &str) -> String {
    let mut parts = text.split('\\');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let digits = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match digits {
            Some(byte) if byte.is_ascii() => format!("{text}{}{}", char::from(byte), &part[3..]),
            _ => format!("{text}\\{part}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 253:0 / / rw,relatime - ext4 /dev/vda rw,errors=remount-ro
31 22 0:50 /sub /mnt/my\\040disk rw,nosuid shared:7 master:2 - nfs4 host:/a\\134b rw,vers=4.2,nolock
40 22 0:51 / /odd ro - tmpfs none
";

    #[test]
    fn a_mount_is_found_by_its_number_and_its_options_are_told_once() {
        let mount = find(MOUNTS, 31).unwrap();
        assert_eq!(
            (mount.kind.as_str(), mount.source.as_str(), mount.at.as_str()),
            ("nfs4", "host:/a\\b", "/mnt/my disk")
        );
        assert_eq!(mount.options, ["rw", "nosuid", "vers=4.2", "nolock"]);
        assert_eq!(find(MOUNTS, 40).unwrap().options, ["ro"]);
        assert_eq!(find(MOUNTS, 1), None);
    }

    #[test]
    fn the_mount_of_memory_is_told() {
        let mount = PosixFs::open("/dev/shm").unwrap().mount().unwrap();
        assert_eq!(mount.kind, "tmpfs");
    }
}
