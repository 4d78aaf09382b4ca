//! What the file system below a directory really does: tried there, in a directory that is made for it and taken away
//! again.
//!
//! 1. LOOK at the directory: its file system, its mount, its owner and mode, its room.
//! 2. ROOM: make a directory with a name that nobody else takes.
//! 3. PROMISES: hold it to the [contract](lockwright_kernel::fs::contract) of the kernel, through one handle, through two,
//!    and through two processes.
//! 4. TRY what else matters to locks: names, stamps, notices of changes.
//! 5. TAKE AWAY the room and all that is in it, also when somebody wants the search to stop.
//!
//! Nothing outside the room is changed. What is found is no proof: a file system may keep its promises while it is looked
//! at. It is the other way round that counts: a promise that is broken is a lock that cannot be relied on.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

use lockwright_kernel::fs::{
    Fs, FsError, Through,
    call::Call,
    contract::{Breach, clauses, clauses_two, contract, contract_two},
};

pub use crate::fs::Mount;
use crate::fs::{FileSystem, PosixFs, SharedWith, Untrusted};

mod names;
mod notices;
mod peer;
mod room;
mod space;
mod stamps;

pub use names::Names;
pub use notices::Notices;
use peer::Peer;
pub use peer::serve;
use room::Room;
pub use space::Space;
pub use stamps::Stamps;

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// What file system it is.
    pub file_system: FileSystem,
    /// Where it is mounted, and how; `None` where `/proc` does not tell.
    pub mount: Option<Mount>,
    /// Why the directory cannot be trusted with a lock that is shared with nobody.
    pub untrusted: Option<Untrusted>,
    /// What room there is.
    pub space: Space,
    /// The promises, through one handle.
    pub one_handle: Promises,
    /// Through two handles.
    pub two_handles: Promises,
    /// Through two processes.
    pub two_processes: Promises,
    /// What names it takes.
    pub names: Names,
    /// What stamps it gives.
    pub stamps: Stamps,
    /// Whether it tells of changes.
    pub notices: Notices,
}

/// How many promises were tried, and which was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promises {
    /// How many there are.
    pub count: usize,
    /// The first that was broken. Those after it were not tried.
    pub breach: Option<Breach>,
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", .dir.display().to_string().escape_debug())]
pub struct DoctorError {
    dir: PathBuf,
    kind: DoctorErrorKind,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum DoctorErrorKind {
    /// The directory cannot be opened.
    #[error("cannot be opened: {0}; name a directory that is there and that you may enter")]
    Open(#[source] io::Error),
    /// No directory can be made in it.
    #[error("no directory can be made there to try things in: {0}; name one that you may write to, or make room")]
    Room(FsError),
    /// The other process cannot be started.
    #[error("the other process cannot be started: {0}")]
    Peer(#[source] io::Error),
    /// A call failed that no promise is about.
    #[error("cannot be tried: {0}")]
    System(#[source] io::Error),
    /// Somebody wanted it to stop. The room is taken away.
    #[error("interrupted; what was made there is removed")]
    Stopped,
    /// The room could not be taken away.
    #[error("{0} was made there and cannot be removed: {1}; remove it")]
    Left(String, #[source] io::Error),
}

impl DoctorError {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &DoctorErrorKind {
        &self.kind
    }
}

/// Finds out. `peer` makes the command of another process that calls [`serve`] on the directory that it is given, and `stop`
/// says whether somebody wants this to stop: it is asked before each call on the file system.
///
/// # Errors
///
/// [`DoctorError`]. Whatever it is but [`DoctorErrorKind::Left`], nothing is left in `dir`.
pub fn examine(
    dir: &Path,
    peer: impl FnOnce(&Path) -> Command,
    stop: impl Fn() -> bool,
) -> Result<Findings, DoctorError> {
    let failed = |kind| DoctorError { dir: dir.to_owned(), kind };
    let fs = PosixFs::open(dir).map_err(|error| failed(DoctorErrorKind::Open(error)))?;
    let room = Room::make(&fs, dir).map_err(|error| failed(DoctorErrorKind::Room(error)))?; // 2 ROOM
    let found = look(&fs, &room, peer, &stop);
    room.take_away().map_err(failed)?; // 5 TAKE AWAY
    if stop() {
        return Err(failed(DoctorErrorKind::Stopped));
    }
    found.map_err(failed)
}

fn look(
    fs: &PosixFs,
    room: &Room,
    peer: impl FnOnce(&Path) -> Command,
    stop: &impl Fn() -> bool,
) -> Result<Findings, DoctorErrorKind> {
    let system = DoctorErrorKind::System;
    let (here, other) = (room.fs().map_err(DoctorErrorKind::Open)?, room.fs().map_err(DoctorErrorKind::Open)?);
    let peer = Peer::start(peer(room.path())).map_err(DoctorErrorKind::Peer)?;
    let [one, two] =
        [&here, &other].map(|fs| Through(move |call: &Call| if stop() { Err(FsError::Halted) } else { call.on(fs) }));
    let apart = Through(|call: &Call| if stop() { Err(FsError::Halted) } else { peer.answer(call) });
    let bench = "bench".parse().unwrap_or_else(|error| unreachable!("it stands in the source: {error}"));
    here.create_dir(&bench).map_err(DoctorErrorKind::Room)?;
    let promises = |breach: Result<(), Breach>, count| Promises { count, breach: breach.err() };
    Ok(Findings {
        // 1 LOOK
        file_system: fs.file_system().map_err(system)?,
        mount: fs.mount(),
        untrusted: fs.clone().guarded(SharedWith::Nobody).map_err(system)?.err(),
        space: Space::of(fs).map_err(system)?,
        // 3 PROMISES
        one_handle: promises(contract(&one, &bench), clauses().count()),
        two_handles: promises(contract_two(&one, &two, &bench), clauses_two().count()),
        two_processes: promises(contract_two(&one, &apart, &bench), clauses_two().count()),
        // 4 TRY
        names: Names::of(&here).map_err(system)?,
        stamps: Stamps::of(&here).map_err(system)?,
        notices: Notices::of(&here, &apart).map_err(system)?,
    })
}
