//! What breaks a search off before its end: a signal, or its time.

use std::{
    io,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Whether somebody wants all searches to end.
#[derive(Debug)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first SIGINT or SIGTERM is noted, and the next one ends the process.
    pub(super) fn on_signals() -> io::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the signal that sets the flag does not find it set.
            flag::register_conditional_default(signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
        }
        Ok(Self(came))
    }

    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether a search that began then may go on, for so long at most.
    pub(super) fn may_go_on(&self, began: Instant, time: Option<Duration>) -> ControlFlow<String> {
        if self.came() {
            return ControlFlow::Break("interrupted".into());
        }
        match time {
            Some(time) if began.elapsed() >= time => ControlFlow::Break(format!("longer than {time:?}")),
            _ => ControlFlow::Continue(()),
        }
    }
}
