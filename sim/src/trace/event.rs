//! What a step of the world was, as far as traces know of it. A new kind of step is made known to them here, and is
//! given its words in [`spell`](super::spell).

use lockwright_kernel::fs::FsError;

use crate::{
    history::{ReplyId, RequestId, Then},
    state::State,
    world::{Step, Successor, World},
};

/// One step. Two steps of one world are the same deed, wherever they stand in a run, when their events are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Whose step it is; none for what befalls all of them.
    pub(super) client: Option<u8>,
    pub(super) deed: Deed,
    /// What the client asks next, before this step. The ids in it are numbers of the run's world.
    pub(super) request: Option<RequestId>,
    pub(super) reply: Option<ReplyId>,
    /// What the call really came to, when that is an error.
    pub(super) error: Option<FsError>,
    /// Which other clients' calls had walked into the directory that this step moved.
    pub(super) walked: Vec<u8>,
    /// True when an attempt ended with this step.
    pub(super) ends: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// A call took effect and was answered.
    Call,
    /// A call of two steps has begun.
    Begin,
    /// The process was killed.
    Crash,
}

impl Deed {
    /// True of a step that is nothing but a fault, so that a run can leave it out.
    pub(super) const fn is_fault(self) -> bool {
        match self {
            Self::Crash => true,
            Self::Call | Self::Begin => false,
        }
    }
}

/// What goes wrong in a run, other than by the order of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A process was killed.
    Crash,
    /// A call had walked to its directory before that was moved, and took effect after.
    HadWalked,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Crash, Self::HadWalked];

    /// The fault in a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::HadWalked => "parted walk",
        }
    }
}

impl Event {
    /// What `taken` is, a step from `before`.
    pub(super) fn of(world: &World<'_>, before: &State, taken: &Successor) -> Self {
        let (client, deed, reply) = match taken.step {
            Step::Call { client, reply } => (client, Deed::Call, Some(reply)),
            Step::Begin { client } => (client, Deed::Begin, None),
            Step::Crash { client } => (client, Deed::Crash, None),
        };
        let request = match *world.histories.then(before.processes[usize::from(client)].history) {
            Then::Asks(request) => Some(request),
            Then::Ends(_) | Then::Breaks(..) => None,
        };
        let Successor { error, said, ref walked, .. } = *taken;
        Self { client: Some(client), deed, request, reply, error, walked: walked.clone(), ends: said.is_some() }
    }

    /// Which kinds of faults this step brings with it, one a piece.
    pub(super) fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        let crash = (self.deed == Deed::Crash).then_some(Fault::Crash);
        crash.into_iter().chain(self.walked.iter().map(|_| Fault::HadWalked))
    }

    /// The same step without what goes wrong in it; none for a step that is nothing else.
    pub(super) fn without_faults(&self) -> Option<Self> {
        (!self.deed.is_fault()).then(|| Self { walked: Vec::new(), ..self.clone() })
    }

    /// How well this step does for `wanted`, in another state: `None` when it is somebody else's, or of another nature.
    pub(super) fn likeness(&self, wanted: &Self) -> Option<u8> {
        let is_fault = self.deed.is_fault() || wanted.deed.is_fault();
        if self.client != wanted.client || is_fault && self.deed != wanted.deed {
            return None;
        }
        let walked = u8::from(self.walked == wanted.walked) * 8;
        let request = u8::from(self.request == wanted.request) * 4;
        let deed = u8::from(self.deed == wanted.deed) * 2;
        Some(walked + request + deed + u8::from(self.reply == wanted.reply))
    }
}
