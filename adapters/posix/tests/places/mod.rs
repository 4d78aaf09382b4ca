//! File systems to try things on: what is there, and what root can mount.
//!
//! What cannot be had is said on stderr, and is an error where [`REQUIRE`] is set to 1. Mounts are made in a mount
//! namespace of the calling thread's own: nobody else sees them, and they go away with the last process in it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::{
    sched::{CloneFlags, unshare},
    unistd::geteuid,
};
use tempfile::TempDir;

/// Set to 1 where a file system that cannot be tried is to fail the test.
pub(crate) const REQUIRE: &str = "LOCKWRIGHT_REQUIRE_MOUNTS";

/// An empty directory on a file system.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) dir: PathBuf,
    /// What lies under the mount.
    _under: TempDir,
}

/// The file systems that need no mount: that of shared memory, and that of the build.
pub(crate) fn at_hand() -> Vec<Place> {
    let on = |name, root: &Path| {
        let under = tempfile::tempdir_in(root).expect("a directory for the test");
        Place { name, dir: under.path().to_owned(), _under: under }
    };
    vec![on("tmpfs", Path::new("/dev/shm")), on("the file system of the build", target())]
}

/// The file systems of `kinds` (`ext4`, `xfs`, `btrfs`, `overlay`), each mounted empty.
pub(crate) fn mounted(kinds: &[&'static str]) -> Vec<Place> {
    if !geteuid().is_root() {
        skip(&format!("{kinds:?}: only root can mount them"));
        return Vec::new();
    }
    unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace");
    run("mount", &["--make-rprivate", "/"]).expect("a private mount namespace");
    let place = |kind: &&'static str| mount(kind).inspect_err(|why| skip(&format!("{kind}: {why}"))).ok();
    kinds.iter().filter_map(place).collect()
}

/// Says loudly what was not tried.
pub(crate) fn skip(what: &str) {
    // Not by the macro, whose output is shown for failed tests only.
    writeln!(std::io::stderr(), "NOT TRIED: {what}").expect("stderr");
    assert!(std::env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and not tried: {what}");
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn mount(name: &'static str) -> Result<Place, String> {
    let under = tempfile::tempdir_in(target()).map_err(|error| error.to_string())?;
    let [dir, image] = ["mnt", "image"].map(|name| under.path().join(name));
    std::fs::create_dir(&dir).map_err(|error| error.to_string())?;
    let [at, from] = [&dir, &image].map(|path| path.to_str().expect("UTF-8"));
    if name == "overlay" {
        for part in ["lower", "upper", "work"] {
            std::fs::create_dir(under.path().join(part)).map_err(|error| error.to_string())?;
        }
        let base = under.path().display();
        let options = format!("lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work");
        run("mount", &["-t", "overlay", "overlay", "-o", &options, at])?;
    } else {
        // The smallest size that all of them take.
        run("truncate", &["-s", "320M", from])?;
        let force = if name == "ext4" { "-F" } else { "-f" };
        run(&format!("mkfs.{name}"), &["-q", force, from])?;
        run("mount", &["-t", name, "-o", "loop", from, at])?;
    }
    // Ahead of what mkfs made there.
    let dir = dir.join("empty");
    std::fs::create_dir(&dir).map_err(|error| error.to_string())?;
    Ok(Place { name, dir, _under: under })
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
