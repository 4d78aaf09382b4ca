//! Shorter ways between two states of a course, found by looking a few steps around each.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    course::{Course, Courses},
    passes::improve,
    places::{Encoded, PlaceId},
};
use crate::trace::event::Event;

/// From each state, so many others are looked at.
const STATES_MAX: usize = 2_000;

/// A state that was come to, and how.
struct Found {
    place: PlaceId,
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
    let mut place = courses.places.begin();
    for &choice in &course.choices[..at] {
        place = courses.places.ways(place)[usize::from(choice)].to;
        courses.work();
    }
    let later: FxHashMap<&Encoded, usize> =
        course.states.iter().enumerate().skip(at).map(|(at, s)| (s, at + 1)).collect();
    let mut known: FxHashSet<Encoded> = [courses.places.encoded(place)].into_iter().collect();
    let mut found = vec![Found { place, from: None, event: None, depth: 0 }];
    let mut waiting = VecDeque::from([0]);
    while let Some(from) = waiting.pop_front() {
        if found.len() > STATES_MAX || !courses.can_go_on() {
            return None;
        }
        let depth = found[from].depth + 1;
        courses.work();
        for way in &*courses.places.ways(found[from].place) {
            let state = courses.places.encoded(way.to);
            let later = later.get(&state);
            if !known.insert(state) {
                continue;
            }
            found.push(Found { place: way.to, from: Some(from), event: Some(way.event.clone()), depth });
            let rest = match later {
                Some(&next) if next - at > depth => &course.events[next..],
                None if course.events.len() - at > depth && courses.places.is_broken(way.to) => &[],
                _ => {
                    waiting.push_back(found.len() - 1);
                    continue;
                }
            };
            return Some([&course.events[..at], &way_to_last(&found), rest].concat());
        }
    }
    None
}

/// The steps to the state that was found last.
fn way_to_last(found: &[Found]) -> Vec<Event> {
    let mut steps = Vec::new();
    let mut at = found.len() - 1;
    while let Found { from: Some(from), event: Some(event), .. } = &found[at] {
        steps.push(event.clone());
        at = *from;
    }
    steps.reverse();
    steps
}
