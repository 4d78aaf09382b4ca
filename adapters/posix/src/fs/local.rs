//! Which file systems are this kernel's own.

use std::os::fd::AsFd;

use nix::sys::statfs::{self, FsType};

/// The types of file systems on disks and in memory that one kernel mounts at a time, by the number that `statfs` gives
/// them, in the order of the names. A type that is not here may have other writers: NFS, SMB, 9P, FUSE, Ceph, Lustre,
/// GPFS, OCFS2, GFS2 and those to come.
const LOCAL: &[(i64, &str)] = &[
    (0xCA45_1A4E, "bcachefs"),
    (0x9123_683E, "btrfs"),
    (0x0000_F15F, "ecryptfs"),
    (0x2011_BAB0, "exfat"),
    (0x0000_EF53, "ext2, ext3, ext4"),
    (0xF2F5_2010, "f2fs"),
    (0x0000_4D44, "fat"),
    (0x3153_464A, "jfs"),
    (0x0000_3434, "nilfs"),
    (0x7366_746E, "ntfs3"),
    (0x794C_7630, "overlayfs"),
    (0x8584_58F6, "ramfs"),
    (0x5265_4973, "reiserfs"),
    (0x0102_1994, "tmpfs"),
    (0x2405_1905, "ubifs"),
    (0x5846_5342, "xfs"),
    (0x2FC1_2FC1, "zfs"),
];

pub(super) fn is_local(fd: impl AsFd) -> bool {
    statfs::fstatfs(fd).is_ok_and(|status| knows(status.filesystem_type()))
}

fn knows(kind: FsType) -> bool {
    LOCAL.iter().any(|(number, _)| kind.0 == *number)
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
            assert!(!knows(FsType(number)), "{name}");
        }
    }

    #[test]
    fn shared_memory_is_local() {
        let dir = std::fs::File::open("/dev/shm").unwrap();
        assert!(is_local(dir));
    }

    #[test]
    fn the_process_table_is_no_place_for_locks() {
        let dir = std::fs::File::open("/proc").unwrap();
        assert!(!is_local(dir));
    }
}
