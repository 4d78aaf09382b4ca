//! What is tried to make a course smaller.

use rustc_hash::FxHashMap;

use super::{
    course::{Course, Courses},
    shortcut,
};
use crate::trace::event::Event;

type Pass = fn(&mut Courses<'_>, &mut Course) -> bool;

const PASSES: [Pass; 7] = [
    cut_loops,
    drop_faults,
    drop_attempts,
    drop_chunks,
    drop_chunks_of_each_client,
    join_blocks,
    shortcut::take_shortcuts,
];

/// Tries everything, the cheap things first, until nothing helps.
pub(super) fn shrink(courses: &mut Courses<'_>, mut course: Course) -> Course {
    while PASSES.iter().any(|pass| courses.can_go_on() && pass(courses, &mut course)) {}
    course
}

/// Takes what `wishes` lead to in place of `course`, if it is smaller.
pub(super) fn improve(courses: &mut Courses<'_>, course: &mut Course, wishes: &[Event]) -> bool {
    match courses.follow(wishes) {
        Some(found) if found.size() < course.size() => {
            *course = found;
            true
        }
        _ => false,
    }
}

/// Leaves out what lies between two visits to the same state.
fn cut_loops(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut last = FxHashMap::default();
    for (at, state) in course.states.iter().enumerate() {
        last.insert(state, at);
    }
    let mut wishes = Vec::new();
    let mut at = 0;
    while at < course.events.len() {
        wishes.push(course.events[at].clone());
        at = last[&course.states[at]] + 1;
    }
    wishes.len() < course.events.len() && improve(courses, course, &wishes)
}

/// Leaves out each fault: the step, or what goes wrong in it.
fn drop_faults(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut helped = false;
    let mut at = 0;
    while at < course.events.len() {
        let event = &course.events[at];
        let mut wishes = course.events.clone();
        wishes.splice(at..=at, event.without_faults());
        if !event.faults.is_empty() && improve(courses, course, &wishes) {
            helped = true;
        } else {
            at += 1;
        }
    }
    helped
}

/// Leaves out whole attempts.
fn drop_attempts(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut helped = false;
    let mut number = 0;
    loop {
        let attempts = attempts(&course.events);
        let rest: Vec<Event> = without(&course.events, |at| attempts[at] == number);
        if rest.len() == course.events.len() {
            return helped;
        }
        if improve(courses, course, &rest) {
            helped = true;
        } else {
            number += 1;
        }
    }
}

/// The attempt that each step belongs to. They are numbered in the order of their first steps.
fn attempts(events: &[Event]) -> Vec<usize> {
    let mut under_way: FxHashMap<Option<u8>, usize> = FxHashMap::default();
    let mut count = 0;
    let mut attempt_of = |event: &Event| {
        let attempt = *under_way.entry(event.client).or_insert_with(|| {
            count += 1;
            count - 1
        });
        if event.ends || event.deed.is_fault() {
            under_way.remove(&event.client);
        }
        attempt
    };
    events.iter().map(&mut attempt_of).collect()
}

fn drop_chunks(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    chunks(courses, course, |_| true)
}

fn drop_chunks_of_each_client(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut clients: Vec<Option<u8>> = course.events.iter().map(|event| event.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let mut helped = false;
    for client in clients {
        helped |= chunks(courses, course, |event| event.client == client);
    }
    helped
}

/// Leaves out pieces of the steps that `concerned` picks: first all, then halves, and so on down to single ones.
fn chunks(courses: &mut Courses<'_>, course: &mut Course, concerned: impl Fn(&Event) -> bool) -> bool {
    let picked = |course: &Course| -> Vec<usize> {
        (0..course.events.len()).filter(|&at| concerned(&course.events[at])).collect()
    };
    let mut helped = false;
    let mut size = picked(course).len();
    while size > 0 && courses.can_go_on() {
        let mut begin = 0;
        loop {
            let picked = picked(course);
            let Some(chunk) = picked.get(begin..picked.len().min(begin + size)).filter(|chunk| !chunk.is_empty())
            else {
                break;
            };
            let rest = without(&course.events, |at| chunk.contains(&at));
            if improve(courses, course, &rest) {
                helped = true;
            } else {
                begin += size;
            }
        }
        size /= 2;
    }
    helped
}

/// Moves each block of one client's steps next to that client's steps before or after.
fn join_blocks(courses: &mut Courses<'_>, course: &mut Course) -> bool {
    let mut helped = false;
    let mut at = 0;
    while at < switches(&course.events).len() {
        if improve(courses, course, &swapped(&course.events, at)) {
            helped = true;
        } else {
            at += 1;
        }
    }
    helped
}

/// Where the client changes: the indices of the first steps of another.
pub(in crate::trace) fn switches(events: &[Event]) -> Vec<usize> {
    (1..events.len()).filter(|&at| events[at - 1].client != events[at].client).collect()
}

/// The same steps without the switch of this number: the block of steps before it and the one after it change places,
/// so that each can join steps of its own client on its far side.
pub(in crate::trace) fn swapped(events: &[Event], number: usize) -> Vec<Event> {
    let switches = switches(events);
    let begin = if number == 0 { 0 } else { switches[number - 1] };
    let end = switches.get(number + 1).copied().unwrap_or(events.len());
    let mut swapped = events.to_vec();
    swapped[begin..end].rotate_left(switches[number] - begin);
    swapped
}

fn without(events: &[Event], left_out: impl Fn(usize) -> bool) -> Vec<Event> {
    (0..).zip(events).filter(|&(at, _)| !left_out(at)).map(|(_, event)| event.clone()).collect()
}
