//! What is remembered from one run of the daemon to the next, in a file of one line.
//!
//! ```text
//! glockd epoch 7 since 7 clean
//! ```
//!
//! The last word is `open` while the daemon runs. A new line takes the place of the old one as a whole, and is on the disk
//! when [`State::write`] returns.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use lockwright_kernel::glockd::Saved;

/// The file, or none: then each run is the first one.
#[derive(Clone, Debug, Default)]
pub struct State(Option<PathBuf>);

impl State {
    /// The file at that path, which need not be there.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(Some(path.to_owned()))
    }

    /// What the last run has left; `None` where there was none.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when the file holds something else. It is not to be guessed then what may be held.
    pub fn read(&self) -> io::Result<Option<Saved>> {
        let Some(path) = &self.0 else { return Ok(None) };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let saved = parse(&text);
        saved.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it holds no state of a daemon"))
    }

    /// Puts it on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then what stood there before stands there still, as a whole.
    pub fn write(&self, saved: Saved) -> io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let mut file = File::create(&new)?;
        let word = if saved.is_clean { "clean" } else { "open" };
        writeln!(file, "glockd epoch {} since {} {word}", saved.epoch, saved.since)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir)?.sync_all()
    }
}

fn parse(text: &str) -> Option<Saved> {
    let words: Vec<&str> = text.strip_suffix('\n')?.split(' ').collect();
    let ["glockd", "epoch", epoch, "since", since, word] = words[..] else { return None };
    let is_clean = match word {
        "clean" => true,
        "open" => false,
        _ => return None,
    };
    Some(Saved { epoch: epoch.parse().ok()?, since: since.parse().ok()?, is_clean })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::at(&dir.path().join("state"));
        assert_eq!(state.read().unwrap(), None);
        for is_clean in [false, true] {
            let saved = Saved { epoch: 7, since: 5, is_clean };
            state.write(saved).unwrap();
            assert_eq!(state.read().unwrap(), Some(saved));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn something_else_is_no_first_run() {
        let dir = tempfile::tempdir().unwrap();
        for text in
            ["", "glockd epoch 7 since 5 clean", "glockd epoch 7 since 5 well\n", "glockd epoch x since 5 open\n"]
        {
            fs::write(dir.path().join("state"), text).unwrap();
            let error = State::at(&dir.path().join("state")).read().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
        }
    }
}
