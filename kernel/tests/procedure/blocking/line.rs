//! Waiting in line: TURN, WATCH, TURN, WAIT.

use std::{cell::Cell, time::Duration};

use lockwright_kernel::{
    blocking::{DISTURBED_MAX, LineError, PAUSE_MS_MAX, join_and_wait},
    fs::{
        Fs, MemFs, Through,
        call::{Answer, Call},
    },
    wait_queue::{Admission, WaitQueue, Want},
};

use super::{Event, LEAF, Script};
use crate::stage::{id, make, path, tree};

/// A disk on which Ann finds the door tidied away, so many times.
fn door_is_tidied_away(disk: &MemFs, times: u32) -> Through<impl Fn(&Call) -> Answer> {
    let (done, is_ann_in_the_door) = (Cell::new(0), make("q/door/ann"));
    Through(move |call: &Call| {
        if is_ann_in_the_door(call) && done.replace(done.get() + 1) < times {
            disk.remove_dir(&path("q/door")).expect("nobody else is there");
        }
        call.on(disk)
    })
}

#[test]
fn joins_that_are_disturbed_again_and_again_pause_and_go_on() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    let fs = door_is_tidied_away(&disk, DISTURBED_MAX + 2);
    let queue = WaitQueue::new(&fs, &world, &world, path("q"), Admission::ONE);
    let ticket = join_and_wait(&queue, &id("ann"), Want::Alone, &world, None).expect("it is her turn in the end");
    assert_eq!(ticket.place.number, 1);
    let longest = Duration::from_millis(PAUSE_MS_MAX.into());
    assert_eq!(world.log(), [format!("pause until {longest:?}"), format!("pause until {:?}", longest * 2)]);
}

/// A watch of what has just gone would be in the way of the one who removes it.
#[test]
fn who_stands_in_line_and_is_woken_asks_for_its_turn_and_watches_nothing_before_that() {
    let disk = MemFs::new();
    let idle = Script::new(&disk, []);
    let others = WaitQueue::new(&disk, &idle, &idle, path("q"), Admission::ONE);
    let bob = others.join(&id("bob"), Want::Alone).expect("nobody is there");
    let place = others.path_of(&bob);
    let world = Script::new(&disk, [Event::Act(Box::new(|| others.leave(&bob).expect("he is there")))]);
    let queue = WaitQueue::new(&disk, &world, &world, path("q"), Admission::ONE);
    join_and_wait(&queue, &id("ann"), Want::Alone, &world, None).expect("it is her turn in the end");
    assert_eq!(world.log(), [format!("watch {place}"), "wait for bob".to_owned()]);
}

#[test]
fn a_signal_ends_the_pause_of_a_join_and_leaves_nothing() {
    let disk = MemFs::new();
    let world = Script::new(&disk, []);
    world.signalled.set(true);
    let fs = door_is_tidied_away(&disk, DISTURBED_MAX + 1);
    let queue = WaitQueue::new(&fs, &world, &world, path("q"), Admission::ONE);
    assert_eq!(join_and_wait(&queue, &id("ann"), Want::Alone, &world, None), Err(LineError::Interrupted));
    assert_eq!(tree(&disk, LEAF), Vec::<String>::new());
}
