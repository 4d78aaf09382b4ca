//! What a step of the world was, as far as traces know of it. A new kind of step is made known to them here, and is
//! given its words in [`spell`](super::spell).

use std::iter::repeat_n;

use lockwright_kernel::fs::FsError;

use crate::{
    history::{ReplyId, RequestId, Then},
    names::PathId,
    scenario::Budget,
    state::{Late, State},
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
    /// What goes wrong with it, one a piece.
    pub(super) faults: Vec<Fault>,
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
    /// A second went by.
    Tick,
    /// A second went by while its host slept.
    Suspend,
    /// A wall clock was set.
    Jump { forward: bool },
    /// Stamps are rounded.
    Round,
    /// This host was restarted.
    Reboot(u8),
    /// A call was answered, and something about it was odd.
    Odd(Budget),
    /// A call was executed, and its reply lost.
    Replay,
    /// A copy of a call is on its way.
    Double,
    /// The next call goes by what its host remembers.
    Recall,
    /// The copy of a call was executed.
    Late(Late),
    /// What stood for a file that was removed while it was open went.
    Close(PathId),
    /// The server restarted, and had executed the calls of these clients, in this order.
    Restart(Vec<u8>),
}

impl Deed {
    /// True of a step that is nothing but a fault, so that a run can leave it out.
    pub(super) const fn is_fault(&self) -> bool {
        match self {
            Self::Crash
            | Self::Remove(_)
            | Self::Commit
            | Self::Cut(_)
            | Self::Lose
            | Self::Tick
            | Self::Suspend
            | Self::Jump { .. }
            | Self::Round
            | Self::Reboot(_)
            | Self::Replay
            | Self::Double
            | Self::Recall
            | Self::Late(_)
            | Self::Close(_)
            | Self::Restart(_) => true,
            Self::Call | Self::Begin | Self::Fail { .. } | Self::Odd(_) => false,
        }
    }
}

/// What goes wrong in a run, other than by the order of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Something that the scenario has a budget for.
    Counted(Budget),
    /// A call had walked to its directory before that was moved, and took effect after.
    HadWalked,
}

impl Fault {
    /// The fault in a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counted(Budget::Crashes) => "crash",
            Self::Counted(Budget::Errors) => "failing call",
            Self::Counted(Budget::Removals) => "removal by somebody else",
            Self::Counted(Budget::Cuts) => "power cut",
            Self::Counted(Budget::Losses) => "lost notice",
            Self::Counted(Budget::Ticks) => "time that goes by",
            Self::Counted(Budget::Reuses) => "process number used again",
            Self::Counted(Budget::Jumps) => "wall clock that is set",
            Self::Counted(Budget::Suspends) => "host that sleeps",
            Self::Counted(Budget::Roundings) => "rounding of stamps",
            Self::Counted(Budget::Jitters) => "start read wrong",
            Self::Counted(Budget::Reboots) => "restart of a host",
            Self::Counted(Budget::Reorders) => "name durable too early",
            Self::Counted(Budget::Refusals) => "refused call",
            Self::Counted(Budget::Replays) => "call executed twice",
            Self::Counted(Budget::Guards) => "making of a file executed twice",
            Self::Counted(Budget::Duplicates) => "copy of a call",
            Self::Counted(Budget::Restarts) => "restart of the server",
            Self::Counted(Budget::Stales) => "name as it is remembered",
            Self::Counted(Budget::Lies) => "false success",
            Self::Counted(Budget::Opens) => "removal of an open file",
            Self::HadWalked => "parted walk",
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
            Step::Tick => Deed::Tick,
            Step::Suspend { .. } => Deed::Suspend,
            &Step::Jump { forward, .. } => Deed::Jump { forward },
            Step::Round => Deed::Round,
            &Step::Reboot { host, .. } => Deed::Reboot(host),
            &Step::Odd { budget, .. } => Deed::Odd(budget),
            Step::Cut { emptied } => Deed::Cut(emptied.clone()),
            Step::Replay { .. } => Deed::Replay,
            Step::Double { .. } => Deed::Double,
            Step::Recall { .. } => Deed::Recall,
            Step::Late(late) => Deed::Late(*late),
            &Step::Close { path } => Deed::Close(path),
            Step::Restart { executed } => Deed::Restart(executed.clone()),
        };
        let asked = client.map(|client| world.histories.then(before.processes[usize::from(client)].history));
        let request = match asked {
            Some(&Then::Asks(request)) => Some(request),
            Some(Then::Ends(_) | Then::Breaks(..)) | None => None,
        };
        // A cut that is the last drops what can only come before one.
        let is_counted = |budget| !matches!(deed, Deed::Cut(_)) || budget == Budget::Cuts;
        let spent = |budget| before.left.of(budget).saturating_sub(taken.state.left.of(budget));
        let counted = Budget::ALL.into_iter().filter(|budget| is_counted(*budget));
        let counted = counted.flat_map(|budget| repeat_n(Fault::Counted(budget), spent(budget).into()));
        let faults = counted.chain(taken.walked.iter().map(|_| Fault::HadWalked)).collect();
        let Successor { error, said, ref walked, .. } = *taken;
        Self { client, deed, request, reply, error, walked: walked.clone(), faults, ends: said.is_some() }
    }

    /// True when this step spends a budget, so that a run owes it to nobody.
    pub(super) fn spends(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::Counted(_)))
    }

    /// The same step without what goes wrong in it; none for a step that is nothing else.
    pub(super) fn without_faults(&self) -> Option<Self> {
        let deed = match self.deed {
            Deed::Fail { .. } | Deed::Odd(_) => Deed::Call,
            ref deed if deed.is_fault() => return None,
            ref deed => deed.clone(),
        };
        Some(Self { deed, walked: Vec::new(), faults: Vec::new(), ..self.clone() })
    }

    /// How well this step does for `wanted`, in another state: `None` when it is somebody else's, or of another nature.
    pub(super) fn likeness(&self, wanted: &Self) -> Option<u8> {
        let is_fault = self.deed.is_fault() || wanted.deed.is_fault();
        if self.client != wanted.client || is_fault && self.deed != wanted.deed {
            return None;
        }
        let faults = u8::from(self.faults == wanted.faults && self.walked == wanted.walked) * 8;
        let request = u8::from(self.request == wanted.request) * 4;
        let deed = u8::from(self.deed == wanted.deed) * 2;
        Some(faults + request + deed + u8::from(self.reply == wanted.reply))
    }
}
