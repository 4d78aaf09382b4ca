//! The pidfile: says which process the daemon is, and keeps a second one from starting.
//!
//! The file is locked by flock(2) for as long as the daemon runs, so one that a killed daemon left behind hinders nobody.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// A pidfile that is this process's own. Dropped, it is removed.
#[derive(Debug)]
pub struct Pidfile {
    path: PathBuf,
    /// Open, and so locked, to the end.
    _file: File,
}

impl Pidfile {
    /// Makes the file, or takes over one that nobody has, and writes this process's number in it.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] when another process has it.
    pub fn take(path: &Path) -> io::Result<Self> {
        loop {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => {
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another daemon has this pidfile"));
                }
                other => other?,
            }
            // One that ended meanwhile has removed what was opened here.
            if !stands_at(&file, path)? {
                continue;
            }
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            return Ok(Self { path: path.to_owned(), _file: file });
        }
    }
}

impl Drop for Pidfile {
    fn drop(&mut self) {
        // While it is still locked, so that it is nobody else's. One that stays behind hinders nobody.
        drop(fs::remove_file(&self.path));
    }
}

fn stands_at(file: &File, path: &Path) -> io::Result<bool> {
    let mine = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (mine.dev(), mine.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        fs::write(&path, "4711, and long gone\n").unwrap();
        let mine = Pidfile::take(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        assert_eq!(Pidfile::take(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(mine);
        assert!(!path.exists());
        drop(Pidfile::take(&path).unwrap());
    }
}
