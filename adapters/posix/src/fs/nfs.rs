//! Mounts of NFS: which version, and whether an option of the mount breaks locks.
//!
//! What a lock needs there is that a call which was given up is never executed, that a name is what the server says it is, and
//! that a file is read as it stands. Kernel locks are not used, so `nolock` and `local_lock` do not matter.
//!
//! *Sources.* nfs(5), on each option; RFC 1094, whose CREATE is not exclusive.

use super::Mount;

/// A mount of NFS.
///
/// ```
/// use lockwright_posix::fs::{Mount, NfsVersion, Unfit};
///
/// let mount = Mount {
///     kind: "nfs4".to_owned(),
///     source: "host:/export".to_owned(),
///     at: "/mnt".to_owned(),
///     options: ["rw", "vers=4.2", "soft"].map(str::to_owned).to_vec(),
/// };
/// let nfs = mount.nfs().expect("it is one");
/// assert_eq!((nfs.version, nfs.unfit), (Some(NfsVersion::Sessions), Some(Unfit::Soft)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NfsMount {
    /// Of the protocol; `None` where the options do not tell.
    pub version: Option<NfsVersion>,
    /// Why no lock is to be taken there, if so.
    pub unfit: Option<Unfit>,
}

/// Versions of the protocol, as far as locks can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NfsVersion {
    /// 2.
    Two,
    /// 3.
    Three,
    /// 4.0, which has no sessions.
    Four,
    /// 4.1 and later, which have sessions: a call is executed once.
    Sessions,
}

/// Why a mount cannot hold locks, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// `soft` or `softerr`.
    #[error("it is mounted `soft`: a call that was given up may be executed later; mount it `hard`")]
    Soft,
    /// `softreval`.
    #[error(
        "it is mounted `softreval`: while the server is slow, names are answered from memory; mount it `nosoftreval`"
    )]
    SoftRevalidation,
    /// `nocto`.
    #[error("it is mounted `nocto`: a file is read as it was; mount it `cto`")]
    NotCloseToOpen,
    /// Version 2.
    #[error(
        "it is NFS version 2, in which two can make the same file; mount it with `vers=4.2`, or `vers=3,lookupcache=none`"
    )]
    VersionTwo,
    /// Version 3 without `lookupcache=none`.
    #[error(
        "it is NFS version 3 and remembers names by stamps that move in steps; mount it with `lookupcache=none`, or `vers=4.2`"
    )]
    Remembers,
}

impl Mount {
    /// What it is as a mount of NFS; `None` if it is none.
    #[must_use]
    pub fn nfs(&self) -> Option<NfsMount> {
        if !matches!(self.kind.as_str(), "nfs" | "nfs4") {
            return None;
        }
        let has = |wanted: &str| self.options.iter().any(|option| option == wanted);
        let version = self.options.iter().find_map(|option| version(option.strip_prefix("vers=")?));
        let unfit = [
            (has("soft") || has("softerr"), Unfit::Soft),
            (has("softreval"), Unfit::SoftRevalidation),
            (has("nocto"), Unfit::NotCloseToOpen),
            (version == Some(NfsVersion::Two), Unfit::VersionTwo),
            (version == Some(NfsVersion::Three) && !has("lookupcache=none"), Unfit::Remembers),
        ];
        let unfit = unfit.into_iter().find_map(|(is, why)| is.then_some(why));
        Some(NfsMount { version, unfit })
    }
}

fn version(text: &str) -> Option<NfsVersion> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    match (major, minor) {
        ("2", _) => Some(NfsVersion::Two),
        ("3", _) => Some(NfsVersion::Three),
        ("4", "0") => Some(NfsVersion::Four),
        ("4", minor) => minor.parse::<u32>().is_ok().then_some(NfsVersion::Sessions),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::mount::find, *};

    /// As Linux 6.1 writes them.
    const THREE: &str = "rw,relatime - nfs host:/export rw,vers=3,rsize=1048576,wsize=1048576,namlen=255,hard,nosharecache,\
                         nolock,proto=tcp,timeo=600,retrans=2,sec=sys,mountaddr=10.0.0.1,mountvers=3,mountproto=tcp,local_lock=all,\
                         addr=10.0.0.1";
    const FOUR: &str = "rw,relatime - nfs4 host:/ rw,vers=4.2,rsize=524288,wsize=524288,namlen=255,hard,proto=tcp,timeo=600,\
                        retrans=2,sec=sys,clientaddr=10.0.0.2,local_lock=none,addr=10.0.0.1";

    fn nfs(line: &str) -> Option<NfsMount> {
        find(&format!("7 1 0:7 / /mnt {line}\n"), 7).unwrap().nfs()
    }

    #[test]
    fn options_that_break_locks_are_found_in_the_lines_of_the_kernel() {
        let sessions = |unfit| Some(NfsMount { version: Some(NfsVersion::Sessions), unfit });
        assert_eq!(nfs(FOUR), sessions(None));
        assert_eq!(nfs(&FOUR.replace(",hard,", ",soft,")), sessions(Some(Unfit::Soft)));
        assert_eq!(nfs(&FOUR.replace(",hard,", ",softerr,")), sessions(Some(Unfit::Soft)));
        assert_eq!(nfs(&FOUR.replace(",hard,", ",softreval,hard,")), sessions(Some(Unfit::SoftRevalidation)));
        assert_eq!(nfs(&FOUR.replace(",hard,", ",hard,nocto,")), sessions(Some(Unfit::NotCloseToOpen)));
        let three = |unfit| Some(NfsMount { version: Some(NfsVersion::Three), unfit });
        assert_eq!(nfs(THREE), three(Some(Unfit::Remembers)));
        assert_eq!(nfs(&THREE.replace(",hard,", ",hard,lookupcache=none,")), three(None));
        assert_eq!(nfs(&THREE.replace(",hard,", ",hard,lookupcache=pos,")), three(Some(Unfit::Remembers)));
    }

    #[test]
    fn versions_are_told_apart_and_what_is_no_nfs_is_none() {
        let version = |text: &str| nfs(&FOUR.replace("vers=4.2", text)).unwrap().version;
        assert_eq!(version("vers=4.0"), Some(NfsVersion::Four));
        assert_eq!(version("vers=4.1"), Some(NfsVersion::Sessions));
        assert_eq!((version("vers=5"), version("vers=4.x"), version("retrans=3")), (None, None, None));
        assert_eq!(nfs(&THREE.replace("vers=3", "vers=2")).unwrap().unfit, Some(Unfit::VersionTwo));
        assert_eq!(nfs("rw - ext4 /dev/vda rw,vers=3,soft"), None);
    }
}
