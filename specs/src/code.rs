//! What the code did, as a TLA+ module that a module `TraceX` extends.
//!
//! | definition | |
//! |---|---|
//! | `CodeStarts` | the numbers of the states at the beginning, one for each scenario or run |
//! | `CodeIds`, `CodeBorn` | the ids of all processes, and of those at the beginning |
//! | `CodeHeir` | for each id that of the process that its client goes on with after a crash, or itself |
//! | `CodeDisk` | of each state the entries on disk, as a set of paths; a path is a tuple of names |
//! | `CodeContents` | of each state the files that have contents, as a set of pairs of path and text |
//! | `CodeHolders` | of each state the ids of the processes that are in their critical sections |
//! | `CodeIdle` | of each state the ids of the processes that are between two attempts and want nothing |
//! | `CodeSteps` | of each state the steps that follow it, as a set of records |
//!
//! A record of a step: `to`, the number of the next state; `who`, an id or `"nobody"`; `deed`, `"call"`, `"begin"`,
//! `"crash"` or `"other"`; `call`, the method's name; `path` and `onto`, its paths, or `<<>>`; `answer` as a text; `saw`,
//! the names that it was answered; `walked`, who else had walked into what was moved; `said`, how an attempt ended with
//! this step, or `""`. States are numbered from 1.

use std::{
    collections::BTreeSet,
    fmt::{self, Write},
};

use lockwright_sim::unfold::{UnfoldedProcess, UnfoldedState, UnfoldedStep, Unfolding};

use crate::conform::{Told, ToldStep};

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
        let Self { from, who, deed, call, paths, answer, .. } = self;
        let who = who.as_deref().unwrap_or("nobody");
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        write!(f, "after {from}: {who} {} {call}({}) = {answer}", deed.name(), paths.join(", "))
    }
}

/// The module called `name` of these scenarios and runs.
#[must_use]
pub fn module(name: &str, unfoldings: &[Unfolding]) -> String {
    let states: Vec<&UnfoldedState> = unfoldings.iter().flat_map(|unfolding| &unfolding.states).collect();
    let mut steps: Vec<Vec<String>> = vec![Vec::new(); states.len()];
    let (mut starts, mut first) = (Vec::new(), 0);
    for unfolding in unfoldings {
        starts.push((first + 1).to_string());
        for step in &unfolding.steps {
            steps[first + step.from].push(record(step, first + step.to + 1));
        }
        first += unfolding.states.len();
    }
    let mut text = format!("---- MODULE {name} ----\nCodeStarts == {}\n", set(starts));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", processes(unfoldings));
    define(&mut text, "CodeDisk", states.iter().map(|state| set(state.tree.iter().map(|entry| path_of(entry)))));
    define(
        &mut text,
        "CodeContents",
        states.iter().map(|state| set(state.tree.iter().filter_map(|entry| written(entry)))),
    );
    define(&mut text, "CodeHolders", states.iter().map(|state| ids(state, |process| process.holds)));
    define(&mut text, "CodeIdle", states.iter().map(|state| ids(state, |process| process.is_idle)));
    define(&mut text, "CodeSteps", steps.into_iter().map(set));
    text.push_str("====\n");
    text
}

/// Who there is. Ids are given out in the order of the clients' crashes, so an heir has the id that comes next.
fn processes(unfoldings: &[Unfolding]) -> String {
    let ids_in = |states: &[UnfoldedState]| -> BTreeSet<String> {
        states.iter().flat_map(|state| &state.processes).map(|process| process.id.clone()).collect()
    };
    let all: BTreeSet<String> = unfoldings.iter().flat_map(|unfolding| ids_in(&unfolding.states)).collect();
    let born: BTreeSet<String> = unfoldings.iter().flat_map(|unfolding| ids_in(&unfolding.states[..1])).collect();
    let heir = |id: &String| -> Option<String> {
        let (client, number) = id.split_at_checked(1)?;
        let heir = format!("{client}{}", number.parse::<u8>().ok()? + 1);
        all.contains(&heir).then_some(heir)
    };
    let heirs: Vec<String> =
        all.iter().map(|id| format!("{id} |-> {}", quoted(&heir(id).unwrap_or_else(|| id.clone())))).collect();
    let [all_ids, born_ids] = [&all, &born].map(|ids| set(ids.iter().map(|id| quoted(id))));
    format!("CodeIds == {all_ids}\nCodeBorn == {born_ids}\nCodeHeir == [{}]", heirs.join(", "))
}

pub(crate) fn define(text: &mut String, name: &str, of_each_state: impl Iterator<Item = String>) {
    let rows: Vec<String> = of_each_state.collect();
    let _ = writeln!(text, "{name} == <<\n  {}\n>>", rows.join(",\n  "));
}

fn record(step: &UnfoldedStep, to: usize) -> String {
    let path = |at: usize| step.paths.get(at).map_or_else(|| "<<>>".into(), |path| tuple(&path.to_string()));
    format!(
        "[to |-> {to}, who |-> {}, deed |-> {}, call |-> {}, path |-> {}, onto |-> {}, answer |-> {}, saw |-> {}, \
         walked |-> {}, said |-> {}]",
        quoted(step.who.as_deref().unwrap_or("nobody")),
        quoted(step.deed.name()),
        quoted(&step.call),
        path(0),
        path(1),
        quoted(&step.answer),
        set(step.saw.iter().map(|name| quoted(name))),
        set(step.walked.iter().map(|id| quoted(id))),
        quoted(step.said.unwrap_or_default()),
    )
}

fn ids(state: &UnfoldedState, which: impl Fn(&UnfoldedProcess) -> bool) -> String {
    set(state.processes.iter().filter(|process| which(process)).map(|process| quoted(&process.id)))
}

/// The path of an entry as [`UnfoldedState::tree`] has it.
fn path_of(entry: &str) -> String {
    let (path, _) = entry.split_once(" = ").unwrap_or((entry, ""));
    tuple(path.trim_end_matches('/'))
}

/// The path and the contents of a file that has any.
fn written(entry: &str) -> Option<String> {
    let (path, contents) = entry.split_once(" = ")?;
    Some(format!("<<{}, {}>>", tuple(path), quoted(contents.trim_matches('"'))))
}

fn tuple(path: &str) -> String {
    let names: Vec<String> = path.split('/').map(quoted).collect();
    format!("<<{}>>", names.join(", "))
}

pub(crate) fn set(members: impl IntoIterator<Item = String>) -> String {
    format!("{{{}}}", members.into_iter().collect::<Vec<_>>().join(", "))
}

pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use lockwright_sim::{catalogue, scenario::Scenario};

    use super::*;

    #[test]
    fn a_lone_client_is_written_as_a_cycle() {
        let protocol = catalogue::find("fast_lock").unwrap().protocol();
        let alone = Unfolding::of(protocol, &Scenario::new("fast_lock", 1, 0), 100).unwrap();
        let text = module("Code", &[alone.clone(), alone]);
        assert!(text.starts_with("---- MODULE Code ----\nCodeStarts == {1, "), "{text}");
        let first = "{[to |-> 2, who |-> \"A1\", deed |-> \"call\", call |-> \"any\", path |-> <<\"lock\", \"owner\">>, \
                     onto |-> <<>>, answer |-> \"NotFound\", saw |-> {}, walked |-> {}, said |-> \"\"]}";
        assert!(text.contains(first), "{text}");
        assert!(text.contains("{<<\"lock\">>, <<\"lock\", \"owner\">>, <<\"lock\", \"owner\", \"A1\">>}"), "{text}");
    }

    #[test]
    fn contents_are_told_from_paths() {
        assert_eq!(path_of("a/b = \"text = x\""), "<<\"a\", \"b\">>");
        assert_eq!(written("a/b = \"text\"").as_deref(), Some("<<<<\"a\", \"b\">>, \"text\">>"));
        assert_eq!((path_of("a/b/"), written("a/b/")), ("<<\"a\", \"b\">>".into(), None));
    }
}
