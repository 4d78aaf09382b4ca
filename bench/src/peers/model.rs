//! `fast_lock` under the check policy, written by hand as a model for stateright.
//!
//! It is what somebody would write who knows both: the tree is 64 bits, a client is where it stands in the procedure,
//! states are copied and not cloned. The steps have the names of the kernel's own doc, one for each call, and what a
//! client need not remember it does not.

use stateright::{Model, Property};

use super::tree::{Entry, IDS_MAX, Id, Moved, Tree};

/// How fine the model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// As one would write it down: each call is one step, and what has no consequence is forgotten.
    Plain,
    /// As our own checker sees the code when walks are atomic: a listing has a beginning and an end, and what comes or
    /// goes in between is in it or not; and a client that withdraws remembers what it will answer.
    Ours,
}

/// So many clients that take the lock and give it back, for ever.
#[derive(Debug)]
pub struct FastLock<const CLIENTS: usize> {
    crashes: u8,
    grain: Grain,
}

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State<const CLIENTS: usize> {
    pub(super) tree: Tree,
    pub(super) clients: [Client; CLIENTS],
    pub(super) crashes_left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Client {
    pub(super) crashes: u8,
    pub(super) at: At,
}

/// The step that a client makes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum At {
    /// LOOK, having begun nothing.
    Idle,
    LookAgain,
    /// The end of a LOOK.
    Looking(Try, Open),
    Ask(Id),
    MakeLock,
    MakeBuild,
    MakeProposal,
    MakeOwner,
    Sign,
    Move,
    Verify,
    TidyProposal,
    TidyBuild,
    /// REMOVE; until then it holds the lock.
    Hold,
    /// REMOVE of a dead owner's leaf.
    Recover(Id, Why),
    TidyOwner(Why),
    TidyLock(Why),
    Sweep,
    /// The end of a SWEEP's listing.
    Sweeping(Open),
    AskAbout(Id),
    WithdrawLeaf(Reason),
    WithdrawOwner(Reason),
    Clean(Part, Id, Why),
    /// It unlocked and was not the owner.
    Dispossessed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Try {
    First,
    Second,
}

/// What a client is at while it removes things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Why {
    /// Its own unlock.
    Unlock,
    /// Its own failed try.
    Withdraw(Reason),
    /// A dead owner is in the way of its try.
    Try,
    /// It sweeps.
    Sweep,
}

/// Why a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reason {
    Forgotten,
    Held,
    Disturbed,
}

/// The calls of a clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    ClearLeaf,
    ClearGone,
    Aside,
    ClearLeafAgain,
    ClearGoneAgain,
    TidyProposal,
    TidyBuild,
    TidyLock,
}

/// A listing under way: ids that stood all the time, and those that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Open {
    pub(super) is_there: bool,
    pub(super) stood: u16,
    pub(super) fleeting: u16,
}

/// A step of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    client: u8,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Call,
    /// A listing gives this id, or none.
    Lists(Option<Id>),
    Crash,
}

impl<const CLIENTS: usize> FastLock<CLIENTS> {
    /// The model; `None` when it has more ids than it can tell apart.
    #[must_use]
    pub fn new(crashes: u8, grain: Grain) -> Option<Self> {
        let ids = CLIENTS.checked_mul(usize::from(crashes) + 1)?;
        (ids <= IDS_MAX).then_some(Self { crashes, grain })
    }

    fn id(&self, client: usize, crashes: u8) -> Id {
        u8::try_from(client).unwrap_or(Id::MAX) * (self.crashes + 1) + crashes
    }

    fn is_dead(&self, state: &State<CLIENTS>, id: Id) -> bool {
        let each = self.crashes + 1;
        state.clients[usize::from(id / each)].crashes > id % each
    }

    fn me(&self, state: &State<CLIENTS>, client: usize) -> Id {
        self.id(client, state.clients[client].crashes)
    }

    /// Where the client stands after its next call, which takes effect in `tree`.
    fn call(&self, state: &State<CLIENTS>, client: usize, tree: &mut Tree) -> At {
        let me = self.me(state, client);
        let or_withdraw = |done: bool, next: At| if done { next } else { self.withdraw(Reason::Disturbed) };
        match state.clients[client].at {
            At::Idle => self.look(*tree, Try::First),
            At::LookAgain => self.look(*tree, Try::Second),
            At::Ask(owner) if self.is_dead(state, owner) => At::Clean(Part::ClearLeaf, owner, Why::Try),
            At::MakeLock => {
                tree.make_lock();
                At::MakeBuild
            }
            At::MakeBuild => or_withdraw(tree.make_build(), At::MakeProposal),
            At::MakeProposal => or_withdraw(tree.make_proposal(me), At::MakeOwner),
            At::MakeOwner => or_withdraw(tree.make_proposed_owner(me), At::Sign),
            At::Sign => or_withdraw(tree.sign(me), At::Move),
            At::Move => match tree.move_in(me) {
                Moved::Done => At::Verify,
                Moved::NotFound => self.withdraw(Reason::Disturbed),
                Moved::NotEmpty => self.withdraw(Reason::Held),
            },
            At::Verify => or_withdraw(tree.has(Entry::Leaf, me), At::TidyProposal),
            At::TidyProposal => {
                tree.discard_proposal(me);
                At::TidyBuild
            }
            At::TidyBuild => {
                tree.discard_build();
                At::Hold
            }
            At::Hold if tree.remove_leaf(Entry::Leaf, me) => At::TidyOwner(Why::Unlock),
            At::Hold | At::Dispossessed => At::Dispossessed,
            At::Recover(id, why) if tree.remove_leaf(Entry::Leaf, id) => At::TidyOwner(why),
            At::Recover(_, why) => after(why),
            At::TidyOwner(why) => {
                tree.discard_owner();
                At::TidyLock(why)
            }
            At::TidyLock(why) => {
                tree.discard_lock();
                after(why)
            }
            At::Sweep if tree.has_build() => At::Sweeping(Open::of(tree.ids(Entry::Proposal))),
            At::AskAbout(id) if self.is_dead(state, id) => At::Clean(Part::ClearLeaf, id, Why::Sweep),
            At::WithdrawLeaf(reason) => {
                tree.remove_leaf(Entry::Leaf, me);
                At::WithdrawOwner(reason)
            }
            At::WithdrawOwner(reason) => {
                tree.discard_owner();
                At::Clean(Part::ClearLeaf, me, Why::Withdraw(reason))
            }
            At::Clean(part, id, why) => clean(part, id, why, tree),
            At::Sweep | At::Ask(_) | At::AskAbout(_) | At::Looking(..) | At::Sweeping(_) => At::Idle,
        }
    }

    fn look(&self, tree: Tree, attempt: Try) -> At {
        match self.grain {
            Grain::Ours if tree.has_owner() => At::Looking(attempt, Open::of(tree.ids(Entry::Leaf))),
            _ => looked(attempt, ids_in(tree.ids(Entry::Leaf)).next()),
        }
    }

    fn withdraw(&self, reason: Reason) -> At {
        At::WithdrawLeaf(if self.grain == Grain::Ours { reason } else { Reason::Forgotten })
    }

    /// Every id, or none, that the listing which ends now may give. `None` when what comes next is no such end.
    fn listings(&self, state: &State<CLIENTS>, client: usize) -> Option<(u16, bool)> {
        match state.clients[client].at {
            At::Looking(_, open) | At::Sweeping(open) => Some((open.stood | open.fleeting, open.stood == 0)),
            At::Sweep if self.grain == Grain::Plain => {
                let ids = state.tree.ids(Entry::Proposal);
                Some((ids, ids == 0))
            }
            _ => None,
        }
    }

    fn leaves_holders_alone(&self, state: &State<CLIENTS>) -> bool {
        let has_leaf = |client| state.tree.has(Entry::Leaf, self.me(state, client));
        state.holders().all(has_leaf) && state.clients.iter().all(|client| client.at != At::Dispossessed)
    }

    /// When nobody was killed and all are idle.
    fn leaves_nothing(&self, state: &State<CLIENTS>) -> bool {
        let all_idle = || state.clients.iter().all(|client| client.at == At::Idle);
        state.tree.is_empty() || state.crashes_left < self.crashes || !all_idle()
    }
}

impl<const CLIENTS: usize> State<CLIENTS> {
    fn holders(&self) -> impl Iterator<Item = usize> {
        (0..CLIENTS).filter(|&client| self.clients[client].at == At::Hold)
    }
}

impl<const CLIENTS: usize> Model for FastLock<CLIENTS> {
    type State = State<CLIENTS>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        let client = Client { crashes: 0, at: At::Idle };
        vec![State { tree: Tree::default(), clients: [client; CLIENTS], crashes_left: self.crashes }]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        for (client, index) in (0..).zip(0..CLIENTS) {
            let mut push = |what| actions.push(Action { client, what });
            if let Some((ids, or_none)) = self.listings(state, index) {
                ids_in(ids).for_each(|id| push(What::Lists(Some(id))));
                if or_none {
                    push(What::Lists(None));
                }
            } else {
                push(What::Call);
            }
            // A process that has begun nothing has nothing to lose.
            if state.crashes_left > 0 && state.clients[index].at != At::Idle {
                push(What::Crash);
            }
        }
    }

    fn next_state(&self, state: &Self::State, Action { client, what }: Self::Action) -> Option<Self::State> {
        let (mut next, client) = (*state, usize::from(client));
        let at = state.clients[client].at;
        next.clients[client].at = match (what, at) {
            (What::Crash, _) => {
                next.crashes_left -= 1;
                next.clients[client].crashes += 1;
                At::Idle
            }
            (What::Lists(id), At::Looking(attempt, _)) => looked(attempt, id),
            (What::Lists(id), _) => id.map_or(At::Idle, At::AskAbout),
            (What::Call, _) => self.call(state, client, &mut next.tree),
        };
        if self.grain == Grain::Ours && next.tree != state.tree {
            let moved = at == At::Move;
            for other in (0..CLIENTS).filter(|&other| other != client) {
                next.clients[other].at.notice(state.tree, next.tree, moved);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("mutual exclusion", |_, state: &State<CLIENTS>| state.holders().count() <= 1),
            Property::always("no live holder dispossessed", Self::leaves_holders_alone),
            Property::always("nothing left behind", Self::leaves_nothing),
            Property::sometimes(TAKEN, |_, state: &State<CLIENTS>| state.holders().next().is_some()),
        ]
    }
}

/// What the model must come to; a search that does not is no pass.
pub(crate) const TAKEN: &str = "took the lock";

impl Open {
    fn of(ids: u16) -> Self {
        Self { is_there: true, stood: ids, fleeting: 0 }
    }

    /// Another step changed the entries of the open directory, or took it away.
    fn notice(&mut self, before: u16, after: u16, is_there: bool) {
        if !self.is_there {
            return;
        }
        if !is_there {
            // Its last entries went before it did.
            self.is_there = false;
            return;
        }
        let (came, went) = (after & !before, before & !after);
        self.stood &= !went;
        self.fleeting |= (came & !self.stood) | went;
    }
}

impl At {
    /// What another client's step does to a listing that is under way.
    fn notice(&mut self, before: Tree, after: Tree, moved: bool) {
        match self {
            // A move replaces the directory that is being listed by another one.
            Self::Looking(_, open) => {
                let is_there = after.has_owner() && !moved;
                open.notice(before.ids(Entry::Leaf), after.ids(Entry::Leaf), is_there);
            }
            Self::Sweeping(open) => {
                open.notice(before.ids(Entry::Proposal), after.ids(Entry::Proposal), after.has_build());
            }
            _ => {}
        }
    }
}

/// After LOOK, in the first try or in the second.
fn looked(attempt: Try, owner: Option<Id>) -> At {
    match (owner, attempt) {
        (None, _) => At::MakeLock,
        (Some(owner), Try::First) => At::Ask(owner),
        (Some(_), Try::Second) => At::Idle,
    }
}

/// After what was removed, in an unlock or in a recovery.
fn after(why: Why) -> At {
    match why {
        Why::Unlock => At::Sweep,
        Why::Try => At::LookAgain,
        Why::Sweep | Why::Withdraw(_) => At::Idle,
    }
}

fn clean(part: Part, id: Id, why: Why, tree: &mut Tree) -> At {
    let next = match part {
        Part::ClearLeaf | Part::ClearLeafAgain => {
            tree.remove_leaf(Entry::GoneLeaf, id);
            if part == Part::ClearLeaf { Part::ClearGone } else { Part::ClearGoneAgain }
        }
        Part::ClearGone | Part::ClearGoneAgain => {
            tree.discard_gone(id);
            if part == Part::ClearGone { Part::Aside } else { Part::TidyProposal }
        }
        Part::Aside => {
            tree.put_aside(id);
            Part::ClearLeafAgain
        }
        Part::TidyProposal => {
            tree.discard_proposal(id);
            Part::TidyBuild
        }
        Part::TidyBuild => {
            tree.discard_build();
            Part::TidyLock
        }
        Part::TidyLock => {
            tree.discard_lock();
            return if matches!(why, Why::Withdraw(_)) { At::Idle } else { At::Recover(id, why) };
        }
    };
    At::Clean(next, id, why)
}

/// The ids whose bits are set.
fn ids_in(ids: u16) -> impl Iterator<Item = Id> {
    let from = |ids: u16| Id::try_from(ids.trailing_zeros()).ok().filter(|_| ids != 0);
    std::iter::successors(Some(ids), |ids| Some(ids & ids.wrapping_sub(1))).map_while(from)
}
