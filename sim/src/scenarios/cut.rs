//! Why an attempt of a client does not go on: a call failed, or the world says so.

use lockwright_kernel::fs::{FsError, Halted};

use super::lock_clients::is_made_up_call;
use crate::protocol::Stop;

/// Why an attempt does not go on.
pub(super) enum Cut {
    Call(FsError),
    Stop(Stop),
}

impl Cut {
    /// What an attempt comes to that was `done`: `failed` where a call failed that the world had fail.
    pub(super) fn settle<T>(done: Result<T, Self>, failed: T) -> Result<T, Stop> {
        match done {
            Ok(done) => Ok(done),
            Err(Self::Call(error)) if is_made_up_call(error) => Ok(failed),
            Err(Self::Call(error)) => Err(error.into()),
            Err(Self::Stop(stop)) => Err(stop),
        }
    }
}

impl From<FsError> for Cut {
    fn from(error: FsError) -> Self {
        match error {
            FsError::Halted => Self::Stop(Stop::Halted),
            error => Self::Call(error),
        }
    }
}

impl From<Halted> for Cut {
    fn from(Halted: Halted) -> Self {
        Self::Stop(Stop::Halted)
    }
}

impl From<Stop> for Cut {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}
