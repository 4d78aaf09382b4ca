//! Closing the trie: every history is run that can be made of answers which came up so far.
//!
//! That can take minutes where attempts are long, so whoever watches is asked meanwhile. A closing that is broken off goes
//! on where it was, and comes to the same numbers as one that was left alone.

use std::ops::ControlFlow;

use super::{Histories, Then, count, run::Sight};
use crate::{protocol::Protocol, symmetry::Relabelling};

/// Whether to go on; if not, why.
pub(crate) type GoOn<'a> = &'a mut dyn FnMut() -> ControlFlow<String>;

/// Whoever watches is asked after so many histories.
const UNSEEN: usize = if cfg!(test) { 1 << 7 } else { 1 << 12 };

/// A closing that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// The history that comes next.
    at: usize,
    /// How many histories and requests there were when it began.
    before: (usize, usize),
    /// How often whoever watches was asked.
    asked: usize,
}

impl Histories {
    /// How often whoever watches was asked in the closing that was broken off, if one was.
    pub(crate) fn asked(&self) -> Option<usize> {
        self.closing.map(|closing| closing.asked)
    }

    /// Runs every history that can be made of known answers, and of what these are under `exchanges`.
    pub(super) fn close(
        &mut self,
        protocol: &dyn Protocol,
        exchanges: &[Relabelling],
        go_on: GoOn<'_>,
    ) -> ControlFlow<String> {
        let mut closing = self.closing.take().unwrap_or_else(|| self.begin_closing(exchanges, 0));
        loop {
            while closing.at < self.nodes.len() {
                self.close_one(protocol, closing.at);
                closing.at += 1;
                if closing.at.is_multiple_of(UNSEEN) {
                    closing.asked += 1;
                    self.closing = Some(closing);
                    go_on()?;
                }
            }
            self.closing = None;
            if closing.before == (self.nodes.len(), self.requests.len()) || exchanges.is_empty() {
                return ControlFlow::Continue(());
            }
            closing = self.begin_closing(exchanges, closing.asked);
        }
    }

    fn begin_closing(&mut self, exchanges: &[Relabelling], asked: usize) -> Closing {
        let before = (self.nodes.len(), self.requests.len());
        self.close_alphabets(exchanges);
        Closing { at: 0, before, asked }
    }

    fn close_one(&mut self, protocol: &dyn Protocol, at: usize) {
        let Then::Asks(request) = self.nodes[at].then else { return };
        for reply in self.alphabets[request as usize].clone() {
            if self.known(count(at), reply).is_none() {
                self.extend(protocol, count(at), reply, Sight::Ahead);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogue,
        explore::{Limits, Saved, Session, Verdict},
        scenario::Scenario,
    };

    /// It is broken off again and again, and goes on in the same process or in another.
    #[test]
    fn a_search_that_is_broken_off_while_it_learns_comes_to_what_it_comes_to_when_left_alone() {
        let entry = catalogue::find("check_bid_check").expect("it is in the catalogue");
        let scenario = Scenario::new(entry.name, 2, 1);
        let begin = || Session::new(entry.protocol(), &scenario, Limits::default()).expect("it is breadth first");
        let whole = begin().run(&mut |_| ControlFlow::Continue(()));
        let (mut session, mut asked, mut breaks, mut while_learning) = (begin(), 0, 0, 0);
        let report = loop {
            let report = session.run(&mut |_| {
                asked += 1;
                // Judging the whole is begun from the beginning each time, and has to come to its end.
                if asked % 2 == 0 && asked < 200 {
                    ControlFlow::Break("enough".into())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if !matches!(report.verdict, Verdict::Incomplete { .. }) {
                break report;
            }
            breaks += 1;
            while_learning += usize::from(matches!(report.verdict, Verdict::Incomplete { depth: 0, .. }));
            if breaks % 10 == 1 {
                let mut file = Vec::new();
                session.save(&mut file).expect("it is unfinished");
                let saved = Saved::open(&file[..]).expect("it was just written");
                session =
                    Session::resume(entry.protocol(), &scenario, Limits::default(), saved).expect("it is its own");
            }
        };
        assert!(while_learning > 20, "{while_learning} of {breaks}");
        assert_eq!(report.verdict, whole.verdict);
        let sizes = [&report, &whole].map(|report| [report.states, report.transitions, report.depth]);
        assert_eq!(sizes[0], sizes[1]);
    }
}
