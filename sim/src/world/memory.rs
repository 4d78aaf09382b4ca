//! What a client's host remembers of names, and when it believes that.
//!
//! A host remembers what it has looked up: that a name led to something, or to nothing. It takes that for true as long as
//! it takes the directory to be unchanged, so what others have changed since may be answered as it was (`nfs(5)`, "Directory
//! entry caching"). Whatever a name was since the host asked last may be remembered, for some process of that host may have
//! looked then. Each call that goes by such a memory takes a budget; once that is spent, nothing is remembered.
//!
//! 1. REMEMBER: others change a name. The host may have seen what it was before.
//! 2. RECALL: the host's next call takes the name for what it was. On the way to a directory it comes to where that is
//!    now, or to one that is gone. Of its last name it is answered that it is there, that it is not, or that it is of the wrong
//!    kind. What makes an entry asks the server always (RFC 8881, section 18.16, and 18.4 for directories), and so does a
//!    listing of the directory that it has opened (`nfs(5)`, "Close-to-open cache consistency").
//! 3. RENEW: the host asks the server, and remembers nothing older. *An adaptor that asks anew* ("a fresh look") has it ask
//!    about each directory on the way before each call, so it remembers what was so since the call began, and no more: that is
//!    how `lockwright-posix` does it, and how protocols are run. *One that believes names* does not; its host asks when
//!    * it changes an entry: the answer has the directory's change attribute before and after (RFC 8881, `change_info4`; RFC
//!      1813, `wcc_data`), so that all names in it are looked up again;
//!    * it opens a directory to list it: the same;
//!    * it has asked about one name: that one, and those on the way to it.
//!
//! In `nfs-legacy` asking anew tells nothing, since stamps are to the second and answers may be older than them (`nfs(5)`,
//! `acdirmax`, `nocto`): there every protocol believes names, listings may be as they were, and so may be that a name is taken.

use lockwright_kernel::fs::{FsError, call::Value};

use super::{Step, Successor, World, calls::Came};
use crate::{
    miss::Miss,
    names::{DEAD, PathId},
    plan::{Op, Plan},
    replay::Reply,
    scenario::{Budget, Profile},
    state::{InCall, Listed, Listing, Place, Remembered, State, Was},
    tree::{Change, Node, Tree},
};

impl State {
    /// Drops of what hosts remember what is so, and what stands there twice.
    fn keep_what_is_so_no_more(&mut self) {
        let Self { memory, tree, .. } = self;
        memory.retain(|known| match known.was {
            Was::Absent => tree.get(known.path).is_some(),
            Was::Moved(to) => to != known.path,
            Was::Gone(_) => true,
        });
        memory.sort_unstable();
        memory.dedup();
    }

    /// The client's host remembers nothing.
    fn forget(&mut self, client: u8) {
        self.memory.retain(|known| known.client != client);
    }
}

impl World<'_> {
    /// Others than `actor` may remember what a change has made untrue.
    pub(super) fn remember(&self, next: &mut State, actor: Option<u8>, change: Change) -> Result<(), Miss> {
        if next.left.stales == 0 {
            return Ok(());
        }
        for remembered in &mut next.memory {
            remembered.was = remembered.was.follow(self, change)?;
        }
        let news = was_before(change);
        for client in (0..self.scenario.clients).filter(|client| Some(*client) != actor) {
            for &(path, was) in news.iter().flatten() {
                if self.may_matter(next, client, path)? {
                    next.memory.push(Remembered { client, path, was });
                }
            }
            if self.believes_names() {
                self.take_along_names(next, client, change)?;
            }
        }
        next.keep_what_is_so_no_more();
        Ok(())
    }

    /// What was remembered below a directory is remembered below its new name as well, once the host finds it there.
    fn take_along_names(&self, next: &mut State, client: u8, change: Change) -> Result<(), Miss> {
        let Change::Moved { from, to, .. } = change else { return Ok(()) };
        let inside = |known: &&Remembered| {
            known.client == client && known.path != from && self.names.is_within(known.path, from)
        };
        for known in next.memory.iter().filter(inside).copied().collect::<Vec<_>>() {
            next.memory.push(Remembered { path: self.names.rebase(known.path, from, to)?, ..known });
        }
        Ok(())
    }

    /// Whether the client's host may yet go by what it remembers of `path`. An adaptor that asks anew forgets it with the next
    /// answer.
    fn may_matter(&self, state: &State, client: u8, path: PathId) -> Result<bool, Miss> {
        if self.believes_names() {
            return Ok(true);
        }
        let process = &state.processes[usize::from(client)];
        if process.call != InCall::Before || self.rests(state, client) {
            return Ok(false);
        }
        // An operation that begins with this call has not begun, as far as its tester knows.
        if self.protocol.is_linearizable() && !self.histories.told(process.history).is_empty() {
            return Ok(false);
        }
        let Some(plan) = self.plan(process.history)? else { return Ok(false) };
        let makes = matches!(plan.op, Op::CreateDir | Op::CreateFile(_));
        let leads = |to: PathId| to != DEAD && self.names.is_within(to, path) && !(makes && to == path);
        Ok(!plan.op.is_question() && plan.paths.into_iter().any(leads))
    }

    /// Whether calls take names for what hosts remember.
    fn believes_names(&self) -> bool {
        self.scenario.profile == Profile::NfsLegacy || self.protocol.believes_names()
    }

    /// The client's call was answered, and so was its host.
    pub(super) fn renew(&self, next: &mut State, client: u8, plan: Option<Plan>, came: &Came) {
        if next.memory.is_empty() {
            return;
        }
        if !self.believes_names() {
            return next.forget(client);
        }
        let has_walked = matches!(next.processes[usize::from(client)].call, InCall::Walked(_));
        let Some(plan) = plan.filter(|plan| !plan.op.is_question()) else { return };
        // Who came to another place has asked about other names.
        if came.is_recalled() || has_walked {
            return;
        }
        let names = &self.names;
        let is_renewed = |path: PathId| {
            plan.paths.into_iter().filter(|asked| *asked != DEAD).any(|asked| match plan.op {
                _ if names.is_within(asked, path) => true,
                Op::List => names.parent(path) == asked,
                _ if came.has_changed() => names.parent(path) == names.parent(asked),
                _ => false,
            })
        };
        next.memory.retain(|known| known.client != client || !is_renewed(known.path));
    }

    /// The client's process was killed. The next one's calls begin later.
    pub(super) fn outlive(&self, next: &mut State, client: u8) {
        if !self.believes_names() {
            next.forget(client);
        }
    }

    /// The steps in which a client's next call goes by what its host remembers.
    pub(super) fn recall(&self, state: &State, client: u8, plan: Plan, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Stales) else { return Ok(()) };
        if plan.op.is_question() || state.processes[usize::from(client)].call != InCall::Before {
            return Ok(());
        }
        let mut next = State { left, ..state.clone() };
        if left.stales == 0 {
            next.memory.clear();
        }
        for known in self.remembered_by(state, client) {
            let is_below = |path: PathId| path != DEAD && path != known.path && self.names.is_within(path, known.path);
            if plan.paths.into_iter().any(is_below) {
                self.recall_on_the_way(&next, known, plan, out)?;
            } else if plan.paths[0] == known.path {
                self.recall_of_the_entry(&next, known, plan, out)?;
            } else if plan.paths[1] == known.path {
                self.recall_of_the_target(&next, known, plan, out)?;
            }
        }
        if self.scenario.profile == Profile::NfsLegacy {
            self.recall_listing(state, &next, client, plan, out)?;
        }
        Ok(())
    }

    /// In the order of their spelling, so that the numbers of paths have no say in the order of successors.
    fn remembered_by(&self, state: &State, client: u8) -> Vec<Remembered> {
        let mut known: Vec<_> = state.memory.iter().filter(|known| known.client == client).copied().collect();
        known.sort_by_cached_key(|known| {
            let to = match known.was {
                Was::Moved(to) => Some(self.names.spell(to)),
                Was::Absent | Was::Gone(_) => None,
            };
            (self.names.spell(known.path), to, known.was)
        });
        known
    }

    /// A directory on the way is where it was.
    fn recall_on_the_way(
        &self,
        next: &State,
        known: Remembered,
        plan: Plan,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        match known.was {
            Was::Absent => self.answer_of(next, known.client, plan, FsError::NotFound, out),
            Was::Gone(Node::File(_)) => self.answer_of(next, known.client, plan, FsError::NotADirectory, out),
            Was::Gone(Node::Dir) => self.answer_of(next, known.client, plan, self.gone(), out),
            Was::Moved(to) => {
                let mut places = plan.paths.map(Place::ahead);
                for place in places.iter_mut().filter(|place| place.path != DEAD) {
                    if place.path != known.path && self.names.is_within(place.path, known.path) {
                        place.path = self.names.rebase(place.path, known.path, to)?;
                        *place = place.walked(&self.names);
                    }
                }
                self.recall_to(next.clone(), known.client, InCall::Walked(places), out)
            }
        }
    }

    /// The entry that the call is about is what it was.
    fn recall_of_the_entry(
        &self,
        next: &State,
        known: Remembered,
        plan: Plan,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let client = known.client;
        let node = match known.was {
            Was::Absent => None,
            Was::Moved(to) => next.tree.get(to),
            Was::Gone(node) => Some(node),
        };
        let error = match (plan.op, node) {
            (Op::CreateDir | Op::CreateFile(_), None) => return Ok(()),
            (Op::CreateDir | Op::CreateFile(_), Some(_)) if self.scenario.profile != Profile::NfsLegacy => {
                return Ok(());
            }
            (Op::CreateDir | Op::CreateFile(_), Some(_)) => FsError::AlreadyExists,
            (_, None) => FsError::NotFound,
            (Op::Stat, Some(_)) => {
                return self.answer_plainly(next.clone(), client, plan, Came::default().odd(Budget::Stales), out);
            }
            (Op::RemoveDir | Op::List, Some(Node::File(_))) => FsError::NotADirectory,
            (Op::RemoveFile | Op::Read, Some(Node::Dir)) => FsError::IsADirectory,
            (Op::Read, Some(Node::File(contents))) => {
                let contents = self.contents.get(contents).to_vec();
                let reply = self.histories.reply_id(&Reply::Fs(Ok(Value::Contents(contents))))?;
                return self.answer(next.clone(), client, reply, Came::default().odd(Budget::Stales), out);
            }
            (Op::List, Some(Node::Dir)) => match known.was {
                Was::Moved(to) => {
                    let place = Place::ahead(to).walked(&self.names);
                    return self.recall_to(next.clone(), client, InCall::Walked([place, Place::GONE]), out);
                }
                _ => self.gone(),
            },
            // The server removes and moves what has the name.
            _ => return Ok(()),
        };
        self.answer_of(next, client, plan, error, out)
    }

    /// The place that something is to be moved to is what it was: of the wrong kind.
    fn recall_of_the_target(
        &self,
        next: &State,
        known: Remembered,
        plan: Plan,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let node = match known.was {
            Was::Absent => None,
            Was::Moved(to) => next.tree.get(to),
            Was::Gone(node) => Some(node),
        };
        match (next.tree.get(plan.paths[0]), node) {
            (Some(Node::Dir), Some(Node::File(_))) => {
                self.answer_of(next, known.client, plan, FsError::NotADirectory, out)
            }
            (Some(Node::File(_)), Some(Node::Dir)) => {
                self.answer_of(next, known.client, plan, FsError::IsADirectory, out)
            }
            _ => Ok(()),
        }
    }

    /// A listing may have each entry that was there, and lack each that was not.
    fn recall_listing(
        &self,
        state: &State,
        next: &State,
        client: u8,
        plan: Plan,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        let dir = plan.paths[0];
        let is_dir = |tree: &Tree| tree.look_up(&self.names, dir) == Ok(Node::Dir);
        if !matches!(plan.op, Op::List) || !is_dir(&next.tree) {
            return Ok(());
        }
        let inside = |known: &&Remembered| known.client == client && self.names.parent(known.path) == dir;
        let mut fleeting: Listed =
            state.memory.iter().filter(inside).map(|known| self.names.name(known.path)).collect();
        if fleeting.is_empty() {
            return Ok(());
        }
        fleeting.sort_unstable();
        fleeting.dedup();
        let mut stood = next.tree.names_in(&self.names, dir);
        stood.retain(|name| !fleeting.contains(name));
        self.recall_to(next.clone(), client, InCall::Listing(Box::new(Listing { dir, stood, fleeting })), out)
    }

    /// What a directory handle answers that was remembered and is gone (RFC 1813, `NFS3ERR_STALE`). An adaptor
    /// that asks anew makes the call again, and says at last that nothing is there.
    fn gone(&self) -> FsError {
        if self.believes_names() { FsError::Stale } else { FsError::NotFound }
    }

    /// The host answers by itself.
    fn answer_of(
        &self,
        next: &State,
        client: u8,
        plan: Plan,
        error: FsError,
        out: &mut Vec<Successor>,
    ) -> Result<(), Miss> {
        self.answer_plainly(next.clone(), client, plan, Came::from(Err(error)).odd(Budget::Stales), out)
    }

    /// The call goes on from there.
    fn recall_to(&self, mut next: State, client: u8, call: InCall, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &mut next.processes[usize::from(client)];
        process.call = call;
        let history = process.history;
        next.tester = self.departs(next.tester, client, history)?;
        out.push(Successor::quiet(Step::Recall { client }, next));
        Ok(())
    }
}

impl Was {
    /// Where it is after a change.
    fn follow(self, world: &World<'_>, change: Change) -> Result<Self, Miss> {
        let Self::Moved(at) = self else { return Ok(self) };
        Ok(match change {
            Change::Removed(path, node) if path == at => Self::Gone(node),
            Change::Moved { from, to, .. } if world.names.is_within(at, from) => {
                Self::Moved(world.names.rebase(at, from, to)?)
            }
            Change::Moved { to, replaced: Some(node), .. } if to == at => Self::Gone(node),
            _ => self,
        })
    }
}

/// The names that a change has given another meaning, and the one that they had.
fn was_before(change: Change) -> [Option<(PathId, Was)>; 2] {
    match change {
        Change::Added(path) => [Some((path, Was::Absent)), None],
        Change::Removed(path, node) => [Some((path, Was::Gone(node))), None],
        Change::Moved { from, to, replaced } => {
            [Some((from, Was::Moved(to))), Some((to, replaced.map_or(Was::Absent, Was::Gone)))]
        }
    }
}
