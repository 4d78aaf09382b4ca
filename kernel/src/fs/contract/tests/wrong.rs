//! File systems that are wrong in one way each, beside the clause that has to catch them.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use super::path;
use crate::{
    clock::Timestamp,
    fs::{
        Fs, FsError, MemFs,
        call::{Answer, Call, Value},
    },
    path::{Name, Path},
};

/// The answers that a wrong file system gives in its own way; `None` where it is right.
pub(super) type Wrong = fn(&MemFs, &Call) -> Option<Answer>;

/// A wrong file system for each clause but the first, in the order of the clauses.
#[rustfmt::skip] // A row reads as one sentence: in this situation, that wrong answer.
pub(super) const WRONG: &[(&str, Wrong)] = &[
    ("create_dir makes an empty directory", |_, call| {
        matches!(call, Call::CreateDir(_)).then_some(DONE)
    }),
    ("create_dir of a taken name is AlreadyExists", |fs, call| match call {
        Call::CreateDir(at) if stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("create_file makes a file with these contents", |fs, call| match call {
        Call::CreateFile(at, all) if all.len() > 4_000 => Some(to_answer(fs.create_file(at, &all[..4_000]))),
        _ => None,
    }),
    ("create_file of a taken name is AlreadyExists", |fs, call| match call {
        Call::CreateFile(at, _) if stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("create_file that is refused leaves the file as it was", |fs, call| match call {
        Call::CreateFile(at, new) if fs.remove_file(at).is_ok() => {
            Some(to_answer(fs.create_file(at, new).and(Err(FsError::AlreadyExists))))
        }
        _ => None,
    }),
    // What a removed file held comes back with its name.
    ("a removed name can be made anew, as either kind", |fs, call| match call {
        Call::RemoveFile(at) if fs.read(at) == Ok(b"old".into()) => Some(to_answer(fs.rename(at, &path("bin")))),
        Call::CreateFile(at, _) if fs.rename(&path("bin"), at).is_ok() => Some(DONE),
        _ => None,
    }),
    ("a name comes back as it was given", |fs, call| {
        listed(fs, call, |names| names.retain(|name| !name.as_str().starts_with('.')))
    }),
    ("names that differ in case only are two names", |fs, call| match call {
        Call::CreateFile(at, _) if stands(fs, &lower_case(at)) => Some(Err(FsError::AlreadyExists)),
        _ => None,
    }),
    ("a name of 255 bytes is taken, or is NameTooLong", |_, call| match call {
        Call::CreateDir(at) if at.names().iter().any(|name| name.as_str().len() > 143) => Some(Err(FsError::Io)),
        _ => None,
    }),
    ("remove_file takes that name away and no other", |fs, call| match call {
        Call::RemoveFile(at) if *at == path("g") && fs.remove_file(&path("h")).is_ok() => None,
        _ => None,
    }),
    ("remove_file of a missing name is NotFound", |fs, call| match call {
        Call::RemoveFile(at) if !stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("remove_file of a directory is IsADirectory", |fs, call| match call {
        Call::RemoveFile(at) if fs.list(at).is_ok() => Some(to_answer(fs.remove_dir(at))),
        _ => None,
    }),
    ("remove_dir takes an empty directory away", |fs, call| match call {
        Call::RemoveDir(at) if *at == path("e") => {
            cleared(fs, &path("d"));
            Some(to_answer(fs.remove_dir(&path("d")).and(fs.remove_dir(at))))
        }
        _ => None,
    }),
    ("remove_dir of a missing name is NotFound", |fs, call| match call {
        Call::RemoveDir(at) if !stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("remove_dir of a full directory is NotEmpty", |fs, call| match call {
        Call::RemoveDir(at) => { cleared(fs, at); None }
        _ => None,
    }),
    ("remove_dir of a file is NotADirectory", |fs, call| match call {
        Call::RemoveDir(at) if fs.read(at).is_ok() => Some(to_answer(fs.remove_file(at))),
        _ => None,
    }),
    ("rename moves a file with its contents", |fs, call| match call {
        // It leaves both names.
        Call::Rename(from, to) => fs.read(from).ok().map(|all| to_answer(fs.create_file(to, &all))),
        _ => None,
    }),
    ("rename moves a directory with all that it holds", |fs, call| match call {
        Call::Rename(from, _) if fs.remove_file(&from.join(&name("b")).join(&name("f"))).is_ok() => None,
        _ => None,
    }),
    // The reply got lost, and a repeated call is taken for the first.
    ("rename of what was moved already is NotFound", |fs, call| match call {
        Call::Rename(from, to) if !stands(fs, from) && stands(fs, to) => Some(DONE),
        _ => None,
    }),
    ("rename of a missing name is NotFound, whatever the target", |fs, call| match call {
        Call::Rename(from, to) if from != to && is_full(fs, to) => Some(Err(FsError::NotEmpty)),
        _ => None,
    }),
    ("rename replaces a file by a file", |fs, call| match call {
        Call::Rename(from, to) if fs.read(from).and(fs.read(to)).is_ok() => Some(Err(FsError::AlreadyExists)),
        _ => None,
    }),
    ("rename replaces an empty directory by a directory", |fs, call| match call {
        Call::Rename(from, to) if fs.list(from).and(fs.list(to)).is_ok() => Some(Err(FsError::NotEmpty)),
        _ => None,
    }),
    ("rename onto a full directory is NotEmpty and moves nothing", |fs, call| match call {
        Call::Rename(from, to) if fs.list(from).is_ok() && !from.starts_with(to) => { cleared(fs, to); None }
        _ => None,
    }),
    ("rename of a directory onto a file is NotADirectory", |fs, call| match call {
        Call::Rename(from, to) if fs.list(from).is_ok() && fs.remove_file(to).is_ok() => None,
        _ => None,
    }),
    ("rename of a file onto a directory is IsADirectory", |fs, call| match call {
        Call::Rename(from, to) if fs.read(from).is_ok() && fs.remove_dir(to).is_ok() => None,
        _ => None,
    }),
    ("rename of a directory below itself is IntoItself", |_, call| match call {
        Call::Rename(from, to) if to.starts_with(from) && to != from => Some(DONE),
        _ => None,
    }),
    ("rename of a directory onto its parent is NotEmpty", |_, call| match call {
        Call::Rename(from, to) if from.starts_with(to) && to != from => Some(DONE),
        _ => None,
    }),
    ("rename onto itself changes nothing", |fs, call| match call {
        Call::Rename(from, to) if from == to && is_full(fs, to) => Some(Err(FsError::NotEmpty)),
        _ => None,
    }),
    ("list is sorted", |fs, call| {
        listed(fs, call, |names| names.sort_by_key(|name| name.as_str().to_lowercase()))
    }),
    ("list holds each entry, also where there are many", |fs, call| {
        listed(fs, call, |names| names.truncate(512))
    }),
    ("list holds the directory's own entries only", |fs, call| {
        let deep = stands(fs, &path("d/e/f")).then(|| name("f"));
        listed(fs, call, |names| names.extend(deep))
    }),
    ("list of a missing directory is NotFound", |fs, call| match call {
        Call::List(at) if !stands(fs, at) => Some(Ok(Value::Names(Vec::new()))),
        _ => None,
    }),
    ("list of a file is NotADirectory", |fs, call| match call {
        Call::List(at) if fs.read(at).is_ok() => Some(Ok(Value::Names(Vec::new()))),
        _ => None,
    }),
    ("read of a missing file is NotFound", |fs, call| match call {
        Call::Read(at) if !stands(fs, at) => Some(Ok(Value::Contents(Vec::new()))),
        _ => None,
    }),
    ("read of a directory is IsADirectory", |fs, call| match call {
        Call::Read(at) if fs.list(at).is_ok() => Some(Ok(Value::Contents(Vec::new()))),
        _ => None,
    }),
    ("modified of a missing name is NotFound", |fs, call| match call {
        Call::Modified(at) if !stands(fs, at) => Some(LONG_AGO),
        _ => None,
    }),
    ("modified gives the stamp of either kind", |fs, call| match call {
        // It gives the time of the last access.
        Call::Read(at) if fs.touch(at).is_ok() => None,
        _ => None,
    }),
    ("touch of a missing name is NotFound", |fs, call| match call {
        Call::Touch(at) if fs.create_file(at, b"").is_ok() => Some(DONE),
        _ => None,
    }),
    ("touch changes nothing but the stamp", |fs, call| match call {
        Call::Touch(at) if fs.remove_file(at).is_ok() => Some(to_answer(fs.create_file(at, b""))),
        _ => None,
    }),
    ("touch sets the stamp to the file system's now", |fs, call| match call {
        Call::Touch(at) if stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("entries that come or go renew their directory's stamp", |fs, call| match call {
        Call::Modified(at) if is_full(fs, at) => Some(LONG_AGO),
        _ => None,
    }),
    // As `mkdir -p`.
    ("a missing directory on the way is NotFound", |fs, call| match call {
        Call::CreateDir(at) => { let _ = fs.create_dir(&parent(at)); None }
        _ => None,
    }),
    ("a file on the way is NotADirectory", |fs, call| match call {
        Call::Touch(at) if fs.read(&parent(at)).is_ok() => Some(Err(FsError::NotFound)),
        _ => None,
    }),
    ("exists tells whether something stands there", |_, call| {
        matches!(call, Call::Exists(_)).then_some(Ok(Value::Truth(true)))
    }),
    ("exists below a file is NotADirectory", |fs, call| match call {
        Call::Exists(at) if fs.read(&parent(at)).is_ok() => Some(Ok(Value::Truth(false))),
        _ => None,
    }),
    ("ensure_dir makes a directory that is missing", |fs, call| match call {
        Call::EnsureDir(at) if fs.list(&parent(at)).is_ok() => Some(DONE),
        _ => None,
    }),
    ("ensure_dir is content with whatever stands there", |fs, call| match call {
        Call::EnsureDir(at) => Some(to_answer(fs.create_dir(at))),
        _ => None,
    }),
    ("discard_file removes a file", |fs, call| match call {
        Call::DiscardFile(at) if stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("discard_file keeps silent when it cannot", |fs, call| match call {
        Call::DiscardFile(at) if !stands(fs, at) => Some(Err(FsError::Halted)),
        _ => None,
    }),
    ("discard_dir removes an empty directory", |_, call| {
        matches!(call, Call::DiscardDir(_)).then_some(DONE)
    }),
    ("discard_dir keeps silent when it cannot", |fs, call| match call {
        Call::DiscardDir(at) => { cleared(fs, at); None }
        _ => None,
    }),
    ("put_aside moves an entry", |_, call| {
        matches!(call, Call::PutAside(..)).then_some(DONE)
    }),
    ("put_aside keeps silent when it cannot", |fs, call| match call {
        Call::PutAside(_, to) => { cleared(fs, to); None }
        _ => None,
    }),
];

/// A wrong second handle, on a file system that is right, for each clause on two.
#[rustfmt::skip]
pub(super) const WRONG_SECOND: &[(&str, Wrong)] = &[
    ("both handles begin with the same empty directory", |_, call| {
        matches!(call, Call::List(_)).then(|| Ok(Value::Names(Vec::from([name("ghost")]))))
    }),
    ("what one handle makes, the other cannot make", |fs, call| match call {
        Call::CreateDir(at) if stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("what one handle removes is gone for the other", |fs, call| match call {
        Call::RemoveFile(at) if *at == path("f") && stands(fs, at) => Some(DONE),
        _ => None,
    }),
    ("a file's contents are the same through both handles", |_, call| {
        matches!(call, Call::Read(_)).then(|| Ok(Value::Contents(Vec::new())))
    }),
    ("what one handle moves is moved for the other", |_, call| {
        matches!(call, Call::Rename(..)).then_some(DONE)
    }),
    ("a directory filled by one handle blocks the other", |fs, call| match call {
        Call::RemoveDir(at) if *at == path("owner") => { cleared(fs, at); None }
        _ => None,
    }),
    ("a name seen as missing is seen once the other made it", |_, call| {
        matches!(call, Call::Exists(_)).then_some(Ok(Value::Truth(true)))
    }),
    ("a name made anew by one handle is new to the other", |fs, call| match call {
        Call::List(at) if *at == path("d") && !is_full(fs, at) => Some(Ok(Value::Names(Vec::from([name("old")])))),
        _ => None,
    }),
    ("a stamp set by one handle is seen by the other", |_, call| {
        matches!(call, Call::Modified(_)).then_some(LONG_AGO)
    }),
];

const DONE: Answer = Ok(Value::Done);

const LONG_AGO: Answer = Ok(Value::Stamp(Timestamp::new(Duration::ZERO)));

fn to_answer(answer: Result<(), FsError>) -> Answer {
    answer.map(|()| Value::Done)
}

fn stands(fs: &MemFs, path: &Path) -> bool {
    fs.exists(path) == Ok(true)
}

fn is_full(fs: &MemFs, dir: &Path) -> bool {
    fs.list(dir).is_ok_and(|names| !names.is_empty())
}

/// Empties a directory that holds files and empty directories.
fn cleared(fs: &MemFs, dir: &Path) {
    for name in fs.list(dir).unwrap_or_default() {
        let _ = fs.discard_file(&dir.join(&name));
        let _ = fs.discard_dir(&dir.join(&name));
    }
}

/// The listing, bent; nothing for other calls.
fn listed(fs: &MemFs, call: &Call, bend: impl FnOnce(&mut Vec<Name>)) -> Option<Answer> {
    let Call::List(dir) = call else { return None };
    let listing = fs.list(dir).map(|mut names| {
        bend(&mut names);
        Value::Names(names)
    });
    Some(listing)
}

fn lower_case(at: &Path) -> Path {
    let text: String = alloc::format!("{at}").to_lowercase();
    path(&text)
}

fn parent(path: &Path) -> Path {
    path.split_last().map_or_else(Path::root, |(dir, _)| dir)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}
