//! After an unclean end: a time in which nobody is granted anything, and whoever held a lock may ask for it.
//!
//! 1. CLAIM: a client names a lock and the fence of its grant. It is not answered yet.
//! 2. GRANT: when the time is over, each lock goes to the claim with the highest fence.
//! 3. ANSWER: whoever claimed is told what came of it.
//! 4. SERVE: who waits for a lock that nobody got is granted it. The time of grace is over, and that is persisted.
//!
//! *Why the highest, and why not at once.* The state of the last run is lost. Of two that were granted one lock, the one
//! with the lower fence lost it before the other got it, and may not have noticed. Were it answered at once, it could be
//! back before the other is.
//!
//! *Who comes while lines are served.* Nobody serves a line a second time, so who then asks for a lock that nobody holds or
//! waits for is granted it, and does not stand in line.
//!
//! *What a claim proves.* That its fence was given by a run that was not settled. A client that makes one up, or claims
//! what it has released, can get what is not its own; those who may connect are trusted that far.

use alloc::{collections::BTreeMap, vec::Vec};

use core::{cmp::Reverse, ops::Bound};

use crate::clock::Instant;

use super::{
    Glockd,
    chores::{Chore, PIECE},
    clients::{Busy, ClientId, Name},
    fences::Fence,
    reply::Reply,
    rights::May,
    settings::Saved,
};

/// The time of grace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Grace {
    pub(super) ends: Instant,
    claims: BTreeMap<Name, Vec<(Fence, ClientId)>>,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Claiming,
    Granting,
    /// Clients from this slot on are to be answered.
    Answering(usize),
    /// Names after this one are to be served.
    Serving(Option<Name>),
}

impl Grace {
    /// What follows from the end of the last run.
    pub(super) fn after(saved: Option<Saved>, ends: Instant) -> Option<Self> {
        let is_due = saved.is_some_and(|saved| !saved.is_clean);
        is_due.then(|| Self { ends, claims: BTreeMap::new(), stage: Stage::Claiming })
    }

    /// True until the end of the time has been noticed.
    pub(super) fn is_claiming(&self) -> bool {
        self.stage == Stage::Claiming
    }

    /// True once each lock that was claimed has its holder: one that has none is to be had by who waits for it.
    pub(super) fn has_granted(&self) -> bool {
        matches!(self.stage, Stage::Answering(_) | Stage::Serving(_))
    }

    /// Forgets a claim of somebody who is gone.
    pub(super) fn forget(&mut self, name: &[u8], id: ClientId) {
        if let Some(claims) = self.claims.get_mut(name) {
            claims.retain(|(_, claimant)| *claimant != id);
            if claims.is_empty() {
                self.claims.remove(name);
            }
        }
    }
}

impl Glockd {
    /// 1 CLAIM.
    pub(super) fn back(&mut self, id: ClientId, name: &[u8], fence: u64) {
        if self.has_too_many(id) {
            return self.refuse(id, Reply::TooManyLocks);
        }
        let claiming = self.grace.as_mut().filter(|grace| grace.is_claiming());
        let (Some(grace), Some(client)) = (claiming, self.clients.get(id)) else {
            return self.reply(id, Reply::NoGrace);
        };
        // A claim that is not good is answered with the others, in its turn.
        let name = Name::from(name);
        let is_good = |fence: &Fence| (self.since..self.first).contains(&fence.epoch());
        if let Some(fence) = Fence::new(fence).filter(is_good).filter(|_| client.rights.allow(May::Hold, &name)) {
            grace.claims.entry(Name::clone(&name)).or_default().push((fence, id));
        }
        match &mut client.busy {
            Busy::Claims(claims) => claims.push(name),
            busy => *busy = Busy::Claims([name].into()),
        }
    }

    /// Notices that the time is over.
    pub(super) fn end_grace(&mut self, now: Instant) {
        if let Some(grace) = self.grace.as_mut().filter(|grace| grace.is_claiming() && grace.ends <= now) {
            grace.stage = Stage::Granting;
            self.chores.push_back(Chore::Settle);
        }
    }

    /// One piece of what follows; false when nothing is left.
    pub(super) fn settle(&mut self, now: Instant) -> bool {
        let Some(grace) = &mut self.grace else { return false };
        match grace.stage.clone() {
            Stage::Claiming | Stage::Granting => self.grant_claims(),
            Stage::Answering(slot) => self.answer_claims(slot),
            Stage::Serving(after) => self.serve_lines(after, now),
        }
        self.grace.is_some()
    }

    /// 2 GRANT.
    fn grant_claims(&mut self) {
        for _ in 0..PIECE {
            let Some(grace) = &mut self.grace else { return };
            let Some((name, claims)) = grace.claims.pop_first() else {
                grace.stage = Stage::Answering(0);
                return;
            };
            // Of two that show the same fence, the first has it.
            let may_hold = |id| {
                let there = self.clients.see(id).filter(|client| !client.is_leaving);
                there.is_some_and(|client| client.rights.allow(May::Hold, &name))
            };
            let mut there = claims.into_iter().filter(|(_, id)| may_hold(*id)).collect::<Vec<_>>();
            there.sort_by_key(|(fence, _)| Reverse(*fence));
            if let Some((_, id)) = there.first() {
                self.grant(id.small(), name);
            }
        }
    }

    /// 3 ANSWER.
    fn answer_claims(&mut self, slot: usize) {
        let Some(grace) = &mut self.grace else { return };
        let Some(id) = self.clients.next_from(slot) else {
            grace.stage = Stage::Serving(None);
            return;
        };
        grace.stage = Stage::Answering(id.slot());
        let Some(Busy::Claims(claims)) = self.clients.get(id).map(|client| &mut client.busy) else {
            grace.stage = Stage::Answering(id.slot() + 1);
            return;
        };
        let some: Vec<_> = claims.drain(..claims.len().min(PIECE)).collect();
        let is_last = claims.is_empty();
        for name in some {
            match self.exclusive.hold(&name).filter(|hold| hold.slot == id.small()) {
                Some(hold) => self.reply(id, Reply::Granted { count: 1, fence: hold.fence }),
                None if self.clients.see(id).is_some_and(|client| !client.rights.allow(May::Hold, &name)) => {
                    self.forbid(id);
                }
                None => self.reply(id, Reply::CannotGet(&name)),
            }
        }
        if is_last {
            self.is_free_again(id);
        }
    }

    /// 4 SERVE.
    fn serve_lines(&mut self, after: Option<Name>, now: Instant) {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = self.queue.lines.range((after, Bound::Unbounded)).take(PIECE);
        let names: Vec<_> = names.map(|(name, _)| Name::clone(name)).collect();
        for name in &names {
            self.serve(name, now);
        }
        if let (Some(last), Some(grace)) = (names.last(), &mut self.grace) {
            grace.stage = Stage::Serving(Some(Name::clone(last)));
        } else {
            (self.grace, self.since) = (None, self.first);
            self.persist(false);
        }
    }
}
