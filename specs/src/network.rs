//! What the server of glockd, its clients and the network between them did, as a TLA+ module that `TraceGlockD` extends.
//!
//! | definition | |
//! |---|---|
//! | `CodeStarts` | the numbers of the states at the beginning, one for each scenario or run |
//! | `CodeSessions`, `CodeBorn` | the connections that there are, and those that clients begin with |
//! | `CodeHeir` | for each the one that its client has after it, or itself |
//! | `CodeNames` | the names of the locks |
//! | `CodeStates` | of each state what is seen of it, as a record |
//! | `CodeSteps` | of each state the steps that follow it, as a set of records |
//!
//! Of a fence the run that gave it comes first, and then two digits for its number in that run. States are numbered from 1.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use lockwright_sim::network::unfold::{UnfoldedSession, UnfoldedState, UnfoldedStep, Unfolding};

use crate::{
    code::{define, quoted, set},
    conform::{Told, ToldStep},
};

impl Told for Unfolding {
    type Step = UnfoldedStep;

    fn states(&self) -> usize {
        self.states.len()
    }

    fn steps(&self) -> &[UnfoldedStep] {
        &self.steps
    }

    fn module(name: &str, told: &[Self]) -> String {
        module(name, told)
    }
}

impl ToldStep for UnfoldedStep {
    fn ends(&self) -> (usize, usize) {
        (self.from, self.to)
    }

    fn tell(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, who, event, ask, answer, .. } = self;
        write!(f, "after {from}: {} {event} {ask:?} {answer:?}", who.as_deref().unwrap_or("nobody"))
    }
}

fn module(name: &str, unfoldings: &[Unfolding]) -> String {
    let (mut states, mut steps, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    let sessions: BTreeSet<&str> = unfoldings
        .iter()
        .flat_map(|unfolding| &unfolding.steps)
        .filter_map(|step| step.who.as_deref())
        .chain(["A1"])
        .collect();
    let first = unfoldings.iter().filter_map(|unfolding| unfolding.states.first());
    let names: BTreeSet<&str> = first.flat_map(|state| &state.locks).map(|lock| lock.name).collect();
    for unfolding in unfoldings {
        let begin = states.len();
        starts.push((begin + 1).to_string());
        states.extend(unfolding.states.iter().map(|state| state_record(state, &sessions, &names)));
        steps.resize(states.len(), Vec::new());
        for step in &unfolding.steps {
            steps[begin + step.from].push(step_record(step, begin + step.to + 1));
        }
    }
    let all = |ids: &mut dyn Iterator<Item = &&str>| set(ids.map(|id| quoted(id)).collect::<Vec<_>>());
    let heirs = record(sessions.iter().map(|id| (*id, quoted(&heir(id, &sessions)))));
    let mut text = format!(
        "---- MODULE {name} ----\nCodeStarts == {}\nCodeSessions == {}\nCodeBorn == {}\nCodeHeir == {heirs}\n\
         CodeNames == {}\n",
        set(starts),
        all(&mut sessions.iter()),
        all(&mut sessions.iter().filter(|id| id.ends_with('1'))),
        all(&mut names.iter()),
    );
    define(&mut text, "CodeStates", states.into_iter());
    define(&mut text, "CodeSteps", steps.into_iter().map(set));
    text.push_str("====\n");
    text
}

/// Of `A1` it is `A2`, if there is one.
fn heir(id: &str, sessions: &BTreeSet<&str>) -> String {
    let next =
        id.split_at_checked(1).and_then(|(client, number)| Some(format!("{client}{}", number.parse::<u8>().ok()? + 1)));
    next.filter(|next| sessions.contains(next.as_str())).unwrap_or_else(|| id.to_owned())
}

fn step_record(step: &UnfoldedStep, to: usize) -> String {
    let (kind, name, shown) = step.ask.unwrap_or_default();
    let (is_yes, told) = step.answer.unwrap_or_default();
    let who = quoted(step.who.as_deref().unwrap_or("nobody"));
    format!(
        "[to |-> {to}, event |-> {}, who |-> {who}, kind |-> {}, name |-> {}, fence |-> {}, yes |-> {}]",
        quoted(step.event),
        quoted(kind),
        quoted(name),
        fence(shown.max(told)),
        truth(is_yes),
    )
}

fn state_record(state: &UnfoldedState, sessions: &BTreeSet<&str>, names: &BTreeSet<&str>) -> String {
    let locks: BTreeMap<&str, _> = state.locks.iter().map(|lock| (lock.name, lock)).collect();
    let open: BTreeMap<&str, &UnfoldedSession> =
        state.sessions.iter().map(|session| (session.id.as_str(), session)).collect();
    let ids = |ids: &[String]| set(ids.iter().map(|id| quoted(id)));
    let of_name = |show: &dyn Fn(&str) -> String| record(names.iter().map(|name| (*name, show(name))));
    let of_session = |show: &dyn Fn(&str) -> String| record(sessions.iter().map(|id| (*id, show(id))));
    let place = |name: &str| state.locks.iter().position(|lock| lock.name == name);
    let holder = |name: &str| locks.get(name).and_then(|lock| lock.holder.as_deref()).unwrap_or("no one");
    let held = |id: &str, name: &str| place(name).and_then(|place| *open.get(id)?.holds.get(place)?);
    let mine = |id: &str| of_name(&|name| held(id, name).map_or_else(|| "0 - 1".into(), fence));
    let joined = |id: &str| {
        let has = |name: &&&str| place(name).is_some_and(|place| open.get(id).is_some_and(|open| open.joined[place]));
        set(names.iter().filter(has).map(|name| quoted(name)))
    };
    let told: Vec<String> =
        state.sessions.iter().filter(|session| session.is_told).map(|session| session.id.clone()).collect();
    format!(
        "[now |-> {}, epoch |-> {}, grace |-> {}, work |-> {}, connected |-> {}, holder |-> {}, sharers |-> {}, \
         waiting |-> {}, there |-> {}, sent |-> {}, told |-> {}, mine |-> {}, joined |-> {}, confirmed |-> {}]",
        state.now,
        state.epoch,
        truth(state.is_in_grace),
        truth(state.has_work),
        state.connected,
        of_name(&|name| quoted(holder(name))),
        of_name(&|name| ids(locks.get(name).map_or(&[], |lock| &lock.sharers))),
        of_name(&|name| ids(locks.get(name).map_or(&[], |lock| &lock.waiting))),
        set(open.keys().map(|id| quoted(id))),
        ids(&state.sent),
        ids(&told),
        of_session(&mine),
        of_session(&joined),
        of_session(&|id| open.get(id).map_or(0, |open| open.confirmed).to_string()),
    )
}

fn record<'a>(fields: impl Iterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name} |-> {value}")).collect();
    format!("[{}]", fields.join(", "))
}

fn fence(number: u64) -> String {
    ((number >> 32) * 100 + (number & 0xffff_ffff)).to_string()
}

const fn truth(is_true: bool) -> &'static str {
    if is_true { "TRUE" } else { "FALSE" }
}
