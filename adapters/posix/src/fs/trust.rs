//! Who could take a lock away, by the owners and the modes of the directories that it is made of.
//!
//! Who may write to a directory may rename and remove what stands in it, and so may its owner, who can give itself any
//! right. The sticky bit leaves that to the owner of each entry: in `/tmp` anybody can make a directory, and nobody can
//! move one that root or the caller made. So a lock is as safe as
//!
//! 1. the directory that holds it, its *parent*: it belongs to root or to the caller, and not everybody may write to it,
//!    unless it has the sticky bit; and
//! 2. every directory below: it belongs to root or to the caller, and not everybody may write to it, sticky or not.
//!
//! The parent is looked at once: what it is now, only root and the caller can change. Where others may make entries in it,
//! the directories below are looked at each time they are entered, **by the handle through which they are then used**, so
//! there is no moment in between. Where nobody else may, what stood there when the lock was opened is looked at once.
//!
//! A parent that its *group* may write to is taken: many systems give each user a group of its own and let it write
//! everywhere. Members of the group can take the lock away, as whoever let them write there has decided.
//!
//! A symbolic link on the way to the parent is followed if root or the caller has made it. Who may rename a directory above the
//! parent could lead those who come later to another place: see the module `above`.

use nix::sys::stat::{FileStat, Mode, SFlag, umask};
use rustix::process::{getegid, geteuid};

/// Who else may use a lock, and therefore could take it away. All who share it say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SharedWith {
    /// Nobody but root: what is made has mode 0700 or 0600.
    #[default]
    Nobody,
    /// Members of the parent's group: what is made has mode 0770 or 0660. The parent is theirs to write to, and hands its
    /// group on: it has the set-group-ID bit, or the group is the caller's own.
    Group,
    /// Everybody who can come there: what is made has mode 0777 or 0666, and nothing is refused.
    All,
}

impl SharedWith {
    /// The mode of directories, before the umask.
    pub(super) fn mode(self) -> Mode {
        match self {
            Self::Nobody => Mode::S_IRWXU,
            Self::Group => Mode::S_IRWXU | Mode::S_IRWXG,
            Self::All => Mode::S_IRWXU | Mode::S_IRWXG | Mode::S_IRWXO,
        }
    }

    /// Takes from the umask of this process, which is one for all its threads, what would keep the others out: without
    /// that, they could not remove what a dead owner has left.
    pub fn widen_umask(self) {
        if self != Self::Nobody {
            let before = umask(Mode::empty());
            let _ = umask(before - self.mode());
        }
    }
}

/// Why a directory cannot be trusted with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It belongs to somebody else than root and the caller.
    #[error("belongs to another user (uid {uid}), who could take the lock away")]
    Foreign {
        /// Whom.
        uid: u32,
    },
    /// Everybody may write to it, and it is not a parent with the sticky bit.
    #[error("can be written to by everybody, who could take the lock away")]
    Open,
    /// A symbolic link on the way to it was made by somebody else than root and the caller.
    #[error("is reached by a symbolic link of another user (uid {uid}), who could lead it elsewhere")]
    Link {
        /// Whom.
        uid: u32,
    },
    /// A directory above it belongs to somebody else than root and the caller.
    #[error("lies below another user's directory (uid {uid}, {levels} up), who could put another in its place")]
    ForeignAbove {
        /// Whose.
        uid: u32,
        /// How far up: 1 for the one that it is in.
        levels: u32,
    },
    /// Everybody may write to a directory above it, which has not the sticky bit.
    #[error("lies below a directory that everybody can write to ({levels} up), and so put another in its place")]
    OpenAbove {
        /// How far up: 1 for the one that it is in.
        levels: u32,
    },
    /// The group is to share the lock, and may not write to the parent, or would not own what is made in it.
    #[error("does not let its group share a lock (it takes chmod g+ws)")]
    NotOfGroup,
}

/// What is asked of directories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trust {
    with: SharedWith,
    /// The caller.
    me: u32,
    /// The group of the parent.
    group: u32,
    /// Others may make entries in the parent, so that what stands there has to be looked at each time.
    pub(super) is_wary: bool,
}

impl Trust {
    /// What holds below the parent of which that is known.
    pub(super) fn below(parent: &FileStat, with: SharedWith) -> Result<Self, Untrusted> {
        let trust = Self { with, me: geteuid().as_raw(), group: parent.st_gid, is_wary: false };
        let mode = mode(parent);
        let others_write = mode.intersects(Mode::S_IWGRP | Mode::S_IWOTH);
        let is_wary = others_write && with != SharedWith::All;
        trust.check_parent(parent, mode).map(|()| Self { is_wary, ..trust })
    }

    fn check_parent(self, parent: &FileStat, mode: Mode) -> Result<(), Untrusted> {
        if self.with == SharedWith::All {
            return Ok(());
        }
        if mode.contains(Mode::S_IWOTH) && !mode.contains(Mode::S_ISVTX) {
            return Err(Untrusted::Open);
        }
        if self.with == SharedWith::Nobody {
            return self.check_owner(parent);
        }
        let hands_on = mode.contains(Mode::S_ISGID) || self.group == getegid().as_raw();
        if mode.contains(Mode::S_IWGRP) && hands_on { Ok(()) } else { Err(Untrusted::NotOfGroup) }
    }

    /// Whether a directory below the parent can be entered.
    pub(super) fn check(self, dir: &FileStat) -> Result<(), Untrusted> {
        if self.with == SharedWith::All {
            return Ok(());
        }
        let mode = mode(dir);
        if mode.contains(Mode::S_IWOTH) {
            return Err(Untrusted::Open);
        }
        let is_of_group = dir.st_gid == self.group && mode.contains(Mode::S_IWGRP);
        if self.with == SharedWith::Group && is_of_group { Ok(()) } else { self.check_owner(dir) }
    }

    fn check_owner(self, dir: &FileStat) -> Result<(), Untrusted> {
        match dir.st_uid {
            0 => Ok(()),
            uid if uid == self.me => Ok(()),
            uid => Err(Untrusted::Foreign { uid }),
        }
    }
}

fn mode(dir: &FileStat) -> Mode {
    Mode::from_bits_truncate(dir.st_mode & !SFlag::S_IFMT.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u32 = 1000;
    const OTHER: u32 = 1001;
    const TEAM: u32 = 50;

    fn dir(uid: u32, gid: u32, mode: u32) -> FileStat {
        // There is no other way to a whole one.
        let mut dir = nix::sys::stat::stat(".").expect("the working directory");
        (dir.st_uid, dir.st_gid, dir.st_mode) = (uid, gid, SFlag::S_IFDIR.bits() | mode);
        dir
    }

    fn trust(with: SharedWith) -> Trust {
        Trust { with, me: ME, group: TEAM, is_wary: false }
    }

    #[test]
    fn a_parent_is_of_root_or_mine_and_not_for_everybody_to_write_to() {
        let foreign = Err(Untrusted::Foreign { uid: OTHER });
        for (uid, permissions, due) in [
            (ME, 0o700, Ok(())),
            (ME, 0o755, Ok(())),
            (ME, 0o775, Ok(())),
            (0, 0o755, Ok(())),
            (0, 0o1777, Ok(())),
            (ME, 0o1777, Ok(())),
            (ME, 0o777, Err(Untrusted::Open)),
            (0, 0o777, Err(Untrusted::Open)),
            (0, 0o2702, Err(Untrusted::Open)),
            (OTHER, 0o700, foreign),
            (OTHER, 0o755, foreign),
            (OTHER, 0o1777, foreign),
            (OTHER, 0o777, Err(Untrusted::Open)),
        ] {
            let parent = dir(uid, TEAM, permissions);
            assert_eq!(trust(SharedWith::Nobody).check_parent(&parent, mode(&parent)), due, "{uid} {permissions:o}");
            assert_eq!(trust(SharedWith::All).check_parent(&parent, mode(&parent)), Ok(()));
        }
    }

    #[test]
    fn a_group_shares_where_it_may_write_and_what_is_made_is_its() {
        for (uid, permissions, due) in [
            (0, 0o2770, Ok(())),
            (ME, 0o2775, Ok(())),
            (OTHER, 0o2770, Ok(())),
            (OTHER, 0o3777, Ok(())),
            (0, 0o770, Err(Untrusted::NotOfGroup)),
            (0, 0o1777, Err(Untrusted::NotOfGroup)),
            (ME, 0o2755, Err(Untrusted::NotOfGroup)),
            (OTHER, 0o2777, Err(Untrusted::Open)),
        ] {
            // No process of a test is in this group.
            let trust = Trust { group: u32::MAX - 1, ..trust(SharedWith::Group) };
            let parent = dir(uid, TEAM, permissions);
            assert_eq!(trust.check_parent(&parent, mode(&parent)), due, "{uid} {permissions:o}");
        }
    }

    #[test]
    fn below_it_the_sticky_bit_does_not_help_and_a_group_is_the_parents_own() {
        use SharedWith::{Group, Nobody};
        let foreign = Err(Untrusted::Foreign { uid: OTHER });
        for (with, uid, gid, permissions, due) in [
            (Nobody, ME, TEAM, 0o700, Ok(())),
            (Nobody, 0, TEAM, 0o755, Ok(())),
            (Nobody, ME, TEAM, 0o770, Ok(())),
            (Nobody, ME, TEAM, 0o1777, Err(Untrusted::Open)),
            (Nobody, OTHER, TEAM, 0o700, foreign),
            (Nobody, OTHER, TEAM, 0o2770, foreign),
            (Group, OTHER, TEAM, 0o2770, Ok(())),
            (Group, OTHER, TEAM, 0o2750, foreign),
            (Group, OTHER, TEAM + 1, 0o2770, foreign),
            (Group, OTHER, TEAM, 0o2777, Err(Untrusted::Open)),
            (Group, ME, TEAM + 1, 0o700, Ok(())),
        ] {
            assert_eq!(trust(with).check(&dir(uid, gid, permissions)), due, "{with:?} {uid} {gid} {permissions:o}");
        }
    }

    #[test]
    fn where_nobody_else_makes_entries_what_is_entered_is_not_looked_at_each_time() {
        let me = geteuid().as_raw();
        let is_wary = |mode, with| Trust::below(&dir(me, getegid().as_raw(), mode), with).map(|trust| trust.is_wary);
        assert_eq!(is_wary(0o755, SharedWith::Nobody), Ok(false));
        assert_eq!(is_wary(0o775, SharedWith::Nobody), Ok(true));
        assert_eq!(is_wary(0o1777, SharedWith::Nobody), Ok(true));
        assert_eq!(is_wary(0o770, SharedWith::Group), Ok(true));
        assert_eq!(is_wary(0o1777, SharedWith::All), Ok(false));
    }
}
