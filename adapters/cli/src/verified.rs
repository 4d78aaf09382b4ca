//! Which kinds of locks are verified on which file systems: what the safety matrix says of the algorithms of a kind in the
//! world that a file system is.
//!
//! There are three such worlds. [`Profile::Local`]: this kernel alone writes to the file system, and it is as POSIX has it.
//! [`Profile::Nfs41`]: a mount of NFS with sessions, whose memory of names is asked anew. [`Profile::Nfs3Nodrc`]: a mount of
//! version 3 that remembers no names, by a server of which nobody knows what it remembers of its replies. On any other file system
//! nothing is verified.

use std::path::Path;

use lockwright_posix::{
    fs::{FileSystem, Ground, Mount, NfsMount, NfsVersion},
    lock::{Kind, PathLock},
};
use lockwright_sim::{
    catalogue::{
        self,
        matrix::{self, Finding},
    },
    scenario::Profile,
};

use crate::exit::{FAILED, Failure, REFUSED};

/// What is known of a kind of lock in a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its algorithms were taken through every behaviour, and keep what they promise.
    Verified {
        /// Algorithms, and how many states each search had.
        searches: Vec<(&'static str, usize)>,
    },
    /// By its nature it does not keep something that it should, for this reason.
    ByNature(&'static str),
    /// Nobody knows, for this reason.
    NotVerified(String),
}

impl Verdict {
    /// In a word or two.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "Verified",
            Self::ByNature(_) => "by nature not",
            Self::NotVerified(_) => "not verified",
        }
    }

    /// Why it is not verified.
    pub(crate) fn why(&self) -> Option<&str> {
        match self {
            Self::Verified { .. } => None,
            Self::ByNature(why) => Some(why),
            Self::NotVerified(why) => Some(why),
        }
    }

    pub(crate) fn is_verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }
}

/// The algorithms that a lock of that kind is made of.
fn algorithms(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Fast => &["fast_lock"],
        Kind::Bid => &["check_bid_check", "one_kind"],
        Kind::Queue => &["fair_lock", "one_kind"],
        Kind::Read | Kind::Write => &["rw_lock", "one_kind"],
        Kind::Semaphore(_) => &["semaphore", "one_kind"],
        Kind::FairSemaphore(_) => &["fair_semaphore", "one_kind"],
    }
}

/// What the matrix says of a kind in that world.
pub(crate) fn in_world(kind: Kind, profile: Profile) -> Verdict {
    let mut searches = Vec::new();
    for name in algorithms(kind) {
        let cell = catalogue::find(name).and_then(|entry| matrix::cell(entry, profile));
        let limit = cell.as_ref().and_then(matrix::Cell::limit);
        match (cell.and_then(|cell| cell.expected), limit) {
            (Some(Finding::Verified { states }), _) => searches.push((*name, states)),
            (Some(Finding::Violated { .. }), Some(limit)) => return Verdict::ByNature(limit.why),
            _ => return Verdict::NotVerified(format!("nobody has checked {name} in that world")),
        }
    }
    Verdict::Verified { searches }
}

/// The same on a file system, by its type and, over NFS, by the options of its mount, where they can be told.
pub(crate) fn on(kind: Kind, file_system: FileSystem, mount: Option<&Mount>) -> Verdict {
    match file_system.ground() {
        Ground::Local => in_world(kind, Profile::Local),
        _ if file_system.is_nfs() => match over_nfs(mount.and_then(Mount::nfs)) {
            Ok(world) => in_world(kind, world),
            Err(why) => Verdict::NotVerified(why),
        },
        _ => Verdict::NotVerified(file_system.why().to_owned()),
    }
}

/// The world that a mount of NFS is, or why it is none that was checked.
fn over_nfs(mount: Option<NfsMount>) -> Result<Profile, String> {
    let told = |why: &str| Err(why.to_owned());
    match mount {
        None => told("how it is mounted cannot be told"),
        Some(NfsMount { unfit: Some(unfit), .. }) => Err(unfit.to_string()),
        Some(NfsMount { version: Some(NfsVersion::Sessions), .. }) => Ok(Profile::Nfs41),
        // Any other that is fit remembers no names.
        Some(NfsMount { version: Some(NfsVersion::Three), .. }) => Ok(Profile::Nfs3Nodrc),
        Some(NfsMount { version: Some(NfsVersion::Two | NfsVersion::Four), .. }) => told(
            "it is NFS version 4.0, which has no sessions, and no lock was checked in that world; mount it with `vers=4.2`",
        ),
        Some(NfsMount { version: None, .. }) => told("which version of NFS it is cannot be told"),
    }
}

/// Refuses a lock whose kind is not verified on the file system that it is on.
pub(crate) fn check(lock: &PathLock) -> Result<(), Failure> {
    let path = lock.path().display();
    let file_system = lock
        .file_system()
        .map_err(|error| Failure::new(FAILED, format!("{path}: cannot tell the file system: {error}")))?;
    // To find the mount takes longer than the lock does, and only there it matters.
    let mount = if file_system.is_nfs() { lock.fs().mount() } else { None };
    let verdict = on(lock.kind(), file_system, mount.as_ref());
    let Some(why) = verdict.why() else { return Ok(()) };
    let dir = lock.path().parent().filter(|dir| *dir != Path::new("")).unwrap_or(Path::new("."));
    let (kind, name, dir) = (lock.kind(), file_system.name(), dir.display());
    let line = format!(
        "{path}: a lock of kind {kind} is {} on {name}: {why}; choose another path, or say --unverified; lockwright doctor {dir} \
         tells more",
        verdict.word()
    );
    Err(Failure::new(REFUSED, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> [Kind; 7] {
        ["fast", "bid", "queue", "rw-read", "rw-write", "sem=3", "fair-sem=3"].map(|kind| kind.parse().expect("a kind"))
    }

    #[test]
    fn every_kind_is_verified_where_one_kernel_writes() {
        for kind in every_kind() {
            assert!(in_world(kind, Profile::Local).is_verified(), "{kind}");
        }
    }

    /// A mount whose options are these words.
    fn mounted(options: &str) -> Result<Profile, String> {
        let options = options.split(',').map(str::to_owned).collect();
        let mount = Mount { kind: "nfs4".to_owned(), source: "host:/".to_owned(), at: "/mnt".to_owned(), options };
        over_nfs(mount.nfs())
    }

    #[test]
    fn a_mount_of_nfs_is_a_world_that_was_checked_or_it_is_said_what_to_mount() {
        for (options, world) in [
            ("rw,vers=4.2,hard", Profile::Nfs41),
            ("rw,vers=4.1,hard", Profile::Nfs41),
            ("rw,vers=3,hard,lookupcache=none", Profile::Nfs3Nodrc),
        ] {
            assert_eq!(mounted(options), Ok(world), "{options}");
        }
        for options in ["rw,vers=4.0,hard", "rw,vers=3,hard", "rw,vers=4.2,soft", "rw,vers=2,hard", "rw,vers=4.2,nocto"]
        {
            assert!(mounted(options).is_err_and(|why| why.contains("mount it")), "{options}");
        }
        assert!(mounted("rw,hard").is_err() && over_nfs(None).is_err());
    }

    #[test]
    fn a_fast_lock_is_verified_on_both_mounts_of_nfs() {
        for world in [Profile::Nfs41, Profile::Nfs3Nodrc] {
            assert!(in_world(Kind::Fast, world).is_verified(), "{world}");
        }
    }

    #[test]
    fn what_a_kind_does_not_keep_by_nature_comes_with_its_sentence() {
        let cut = in_world(Kind::Bid, Profile::Power);
        assert!(matches!(cut, Verdict::ByNature(why) if why.contains("power cut")), "{cut:?}");
        for kind in every_kind() {
            let verdict = in_world(kind, Profile::Operator);
            assert!(verdict.why().is_some_and(|why| why.contains("whoever removes")), "{kind}: {verdict:?}");
        }
    }
}
