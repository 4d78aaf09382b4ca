//! Clauses on the way to an entry: what every call answers when a directory on it is missing, or is none.

use alloc::vec::Vec;

use super::{Breach, Clause, clause, room::Room};
use crate::{
    fs::{
        Fs, FsError,
        FsError::{NotADirectory, NotFound},
        call::Call,
    },
    path::Path,
};

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [clause("a missing directory on the way is NotFound", missing), clause("a file on the way is NotADirectory", file)]
        .into_iter()
}

fn missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("there").done()?;
    refused(room, &room.at("gone/x"), NotFound)?;
    refused(room, &room.at("there/gone/x"), NotFound)?;
    room.list("there").names(&[])?;
    room.remove_dir("there").done()?;
    room.list("").names(&[])
}

fn file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("there").done()?;
    room.create_file("f", b"kept").done()?;
    refused(room, &room.at("f/x"), NotADirectory)?;
    refused(room, &room.at("f/gone/x"), NotADirectory)?;
    room.read("f").contents(b"kept")?;
    room.list("there").names(&[])?;
    room.remove_file("f").done()?;
    room.remove_dir("there").done()
}

/// Every call but those that answer nothing refuses `path` by `error`. The room holds a directory `there`.
fn refused<F: Fs>(room: &Room<F>, path: &Path, error: FsError) -> Result<(), Breach> {
    let (there, path) = (|| room.at("there"), || path.clone());
    let calls = [
        Call::CreateDir(path()),
        Call::CreateFile(path(), Vec::from(*b"lost")),
        Call::RemoveFile(path()),
        Call::RemoveDir(path()),
        Call::Rename(path(), there()),
        Call::Rename(there(), path()),
        Call::List(path()),
        Call::Read(path()),
        Call::Touch(path()),
        Call::Modified(path()),
        Call::EnsureDir(path()),
    ];
    for call in calls {
        room.make(call).fails(error)?;
    }
    Ok(())
}
