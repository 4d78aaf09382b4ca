//! Removals and moves, and what their refusals mean over NFS.
//!
//! A client that gets no reply sends a call again, and a server that has forgotten its reply, as after a restart, executes it
//! again and refuses what the first execution has done. So over NFS a refusal is looked into before it is believed:
//! [`Settled`] says how. Anywhere else it is the answer.

use lockwright_kernel::{
    fs::{
        Fs, FsError, Settled, Through,
        call::{Answer, Call, Value},
    },
    path::Path,
};
use nix::{
    errno::Errno,
    fcntl,
    sys::stat::SFlag,
    unistd::{self, UnlinkatFlags},
};

use super::{PosixFs, Walk, kind};
use crate::errno::fact;

impl PosixFs {
    /// True where a call may be executed twice.
    pub(super) fn may_execute_twice(&self) -> bool {
        self.walk == Walk::Fresh
    }

    /// The same file system, whose refusals are looked into before they are believed.
    pub(super) fn looking(&self) -> impl Fs + '_ {
        Settled::new(Through(|call: &Call| self.once(call)))
    }

    /// The answer as the kernel gives it.
    fn once(&self, call: &Call) -> Answer {
        let done = |()| Value::Done;
        match call {
            Call::RemoveFile(path) => self.unlink(path).map(done),
            Call::RemoveDir(path) => self.rmdir(path).map(done),
            Call::Rename(from, to) => self.move_entry(from, to).map(done),
            other => other.on(self),
        }
    }

    pub(super) fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.settled(|| {
            let (parent, name) = self.entry(path, FsError::IsADirectory)?;
            match unistd::unlinkat(&parent, name, UnlinkatFlags::NoRemoveDir) {
                // POSIX has `EPERM` for a directory, and Linux passes on what the file system says.
                Err(Errno::EPERM) if kind(&parent, name) == Ok(SFlag::S_IFDIR) => Err(FsError::IsADirectory),
                other => other.map_err(fact),
            }
        })
    }

    pub(super) fn rmdir(&self, path: &Path) -> Result<(), FsError> {
        self.settled(|| {
            let (parent, name) = self.entry(path, FsError::PermissionDenied)?;
            match unistd::unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
                Err(Errno::EEXIST) => Err(FsError::NotEmpty),
                other => other.map_err(fact),
            }
        })
    }

    pub(super) fn move_entry(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.settled(|| {
            let (from_parent, from) = self.entry(from, FsError::IntoItself)?;
            let (to_parent, to) = self.entry(to, FsError::NotEmpty)?;
            match fcntl::renameat(from_parent, from, to_parent, to) {
                Err(Errno::EEXIST) => Err(FsError::NotEmpty),
                Err(Errno::EINVAL) => Err(FsError::IntoItself),
                other => other.map_err(fact),
            }
        })
    }
}
