//! Clauses on two handles: each sees what the other did as soon as that call has returned.

use super::{Breach, Clause, clause, room::Room};
use crate::fs::{
    Fs,
    FsError::{AlreadyExists, NotEmpty, NotFound},
    call::Value,
};

type Rooms<A, B> = (Room<A>, Room<B>);

pub(super) fn clauses<A: Fs, B: Fs>() -> impl Iterator<Item = Clause<Rooms<A, B>>> {
    [
        clause("both handles begin with the same empty directory", empty),
        clause("what one handle makes, the other cannot make", make),
        clause("what one handle removes is gone for the other", remove),
        clause("a file's contents are the same through both handles", contents),
        clause("what one handle moves is moved for the other", rename),
        clause("a directory filled by one handle blocks the other", blocks),
        clause("a name seen as missing is seen once the other made it", appears),
        clause("a name made anew by one handle is new to the other", anew),
        clause("a stamp set by one handle is seen by the other", stamps),
    ]
    .into_iter()
}

fn empty<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.list("").names(&[])?;
    b.list("").names(&[])
}

fn make<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_dir("d").done()?;
    b.create_dir("d").fails(AlreadyExists)?;
    b.list("").names(&["d"])?;
    b.create_file("d/f", b"").done()?;
    a.create_file("d/f", b"").fails(AlreadyExists)?;
    a.list("d").names(&["f"])?;
    a.remove_file("d/f").done()?;
    b.remove_dir("d").done()
}

fn remove<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_file("f", b"").done()?;
    b.remove_file("f").done()?;
    a.remove_file("f").fails(NotFound)?;
    a.exists("f").is(false)?;
    b.create_dir("d").done()?;
    a.remove_dir("d").done()?;
    b.remove_dir("d").fails(NotFound)?;
    b.create_file("d/f", b"").fails(NotFound)
}

fn contents<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_file("f", b"by a").done()?;
    b.read("f").contents(b"by a")?;
    b.create_file("g", b"by b").done()?;
    a.rename("g", "f").done()?;
    b.read("f").contents(b"by b")?;
    b.remove_file("f").done()
}

fn rename<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_dir("a").done()?;
    a.create_file("a/f", b"").done()?;
    b.list("a").names(&["f"])?;
    b.rename("a", "b").done()?;
    a.rename("a", "c").fails(NotFound)?;
    a.list("a").fails(NotFound)?;
    a.list("").names(&["b"])?;
    a.list("b").names(&["f"])?;
    a.remove_file("b/f").done()?;
    b.remove_dir("b").done()
}

fn blocks<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_dir("owner").done()?;
    b.create_dir("mine").done()?;
    a.create_file("owner/f", b"").done()?;
    b.remove_dir("owner").fails(NotEmpty)?;
    b.rename("mine", "owner").fails(NotEmpty)?;
    a.remove_file("owner/f").done()?;
    b.rename("mine", "owner").done()?;
    a.list("").names(&["owner"])?;
    a.remove_dir("owner").done()
}

fn appears<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.exists("f").is(false)?;
    a.list("").names(&[])?;
    b.create_file("f", b"").done()?;
    a.exists("f").is(true)?;
    a.list("").names(&["f"])?;
    a.remove_file("f").done()?;
    b.exists("f").is(false)
}

fn anew<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_dir("d").done()?;
    a.create_file("d/old", b"").done()?;
    b.list("d").names(&["old"])?;
    a.remove_file("d/old").done()?;
    a.remove_dir("d").done()?;
    a.create_dir("d").done()?;
    b.list("d").names(&[])?;
    b.create_file("d/new", b"").done()?;
    a.list("d").names(&["new"])?;
    a.remove_file("d/new").done()?;
    a.remove_dir("d").done()
}

fn stamps<A: Fs, B: Fs>((a, b): &Rooms<A, B>) -> Result<(), Breach> {
    a.create_file("f", b"").done()?;
    let made = b.modified("f").stamp()?;
    b.touch("f").done()?;
    let touched = a.modified("f").stamp_since(made)?;
    b.modified("f").answers(&Ok(Value::Stamp(touched)))?;
    a.remove_file("f").done()
}
