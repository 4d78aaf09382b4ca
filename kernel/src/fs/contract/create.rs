//! Clauses on making entries, and on the names they may have.

use alloc::vec::Vec;

use super::{Breach, Clause, clause, room::Room};
use crate::{
    fs::{
        Fs,
        FsError::{AlreadyExists, NameTooLong},
        call::{Call, Value},
    },
    path::Name,
};

pub(super) fn clauses<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    [
        clause("the suite gets an empty directory", empty),
        clause("create_dir makes an empty directory", dir),
        clause("create_dir of a taken name is AlreadyExists", dir_taken),
        clause("create_file makes a file with these contents", file),
        clause("create_file of a taken name is AlreadyExists", file_taken),
        clause("create_file that is refused leaves the file as it was", intact),
        clause("a removed name can be made anew, as either kind", anew),
        clause("a name comes back as it was given", odd_names),
        clause("names that differ in case only are two names", case),
        clause("a name of 255 bytes is taken, or is NameTooLong", long),
    ]
    .into_iter()
}

fn empty<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.list("").names(&[])
}

fn dir<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.list("").names(&["d"])?;
    room.list("d").names(&[])?;
    room.create_dir("d/e").done()?;
    room.list("d").names(&["e"])?;
    room.remove_dir("d/e").done()?;
    room.remove_dir("d").done()
}

fn dir_taken<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_dir("d").done()?;
    room.create_dir("d").fails(AlreadyExists)?;
    room.create_file("d/f", b"").done()?;
    room.create_dir("d").fails(AlreadyExists)?;
    room.create_dir("d/f").fails(AlreadyExists)?;
    room.list("d").names(&["f"])?;
    room.remove_file("d/f").done()?;
    room.remove_dir("d").done()
}

fn file<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(4_096).collect();
    for contents in [b"".as_slice(), b"42\n", &every_byte] {
        room.create_file("f", contents).done()?;
        room.list("").names(&["f"])?;
        room.read("f").contents(contents)?;
        room.remove_file("f").done()?;
    }
    Ok(())
}

fn file_taken<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"").done()?;
    room.create_file("f", b"").fails(AlreadyExists)?;
    room.remove_file("f").done()?;
    room.create_dir("d").done()?;
    room.create_file("d", b"").fails(AlreadyExists)?;
    room.list("d").names(&[])?;
    room.remove_dir("d").done()
}

fn intact<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("f", b"first").done()?;
    room.create_file("f", b"second, and longer").fails(AlreadyExists)?;
    room.read("f").contents(b"first")?;
    room.create_file("f", b"").fails(AlreadyExists)?;
    room.read("f").contents(b"first")?;
    room.remove_file("f").done()
}

fn anew<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("x", b"old").done()?;
    room.remove_file("x").done()?;
    room.create_file("x", b"").done()?;
    room.read("x").contents(b"")?;
    room.remove_file("x").done()?;
    room.create_dir("x").done()?;
    room.list("x").names(&[])?;
    room.remove_dir("x").done()?;
    room.create_file("x", b"new").done()?;
    room.read("x").contents(b"new")?;
    room.remove_file("x").done()
}

fn odd_names<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    const ODD: [&str; 12] =
        [" ", "\n", "-rf", "...", ".hidden", "\\", "a:b", "a b", "\"", "*", "caf\u{e9}", "cafe\u{301}"];
    let names = ODD.iter().filter_map(|name| name.parse::<Name>().ok());
    for name in names {
        let path = room.at("").join(&name);
        room.make(Call::CreateFile(path.clone(), Vec::new())).done()?;
        room.list("").answers(&Ok(Value::Names(Vec::from([name]))))?;
        room.make(Call::RemoveFile(path)).done()?;
    }
    Ok(())
}

fn case<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    room.create_file("a", b"small").done()?;
    room.create_file("A", b"capital").done()?;
    room.list("").names(&["A", "a"])?;
    room.read("a").contents(b"small")?;
    room.remove_file("a").done()?;
    room.read("A").contents(b"capital")?;
    room.remove_file("A").done()
}

fn long<F: Fs>(room: &Room<F>) -> Result<(), Breach> {
    let text: alloc::string::String = ('a'..='z').cycle().take(Name::BYTES_MAX).collect();
    let Ok(name) = text.parse::<Name>() else {
        return Ok(());
    };
    let path = room.at("").join(&name);
    if room.make(Call::CreateDir(path.clone())).done_or_fails(NameTooLong)? {
        room.list("").answers(&Ok(Value::Names(Vec::from([name]))))?;
        room.make(Call::RemoveDir(path)).done()?;
    }
    Ok(())
}
