//! Making a violating run shorter: the same property, by fewer steps, fewer faults, fewer switches of client.
//!
//! A run is a list of wishes: who does what. A shorter list is tried by taking, wish by wish, the step that comes
//! closest to it ([`Event::likeness`](super::event::Event::likeness)) and leaving out those that nothing comes close to,
//! until the property is broken. So a list from which something was left out still means a run, whatever the numbers of the choices become.
//!
//! What is tried, again and again until nothing helps: to leave out what lies between two visits to the same state; each
//! fault; each attempt of each client; halves, quarters and so on down to single steps (delta debugging), of the whole
//! and of each client's steps; to join the steps of a client that others parted; and to get from one state of the run to
//! a later one by a shorter way.
//!
//! [`Event::likeness`]: super::event::Event::likeness

mod course;
mod passes;
mod places;
mod shortcut;
#[cfg(test)]
mod tests;

use super::{Code, Divergence, Trace, replay::Rerun};
use crate::protocol::Protocol;
pub(super) use course::Courses;
pub(super) use passes::{swapped, switches};

/// How much work a shrinking may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// In all the runs that are tried, so many steps at most. What can follow a state, where the property is about that,
    /// is looked at once for each state and not counted.
    pub steps_max: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { steps_max: 2_000_000 }
    }
}

/// What became of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The shorter run, or the same one.
    pub trace: Trace,
    /// How many steps it took to find it.
    pub steps: usize,
    /// False when the work came to its bound before nothing helped any more.
    pub finished: bool,
}

impl Trace {
    /// Makes the run shorter as far as that can be found by trying. The same trace gives the same result.
    ///
    /// The result breaks the same property, and takes no more steps than this run. It need not be the shortest there is;
    /// that is what [`check`](crate::check) finds. A run without an end is given back as it is.
    ///
    /// # Errors
    ///
    /// [`Divergence`], when the trace does not run as it is written.
    ///
    /// ```
    /// use lockwright_sim::{Effort, Token, catalogue};
    ///
    /// // A client finds the lock of another taken, twice, before that other is killed. It need not.
    /// let token: Token = "lw1:dotlock.empty_is_live/2/1/atomic:any:011111112".parse()?;
    /// let protocol = catalogue::find(&token.scenario.protocol).expect("it is in the catalogue").protocol();
    /// let trace = token.trace(protocol)?;
    /// let shrunk = trace.shrink(protocol, Effort::default())?;
    /// assert!(shrunk.finished);
    /// assert_eq!((trace.steps.len(), shrunk.trace.steps.len()), (9, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shrink(&self, protocol: &dyn Protocol, effort: Effort) -> Result<Shrunk, Divergence> {
        self.shrink_while(protocol, effort, &mut || true)
    }

    /// Makes the run shorter as [`Trace::shrink`] does, for as long as `may_go_on` says so, which is asked now and then.
    /// What was found until then is the result, and not `finished`.
    ///
    /// # Errors
    ///
    /// [`Divergence`], when the trace does not run as it is written.
    pub fn shrink_while(
        &self,
        protocol: &dyn Protocol,
        effort: Effort,
        may_go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Shrunk, Divergence> {
        let Rerun { run, taken } = self.rerun(protocol)?;
        if self.loop_from.is_some() {
            return Ok(Shrunk { trace: self.clone(), steps: taken.len(), finished: true });
        }
        let mut courses = Courses::new(run, self.property, effort.steps_max).asking(may_go_on);
        let wishes: Vec<_> = taken.into_iter().map(|taken| taken.event).collect();
        let Some(course) = courses.follow(&wishes) else {
            return Ok(Shrunk { trace: self.clone(), steps: courses.steps(), finished: false });
        };
        let course = passes::shrink(&mut courses, course);
        let (steps, finished) = (courses.steps(), courses.can_go_on());
        // The choices are those of a world that has seen much, which offers its steps in the same order as a new one.
        let trace = Self::record(protocol, &self.scenario, self.property, &self.what, &course.choices);
        let trace = Self { code: self.code.map(|_| Code::CURRENT), ..trace };
        Ok(Shrunk { trace, steps, finished })
    }
}
