//! Running an attempt over a history that was never run.
//!
//! 1. RUN: the attempt from its start, fed the answers of the history; the first call beyond them is halted.
//! 2. COMPARE: it asked on the way what it asked before, stopped when it was halted, and not otherwise.
//! 3. KEEP: the history has a number, and so has what it asks.
//!
//! A closing runs a history for each known answer to each of its calls, so there the first call beyond is not halted but given
//! the first of its known answers, and so on: one run tells of a whole chain of histories, of which all but one would have
//! come up later. KEEP takes each of them when it comes up, so the numbers are those of runs one by one. Where COMPARE finds
//! anything, the history is run by itself.
//!
//! *What that leaves out.* Histories at which no attempt was ever halted. Each line is halted at least once at each request that
//! it makes, so that one which does not stop is found; and what an attempt does when it is not halted does not depend on it.

use std::cell::RefCell;

use super::{Histories, Node, NodeId, ReplyId, RequestId, RootId, Then, count};
use crate::{
    operations::Event,
    protocol::{Client, Outcome, Property, Protocol, Stop},
    replay::{Replay, Reply, Request, Site},
    scenario,
};

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Until the first call beyond the history.
    Halting,
    /// On, by the first answer known to each further call.
    Ahead,
}

/// What one run told of one history.
#[derive(Debug)]
pub(super) struct Ran {
    /// The last answer of the history; a root has none.
    by: Option<ReplyId>,
    then: Follows,
    told: Box<[Event]>,
    site: Option<Site>,
}

/// What follows from a history whose number is yet to be given.
#[derive(Debug)]
enum Follows {
    /// A request that has no number either, at which the attempt was halted.
    Asks(Request),
    /// One at which it was not halted.
    Goes(RequestId),
    Ends(Outcome),
    Breaks(Property, String),
}

/// Gives answers beyond a history, and keeps which.
#[derive(Debug)]
pub(crate) struct Ahead<'a> {
    histories: &'a Histories,
    given: RefCell<Vec<(RequestId, ReplyId)>>,
}

impl<'a> Ahead<'a> {
    /// The first known answer to `request`, if the line that makes it was halted at it before.
    pub(crate) fn answer(&self, request: &Request, site: Site) -> Option<&'a Reply> {
        let request = self.histories.requests.find(request)?;
        let reply = *self.histories.alphabets.get(request as usize)?.first()?;
        if !self.histories.halted.get(request as usize)?.contains(&site) {
            return None;
        }
        self.given.borrow_mut().push((request, reply));
        Some(self.histories.reply(reply))
    }

    /// Those that were given.
    pub(crate) fn replies(&self) -> Vec<&'a Reply> {
        self.given.borrow().iter().map(|(_, reply)| self.histories.reply(*reply)).collect()
    }
}

impl Histories {
    /// Runs the attempt over a history that was never run, unless an earlier run has told of it, and keeps what follows.
    pub(super) fn run(
        &mut self,
        protocol: &dyn Protocol,
        before: Option<(NodeId, ReplyId)>,
        root: RootId,
        sight: Sight,
    ) -> NodeId {
        let told_before = before.and_then(|before| self.ahead.remove(&before));
        let mut chain = told_before.unwrap_or_else(|| self.run_anew(protocol, before, root, sight));
        let Some(Ran { then, told, site, .. }) = chain.pop() else { unreachable!("a run tells of its history") };
        let then = match then {
            Follows::Asks(request) => {
                let request = self.requests.id(&request);
                self.alphabets.resize(self.requests.len(), Vec::new());
                self.note_halted(request, site);
                Then::Asks(request)
            }
            Follows::Goes(request) => Then::Asks(request),
            Follows::Ends(outcome) => Then::Ends(outcome),
            Follows::Breaks(property, what) => Then::Breaks(property, what),
        };
        let node = count(self.nodes.len());
        self.nodes.push(Node { before, root, then, told, site, next: Vec::new() });
        if let Some(by) = chain.last().and_then(|next| next.by) {
            self.ahead.insert((node, by), chain);
        }
        node
    }

    fn note_halted(&mut self, request: RequestId, site: Option<Site>) {
        self.halted.resize(self.requests.len(), Vec::new());
        let halted = &mut self.halted[request as usize];
        if let Some(site) = site.filter(|site| !halted.contains(site)) {
            halted.push(site);
        }
    }

    /// What a run tells of a history, last, and before it of those that prolong it.
    fn run_anew(
        &self,
        protocol: &dyn Protocol,
        before: Option<(NodeId, ReplyId)>,
        root: RootId,
        sight: Sight,
    ) -> Vec<Ran> {
        let (asked, replies) = self.past(before);
        let by = before.map(|(_, reply)| reply);
        if sight == Sight::Ahead {
            let ahead = Ahead { histories: self, given: RefCell::default() };
            let world = Replay::new(&replies, Some(&ahead), self.is_settled);
            let answer = protocol.attempt(&client(root), root.phase, &world);
            if let Ok(chain) = self.compare_run(answer, &world, &asked, by, &ahead.given.borrow()) {
                return chain;
            }
        }
        let world = Replay::new(&replies, None, self.is_settled);
        let answer = protocol.attempt(&client(root), root.phase, &world);
        self.compare_run(answer, &world, &asked, by, &[]).unwrap_or_else(|what| {
            let then = Follows::Breaks(Property::Replayable, what.into());
            vec![Ran { by, then, told: world.told_after(replies.len()), site: None }]
        })
    }

    /// What was asked and answered on the way to a history.
    fn past(&self, mut before: Option<(NodeId, ReplyId)>) -> (Vec<RequestId>, Vec<&Reply>) {
        let (mut asked, mut replies) = (Vec::new(), Vec::new());
        while let Some((node, reply)) = before {
            if let Then::Asks(request) = *self.then(node) {
                asked.push(request);
            }
            replies.push(self.reply(reply));
            before = self.nodes[node as usize].before;
        }
        asked.reverse();
        replies.reverse();
        (asked, replies)
    }

    /// What one run says, if the attempt did before what it did the last times, and stopped when it was halted.
    fn compare_run(
        &self,
        answer: Result<Outcome, Stop>,
        world: &Replay<'_>,
        asked: &[RequestId],
        by: Option<ReplyId>,
        given: &[(RequestId, ReplyId)],
    ) -> Result<Vec<Ran>, &'static str> {
        if world.went_on() {
            return Err("it went on calling after it was halted");
        }
        let mut sites = world.sites().into_iter();
        let mut at = asked.len();
        let mut ran = |by, then| {
            at += 1;
            Ran { by, then, told: world.told_after(at - 1), site: sites.next() }
        };
        let (mut chain, mut by) = (Vec::with_capacity(given.len() + 1), by);
        for &(request, reply) in given {
            chain.push(ran(by, Follows::Goes(request)));
            by = Some(reply);
        }
        let mut requests = world.requests();
        let halted = if requests.len() > asked.len() + given.len() { requests.pop() } else { None };
        let before = requests.iter().take(asked.len());
        if !before.eq(asked.iter().map(|&request| self.request(request))) {
            return Err("it asked something else for the same answers");
        }
        let then = match (halted, answer) {
            (Some(request), Err(Stop::Halted)) => Follows::Asks(request),
            (Some(_), _) => return Err("it did not stop when it was halted"),
            (None, Ok(outcome)) => Follows::Ends(outcome),
            (None, Err(Stop::Broken(property, what))) => Follows::Breaks(property, what),
            (None, Err(Stop::Halted)) => return Err("it says it was halted and was not"),
        };
        chain.push(ran(by, then));
        chain.reverse();
        Ok(chain)
    }
}

/// The process that `root` is about.
fn client(root: RootId) -> Client {
    Client { index: root.client.into(), id: scenario::id(root.client, root.incarnation) }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{catalogue, scenario::Scenario, world::World};

    /// The histories that come up in some states, near to the beginning and farther from it.
    fn some_histories(protocol: &dyn Protocol, scenario: &Scenario) -> Histories {
        let mut world = World::new(protocol, scenario);
        let (mut states, mut successors) = (vec![world.initial()], Vec::new());
        for at in 0..4000_usize {
            let state = states[at * 7919 % states.len()].clone();
            world.successors(&state, &mut successors);
            states.extend(successors.drain(..).map(|next| next.state));
        }
        world.histories
    }

    #[test]
    fn runs_that_look_ahead_tell_what_runs_one_by_one_tell() {
        let mut is_told_ahead = false;
        for name in ["check_bid_check", "fast_lock", "fair_lock"] {
            let protocol = catalogue::find(name).expect("it is in the catalogue").protocol();
            let scenario = Scenario::new(name, 2, 1);
            let mut one_by_one = some_histories(protocol, &scenario);
            let mut at = 0;
            while let Some(node) = one_by_one.nodes.get(at) {
                if let Then::Asks(request) = node.then {
                    for reply in one_by_one.alphabets[request as usize].clone() {
                        one_by_one.make_next(protocol, count(at), reply);
                    }
                }
                at += 1;
            }
            let mut ahead = some_histories(protocol, &scenario);
            // The closing of a small one is over before anybody is asked.
            let _ = ahead.close(protocol, &[], &mut || ControlFlow::Break("a moment".into()));
            is_told_ahead |= !ahead.ahead.is_empty();
            assert!(ahead.close(protocol, &[], &mut || ControlFlow::Continue(())).is_continue());
            assert!(ahead.ahead.is_empty(), "{name}: what was told ahead did not come up");
            assert_eq!(format!("{:?}", ahead.nodes), format!("{:?}", one_by_one.nodes), "{name}");
            assert_eq!(ahead.requests.values, one_by_one.requests.values, "{name}");
        }
        assert!(is_told_ahead);
    }
}
