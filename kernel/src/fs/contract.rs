//! The contract suite: holds a file system to what the docs of [`Fs`] promise to one caller at a time.
//!
//! Each promise is a *clause* with a name in words. [`contract`] runs them in order, [`clauses`] tells their names.
//! What only shows while two callers are at work at once (that a rename is one step, what a listing may miss) is for the
//! tests of an adapter; [`contract_two`] goes as far as turns can: what one handle did, the other sees at once.
//!
//! ```
//! use lockwright_kernel::{fs::{Fs, MemFs, contract::{clauses, contract}}, path::Path};
//!
//! let fs = MemFs::new();
//! let dir: Path = "room".parse()?;
//! fs.create_dir(&dir)?;
//! contract(&fs, &dir)?;
//! assert!(clauses().count() > 50);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;

use super::{Fs, MemFs, call::Answer};
use crate::path::Path;

mod create;
mod less;
mod look;
mod remove;
mod rename;
mod room;
#[cfg(test)]
mod tests;
mod two;
mod way;

use room::Room;

/// A promise that was not kept, and how that showed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken promise: {promise}\n  call:     {call}\n  expected: {expected}\n  got:      {got}")]
pub struct Breach {
    /// The name of the clause.
    pub promise: &'static str,
    /// The call that showed it, as strace writes it. Its paths begin with the directory that the suite was given.
    pub call: String,
    /// The answer that was due, or what was due of it.
    pub expected: String,
    /// What the file system answered.
    pub got: String,
}

/// Holds `fs` to its promises, in `dir`, which is there and empty; afterwards it is so again.
///
/// Takes some thousand calls. Two clauses wait for the file system's clock to move, for a bounded number of calls;
/// where it does not move in that time, they leave open whether a stamp is ever renewed.
///
/// # Errors
///
/// The first [`Breach`]. What its clause had made so far stays in `dir`, for a look at it.
pub fn contract(fs: &impl Fs, dir: &Path) -> Result<(), Breach> {
    for clause in all() {
        let room = Room::new(fs, dir.clone(), clause.promise);
        (clause.check)(&room)?;
        room.list("").names(&[])?;
    }
    Ok(())
}

/// Holds two handles on the same directory `dir`, which is there and empty, to one view of it: each sees what the other
/// did as soon as that call has returned. Afterwards the directory is empty again.
///
/// For two mounts of a network file system, two processes, or two adapters opened on the same place.
///
/// # Errors
///
/// The first [`Breach`]. What its clause had made so far stays in `dir`.
pub fn contract_two(a: &impl Fs, b: &impl Fs, dir: &Path) -> Result<(), Breach> {
    for clause in two::clauses() {
        let rooms = (Room::new(a, dir.clone(), clause.promise), Room::new(b, dir.clone(), clause.promise));
        (clause.check)(&rooms)?;
        rooms.0.list("").names(&[])?;
        rooms.1.list("").names(&[])?;
    }
    Ok(())
}

/// The names of the clauses of [`contract`], in the order in which they run.
pub fn clauses() -> impl Iterator<Item = &'static str> {
    all::<MemFs>().map(|clause| clause.promise)
}

/// The names of the clauses of [`contract_two`], in the order in which they run.
pub fn clauses_two() -> impl Iterator<Item = &'static str> {
    two::clauses::<MemFs, MemFs>().map(|clause| clause.promise)
}

/// A promise and the code that tries it, in a room that is empty before and after.
struct Clause<R> {
    promise: &'static str,
    check: fn(&R) -> Result<(), Breach>,
}

const fn clause<R>(promise: &'static str, check: fn(&R) -> Result<(), Breach>) -> Clause<R> {
    Clause { promise, check }
}

/// The plainest first: a clause leans on those before it, so that the first breach names what is wrong.
fn all<F: Fs>() -> impl Iterator<Item = Clause<Room<F>>> {
    create::clauses()
        .chain(remove::clauses())
        .chain(rename::clauses())
        .chain(look::clauses())
        .chain(way::clauses())
        .chain(less::clauses())
}

fn shown(answer: &Answer) -> String {
    match answer {
        Ok(value) => alloc::format!("{value}"),
        Err(error) => alloc::format!("{error}"),
    }
}
