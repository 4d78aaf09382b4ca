//! The status of a reply, and the fact of [`FsError`] that it states.

use lockwright_kernel::fs::FsError;
use nfs3_client::{RpcError, nfs3_types::nfs3::nfsstat3};

/// What each status of RFC 1813 section 2.6 says, whichever call it came from; [`FsError::Io`] where it says nothing for
/// certain.
pub(crate) fn fact(status: nfsstat3) -> FsError {
    use nfsstat3 as S;
    match status {
        S::NFS3ERR_NOENT => FsError::NotFound,
        S::NFS3ERR_EXIST => FsError::AlreadyExists,
        S::NFS3ERR_NOTEMPTY => FsError::NotEmpty,
        S::NFS3ERR_NOTDIR => FsError::NotADirectory,
        S::NFS3ERR_ISDIR => FsError::IsADirectory,
        S::NFS3ERR_PERM | S::NFS3ERR_ACCES => FsError::PermissionDenied,
        S::NFS3ERR_ROFS => FsError::ReadOnly,
        S::NFS3ERR_NOSPC | S::NFS3ERR_DQUOT | S::NFS3ERR_FBIG => FsError::NoSpace,
        S::NFS3ERR_MLINK => FsError::Exhausted,
        S::NFS3ERR_NAMETOOLONG => FsError::NameTooLong,
        S::NFS3ERR_STALE | S::NFS3ERR_BADHANDLE => FsError::Stale,
        S::NFS3ERR_NOTSUPP | S::NFS3ERR_XDEV | S::NFS3ERR_INVAL | S::NFS3ERR_BADTYPE => FsError::Unsupported,
        S::NFS3ERR_NXIO | S::NFS3ERR_NODEV => FsError::SpecialFile,
        S::NFS3_OK
        | S::NFS3ERR_IO
        | S::NFS3ERR_REMOTE
        | S::NFS3ERR_NOT_SYNC
        | S::NFS3ERR_BAD_COOKIE
        | S::NFS3ERR_TOOSMALL
        | S::NFS3ERR_SERVERFAULT
        | S::NFS3ERR_JUKEBOX => FsError::Io,
    }
}

/// What a call says that did not get as far as a status: a server that refused it before it did anything, or nothing.
pub(crate) fn refusal(error: &RpcError) -> FsError {
    match error {
        RpcError::Auth(_) => FsError::PermissionDenied,
        RpcError::ProgUnavail
        | RpcError::ProgMismatch { .. }
        | RpcError::ProcUnavail
        | RpcError::RpcMismatch { .. } => FsError::Unsupported,
        _ => FsError::Io,
    }
}
