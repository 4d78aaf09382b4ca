//! The tree that is served: the kernel's file system in memory, by handles instead of paths.
//!
//! Beside what [`MemFs`] keeps, an entry has a mode, and a file the verifier that it was made with. Each call is one step.
//! There are no symbolic links, nobody owns anything, and a stamp can be set to the server's time only.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{Fs, FsError, MemFs},
    path::{Name, NameError, Path},
};
use nfs3_client::nfs3_types::nfs3::{
    Nfs3Option, cookie3, createverf3, fattr3, filename3, ftype3, nfspath3, nfsstat3, nfstime3, sattr3, set_mtime,
    stable_how,
};
use nfs3_server::vfs::{
    DirEntryPlus, FileHandleU64, NextResult, NfsFileSystem, NfsReadFileSystem, ReadDirPlusIterator, VFSCapabilities,
};

use super::handles::{Handles, Number, ROOT};

/// What begins the name in a call that removes a directory: `remove` of the crate's trait stands for RMDIR as well.
pub(super) const RMDIR_MARK: u8 = b'/';

/// The longest file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Default)]
pub(super) struct Tree {
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    fs: MemFs,
    handles: Handles,
    modes: BTreeMap<Number, u32>,
    verifiers: BTreeMap<Number, [u8; 8]>,
}

/// The rest of a listing, in the order of the entries' numbers, which is that in which they were first seen.
struct Listing(std::vec::IntoIter<DirEntryPlus<FileHandleU64>>);

impl ReadDirPlusIterator<FileHandleU64> for Listing {
    async fn next(&mut self) -> NextResult<DirEntryPlus<FileHandleU64>> {
        self.0.next().map_or(NextResult::Eof, NextResult::Ok)
    }
}

impl Tree {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn path(&self, handle: FileHandleU64) -> Result<Path, nfsstat3> {
        self.handles.path(handle.as_u64()).cloned().ok_or(nfsstat3::NFS3ERR_STALE)
    }

    /// Where an entry of a directory is, or would be.
    fn entry(&self, dir: FileHandleU64, name: &[u8]) -> Result<Path, nfsstat3> {
        let dir = self.path(dir)?;
        // Of a file, that it is none.
        self.fs.list(&dir).map_err(status)?;
        let name = std::str::from_utf8(name).map_err(|_| nfsstat3::NFS3ERR_INVAL)?;
        match name.parse::<Name>() {
            Ok(name) => Ok(dir.join(&name)),
            Err(NameError::TooLong) => Err(nfsstat3::NFS3ERR_NAMETOOLONG),
            Err(_) => Err(nfsstat3::NFS3ERR_INVAL),
        }
    }

    fn found(&mut self, path: &Path) -> Result<FileHandleU64, nfsstat3> {
        self.fs.modified(path).map_err(status)?;
        Ok(FileHandleU64::new(self.handles.number(path)))
    }

    fn attributes(&self, number: Number) -> Result<fattr3, nfsstat3> {
        let path = self.path(FileHandleU64::new(number))?;
        let time = time(self.fs.modified(&path).map_err(status)?);
        let (type_, size, mode) = match self.fs.read(&path) {
            Ok(contents) => (ftype3::NF3REG, contents.len() as u64, 0o644),
            Err(FsError::IsADirectory) => (ftype3::NF3DIR, 4096, 0o755),
            Err(error) => return Err(status(error)),
        };
        Ok(fattr3 {
            type_,
            mode: self.modes.get(&number).copied().unwrap_or(mode),
            nlink: if type_ == ftype3::NF3DIR { 2 } else { 1 },
            uid: 0,
            gid: 0,
            size,
            used: size,
            rdev: <_>::default(),
            fsid: 1,
            fileid: number,
            atime: time,
            mtime: time,
            ctime: time,
        })
    }

    fn create(&mut self, path: &Path, mode: Nfs3Option<u32>) -> Result<FileHandleU64, nfsstat3> {
        self.fs.create_file(path, b"").map_err(status)?;
        let handle = self.found(path)?;
        if let Nfs3Option::Some(mode) = mode {
            self.modes.insert(handle.as_u64(), mode);
        }
        Ok(handle)
    }

    /// Gives a file other contents. It keeps its number.
    fn rewrite(&mut self, path: &Path, contents: &[u8]) -> Result<(), nfsstat3> {
        self.fs.remove_file(path).and_then(|()| self.fs.create_file(path, contents)).map_err(status)
    }

    fn resize(&mut self, path: &Path, size: u64) -> Result<(), nfsstat3> {
        let mut contents = self.fs.read(path).map_err(status)?;
        contents.resize(length(size)?, 0);
        self.rewrite(path, &contents)
    }

    fn forget(&mut self, number: Option<Number>) {
        if let Some(number) = number {
            self.modes.remove(&number);
            self.verifiers.remove(&number);
        }
    }

    fn listing(&mut self, dir: FileHandleU64, cookie: cookie3) -> Result<Listing, nfsstat3> {
        let path = self.path(dir)?;
        let names = self.fs.list(&path).map_err(status)?;
        let mut entries = Vec::new();
        for name in names {
            let number = self.handles.number(&path.join(&name));
            if number > cookie {
                entries.push(DirEntryPlus {
                    fileid: number,
                    name: name.as_str().as_bytes().to_vec().into(),
                    cookie: number,
                    name_attributes: self.attributes(number).ok(),
                    name_handle: Some(FileHandleU64::new(number)),
                });
            }
        }
        entries.sort_unstable_by_key(|entry| entry.cookie);
        Ok(Listing(entries.into_iter()))
    }
}

/// What a status says of this fact.
fn status(fact: FsError) -> nfsstat3 {
    match fact {
        FsError::NotFound => nfsstat3::NFS3ERR_NOENT,
        FsError::AlreadyExists => nfsstat3::NFS3ERR_EXIST,
        FsError::NotEmpty => nfsstat3::NFS3ERR_NOTEMPTY,
        FsError::NotADirectory => nfsstat3::NFS3ERR_NOTDIR,
        FsError::IsADirectory => nfsstat3::NFS3ERR_ISDIR,
        FsError::IntoItself => nfsstat3::NFS3ERR_INVAL,
        FsError::PermissionDenied => nfsstat3::NFS3ERR_ACCES,
        _ => nfsstat3::NFS3ERR_SERVERFAULT,
    }
}

fn time(stamp: Timestamp) -> nfstime3 {
    let since = stamp.since_epoch();
    nfstime3 { seconds: u32::try_from(since.as_secs()).unwrap_or(u32::MAX), nseconds: since.subsec_nanos() }
}

fn length(bytes: u64) -> Result<usize, nfsstat3> {
    if bytes > FILE_BYTES_MAX {
        return Err(nfsstat3::NFS3ERR_FBIG);
    }
    usize::try_from(bytes).map_err(|_| nfsstat3::NFS3ERR_FBIG)
}

impl NfsReadFileSystem for Tree {
    type Handle = FileHandleU64;

    fn root_dir(&self) -> FileHandleU64 {
        FileHandleU64::new(ROOT)
    }

    async fn lookup(&self, dir: &FileHandleU64, name: &filename3<'_>) -> Result<FileHandleU64, nfsstat3> {
        let mut files = self.files();
        let path = files.entry(*dir, name.as_ref())?;
        files.found(&path)
    }

    async fn getattr(&self, handle: &FileHandleU64) -> Result<fattr3, nfsstat3> {
        self.files().attributes(handle.as_u64())
    }

    async fn read(&self, handle: &FileHandleU64, offset: u64, count: u32) -> Result<(Vec<u8>, bool), nfsstat3> {
        let files = self.files();
        let contents = files.fs.read(&files.path(*handle)?).map_err(status)?;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(contents.len());
        let end = begin.saturating_add(count as usize).min(contents.len());
        Ok((contents[begin..end].to_vec(), end == contents.len()))
    }

    async fn readdirplus(
        &self,
        dir: &FileHandleU64,
        cookie: u64,
    ) -> Result<impl ReadDirPlusIterator<FileHandleU64>, nfsstat3> {
        self.files().listing(*dir, cookie)
    }

    async fn readlink(&self, _: &FileHandleU64) -> Result<nfspath3<'_>, nfsstat3> {
        Err(nfsstat3::NFS3ERR_INVAL)
    }
}

impl NfsFileSystem for Tree {
    fn capabilities(&self) -> VFSCapabilities {
        VFSCapabilities::ReadWrite
    }

    async fn setattr(&self, handle: &FileHandleU64, new: sattr3) -> Result<fattr3, nfsstat3> {
        let mut files = self.files();
        let path = files.path(*handle)?;
        if let Nfs3Option::Some(size) = new.size {
            files.resize(&path, size)?;
        }
        if let Nfs3Option::Some(mode) = new.mode {
            files.modes.insert(handle.as_u64(), mode);
        }
        match new.mtime {
            set_mtime::DONT_CHANGE => {}
            set_mtime::SET_TO_SERVER_TIME => files.fs.touch(&path).map_err(status)?,
            set_mtime::SET_TO_CLIENT_TIME(_) => return Err(nfsstat3::NFS3ERR_NOTSUPP),
        }
        files.attributes(handle.as_u64())
    }

    async fn write(
        &self,
        handle: &FileHandleU64,
        offset: u64,
        data: &[u8],
        _: stable_how,
    ) -> Result<(fattr3, stable_how), nfsstat3> {
        let mut files = self.files();
        let path = files.path(*handle)?;
        let mut contents = files.fs.read(&path).map_err(status)?;
        let begin = length(offset)?;
        let end = length(offset.saturating_add(data.len() as u64))?;
        contents.resize(contents.len().max(end), 0);
        contents[begin..end].copy_from_slice(data);
        files.rewrite(&path, &contents)?;
        Ok((files.attributes(handle.as_u64())?, stable_how::FILE_SYNC))
    }

    async fn create(
        &self,
        dir: &FileHandleU64,
        name: &filename3<'_>,
        new: sattr3,
    ) -> Result<(FileHandleU64, fattr3), nfsstat3> {
        let mut files = self.files();
        let path = files.entry(*dir, name.as_ref())?;
        // That it is to be new, the caller has looked; not in one step, so this is no better than asked for.
        let handle = match files.create(&path, new.mode) {
            Err(nfsstat3::NFS3ERR_EXIST) if files.fs.read(&path).is_ok() => files.found(&path)?,
            other => other?,
        };
        if let Nfs3Option::Some(size) = new.size {
            files.resize(&path, size)?;
        }
        Ok((handle, files.attributes(handle.as_u64())?))
    }

    async fn create_exclusive(
        &self,
        dir: &FileHandleU64,
        name: &filename3<'_>,
        verifier: createverf3,
    ) -> Result<FileHandleU64, nfsstat3> {
        let mut files = self.files();
        let path = files.entry(*dir, name.as_ref())?;
        match files.create(&path, Nfs3Option::None) {
            Ok(handle) => {
                files.verifiers.insert(handle.as_u64(), verifier.0);
                Ok(handle)
            }
            Err(nfsstat3::NFS3ERR_EXIST) => {
                let handle = files.found(&path)?;
                let is_same = files.verifiers.get(&handle.as_u64()) == Some(&verifier.0);
                if is_same { Ok(handle) } else { Err(nfsstat3::NFS3ERR_EXIST) }
            }
            Err(error) => Err(error),
        }
    }

    async fn mkdir(&self, dir: &FileHandleU64, name: &filename3<'_>) -> Result<(FileHandleU64, fattr3), nfsstat3> {
        let mut files = self.files();
        let path = files.entry(*dir, name.as_ref())?;
        files.fs.create_dir(&path).map_err(status)?;
        let handle = files.found(&path)?;
        Ok((handle, files.attributes(handle.as_u64())?))
    }

    async fn remove(&self, dir: &FileHandleU64, name: &filename3<'_>) -> Result<(), nfsstat3> {
        let mut files = self.files();
        let (name, is_dir) = match name.as_ref().split_first() {
            Some((&RMDIR_MARK, name)) => (name, true),
            _ => (name.as_ref(), false),
        };
        let path = files.entry(*dir, name)?;
        let removed = if is_dir { files.fs.remove_dir(&path) } else { files.fs.remove_file(&path) };
        removed.map_err(status)?;
        let number = files.handles.remove(&path);
        files.forget(number);
        Ok(())
    }

    async fn rename<'a>(
        &self,
        from_dir: &FileHandleU64,
        from_name: &filename3<'a>,
        to_dir: &FileHandleU64,
        to_name: &filename3<'a>,
    ) -> Result<(), nfsstat3> {
        let mut files = self.files();
        let from = files.entry(*from_dir, from_name.as_ref())?;
        let to = files.entry(*to_dir, to_name.as_ref())?;
        files.fs.rename(&from, &to).map_err(status)?;
        let replaced = files.handles.rename(&from, &to);
        files.forget(replaced);
        Ok(())
    }

    async fn symlink<'a>(
        &self,
        _: &FileHandleU64,
        _: &filename3<'a>,
        _: &nfspath3<'a>,
        _: &sattr3,
    ) -> Result<(FileHandleU64, fattr3), nfsstat3> {
        Err(nfsstat3::NFS3ERR_NOTSUPP)
    }

    async fn commit(&self, handle: &FileHandleU64, _: u64, _: u32) -> Result<(), nfsstat3> {
        self.files().path(*handle).map(drop)
    }
}
