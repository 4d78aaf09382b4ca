//! Clauses on moving entries.

use super::{Breach, Clause, clause, room::Room};
use crate::fs::{
    Fs,
    FsError::{IntoItself, IsADirectory, NotADirectory, NotEmpty, NotFound},
};

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [
        clause("rename moves a file with its contents", file),
        clause("rename moves a directory with all that it holds", dir),
        clause("rename of what was moved already is NotFound", moved),
        clause("rename of a missing name is NotFound, whatever the target", missing),
        clause("rename replaces a file by a file", file_over_file),
        clause("rename replaces an empty directory by a directory", over_empty),
        clause("rename onto a full directory is NotEmpty and moves nothing", over_full),
        clause("rename of a directory onto a file is NotADirectory", dir_over_file),
        clause("rename of a file onto a directory is IsADirectory", file_over_dir),
        clause("rename of a directory below itself is IntoItself", into_itself),
        clause("rename of a directory onto its parent is NotEmpty", over_parent),
        clause("rename onto itself changes nothing", onto_itself),
    ]
    .into_iter()
}

fn file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"moved").done()?;
    room.create_dir("d").done()?;
    room.rename("f", "g").done()?;
    room.list("").names(&["d", "g"])?;
    room.read("g").contents(b"moved")?;
    room.rename("g", "d/h").done()?;
    room.list("").names(&["d"])?;
    room.list("d").names(&["h"])?;
    room.read("d/h").contents(b"moved")?;
    room.remove_file("d/h").done()?;
    room.remove_dir("d").done()
}

fn dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_dir("a/b").done()?;
    room.create_file("a/b/f", b"deep").done()?;
    room.create_dir("c").done()?;
    room.rename("a", "d").done()?;
    room.list("").names(&["c", "d"])?;
    room.read("d/b/f").contents(b"deep")?;
    room.rename("d/b", "c/e").done()?;
    room.list("d").names(&[])?;
    room.list("c").names(&["e"])?;
    room.read("c/e/f").contents(b"deep")?;
    room.remove_file("c/e/f").done()?;
    room.remove_dir("c/e").done()?;
    room.remove_dir("c").done()?;
    room.remove_dir("d").done()
}

fn moved<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.rename("a", "b").done()?;
    room.rename("a", "c").fails(NotFound)?;
    room.rename("a", "b").fails(NotFound)?;
    room.list("").names(&["b"])?;
    room.remove_dir("b").done()
}

fn missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_file("d/f", b"kept").done()?;
    room.rename("x", "y").fails(NotFound)?;
    room.rename("x", "x").fails(NotFound)?;
    room.rename("x", "d").fails(NotFound)?;
    room.rename("x", "d/f").fails(NotFound)?;
    room.list("").names(&["d"])?;
    room.read("d/f").contents(b"kept")?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn file_over_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"new").done()?;
    room.create_file("g", b"old, and longer").done()?;
    room.rename("f", "g").done()?;
    room.list("").names(&["g"])?;
    room.read("g").contents(b"new")?;
    room.remove_file("g").done()
}

fn over_empty<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_file("a/f", b"kept").done()?;
    room.create_dir("b").done()?;
    room.rename("a", "b").done()?;
    room.list("").names(&["b"])?;
    room.read("b/f").contents(b"kept")?;
    room.remove_file("b/f").done()?;
    room.create_dir("c").done()?;
    room.rename("b", "c").done()?;
    room.list("").names(&["c"])?;
    room.list("c").names(&[])?;
    room.remove_dir("c").done()
}

fn over_full<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_dir("b").done()?;
    room.create_file("b/g", b"held").done()?;
    room.rename("a", "b").fails(NotEmpty)?;
    room.list("").names(&["a", "b"])?;
    room.create_file("a/f", b"kept").done()?;
    room.rename("a", "b").fails(NotEmpty)?;
    room.list("").names(&["a", "b"])?;
    room.read("a/f").contents(b"kept")?;
    room.read("b/g").contents(b"held")?;
    room.remove_file("b/g").done()?;
    room.create_dir("b/e").done()?;
    room.rename("a", "b").fails(NotEmpty)?;
    room.list("b").names(&["e"])?;
    room.remove_dir("b/e").done()?;
    room.remove_dir("b").done()?;
    room.remove_file("a/f").done()?;
    room.remove_dir("a").done()
}

fn dir_over_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_file("f", b"kept").done()?;
    room.rename("d", "f").fails(NotADirectory)?;
    room.list("").names(&["d", "f"])?;
    room.read("f").contents(b"kept")?;
    room.remove_file("f").done()?;
    room.remove_dir("d").done()
}

fn file_over_dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"kept").done()?;
    room.create_dir("d").done()?;
    room.rename("f", "d").fails(IsADirectory)?;
    room.create_file("d/g", b"").done()?;
    room.rename("f", "d").fails_by_one_of(&[IsADirectory, NotEmpty])?;
    room.list("d").names(&["g"])?;
    room.read("f").contents(b"kept")?;
    room.remove_file("d/g").done()?;
    room.remove_dir("d").done()?;
    room.remove_file("f").done()
}

fn into_itself<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_dir("a/b").done()?;
    room.rename("a", "a/x").fails(IntoItself)?;
    room.rename("a", "a/b").fails(IntoItself)?;
    room.rename("a", "a/b/x").fails(IntoItself)?;
    room.list("a").names(&["b"])?;
    room.list("a/b").names(&[])?;
    room.remove_dir("a/b").done()?;
    room.remove_dir("a").done()
}

fn over_parent<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_dir("a/b").done()?;
    room.rename("a/b", "a").fails(NotEmpty)?;
    room.list("").names(&["a"])?;
    room.list("a").names(&["b"])?;
    room.remove_dir("a/b").done()?;
    room.remove_dir("a").done()
}

fn onto_itself<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.rename("d", "d").done()?;
    room.create_file("d/f", b"kept").done()?;
    room.rename("d", "d").done()?;
    room.rename("d/f", "d/f").done()?;
    room.list("").names(&["d"])?;
    room.read("d/f").contents(b"kept")?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}
