//! A witness of who is inside: so many seats, on each of which one can sit, or readers together.
//!
//! A seat is a file that is locked by `flock`, which knows nothing of the lock under test and which the kernel takes back from
//! the dead.

use std::{
    fs::{self, File},
    path::Path,
};

use nix::fcntl::{Flock, FlockArg};

/// What a process exits with when there was no seat for it.
pub(crate) const OVERLAP: i32 = 3;

/// How many a witness has to sit on at most.
const SEATS_MAX: u32 = 3;

/// Somebody's seat, until this is dropped or its process ends.
pub(crate) type Seat = Flock<File>;

/// Makes the seats in `dir`.
pub(crate) fn make(dir: &Path) {
    for seat in 0..SEATS_MAX {
        fs::write(dir.join(format!("seat{seat}")), b"").expect("room");
    }
}

/// Takes one of the first `count` seats. Where none is free, too many are inside, and this process ends.
pub(crate) fn sit(dir: &Path, count: u32, how: FlockArg) -> Seat {
    let mut free = (0..count).filter_map(|seat| {
        let file = File::open(dir.join(format!("seat{seat}"))).expect("a file");
        Flock::lock(file, how).ok()
    });
    free.next().unwrap_or_else(|| std::process::exit(OVERLAP))
}
