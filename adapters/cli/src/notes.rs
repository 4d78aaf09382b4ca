//! Notes: who has a lock or waits for it, and why, in the words of those who do. For people only; nothing that is safe or
//! unsafe depends on them.
//!
//! ```text
//! <lock>.note/<id>.json    {"who": "the release team", "why": "nightly sync"}, of the one who holds or waits under <id>
//! ```
//!
//! A note is written before the wait and goes with the hold. Those of the dead go when somebody else's is written or goes, a
//! few at a time, and with what is recovered from the dead. Where there are no notes there is no directory.

use lockwright_kernel::{
    fs::{Fs, FsError, silly::is_silly},
    id::Id,
    path::{Name, Path},
    probe::{Liveness, Probe},
};
use lockwright_posix::lock::PathLock;

use crate::{args::NoteArgs, exit::say, text::shown_path};

/// How many bytes a note may have in each field.
pub(crate) const BYTES_MAX: usize = 1000;

/// How many others' notes are looked at each time.
const SWEPT_MAX: usize = 8;

/// What somebody said. It is to be shown with care.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(crate) struct Note {
    #[serde(default)]
    pub(crate) who: Option<String>,
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// The note of `id`, if it can be read.
pub(crate) fn of(lock: &PathLock, id: &Id) -> Option<Note> {
    let contents = lock.fs().read(&at(lock, id)?).ok()?;
    let Note { who, why } = serde_json::from_slice(&contents).ok()?;
    let fits = |text: &String| !text.is_empty() && text.len() <= BYTES_MAX;
    Some(Note { who: who.filter(fits), why: why.filter(fits) })
}

/// A note that goes when this is dropped, or none.
#[derive(Debug)]
#[must_use = "the note goes when this is dropped"]
pub(crate) struct Noted(Option<(PathLock, Id)>);

impl Noted {
    /// Writes the note of `id`, if there is something to note. Where that fails it is said, unless `quiet`, and that is all.
    pub(crate) fn write(lock: &PathLock, id: &Id, args: &NoteArgs, quiet: bool) -> Self {
        let note = Note { who: args.who.clone(), why: args.why.clone() };
        if note == Note::default() {
            return Self(None);
        }
        if let Err(error) = write(lock, id, &note)
            && !quiet
        {
            say(&format!("{}.note: nobody will be told who and why: {error}", shown_path(lock.path())));
        }
        Self(Some((lock.clone(), id.clone())))
    }

    /// Leaves the note to whoever gives the lock back.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some((lock, id)) = &self.0 {
            remove(lock, id);
        }
    }
}

fn write(lock: &PathLock, id: &Id, note: &Note) -> Result<(), FsError> {
    let (dir, at) = (dir(lock).ok_or(FsError::NameTooLong)?, at(lock, id).ok_or(FsError::NameTooLong)?);
    let text = serde_json::to_vec(note).map_err(|_| FsError::Unsupported)?;
    lock.fs().ensure_dir(&dir)?;
    let written = match lock.fs().create_file(&at, &text) {
        // Somebody took the last note away meanwhile, and the directory with it.
        Err(FsError::NotFound) => lock.fs().ensure_dir(&dir).and_then(|()| lock.fs().create_file(&at, &text)),
        other => other,
    };
    sweep(lock, &dir);
    if written.is_err() {
        let _ = lock.fs().discard_dir(&dir);
    }
    written
}

/// Removes the note of `id`, which has nothing there any more, and the directory if it is empty.
pub(crate) fn remove(lock: &PathLock, id: &Id) {
    let (Some(dir), Some(at)) = (dir(lock), at(lock, id)) else { return };
    // A failure leaves it to others.
    if lock.fs().remove_file(&at) == Err(FsError::NotFound) {
        return;
    }
    if lock.fs().remove_dir(&dir) == Err(FsError::NotEmpty) {
        sweep(lock, &dir);
        let _ = lock.fs().discard_dir(&dir);
    }
}

/// Removes notes of the dead, of some that stand there.
fn sweep(lock: &PathLock, dir: &Path) {
    let names = lock.fs().list(dir).unwrap_or_default();
    for name in names.iter().take(SWEPT_MAX) {
        let id = name.as_str().strip_suffix(".json").and_then(|id| id.parse::<Id>().ok());
        if is_silly(name) || id.is_some_and(|id| lock.probe().liveness(&id) == Ok(Liveness::Dead)) {
            let _ = lock.fs().discard_file(&dir.join(name));
        }
    }
}

fn dir(lock: &PathLock) -> Option<Path> {
    let name = format!("{}.note", lock.name()).parse::<Name>().ok()?;
    Some(name.into())
}

fn at(lock: &PathLock, id: &Id) -> Option<Path> {
    let name = format!("{}.json", id.name()).parse().ok()?;
    Some(dir(lock)?.join(&name))
}
