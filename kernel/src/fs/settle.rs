//! A file system over one whose refusals may be lies: what was refused is looked for before it is believed.
//!
//! A server that has forgotten its reply executes a call a second time, and refuses what the first execution has done (RFC
//! 1813 section 4.5). To the caller a removal or a move then failed that took effect. Each is three steps here:
//!
//! 1. LOOK: what is to be removed or moved stands there; of a directory that is to be moved, the name of an entry in it.
//! 2. CALL.
//! 3. SETTLE, after [`FsError::NotFound`] or [`FsError::Io`]: what was to be removed stands there no more, so it is removed. If
//!    it was not found and stands there, it has been made again: CALL again, [a few times](TRIES_MAX).
//!    The entry of 1 stands below the new name, so the directory was moved.
//!
//! *Why that is true.* A removal has no other outcome than that the entry is gone; of two that remove the same one both may
//! be told `Ok`, which [`Fs::remove_file`] and [`Fs::remove_dir`] leave open. A move: an entry whose name nobody else uses
//! comes below the new name only with its directory, in one step ([`Fs::rename`]), and only its owner moves it there.
//!
//! *What it leaves to the caller.* Names that nobody else uses, in each directory that is moved. A directory without an entry,
//! a file, and [`Fs::create_dir`] are not settled: anybody may have made or moved those.

use alloc::vec::Vec;

use super::{Fs, FsError, Halted, silly::is_silly};
use crate::{
    clock::Timestamp,
    path::{Name, Path},
};

/// How often a removal is called for what comes again and again.
const TRIES_MAX: u32 = 4;

/// An [`Fs`] whose removals and moves are settled, see the [module](self).
#[derive(Clone, Debug)]
pub struct Settled<F>(F);

impl<F: Fs> Settled<F> {
    /// `fs`, with its refusals looked into.
    pub fn new(fs: F) -> Self {
        Self(fs)
    }

    /// Removes what stands at `path`, by `call`.
    fn remove(&self, path: &Path, call: impl Fn() -> Result<(), FsError>) -> Result<(), FsError> {
        if !self.0.exists(path)? {
            return Err(FsError::NotFound); // 1 LOOK
        }
        for _ in 0..TRIES_MAX {
            match call() {
                Err(FsError::NotFound) if self.0.exists(path)? => {} // 2 CALL again: it came again meanwhile.
                Err(FsError::Io) if self.0.exists(path)? => return Err(FsError::Io),
                Err(FsError::NotFound | FsError::Io) => return Ok(()), // 3 SETTLE
                other => return other,
            }
        }
        Err(FsError::Io)
    }
}

impl<F: Fs> Fs for Settled<F> {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.0.create_dir(path)
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        self.0.create_file(path, contents)
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        self.remove(path, || self.0.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.remove(path, || self.0.remove_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let witness = match self.0.any(from) {
            Err(FsError::NotADirectory) => None,
            // That may go by itself.
            Ok(Some(name)) if is_silly(&name) => self.0.list(from)?.into_iter().find(|name| !is_silly(name)),
            looked => looked?, // 1 LOOK
        };
        match (self.0.rename(from, to), witness) {
            (Err(error @ (FsError::NotFound | FsError::Io)), Some(name)) => {
                if self.0.exists(&to.join(&name))? { Ok(()) } else { Err(error) } // 3 SETTLE
            }
            (answer, _) => answer, // 2 CALL
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        self.0.list(dir)
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        self.0.read(file)
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        self.0.touch(path)
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        self.0.modified(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        self.0.exists(path)
    }

    fn any(&self, dir: &Path) -> Result<Option<Name>, FsError> {
        self.0.any(dir)
    }

    fn sample(&self, dir: &Path, chance: &dyn crate::chance::Chance) -> Result<Option<Name>, FsError> {
        self.0.sample(dir, chance)
    }

    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        self.0.ensure_dir(path)
    }

    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        self.0.discard_file(path)
    }

    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        self.0.discard_dir(path)
    }

    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        self.0.put_aside(from, to)
    }

    fn may_repeat(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::cell::Cell;

    use super::*;
    use crate::{
        fast_lock::{FastLock, Leaf},
        fs::{MemFs, Through, call::Call, contract::contract},
        lock::Lock,
    };

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn it_keeps_the_contract_of_what_it_is_over() {
        let fs = Settled::new(MemFs::new());
        fs.create_dir(&path("room")).unwrap();
        contract(&fs, &path("room")).unwrap();
    }

    /// Executes each removal and each move twice, and answers as the second time.
    #[test]
    fn what_was_executed_twice_is_told_as_it_was() {
        let (fs, twice) = (MemFs::new(), Cell::new(0));
        let server = Through(|call: &Call| {
            let answer = call.on(&fs);
            let changes = matches!(call, Call::RemoveFile(_) | Call::RemoveDir(_) | Call::Rename(..));
            if !changes {
                return answer;
            }
            twice.set(twice.get() + 1);
            call.on(&fs)
        });
        let settled = Settled::new(&server);
        settled.create_dir(&path("a")).unwrap();
        settled.create_file(&path("a/mine"), b"").unwrap();
        assert_eq!(server.rename(&path("a"), &path("b")), Err(FsError::NotFound), "without a look");
        fs.rename(&path("b"), &path("a")).unwrap();
        assert_eq!(settled.rename(&path("a"), &path("b")), Ok(()));
        assert_eq!(settled.rename(&path("a"), &path("b")), Err(FsError::NotFound));
        assert_eq!(settled.remove_file(&path("b/mine")), Ok(()));
        assert_eq!(settled.remove_file(&path("b/mine")), Err(FsError::NotFound));
        assert_eq!(settled.remove_dir(&path("b")), Ok(()));
        assert_eq!(settled.remove_dir(&path("b")), Err(FsError::NotFound));
        assert_eq!(twice.get(), 4, "what is not there is not asked for");
    }

    #[test]
    fn what_somebody_else_has_moved_away_is_not_taken_for_moved_here() {
        let fs = MemFs::new();
        let server = Through(|call: &Call| {
            if let Call::Rename(from, _) = call {
                fs.rename(from, &path("elsewhere")).unwrap();
            }
            call.on(&fs)
        });
        let settled = Settled::new(&server);
        settled.create_dir(&path("a")).unwrap();
        settled.create_file(&path("a/mine"), b"").unwrap();
        settled.create_dir(&path("b")).unwrap();
        assert_eq!(settled.rename(&path("a"), &path("b")), Err(FsError::NotFound));
    }

    /// After the removal of a leaf, a copy of its making is executed, so many times in all.
    fn making_it_again<'a>(disk: &'a MemFs, copies: &'a Cell<u32>) -> impl Fs + 'a {
        Through(move |call: &Call| {
            let answer = call.on(disk);
            if let (Call::RemoveFile(path) | Call::DiscardFile(path), true) = (call, copies.get() > 0) {
                let is_made = answer.is_ok() && disk.create_file(path, b"").is_ok();
                copies.set(copies.get() - u32::from(is_made));
            }
            answer
        })
    }

    #[test]
    fn a_leaf_that_comes_again_is_removed_again_before_a_release_is_over() {
        for count in 0..4 {
            let (disk, copies) = (MemFs::new(), Cell::new(count));
            let settled = Settled::new(making_it_again(&disk, &copies));
            let lock = FastLock::new(&settled, path("lock"), Leaf::File);
            let me = "ann".parse().unwrap();
            lock.try_lock(&me).unwrap();
            lock.unlock(&me).unwrap();
            assert_eq!((copies.get(), disk.to_string().as_str()), (0, ""), "{count} copies");
        }
        let (disk, copies) = (MemFs::new(), Cell::new(1));
        let believing = making_it_again(&disk, &copies);
        let lock = FastLock::new(&believing, path("lock"), Leaf::File);
        lock.try_lock(&"ann".parse().unwrap()).unwrap();
        lock.unlock(&"ann".parse().unwrap()).unwrap();
        assert_eq!(lock.owner().unwrap(), Some("ann".parse().unwrap()), "who does not look is the owner again");
    }

    #[test]
    fn a_removal_that_found_nothing_is_made_again_for_what_stands_there() {
        let (disk, copies) = (MemFs::new(), Cell::new(1));
        let server = Through(|call: &Call| {
            let answer = call.on(&disk);
            if let (Call::RemoveFile(path), 1) = (call, copies.replace(0)) {
                let refused = call.on(&disk);
                disk.create_file(path, b"").unwrap();
                return refused;
            }
            answer
        });
        disk.create_file(&path("mine"), b"").unwrap();
        assert_eq!(Settled::new(&server).remove_file(&path("mine")), Ok(()));
        assert_eq!(disk.to_string(), "");
    }
}
