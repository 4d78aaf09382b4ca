//! Clauses on the provided methods: the same calls, by callers who need less of the answer.

use super::{Breach, Clause, clause, room::Room};
use crate::fs::{Fs, FsError::NotADirectory};

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [
        clause("exists tells whether something stands there", exists),
        clause("exists below a file is NotADirectory", exists_below_file),
        clause("ensure_dir makes a directory that is missing", ensure_missing),
        clause("ensure_dir is content with whatever stands there", ensure_there),
        clause("discard_file removes a file", discard_file),
        clause("discard_file keeps silent when it cannot", discard_file_not),
        clause("discard_dir removes an empty directory", discard_dir),
        clause("discard_dir keeps silent when it cannot", discard_dir_not),
        clause("put_aside moves an entry", put_aside),
        clause("put_aside keeps silent when it cannot", put_aside_not),
    ]
    .into_iter()
}

fn exists<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.exists("").is(true)?;
    room.exists("x").is(false)?;
    room.exists("x/y").is(false)?;
    room.create_file("x", b"").done()?;
    room.exists("x").is(true)?;
    room.remove_file("x").done()?;
    room.exists("x").is(false)?;
    room.create_dir("x").done()?;
    room.exists("x").is(true)?;
    room.remove_dir("x").done()
}

fn exists_below_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.exists("f/x").fails(NotADirectory)?;
    room.remove_file("f").done()
}

fn ensure_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.ensure_dir("d").done()?;
    room.list("").names(&["d"])?;
    room.list("d").names(&[])?;
    room.remove_dir("d").done()
}

fn ensure_there<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_file("d/f", b"kept").done()?;
    room.ensure_dir("d").done()?;
    room.ensure_dir("d/f").done()?;
    room.list("d").names(&["f"])?;
    room.read("d/f").contents(b"kept")?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn discard_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.discard_file("f").done()?;
    room.exists("f").is(false)
}

fn discard_file_not<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.discard_file("x").done()?;
    room.discard_file("x/y").done()?;
    room.create_dir("d").done()?;
    room.discard_file("d").done()?;
    room.exists("d").is(true)?;
    room.remove_dir("d").done()
}

fn discard_dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.discard_dir("d").done()?;
    room.exists("d").is(false)
}

fn discard_dir_not<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.discard_dir("x").done()?;
    room.discard_dir("x/y").done()?;
    room.create_dir("d").done()?;
    room.create_file("d/f", b"kept").done()?;
    room.discard_dir("d").done()?;
    room.discard_dir("d/f").done()?;
    room.read("d/f").contents(b"kept")?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn put_aside<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("a").done()?;
    room.create_file("a/f", b"kept").done()?;
    room.put_aside("a", "b").done()?;
    room.list("").names(&["b"])?;
    room.read("b/f").contents(b"kept")?;
    room.remove_file("b/f").done()?;
    room.remove_dir("b").done()
}

fn put_aside_not<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.put_aside("x", "y").done()?;
    room.list("").names(&[])?;
    room.create_dir("a").done()?;
    room.create_dir("b").done()?;
    room.create_file("b/f", b"kept").done()?;
    room.put_aside("a", "b").done()?;
    room.list("").names(&["a", "b"])?;
    room.list("b").names(&["f"])?;
    room.remove_file("b/f").done()?;
    room.remove_dir("b").done()?;
    room.remove_dir("a").done()
}
