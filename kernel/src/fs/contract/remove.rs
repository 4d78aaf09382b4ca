//! Clauses on removing entries.

use super::{Breach, Clause, clause, room::Room};
use crate::fs::{
    Fs,
    FsError::{IsADirectory, NotADirectory, NotEmpty, NotFound},
};

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [
        clause("remove_file takes that name away and no other", file),
        clause("remove_file of a missing name is NotFound", file_missing),
        clause("remove_file of a directory is IsADirectory", file_is_dir),
        clause("remove_dir takes an empty directory away", dir),
        clause("remove_dir of a missing name is NotFound", dir_missing),
        clause("remove_dir of a full directory is NotEmpty", dir_full),
        clause("remove_dir of a file is NotADirectory", dir_is_file),
    ]
    .into_iter()
}

fn file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.create_file("g", b"full").done()?;
    room.create_file("h", b"").done()?;
    room.remove_file("g").done()?;
    room.list("").names(&["f", "h"])?;
    room.remove_file("h").done()?;
    room.remove_file("f").done()
}

fn file_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.remove_file("f").fails(NotFound)?;
    room.create_file("f", b"").done()?;
    room.remove_file("f").done()?;
    room.remove_file("f").fails(NotFound)
}

fn file_is_dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.remove_file("d").fails(IsADirectory)?;
    room.create_file("d/f", b"").done()?;
    room.remove_file("d").fails(IsADirectory)?;
    room.list("d").names(&["f"])?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_dir("e").done()?;
    room.create_file("d/f", b"").done()?;
    room.remove_dir("e").done()?;
    room.list("").names(&["d"])?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn dir_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.remove_dir("d").fails(NotFound)?;
    room.create_dir("d").done()?;
    room.remove_dir("d").done()?;
    room.remove_dir("d").fails(NotFound)
}

fn dir_full<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_file("d/f", b"").done()?;
    room.remove_dir("d").fails(NotEmpty)?;
    room.list("d").names(&["f"])?;
    room.remove_file("d/f").done()?;
    room.create_dir("d/e").done()?;
    room.remove_dir("d").fails(NotEmpty)?;
    room.list("d").names(&["e"])?;
    room.remove_dir("d/e").done()?;
    room.remove_dir("d").done()
}

fn dir_is_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"kept").done()?;
    room.remove_dir("f").fails(NotADirectory)?;
    room.read("f").contents(b"kept")?;
    room.remove_file("f").done()
}
