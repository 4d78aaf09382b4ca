//! The resource that a lock protects, where a protocol says that it has one: which tokens it has seen, and who wrote.
//!
//! The world knows who is older by itself. A *term* of a client is one hold of the lock: it begins with the first call of
//! the attempt that took it, and is taken when the attempt says so ([`Replay::holds`](crate::Replay::holds)). One holder
//! is newer than another when its term began after the other's was taken; of holders whose terms overlap so far, neither
//! is. A client that pauses, however long, writes late; so a write needs no step in which it is on its way.
//!
//! Moments are kept by their order alone.

use smallvec::SmallVec;

use crate::state::Naming;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wrote {
    /// The resource took it.
    Taken,
    /// Its token was too low.
    Refused,
    /// The resource took it, after one of a newer holder.
    Late,
}

/// What the resource has seen, and when each client's term began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The highest token so far.
    highest: Option<u16>,
    /// When the newest of the terms began whose writes were taken.
    newest: Moment,
    terms: SmallVec<[Term; 6]>,
}

/// The order of what happened; [`NEVER`] for what has not.
type Moment = u8;

const NEVER: Moment = 0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Term {
    began: Moment,
    taken: Moment,
}

impl Resource {
    pub(crate) fn new(clients: u8) -> Self {
        Self { terms: SmallVec::from_elem(Term::default(), clients.into()), ..Self::default() }
    }

    /// A client makes the first call of an attempt.
    pub(crate) fn begin(&mut self, client: u8) {
        self.terms[usize::from(client)] = Term { began: self.next(), taken: NEVER };
        self.tidy();
    }

    /// A client has the lock.
    pub(crate) fn take(&mut self, client: u8) {
        self.terms[usize::from(client)].taken = self.next();
        self.tidy();
    }

    /// A client's attempt is over, or its process is dead.
    pub(crate) fn end(&mut self, client: u8) {
        self.terms[usize::from(client)] = Term::default();
        self.tidy();
    }

    pub(crate) fn end_all(&mut self) {
        self.terms.fill(Term::default());
        self.tidy();
    }

    pub(crate) fn write(&mut self, client: u8, token: Option<u16>) -> Wrote {
        if token.is_some() && token < self.highest {
            return Wrote::Refused;
        }
        self.highest = self.highest.max(token);
        let Term { began, taken } = self.terms[usize::from(client)];
        let is_late = taken != NEVER && self.newest > taken;
        self.newest = self.newest.max(began);
        self.tidy();
        if is_late { Wrote::Late } else { Wrote::Taken }
    }

    fn next(&self) -> Moment {
        self.moments().max().unwrap_or(NEVER) + 1
    }

    fn moments(&self) -> impl Iterator<Item = Moment> {
        self.terms.iter().flat_map(|term| [term.began, term.taken]).chain([self.newest])
    }

    /// Forgets a write that is newer than nobody who holds the lock still, and numbers the moments anew.
    fn tidy(&mut self) {
        if !self.terms.iter().any(|term| term.taken != NEVER && term.taken < self.newest) {
            self.newest = NEVER;
        }
        let mut order: SmallVec<[Moment; 16]> = self.moments().chain([NEVER]).collect();
        order.sort_unstable();
        order.dedup();
        let rank = |moment: Moment| {
            let before = order.iter().filter(|other| **other < moment).count();
            Moment::try_from(before).unwrap_or_else(|_| unreachable!("no more than three moments a client"))
        };
        self.newest = rank(self.newest);
        for term in &mut self.terms {
            *term = Term { began: rank(term.began), taken: rank(term.taken) };
        }
    }

    pub(crate) fn encode(&self, naming: &impl Naming, out: &mut Vec<u16>) {
        out.push(self.highest.map_or(0, |token| token + 1));
        out.push(u16::from_le_bytes([self.newest, u8::try_from(self.terms.len()).unwrap_or_default()]));
        for place in 0..self.terms.len() {
            let Term { began, taken } = self.terms[naming.client_at(place)];
            out.push(u16::from_le_bytes([began, taken]));
        }
    }

    /// Reads back what [`Resource::encode`] wrote.
    pub(crate) fn decode(mut next: impl FnMut() -> u16) -> Self {
        let highest = next().checked_sub(1);
        let [newest, clients] = next().to_le_bytes();
        let term = |number: u16| {
            let [began, taken] = number.to_le_bytes();
            Term { began, taken }
        };
        Self { highest, newest, terms: (0..clients).map(|_| term(next())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_late_when_somebody_who_came_after_has_written() {
        let mut resource = Resource::new(2);
        resource.begin(0);
        resource.take(0);
        resource.begin(1);
        resource.take(1);
        assert_eq!(resource.clone().write(0, None), Wrote::Taken);
        assert_eq!(resource.write(1, None), Wrote::Taken);
        assert_eq!(resource.write(0, None), Wrote::Late);
    }

    #[test]
    fn of_two_who_tried_at_the_same_time_neither_is_newer() {
        let mut resource = Resource::new(2);
        resource.begin(0);
        resource.begin(1);
        resource.take(0);
        resource.take(1);
        for client in [1, 0, 1, 0] {
            assert_eq!(resource.write(client, None), Wrote::Taken);
        }
    }

    #[test]
    fn a_token_is_refused_once_a_higher_one_was_seen_and_not_otherwise() {
        let mut resource = Resource::new(1);
        resource.begin(0);
        resource.take(0);
        for (token, wrote) in [(3, Wrote::Taken), (2, Wrote::Refused), (3, Wrote::Taken), (4, Wrote::Taken)] {
            assert_eq!(resource.write(0, Some(token)), wrote);
        }
        assert_eq!(resource.write(0, None), Wrote::Taken);
    }

    #[test]
    fn what_nobody_can_be_late_for_is_forgotten() {
        let mut resource = Resource::new(2);
        for round in 0..300_u16 {
            let client = u8::from(round % 2 == 1);
            resource.begin(client);
            resource.take(client);
            assert_eq!(resource.write(client, None), Wrote::Taken);
            resource.end(client);
            assert_eq!(resource, Resource::new(2));
        }
    }
}
