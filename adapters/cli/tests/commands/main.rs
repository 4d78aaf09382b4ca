//! The commands that hold locks, wait for them, look at them and take them away, as processes.

mod breaking;
mod explain;
mod fence;
mod hold;
mod kinds;
mod leavings;
mod list;
mod loss;
mod mistakes;
mod notes;
mod order;
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod queue;
mod run;
mod stand_in;
mod storm;
mod supervision;
mod support;
mod terminal;
mod unlock;
mod waiting;
