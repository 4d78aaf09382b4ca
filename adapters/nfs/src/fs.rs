//! The kernel's [`Fs`] as calls of NFS version 3 (RFC 1813).
//!
//! | call | procedures, after a LOOKUP for each name on the way |
//! |---|---|
//! | `create_dir` | MKDIR |
//! | `create_file` | CREATE with a verifier, SETATTR, WRITE to stable storage |
//! | `remove_file`, `remove_dir` | LOOKUP of what is removed, REMOVE or RMDIR |
//! | `rename` | LOOKUP of what is moved, RENAME; where the server says no more than `NFS3ERR_EXIST`, a look at both entries |
//! | `list` | READDIR, from the beginning again where the server lost its place |
//! | `read` | LOOKUP, READ |
//! | `touch` | LOOKUP, SETATTR to the server's time |
//! | `discard_file`, `discard_dir`, `put_aside` | REMOVE, RMDIR, RENAME, and no look |
//! | `modified` | LOOKUP, which gives the attributes as well |
//!
//! *Two phases.* A handle stands for the directory, not for its name, so a call takes effect where the directory that was
//! found is by then: what [`Fs`] allows. A directory that was removed meanwhile is `NFS3ERR_STALE`, which is
//! [`FsError::NotFound`] of anything but the root, and [`FsError::Stale`] of the root.
//!
//! *A reply that was lost.* The call is sent again. A server that remembers its replies gives the same one again. One that
//! has forgotten them, or never kept any, executes the call a second time, and then what it says of the second says
//! nothing of the first: MKDIR answers `NFS3ERR_EXIST` to its own success, REMOVE and RENAME `NFS3ERR_NOENT`. So a refusal
//! of a call that was sent more than once is not believed. [`settle`] looks where a removed or a moved entry is now; where
//! that does not tell, and of MKDIR, the answer is [`FsError::Io`], the one error that says nothing. `ensure_dir` need not
//! know who made it. CREATE is exact: the server keeps the verifier with the file, and knows its maker again.
//!
//! *What cannot be kept.* A call that was sent more than once, or given up, may be executed **late**, when others have
//! acted since: a directory made anew, a name removed that somebody else has made meanwhile. Nothing in the protocol tells
//! a client of that. It does no harm to names that are used once only, and none to names that nobody else uses. And a
//! server may lack exclusive create (`NFS3ERR_NOTSUPP`): the guarded one that is tried then is no better than MKDIR.
//!
//! *Beside the kernel's [`Settled`].* Locks are run over that, which looks again at the end of a release and is what the
//! searches are about. This file system settles by itself what it can tell better: it knows whether a call was sent more than once, so
//! that a plain refusal costs no look, and which object was moved, also where that is a file or is empty.
//!
//! *Source.* RFC 1813; for the repetitions its section 4.5.
//!
//! [`Settled`]: lockwright_kernel::fs::Settled

use std::{sync::Arc, time::Duration};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{Fs, FsError, Halted},
    path::{Name, Path},
};
use nfs3_client::nfs3_types::{
    nfs3::{
        CREATE3args, GETATTR3args, LOOKUP3args, MKDIR3args, Nfs3Option, READ3args, READDIR3args, REMOVE3args,
        RENAME3args, RMDIR3args, SETATTR3args, WRITE3args, cookieverf3, createhow3, createverf3, diropargs3, fattr3,
        filename3, ftype3, nfs_fh3, nfstime3, sattr3, set_atime, set_mtime, stable_how,
    },
    xdr_codec::Opaque,
};

use crate::{
    address::Address,
    line::Patience,
    session::{Failure, OpenError, Session},
};

mod settle;

use settle::Identity;

/// The largest file that [`Fs::read`] reads, in bytes. What locks write is far shorter.
pub const READ_BYTES_MAX: u64 = 64 * 1024;

/// How much of a listing is asked for at once, in bytes. Servers give less where that is too much.
const LIST_BYTES: u32 = 256 * 1024;

/// How often a listing is begun again because its directory changed under it.
const LISTINGS_MAX: u32 = 64;

/// The mode of directories, and that of files: the owner's alone.
const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The part of a server's file system that lies below a directory.
///
/// Clones share one connection, over which one call goes at a time. It is made when it is needed, and again after it
/// broke; see [`Patience`] for how long a call may take.
///
/// Every promise of [`Fs`] is kept to one caller at a time, and to several as far as the server keeps its own: that each
/// procedure takes effect once and in one step. **A lost reply** costs a look, or makes [`FsError::Io`] of a refusal where
/// that does not tell what was refused: a promise kept. **A call executed late** is what the protocol cannot exclude, and what a lock has
/// to stand by itself; names that are used once only make it harmless.
#[derive(Clone, Debug)]
pub struct NfsFs {
    session: Session,
    root: Arc<nfs_fh3>,
}

/// An entry as it was found.
struct Found {
    handle: nfs_fh3,
    attributes: fattr3,
}

/// The directory that holds an entry, and what its absence would mean.
struct Parent {
    handle: nfs_fh3,
    is_root: bool,
}

/// Where an entry is: the directory that holds it, and its name.
type Place<'p> = (&'p Parent, &'p Name);

impl NfsFs {
    /// The directory at `address`, with the usual [`Patience`].
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(address: &Address) -> Result<Self, OpenError> {
        Self::open_with(address, Patience::default())
    }

    /// The directory at `address`. Where the server exports only a directory above it, the rest of the way is walked.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_with(address: &Address, patience: Patience) -> Result<Self, OpenError> {
        let unusable = |why| OpenError::Unusable { path: address.path.clone(), why };
        let (session, root, below) = Session::open(address, patience)?;
        let fs = Self { session, root: Arc::new(root) };
        let way = below.iter().map(|name| name.parse()).collect::<Result<Vec<Name>, _>>();
        let way = way.map_err(|_| unusable(FsError::NotFound))?;
        let root = fs.walk(&way).map_err(unusable)?;
        let fs = Self { root: Arc::new(root.handle), ..fs };
        directory(&fs.attributes(&fs.root).map_err(unusable)?).map_err(unusable)?;
        Ok(fs)
    }

    /// The directory that holds `path`, and the last name; `on_root` for the root, which has neither.
    fn entry<'p>(&self, path: &'p Path, on_root: FsError) -> Result<(Parent, &'p Name), FsError> {
        let (name, way) = path.names().split_last().ok_or(on_root)?;
        Ok((self.walk(way)?, name))
    }

    fn walk(&self, way: &[Name]) -> Result<Parent, FsError> {
        let mut at = Parent { handle: nfs_fh3::clone(&self.root), is_root: true };
        for name in way {
            let found = self.lookup(&at, name)?;
            directory(&found.attributes)?;
            at = Parent { handle: found.handle, is_root: false };
        }
        Ok(at)
    }

    /// What stands at `path`, the root included.
    fn find(&self, path: &Path) -> Result<Found, FsError> {
        match path.names().split_last() {
            None => Ok(Found { handle: nfs_fh3::clone(&self.root), attributes: self.attributes(&self.root)? }),
            Some((name, way)) => self.lookup(&self.walk(way)?, name),
        }
    }

    fn lookup(&self, parent: &Parent, name: &Name) -> Result<Found, FsError> {
        let what = parent.entry(name);
        let answer = self.session.call(async |client| client.lookup(&LOOKUP3args { what: what.borrow() }).await);
        let found = answer.map_err(|failure| parent.fact(failure.fact))?;
        let attributes = match found.obj_attributes {
            Nfs3Option::Some(attributes) => attributes,
            // It went away after the look.
            Nfs3Option::None => self.attributes(&found.object).map_err(gone)?,
        };
        Ok(Found { handle: found.object, attributes })
    }

    fn attributes(&self, object: &nfs_fh3) -> Result<fattr3, FsError> {
        let of = GETATTR3args { object: object.clone() };
        let answer = self.session.call(async |client| client.getattr(&of).await);
        Ok(answer.map_err(|failure| failure.fact)?.obj_attributes)
    }

    fn set(&self, object: &nfs_fh3, new_attributes: sattr3) -> Result<(), FsError> {
        let arguments = SETATTR3args { object: object.clone(), new_attributes, guard: Nfs3Option::None };
        // Sent twice, it does the same again.
        let answer = self.session.call(async |client| client.setattr(&arguments).await);
        answer.map(drop).map_err(|failure| failure.fact)
    }

    fn make_dir(&self, parent: &Parent, name: &Name) -> Result<(), Failure> {
        let what = parent.entry(name);
        let answer = self
            .session
            .call(async |client| client.mkdir(&MKDIR3args { where_: what.borrow(), attributes: mode(DIR_MODE) }).await);
        answer.map(drop)
    }

    /// Makes an empty file, and gives its handle.
    fn create(&self, parent: &Parent, name: &Name) -> Result<nfs_fh3, FsError> {
        let what = parent.entry(name);
        let create = |how: &dyn Fn() -> createhow3| {
            let answer = self
                .session
                .call(async |client| client.create(&CREATE3args { where_: what.borrow(), how: how() }).await);
            answer.map(|created| created.obj)
        };
        let verifier = fastrand::u64(..).to_be_bytes();
        let created = match create(&|| createhow3::EXCLUSIVE(createverf3(verifier))) {
            // The verifier tells a second execution from somebody else's file.
            Err(Failure { fact: FsError::AlreadyExists, .. }) => return Err(FsError::AlreadyExists),
            Err(Failure { fact: FsError::Unsupported, is_repeated: false }) => {
                create(&|| createhow3::GUARDED(mode(FILE_MODE)))
            }
            answer => answer,
        };
        match created.map_err(|failure| parent.fact(failure.of_change()))? {
            Nfs3Option::Some(handle) => Ok(handle),
            Nfs3Option::None => Ok(self.lookup(parent, name)?.handle),
        }
    }

    fn write(&self, file: &nfs_fh3, contents: &[u8]) -> Result<(), FsError> {
        let mut written = 0;
        while written < contents.len() {
            let rest = &contents[written..];
            let answer = self.session.call(async |client| {
                let arguments = WRITE3args {
                    file: file.clone(),
                    offset: written as u64,
                    count: u32::try_from(rest.len()).unwrap_or(u32::MAX),
                    stable: stable_how::FILE_SYNC,
                    data: Opaque::borrowed(rest),
                };
                client.write(&arguments).await
            });
            match answer.map_err(|failure| failure.fact)?.count as usize {
                0 => return Err(FsError::Io),
                count => written += count.min(rest.len()),
            }
        }
        Ok(())
    }

    /// One listing from beginning to end; `None` when the server lost its place.
    fn list_once(&self, dir: &Parent) -> Result<Option<Vec<Name>>, FsError> {
        let (mut names, mut cookie, mut cookieverf) = (Vec::new(), 0, cookieverf3::default());
        loop {
            let arguments = READDIR3args { dir: dir.handle.clone(), cookie, cookieverf, count: LIST_BYTES };
            let part = match self.session.call(async |client| client.readdir(&arguments).await) {
                Ok(part) => part,
                // Among what states no fact is that the cookie is no longer known.
                Err(Failure { fact: FsError::Io, .. }) if cookie != 0 => return Ok(None),
                Err(failure) => return Err(dir.fact(failure.fact)),
            };
            let Some(last) = part.reply.entries.0.last() else {
                return if part.reply.eof { Ok(Some(names)) } else { Err(FsError::Io) };
            };
            (cookie, cookieverf) = (last.cookie, part.cookieverf);
            for entry in &part.reply.entries.0 {
                let name = std::str::from_utf8(entry.name.as_ref()).map_err(|_| FsError::ForeignName)?;
                if name != "." && name != ".." {
                    names.push(name.parse().map_err(|_| FsError::ForeignName)?);
                }
            }
            if part.reply.eof {
                return Ok(Some(names));
            }
        }
    }

    fn remove(&self, (parent, name): Place<'_>) -> Result<(), Failure> {
        let object = parent.entry(name);
        let answer = self.session.call(async |client| client.remove(&REMOVE3args { object: object.borrow() }).await);
        answer.map(drop)
    }

    fn rmdir(&self, (parent, name): Place<'_>) -> Result<(), Failure> {
        let object = parent.entry(name);
        let answer = self.session.call(async |client| client.rmdir(&RMDIR3args { object: object.borrow() }).await);
        answer.map(drop)
    }

    fn move_entry(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Failure> {
        let (from, to) = (from.0.entry(from.1), to.0.entry(to.1));
        let answer = self
            .session
            .call(async |client| client.rename(&RENAME3args { from: from.borrow(), to: to.borrow() }).await);
        answer.map(drop)
    }

    /// What `NFS3ERR_EXIST` of a RENAME means: the entry that is moved and the one in its way do not go together, or the
    /// latter is full.
    fn in_the_way(&self, from: Place<'_>, to: Place<'_>) -> FsError {
        let is_dir =
            |(parent, name): Place<'_>| self.lookup(parent, name).map(|found| found.attributes.type_ == ftype3::NF3DIR);
        match (is_dir(from), is_dir(to)) {
            (Ok(true), Ok(false)) => FsError::NotADirectory,
            (Ok(false), Ok(true)) => FsError::IsADirectory,
            _ => FsError::NotEmpty,
        }
    }
}

impl Parent {
    fn entry<'n>(&self, name: &'n Name) -> Entry<'n> {
        Entry { dir: self.handle.clone(), name }
    }

    /// What an error of a call in this directory says.
    fn fact(&self, fact: FsError) -> FsError {
        if self.is_root { fact } else { gone(fact) }
    }
}

/// The two arguments that most procedures begin with, made anew for each call.
struct Entry<'n> {
    dir: nfs_fh3,
    name: &'n Name,
}

impl Entry<'_> {
    fn borrow(&self) -> diropargs3<'_> {
        diropargs3 { dir: self.dir.clone(), name: filename3(Opaque::borrowed(self.name.as_str().as_bytes())) }
    }
}

/// An object whose handle is stale was removed after it was found.
fn gone(fact: FsError) -> FsError {
    if fact == FsError::Stale { FsError::NotFound } else { fact }
}

fn directory(attributes: &fattr3) -> Result<(), FsError> {
    match attributes.type_ {
        ftype3::NF3DIR => Ok(()),
        ftype3::NF3LNK => Err(FsError::SymbolicLink),
        _ => Err(FsError::NotADirectory),
    }
}

fn mode(mode: u32) -> sattr3 {
    sattr3 { mode: Nfs3Option::Some(mode), ..sattr3::default() }
}

/// The server's time now, as both stamps.
fn now() -> sattr3 {
    sattr3 { atime: set_atime::SET_TO_SERVER_TIME, mtime: set_mtime::SET_TO_SERVER_TIME, ..sattr3::default() }
}

fn stamp(time: nfstime3) -> Timestamp {
    Timestamp::new(Duration::new(time.seconds.into(), time.nseconds))
}

impl Fs for NfsFs {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        let (parent, name) = self.entry(path, FsError::AlreadyExists)?;
        self.make_dir(&parent, name).map_err(|failure| parent.fact(failure.of_change()))
    }

    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        let Some((name, way)) = path.names().split_last() else { return Ok(()) };
        let parent = self.walk(way)?;
        match self.make_dir(&parent, name) {
            // Be it the first execution that made it.
            Err(Failure { fact: FsError::AlreadyExists, .. }) => Ok(()),
            other => other.map_err(|failure| parent.fact(failure.of_change())),
        }
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        let (parent, name) = self.entry(path, FsError::AlreadyExists)?;
        let file = self.create(&parent, name)?;
        // Servers keep the verifier in the stamps, and leave the mode to chance.
        match self
            .write(&file, contents)
            .and_then(|()| self.set(&file, sattr3 { mode: Nfs3Option::Some(FILE_MODE), ..now() }))
        {
            // It was made, and somebody has removed it since.
            Err(FsError::Stale | FsError::NotFound) => Ok(()),
            other => other,
        }
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        let (parent, name) = self.entry(path, FsError::IsADirectory)?;
        let at = (&parent, name);
        // Whoever looks afterwards is to know that something stood there.
        self.lookup(&parent, name)?;
        match self.remove(at).or_else(|failure| self.settle_removal(failure, at)).map_err(|fact| parent.fact(fact)) {
            // POSIX has `EPERM` for a directory, and servers pass on what their file system says.
            Err(FsError::PermissionDenied) if self.lookup(&parent, name).is_ok_and(|found| found.is_dir()) => {
                Err(FsError::IsADirectory)
            }
            other => other,
        }
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        let (parent, name) = self.entry(path, FsError::PermissionDenied)?;
        let at = (&parent, name);
        self.lookup(&parent, name)?;
        match self.rmdir(at).or_else(|failure| self.settle_removal(failure, at)).map_err(|fact| parent.fact(fact)) {
            Err(FsError::AlreadyExists) => Err(FsError::NotEmpty),
            other => other,
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let (from_parent, from) = self.entry(from, FsError::IntoItself)?;
        let (to_parent, to) = self.entry(to, FsError::NotEmpty)?;
        let (from, to) = ((&from_parent, from), (&to_parent, to));
        let moved = Identity::of(&self.lookup(from.0, from.1)?.attributes);
        let is_root = from_parent.is_root && to_parent.is_root;
        match self.move_entry(from, to).or_else(|failure| self.settle_move(failure, moved, from, to)) {
            Err(FsError::AlreadyExists) => Err(self.in_the_way(from, to)),
            Err(FsError::Unsupported) => Err(FsError::IntoItself),
            Err(FsError::Stale) if !is_root => Err(FsError::NotFound),
            other => other,
        }
    }

    // Where nobody looks at the answer, nobody looks for what became of the call.

    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        if let Ok((parent, name)) = self.entry(path, FsError::IsADirectory) {
            let _ = self.remove((&parent, name));
        }
        Ok(())
    }

    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        if let Ok((parent, name)) = self.entry(path, FsError::PermissionDenied) {
            let _ = self.rmdir((&parent, name));
        }
        Ok(())
    }

    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        let from = self.entry(from, FsError::IntoItself);
        if let (Ok((from_parent, from)), Ok((to_parent, to))) = (from, self.entry(to, FsError::NotEmpty)) {
            let _ = self.move_entry((&from_parent, from), (&to_parent, to));
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        let dir = self.walk(dir.names())?;
        for _ in 0..LISTINGS_MAX {
            if let Some(mut names) = self.list_once(&dir)? {
                names.sort_unstable();
                names.dedup();
                return Ok(names);
            }
        }
        Err(FsError::Io)
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        let found = self.find(file)?;
        match found.attributes.type_ {
            ftype3::NF3REG => {}
            ftype3::NF3DIR => return Err(FsError::IsADirectory),
            ftype3::NF3LNK => return Err(FsError::SymbolicLink),
            _ => return Err(FsError::SpecialFile),
        }
        let mut contents = Vec::new();
        loop {
            let offset = contents.len() as u64;
            let count = u32::try_from(READ_BYTES_MAX + 1 - offset).unwrap_or(u32::MAX);
            let arguments = READ3args { file: found.handle.clone(), offset, count };
            let answer = self.session.call(async |client| client.read(&arguments).await);
            let part = answer.map_err(|failure| gone(failure.fact))?;
            contents.extend_from_slice(&part.data.0);
            if contents.len() as u64 > READ_BYTES_MAX {
                return Err(FsError::TooLarge);
            }
            if part.eof {
                return Ok(contents);
            }
            if part.data.is_empty() {
                return Err(FsError::Io);
            }
        }
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        let is_root = path.names().is_empty();
        let found = self.find(path)?;
        self.set(&found.handle, now()).map_err(|fact| if is_root { fact } else { gone(fact) })
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        Ok(stamp(self.find(path)?.attributes.mtime))
    }
}

impl Found {
    fn is_dir(&self) -> bool {
        self.attributes.type_ == ftype3::NF3DIR
    }
}
