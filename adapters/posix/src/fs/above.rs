//! The directories above the one that holds a lock, up to the root: who may rename one of them can put another in its place.
//!
//! Nobody loses a lock by that, for a lock goes with the directory that it is in. But those who come later are led to another place, and
//! take a lock there, beside the holder. So it is asked of all of them, as `sshd` asks with `StrictModes`, that
//!
//! 1. it belongs to root or to the caller, unless a group shares the lock; and
//! 2. not everybody may write to it, unless it has the sticky bit. What stands below it belongs to root or the caller, and so stays.
//!
//! The group of such a directory may write to it, as it may to the one that holds the lock: its owner has decided so.
//!
//! In a user namespace the owners that it has no number for are all shown as one. There the host's own directories belong to that, and are
//! taken: without them nothing could be.

use std::{fs, io, os::fd::AsFd};

use nix::sys::stat::Mode;
use rustix::{
    fs::{AtFlags, Statx, StatxFlags, statx},
    process::geteuid,
};

use super::{SharedWith, Untrusted};

/// More than the longest path has.
const LEVELS_MAX: u32 = 4096;

/// Looks at the directories above `dir`.
pub(super) fn check(dir: impl AsFd, with: SharedWith) -> io::Result<Result<(), Untrusted>> {
    if with == SharedWith::All {
        return Ok(Ok(()));
    }
    let (mut way, mut below, me) = ("..".to_owned(), of(&dir, ".")?, geteuid().as_raw());
    for levels in 1..=LEVELS_MAX {
        let above = match of(&dir, &way) {
            Ok(above) => above,
            // The last one, which root or the caller has closed to the caller.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
            Err(error) => return Err(error),
        };
        if is_same(&above, &below) {
            break; // The root.
        }
        if let Err(why) = judge(&above, levels, with, me) {
            match why {
                Untrusted::ForeignAbove { uid, .. } if stands_for_all(uid) => {}
                why => return Ok(Err(why)),
            }
        }
        way.push_str("/..");
        below = above;
    }
    Ok(Ok(()))
}

fn judge(dir: &Statx, levels: u32, with: SharedWith, me: u32) -> Result<(), Untrusted> {
    let mode = Mode::from_bits_truncate(dir.stx_mode.into());
    let uid = dir.stx_uid;
    if with == SharedWith::Nobody && uid != 0 && uid != me {
        return Err(Untrusted::ForeignAbove { uid, levels });
    }
    if mode.contains(Mode::S_IWOTH) && !mode.contains(Mode::S_ISVTX) {
        return Err(Untrusted::OpenAbove { levels });
    }
    Ok(())
}

fn of(dir: impl AsFd, way: &str) -> io::Result<Statx> {
    let what = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    Ok(statx(dir, way, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, what)?)
}

/// Also where a directory is mounted below itself.
fn is_same(one: &Statx, other: &Statx) -> bool {
    let identity = |dir: &Statx| (dir.stx_dev_major, dir.stx_dev_minor, dir.stx_ino, dir.stx_mnt_id);
    identity(one) == identity(other)
}

/// Whether this is the number under which a user namespace shows all those that it has none for.
fn stands_for_all(uid: u32) -> bool {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    read("/proc/sys/kernel/overflowuid").trim().parse() == Ok(uid) && !is_mapped(&read("/proc/self/uid_map"), uid)
}

/// Whether a namespace has that number for somebody, where lines are `FIRST OUTSIDE COUNT`. Where that cannot be read it has.
fn is_mapped(map: &str, uid: u32) -> bool {
    let holds = |line: &str| {
        let numbers: Vec<u64> = line.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first.saturating_add(count)).contains(&uid.into()))
    };
    map.is_empty() || map.lines().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_above_is_of_root_or_mine_and_not_for_everybody_to_write_to_but_for_the_sticky_bit() {
        let (me, other) = (1000, 1001);
        let mut dir = of(fs::File::open("/").unwrap(), ".").unwrap();
        let (foreign, open) = (Untrusted::ForeignAbove { uid: other, levels: 3 }, Untrusted::OpenAbove { levels: 3 });
        for (uid, mode, mine, shared) in [
            (0, 0o755, Ok(()), Ok(())),
            (me, 0o700, Ok(()), Ok(())),
            (me, 0o775, Ok(()), Ok(())),
            (0, 0o1777, Ok(()), Ok(())),
            (me, 0o777, Err(open), Err(open)),
            (0, 0o2772, Err(open), Err(open)),
            (other, 0o755, Err(foreign), Ok(())),
            (other, 0o1777, Err(foreign), Ok(())),
            (other, 0o777, Err(foreign), Err(open)),
        ] {
            (dir.stx_uid, dir.stx_mode) = (uid, mode);
            assert_eq!(judge(&dir, 3, SharedWith::Nobody, me), mine, "{uid} {mode:o}");
            assert_eq!(judge(&dir, 3, SharedWith::Group, me), shared, "{uid} {mode:o}");
        }
    }

    #[test]
    fn a_number_stands_for_all_where_nobody_has_it() {
        let host = "         0          0 4294967295\n";
        assert!(is_mapped(host, 65_534) && is_mapped("", 65_534));
        let alone = "         0       1000          1\n";
        assert!(is_mapped(alone, 0) && !is_mapped(alone, 65_534));
        let several = "0 1000 1\n1 100000 65536\n";
        assert!(is_mapped(several, 65_534) && !is_mapped(several, 65_537));
    }
}
