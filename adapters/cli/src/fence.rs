//! Fencing tokens, from the shell.

use lockwright_kernel::{lock::LockError, token::TokenError};
use lockwright_posix::lock::{FenceError, PathLock};

use crate::{
    exit::{CANNOT_CREATE, FAILED, Failure},
    text::shown_path,
};

/// A number that was not had. The line ends in `ending`.
pub(crate) fn failure(lock: &PathLock, error: &FenceError, ending: &str) -> Failure {
    let line = format!("{}.token: no fencing token: {error}{ending}", shown_path(lock.path()));
    match error {
        FenceError::NotHeld => Failure::new(FAILED, line),
        FenceError::Lock(LockError::Fs(fs)) | FenceError::Token(TokenError::Fs(fs)) => Failure::of_fs(*fs, line),
        FenceError::Lock(_) | FenceError::Token(_) => Failure::new(CANNOT_CREATE, line),
    }
}
