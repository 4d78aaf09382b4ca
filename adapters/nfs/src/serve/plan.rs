//! What goes wrong, and when.

use std::time::Duration;

use super::Procedure;

/// What the wire does to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives, and the connection breaks.
    LoseCall,
    /// It is executed, and the connection breaks before the reply.
    LoseReply,
    /// It is executed, and the connection breaks somewhere in the reply.
    CutReply,
    /// The reply comes after this time.
    DelayReply(Duration),
    /// It is executed and answered, and once more after so many further calls: a copy that was under way for long.
    Repeat {
        /// How many calls come in between.
        after: u64,
    },
    /// The connection breaks, and it is executed only after so many further calls, when its client has long sent it again.
    Late {
        /// How many calls come in between.
        after: u64,
    },
    /// Every connection breaks, this one before the call arrives, and the replies are forgotten unless they are kept.
    Restart,
}

/// How often a thing happens, in a thousand calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Chance {
    fault: Option<Fault>,
    in_thousand: u32,
}

/// What goes wrong, and when. Only calls of the program NFS are hit.
#[derive(Clone, Debug)]
pub struct Plan {
    named: Vec<(Procedure, u64, Fault)>,
    chances: Vec<Chance>,
    chance: fastrand::Rng,
    keeps_replies: bool,
    forgets: bool,
    /// How many calls of each procedure came so far.
    seen: std::collections::BTreeMap<Procedure, u64>,
}

/// What happened on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that came in, those sent again included.
    pub calls: u64,
    /// Calls that a fault hit.
    pub faults: u64,
    /// Executions of calls that had been executed before, or were to be.
    pub late: u64,
    /// Calls that were answered from the replies kept.
    pub remembered: u64,
    /// Restarts.
    pub restarts: u64,
}

impl Plan {
    /// Nothing goes wrong. The server keeps its replies, and forgets them when it is restarted.
    #[must_use]
    pub fn none() -> Self {
        Self {
            named: Vec::new(),
            chances: Vec::new(),
            chance: fastrand::Rng::with_seed(0),
            keeps_replies: true,
            forgets: true,
            seen: std::collections::BTreeMap::new(),
        }
    }

    /// The same, where what goes wrong by chance is drawn from `seed`.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.chance = fastrand::Rng::with_seed(seed);
        self
    }

    /// The same, and `fault` happens to so many calls in a thousand. Together they are to stay below a thousand.
    #[must_use]
    pub fn with(mut self, fault: Fault, in_thousand: u32) -> Self {
        self.chances.push(Chance { fault: Some(fault), in_thousand });
        self
    }

    /// The same, and `fault` happens to the call of `procedure` with that `number`, counted from 1. A call that is sent
    /// again counts again.
    #[must_use]
    pub fn and(mut self, procedure: Procedure, number: u64, fault: Fault) -> Self {
        self.named.push((procedure, number, fault));
        self
    }

    /// The same, with a server that keeps no replies: whatever is sent again is executed again.
    #[must_use]
    pub fn without_replies(mut self) -> Self {
        self.keeps_replies = false;
        self
    }

    /// The same, with replies that outlive a restart.
    #[must_use]
    pub fn with_lasting_replies(mut self) -> Self {
        self.forgets = false;
        self
    }

    /// From now on nothing goes wrong. Of replies it is as before.
    pub(super) fn calm(&mut self) {
        self.named.clear();
        self.chances.clear();
    }

    pub(super) fn keeps_replies(&self) -> bool {
        self.keeps_replies
    }

    pub(super) fn forgets(&self) -> bool {
        self.forgets
    }

    /// What happens to the next call.
    pub(super) fn next(&mut self, procedure: Procedure) -> Option<Fault> {
        if procedure == Procedure::Other {
            return None;
        }
        let seen = self.seen.entry(procedure).or_default();
        *seen += 1;
        let number = *seen;
        if let Some((.., fault)) = self.named.iter().find(|named| (named.0, named.1) == (procedure, number)) {
            return Some(*fault);
        }
        if self.chances.is_empty() {
            return None;
        }
        let mut drawn = self.chance.u32(..1000);
        for chance in &self.chances {
            match drawn.checked_sub(chance.in_thousand) {
                None => return chance.fault,
                Some(rest) => drawn = rest,
            }
        }
        None
    }

    /// A place in a reply of so many bytes.
    pub(super) fn cut(&mut self, length: usize) -> usize {
        self.chance.usize(..length.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_faults() {
        let drawn = |seed| {
            let mut plan = Plan::none().seeded(seed).with(Fault::LoseCall, 100).with(Fault::LoseReply, 300);
            (0..2000).map(|_| plan.next(Procedure::Look)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let count = |fault| drawn(7).into_iter().filter(|drawn| *drawn == Some(fault)).count();
        assert!((120..280).contains(&count(Fault::LoseCall)) && (480..720).contains(&count(Fault::LoseReply)));
    }

    #[test]
    fn a_named_call_is_hit_and_no_other() {
        let mut plan = Plan::none().and(Procedure::Mkdir, 2, Fault::LoseReply);
        let calls = [Procedure::Mkdir, Procedure::Rename, Procedure::Mkdir, Procedure::Mkdir];
        assert_eq!(calls.map(|call| plan.next(call)), [None, None, Some(Fault::LoseReply), None]);
    }

    #[test]
    fn nothing_is_hit_any_more_where_it_is_calm() {
        let mut plan = Plan::none().with(Fault::LoseReply, 999).and(Procedure::Mkdir, 3, Fault::LoseCall);
        assert_eq!(plan.next(Procedure::Mkdir), Some(Fault::LoseReply));
        plan.calm();
        assert_eq!([(); 9].map(|()| plan.next(Procedure::Mkdir)), [None; 9]);
    }
}
