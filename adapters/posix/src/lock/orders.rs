//! Orders to give a lock back: who is to lose it, by whose word, why, and since when.
//!
//! ```text
//! <lock>.broken/build/<breaker>    an order that <breaker> is writing
//! <lock>.broken/<id>               the order to <id>, whole: it is to end, and to give the lock back
//! ```
//!
//! [`cutting`](super::cutting) has orders of the same form in `<lock>.cut`.
//!
//! An order is a file of three lines, `by`, `at` and `why`; `at` is in seconds since 1970.
//!
//! Publish:
//!
//! 1. BUILD: make the two directories, and write the order as `build/<breaker>`.
//! 2. MOVE it to `<id>`. A later order takes the place of an earlier one.
//! 3. SWEEP: of all orders the newest [`ORDERS_MAX`] stay; in `build`, what breakers wrote that are not dead. Then remove
//!    what is empty.
//!
//! Look:
//!
//! 1. TRUST: the order, and the directories that it stands in, belong to this user, to root, or to the owner of the
//!    directory that holds the lock. Others may not take the lock away, so their word ends nobody.
//! 2. READ what is a file of bounded length. What is none is no order.
//!
//! *Why an order is met whole or not at all.* Nobody reads below `build`, and MOVE brings in a file that was written and
//! closed, in one step ([`Fs::rename`]). After a power cut it may be empty: an order all the same, by somebody.
//!
//! *Why it hits nobody else.* It is named by an id, and an id is never used twice. So an order that is late, or was swept
//! and written again, is for the same hold or for none. A handle that [keeps](super::PathLock::keeping) its ids uses none for which an
//! order stands, and one that comes late is for its next hold.
//!
//! *Why a build that is under way is not swept.* It bears the id of its breaker, who is not dead. Where it is gone, MOVE
//! says so.
//!
//! *What it leaves to the caller.* To wake the owner, who does not watch this directory, and to take the lock away from
//! one who does not listen: [`PathLock::break_hold`](super::PathLock::break_hold). At most [`ORDERS_MAX`] orders stay for good, for those who
//! ask later what became of a lock.
//!
//! *Source.* Our own.

use std::time::{Duration, SystemTime};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{Fs, FsError, silly},
    id::Id,
    path::{Name, Path},
    probe::{Liveness, Probe},
};

use super::any::Place;
use crate::{fs::PosixFs, probe::ProcProbe};

/// How many orders stay beside a lock.
pub const ORDERS_MAX: usize = 32;

/// The longest name of somebody who orders, and the longest reason, in bytes. What is longer is cut.
pub const TEXT_BYTES_MAX: usize = 1000;

const ROOT: u32 = 0;

/// The word of an operator that somebody is to give a lock back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    by: String,
    why: String,
    at: Timestamp,
}

impl Order {
    /// An order by `by`, as people call themselves, given now. Control characters become spaces, and what is longer than
    /// [`TEXT_BYTES_MAX`] is cut.
    #[must_use]
    pub fn new(by: &str, why: &str) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { by: cleaned(by), why: cleaned(why), at: Timestamp::new(Duration::from_secs(now.as_secs())) }
    }

    /// Who gave it; empty where that was lost.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// For which reason; empty where that was lost.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// When, by the clock of whoever gave it, in whole seconds.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    fn text(&self) -> String {
        format!("by {}\nat {}\nwhy {}\n", self.by, self.at.since_epoch().as_secs(), self.why)
    }

    /// Whatever stands there is an order; what it lacks is empty.
    fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let field = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).unwrap_or("");
        let seconds = field("at").parse().unwrap_or(0);
        Self { by: cleaned(field("by")), why: cleaned(field("why")), at: Timestamp::new(Duration::from_secs(seconds)) }
    }
}

fn cleaned(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

/// The orders beside a lock.
#[derive(Debug)]
pub(super) struct Orders<'a> {
    fs: &'a PosixFs,
    probe: ProcProbe,
    lock: Path,
    path: Path,
}

impl<'a> Orders<'a> {
    pub(super) fn new(place: &'a Place) -> Result<Self, FsError> {
        Self::in_dir(place, "broken")
    }

    /// The same in `<lock>.cut`: an order there is to make way, and not to end.
    pub(super) fn to_make_way(place: &'a Place) -> Result<Self, FsError> {
        Self::in_dir(place, "cut")
    }

    fn in_dir(place: &'a Place, suffix: &str) -> Result<Self, FsError> {
        let name: Name = format!("{}.{suffix}", place.name).parse().map_err(|_| FsError::NameTooLong)?;
        Ok(Self { fs: &place.fs, probe: place.probe.clone(), lock: place.path(), path: name.into() })
    }

    /// Takes an order back, if it stands.
    pub(super) fn withdraw(&self, id: &Id) -> Result<(), FsError> {
        self.fs.discard_file(&self.path.join(id.name()))?;
        Ok(self.fs.discard_dir(&self.path)?)
    }

    /// Orders `id` to give the lock back, by the word of `breaker`.
    pub(super) fn publish(&self, id: &Id, order: &Order, breaker: &Id) -> Result<(), FsError> {
        let fs = self.readable_by_owner()?;
        fs.ensure_dir(&self.path)?; // 1 BUILD
        fs.ensure_dir(&self.build())?;
        let built = self.build().join(breaker.name());
        let moved = fs
            .create_file(&built, order.text().as_bytes())
            .and_then(|()| fs.rename(&built, &self.path.join(id.name()))); // 2 MOVE
        if moved.is_err() {
            fs.discard_file(&built)?;
        }
        // What could not be swept is there for the next one.
        let _ = self.sweep(); // 3 SWEEP
        moved
    }

    /// Whether anything stands there that may be an order to `id`.
    pub(super) fn stands_for(&self, id: &Id) -> Result<bool, FsError> {
        self.fs.exists(&self.path.join(id.name()))
    }

    /// The order to `id`, if one stands.
    pub(super) fn to(&self, id: &Id) -> Result<Option<Order>, FsError> {
        let at = self.path.join(id.name());
        if !self.is_trusted(&at)? {
            return Ok(None);
        }
        match self.fs.read(&at) {
            Ok(text) => Ok(Some(Order::read(&text))), // 2 READ
            Err(error) => no_order(error).map(|()| None),
        }
    }

    /// 1 TRUST
    fn is_trusted(&self, at: &Path) -> Result<bool, FsError> {
        let mut trusted = vec![ROOT, rustix::process::geteuid().as_raw()];
        for path in [at, &self.path] {
            let user = match self.fs.user_of(path) {
                Ok(user) => user,
                Err(error) => return no_order(error).map(|()| false),
            };
            if !trusted.contains(&user) {
                trusted.push(self.fs.user_of(&Path::root())?);
            }
            if !trusted.contains(&user) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whose lock it is has to be able to read what is written about it.
    fn readable_by_owner(&self) -> Result<PosixFs, FsError> {
        let fs = self.fs.clone();
        match self.fs.user_of(&self.lock) {
            Ok(user) if user == rustix::process::geteuid().as_raw() => Ok(fs),
            Ok(_) => Ok(fs.by_umask()),
            Err(FsError::NotFound) => Ok(fs),
            Err(error) => Err(error),
        }
    }

    fn sweep(&self) -> Result<(), FsError> {
        for breaker in self.fs.list(&self.build())? {
            if self.probe.liveness(&breaker.clone().into())? == Liveness::Dead {
                self.fs.discard_file(&self.build().join(&breaker))?;
            }
        }
        self.fs.discard_dir(&self.build())?;
        let (mut orders, mut names) = (Vec::new(), self.fs.list(&self.path)?);
        // What a mount of NFS keeps of an order that another took the place of, or that was swept.
        silly::discard(&self.fs, &self.path, &names)?;
        names.retain(|name| *name != word_build() && !silly::is_silly(name));
        for name in names {
            let at = self.path.join(&name);
            orders.push((self.fs.modified(&at)?, at));
        }
        orders.sort();
        let too_many = orders.len().saturating_sub(ORDERS_MAX);
        for (_, order) in &orders[..too_many] {
            self.fs.discard_file(order)?;
        }
        Ok(self.fs.discard_dir(&self.path)?)
    }

    fn build(&self) -> Path {
        self.path.join(&word_build())
    }
}

fn word_build() -> Name {
    super::any::word("build")
}

/// What stands there instead of an order, or whatever keeps this user from seeing one, is no failure of the lock.
fn no_order(error: FsError) -> Result<(), FsError> {
    match error {
        FsError::NotFound
        | FsError::NotADirectory
        | FsError::IsADirectory
        | FsError::SymbolicLink
        | FsError::SpecialFile
        | FsError::PermissionDenied
        | FsError::TooLarge => Ok(()),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let order = Order::new("ann@node7, pid 4312", "why so\nlong?\u{7}");
        assert_eq!((order.by(), order.why()), ("ann@node7, pid 4312", "why so long?"));
        assert!(order.at().since_epoch() > Duration::from_secs(1_700_000_000));
        assert_eq!(Order::read(order.text().as_bytes()), order);
    }

    #[test]
    fn whatever_is_read_is_one_line_of_bounded_length() {
        for text in [
            &b""[..],
            b"by",
            b"at never\nwhy \xff\x1b[2J\r",
            &b"w".repeat(70_000),
            &[b"why ", &[b'x'; 9000][..]].concat(),
        ] {
            let order = Order::read(text);
            for text in [order.by(), order.why()] {
                assert!(text.len() <= TEXT_BYTES_MAX && !text.contains(char::is_control), "{text:?}");
            }
            assert_eq!(order.at(), Timestamp::new(Duration::ZERO));
        }
        let long = Order::new(&"\u{e9}".repeat(TEXT_BYTES_MAX), "");
        assert_eq!(long.by().len(), TEXT_BYTES_MAX);
        assert_eq!(Order::read(long.text().as_bytes()), long);
    }
}
