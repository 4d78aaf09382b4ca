//! Listings under way: of the living it is kept that one of them came and went, and not who.
//!
//! Once nothing can go wrong any more, who lives lives on. A client that asks for any one name of a directory, and does
//! the same whichever living client it finds there, is then told the name of [`SOMEBODY`] who came or went meanwhile.
//! Where it does the same when it finds nobody, those who stood all the time are somebody too.
//!
//! Why that is enough: what the listing may still come to is the same, now and after any further step. A name that went
//! can still be found, so it is as good as one that came; one that stood counts while it stands, and then it went.

use lockwright_kernel::{fs::call::Value, path::Name};

use crate::{
    history::{NodeId, RootId, Then},
    miss::Miss,
    names::{NameId, SOMEBODY},
    plan::{LookedAt, Op},
    replay::Reply,
    scenario,
    state::{InCall, Listing, State},
    world::{World, calls::liveness},
};

/// Where an attempt comes to that lists a directory.
struct Ends {
    /// When it finds another client that lives.
    living: End,
    /// When it finds nobody.
    nobody: End,
}

/// Where an attempt comes to, and what it says if that is its end.
type End = (NodeId, Option<&'static str>);

impl World<'_> {
    /// Keeps of the listings under way what makes a difference.
    pub(super) fn forget_who_came_and_went(&self, state: &mut State) -> Result<(), Miss> {
        if !self.is_calm(state) {
            return Ok(());
        }
        for client in 0..self.scenario.clients {
            let InCall::Listing(listing) = &state.processes[usize::from(client)].call else { continue };
            let is_other = |name: &NameId| *name == SOMEBODY || self.is_living_other(state, client, *name);
            if !listing.stood.iter().chain(&listing.fleeting).any(is_other) {
                continue;
            }
            let Some(ends) = self.ends(state, client)? else { continue };
            let none_is_as_good = ends.nobody == ends.living;
            let Listing { dir, mut stood, mut fleeting } = Listing::clone(listing);
            let seen = stood.len() + fleeting.len();
            fleeting.retain(|name| !is_other(name));
            if none_is_as_good {
                stood.retain(|name| !is_other(name));
            }
            let forgot = seen > stood.len() + fleeting.len();
            let is_told_anyway = if none_is_as_good { stood.is_empty() } else { stood.iter().any(is_other) };
            if forgot && !is_told_anyway {
                fleeting.insert(0, SOMEBODY);
            }
            state.processes[usize::from(client)].call = InCall::Listing(Box::new(Listing { dir, stood, fleeting }));
        }
        Ok(())
    }

    fn is_living_other(&self, state: &State, client: u8, name: NameId) -> bool {
        self.names.id_named(name).is_some_and(|id| id.client() != client && state.lives(id))
    }

    /// Where the listing of `client` may come to, if it is one place whichever living client it finds.
    fn ends(&self, state: &State, client: u8) -> Result<Option<Ends>, Miss> {
        let history = state.processes[usize::from(client)].history;
        if self.plan(history)?.is_none_or(|plan| plan.looked_at != LookedAt::OneName) {
            return Ok(None);
        }
        let mut living = None;
        for (other, process) in (0..).zip(&state.processes).filter(|(other, _)| *other != client) {
            let id = scenario::id(other, process.incarnation);
            let end = self.end(state, history, Some(id.name().clone()))?;
            if living.is_some_and(|living| living != end) {
                return Ok(None);
            }
            living = Some(end);
        }
        let Some(living) = living else { return Ok(None) };
        Ok(Some(Ends { living, nobody: self.end(state, history, None)? }))
    }

    /// Where an attempt comes to that finds `name`, and asks no more than who lives.
    fn end(&self, state: &State, history: NodeId, name: Option<Name>) -> Result<End, Miss> {
        let mut reply = Reply::Fs(Ok(Value::Name(name)));
        let mut at = history;
        loop {
            at = self.histories.follow(at, self.histories.reply_id(&reply)?)?;
            if let Then::Ends(outcome) = self.histories.then(at) {
                let root = RootId { phase: outcome.next, ..self.histories.root_of(at) };
                return Ok((self.histories.root(root)?, Some(outcome.said)));
            }
            match self.plan(at)?.map(|plan| plan.op) {
                Some(Op::Liveness(of)) => reply = Reply::Liveness(liveness(state, of)),
                _ => return Ok((at, None)),
            }
        }
    }
}

/// The name that a client may be told for [`SOMEBODY`]'s.
pub(in crate::world) fn name_of_somebody(state: &State, client: u8) -> Name {
    let other = u8::from(client == 0);
    let incarnation = state.processes.get(usize::from(other)).map_or(0, |process| process.incarnation);
    scenario::id(other, incarnation).name().clone()
}
