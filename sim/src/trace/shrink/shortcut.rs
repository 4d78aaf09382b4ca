//! Shorter ways between two states of a course, found by looking a few steps around each.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::course::{Course, Courses, Encoded, encoded};
use super::passes::improve;
use crate::{state::State, trace::event::Event};

/// From each state, so many others are looked at.
const STATES_MAX: usize = 2_000;

/// A state that was come to, and how.
struct Found {
    state: State,
    from: Option<usize>,
    event: Option<Event>,
    depth: usize,
}

/// Looks for a way from one state of the course to a later one, or to a violation, that is shorter than the course's.
pub(super) fn take_shortcuts(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut helped = false;
    let mut at = 0;
    while at < course.events.len() && courses.can_go_on() {
        match shortcut(courses, course, at) {
            Some(wishes) if improve(courses, course, &wishes) => helped = true,
            _ => at += 1,
        }
    }
    helped
}

/// The course with its steps from `at` on replaced by fewer, as far as those lead.
fn shortcut(courses: &mut Courses<'_>, course: &Course, at: usize) -> Option<Vec<Event>> {
    courses.run.restart();
    for &choice in &course.choices[..at] {
        courses.run.events();
        courses.run.go(choice.into());
        courses.work();
    }
    let later: FxHashMap<&Encoded, usize> =
        course.states.iter().enumerate().skip(at).map(|(at, s)| (s, at + 1)).collect();
    let mut found = vec![Found { state: courses.run.state.clone(), from: None, event: None, depth: 0 }];
    let mut known: FxHashSet<Encoded> = [encoded(&found[0].state)].into_iter().collect();
    let mut waiting = VecDeque::from([0]);
    while let Some(place) = waiting.pop_front() {
        if found.len() > STATES_MAX || !courses.can_go_on() {
            return None;
        }
        let depth = found[place].depth + 1;
        courses.run.state = found[place].state.clone();
        courses.work();
        for (event, next) in courses.run.branches() {
            let state = encoded(&next);
            if !known.insert(state.clone()) {
                continue;
            }
            courses.run.state = next.clone();
            found.push(Found { state: next, from: Some(place), event: Some(event), depth });
            let rest = match later.get(&state) {
                Some(&next) if next - at > depth => &course.events[next..],
                None if course.events.len() - at > depth && courses.is_broken(state) => &[],
                _ => {
                    waiting.push_back(found.len() - 1);
                    continue;
                }
            };
            return Some([&course.events[..at], &way(&found), rest].concat());
        }
    }
    None
}

/// The steps to the state that was found last.
fn way(found: &[Found]) -> Vec<Event> {
    let mut steps = Vec::new();
    let mut at = found.len() - 1;
    while let Found { from: Some(from), event: Some(event), .. } = &found[at] {
        steps.push(event.clone());
        at = *from;
    }
    steps.reverse();
    steps
}
