//! Back again after the daemon went down: a lock that was held then can be had by nobody else for a while, so whoever held
//! it may ask for it with the number that came with it.

use super::{Client, ClientError, Guard, NOT_ALLOWED, Refusal, Why, checked};

impl Client {
    /// `back`: gets a lock back that was held under the number `fence` when the daemon went down. It is answered when all
    /// have had the time to ask, some 20 s after the daemon began again, and comes with a new number.
    ///
    /// What the lock guards may have been left in any state, but nobody else has held the lock in between. [`Why::Busy`]
    /// says that somebody was granted it later; another refusal, that the time to ask is over.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Nothing is held then.
    pub fn back(mut self, name: &str, fence: u64) -> Result<Result<Guard, Box<Refusal>>, ClientError> {
        self.tell(&format!("back {} {fence}", checked(name)?))?;
        let answer = self.hear(None, None)?;
        let why = match answer.split_once(' ') {
            _ if answer == NOT_ALLOWED => return Err(ClientError::NotAllowed),
            Some(("1", rest)) => {
                let fence = rest.rsplit(' ').next().and_then(|word| word.parse().ok());
                self.make_sure()?;
                return Ok(Ok(Guard { client: self, name: name.to_owned(), fence }));
            }
            Some(("0", "Cannot Get Lock")) => Why::Busy,
            Some(("0", why)) => Why::Refused(why.to_owned()),
            _ => return Err(ClientError::Answer(answer)),
        };
        Ok(Err(Box::new(Refusal { why, client: self })))
    }
}
