//! Which file systems are known, by their type, and whether what was checked of the locks speaks of them.
//!
//! What was checked (the profile `local`; over NFS see [`Mount::nfs`](super::Mount::nfs)) takes a file system that one kernel alone writes to, and that keeps the promises
//! of [`Fs`](lockwright_kernel::fs::Fs). The first is known of a type, and stands here. The second is for
//! [`doctor`](crate::doctor) to try; of the types that are here as [`Ground::Local`] it is to be expected.

use std::{io, os::fd::AsFd};

use nix::sys::statfs;

/// What a file system is, by its type.
///
/// ```
/// use lockwright_posix::fs::{Ground, PosixFs};
///
/// let memory = PosixFs::open("/dev/shm")?.file_system()?;
/// assert_eq!((memory.name(), memory.ground()), ("tmpfs", Ground::Local));
/// let processes = PosixFs::open("/proc")?.file_system()?;
/// assert_eq!(processes.ground(), Ground::Unknown);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSystem {
    number: i64,
    known: Known,
}

/// Whether locks stand on a file system as they were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ground {
    /// This kernel alone writes to it, and it is as POSIX has it: the locks were checked in such a world.
    Local,
    /// This kernel alone writes to it, and it is not as POSIX has it.
    Odd,
    /// Others may write to it: other hosts, or a program that need not do as a kernel does.
    Shared,
    /// Nothing is known of this type.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    name: &'static str,
    ground: Ground,
    why: &'static str,
}

const DISK: &str = "one kernel writes to this disk, which tries in every test run have shown to keep the promises";
const DISK_UNTRIED: &str = "one kernel writes to this disk; its promises are those of POSIX, and `doctor` tries them";
const MEMORY: &str = "it is in the memory of this kernel; tries in every test run have shown it to keep the promises";
const MEMORY_UNTRIED: &str =
    "it is in the memory of this kernel; its promises are those of POSIX, and `doctor` tries them";
const LAYERS: &str = "one kernel writes to its upper layer; tries in every test run have shown it to keep the promises";
const NAMES: &str = "an owner's name has a `:` in it, which it does not take, and it takes `a` and `A` for one name";
const STACKED: &str = "it lies on another file system, which cannot be seen through it";
const HOSTS: &str = "other hosts write to it, each with a cache of its own, and no lock was checked in that world yet";
const MOUNTED: &str =
    "other hosts write to it, each with a memory of its own; how it is mounted says whether locks were checked so";
const HOST: &str = "the host outside writes to it as well, and no lock was checked in that world yet";
const PROGRAM: &str = "a program answers for it, which need not do as a kernel does, and may speak for other hosts";
const UNKNOWN: &str = "nothing is known of this type";

/// In the order of the names, those that are local first.
const KNOWN: &[(i64, &str, Ground, &str)] = &[
    (0xCA45_1A4E, "bcachefs", Ground::Local, DISK_UNTRIED),
    (0x9123_683E, "btrfs", Ground::Local, DISK),
    (0x0000_EF53, "ext2, ext3 or ext4", Ground::Local, DISK),
    (0xF2F5_2010, "f2fs", Ground::Local, DISK_UNTRIED),
    (0x3153_464A, "jfs", Ground::Local, DISK_UNTRIED),
    (0x0000_3434, "nilfs", Ground::Local, DISK_UNTRIED),
    (0x794C_7630, "overlayfs", Ground::Local, LAYERS),
    (0x8584_58F6, "ramfs", Ground::Local, MEMORY_UNTRIED),
    (0x5265_4973, "reiserfs", Ground::Local, DISK_UNTRIED),
    (0x0102_1994, "tmpfs", Ground::Local, MEMORY),
    (0x2405_1905, "ubifs", Ground::Local, DISK_UNTRIED),
    (0x5846_5342, "xfs", Ground::Local, DISK),
    (0x2FC1_2FC1, "zfs", Ground::Local, DISK_UNTRIED),
    (0x0000_F15F, "ecryptfs", Ground::Odd, STACKED),
    (0x2011_BAB0, "exfat", Ground::Odd, NAMES),
    (0x0000_4D44, "fat", Ground::Odd, NAMES),
    (0x7366_746E, "ntfs3", Ground::Odd, NAMES),
    (0x0102_1997, "9p", Ground::Shared, HOST),
    (0x5346_414F, "afs", Ground::Shared, HOSTS),
    (0x00C3_6400, "ceph", Ground::Shared, HOSTS),
    (0xFF53_4D42, "cifs", Ground::Shared, HOSTS),
    (0x6573_5546, "fuse", Ground::Shared, PROGRAM),
    (0x0116_1970, "gfs2", Ground::Shared, HOSTS),
    (0x4750_4653, "gpfs", Ground::Shared, HOSTS),
    (0x0BD0_0BD0, "lustre", Ground::Shared, HOSTS),
    (0x0000_6969, "nfs", Ground::Shared, MOUNTED),
    (0x7461_636F, "ocfs2", Ground::Shared, HOSTS),
    (0x0000_517B, "smb", Ground::Shared, HOSTS),
    (0xFE53_4D42, "smb2", Ground::Shared, HOSTS),
    (0x786F_4256, "vboxsf", Ground::Shared, HOST),
];

impl FileSystem {
    pub(super) fn of(fd: impl AsFd) -> io::Result<Self> {
        let number = statfs::fstatfs(fd)?.filesystem_type().0;
        Ok(Self::by_number(number))
    }

    fn by_number(number: i64) -> Self {
        // Of 32 bits, which some systems extend by the sign.
        let number = number & 0xFFFF_FFFF;
        let known = KNOWN.iter().find(|(known, ..)| *known == number);
        let known = known.map_or(Known { name: "unknown", ground: Ground::Unknown, why: UNKNOWN }, |known| {
            let (_, name, ground, why) = *known;
            Known { name, ground, why }
        });
        Self { number, known }
    }

    /// What people call it; `unknown` where nothing is known of the type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.known.name
    }

    /// The number that `statfs` gives the type.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Whether locks stand there as they were checked.
    #[must_use]
    pub fn ground(&self) -> Ground {
        self.known.ground
    }

    /// Why the [ground](FileSystem::ground) is that, in words.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.known.why
    }

    /// True of a mount of NFS, whatever its version; its options are told by [`PosixFs::mount`](super::PosixFs::mount).
    #[must_use]
    pub fn is_nfs(&self) -> bool {
        self.known.name == "nfs"
    }

    /// True when this kernel alone writes to it.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.known.ground, Ground::Local | Ground::Odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_kernels_may_write_to_is_not_local() {
        for (number, name) in [
            (0x6969, "nfs"),
            (0x517B, "smb"),
            (0xFF53_4D42, "cifs"),
            (0xFE53_4D42, "smb2"),
            (0x0102_1997, "9p"),
            (0x6573_5546, "fuse"),
            (0x00C3_6400, "ceph"),
            (0x0BD0_0BD0, "lustre"),
            (0x4750_4653, "gpfs"),
            (0x7461_636F, "ocfs2"),
            (0x0116_1970, "gfs2"),
            (0x5346_414F, "afs"),
            (0, "unknown"),
        ] {
            let known = FileSystem::by_number(number);
            assert!(!known.is_local(), "{name}");
            assert_eq!(known.name(), name);
        }
    }

    #[test]
    fn a_number_that_was_extended_by_its_sign_is_the_same_one() {
        assert_eq!(FileSystem::by_number(i64::from(0x9123_683E_u32.cast_signed())).name(), "btrfs");
    }

    #[test]
    fn each_type_is_there_once() {
        for (at, (number, name, ..)) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..at].iter().all(|(other, known, ..)| other != number && known != name), "{name}");
        }
    }

    #[test]
    fn shared_memory_is_local() {
        let dir = std::fs::File::open("/dev/shm").unwrap();
        assert!(FileSystem::of(dir).unwrap().is_local());
    }

    #[test]
    fn the_process_table_is_no_place_for_locks() {
        let dir = std::fs::File::open("/proc").unwrap();
        assert!(!FileSystem::of(dir).unwrap().is_local());
    }
}
