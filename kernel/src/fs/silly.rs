//! Silly renames: what a mount of NFS keeps of a file that was removed while somebody had it open.
//!
//! NFS cannot take a name away and leave the file to those who have it open. So the client of Linux, asked to remove a file
//! that a process of the same host has in use, renames it: to `.nfs` with a number that is used once, in the same directory. It
//! removes that when the last of them is done with it. *In use* is more than open: a process that looks at the file's status just
//! then has it in use too. The same is done to a file that another is moved over. A file in use on another host is
//! removed, and who reads it there is told `ESTALE`.
//!
//! * Such an entry is nobody's, whatever directory it is found in. It says that the file was removed.
//! * While it stands its directory is not empty: it can neither be removed nor be replaced.
//! * It stands until it is closed; for good, where its host went down before.
//! * Who removes it on its host is refused (`EBUSY`). From any other host, or once its host went down, it goes as any file.
//!
//! So whoever meets one passes over it, and may [remove](discard) it at any time: the name means nothing else and never will.
//!
//! *Source.* `nfs_unlink`, `nfs_rename` and `nfs_sillyrename` of Linux (`fs/nfs/dir.c`, `fs/nfs/unlink.c`). The protocol leaves it
//! to clients: RFC 1813, section 4.2; RFC 8881, section 18.16, where a server may say that it keeps open files itself
//! (`OPEN4_RESULT_PRESERVE_UNLINKED`). Clients of other systems name theirs `.nfs...` too.

use super::{Fs, Halted};
use crate::path::{Name, Path};

/// How many are removed at once, at most.
pub const DISCARDED_MAX: usize = 8;

/// Whether an entry of this name is one.
///
/// ```
/// use lockwright_kernel::fs::silly;
///
/// assert!(silly::is_silly(&".nfs00000000000000a300000001".parse()?));
/// assert!(!silly::is_silly(&"nfs".parse()?));
/// # Ok::<(), lockwright_kernel::path::NameError>(())
/// ```
#[must_use]
pub fn is_silly(name: &Name) -> bool {
    name.as_str().starts_with(".nfs")
}

/// Removes those among the `names` in `dir`, [so many](DISCARDED_MAX) of them, as far as that is possible.
///
/// # Errors
///
/// [`Halted`] in a simulated world only.
#[track_caller]
pub fn discard(fs: &impl Fs, dir: &Path, names: &[Name]) -> Result<(), Halted> {
    let silly = names.iter().filter(|name| is_silly(name)).take(DISCARDED_MAX);
    for name in silly {
        fs.discard_file(&dir.join(name))?;
    }
    Ok(())
}
