//! A file system in memory.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{cell::RefCell, time::Duration};

use super::{Fs, FsError};
use crate::{
    clock::Timestamp,
    path::{Name, Path},
};

/// An exact file system in memory.
#[derive(Debug, Default)]
pub struct MemFs {
    tree: RefCell<BTreeMap<Path, Option<Vec<u8>>>>,
}
impl MemFs {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    fn is_dir(&self, p: &Path) -> Result<(), FsError> {
        if p.names().is_empty() {
            return Ok(());
        }
        match self.tree.borrow().get(p) {
            None => Err(FsError::NotFound),
            Some(None) => Ok(()),
            Some(Some(_)) => Err(FsError::NotADirectory),
        }
    }
    fn empty(&self, p: &Path) -> bool {
        !self
            .tree
            .borrow()
            .keys()
            .any(|k| k != p && k.starts_with(p))
    }
    fn add(&self, p: &Path, v: Option<Vec<u8>>) -> Result<(), FsError> {
        self.is_dir(&p.split_last().ok_or(FsError::AlreadyExists)?.0)?;
        if self.tree.borrow().contains_key(p) {
            return Err(FsError::AlreadyExists);
        }
        self.tree.borrow_mut().insert(p.clone(), v);
        Ok(())
    }
}
impl Fs for MemFs {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.add(path, None)
    }
    fn create_file(&self, path: &Path, c: &[u8]) -> Result<(), FsError> {
        self.add(path, Some(c.into()))
    }
    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        self.is_dir(&path.split_last().ok_or(FsError::IsADirectory)?.0)?;
        match self.is_dir(path) {
            Ok(()) => Err(FsError::IsADirectory),
            Err(FsError::NotADirectory) => {
                self.tree.borrow_mut().remove(path);
                Ok(())
            }
            e => e,
        }
    }
    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.is_dir(path)?;
        if !self.empty(path) {
            return Err(FsError::NotEmpty);
        }
        self.tree.borrow_mut().remove(path);
        Ok(())
    }
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.is_dir(from)?;
        self.is_dir(&to.split_last().ok_or(FsError::NotEmpty)?.0)?;
        match self.is_dir(to) {
            Ok(()) if !self.empty(to) => return Err(FsError::NotEmpty),
            Err(FsError::NotADirectory) => return Err(FsError::NotADirectory),
            _ => {}
        }
        let mut t = self.tree.borrow_mut();
        let moved: Vec<_> = t.keys().filter(|k| k.starts_with(from)).cloned().collect();
        for k in moved {
            let v = t.remove(&k);
            if let (Some(v), Some(n)) = (v, k.rebase(from, to)) {
                t.insert(n, v);
            }
        }
        Ok(())
    }
    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        self.is_dir(dir)?;
        Ok(self
            .tree
            .borrow()
            .keys()
            .filter_map(|k| {
                let (p, n) = k.split_last()?;
                (p == *dir).then(|| n.clone())
            })
            .collect())
    }
    fn read(&self, _: &Path) -> Result<Vec<u8>, FsError> {
        Err(FsError::Unsupported)
    }
    fn touch(&self, _: &Path) -> Result<(), FsError> {
        Err(FsError::Unsupported)
    }
    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        self.is_dir(&path.split_last().ok_or(FsError::NotFound)?.0)?;
        if self.tree.borrow().contains_key(path) {
            Ok(Timestamp::new(Duration::ZERO))
        } else {
            Err(FsError::NotFound)
        }
    }
}
