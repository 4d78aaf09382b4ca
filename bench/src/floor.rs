//! The floor under a lock: the system calls of taking and giving back, and nothing else.
//!
//! The calls are not written down here. They are recorded from the kernel, which runs once in memory, so the floor
//! follows the algorithm when that changes. Playing them back decides nothing and makes no path: all that is left is
//! the time that the system takes.

use std::{
    error::Error,
    ffi::{CStr, CString},
    fs::File,
    io::Read,
    num::NonZeroU32,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path,
};

use lockwright_kernel::{
    fast_lock::Leaf,
    fs::call::Call,
    id::Id,
    path::{Name, Path},
    wait_queue::{Admission, Want},
};
use nix::{
    errno::Errno,
    fcntl::{self, AtFlags, OFlag, OpenHow, ResolveFlag},
    sys::stat::{self, Mode},
    unistd::{self, UnlinkatFlags},
};
use rustix::fs::RawDir;

mod record;

pub use record::{FAIR_SEMAPHORE, QUEUE, READ, SEMAPHORE, WRITE};
use record::{Recorded, record};

/// As much of a directory as the adapter reads at once, in bytes.
const PIECE: usize = 32 * 1024;

/// How an entry below the root is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As the adapter does it: the directory that holds the entry is opened without following symbolic links, and
    /// closed after the call. With these, and with the look at `/proc/self/` that goes before a lock, it is the very same
    /// sequence that `strace` shows for [`PathLock::lock`](lockwright_posix::lock::PathLock::lock) and the guard's `unlock`,
    /// but for three `getpid`.
    Checked,
    /// By its whole path from the root's handle: the fewest calls with which the procedure can be gone through.
    WholePath,
}

/// A lock that is taken and given back.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Its name.
    pub lock: Name,
    /// How.
    pub way: Way,
    /// For whom it is taken.
    pub id: Id,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A fast lock with such a leaf.
    Fast(Leaf),
    /// The same, whose directories stay.
    Kept(Leaf),
    /// A place in line: the name of the kind on disk, its rule, and what is wanted there.
    Line(&'static str, Admission, Want),
    /// One of so many slots.
    Slots(NonZeroU32),
    /// A bid in a folder that stands.
    Bid,
}

/// The calls of one lock and unlock without contention, ready to be made.
#[derive(Debug)]
pub struct Floor {
    root: OwnedFd,
    reach: Reach,
    /// Where a handle that keeps looks for an order to its id.
    order: Option<CString>,
    /// A bid says when its process was started.
    tells_start: bool,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    what: What,
    at: Entry,
    to: Option<Entry>,
    /// There is nothing, or something in it.
    fails: bool,
}

#[derive(Debug)]
enum What {
    CreateDir,
    CreateFile(Vec<u8>),
    RemoveFile,
    RemoveDir,
    Rename,
    List,
    Status,
}

/// A path, whole and in its two parts.
#[derive(Debug)]
struct Entry {
    whole: CString,
    /// Empty where the root holds the entry.
    parent: CString,
    name: CString,
}

impl Floor {
    /// The floor of this pair below `dir`. Directories that stay are made.
    ///
    /// # Errors
    ///
    /// Those of opening `dir`, and any that the kernel meets in memory, which would be a fault of this module.
    pub fn new(dir: impl AsRef<path::Path>, pair: &Pair, reach: Reach) -> Result<Self, Box<dyn Error>> {
        let pass = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = fcntl::open(dir.as_ref(), pass, Mode::empty())?;
        let (before, calls) = record(pair)?;
        for (path, _) in before.entries() {
            std::fs::create_dir_all(dir.as_ref().join(path.to_string()))?;
        }
        let steps = calls.iter().map(step).collect::<Result<_, _>>()?;
        let order = matches!(pair.way, Way::Kept(_))
            .then(|| CString::new(format!("{}.broken/{}", pair.lock, pair.id)))
            .transpose()?;
        Ok(Self { root, reach, order, tells_start: pair.way == Way::Bid, steps })
    }

    /// Makes the calls, all of them, and leaves nothing behind that was not there.
    ///
    /// # Errors
    ///
    /// When a call failed that should not have, or went well where it should have failed.
    pub fn run(&self) -> Result<(), Box<dyn Error>> {
        if self.reach == Reach::Checked {
            std::fs::metadata("/proc/self/")?;
            if let Some(order) = &self.order {
                let looked = call(self.reach, &What::Status, (self.root.as_fd(), order), None);
                if looked != Err(Errno::ENOENT) {
                    return Err("nobody gives orders here".into());
                }
            }
            if self.tells_start {
                // By `take` it is not asked for its length before.
                File::open("/proc/self/stat")?.take(u64::MAX).read_to_end(&mut Vec::with_capacity(PIECE))?;
            }
        }
        for step in &self.steps {
            match self.make(step) {
                Err(_) if step.fails => {}
                Ok(()) if step.fails => return Err(format!("{:?} went well, and was not to", step.what).into()),
                answer => answer?,
            }
        }
        Ok(())
    }

    fn make(&self, step: &Step) -> nix::Result<()> {
        let is_one_call = matches!(step.what, What::CreateFile(_) | What::Status | What::List);
        if self.reach == Reach::WholePath || is_one_call {
            let to = step.to.as_ref().map(|to| (self.root.as_fd(), to.whole.as_c_str()));
            return call(self.reach, &step.what, (self.root.as_fd(), &step.at.whole), to);
        }
        let parent = self.parent(&step.at)?;
        let to_parent = step.to.as_ref().map(|to| self.parent(to)).transpose()?;
        let to = step.to.as_ref().zip(to_parent.as_ref());
        let to = to.map(|(to, parent)| (self.or_root(parent.as_ref()), to.name.as_c_str()));
        call(self.reach, &step.what, (self.or_root(parent.as_ref()), &step.at.name), to)
    }

    fn or_root<'a>(&'a self, parent: Option<&'a OwnedFd>) -> BorrowedFd<'a> {
        parent.unwrap_or(&self.root).as_fd()
    }

    /// Opens the directory that holds `entry`, unless that is the root.
    fn parent(&self, entry: &Entry) -> nix::Result<Option<OwnedFd>> {
        if entry.parent.is_empty() {
            return Ok(None);
        }
        let pass = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        fcntl::openat2(&self.root, entry.parent.as_c_str(), beneath(pass)).map(Some)
    }
}

/// Makes one system call.
fn call(
    reach: Reach,
    what: &What,
    at: (BorrowedFd<'_>, &CStr),
    to: Option<(BorrowedFd<'_>, &CStr)>,
) -> nix::Result<()> {
    let (dir, name) = at;
    match (what, to) {
        (What::CreateDir, _) => stat::mkdirat(dir, name, Mode::S_IRWXU),
        (What::CreateFile(contents), _) => {
            let new = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
            let (flags, mode) = (new | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::S_IRUSR | Mode::S_IWUSR);
            let file = match reach {
                Reach::Checked => fcntl::openat2(dir, name, beneath(flags).mode(mode))?,
                Reach::WholePath => fcntl::openat(dir, name, flags, mode)?,
            };
            if !contents.is_empty() {
                unistd::write(&file, contents)?;
            }
            Ok(())
        }
        (What::RemoveFile, _) => unistd::unlinkat(dir, name, UnlinkatFlags::NoRemoveDir),
        (What::RemoveDir, _) => unistd::unlinkat(dir, name, UnlinkatFlags::RemoveDir),
        (What::Rename, Some((to_dir, to))) => fcntl::renameat(dir, name, to_dir, to),
        (What::Rename, None) => Err(Errno::EINVAL),
        (What::Status, _) if reach == Reach::Checked => {
            fcntl::openat2(dir, name, beneath(OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC)).map(drop)
        }
        (What::Status, _) => stat::fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).map(drop),
        (What::List, _) => {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let mut piece = Vec::with_capacity(PIECE);
            let mut entries = RawDir::new(fcntl::openat2(dir, name, beneath(flags))?, piece.spare_capacity_mut());
            while let Some(entry) = entries.next() {
                entry.map_err(|errno| Errno::from_raw(errno.raw_os_error()))?;
            }
            Ok(())
        }
    }
}

fn beneath(flags: OFlag) -> OpenHow {
    let beneath = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    OpenHow::new().flags(flags).resolve(beneath)
}

fn step((call, effect): &Recorded) -> Result<Step, Box<dyn Error>> {
    let (what, at, to) = match call.effect() {
        Call::List(at) => (What::List, at, None),
        Call::CreateDir(at) => (What::CreateDir, at, None),
        Call::CreateFile(at, contents) => (What::CreateFile(contents), at, None),
        Call::RemoveFile(at) => (What::RemoveFile, at, None),
        Call::RemoveDir(at) => (What::RemoveDir, at, None),
        Call::Rename(at, to) => (What::Rename, at, Some(to)),
        Call::Modified(at) => (What::Status, at, None),
        _ => return Err(format!("the floor cannot play back {call}, which answered {effect:?}").into()),
    };
    let to = to.as_ref().map(entry).transpose()?;
    Ok(Step { what, at: entry(&at)?, to, fails: effect.is_err() })
}

fn entry(path: &Path) -> Result<Entry, Box<dyn Error>> {
    let (parent, name) = path.split_last().ok_or("the root has no name")?;
    let (whole, parent, name) = (path.to_string(), parent.names().to_vec(), name.as_str());
    let parent: Vec<_> = parent.iter().map(Name::as_str).collect();
    Ok(Entry { whole: CString::new(whole)?, parent: CString::new(parent.join("/"))?, name: CString::new(name)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(way: Way) -> Pair {
        Pair { lock: "lock".parse().unwrap(), way, id: "me".parse().unwrap() }
    }

    #[test]
    fn the_floor_plays_back_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let fast = [Way::Fast(Leaf::File), Way::Fast(Leaf::Dir), Way::Kept(Leaf::File)];
        for way in fast.into_iter().chain([QUEUE, READ, WRITE, FAIR_SEMAPHORE, SEMAPHORE, Way::Bid]) {
            for reach in [Reach::Checked, Reach::WholePath] {
                let keeps = matches!(way, Way::Kept(_) | Way::Bid);
                let floor = Floor::new(dir.path(), &pair(way), reach).unwrap();
                floor.run().unwrap();
                floor.run().unwrap();
                assert_eq!(dir.path().read_dir().unwrap().count(), usize::from(keeps), "{way:?}");
                let stays = dir.path().join(if way == Way::Bid { "lock" } else { "lock/owner" });
                assert!(!keeps || stays.read_dir().unwrap().next().is_none());
                std::fs::remove_dir_all(dir.path().join("lock")).ok();
            }
        }
    }

    #[test]
    fn a_call_that_fails_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let floor = Floor::new(dir.path(), &pair(Way::Fast(Leaf::File)), Reach::WholePath).unwrap();
        std::fs::create_dir(dir.path().join("lock")).unwrap();
        let error = floor.run().unwrap_err();
        assert!(error.to_string().contains("File exists") || error.to_string().contains("EEXIST"), "{error}");
    }
}
