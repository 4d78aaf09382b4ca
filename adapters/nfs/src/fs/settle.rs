//! What became of a call that was sent more than once and refused: a look at where its effect would be.
//!
//! The server may refuse a second execution of what the first has done. So the refusal alone says nothing, and a look says
//! this much:
//!
//! * The entry that was to be removed stood there before the call and does not now: it is gone, which is all that was asked.
//!   Two that remove the same one at the same time may both be told so.
//! * The entry that was to be moved stands under its new name, the same one as before: it was moved there, and since nobody
//!   else moves it *there*, by this call.
//! * It stands under its old name still, the same one: it was not moved, and the refusal is true.
//!
//! Everything else stays unknown. What was moved and moved on since, by somebody who thought the mover dead, is that.

use lockwright_kernel::fs::FsError;
use nfs3_client::nfs3_types::nfs3::fattr3;

use super::{Found, NfsFs, Place};
use crate::session::Failure;

/// Which object something is, for as long as it exists: a number of the server's (RFC 1813 section 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    fsid: u64,
    fileid: u64,
}

impl Identity {
    pub(super) fn of(attributes: &fattr3) -> Self {
        Self { fsid: attributes.fsid, fileid: attributes.fileid }
    }
}

impl NfsFs {
    /// What a removal came to that was refused.
    pub(super) fn settle_removal(&self, failure: Failure, at: Place<'_>) -> Result<(), FsError> {
        if failure.is_repeated && failure.fact == FsError::NotFound && self.identity(at) == Err(FsError::NotFound) {
            return Ok(());
        }
        Err(failure.of_change())
    }

    /// What a move of the object `moved` came to that was refused.
    pub(super) fn settle_move(
        &self,
        failure: Failure,
        moved: Identity,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), FsError> {
        if !failure.is_repeated {
            return Err(failure.fact);
        }
        if self.identity(to) == Ok(moved) {
            return Ok(());
        }
        let is_unmoved = failure.fact != FsError::NotFound && self.identity(from) == Ok(moved);
        Err(if is_unmoved { failure.fact } else { FsError::Io })
    }

    fn identity(&self, (parent, name): Place<'_>) -> Result<Identity, FsError> {
        self.lookup(parent, name).map(|Found { attributes, .. }| Identity::of(&attributes))
    }
}
