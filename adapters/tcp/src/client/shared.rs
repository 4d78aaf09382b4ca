//! Locks that many hold at once, and are counted by.

use super::{Client, ClientError};

impl Client {
    /// `sg`: becomes a holder of a shared lock. How many there are then.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn get_shared(&mut self, name: &str) -> Result<u64, ClientError> {
        self.number("sg", name)
    }

    /// `sr`: is a holder of a shared lock no more. `false` when it was none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn release_shared(&mut self, name: &str) -> Result<bool, ClientError> {
        Ok(self.number("sr", name)? > 0)
    }

    /// `si`: how many hold a shared lock.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn inspect_shared(&mut self, name: &str) -> Result<u64, ClientError> {
        self.number("si", name)
    }
}
