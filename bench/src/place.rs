//! The file systems to measure on.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::sys::statfs;
use tempfile::TempDir;

/// Where systems keep a file system in memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// A fresh directory on a file system. It is removed when this is dropped.
#[derive(Debug)]
pub struct Place {
    name: &'static str,
    dir: TempDir,
}

impl Place {
    /// What kind of file system it is, as `mount` calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn within(parent: &Path) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("lockwright-bench-").tempdir_in(parent)?;
        let name = name_of(statfs::statfs(dir.path())?.filesystem_type());
        Ok(Self { name, dir })
    }
}

/// Where to measure on disk instead, as an environment variable: a directory.
const DIR: &str = "LOCKWRIGHT_BENCH_DIR";

/// A directory in memory where the system has one, and one below `disk` where that is another file system, or below
/// `LOCKWRIGHT_BENCH_DIR` if that is set.
///
/// # Errors
///
/// Those of making a directory below `disk`. A system without `/dev/shm`, or one where nothing can be made there, only
/// has fewer places.
pub fn places(disk: impl AsRef<Path>) -> io::Result<Vec<Place>> {
    let given = std::env::var_os(DIR).map(PathBuf::from);
    places_or(Some(given.as_deref().unwrap_or(disk.as_ref())))
}

/// The same, where no directory need be given: then the one of temporary files is that on disk.
///
/// # Errors
///
/// Those of [`places`].
pub fn places_or(disk: Option<&Path>) -> io::Result<Vec<Place>> {
    let on_disk = Place::within(&disk.map_or_else(std::env::temp_dir, Path::to_owned))?;
    let mut places: Vec<_> = Place::within(Path::new(SHARED_MEMORY)).into_iter().collect();
    let device = |place: &Place| place.dir().metadata().map(|entry| entry.dev()).ok();
    if places.iter().all(|place| device(place) != device(&on_disk)) {
        places.push(on_disk);
    }
    Ok(places)
}

fn name_of(kind: statfs::FsType) -> &'static str {
    match kind {
        statfs::TMPFS_MAGIC => "tmpfs",
        statfs::EXT4_SUPER_MAGIC => "ext4",
        statfs::XFS_SUPER_MAGIC => "xfs",
        statfs::BTRFS_SUPER_MAGIC => "btrfs",
        statfs::OVERLAYFS_SUPER_MAGIC => "overlay",
        statfs::NFS_SUPER_MAGIC => "nfs",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_apart_and_leave_nothing_behind() {
        let disk = tempfile::tempdir().unwrap();
        let places = places(disk.path()).unwrap();
        assert!((1..=2).contains(&places.len()));
        let dirs: Vec<_> = places.iter().map(|place| place.dir().to_owned()).collect();
        assert!(dirs.iter().all(|dir| dir.is_dir()));
        drop(places);
        assert!(!dirs.iter().any(|dir| dir.exists()));
    }
}
