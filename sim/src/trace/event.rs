//! What a step of the world was, as far as traces know of it. A new kind of step is made known to them here, and is
//! given its words in [`spell`](super::spell).

use lockwright_kernel::fs::FsError;

use crate::{
    history::{ReplyId, RequestId, Then},
    names::PathId,
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// A call took effect and was answered.
    Call,
    /// A call of two steps has begun.
    Begin,
    /// The process was killed.
    Crash,
    /// A call failed for no reason in the tree, and took effect or not.
    Fail { took_effect: bool },
    /// Somebody who takes no part removed an entry.
    Remove(PathId),
    /// What is on disk became durable.
    Commit,
    /// The power was cut, and these files lost their contents.
    Cut(Vec<PathId>),
    /// What it was to be told of was lost.
    Lose,
}

impl Deed {
    /// True of a step that is nothing but a fault, so that a run can leave it out.
    pub(super) const fn is_fault(&self) -> bool {
        match self {
            Self::Crash | Self::Remove(_) | Self::Commit | Self::Cut(_) | Self::Lose => true,
            Self::Call | Self::Begin | Self::Fail { .. } => false,
        }
    }
}

/// What goes wrong in a run, other than by the order of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A process was killed.
    Crash,
    /// A call failed for no reason in the tree.
    Error,
    /// Somebody who takes no part removed an entry.
    Removal,
    /// The power was cut.
    Cut,
    /// A call had walked to its directory before that was moved, and took effect after.
    HadWalked,
    /// A process was not told of a change in a directory that it watched.
    Loss,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Crash, Self::Error, Self::Removal, Self::Cut, Self::HadWalked, Self::Loss];

    /// The fault in a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Error => "error",
            Self::Removal => "removal",
            Self::Cut => "power cut",
            Self::HadWalked => "parted walk",
            Self::Loss => "lost notice",
        }
    }
}

impl Event {
    /// What `taken` is, a step from `before`.
    pub(super) fn of(world: &World<'_>, before: &State, taken: &Successor) -> Self {
        let step = &taken.step;
        let (client, reply) = (step.client(), step.reply());
        let deed = match step {
            Step::Call { .. } => Deed::Call,
            Step::Begin { .. } => Deed::Begin,
            Step::Crash { .. } => Deed::Crash,
            &Step::Fail { took_effect, .. } => Deed::Fail { took_effect },
            &Step::Remove { path } => Deed::Remove(path),
            Step::Commit => Deed::Commit,
            Step::Lose { .. } => Deed::Lose,
            Step::Cut { emptied } => Deed::Cut(emptied.clone()),
        };
        let asked = client.map(|client| world.histories.then(before.processes[usize::from(client)].history));
        let request = match asked {
            Some(&Then::Asks(request)) => Some(request),
            Some(Then::Ends(_) | Then::Breaks(..)) | None => None,
        };
        let Successor { error, said, ref walked, .. } = *taken;
        Self { client, deed, request, reply, error, walked: walked.clone(), ends: said.is_some() }
    }

    /// Which kinds of faults this step brings with it, one a piece.
    pub(super) fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        let deed = match self.deed {
            Deed::Call | Deed::Begin | Deed::Commit => None,
            Deed::Crash => Some(Fault::Crash),
            Deed::Fail { .. } => Some(Fault::Error),
            Deed::Remove(_) => Some(Fault::Removal),
            Deed::Cut(_) => Some(Fault::Cut),
            Deed::Lose => Some(Fault::Loss),
        };
        deed.into_iter().chain(self.walked.iter().map(|_| Fault::HadWalked))
    }

    /// The same step without what goes wrong in it; none for a step that is nothing else.
    pub(super) fn without_faults(&self) -> Option<Self> {
        let deed = match self.deed {
            Deed::Fail { .. } => Deed::Call,
            ref deed if deed.is_fault() => return None,
            ref deed => deed.clone(),
        };
        Some(Self { deed, walked: Vec::new(), ..self.clone() })
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
