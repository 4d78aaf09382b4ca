//! The id of a process: which one, on which boot of which kernel, and what follows for its liveness.
//!
//! ```text
//! 4312:889123:5b0c0f9e2d6b4a71a5b4fd0d7c3e8a19:4026531836:node7:1             a process
//! 4312:889123:5b0c0f9e2d6b4a71a5b4fd0d7c3e8a19:4026531836:node7:1:4313:889130  and the group of the command it runs
//! pid  start  boot id                          namespaces host  serial leader, its start
//! ```
//!
//! Nothing here asks an operating system. [`ProcessId::verdict`] is what follows from what a [`ProcessTable`] can see:
//!
//! | boot id | namespaces | sighting | verdict |
//! |---|---|---|---|
//! | the same | the same | absent, ended, or another start | dead |
//! | the same | the same | running | alive |
//! | the same | the same | hidden | unknown |
//! | the same | another | not looked for | unknown |
//! | another, file system local | any | not looked for | dead: that boot is over |
//! | another, file system shared | any | not looked for | unknown |
//! | unknown, file system local | the same | looked for | as above: it is this kernel, now or on an earlier boot |
//! | unknown, otherwise | | not looked for | unknown |
//!
//! An owner that names a group is dead once the process **and** the whole group are. The host name is for people and
//! decides nothing: two hosts may have the same, and a host may change its own.
//!
//! ```
//! # use lockwright_kernel::ids::process::ProcessId;
//! let text = "4312:889123:5b0c0f9e2d6b4a71a5b4fd0d7c3e8a19:4026531836:node7:1";
//! let id: ProcessId = text.parse()?;
//! assert_eq!((id.pid, id.host.as_str()), (4312, "node7"));
//! assert_eq!(id.to_string(), text);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::{
    boxed::Box,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use crate::{id::Id, probe::Liveness};

/// The identity of one contender that is a process, or a handle in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId {
    /// Its number in its pid namespace, from 1 to [`PID_MAX`].
    pub pid: u32,
    /// When it started, in clock ticks after boot (field 22 of `/proc/PID/stat`). Tells it from an earlier process with
    /// the same number.
    pub start: u64,
    /// The boot it started on.
    pub boot: Boot,
    /// The namespaces in which the number and the start mean something.
    pub namespace: Namespace,
    /// The name of its host, for people.
    pub host: Host,
    /// Tells the handles of one process apart: each has another one.
    pub serial: u32,
    /// The process group of the command it supervises, if it does.
    pub group: Option<Group>,
}

/// The largest process number that an id can carry. Linux itself stops at 2^22.
pub const PID_MAX: u32 = i32::MAX.unsigned_abs();

/// A process group: the number of its leader, and when that leader started, in clock ticks after boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The process that the group is named after, from 2 to [`PID_MAX`].
    pub leader: u32,
    /// When it started.
    pub start: u64,
}

/// The id that a kernel chose at random when it booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boot(pub u128);

impl Boot {
    /// Written where the real one cannot be read, as in a container that shows its processes a made-up one.
    pub const UNKNOWN: Self = Self(0);
}

/// The namespaces that give a process number and a start their meaning, by inode number.
///
/// Written as the pid namespace, followed by `+` and the time namespace where that is not the initial one; start ticks
/// are shifted inside a time namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    /// The pid namespace.
    pub pid: u64,
    /// The time namespace, unless it is the initial one.
    pub time: Option<u64>,
}

/// A host's name with everything but ASCII letters, digits, `.`, `-` and `_` made `_`; never empty, at most
/// [`Host::BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Box<str>);

impl Host {
    /// The longest host name that Linux has, in bytes. Longer ones are cut.
    pub const BYTES_MAX: usize = 64;

    /// The part of `name` that an id can carry.
    #[must_use]
    pub fn cleaned(name: &str) -> Self {
        let clean = |c| if Self::allows(c) { c } else { '_' };
        let text: String = name.chars().take(Self::BYTES_MAX).map(clean).collect();
        if text.is_empty() {
            return Self("_".into());
        }
        Self(text.into())
    }

    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn allows(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
    }
}

/// What can be seen of a process number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sighting {
    /// No process has this number.
    Absent,
    /// A process has it.
    Present {
        /// When that process started, in clock ticks after boot.
        start: u64,
        /// True when it is a zombie without a living thread: it will not make another call.
        ended: bool,
    },
    /// A process may have it, and more cannot be seen.
    Hidden,
}

/// What can be seen of a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupSighting {
    /// No process is in such a group.
    Absent,
    /// Processes are in a group of that number.
    Present {
        /// When the process that now has the leader's number started, if there is one. While a group has a member its
        /// number is given to no other process, so another start than the recorded one means another group.
        leader_start: Option<u64>,
        /// True when no member is left but zombies.
        ended: bool,
    },
    /// There may be members, and more cannot be seen.
    Hidden,
}

/// Looks at the processes of the namespaces that the caller is in.
pub trait ProcessTable {
    /// What has the number `pid`.
    fn process(&self, pid: u32) -> Sighting;

    /// What is in the process group `leader`.
    fn group(&self, leader: u32) -> GroupSighting;
}

/// Where the caller looks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Here {
    /// The caller's boot.
    pub boot: Boot,
    /// The caller's namespaces, in which its [`ProcessTable`] looks.
    pub namespace: Namespace,
    /// True when the file system that the lock is on can be written to by this kernel only, so that whoever wrote there
    /// on another boot did so before this one.
    pub local: bool,
}

impl ProcessId {
    /// Says whether this process, and the group it names, can still act; see the table above.
    #[must_use]
    pub fn verdict(&self, here: &Here, table: &impl ProcessTable) -> Liveness {
        if self.ran_on_an_earlier_boot(here) {
            return Liveness::Dead;
        }
        if !self.is_visible(here) {
            return Liveness::Unknown;
        }
        match (self.process_verdict(table), self.group) {
            (verdict @ Liveness::Alive, _) | (verdict, None) => verdict,
            (verdict, Some(group)) => match (verdict, group.verdict(table)) {
                (_, Liveness::Alive) => Liveness::Alive,
                (Liveness::Dead, Liveness::Dead) => Liveness::Dead,
                _ => Liveness::Unknown,
            },
        }
    }

    /// True when the number and the start mean to a caller `here` what they meant to the one who wrote them.
    #[must_use]
    pub fn is_visible(&self, here: &Here) -> bool {
        let unknown_boot = self.boot == Boot::UNKNOWN || here.boot == Boot::UNKNOWN;
        let same_kernel = if unknown_boot {
            // Then an equal namespace number is the same namespace or one whose processes have all ended.
            here.local
        } else {
            self.boot == here.boot
        };
        same_kernel && self.namespace == here.namespace
    }

    fn ran_on_an_earlier_boot(&self, here: &Here) -> bool {
        let known = self.boot != Boot::UNKNOWN && here.boot != Boot::UNKNOWN;
        here.local && known && self.boot != here.boot
    }

    fn process_verdict(&self, table: &impl ProcessTable) -> Liveness {
        match table.process(self.pid) {
            Sighting::Absent => Liveness::Dead,
            Sighting::Present { start, ended } if ended || start != self.start => Liveness::Dead,
            Sighting::Present { .. } => Liveness::Alive,
            Sighting::Hidden => Liveness::Unknown,
        }
    }
}

impl Group {
    fn verdict(self, table: &impl ProcessTable) -> Liveness {
        match table.group(self.leader) {
            GroupSighting::Absent | GroupSighting::Present { ended: true, .. } => Liveness::Dead,
            GroupSighting::Present { leader_start, .. } => match leader_start {
                Some(start) if start != self.start => Liveness::Dead,
                _ => Liveness::Alive,
            },
            GroupSighting::Hidden => Liveness::Unknown,
        }
    }
}

/// Why a text is no [`ProcessId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProcessIdError {
    /// It does not have the six fields of a process, or the eight of a process with a group.
    #[error("the id of a process has 6 or 8 fields parted by `:`")]
    Fields,
    /// A field that is a number is none, is out of its range, or is not written the shortest way.
    #[error("the field `{0}` is not a number that stands there")]
    Number(&'static str),
    /// The boot id is not 32 hexadecimal digits in lower case.
    #[error("the boot id is not 32 hexadecimal digits")]
    Boot,
    /// The host is empty, too long, or holds a character that [`Host`] does not.
    #[error("the host name holds a character that an id cannot hold")]
    Host,
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pid, start, Boot(boot)) = (self.pid, self.start, self.boot);
        write!(f, "{pid}:{start}:{boot:032x}:{}", self.namespace)?;
        write!(f, ":{}:{}", self.host.as_str(), self.serial)?;
        match self.group {
            Some(Group { leader, start }) => write!(f, ":{leader}:{start}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)?;
        match self.time {
            Some(time) => write!(f, "+{time}"),
            None => Ok(()),
        }
    }
}

/// Reads exactly what `Display` writes, so that one process has one name on disk.
impl FromStr for ProcessId {
    type Err = ProcessIdError;

    fn from_str(text: &str) -> Result<Self, ProcessIdError> {
        let mut fields = text.split(':');
        let mut next = || fields.next().ok_or(ProcessIdError::Fields);
        let id = Self {
            pid: pid(next()?, 1).ok_or(ProcessIdError::Number("pid"))?,
            start: number(next()?).ok_or(ProcessIdError::Number("start"))?,
            boot: boot(next()?).ok_or(ProcessIdError::Boot)?,
            namespace: namespace(next()?).ok_or(ProcessIdError::Number("namespace"))?,
            host: host(next()?).ok_or(ProcessIdError::Host)?,
            serial: number(next()?).ok_or(ProcessIdError::Number("serial"))?,
            group: None,
        };
        let group = match (fields.next(), fields.next(), fields.next()) {
            (None, _, _) => None,
            (Some(leader), Some(start), None) => Some(Group {
                leader: pid(leader, 2).ok_or(ProcessIdError::Number("leader"))?,
                start: number(start).ok_or(ProcessIdError::Number("leader's start"))?,
            }),
            _ => return Err(ProcessIdError::Fields),
        };
        Ok(Self { group, ..id })
    }
}

impl From<&ProcessId> for Id {
    fn from(id: &ProcessId) -> Self {
        // Digits, `:`, `+` and a clean host, together shorter than 200 bytes.
        match id.to_string().parse() {
            Ok(id) => id,
            Err(error) => unreachable!("the text of a process id is a name: {error}"),
        }
    }
}

impl TryFrom<&Id> for ProcessId {
    type Error = ProcessIdError;

    fn try_from(id: &Id) -> Result<Self, ProcessIdError> {
        id.name().as_str().parse()
    }
}

/// A number written the shortest way.
pub(super) fn number<N: FromStr + ToString>(text: &str) -> Option<N> {
    let number: N = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A process number. Smaller ones than `least` mean something else to the system calls that take one.
pub(super) fn pid(text: &str, least: u32) -> Option<u32> {
    number(text).filter(|pid| (least..=PID_MAX).contains(pid))
}

fn boot(text: &str) -> Option<Boot> {
    let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let boot = u128::from_str_radix(text, 16).ok().map(Boot);
    boot.filter(|_| digits && text.len() == 32)
}

fn namespace(text: &str) -> Option<Namespace> {
    let (pid, time) = match text.split_once('+') {
        Some((pid, time)) => (pid, Some(number(time)?)),
        None => (text, None),
    };
    let pid = number(pid)?;
    Some(Namespace { pid, time })
}

fn host(text: &str) -> Option<Host> {
    let host = Host::cleaned(text);
    (host.as_str() == text).then_some(host)
}

#[cfg(test)]
mod tests;
