//! `--save` and `--resume`: a search that was not finished, as a file.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use lockwright_sim::{Limits, SaveError, Saved, Session, protocol::Protocol, scenario::Scenario};

use crate::exit::{CANNOT_CREATE, FAILED, Failure, USAGE};

/// Where the search is kept that is not finished.
#[derive(Debug)]
pub(super) struct Keep<'a> {
    file: &'a Path,
    unfinished: PathBuf,
}

impl<'a> Keep<'a> {
    /// Makes sure before hours of search that there is a place for it.
    pub(super) fn at(file: &'a Path) -> Result<Self, Failure> {
        let mut unfinished = file.as_os_str().to_owned();
        unfinished.push(".tmp");
        let keep = Self { file, unfinished: unfinished.into() };
        if file.is_dir() {
            return Err(keep.cannot(&io::ErrorKind::IsADirectory.into()));
        }
        let tried = File::create(&keep.unfinished).and_then(|_| fs::remove_file(&keep.unfinished));
        tried.map_err(|error| keep.cannot(&error))?;
        Ok(keep)
    }

    pub(super) fn file(&self) -> &Path {
        self.file
    }

    /// Saves the search. A file that stands there stays until another is whole.
    pub(super) fn save(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let saved = self.write(session);
        if saved.is_err() {
            // The first error is the one to tell.
            drop(fs::remove_file(&self.unfinished));
        }
        saved.map_err(|error| self.cannot(&error))
    }

    fn write(&self, session: &mut Session<'_>) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(&self.unfinished)?);
        session.save(&mut out).map_err(|error| match error {
            SaveError::Write(error) => error,
            done @ SaveError::Done => io::Error::other(done),
        })?;
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&self.unfinished, self.file)
    }

    fn cannot(&self, error: &io::Error) -> Failure {
        let file = self.file.display();
        Failure::new(CANNOT_CREATE, format!("cannot save to {file}: {error}; name another place with --save"))
    }
}

/// A file that a search is resumed from.
#[derive(Debug)]
pub(super) struct Source {
    file: PathBuf,
    saved: Saved<BufReader<File>>,
}

impl Source {
    pub(super) fn open(file: &Path) -> Result<Self, Failure> {
        let opened = File::open(file).map_err(|error| refused(file, error))?;
        let saved = Saved::open(BufReader::new(opened)).map_err(|error| refused(file, error))?;
        Ok(Self { file: file.into(), saved })
    }

    /// What the search is of.
    pub(super) fn scenario(&self) -> &Scenario {
        self.saved.scenario()
    }

    /// The search, to be gone on with as that of this scenario.
    pub(super) fn resume<'a>(
        self,
        protocol: &'a dyn Protocol,
        scenario: &'a Scenario,
        limits: Limits,
    ) -> Result<Session<'a>, Failure> {
        let Self { file, saved } = self;
        Session::resume(protocol, scenario, limits, saved).map_err(|error| refused(&file, error))
    }
}

fn refused(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(USAGE, format!("cannot resume {}: {error}", file.display()))
}

/// Both options are for one search, so several are a mistake before any is begun.
pub(super) fn only_one<'a>(
    option: &str,
    scenarios: impl ExactSizeIterator<Item = &'a Scenario>,
) -> Result<(), Failure> {
    let count = scenarios.len();
    let lines: Vec<String> = scenarios.map(|scenario| format!("'{scenario}'")).collect();
    match count {
        1 => Ok(()),
        0 => Err(Failure::new(FAILED, "there is nothing to explore")),
        _ => Err(Failure::new(
            USAGE,
            format!("{option} is for one search, and this is {count}; name one of them: {}", lines.join(", ")),
        )),
    }
}
