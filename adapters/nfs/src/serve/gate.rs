//! Calls that are held back: for tests that say themselves what becomes of each, and when.

use std::{
    fmt,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
};

use super::{
    call::{Call, Procedure},
    wire::Wire,
};

/// Who is told of calls that wait.
#[derive(Clone)]
pub(super) struct Gate(Arc<dyn Fn(Held) + Send + Sync>);

impl Gate {
    pub(super) fn new(tell: impl Fn(Held) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn arrived(&self, held: Held) {
        (self.0)(held);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// A call that has come in and waits: it was not executed. Dropped, it is lost, and its connection breaks.
#[derive(Debug)]
#[must_use]
pub struct Held {
    wire: Arc<Wire>,
    call: Call,
    reply: Sender<Vec<u8>>,
}

/// What comes of a call that waits.
pub(super) struct Fate(Receiver<Vec<u8>>);

impl Fate {
    /// The reply; none where the connection is to break instead.
    pub(super) fn wait(self) -> Option<Vec<u8>> {
        self.0.recv().ok()
    }
}

impl Held {
    pub(super) fn new(wire: Arc<Wire>, call: Call) -> (Self, Fate) {
        let (reply, fate) = mpsc::channel();
        (Self { wire, call, reply }, Fate(fate))
    }

    /// What it is.
    #[must_use]
    pub fn procedure(&self) -> Procedure {
        self.call.procedure
    }

    /// It is executed and answered. False where it was not: the server, or the client, is gone.
    #[must_use]
    pub fn pass(self) -> bool {
        let reply = self.wire.answer_held(&self.call);
        // A client that has hung up meanwhile gets none.
        reply.is_some_and(|reply| self.reply.send(reply).is_ok())
    }

    /// It is executed, and waits on; whatever becomes of it later, it is executed again then, unless the server keeps its
    /// replies.
    pub fn execute(&self) {
        self.wire.answer_held(&self.call);
    }

    /// A copy of it, which is under way until it is [executed](Copied::execute).
    pub fn copy(&self) -> Copied {
        Copied { wire: self.wire.clone(), call: self.call.clone() }
    }
}

/// A copy of a call that is still under way.
#[derive(Debug)]
#[must_use]
pub struct Copied {
    wire: Arc<Wire>,
    call: Call,
}

impl Copied {
    /// The server comes to it. Nobody hears of that.
    pub fn execute(self) {
        self.wire.execute_late(&self.call);
    }
}
