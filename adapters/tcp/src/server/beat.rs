//! A beat: something that is done again and again, by the same turns that serve the peers. So whoever waits for it learns
//! when those stop.

use std::{fmt, time::Duration};

use super::Server;

/// What is done, and how often.
pub(super) struct Beat {
    every: Duration,
    pub(super) at: Duration,
    act: Box<dyn FnMut() + Send>,
}

impl Server {
    /// Does this, which must not block, at once as it serves, and from then on each time that `every` has passed.
    pub fn set_beat(&mut self, every: Duration, act: impl FnMut() + Send + 'static) {
        self.beat = Some(Beat { every, at: Duration::ZERO, act: Box::new(act) });
    }

    /// Does it, if it is time.
    pub(super) fn beat(&mut self, now: Duration) {
        if let Some(beat) = self.beat.as_mut().filter(|beat| beat.at <= now) {
            (beat.act)();
            beat.at = now + beat.every;
        }
    }
}

impl fmt::Debug for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beat").field("every", &self.every).field("at", &self.at).finish_non_exhaustive()
    }
}
