//! Clauses on looking: listings, contents and stamps.

use alloc::{format, vec::Vec};

use super::{Breach, Clause, clause, room::Room};
use crate::{
    clock::Timestamp,
    fs::{
        Fs,
        FsError::{IsADirectory, NotADirectory, NotFound},
        call::{Call, Value},
    },
    path::Name,
};

/// Entries enough that no system call returns them all at once.
const MANY: usize = 600;

/// After this many files without a tick of the file system's clock, a clause goes on without one.
const TICK_FILES_MAX: u32 = 3_000;

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [
        clause("list is sorted", sorted),
        clause("list holds each entry, also where there are many", many),
        clause("list holds the directory's own entries only", own),
        clause("list of a missing directory is NotFound", list_missing),
        clause("list of a file is NotADirectory", list_file),
        clause("read of a missing file is NotFound", read_missing),
        clause("read of a directory is IsADirectory", read_dir),
        clause("modified of a missing name is NotFound", modified_missing),
        clause("modified gives the stamp of either kind", modified),
        clause("touch of a missing name is NotFound", touch_missing),
        clause("touch changes nothing but the stamp", touch),
        clause("touch sets the stamp to the file system's now", touch_now),
        clause("entries that come or go renew their directory's stamp", dir_now),
    ]
    .into_iter()
}

fn sorted<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    for name in ["m", "b", "z", "B", "a", "aa", "9", "10"] {
        room.create_file(name, b"").done()?;
    }
    room.list("").names(&["10", "9", "B", "a", "aa", "b", "m", "z"])?;
    for name in ["z", "B", "a", "m", "10", "aa", "9", "b"] {
        room.remove_file(name).done()?;
    }
    Ok(())
}

fn many<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    // Names as long as real ids, so that they fill a directory's first blocks.
    let names: Vec<Name> =
        (0..MANY).filter_map(|n| format!("{n:04}-0123456789-0123456789-0123456789").parse().ok()).collect();
    let dir = room.at("");
    for name in &names {
        room.make(Call::CreateFile(dir.join(name), Vec::new())).done()?;
    }
    room.list("").answers(&Ok(Value::Names(names.clone())))?;
    for name in &names {
        room.make(Call::RemoveFile(dir.join(name))).done()?;
    }
    Ok(())
}

fn own<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_dir("d/e").done()?;
    room.create_file("d/e/f", b"").done()?;
    room.create_file("g", b"").done()?;
    room.list("").names(&["d", "g"])?;
    room.list("d").names(&["e"])?;
    room.list("d/e").names(&["f"])?;
    room.remove_file("g").done()?;
    room.remove_file("d/e/f").done()?;
    room.remove_dir("d/e").done()?;
    room.remove_dir("d").done()
}

fn list_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.list("d").fails(NotFound)?;
    room.create_dir("d").done()?;
    room.remove_dir("d").done()?;
    room.list("d").fails(NotFound)
}

fn list_file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.list("f").fails(NotADirectory)?;
    room.remove_file("f").done()
}

fn read_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.read("f").fails(NotFound)?;
    room.create_file("f", b"gone").done()?;
    room.remove_file("f").done()?;
    room.read("f").fails(NotFound)
}

fn read_dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.read("d").fails(IsADirectory)?;
    room.remove_dir("d").done()
}

fn modified_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.modified("x").fails(NotFound)?;
    room.create_file("x", b"").done()?;
    room.remove_file("x").done()?;
    room.modified("x").fails(NotFound)
}

fn modified<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.create_dir("d").done()?;
    let file = room.modified("f").stamp()?;
    room.modified("d").stamp_since(file)?;
    // Looking alone renews nothing.
    room.read("f").contents(b"")?;
    room.modified("f").answers(&Ok(Value::Stamp(file)))?;
    room.remove_file("f").done()?;
    room.remove_dir("d").done()
}

fn touch_missing<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.touch("x").fails(NotFound)?;
    room.list("").names(&[])
}

fn touch<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"kept").done()?;
    room.create_dir("d").done()?;
    room.create_dir("d/e").done()?;
    room.touch("f").done()?;
    room.touch("d").done()?;
    room.read("f").contents(b"kept")?;
    room.list("d").names(&["e"])?;
    room.remove_dir("d/e").done()?;
    room.remove_dir("d").done()?;
    room.remove_file("f").done()
}

fn touch_now<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.create_dir("d").done()?;
    room.create_file("clock", b"").done()?;
    let now = ticked(room, room.modified("d").stamp()?)?;
    room.touch("f").done()?;
    room.touch("d").done()?;
    room.modified("f").stamp_since(now)?;
    room.modified("d").stamp_since(now)?;
    room.remove_file("clock").done()?;
    room.remove_dir("d").done()?;
    room.remove_file("f").done()
}

fn dir_now<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_file("clock", b"").done()?;
    let now = ticked(room, room.modified("d").stamp()?)?;
    room.create_dir("d/e").done()?;
    let came = room.modified("d").stamp_since(now)?;
    let now = ticked(room, came)?;
    room.remove_dir("d/e").done()?;
    let went = room.modified("d").stamp_since(now)?;
    let now = ticked(room, went)?;
    room.rename("clock", "d/clock").done()?;
    room.modified("d").stamp_since(now)?;
    room.remove_file("d/clock").done()?;
    room.remove_dir("d").done()
}

/// Makes `clock` anew until its stamp is later than `past`, or for long enough; gives the last stamp.
fn ticked<F: Fs>(room: &Room<F>, past: Timestamp) -> Result<Timestamp, Breach> {
    let mut now = past;
    for _ in 0..TICK_FILES_MAX {
        room.remove_file("clock").done()?;
        room.create_file("clock", b"").done()?;
        now = room.modified("clock").stamp_since(now)?;
        if now > past {
            break;
        }
    }
    Ok(now)
}
