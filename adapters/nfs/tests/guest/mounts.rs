//! In the guest: its export, mounted twice, with caches of their own, as two hosts have it.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use lockwright_posix::fs::PosixFs;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Three,
    FourTwo,
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::Three, Self::FourTwo];

    /// The type and the options that mount it. Neither daemon of version 3 for locks and for callbacks runs.
    fn options(self) -> (&'static str, &'static str) {
        match self {
            Self::Three => ("nfs", "vers=3,addr=127.0.0.1,mountaddr=127.0.0.1,proto=tcp,mountproto=tcp,nolock"),
            Self::FourTwo => ("nfs4", "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1"),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Three => "nfs3",
            Self::FourTwo => "nfs4.2",
        })
    }
}

/// Two mounts of one export, until this is dropped.
#[derive(Debug)]
pub(crate) struct Mounts {
    version: Version,
    dirs: [PathBuf; 2],
}

impl Mounts {
    /// With the options that a mount has when none is said.
    pub(crate) fn new(version: Version) -> Self {
        Self::with(version, "")
    }

    /// With these as well, each with a comma before it.
    pub(crate) fn with(version: Version, more: &str) -> Self {
        let dirs = ["one", "two"].map(|name| PathBuf::from(format!("/mounts/{version}{more}/{name}")));
        for dir in &dirs {
            std::fs::create_dir_all(dir).unwrap();
            let (kind, options) = version.options();
            let options = format!("{options},nosharecache{more}");
            run(Command::new("mount").args(["-t", kind, "-o", &options, "127.0.0.1:/export"]).arg(dir));
        }
        Self { version, dirs }
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The two, by name.
    pub(crate) fn dirs(&self) -> [&Path; 2] {
        [&self.dirs[0], &self.dirs[1]]
    }

    /// The same fresh, empty directory through each.
    pub(crate) fn room(&self, name: &str) -> [PosixFs; 2] {
        let name = format!("{}-{name}", self.version);
        std::fs::create_dir(self.dirs[0].join(&name)).unwrap();
        self.dirs().map(|dir| PosixFs::open(dir.join(&name)).unwrap())
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        for dir in &self.dirs {
            run(Command::new("umount").arg("-l").arg(dir));
        }
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
